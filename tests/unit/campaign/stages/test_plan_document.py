# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a campaign is a document: what it holds, where it is, and that exactly it is done, or nothing."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from support.campaign.conducted import Conducted
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
DOCUMENTS = ["machines.csv", "report.html", "report.json"]


@pytest.fixture
def fleet(cloud: MemoryCloud) -> MemoryCloud:
    """Two machines, one with an owner and an address, and room for their images."""
    cloud.add(A, tags=[{"key": "owner", "value": "payments"}, {"key": "cost", "value": "7"}], privateIpAddress="10.0.0.7")
    cloud.add(B)
    cloud.add_elastic_ip(B, "fip-aaaaaaaaaa", "203.0.113.7")
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}
    return cloud


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reports are."""
    return tmp_path / "reports"


def plan_in(folder: Path) -> Json:
    """What the plan in a folder says."""
    report: Json = json.loads((folder / "plan" / "report.json").read_text(encoding="utf-8"))
    return report


def table_in(folder: Path) -> list[dict[str, str]]:
    """Its machines."""
    with (folder / "machines.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a folder, without those of the folders in it."""
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


def writes(cloud: MemoryCloud) -> list[str]:
    """What was asked for that changes anything."""
    return [call.operation for call in cloud.calls if call.write]


def test_a_preview_writes_its_documents_and_nothing_else(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    done = Conducted(run, folder, instance_ids=[A, B])(check=True)
    assert [each.name for each in folder.iterdir()] == ["plan"]
    assert sorted(files_of(folder / "plan")) == DOCUMENTS
    assert done["report_path"] == str(folder / "plan" / "report.html")
    assert "Preview: nothing was changed" in (folder / "plan" / "report.html").read_text(encoding="utf-8")
    assert writes(fleet) == []


def test_a_spreadsheet_reads_chinese_names_of_the_table(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    fleet.machines[A]["instanceName"] = "\u8ba2\u5355-01"
    Conducted(run, folder, instance_ids=[A, B])(check=True)
    assert (folder / "plan" / "machines.csv").read_bytes().startswith(b"\xef\xbb\xbfinstance_id,")
    assert [row["name"] for row in table_in(folder / "plan")][0] == "\u8ba2\u5355-01"


def test_the_plan_tells_who_goes_with_what_and_what_it_saves(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    prices: Json = {"instance": 180, "disk_gb": 0.5, "elastic_ip": 23}
    variables: Json = {"elastic_ips": "keep", "report_tags": "owner,cost", "prices": prices, "waves": "1,100%"}
    Conducted(run, folder, instance_ids=[A, B], **variables)(check=True)
    first, second = table_in(folder / "plan")
    names = ("instance_id", "private_ip_address", "tag:owner", "tag:cost", "wave", "status_before", "action", "backups")
    assert [first[name] for name in names] == [A, "10.0.0.7", "payments", "7", "1", "stopped", "deleted", "image to be made"]
    assert first["disks"].endswith(" 40 GB deleted")
    assert (second["elastic_ips"], second["wave"]) == ("fip-aaaaaaaaaa 203.0.113.7 kept", "2")
    assert (second["monthly_cost"], second["monthly_saved"]) == ("223.0", "200.0")


def test_a_plan_that_would_not_begin_deletes_no_machine(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    fleet.add(C, "running")
    Conducted(run, folder, instance_ids=[A, B, C])(check=True)
    rows = {row["instance_id"]: row for row in table_in(folder / "plan")}
    assert [rows[each]["action"] for each in (A, B, C)] == ["not_started", "not_started", "blocked"]
    assert rows[C]["blockers"].startswith("running: ")
    assert {row["backups"] for row in rows.values()} == {""}
    assert "would be deleted" not in (folder / "plan" / "report.html").read_text(encoding="utf-8")


def test_a_run_has_a_table_too(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    Conducted(run, folder, instance_ids=[A, B])()
    assert [row["status"] for row in table_in(folder)] == ["absent", "absent"]


def test_a_plan_never_touches_the_files_of_a_run(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    Conducted(run, folder, instance_ids=[A])()
    before = files_of(folder)
    Conducted(run, folder, instance_ids=[B])(check=True)
    assert files_of(folder) == before
    assert plan_in(folder)["digest_covers"]["instance_ids"] == [B]


def test_without_a_folder_nothing_is_written(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    done = Conducted(run, folder, instance_ids=[A], report_dir="")(check=True)
    assert done["report_path"] == ""
    assert not folder.exists()


def test_the_folder_of_a_campaign_is_none_for_a_plan(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    folder.mkdir()
    Conducted(run, folder / "plan", instance_ids=[A])()
    before = files_of(folder / "plan")
    with pytest.raises(InputError, match="contains another campaign"):
        Conducted(run, folder, instance_ids=[B])(check=True)
    assert files_of(folder / "plan") == before


def test_a_campaign_called_plan_is_moved_elsewhere(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    Conducted(run, folder, instance_ids=[A], campaign="plan")()
    Conducted(run, folder, instance_ids=[B], campaign="other")()
    assert (folder / "plan-2" / "record.json").exists()
    assert not (folder / "plan").exists()


def test_what_was_approved_is_done(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    Conducted(run, folder, instance_ids=[A, B])(check=True)
    done = Conducted(run, folder, instance_ids=[A, B], digest=plan_in(folder)["digest"])()
    assert done["message"].startswith("2 of 2 instances are deleted.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("backup", "none"),
        ("elastic_ips", "release"),
        ("disks", "delete"),
        ("waves", "1,50%,100%"),
        ("max_failures", 77),
        ("max_instances", 2),
        ("protect_tags", {"keep": "*"}),
    ],
)
def test_another_option_is_refused_by_its_name(fleet: MemoryCloud, run: Runner, folder: Path, name: str, value: Any) -> None:
    Conducted(run, folder, instance_ids=[A, B])(check=True)
    digest = plan_in(folder)["digest"]
    with pytest.raises(InputError, match=f"vm_decommission_{name} is .*, but was .* when it was approved; nothing was changed"):
        Conducted(run, folder, instance_ids=[A, B], digest=digest, **{name: value})()
    assert writes(fleet) == []


@pytest.mark.parametrize("kind", ["mark", "unmark"])
def test_marks_have_a_plan_too(fleet: MemoryCloud, run: Runner, folder: Path, kind: str) -> None:
    Conducted(run, folder, instance_ids=[A], state=kind)(check=True)
    report = plan_in(folder)
    assert (report["kind"], report["digest_covers"]["instance_ids"]) == (kind, [A])
    (row,) = table_in(folder / "plan")
    assert (row["tag:owner"], row["private_ip_address"]) == ("payments", "10.0.0.7")


def test_the_table_of_a_mark_shows_the_tags_that_are_there(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    Conducted(run, folder, instance_ids=[A], state="mark", report_tags="decommission-after,cost")(check=True)
    (row,) = table_in(folder / "plan")
    assert (row["tag:decommission-after"], row["tag:cost"], row["due_date"]) == ("", "7", "2026-12-02")


def test_another_list_is_refused_with_the_machines_that_differ(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    variables: Json = {"on_blocked": "skip", "backup": "none", "max_instances": 9}
    Conducted(run, folder, instance_ids=[A, B], **variables)(check=True)
    digest = plan_in(folder)["digest"]
    fleet.add(C)
    fleet.machines[B]["status"] = "running"
    with pytest.raises(InputError, match=rf"{B} \(running\) can no longer be deleted and {C} was added since"):
        Conducted(run, folder, instance_ids=[A, B, C], digest=digest, **variables)()
    assert writes(fleet) == []


def test_a_disk_that_came_since_the_approval_holds_the_campaign_back(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    Conducted(run, folder, instance_ids=[A, B])(check=True)
    digest = plan_in(folder)["digest"]
    fleet.add_disk(A, "vol-new0000001", auto_delete=True)
    with pytest.raises(InputError, match=rf"more would be lost with {A} \(vol-new0000001\); nothing was changed"):
        Conducted(run, folder, instance_ids=[A, B], digest=digest)()
    assert writes(fleet) == []


def test_a_disk_that_came_since_and_is_kept_holds_nothing_back(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    Conducted(run, folder, instance_ids=[A, B])(check=True)
    fleet.add_disk(A, "vol-new0000001", auto_delete=False)
    assert not Conducted(run, folder, instance_ids=[A, B], digest=plan_in(folder)["digest"])()["fails"]


def test_a_canary_may_be_followed_by_what_the_plan_did_not_start(fleet: MemoryCloud, run: Runner, folder: Path) -> None:
    variables: Json = {"instance_ids": [A, B], "waves": "1"}
    Conducted(run, folder, **variables)(check=True)
    digest = plan_in(folder)["digest"]
    assert [row["action"] for row in table_in(folder / "plan")] == ["deleted", "not_started"]
    assert Conducted(run, folder, **variables, digest=digest)()["report"]["totals"]["deleted"] == 1
    with pytest.raises(InputError, match="vm_decommission_waves is"):
        Conducted(run, folder, instance_ids=[A, B], waves="1,100%", digest=digest)()
    assert not Conducted(run, folder, instance_ids=[A, B], waves="1,100%")()["fails"]
