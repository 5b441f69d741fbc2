# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hooks: what they are handed, and that a campaign ends where one fails."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.lock import LOCK, PATIENCE, Lock, holder_of
from support.campaign.conducted import Conducted
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
HOOKS = ("on_plan", "before_wave", "after_wave", "after_campaign")


@pytest.fixture
def conducted(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> Any:
    """Makes a campaign of three machines in two waves, with all hooks."""
    for each in (A, B, C):
        cloud.add(each)
    cloud.add_elastic_ip(C, "fip-aaaaaaaaaa", "203.0.113.7")
    files = {}
    for name in HOOKS:
        path = tmp_path / f"{name}.yml"
        path.write_text("[]")
        files[name] = str(path)

    def make(**variables: Any) -> Conducted:
        given = {"instance_ids": [A, B, C], "waves": "1,100%", "backup": "none", **files, **variables}
        return Conducted(run, tmp_path / "record", **given)

    return make


def seen(campaign: Conducted) -> list[tuple[str, int | None, list[str]]]:
    return [(each["hook"], each.get("wave"), [row["instance_id"] for row in each["machines"]]) for each in campaign.events]


def test_each_hook_learns_its_machines_and_what_became_of_them(conducted: Any) -> None:
    campaign = conducted()
    done = campaign()
    assert not done["fails"]
    assert seen(campaign) == [
        ("on_plan", None, [A, B, C]),
        ("before_wave", 1, [A]),
        ("after_wave", 1, [A]),
        ("before_wave", 2, [B, C]),
        ("after_wave", 2, [B, C]),
        ("after_campaign", None, [A, B, C]),
    ]
    before, after, last = campaign.events[3], campaign.events[4], campaign.events[5]
    assert before["machines"][1]["elastic_ips"] == ["203.0.113.7"]
    assert after["counts"] == {"deleted": 2}
    assert (before["waves"], before["check_mode"]) == (2, False)
    assert last["message"].startswith("3 of 3 instances are deleted.")
    assert {each["report_path"] for each in campaign.events} == {done["report_path"]}
    json.dumps(campaign.events)
    name = last["campaign"]
    assert [each["message"] for each in campaign.events[:-1]] == [
        f"Plan of {name}: 3 instances to be deleted in 2 waves. Digest: {last['digest']}.",
        f"Wave 1 of 2 of {name} begins: 1 instance.",
        f"Wave 1 of 2 of {name}: 1 deleted.",
        f"Wave 2 of 2 of {name} begins: 2 instances.",
        f"Wave 2 of 2 of {name}: 2 deleted.",
    ]


def test_the_hook_of_a_plan_learns_where_its_documents_will_be(conducted: Any) -> None:
    campaign = conducted()
    planned = campaign(check=True)
    [event] = campaign.events
    assert (event["hook"], event["report_path"]) == ("on_plan", planned["report_path"])
    assert Path(event["report_json"]).parent.name == "plan"


def test_where_nothing_lasts_no_hook_learns_a_path(conducted: Any) -> None:
    campaign = conducted(report_dir="")
    assert not campaign()["fails"]
    assert {(each["report_path"], each["report_json"]) for each in campaign.events} == {("", "")}


@pytest.mark.parametrize(
    ("hook", "number", "gone", "sentence"),
    [
        ("on_plan", None, [], "failed after the plan, so no wave began."),
        ("before_wave", 1, [], "failed before wave 1, so this wave did not begin."),
        ("before_wave", 2, [A], "failed before wave 2, so this wave did not begin."),
        ("after_wave", 1, [A], "failed after wave 1, so no further wave began."),
    ],
)
def test_a_hook_that_fails_ends_the_campaign_before_more_is_touched(
    conducted: Any, cloud: MemoryCloud, hook: str, number: int | None, gone: list[str], sentence: str
) -> None:
    campaign = conducted()
    campaign.failing = lambda event: "Ask the CMDB" if (event["hook"], event.get("wave")) == (hook, number) else ""
    done = campaign()
    assert done["fails"]
    assert f"The task 'Ask the CMDB' of vm_decommission_{hook} {sentence}" in done["message"]
    assert sorted(cloud.machines) == [each for each in (A, B, C) if each not in gone]
    assert {call.operation for call in cloud.calls if call.write} <= {"vm.deleteInstance"}
    assert done["report"]["outcome"] == "stopped"
    assert Path(done["report_path"]).exists()
    assert not [each for each in campaign.events if each["hook"] == "before_wave" and each["wave"] > (number or 0)]
    campaign.failing = lambda _event: ""
    assert not campaign()["fails"]
    assert not cloud.machines


def test_the_name_of_the_task_that_failed_cannot_move_the_cursor(conducted: Any) -> None:
    """The user may make it of a machine's name."""
    campaign = conducted()
    campaign.failing = lambda event: "Ask \x1b[2J\r" + "x" * 900 if event["hook"] == "before_wave" else ""
    message = campaign()["message"]
    assert not {"\x1b", "\r"} & set(message)
    assert len(message) < 900


def test_a_hook_that_fails_before_a_mark_is_written_leaves_all_as_it_was(conducted: Any, cloud: MemoryCloud) -> None:
    campaign = conducted(state="mark", stop_running=True)
    campaign.failing = lambda event: "Ask" if event["hook"] == "before_wave" else ""
    assert campaign()["fails"]
    assert not [call for call in cloud.calls if call.write]


@pytest.mark.parametrize("check", [True, False])
def test_each_hook_finds_the_documents_as_they_stand(conducted: Any, tmp_path: Path, check: bool) -> None:
    campaign = conducted()
    reports: list[tuple[str, str, list[str]]] = []

    def read(event: Json) -> str:
        page, report, table = (Path(event[name]) for name in ("report_path", "report_json", "machines_csv"))
        assert "<html" in page.read_text(encoding="utf-8")
        assert A in table.read_text(encoding="utf-8")
        assert page.parent == tmp_path / "record" / ("plan" if check else "")
        read = json.loads(report.read_text(encoding="utf-8"))
        reports.append((event["hook"], read["outcome"], [row["action"] for row in read["machines"]]))
        return ""

    campaign.failing = read
    campaign(check=check)
    if check:
        assert reports == [("on_plan", "planned", ["deleted"] * 3)]
        return
    assert reports == [
        ("on_plan", "unfinished", ["not_started"] * 3),
        ("before_wave", "unfinished", ["not_started"] * 3),
        ("after_wave", "unfinished", ["deleted", "not_started", "not_started"]),
        ("before_wave", "unfinished", ["deleted", "not_started", "not_started"]),
        ("after_wave", "unfinished", ["deleted"] * 3),
        ("after_campaign", "complete", ["deleted"] * 3),
    ]


def test_without_a_folder_a_hook_finds_no_document(conducted: Any, tmp_path: Path) -> None:
    campaign = conducted(report_dir="")
    campaign(check=True)
    assert [campaign.events[0][name] for name in ("report_path", "report_json", "machines_csv")] == [""] * 3


def test_while_a_hook_waits_for_an_answer_another_host_leaves_the_campaign_alone(
    conducted: Any, cloud: MemoryCloud, tmp_path: Path
) -> None:
    campaign = conducted()
    refused: list[str] = []

    def wait(event: Json) -> str:
        if event["hook"] == "after_campaign":
            return ""
        path = tmp_path / "record" / LOCK
        text = path.read_text(encoding="utf-8")
        before = os.stat(path).st_mtime
        os.utime(path, (before - 0.9 * PATIENCE, before - 0.9 * PATIENCE))
        there = Lock(tmp_path / "record", replace(holder_of(os.getpid(), "", "other"), host="pod-2"))
        with pytest.raises(InputError, match="Another run uses"):
            there.take()
        assert path.read_text(encoding="utf-8") == text
        os.utime(path, (before, before))
        refused.append(event["hook"])
        return ""

    campaign.failing = wait
    assert not campaign()["fails"]
    assert refused == ["on_plan", "before_wave", "after_wave", "before_wave", "after_wave"]
    assert not (tmp_path / "record" / LOCK).exists()


def test_a_preview_hands_over_the_plan_alone(conducted: Any, cloud: MemoryCloud) -> None:
    campaign = conducted()
    campaign(check=True)
    assert seen(campaign) == [("on_plan", None, [A, B, C])]
    assert campaign.events[0]["check_mode"]
    assert not [call for call in cloud.calls if call.write]


def test_failures_come_in_groups_with_an_example(conducted: Any, cloud: MemoryCloud) -> None:
    cloud.machines[B]["tags"] = [{"key": "jdcloud-protect", "value": "1"}]
    campaign = conducted()
    campaign()
    (group,) = campaign.events[0]["failures"]
    assert "1 instance (i-bbbb000002: protected) cannot be deleted" in campaign.events[0]["message"]
    assert (group["count"], group["code"], group["example"]["instance_id"]) == (1, "protected", B)


def test_titles_and_steps_of_failures_are_in_the_language_of_the_campaign(conducted: Any, cloud: MemoryCloud) -> None:
    cloud.machines[B]["tags"] = [{"key": "jdcloud-protect", "value": "1"}]
    campaign = conducted(language="zh")
    campaign()
    (group,) = campaign.events[0]["failures"]
    assert group["title"] == "受标签保护"
    assert group["next_step"].startswith("确认可以删除后再移除标签")


def test_a_hook_that_is_not_there_is_refused_before_anything_is_sent(conducted: Any, cloud: MemoryCloud) -> None:
    with pytest.raises(InputError, match=r"vm_decommission_before_wave: the file /nowhere/x.yml does not exist"):
        conducted(before_wave="/nowhere/x.yml")()
    with pytest.raises(InputError, match="must be the absolute path of a file"):
        conducted(before_wave="x.yml")()
    assert not cloud.calls
