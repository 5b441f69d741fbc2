# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One test for each thing that forbids an action."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Instance, Interface
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.resources import Charge, ElasticIp
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import Demand
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import decide
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Facts, Policy
from support.fleet.builders import (
    AFTER,
    BEFORE,
    FACTS,
    NOW,
    POSTPAID,
    PREPAID,
    USAGE,
    address,
    disk,
    elastic_ip,
    knowing,
    local_disk,
    machine,
    policy,
    system_disk,
)


def blockers(each: Instance, wished: Policy, facts: Facts = FACTS) -> list[str]:
    decision = decide(each, wished, facts)
    assert not (decision.blockers and decision.steps)
    return [blocker.code for blocker in decision.blockers]


def test_a_running_machine_is_blocked_unless_it_may_be_stopped() -> None:
    assert blockers(machine("running"), policy()) == ["running"]
    assert blockers(machine("running"), policy(stop_running=True)) == []


@pytest.mark.parametrize("moving", ["attaching", "detaching"])
@pytest.mark.parametrize("state", ["absent", "stopped", "running"])
def test_a_disk_that_is_being_moved_is_a_task_in_progress(moving: str, state: str) -> None:
    each = machine("stopped", data=[disk(attachment_status=moving)])
    assert blockers(each, policy(state)) == ["task_in_progress"]  # type: ignore[arg-type]


def test_protection_is_overridden_by_nothing() -> None:
    tagged = machine("running", tags={"jdcloud-protect": ""})
    assert blockers(tagged, policy(stop_running=True, allow_local_disk_loss=True)) == ["protected"]
    assert blockers(tagged, policy("stopped")) == ["protected"]
    assert blockers(replace(tagged, status="stopped"), policy("running")) == ["protected"]


def test_protect_tags_are_alternatives_and_compare_values_as_text() -> None:
    wished = policy(protect_tags={"env": ("prod", "stage"), "keep": ("*",)})
    assert blockers(machine(tags={"env": "prod"}), wished) == ["protected"]
    assert blockers(machine(tags={"env": "stage"}), wished) == ["protected"]
    assert blockers(machine(tags={"keep": "no"}), wished) == ["protected"]
    assert blockers(machine(tags={"env": "production"}), wished) == []


def test_no_protect_tags_protect_nothing() -> None:
    assert blockers(machine(tags={"jdcloud-protect": "true"}), policy(protect_tags={})) == []


def test_protection_is_never_judged_on_an_answer_without_tags() -> None:
    with pytest.raises(ValueError, match="contains no tags"):
        decide(machine(tags=None), policy(), FACTS)


def test_a_machine_that_the_other_selectors_do_not_match_is_a_selector_mismatch_and_nothing_else() -> None:
    selection = Selection(ids=("i-one",), name="db", tags={}, filters={})
    each = machine("running", tags={"jdcloud-protect": "x"}, charge=None)
    assert blockers(each, policy(selection=selection)) == ["selector_mismatch"]


@pytest.mark.parametrize("mode", [POSTPAID, USAGE])
@pytest.mark.parametrize("status", ["normal", "overdue", "arrear"])
def test_postpaid_machines_are_deletable_at_any_time(mode: str, status: str) -> None:
    assert blockers(machine(charge=Charge(mode, status)), policy()) == []


@pytest.mark.parametrize(
    ("charge", "blocked"),
    [
        (Charge(PREPAID, "normal", AFTER, "2026-01-15T13:00:00Z"), True),
        (Charge(PREPAID, "normal", BEFORE, "2026-01-15T11:00:00Z"), False),
        (Charge(PREPAID, "normal", NOW, "2026-01-15T12:00:00Z"), True),
        (Charge(PREPAID, "normal", None, None), True),
        (Charge(PREPAID, "normal", None, "soon"), True),
        (Charge(PREPAID, "overdue", AFTER, "2026-01-15T13:00:00Z"), False),
        (Charge(PREPAID, "arrear", None, None), False),
    ],
)
def test_prepaid_machines_are_deletable_once_they_expired(charge: Charge, blocked: bool) -> None:
    assert blockers(machine(charge=charge), policy()) == (["prepaid_unexpired"] if blocked else [])


