# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report after each wave, after a wave that was refused, and made again of a record."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages import campaign as campaign_stage
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages import report as stage
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages import wave as wave_stage
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.lock import LOCK, Lock, holder_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import PAGE, RECORD, REPORT, Store
from support.campaign.conducted import Conducted
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

IDS = ["i-aaaa000001", "i-bbbb000002"]


def read(folder: Path, name: str = REPORT) -> Json:
    report: Json = json.loads((folder / name).read_text(encoding="utf-8"))
    return report


def conducted(cloud: MemoryCloud, run: Runner, folder: Path, **variables: Any) -> Conducted:
    for each in IDS:
        cloud.add(each)
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}
    return Conducted(run, folder, **{"instance_ids": IDS, "backup": "none", "waves": "1,100%", **variables})


@pytest.mark.parametrize("check", [True, False], ids=["preview", "run"])
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"backup": "image"},
        {"elastic_ips": "release"},
        {"state": "mark"},
        {"instance_ids": "", "name": [f"name-of-{each}" for each in IDS]},
        {"exclude": IDS[0]},
    ],
    ids=str,
)
def test_each_call_is_counted_once(cloud: MemoryCloud, run: Runner, tmp_path: Path, variables: Json, *, check: bool) -> None:
    made = conducted(cloud, run, tmp_path / "record", **variables)(check=check)
    assert made["report"]["api"]["calls"] == len(cloud.calls)


