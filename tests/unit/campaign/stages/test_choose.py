# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole campaigns over lists, several names, exclusions and canaries, and selections that mean nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.table import machines_csv
from support.campaign.conducted import Conducted
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

A, B, C, D = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-dddd000004"


def tag(key: str, value: str) -> Json:
    return {"key": key, "value": value}


@pytest.fixture
def conducted(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> Any:
    """Makes campaigns over a project of four machines."""
    for number, each in enumerate((A, B, C, D), 1):
        more = [tag("role", "canary")] if each in (C, D) else []
        cloud.add(each, instanceName=f"web {number}", tags=[tag("project", "x"), *more], privateIpAddress=f"10.0.0.{number}")

    def make(**variables: Any) -> Conducted:
        return Conducted(run, tmp_path / "record", backup="none", **{"instance_ids": "", **variables})

    return make


def waves(done: Json) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in done["report"]["machines"]:
        found.setdefault(row["wave"], []).append(row["instance_id"])
    return found


@pytest.mark.parametrize("exclude", [A, "web 1", ["web 1"], [A, "web 9"]])
def test_what_is_excluded_is_left_out_and_named(conducted: Any, cloud: MemoryCloud, exclude: Any) -> None:
    done = conducted(tags="project=x", exclude=exclude)()
    assert not done["fails"], done["message"]
    assert sorted(cloud.machines) == [A]
    assert f"Excluded: {A} (web 1)." in done["report"]["notes"]
    assert any("'web 9'" in each or "web 9 excluded nothing" in each for each in done["report"]["notes"]) is ("web 9" in exclude)


def test_an_approved_list_has_left_out_already_what_is_excluded(conducted: Any) -> None:
    digest = conducted(tags="project=x", exclude=A)(check=True)["report"]["digest"]
    done = conducted(instance_ids=[B, C, D], exclude=A, digest=digest)()
    assert not done["fails"], done["message"]
    assert not [each for each in done["report"]["notes"] if "excluded nothing" in each]


def test_a_clean_up_has_left_out_already_what_is_excluded(conducted: Any) -> None:
    done = conducted(instance_ids=[B, C], due_only=True, exclude=A)(check=True)
    assert not [each for each in done["report"]["notes"] if "excluded nothing" in each]


def test_machines_with_a_tag_are_excluded_from_a_mark_too(conducted: Any, cloud: MemoryCloud) -> None:
    done = conducted(state="mark", tags="project=x", exclude="role=*")()
    assert not done["fails"], done["message"]
    marked = [each for each, row in cloud.machines.items() if any(one["key"] == "decommission-after" for one in row["tags"])]
    assert marked == [A, B]


@pytest.mark.parametrize("state", ["mark", "unmark"])
def test_a_machine_that_is_excluded_while_a_hook_waits_is_neither_marked_nor_unmarked(
    conducted: Any, cloud: MemoryCloud, tmp_path: Path, state: str
) -> None:
    """As with a deletion: whatever is excluded when its wave begins stays as it is."""
    hook = tmp_path / "approval.yml"
    hook.write_text("[]")
    for machine in cloud.machines.values():
        machine["status"] = "running" if state == "mark" else "stopped"
        machine["tags"] += [tag("decommission-after", "2026-12-01"), tag("decommission-after-stopped", "true")] * (
            state == "unmark"
        )
    given: Json = {"stop_running": True, "start_again": True, "on_blocked": "skip"}
    campaign = conducted(state=state, tags="project=x", exclude="keep=*", before_wave=str(hook), **given)
    before = [*cloud.machines[A]["tags"], tag("keep", "yes")]

    def keep(_event: Json) -> str:
        cloud.machines[A]["tags"].append(tag("keep", "yes"))
        return ""

    campaign.failing = keep
    done = campaign()
    assert cloud.machines[A]["tags"] == before
    assert [row["status"] for row in cloud.machines.values()] == (
        ["running", "stopped", "stopped", "stopped"] if state == "mark" else ["stopped", "running", "running", "running"]
    )
    assert {row["instance_id"]: row["action"] for row in done["report"]["machines"]}[A] == "blocked"


def test_the_mark_itself_excludes_by_what_it_is_and_not_by_what_it_would_be(conducted: Any, cloud: MemoryCloud) -> None:
    """A preview of tags shows those that would be there."""
    key = "decommission-after"
    cloud.machines[A]["tags"].append(tag(key, "2026-11-30"))
    cloud.machines[B]["tags"].append(tag(key, "2026-12-31"))
    assert not conducted(state="mark", tags="project=x", exclude=f"{key}=*")()["fails"]
    marks = {each: [one["value"] for one in row["tags"] if one["key"] == key] for each, row in cloud.machines.items()}
    assert marks == {A: ["2026-11-30"], B: ["2026-12-31"], C: ["2026-12-02"], D: ["2026-12-02"]}
    assert not conducted(state="unmark", tags="project=x", exclude=f"{key}=2026-12-31")()["fails"]
    assert [each for each, row in cloud.machines.items() if any(one["key"] == key for one in row["tags"])] == [B]


@pytest.mark.parametrize("team", ["red", "blue"])
def test_a_machine_whose_tag_the_service_shows_twice_is_excluded_by_either_value(
    conducted: Any, cloud: MemoryCloud, team: str
) -> None:
    cloud.machines[A]["tags"] += [tag("team", "red"), tag("team", "blue")]
    assert not conducted(tags="project=x", exclude=f"team={team}")()["fails"]
    assert sorted(cloud.machines) == [A]


def test_canaries_make_the_first_waves(conducted: Any) -> None:
    done = conducted(tags="project=x", canary={"role": "canary"}, waves="1,100%")()
    assert not done["fails"], done["message"]
    assert waves(done) == {1: [C], 2: [D], 3: [A, B]}


def test_a_canary_that_is_none_of_the_machines_begins_nothing(conducted: Any, cloud: MemoryCloud) -> None:
    done = conducted(tags="project=x", canary="web 9")()
    assert done["fails"]
    assert "None of vm_decommission_canary can be deleted" in done["message"]
    assert len(cloud.machines) == 4


def test_a_canary_that_fails_ends_the_campaign_however_many_failures_are_allowed(conducted: Any, cloud: MemoryCloud) -> None:
    cloud.refuse("vm.deleteInstance", 400, "INVALID", "Not this one.", C)
    done = conducted(tags="project=x", canary="web 3", max_failures=3, waves="100%")()
    assert (
        f"The campaign was stopped after wave 1, because 1 instance ({C}: timeout) of vm_decommission_canary failed."
        in done["message"]
    )
    assert sorted(cloud.machines) == [A, B, C, D]


@pytest.mark.parametrize("protected", [[C], [C, D]])
def test_canaries_that_are_all_blocked_by_then_end_the_campaign_where_blocked_ones_are_skipped(
    conducted: Any, cloud: MemoryCloud, tmp_path: Path, protected: list[str]
) -> None:
    """As a plan of which no canary can be deleted begins nothing."""
    hook = tmp_path / "approval.yml"
    hook.write_text("[]")

    def protect(_event: Json) -> str:
        for each in protected:
            cloud.machines[each]["tags"].append(tag("jdcloud-protect", "yes"))
        return ""

    campaign = conducted(tags="project=x", canary="role=canary", on_blocked="skip", waves="1,100%", on_plan=str(hook))
    campaign.failing = protect
    done = campaign()
    assert sorted(cloud.machines) == (protected if len(protected) == 1 else [A, B, C, D])
    assert ("could not be deleted, and vm_decommission_canary has no other instances" in done["message"]) is (len(protected) == 2)


def test_a_failure_of_another_machine_is_one_that_is_allowed(conducted: Any, cloud: MemoryCloud) -> None:
    cloud.refuse("vm.deleteInstance", 400, "INVALID", "Not this one.", A)
    assert conducted(tags="project=x", canary="web 3", max_failures=3, waves="2,100%")()["fails"]
    assert sorted(cloud.machines) == [A]


def test_several_names_mean_one_machine_each(conducted: Any, cloud: MemoryCloud) -> None:
    done = conducted(name=["web 1", "web 3"])()
    assert not done["fails"], done["message"]
    assert sorted(cloud.machines) == [B, D]


@pytest.mark.parametrize(
    "text", [f"{A}\nweb 2\n10.0.0.3\n", f"name,instance_id,owner\nweb 1,{A},me\nweb 2,,me\nweb 3,,\n"], ids=["text", "csv"]
)
def test_a_list_of_ids_names_and_addresses(conducted: Any, cloud: MemoryCloud, tmp_path: Path, text: str) -> None:
    path = tmp_path / "list"
    path.write_text(text)
    campaign = conducted(list_file=str(path))
    assert not campaign()["fails"]
    assert sorted(cloud.machines) == [D]


def test_a_list_with_a_line_that_means_no_machine_begins_nothing(conducted: Any, cloud: MemoryCloud, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text(f"{A}\nweb 9\n")
    with pytest.raises(InputError, match=r"list_file: 1 of 2 entries .* line 2 'web 9' \(no instance\)"):
        conducted(list_file=str(path))()
    path.write_bytes("\u6d4b".encode("gbk"))
    with pytest.raises(InputError, match="not a UTF-8"):
        conducted(list_file=str(path))()
    with pytest.raises(InputError, match="cannot be read"):
        conducted(list_file="/nowhere/list")()
    assert len(cloud.machines) == 4
    assert not [call for call in cloud.calls if call.write]


@pytest.mark.parametrize(
    "selection", [{"tags": "project=y"}, {"instance_ids": "i-none000001"}, {"tags": "project=x", "exclude": "project=*"}]
)
@pytest.mark.parametrize("check", [False, True])
def test_a_selection_that_means_nothing_fails_unless_that_is_expected(conducted: Any, selection: Json, check: bool) -> None:
    done = conducted(**selection)(check=check)
    assert done["fails"]
    assert "set vm_decommission_empty_is_success to true" in done["message"]
    assert not conducted(**selection, empty_is_success="true")(check=check)["fails"]


@pytest.mark.parametrize("state", ["mark", "unmark"])
def test_a_mark_of_nothing_fails_too(conducted: Any, state: str) -> None:
    assert conducted(state=state, tags="project=y")()["fails"]
    assert not conducted(state=state, tags="project=y", empty_is_success=True)()["fails"]


@pytest.mark.parametrize("selection", [{"tags": "project=x"}, {"instance_ids": [A, B, C, D]}, {"name": ["web 1", "web 2"]}])
def test_the_same_campaign_again_finds_nothing_and_that_is_right(conducted: Any, cloud: MemoryCloud, selection: Json) -> None:
    campaign = conducted(**selection)
    assert not campaign()["fails"]
    for each in [*cloud.machines]:
        del cloud.machines[each]
    for _again in range(2):
        done = campaign()
        assert not done["fails"], done["message"]
        assert done["outcome"] == "nothing_to_do"


def test_the_table_of_a_plan_is_a_list_without_the_lines_that_are_to_stay(
    conducted: Any, cloud: MemoryCloud, tmp_path: Path
) -> None:
    table = machines_csv(conducted(tags="project=x")(check=True)["report"])
    path = tmp_path / "machines.csv"
    path.write_text("".join(line for line in table.splitlines(keepends=True) if A not in line), encoding="utf-8")
    assert not conducted(list_file=str(path))()["fails"]
    assert sorted(cloud.machines) == [A]


def test_a_resumed_campaign_keeps_its_canaries_and_what_it_excludes(conducted: Any, cloud: MemoryCloud) -> None:
    chosen = {"tags": "project=x", "canary": "role=canary", "exclude": A}
    done = conducted(**chosen, waves="1")()
    assert waves(done)[1] == [C]
    with pytest.raises(InputError, match="started with another selection"):
        conducted(**{**chosen, "exclude": ""}, waves="1,100%")()
    cloud.machines[D]["tags"] = []
    with pytest.raises(InputError, match="started with another selection"):
        conducted(**{**chosen, "exclude": [A, B]}, waves="1,100%")()
    cloud.machines[D]["tags"] = [tag("project", "x")]
    done = conducted(**chosen, waves="1,100%")()
    assert not done["fails"], done["message"]
    assert waves(done) == {1: [C], 2: [D], 3: [B]}
    assert sorted(cloud.machines) == [A]


def test_the_rest_that_the_waves_ended_before_is_done_by_the_next_run(conducted: Any, cloud: MemoryCloud) -> None:
    """As the guide has it: 1 deletes the canary, and the same command with 1,100% deletes the rest."""
    assert conducted(tags="project=x", waves="1")()["outcome"] == "unfinished"
    assert sorted(cloud.machines) == [B, C, D]
    done = conducted(tags="project=x", waves="1,100%")()
    assert (done["outcome"], done["fails"], cloud.machines) == ("complete", False, {}), done["message"]


def test_a_listed_machine_that_was_renamed_stays_in_later_runs_too(conducted: Any, cloud: MemoryCloud, tmp_path: Path) -> None:
    """A run takes over the names that it reads, and the new one is in no list."""
    path = tmp_path / "list"
    path.write_text("web 1\nweb 2\nweb 3\n")
    conducted(list_file=str(path), waves="1")()
    cloud.machines[B]["instanceName"] = "db 9"
    for _again in range(2):
        done = conducted(list_file=str(path), waves="1,100%")()
        assert "It was selected by its name, but its name is now 'db 9'." in str(done["report"]["machines"])
    assert sorted(cloud.machines) == [B, C, D]
    conducted(list_file=str(path), waves="1,100%", on_blocked="skip")()
    assert sorted(cloud.machines) == [B, D]