def test_the_prepaid_blocker_names_the_date() -> None:
    decision = decide(machine(charge=Charge(PREPAID, "normal", AFTER, "2026-01-15T13:00:00Z")), policy(), FACTS)
    assert "2026-01-15T13:00:00Z" in decision.blockers[0].message


def test_without_the_service_time_nothing_prepaid_counts_as_expired() -> None:
    charge = Charge(PREPAID, "normal", BEFORE, "2026-01-15T11:00:00Z")
    assert blockers(machine(charge=charge), policy(), replace(FACTS, now=None)) == ["prepaid_unexpired"]


@pytest.mark.parametrize("charge", [None, Charge("", "normal"), Charge("free_of_charge", "normal")])
def test_without_a_known_charge_mode_there_is_no_charge_record(charge: Charge | None) -> None:
    assert blockers(machine(charge=charge), policy()) == ["no_charge_record"]


@pytest.mark.parametrize("status", ["overdue", "arrear"])
@pytest.mark.parametrize("mode", [PREPAID, POSTPAID, USAGE])
def test_an_overdue_machine_is_not_started_but_may_be_stopped(status: str, mode: str) -> None:
    charge = Charge(mode, status)
    assert blockers(machine("stopped", charge=charge), policy("running")) == ["charge_overdue"]
    assert blockers(machine("running", charge=charge), policy("stopped")) == []


def test_stop_charging_destroys_local_disks_and_so_needs_leave_in_every_state() -> None:
    each = machine("running", data=[local_disk()])
    for wished in (policy("stopped"), policy(stop_running=True)):
        assert blockers(each, replace(wished, charge_on_stopped="stopCharging")) == ["local_disk_loss"]
        allowed = replace(wished, charge_on_stopped="stopCharging", allow_local_disk_loss=True)
        assert blockers(each, allowed) == []
        assert blockers(each, replace(wished, charge_on_stopped="keepCharging")) == []


@pytest.mark.parametrize("mode", [PREPAID, USAGE])
def test_stop_charging_is_for_machines_paid_by_duration(mode: str) -> None:
    each = machine("running", charge=Charge(mode, "normal", BEFORE, "2026-01-15T11:00:00Z"))
    assert blockers(each, policy("stopped", charge_on_stopped="stopCharging")) == ["stop_charging_not_allowed"]
    assert blockers(each, policy("stopped", charge_on_stopped="keepCharging")) == []


def test_stop_charging_needs_a_cloud_system_disk() -> None:
    each = machine("running", disks=(local_disk(device="vda", system=True),))
    wished = policy("stopped", charge_on_stopped="stopCharging", allow_local_disk_loss=True)
    assert blockers(each, wished) == ["stop_charging_not_allowed"]


@pytest.mark.parametrize("choice", ["keepCharging", "stopCharging"])
@pytest.mark.parametrize("field", ["dedicated_host_id", "dedicated_pool_id"])
def test_charge_on_stopped_does_not_apply_to_dedicated_hosts(choice: str, field: str) -> None:
    each = machine("running", **{field: "host-1"})
    assert blockers(each, policy("stopped", charge_on_stopped=choice)) == ["stop_charging_not_allowed"]


def test_an_option_of_the_stop_call_blocks_nothing_where_no_stop_is_sent() -> None:
    each = machine("stopped", dedicated_host_id="host-1", data=[local_disk()])
    assert blockers(each, policy("stopped", charge_on_stopped="stopCharging")) == []


@pytest.mark.parametrize(("mode", "shared"), [(PREPAID, False), (POSTPAID, True)])
def test_prepaid_and_shared_disks_cannot_be_deleted_with_the_machine(mode: str, shared: bool) -> None:
    each = machine(data=[disk(mode=mode, shared=shared)])
    assert blockers(each, policy(disks="delete")) == ["disk_fate_impossible"]
    assert blockers(each, policy(disks="keep")) == []


@pytest.mark.parametrize(("wanted", "auto_delete"), [("keep", True), ("delete", False)])
def test_the_attribute_of_a_disk_paid_by_usage_cannot_be_changed(wanted: str, auto_delete: bool) -> None:
    each = machine(data=[disk(mode=USAGE, auto_delete=auto_delete)])
    assert blockers(each, policy(disks=wanted)) == ["disk_fate_impossible"]
    settled_already = machine(data=[disk(mode=USAGE, auto_delete=not auto_delete)])
    assert blockers(settled_already, policy(disks=wanted)) == []