def test_the_report_is_written_after_every_wave(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, seen = tmp_path / "record", []

    def note(store: Store, token: str, problem: str = "") -> None:
        stage.write_meanwhile(store, token, problem)
        seen.append(read(folder))

    monkeypatch.setattr(wave_stage, "write_meanwhile", note)
    conducted(cloud, run, folder)()
    assert [(each["outcome"], each["totals"]["deleted"]) for each in seen] == [("unfinished", 1), ("unfinished", 2)]
    assert seen[0]["message"] == "The run has not ended. 1 of 2 instances are deleted so far."
    assert seen[0]["waves"][0]["state"] == "complete"
    assert read(folder)["outcome"] == "complete"


def test_a_wave_that_was_refused_is_on_the_page(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "record"
    conducted(cloud, run, folder)()
    record = read(folder, RECORD)
    record["runs"][-1].update(ended=None, outcome=None)
    (folder / RECORD).write_text(json.dumps(record))
    stage.write_meanwhile(Store(str(folder)), record["run"], "The variable has changed.")
    assert read(folder)["message"] == "The variable has changed. 2 of 2 instances are deleted so far."
    assert read(folder)["outcome"] == "failed"
    assert "The variable has changed." in (folder / PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize("token", ["", "another"])
def test_a_run_whose_record_is_another_s_writes_nothing(cloud: MemoryCloud, run: Runner, tmp_path: Path, token: str) -> None:
    folder = tmp_path / "record"
    conducted(cloud, run, folder)()
    before = (folder / REPORT).read_text(encoding="utf-8")
    stage.write_meanwhile(Store(str(folder)), token, "No.")
    assert (folder / REPORT).read_text(encoding="utf-8") == before


@pytest.mark.parametrize("variables", [{}, {"backup": "image", "prices": {"instance": 100, "image": 7}}])
def test_a_report_made_again_is_the_one_that_was_there(cloud: MemoryCloud, run: Runner, tmp_path: Path, variables: Json) -> None:
    folder = tmp_path / "record"
    conducted(cloud, run, folder, **variables)()
    before, page, record = read(folder), (folder / PAGE).read_text(encoding="utf-8"), (folder / RECORD).read_bytes()
    for name in (REPORT, PAGE):
        (folder / name).unlink()
    made = stage.make_again(Store(str(folder)), {}, write=True)
    assert read(folder) == before
    assert (folder / PAGE).read_text(encoding="utf-8") == page
    assert (folder / RECORD).read_bytes() == record
    assert made["report_path"] == str(folder / PAGE)


def test_a_report_can_be_made_again_in_the_other_language(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "record"
    conducted(cloud, run, folder, language="zh")()
    page = (folder / PAGE).read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in page
    made = stage.make_again(Store(str(folder)), {}, write=True, language="en")
    assert made["lines"] == [made["message"], f"Report: {folder / PAGE}"]
    assert '<html lang="en">' in (folder / PAGE).read_text(encoding="utf-8")
    # The record keeps the language of the campaign.
    again = stage.make_again(Store(str(folder)), {}, write=True)
    assert again["lines"] == ["2 台云主机：已删除 2 台。", f"报告：{folder / PAGE}"]
    assert (folder / PAGE).read_text(encoding="utf-8") == page


@pytest.mark.parametrize("selection", ["names", "file", "tags"])
def test_however_the_machines_were_chosen_the_report_is_made_again(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, selection: str
) -> None:
    folder, file = tmp_path / "record", tmp_path / "list.txt"
    file.write_text("\n".join(IDS), encoding="utf-8")
    ways: Json = {
        "names": {"name": [f"name-of-{each}" for each in IDS]},
        "file": {"list_file": str(file), "exclude": "i-none000001", "canary": IDS[1]},
        "tags": {"tags": {"project": "harbor"}, "max_instances": 2},
    }
    campaign = conducted(cloud, run, folder, **{"instance_ids": None, **ways[selection]})
    for machine in cloud.machines.values():
        machine["tags"] = [{"key": "project", "value": "harbor"}]
    assert not campaign()["fails"]
    before = read(folder)
    file.unlink()
    stage.make_again(Store(str(folder)), {}, write=True)
    assert read(folder) == before


def test_sums_of_a_bill_are_taken_over(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "record"
    conducted(cloud, run, folder)()
    money = {"source": "bill", "saved": 5.0}
    report = {**read(folder), "money": money}
    (folder / REPORT).write_text(json.dumps(report))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(campaign_stage, "render", lambda _report: "")
        stage.make_again(Store(str(folder)), {}, write=True)
        assert read(folder)["money"] == money
        stage.make_again(Store(str(folder)), {"instance": 10}, write=True)
    assert read(folder)["money"]["source"] == "prices"


def test_in_check_mode_nothing_is_written(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "record"
    conducted(cloud, run, folder)()
    (folder / PAGE).unlink()
    assert stage.make_again(Store(str(folder)), {}, write=False)["message"].startswith("2 of 2 instances are deleted.")
    assert not (folder / PAGE).exists()


def test_a_folder_without_a_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"contains no record\.json"):
        stage.make_again(Store(str(tmp_path)), {}, write=True)


@pytest.mark.parametrize(("backup", "cost"), [("none", 0.0), ("image", 14.0), ("snapshots", 4.0), ("both", 18.0)])
def test_the_plan_says_what_the_backups_will_cost(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, backup: str, cost: float
) -> None:
    campaign = conducted(cloud, run, tmp_path / "record", backup=backup, prices={"image": 7, "snapshot": 2})
    plan, done = campaign(check=True)["report"], campaign()["report"]
    assert plan["outcome"] == "planned"
    assert plan["money"]["backups"] == done["money"]["backups"] == cost


def test_what_backups_cost_is_not_known_without_their_price(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    campaign = conducted(cloud, run, tmp_path / "record", backup="image", prices={"instance": 100})
    assert campaign(check=True)["report"]["money"]["backups"] is None


def test_what_a_blocked_machine_has_anyway_costs_this_campaign_nothing(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    campaign = conducted(cloud, run, tmp_path / "record", backup="image", on_blocked="skip", prices={"image": 7})
    cloud.machines[IDS[0]]["tags"] = [{"key": "jdcloud-protect", "value": "yes"}]
    assert campaign(check=True)["report"]["money"]["backups"] == 7.0


def test_a_machine_that_was_never_there_has_no_price(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    ids = [*IDS, "i-none000003"]
    report = conducted(cloud, run, tmp_path / "record", instance_ids=ids, prices={"instance": 100})()["report"]
    prices = [(row["monthly_cost"], row["monthly_saved"]) for row in report["machines"]]
    assert prices == [(100.0, 100.0), (100.0, 100.0), (None, None)]


def test_a_record_that_was_damaged_anywhere_is_refused_in_a_sentence(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    """Whatever is lost of it: there is a report, or the reason why there is none."""
    folder = tmp_path / "record"
    conducted(cloud, run, folder)()
    whole = read(folder, RECORD)
    del whole["machines"][IDS[1]]
    whole.update(waves=whole["waves"][:1], instance_ids=IDS[:1], frozen=False)
    refused = set()
    for place in _places(whole):
        damaged = copy.deepcopy(whole)
        holder = damaged
        for step in place[:-1]:
            holder = holder[step]
        del holder[place[-1]]
        (folder / RECORD).write_text(json.dumps(damaged))
        try:
            stage.make_again(Store(str(folder)), {}, write=False)
        except InputError as error:
            assert str(folder / RECORD) in str(error)
            refused.add(place[0])
    assert {"format", "campaign", "machines", "runs", "waves"} <= refused


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place within a JSON value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield (*at, name)
        yield from _places(member, (*at, name))


@pytest.mark.parametrize("text", [b"", b"[]", b'{"format": ', b"\xff\xfe"])
def test_a_record_that_is_none_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / RECORD).write_bytes(text)
    with pytest.raises(InputError, match=r"record\.json cannot be used, because it is not "):
        stage.make_again(Store(str(tmp_path)), {}, write=True)
    assert [each.name for each in tmp_path.iterdir()] == [RECORD]


def test_the_report_of_a_campaign_that_is_alive_says_that_it_has_not_ended(
    cloud: MemoryCloud, run: Runner, tmp_path: Path
) -> None:
    folder = tmp_path / "record"
    conducted(cloud, run, folder)()
    record = read(folder, RECORD)
    record["runs"][-1].update(ended=None, outcome=None)
    (folder / RECORD).write_text(json.dumps(record))
    lock = Lock(folder, holder_of(os.getppid(), "2026-11-25T07:00:00Z", "c"))
    lock.take()
    made = stage.make_again(Store(str(folder)), {}, write=True)
    assert made["message"] == "The run has not ended. 2 of 2 instances are deleted so far."
    assert "not ended" in (folder / PAGE).read_text(encoding="utf-8")
    assert (folder / LOCK).exists()
