# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machines of a report as a table."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.table import machines_csv
from support.campaign.reports import TRAPS, preview_of, sample_report
from support.json_object import Json

OPTIONS: Json = {"report_tags": ["owner", "cost center"]}


def rows_of(report: Json) -> list[dict[str, str]]:
    """The table as a program reads it."""
    return list(csv.DictReader(io.StringIO(machines_csv(report))))


def one(**fields: Any) -> dict[str, str]:
    """The line of one machine."""
    report = sample_report(1, options=OPTIONS)
    (row,) = rows_of({**report, "machines": [{**report["machines"][0], **fields}]})
    return row


def test_each_machine_has_a_line_with_what_decides() -> None:
    row = one(
        instance_id="i-a",
        name="web",
        private_ip_address="10.0.0.7",
        tags={"owner": "payments"},
        wave=2,
        blockers=[{"code": "protected", "message": "A tag protects it."}, {"code": "running", "message": "It runs."}],
        error={"code": "api", "message": "It was refused."},
        disks=[
            {"disk_id": "vol-a", "category": "cloud", "device": "vda", "size_gb": 40, "fate": "deleted"},
            {"disk_id": None, "category": "local", "device": "vdb", "size_gb": None, "fate": "lost"},
        ],
        elastic_ips=[{"elastic_ip_id": "fip-a", "address": "203.0.113.7", "fate": "kept"}],
        backups=[{"type": "image", "id": None}, {"type": "snapshot", "id": "snapshot-a"}],
        monthly_cost=100.5,
        monthly_saved=77.0,
    )
    expected = {
        "instance_id": "i-a",
        "private_ip_address": "10.0.0.7",
        "tag:owner": "payments",
        "tag:cost center": "",
        "wave": "2",
        "blockers": "protected: A tag protects it.; running: It runs.",
        "error": "api: It was refused.",
        "disks": "vol-a 40 GB deleted; local vdb lost",
        "elastic_ips": "fip-a 203.0.113.7 kept",
        "backups": "image to be made; snapshot snapshot-a",
        "monthly_cost": "100.5",
        "monthly_saved": "77.0",
    }
    assert {name: row[name] for name in expected} == expected


def test_all_machines_are_in_the_table() -> None:
    report = preview_of(sample_report(300))
    assert [row["instance_id"] for row in rows_of(report)] == [row["instance_id"] for row in report["machines"]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u3000=", "\n="])
@pytest.mark.parametrize("where", ["name", "tag"])
def test_no_cell_is_a_formula(start: str, where: str) -> None:
    text = f"{start}cmd|'/c calc'!A1"
    row = one(name=text) if where == "name" else one(tags={"owner": text})
    assert row["name" if where == "name" else "tag:owner"].startswith("'")


@given(st.text(max_size=20))
def test_whatever_a_name_is_its_cell_is_no_formula(name: str) -> None:
    cell = one(name=name)["name"]
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("trap", TRAPS)
def test_names_do_not_break_the_table(trap: str) -> None:
    assert one(name=trap)["instance_id"].startswith("i-")


def test_a_number_below_zero_stays_one() -> None:
    assert one(monthly_cost=-3.5)["monthly_cost"] == "-3.5"


def test_a_key_of_a_tag_is_no_formula_either() -> None:
    report = sample_report(1, options={"report_tags": ["=1+1"]})
    assert machines_csv(report).splitlines()[0].count("tag:=1+1") == 1
