# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people do between the plan and a wave, and what a run still sends that was refused or stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.journal import Journal
from support.campaign.conducted import Conducted
from support.campaign.results import NOW
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
ADDRESS = "fip-aaaaaaaaaa"


@pytest.fixture
def conducted(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> Callable[..., Conducted]:
    """Makes campaigns over three machines in two waves, with hooks of which a test says what they do."""
    for number, each in enumerate((A, B, C), 1):
        cloud.add(each, instanceName=f"web {number}", privateIpAddress=f"10.0.0.{number}")
    hook = tmp_path / "hook.yml"
    hook.write_text("[]", encoding="utf-8")

    def make(**variables: Any) -> Conducted:
        hooks = {name: str(hook) for name in ("before_wave", "after_wave")}
        given = {"instance_ids": "", "waves": "1,100%", "backup": "none", **hooks, **variables}
        return Conducted(run, tmp_path / "record", **given)

    return make


def before_the_second_wave(campaign: Conducted, act: Callable[[], Any]) -> Conducted:
    """Let a user do something while the first wave is done and the second is not begun."""

    def hook(event: Json) -> str:
        if (event["hook"], event["wave"]) == ("before_wave", 2):
            act()
        return ""

    campaign.failing = hook
    return campaign


def with_journal(cloud: MemoryCloud) -> None:
    """Write calls down as the transport does."""

    def send(call: Call[Any], *given: Any, **named: Any) -> Any:
        connection = cloud.connection
        assert connection is not None
        journal = Journal(str(connection.journal_path), connection.region, lambda: NOW)
        number = journal.sent(call) if call.write else ""
        response = cloud._send(call, *given, **named)
        if call.write:
            journal.answered(number, 0.02, response, None)
            journal.close()
        return response

    cloud.send = send


@pytest.mark.parametrize("way", ["names", "list"])
def test_a_machine_that_lost_the_name_that_chose_it_stays(
    conducted: Callable[..., Conducted], cloud: MemoryCloud, tmp_path: Path, way: str
) -> None:
    lines = tmp_path / "list.txt"
    lines.write_text("web 1\r\n10.0.0.2\r\nweb 3\r\n", encoding="utf-8")
    chosen: Json = {"name": ["web 1", "web 3"]} if way == "names" else {"list_file": str(lines)}
    campaign = conducted(on_blocked="skip", **chosen)
    done = before_the_second_wave(campaign, lambda: cloud.machines[C].update(instanceName="mail"))()
    assert C in cloud.machines
    assert A not in cloud.machines
    assert (B in cloud.machines) is (way == "names")
    row = next(each for each in done["report"]["machines"] if each["instance_id"] == C)
    assert [each["code"] for each in row["blockers"]] == ["selector_mismatch"]
    assert "is now 'mail'" in row["blockers"][0]["message"]


@pytest.mark.parametrize("way", ["names", "list", "exclude"])
def test_a_machine_that_is_none_of_the_chosen_after_its_backup_stays_stopped(
    conducted: Callable[..., Conducted], cloud: MemoryCloud, tmp_path: Path, way: str
) -> None:
    lines = tmp_path / "list.txt"
    lines.write_text("web 1\nweb 3\n", encoding="utf-8")
    ways: Json = {"names": {"name": ["web 1", "web 3"]}, "list": {"list_file": str(lines)}}
    chosen = ways.get(way, {"instance_ids": [A, C], "exclude": "mail"})
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}
    cloud.machines[C]["status"] = "running"
    cloud.before["vm.createImage"] = lambda: cloud.machines[C].update(instanceName="mail")
    done = conducted(backup="image", stop_running=True, waves="100%", **chosen)()
    assert sorted(cloud.machines) == [B, C]
    assert len(cloud.images) == 2
    assert f"1 instance ({C}: selector_mismatch) failed or are blocked." in done["message"]


def test_another_name_is_nothing_to_a_machine_that_its_id_chose(
    conducted: Callable[..., Conducted], cloud: MemoryCloud, tmp_path: Path
) -> None:
    lines = tmp_path / "list.csv"
    lines.write_text(f"instance_id,name\n{A},web 1\n{C},web 3\n", encoding="utf-8")
    campaign = conducted(list_file=str(lines))
    assert not before_the_second_wave(campaign, lambda: cloud.machines[C].update(instanceName="mail"))()["fails"]
    assert list(cloud.machines) == [B]


