# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan asked again just before a delete: every kind of change since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Instance
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.resources import Charge
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import Demand, backup_set_of
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import changes_since, decide
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Facts, Policy
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.surroundings import BalancerFacts, Registration
from support.fleet.builders import (
    AFTER,
    FACTS,
    PREPAID,
    address,
    disk,
    elastic_ip,
    image,
    knowing,
    local_disk,
    machine,
    policy,
    snapshot,
    system_disk,
)

PLANNED = machine(data=[disk(auto_delete=True), disk("vol-kept")], addresses=(address(),), tags={"env": "test"})
RELEASE_FACTS = knowing(elastic_ip())
SNAPSHOT = "snapshot-vol-sys"


def changes(planned: Instance, seen: Instance, wished: Policy | None = None, facts: Facts = FACTS) -> list[str]:
    wished = wished or policy(stop_running=True)
    return changes_since(decide(planned, wished, facts), seen, wished, facts)


@pytest.mark.parametrize("status", ["running", "stopped", "error"])
def test_nothing_changed_but_the_stop_that_we_asked_for(status: str) -> None:
    seen = replace(PLANNED, status="error" if status == "error" else "stopped")
    assert changes(replace(PLANNED, status=status), seen) == []


@pytest.mark.parametrize("status", ["running", "pending", "starting", "stopping", "rebooting", "resizing", "deleting", "weird"])
def test_any_status_but_stopped_forbids_the_delete(status: str) -> None:
    for planned in ("running", "stopped", "error"):
        assert changes(replace(PLANNED, status=planned), replace(PLANNED, status=status)) != []


def test_error_allows_the_delete_only_if_it_was_error_when_planned() -> None:
    assert changes(PLANNED, replace(PLANNED, status="error")) == ["its status is now 'error'"]
    assert changes(replace(PLANNED, status="running"), replace(PLANNED, status="error")) == ["its status is now 'error'"]


def test_a_machine_that_left_error_is_another_one_than_planned() -> None:
    assert changes(replace(PLANNED, status="error"), replace(PLANNED, status="stopped")) != []


@pytest.mark.parametrize(
    "seen",
    [
        replace(PLANNED, tags={"env": "test", "jdcloud-protect": "yes"}),
        replace(PLANNED, charge=None),
        replace(PLANNED, charge=Charge(PREPAID, "normal", AFTER, "2026-01-15T13:00:00Z")),
        replace(PLANNED, disks=(*PLANNED.disks, disk("vol-new", device="vdd"))),
        replace(PLANNED, disks=(*PLANNED.disks, local_disk())),
        replace(PLANNED, disks=PLANNED.disks[:-1]),
        replace(PLANNED, disks=PLANNED.disks[1:]),
        replace(PLANNED, disks=(system_disk(), disk(auto_delete=False), disk("vol-kept"))),
        replace(PLANNED, disks=(system_disk(), disk(auto_delete=True), disk("vol-kept", auto_delete=True))),
        replace(PLANNED, disks=(system_disk(), disk("vol-swapped", auto_delete=True), disk("vol-kept"))),
        replace(PLANNED, disks=(system_disk(), disk(auto_delete=True, mode=PREPAID), disk("vol-kept"))),
        replace(PLANNED, disks=(system_disk(), disk(auto_delete=True, shared=True), disk("vol-kept"))),
        replace(PLANNED, disks=(system_disk(), disk(auto_delete=True), disk("vol-kept", attachment_status="detaching"))),
        replace(PLANNED, disks=(replace(system_disk(), auto_delete=False), *PLANNED.disks[1:])),
        replace(PLANNED, addresses=()),
        replace(PLANNED, addresses=(address(), address("fip-new"))),
        replace(PLANNED, addresses=(address("fip-other"),)),
    ],
    ids=[
        "protected",
        "charge record lost",
        "became prepaid",
        "disk attached",
        "local disk appeared",
        "disk detached",
        "system disk gone",
        "will be kept now",
        "will be deleted now",
        "disk swapped",
        "disk became prepaid",
        "disk became shared",
        "disk is being detached",
        "system disk will be kept",
        "elastic ip removed",
        "elastic ip added",
        "elastic ip swapped",
    ],
)
def test_every_kind_of_change_forbids_the_delete(seen: Instance) -> None:
    assert changes(PLANNED, seen) != []
    assert changes(PLANNED, seen, policy(release_elastic_ips=True), RELEASE_FACTS) != []