@pytest.mark.parametrize(
    "shown",
    [
        None,
        elastic_ip(instance_id="i-other"),
        elastic_ip(instance_id=None, status="NOT_ASSOCIATED"),
        elastic_ip(bandwidth_package_id="bwp-1"),
        elastic_ip(charge=Charge(PREPAID, "normal", AFTER, "2026-01-15 21:00:00")),
        elastic_ip(charge=Charge(PREPAID, "normal")),
    ],
)
def test_an_elastic_ip_that_cannot_be_released_blocks(shown: ElasticIp | None) -> None:
    each = machine(addresses=(address(),))
    facts = knowing(shown) if shown is not None else FACTS
    assert blockers(each, policy(release_elastic_ips=True), facts) == ["elastic_ip_not_releasable"]
    assert blockers(each, policy(), facts) == []


@pytest.mark.parametrize(
    "shown",
    [
        elastic_ip(),
        elastic_ip(charge=Charge(POSTPAID, "normal")),
        elastic_ip(charge=None),
        elastic_ip(charge=Charge(PREPAID, "normal", BEFORE, "2026-01-15 19:00:00")),
        elastic_ip(charge=Charge(PREPAID, "overdue")),
    ],
)
def test_an_elastic_ip_that_can_be_released_does_not_block(shown: ElasticIp) -> None:
    each = machine(addresses=(address(),))
    assert blockers(each, policy(release_elastic_ips=True), knowing(shown)) == []


@pytest.mark.parametrize(("auto_delete", "blocked"), [(True, False), (False, True), (None, True)])
def test_an_elastic_ip_on_an_interface_that_outlives_the_machine_is_not_released(auto_delete: bool | None, blocked: bool) -> None:
    interfaces = (Interface("port-1", True, True), Interface("port-2", False, auto_delete))
    each = machine(addresses=(address(nic="port-2"),), interfaces=interfaces)
    expected = ["elastic_ip_not_releasable"] if blocked else []
    assert blockers(each, policy(release_elastic_ips=True), knowing(elastic_ip())) == expected


def test_all_blockers_are_found_together() -> None:
    each = machine(
        "running",
        tags={"jdcloud-protect": "x"},
        charge=Charge(PREPAID, "normal", AFTER, "2026-01-15T13:00:00Z"),
        data=[disk(mode=PREPAID), disk("vol-moving", attachment_status="detaching")],
        addresses=(address(),),
    )
    assert blockers(each, policy(disks="delete", release_elastic_ips=True)) == [
        "protected",
        "running",
        "task_in_progress",
        "prepaid_unexpired",
        "disk_fate_impossible",
        "elastic_ip_not_releasable",
    ]


def test_a_machine_on_which_nothing_would_be_done_has_no_blockers() -> None:
    assert blockers(machine("stopped", tags={"jdcloud-protect": "x"}), policy("stopped")) == []
    assert blockers(machine("running", tags={"jdcloud-protect": "x"}, charge=None), policy("running")) == []
    assert blockers(machine("deleting", tags={"jdcloud-protect": "x"}), policy()) == []


def test_warnings_say_what_may_surprise() -> None:
    each = machine(
        group_id="ag-1",
        auto_release_time="2026-02-01 00:00:00",
        interfaces=(Interface("port-1", True, True), Interface("port-2", False, None), Interface("port-3", False, True)),
    )
    codes = [warning.code for warning in decide(each, policy(), FACTS).warnings]
    assert codes == ["group_member", "release_scheduled", "secondary_interface_kept"]
    assert [warning.code for warning in decide(each, policy("stopped"), FACTS).warnings] == codes[:2]


def test_a_local_system_disk_is_reported_as_lost_and_blocks_nothing_without_a_demanded_backup() -> None:
    decision = decide(machine(disks=(system_disk(category="local"),)), policy(), FACTS)
    assert (decision.blockers, [each.fate for each in decision.disks]) == ((), ["lost"])


def test_who_gives_up_local_disks_gives_up_no_cloud_disk() -> None:
    each = machine(data=[local_disk()])
    assert blockers(each, policy(demand=Demand("image", 24.0), allow_local_disk_loss=True)) == ["backup_missing"]
    assert blockers(each, policy(demand=Demand("image", 24.0))) == ["backup_missing", "local_disk_loss"]