def test_a_machine_that_is_excluded_by_now_stays(conducted: Callable[..., Conducted], cloud: MemoryCloud) -> None:
    campaign = conducted(instance_ids=[A, B, C], exclude="keep=*")
    tagged: Json = {"tags": [{"key": "keep", "value": "until May"}]}
    done = before_the_second_wave(campaign, lambda: cloud.machines[C].update(tagged))()
    assert sorted(cloud.machines) == [B, C]
    assert f"Wave 2 did not begin, because 1 instance ({C}: selector_mismatch) can no longer be deleted." in done["message"]


def test_a_wave_that_was_not_begun_is_neither_complete_nor_failed(
    conducted: Callable[..., Conducted], cloud: MemoryCloud
) -> None:
    campaign = conducted(instance_ids=[A, B, C])
    tagged: Json = {"tags": [{"key": "jdcloud-protect", "value": "yes"}]}
    done = before_the_second_wave(campaign, lambda: cloud.machines[C].update(tagged))()
    assert [each["state"] for each in done["report"]["waves"]] == ["complete", "not_started"]
    hooks = [(each["hook"], each["wave"]) for each in campaign.events]
    assert hooks == [("before_wave", 1), ("after_wave", 1), ("before_wave", 2)]


@pytest.mark.parametrize("why", ["hook", "plan"])
def test_a_run_that_was_refused_releases_nothing_of_an_earlier_one(
    conducted: Callable[..., Conducted], cloud: MemoryCloud, tmp_path: Path, why: str
) -> None:
    with_journal(cloud)
    cloud.add_elastic_ip(A, ADDRESS, "203.0.113.7")
    wanted: Json = {"instance_ids": [A, B, C], "elastic_ips": "release"}
    cloud.refuse("vpc.deleteElasticIp", 400, "INVALID", "Not now.")
    assert conducted(**wanted)()["fails"]
    cloud.refusals.clear()
    campaign = conducted(**wanted, on_plan=str(tmp_path / "hook.yml"))
    if why == "hook":
        campaign.failing = lambda _event: "Ask the board"
    else:
        cloud.machines[B]["tags"] = [{"key": "jdcloud-protect", "value": "yes"}]
    writes = len(cloud.writes)
    refused = campaign()
    assert refused["fails"]
    assert cloud.writes[writes:] == []
    assert "1 disk or elastic IP that was to be deleted with its instance still exists." in refused["message"]
    cloud.machines[B]["tags"] = []
    assert not conducted(**wanted)()["fails"]
    assert cloud.elastic_ips == {}


def test_the_page_is_written_between_two_waves_however_the_folder_is_spelt(
    conducted: Callable[..., Conducted], tmp_path: Path
) -> None:
    page = tmp_path / "record" / "report.html"
    seen = []
    campaign = conducted(instance_ids=[A, B, C], report_dir=f"{tmp_path}/./record/")
    before_the_second_wave(campaign, lambda: seen.append(page.exists()))()
    assert seen == [True]


@pytest.mark.parametrize("machines", [20, 21])
def test_the_file_that_a_long_plan_names_is_there_before_the_first_machine_is_touched(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, machines: int
) -> None:
    ids = [f"i-{number:010d}" for number in range(machines)]
    for each in ids:
        cloud.add(each)
    table = tmp_path / "record" / "machines.csv"
    seen = []
    cloud.before["vm.deleteInstance"] = lambda: seen.append(table.exists())
    assert not Conducted(run, tmp_path / "record", instance_ids=ids, backup="none", waves="100%")()["fails"]
    assert seen == [machines > 20]


@pytest.mark.parametrize("choice", [{"tags": "project=x"}, {"name": "web 2"}], ids=["tags", "name"])
def test_a_machine_that_lost_what_chose_it_is_not_even_stopped(
    conducted: Callable[..., Conducted], cloud: MemoryCloud, choice: Json
) -> None:
    """Right after its wave looked: nothing else would keep its backup from stopping it."""
    cloud.machines[B].update(status="running", tags=[{"key": "project", "value": "x"}])
    cloud.add_disk(B, "vol-kept000001", auto_delete=False)
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}

    def take_back() -> None:
        cloud.machines[B].update(instanceName="db 9", tags=[])

    cloud.before["resourcetag.tagResources"] = take_back
    done = conducted(**choice, backup="image", stop_running=True)()
    assert done["fails"]
    assert cloud.machines[B]["status"] == "running"
    assert not cloud.images
    assert [each["code"] for each in done["report"]["machines"][0]["blockers"]] == ["selector_mismatch"]