@pytest.mark.parametrize(
    "selection",
    [
        Selection(ids=("i-one",), name="web", tags={}, filters={}),
        Selection(ids=None, name=None, tags={"env": ("test",)}, filters={}),
        Selection(ids=None, name=None, tags={}, filters={"az": ("cn-north-1a",)}),
    ],
)
def test_a_machine_that_is_not_selected_any_more_is_not_deleted(selection: Selection) -> None:
    planned = replace(PLANNED, az="cn-north-1a")
    assert changes(planned, planned, policy(selection=selection)) == []
    seen = replace(planned, name="db", tags={"env": "prod"}, az="cn-north-1b")
    assert len(changes(planned, seen, policy(selection=selection))) == 1


@pytest.mark.parametrize(
    "seen",
    [
        replace(PLANNED, name="renamed"),
        replace(PLANNED, tags={"env": "test", "note": "x"}),
        replace(PLANNED, disks=PLANNED.disks[::-1]),
        replace(PLANNED, auto_release_time="2026-02-01 00:00:00"),
    ],
    ids=["name", "other tag", "order of disks", "release time"],
)
def test_what_does_not_matter_does_not_hinder(seen: Instance) -> None:
    assert changes(PLANNED, seen) == []


def test_the_reason_names_the_disk() -> None:
    reasons = changes(PLANNED, replace(PLANNED, disks=(*PLANNED.disks, disk("vol-new", device="vdd"))))
    assert len(reasons) == 1
    assert "vol-new" in reasons[0]


def test_after_the_attributes_were_set_they_must_read_so() -> None:
    wished = policy(disks="keep")
    planned = decide(PLANNED, wished, FACTS)
    assert planned.disk_changes == {"vol-data": False}
    as_set = replace(PLANNED, disks=(system_disk(), disk(auto_delete=False), disk("vol-kept")))
    assert changes_since(planned, as_set, wished, FACTS, disks_set=True) == []
    assert changes_since(planned, PLANNED, wished, FACTS, disks_set=True) != []
    assert changes_since(planned, PLANNED, wished, FACTS) == []
    assert changes_since(planned, as_set, wished, FACTS) != []


def test_stop_running_does_not_open_the_gate_for_a_machine_that_runs() -> None:
    running = replace(PLANNED, status="running")
    assert changes(running, running, policy(stop_running=True)) == ["its status is now 'running'"]


def test_a_prepaid_machine_that_was_renewed_is_not_deleted() -> None:
    expired = replace(PLANNED, charge=Charge(PREPAID, "overdue"))
    renewed = replace(PLANNED, charge=Charge(PREPAID, "normal", AFTER, "2026-01-15T13:00:00Z"))
    assert changes(expired, expired) == []
    assert changes(expired, renewed) != []


def test_a_backup_of_the_plan_that_is_gone_forbids_the_delete_although_another_one_covers_the_disks() -> None:
    wished = policy(demand=Demand("image", 24.0))
    both = replace(FACTS, backup_set=backup_set_of([image(SNAPSHOT), image(SNAPSHOT, imageId="img-two")], [snapshot()]))
    one = replace(FACTS, backup_set=backup_set_of([image(SNAPSHOT, imageId="img-two")], [snapshot()]))
    planned = decide(machine(), wished, both)
    assert {backup.id for backup in planned.backups} == {"img-one", "img-two"}
    assert changes_since(planned, machine(), wished, both) == []
    assert changes_since(planned, machine(), wished, one) == ["backups of the plan no longer count (img-one)"]


def test_a_machine_that_is_a_target_again_since_it_was_deregistered_is_not_deleted() -> None:
    target = Registration("tg-1", "web", "alb-1", "front", "alb", target_id="target-1", instance_id="i-one", weight=10)
    registered = replace(FACTS, balancers=BalancerFacts(of_instance={"i-one": (target,)}))
    wished = policy(load_balancers="deregister", allow_last_target=True)
    planned = decide(machine(), wished, registered)
    assert planned.deregisters == (target,)
    assert "delete" in planned.steps
    assert changes_since(planned, machine(), wished, FACTS) == []
    (reason,) = changes_since(planned, machine(), wished, registered)
    assert reason.startswith("It receives traffic from load balancer alb-1 (front), target group tg-1, weight 10")
