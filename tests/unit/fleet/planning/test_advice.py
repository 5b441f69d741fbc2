# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The advice of a blocker fits the options in force: who follows it meets neither a refusal nor the same blocker again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Instance
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import Demand, backup_set_of
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import decide
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Facts, Policy
from support.fleet.builders import FACTS as USUAL
from support.fleet.builders import disk, image, local_disk, machine, policy, snapshot, system_disk
from support.fleet.strategies import ANY, FACTS, MACHINES, POLICIES

FOLLOWED: dict[str, dict[str, Any]] = {
    "set disks to as_configured": {"disks": "as_configured"},
    "set disks to keep": {"disks": "keep"},
    "set elastic_ips to keep": {"release_elastic_ips": False},
    "remove charge_on_stopped": {"charge_on_stopped": None},
    "remove the option": {"charge_on_stopped": None},
    "set stop_running to true": {"stop_running": True},
}
IMAGE = Demand("image", 24.0)


def missing(each: Instance, demand: Demand = IMAGE, *assets: Any) -> list[str]:
    images, snapshots = ([row for row in assets if hasattr(row, kind)] for kind in ("image_id", "snapshot_id"))
    facts = replace(USUAL, backup_set=backup_set_of(images, snapshots))
    blockers = decide(each, policy(demand=demand), facts).blockers
    return [blocker.message for blocker in blockers if blocker.code == "backup_missing"]


@ANY
@given(MACHINES, POLICIES, FACTS)
def test_who_follows_an_advice_does_not_meet_the_blocker_again(each: Instance, wished: Policy, facts: Facts) -> None:
    for blocker in decide(each, wished, facts).blockers:
        for words, change in FOLLOWED.items():
            if words in blocker.message:
                after = decide(each, replace(wished, **change), facts)
                assert blocker not in after.blockers
                assert not ("disks" in change and any(found.code == "disk_fate_impossible" for found in after.blockers))


def test_a_running_machine_may_be_stopped() -> None:
    [blocker] = decide(machine("running"), policy(), USUAL).blockers
    assert blocker.message == "It is running: stop it first, or set stop_running to true."


def test_without_waiting_stop_running_is_no_advice() -> None:
    [blocker] = decide(machine("running"), policy(may_stop=False), USUAL).blockers
    assert blocker.message == "It is running: stop it first."


def test_with_a_demanded_backup_stop_running_is_no_advice() -> None:
    blockers = decide(machine("running"), policy(demand=IMAGE), USUAL).blockers
    assert [each.code for each in blockers] == ["running", "backup_missing"]
    assert blockers[0].message == "It is running: stop it and back it up first (role vm_backup does both), then delete it."


@pytest.mark.parametrize(
    ("demand", "role"),
    [
        (Demand("image", 24.0), "role vm_backup"),
        (Demand("both", 24.0), "role vm_backup with vm_backup_method=both"),
        (Demand("image", 1.0, "spring"), "role vm_backup with vm_backup_campaign=spring, vm_backup_max_age=1"),
    ],
)
def test_the_role_is_named_with_what_makes_it_meet_the_demand(demand: Demand, role: str) -> None:
    assert f": back it up first, while it is stopped ({role})." in missing(machine(), demand)[0]


def test_a_machine_in_error_is_not_sent_to_a_backup_that_cannot_count() -> None:
    [message] = missing(machine("error"))
    assert message.endswith(
        "a new backup of an instance in 'error' does not count, so save its data with jdcloud_snapshot, then delete it with "
        "require_backup=none."
    )


def test_a_disk_that_a_good_image_leaves_out_is_sent_to_snapshots() -> None:
    [message] = missing(machine(data=[disk(auto_delete=True)]), IMAGE, image("snapshot-vol-sys"), snapshot("vol-sys"))
    assert message.endswith(
        ": back it up first, while it is stopped (role vm_backup); if the new image does not contain the disk either, make "
        "snapshots and set require_backup to snapshots."
    )


def test_snapshots_are_no_way_out_where_the_system_disk_is_local() -> None:
    each = machine(disks=(local_disk(system=True, device="vda"), disk(auto_delete=True)))
    [message] = missing(each, IMAGE, image(None))
    assert message.endswith("if the new image does not contain the disk either, save its data in another way.")


def test_a_local_system_disk_is_in_an_image_though_in_no_snapshot() -> None:
    each = machine(disks=(local_disk(system=True, device="vda"),))
    blockers = decide(each, policy(demand=Demand("snapshots", 24.0)), USUAL).blockers
    [message] = [blocker.message for blocker in blockers if blocker.code == "local_disk_loss"]
    assert "demand an image, which contains it, or save its data in another way" in message


def test_keeping_one_disk_is_no_advice_where_another_cannot_be_kept() -> None:
    each = machine(data=[disk(auto_delete=True), disk("vol-new", auto_delete=True, mode="postpaid_by_usage")])
    shielded = replace(USUAL, disks={**USUAL.disks, "vol-data": replace(USUAL.disks["vol-data"], tags={"jdcloud-protect": "x"})})
    [blocker] = decide(each, policy(), shielded).blockers
    assert blocker.message.endswith("remove the tag first.")


def test_on_a_dedicated_host_no_value_of_charge_on_stopped_is_advised() -> None:
    each = machine("running", dedicated_host_id="host-1", disks=(system_disk(charge=None),))
    blockers = decide(each, policy("stopped", charge_on_stopped="stopCharging"), USUAL).blockers
    assert not [blocker.message for blocker in blockers if "use keepCharging" in blocker.message]
