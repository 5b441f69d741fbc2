# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Campaigns over members of availability groups and targets of load balancers (rules 21 and 22)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import READERS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.cleanup import clean_up
from support.campaign.conducted import Conducted, ModulesInProcess
from support.campaign.results import approval
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
OUT: Json = {"group_members": "abandon", "load_balancers": "deregister", "drain_seconds": 1}
BEGIN: Json = {"instance_ids": [A], "backup": "image", "stop_running": True, "waves": "100%"}
DUE = [{"key": "decommission-after", "value": "2026-01-01"}]


def fill(cloud: MemoryCloud, *, member: bool = True) -> None:
    """A running machine in a group that scales, with another one; both behind a load balancer."""
    cloud.add(A, "running", vpcId="vpc-one")
    cloud.add(B, "running", vpcId="vpc-one")
    if member:
        cloud.groups.add("ag-web", A, B, minSize=1)
    cloud.balancers.add_group("tg-shop")
    for each in (A, B):
        cloud.balancers.add_target("tg-shop", each)
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}


def writes(cloud: MemoryCloud) -> list[str]:
    return [operation.partition(".")[2] for operation, _id in cloud.writes]


def campaign(run: Runner, folder: Path, **variables: Any) -> Conducted:
    return Conducted(run, folder / "record", **{**BEGIN, **variables})


def out_of(done: Json) -> str:
    """The sentence about machines that are out and not deleted, empty if there is none."""
    _before, found, after = str(done["message"]).partition("Deregistered from load balancers and not deleted: ")
    return after.partition(".")[0] if found else ""


# --- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [True, False])
def test_members_and_targets_are_blocked_before_anything_is_stopped(
    cloud: MemoryCloud, run: Runner, tmp_path: Path, check: bool
) -> None:
    fill(cloud)
    done = campaign(run, tmp_path)(check=check)
    (row,) = done["report"]["machines"]
    assert {each["code"] for each in row["blockers"]} == {"group_managed", "load_balancer_target"}
    assert cloud.writes == []
    assert out_of(done) == ""


def test_a_machine_that_is_deregistered_and_not_deleted_is_named_at_the_end(
    cloud: MemoryCloud, run: Runner, tmp_path: Path
) -> None:
    """Its backup, for which it was stopped, is made; then its deletion is refused."""
    fill(cloud)
    cloud.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "no")
    done = campaign(run, tmp_path, **OUT)()
    assert done["fails"]
    assert out_of(done) == A
    assert cloud.balancers.shown("tg-shop") == [(B, 80, 10)]
    assert out_of(campaign(run, tmp_path, **OUT)()) == A, "and it is again by each run that leaves it so"


def test_a_machine_whose_stop_is_refused_is_back_at_its_place_and_not_named(
    cloud: MemoryCloud, run: Runner, tmp_path: Path
) -> None:
    fill(cloud, member=False)
    cloud.refuse("vm.stopInstance", 403, "HTTP_FORBIDDEN", "no")
    done = campaign(run, tmp_path, **OUT)()
    assert done["fails"]
    assert out_of(done) == ""
    assert cloud.balancers.shown("tg-shop") == [(A, 80, 10), (B, 80, 10)]


def test_a_machine_that_was_only_planned_is_not_said_to_be_out(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    """The first wave fails, and the second never begins."""
    fill(cloud, member=False)
    cloud.balancers.add_target("tg-shop", C)
    cloud.refuse("vm.stopInstance", 403, "HTTP_FORBIDDEN", "no")
    done = campaign(run, tmp_path, **OUT, instance_ids=[A, B], waves="1,100%")()
    assert [each["action"] for each in done["report"]["machines"]] == ["failed", "not_started"]
    assert out_of(done) == ""


def test_a_preview_claims_nothing(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fill(cloud)
    done = campaign(run, tmp_path, **OUT)(check=True)
    assert not done["fails"], done["message"]
    assert cloud.writes == []
    assert out_of(done) == ""


# --- done ---------------------------------------------------------------------------------------------------------


def test_a_machine_leaves_before_its_stop_and_is_backed_up_before_its_deletion(
    cloud: MemoryCloud, run: Runner, tmp_path: Path
) -> None:
    fill(cloud)
    done = campaign(run, tmp_path, **OUT)()
    assert not done["fails"], done["message"]
    left = ["updateTargets", "deRegisterTargets", "abandonInstances"]
    assert writes(cloud) == [*left, "stopInstance", "createImage", "deleteInstance"]
    assert cloud.balancers.shown("tg-shop") == [(B, 80, 10)]
    assert out_of(done) == ""
    assert done["report"]["pointers"] == []


def test_the_whole_way_without_a_backup(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fill(cloud)
    assert not campaign(run, tmp_path, **OUT, backup="none")()["fails"]
    left = ["updateTargets", "deRegisterTargets", "abandonInstances"]
    assert writes(cloud) == [*left, "stopInstance", "deleteInstance"]


def test_a_target_that_outlives_its_machine_points_to_it(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fill(cloud, member=False)
    cloud.balancers.targets["tg-shop"][0]["weight"] = 0
    done = campaign(run, tmp_path)()
    assert not done["fails"], done["message"]
    assert [(each["kind"], each["name"], each["state"]) for each in done["report"]["pointers"]] == [
        ("load_balancer_target", "tg-shop", "left")
    ]


def test_a_campaign_that_another_run_ended_goes_on_after_it(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fill(cloud)
    cloud.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "no")
    campaign(run, tmp_path, **OUT)()
    cloud.refusals.clear()
    done = campaign(run, tmp_path, **OUT)()
    assert not done["fails"], done["message"]
    assert A not in cloud.machines
    assert out_of(done) == ""
    assert writes(cloud).count("deRegisterTargets") == writes(cloud).count("abandonInstances") == 1


# --- the mark, and the clean-up -----------------------------------------------------------------------------------


def test_the_stop_of_a_mark_heeds_what_surrounds_a_machine(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fill(cloud)
    mark: Json = {"state": "mark", "instance_ids": [A], "stop_running": True, "grace_days": 7}
    done = Conducted(run, tmp_path / "blocked", **mark)()
    assert "stopInstance" not in writes(cloud), done["message"]
    done = Conducted(run, tmp_path / "out", **mark, **OUT)()
    assert [each for each in writes(cloud) if each != "tagResources"] == [
        *("updateTargets", "deRegisterTargets", "abandonInstances", "stopInstance")
    ], done["message"]


@pytest.mark.parametrize("around", [{}, {f"vm_decommission_{name}": value for name, value in OUT.items()}])
def test_the_clean_up_judges_by_what_it_hands_on(cloud: MemoryCloud, run: Runner, around: Json) -> None:
    cloud.add(A, tags=DUE, vpcId="vpc-one")
    cloud.add(B)
    cloud.groups.add("ag-web", A, B, minSize=1)
    done = clean_up(READERS["cleanup"](around), ModulesInProcess(run), preview=False)
    assert [each["instance_ids"] for each in done["regions"]] == ([[A]] if around else [])
    assert done["blocked"] == (0 if around else 1)


@pytest.mark.parametrize("kind", ["absent", "mark"])
@pytest.mark.parametrize("name", ["group_members", "load_balancers", "allow_last_target"])
def test_what_was_approved_says_what_becomes_of_groups_and_targets(kind: str, name: str) -> None:
    values: Json = {"group_members": "ignore", "load_balancers": "ignore", "allow_last_target": True}
    assert approval(A, state=kind).digest != approval(A, state=kind, **{name: values[name]}).digest
