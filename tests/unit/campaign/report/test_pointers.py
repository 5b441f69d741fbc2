# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DNS records in a campaign: they are read once, when the plan is made, and the report says what still points to what went."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support.campaign.conducted import Conducted
from support.campaign.reports import SCHEMA
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

A, B = "i-aaaa000001", "i-bbbb000002"
ADDRESS = "203.0.113.7"
POINTER: Json = {
    "kind": "public_dns_record",
    "what": "A",
    "name": "www.example.com",
    "place": "example.com",
    "detail": ADDRESS,
    "state": "resolving",
    "instance_id": A,
}


def campaign(cloud: MemoryCloud, run: Runner, folder: Path, **variables: Any) -> Conducted:
    """Two stopped machines, one of which has an elastic IP that a public record holds."""
    cloud.add(A)
    cloud.add(B)
    cloud.add_elastic_ip(A, "fip-aaaaaaaaaa", ADDRESS)
    cloud.dns.add_record(cloud.dns.add_domain("example.com"), "www", ADDRESS)
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}
    wanted: Json = {"instance_ids": [A, B], "look_up_dns": "true", **variables}
    return Conducted(run, folder / "record", **wanted)


def reads(cloud: MemoryCloud) -> list[str]:
    """The calls of the DNS services."""
    return [call.operation for call in cloud.calls if call.operation.startswith(("privatezone.", "domainservice."))]


def of(report: Json, instance_id: str) -> Json:
    return next(dict(row) for row in report["machines"] if row["instance_id"] == instance_id)


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("backup", ["none", "image"])
def test_the_report_says_what_still_points_to_a_machine(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, backup: str, preview: bool
) -> None:
    report = campaign(cloud, run, tmp_path, backup=backup)(check=preview)["report"]
    Draft202012Validator(SCHEMA).validate(report)
    assert report["pointers"] == [POINTER]
    assert [each["code"] for each in of(report, A)["warnings"]] == ["dns_record"]
    assert of(report, B)["warnings"] == []


@pytest.mark.parametrize("backup", ["none", "image"])
@pytest.mark.parametrize("waves", ["100%", "1,100%"])
def test_records_are_read_once_a_campaign(cloud: MemoryCloud, run: Runner, tmp_path: Path, backup: str, waves: str) -> None:
    campaign(cloud, run, tmp_path, backup=backup, waves=waves)()
    assert reads(cloud) == [
        "privatezone.describeZones",
        "domainservice.describeDomains",
        "domainservice.describeResourceRecord",
    ]


@pytest.mark.parametrize("given", ["", "false"])
def test_without_the_variable_nothing_is_read(cloud: MemoryCloud, run: Runner, tmp_path: Path, given: str) -> None:
    report = campaign(cloud, run, tmp_path, look_up_dns=given)()["report"]
    assert (reads(cloud), report["pointers"]) == ([], [])


def test_a_machine_that_stays_is_not_listed(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    prepared = campaign(cloud, run, tmp_path, on_blocked="skip")
    cloud.machines[A]["tags"] = [{"key": "jdcloud-protect", "value": "yes"}]
    assert prepared()["report"]["pointers"] == []


@pytest.mark.parametrize("backup", ["none", "image"])
def test_what_could_not_be_read_is_a_note_and_no_failure(cloud: MemoryCloud, run: Runner, tmp_path: Path, backup: str) -> None:
    prepared = campaign(cloud, run, tmp_path, backup=backup)
    cloud.refuse("privatezone.describeZones", 403, "HTTP_FORBIDDEN", "You are not authorized")
    done = prepared()
    assert not done["fails"]
    (note,) = [each for each in done["report"]["notes"] if "DNS" in each]
    assert note.startswith("DNS records of these instances may be missing")
    assert "403 HTTP_FORBIDDEN" in note
    assert done["report"]["pointers"] == [POINTER]


def test_the_lines_name_what_still_points_here(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    done = campaign(cloud, run, tmp_path)()
    assert "References to the instances: www.example.com." in done["lines"]


def test_the_page_shows_what_still_points_here(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    prepared = campaign(cloud, run, tmp_path)
    prepared()
    page = (tmp_path / "record" / "report.html").read_text(encoding="utf-8")
    section = page.partition('id="pointers-section"')[2].partition("</section>")[0]
    assert "References to the instances" in section
    assert all(text in section for text in ("www.example.com", "DNS record of a public domain, A", ADDRESS, "resolving", A))
