# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_decommission after a run that was killed: it finishes exactly the frozen campaign, with everything that is left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.integration.campaigns import FASTER, roomy
from support.integration.cloud import Cloud, running, stopped
from support.integration.conductor import Conductor, kill_at
from support.json_object import Json

A, B, C, D = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-dddd000004"
X: Json = {"tags": {"project": "x"}}


@pytest.mark.parametrize(
    ("operation", "where"),
    [
        ("vm.describeQuotas", {}),
        ("resourcetag.tagResources", {}),
        ("vm.stopInstance", {"resource": B}),
        ("vm.createImage", {"resource": A, "effect": "before"}),
        ("vm.deleteInstance", {"resource": A, "effect": "before"}),
        ("vm.deleteInstance", {"resource": B}),
        ("vpc.deleteElasticIp", {"effect": "before"}),
        ("vpc.deleteElasticIp", {}),
    ],
)
def test_a_killed_campaign_is_finished_and_nothing_else_is_touched(
    cloud: Cloud, conductor: Conductor, tmp_path: Path, operation: str, where: Json
) -> None:
    """Meanwhile another machine gets what the selection asks for, and an elastic IP becomes free: both are left alone."""
    address = {"id": "fip-aaaaaaaaaa", "address": "203.0.113.7"}
    other = {"id": "fip-other00001", "address": "203.0.113.9"}
    cloud.seed(running(A, elastic_ip=address, **X), running(B, **X), stopped(C), elastic_ips=[other], **FASTER)
    roomy(cloud)
    wanted: Json = {
        "tags": "project=x",
        "stop_running": "true",
        "elastic_ips": "release",
        "report_dir": str(tmp_path / "x"),
        "waves": "1,100%",
    }
    kill_at(cloud, tmp_path, operation, "decommission", wanted, **where)
    record = json.loads((tmp_path / "x" / "record.json").read_text(encoding="utf-8"))
    cloud.control.act("retag", C, set=X["tags"])

    done = conductor.decommission(**wanted)
    assert done.message == "", done.message
    gone = {machine for machine in (A, B) if cloud.control.resource(machine) is None}
    assert gone == {A, B}
    assert cloud.control.resource(address["id"]) is None
    assert cloud.control.resource(other["id"]) is not None
    if record["frozen"]:
        assert done.report["campaign"] == record["campaign"]
        assert done.report["digest"] == record["digest"]
        assert done.actions == {A: "deleted", B: "deleted"}
        assert cloud.status(C) == "stopped"
        assert not any(entry["method"] != "GET" for entry in cloud.calls(resource=C))
        assert done.machine(A)["elastic_ips"][0]["fate"] == "released"
        assert done.totals["elastic_ips_released"] == 1
        assert [run["outcome"] for run in done.report["runs"]] == ["interrupted", "complete"]
    else:
        assert done.report["campaign"] != record["campaign"]
        assert done.actions[C] == "deleted"
    deletes = [
        write for write in done.report["writes"] if write["operation"] == "deleteInstance" and write["outcome"] == "accepted"
    ]
    assert len(deletes) <= len(done.actions)


def test_without_its_record_it_is_a_new_campaign_and_says_so(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    address = {"id": "fip-aaaaaaaaaa", "address": "203.0.113.7"}
    cloud.seed(running(A, elastic_ip=address, **X), running(B, **X), stopped(C), **FASTER)
    roomy(cloud)
    wanted: Json = {"tags": "project=x", "stop_running": True, "elastic_ips": "release", "report_dir": str(tmp_path / "x")}
    kill_at(cloud, tmp_path, "vpc.deleteElasticIp", "decommission", wanted)
    for file in (tmp_path / "x").iterdir():
        file.unlink()
    done = conductor.decommission(**wanted)
    assert any("A new campaign, because no record" in note for note in done.report["notes"])
    assert done.actions == {B: "deleted"}
    assert cloud.control.resource(address["id"]) is not None


def test_an_unfinished_campaign_of_another_selection_is_not_taken_over(
    cloud: Cloud, conductor: Conductor, tmp_path: Path
) -> None:
    cloud.seed(running(A, **X), running(B, **X), stopped(C), **FASTER)
    roomy(cloud)
    wanted: Json = {"tags": "project=x", "stop_running": True, "report_dir": str(tmp_path)}
    kill_at(cloud, tmp_path, "vm.createImage", "decommission", wanted, resource=A)
    other = conductor.decommission(instance_ids=C, report_dir=str(tmp_path))
    assert "contains the unfinished campaign" in other.message
    assert cloud.status(C) == "stopped"
    given_up = conductor.decommission(instance_ids=C, report_dir=str(tmp_path), campaign="other")
    assert given_up.message == ""
    assert given_up.actions == {C: "deleted"}
    assert any("abandoned" in note for note in given_up.report["notes"])
    assert [each.name.startswith("dc-") for each in tmp_path.iterdir() if each.is_dir() and (each / "record.json").exists()] == [
        True
    ]
