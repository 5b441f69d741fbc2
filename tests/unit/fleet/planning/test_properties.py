# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for any machine with any options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.groups import Group
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import (
    STABLE,
    Instance,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.resources import Disk, ElasticIp
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import changes_since, decide
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Decision, Facts, Policy
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.surroundings import Registration
from support.fleet.builders import POSTPAID, PREPAID, USAGE
from support.fleet.strategies import ANY, FACTS, MACHINES, POLICIES

pytestmark = pytest.mark.no_cover
"""Measuring would double the time of so many runs, and their lines are covered elsewhere, too."""


def protected(tagged: Instance | Disk | ElasticIp, policy: Policy) -> bool:
    tags = tagged.tags or {}
    return any(key in tags and (tags[key] in values or "*" in values) for key, values in policy.protect_tags.items())


def selected(machine: Instance, policy: Policy) -> bool:
    selection = policy.selection
    tags = machine.tags or {}
    return selection.name in (None, machine.name) and all(tags.get(key) in values for key, values in selection.tags.items())


def nothing_is_done_to_what_is_not_selected_or_protected_or_in_a_transition(
    machine: Instance, policy: Policy, facts: Facts
) -> None:
    decision = decide(machine, policy, facts)
    if decision.steps:
        assert selected(machine, policy)
        assert not protected(machine, policy)
        assert machine.status in STABLE
        assert not any(disk.attachment_status in ("attaching", "detaching") for disk in machine.disks)


def no_planned_delete_destroys_a_disk_that_is_protected_or_whose_tags_are_not_known(
    machine: Instance, policy: Policy, facts: Facts
) -> None:
    for disk in decide(machine, policy, facts).disks:
        if policy.protect_tags and disk.category == "cloud" and disk.fate == "deleted":
            assert not protected(facts.disks[disk.disk_id or ""], policy)


def no_planned_delete_releases_an_elastic_ip_that_is_protected(machine: Instance, policy: Policy, facts: Facts) -> None:
    for address in decide(machine, policy, facts).addresses:
        if address.fate == "released":
            assert not protected(facts.elastic_ips[address.elastic_ip_id], policy)


def nothing_runs_when_it_is_deleted(machine: Instance, policy: Policy, facts: Facts) -> None:
    steps = decide(machine, policy, facts).steps
    if "delete" in steps:
        assert policy.state == "absent"
        if machine.status == "running":
            assert policy.stop_running
            assert steps[0] == "stop"
        assert steps.index("delete") == len(steps) - (2 if "release" in steps else 1)
        assert "start" not in steps


def nothing_prepaid_is_deleted_before_it_expired(machine: Instance, policy: Policy, facts: Facts) -> None:
    if "delete" in decide(machine, policy, facts).steps:
        charge = machine.charge
        assert charge is not None
        assert charge.mode in (POSTPAID, USAGE, PREPAID)
        if charge.mode == PREPAID:
            over = facts.now is not None and charge.expires is not None and charge.expires < facts.now
            assert charge.status in ("overdue", "arrear") or over


def blocked_means_no_steps_and_all_fates_are_reported_otherwise(machine: Instance, policy: Policy, facts: Facts) -> None:
    decision = decide(machine, policy, facts)
    assert not (decision.blockers and decision.steps)
    assert (decision.action == "blocked") is bool(decision.blockers)
    assert [disk.disk_id for disk in decision.disks] == [disk.disk_id for disk in machine.disks]
    assert [each.elastic_ip_id for each in decision.addresses] == [each.elastic_ip_id for each in machine.addresses]
    deletes = "delete" in decision.steps
    assert all((disk.fate is not None) is deletes for disk in decision.disks)
    assert all((each.fate is not None) is deletes for each in decision.addresses)
    assert all(disk.fate == "lost" for disk in decision.disks if deletes and disk.category == "local")


def attributes_are_set_only_where_that_is_wished_and_possible(machine: Instance, policy: Policy, facts: Facts) -> None:
    decision = decide(machine, policy, facts)
    assert bool(decision.disk_changes) is ("set_disks" in decision.steps)
    disks = {disk.disk_id: disk for disk in machine.disks}
    for disk_id, value in decision.disk_changes.items():
        disk = disks[disk_id]
        assert policy.disks == ("delete" if value else "keep")
        assert disk.category == "cloud"
        assert not disk.system
        assert not disk.shared
        assert disk.charge is None or disk.charge.mode == POSTPAID
        assert disk.auto_delete is not value


def elastic_ips_are_released_only_on_wish_and_where_they_are_known_to_be_on_the_machine(
    machine: Instance, policy: Policy, facts: Facts
) -> None:
    decision = decide(machine, policy, facts)
    if "release" in decision.steps:
        assert policy.release_elastic_ips
        assert decision.steps[-1] == "release"
        for address in machine.addresses:
            shown = facts.elastic_ips[address.elastic_ip_id]
            assert shown.instance_id == "i-one"
            assert shown.bandwidth_package_id is None


def the_same_question_gets_the_same_answer(machine: Instance, policy: Policy, facts: Facts) -> None:
    assert decide(machine, policy, facts) == decide(replace(machine), replace(policy), facts)


def the_gate_opens_for_a_machine_that_did_not_change_but_stop(machine: Instance, policy: Policy, facts: Facts) -> None:
    decision = decide(machine, policy, facts)
    if "delete" in decision.steps:
        seen, after = _once_left(machine, decision, facts)
        assert changes_since(decision, seen, policy, after) == []


def the_gate_stays_shut_for_a_machine_that_did_not_leave(machine: Instance, policy: Policy, facts: Facts) -> None:
    decision = decide(machine, policy, facts)
    taken = any(each.gets_traffic for each in decision.deregisters)
    if "delete" in decision.steps and (taken or "leave_group" in decision.steps):
        seen = replace(machine, status="error" if machine.status == "error" else "stopped")
        group = facts.groups.groups.get(machine.group_id or "")
        if taken or (group is not None and group.scaling is not False and _is_managed(group, machine)):
            assert changes_since(decision, seen, policy, facts) != []


def _is_managed(group: Group, machine: Instance) -> bool:
    return group.members is None or group.members.get(machine.instance_id) is not False


def _once_left(machine: Instance, decision: Decision, facts: Facts) -> tuple[Instance, Facts]:
    """The machine and the facts when it has stopped and left what it was to leave."""
    group_id = None if "leave_group" in decision.steps else machine.group_id
    seen = replace(machine, status="error" if machine.status == "error" else "stopped", group_id=group_id)
    gone = set(decision.deregisters)
    balancers = facts.balancers

    def left(rows: Mapping[str, tuple[Registration, ...]]) -> dict[str, tuple[Registration, ...]]:
        return {key: tuple(each for each in some if each not in gone) for key, some in rows.items()}

    kept = replace(balancers, of_instance=left(balancers.of_instance), of_address=left(balancers.of_address))
    return seen, replace(facts, balancers=kept)


def no_managed_member_is_stopped_unless_it_leaves_first(machine: Instance, policy: Policy, facts: Facts) -> None:
    """Rule 21."""
    steps = decide(machine, policy, facts).steps
    if machine.group_id is None or policy.group_members == "ignore" or not {"stop", "delete"} & set(steps):
        return
    group = facts.groups.groups[machine.group_id]
    assert not group.unreadable
    at_risk = group.scaling is not False and (group.members is None or group.members.get(machine.instance_id) is not False)
    if at_risk and policy.group_members == "block":
        raise AssertionError(f"{steps} of a managed member")
    if at_risk:
        assert "leave_group" in steps
        assert steps.index("leave_group") < min(steps.index(each) for each in steps if each in ("stop", "delete"))


def nothing_brings_a_scaling_group_below_its_minimum_under_block(machine: Instance, policy: Policy, facts: Facts) -> None:
    if "delete" not in decide(machine, policy, facts).steps or machine.group_id is None or policy.group_members != "block":
        return
    group = facts.groups.groups[machine.group_id]
    if group.scaling is not False:
        left = len(set(group.members) - {machine.instance_id}) if group.members is not None else (group.count or 0) - 1
        assert left >= max(group.minimum or 0, group.desired or 0)


def nothing_is_stopped_while_it_gets_traffic(machine: Instance, policy: Policy, facts: Facts) -> None:
    """Rule 22."""
    decision = decide(machine, policy, facts)
    if policy.load_balancers == "ignore" or not {"stop", "delete"} & set(decision.steps):
        return
    assert not facts.balancers.unread
    for registration in facts.balancers.registrations(machine):
        if registration.weight == 0 and registration.kind == "alb":
            continue
        assert policy.load_balancers == "deregister"
        if registration.through:
            assert decision.steps.index("leave_group") < len(decision.steps) - 1
        else:
            assert decision.steps[0] == "deregister"
            assert registration in decision.deregisters


def the_last_healthy_target_is_never_taken(machine: Instance, policy: Policy, facts: Facts) -> None:
    """Rule 22."""
    taken = {each.target_id for each in decide(machine, policy, facts).deregisters}
    balancers = facts.balancers
    if policy.allow_last_target or not taken & balancers.healthy["tg-1"] & balancers.weighted["tg-1"]:
        return
    assert balancers.surely_healthy["tg-1"] & balancers.weighted["tg-1"] - balancers.leaving - taken


def an_address_of_another_network_is_never_deregistered(machine: Instance, policy: Policy, facts: Facts) -> None:
    for registration in decide(machine, policy, facts).deregisters:
        assert registration.type == "vm" or (registration.vpc_id == machine.vpc_id and machine.vpc_id is not None)


ALWAYS = [
    nothing_is_done_to_what_is_not_selected_or_protected_or_in_a_transition,
    no_planned_delete_destroys_a_disk_that_is_protected_or_whose_tags_are_not_known,
    no_planned_delete_releases_an_elastic_ip_that_is_protected,
    nothing_runs_when_it_is_deleted,
    nothing_prepaid_is_deleted_before_it_expired,
    blocked_means_no_steps_and_all_fates_are_reported_otherwise,
    attributes_are_set_only_where_that_is_wished_and_possible,
    elastic_ips_are_released_only_on_wish_and_where_they_are_known_to_be_on_the_machine,
    no_managed_member_is_stopped_unless_it_leaves_first,
    nothing_brings_a_scaling_group_below_its_minimum_under_block,
    nothing_is_stopped_while_it_gets_traffic,
    the_last_healthy_target_is_never_taken,
    an_address_of_another_network_is_never_deregistered,
    the_same_question_gets_the_same_answer,
    the_gate_opens_for_a_machine_that_did_not_change_but_stop,
    the_gate_stays_shut_for_a_machine_that_did_not_leave,
]


@ANY
@given(MACHINES, POLICIES, FACTS)
def test_what_always_holds(machine: Instance, policy: Policy, facts: Facts) -> None:
    """Each property, for the same machines: making them takes far longer than looking at what is decided about them."""
    for holds in ALWAYS:
        holds(machine, policy, facts)


CHANGEABLE = ["name", "status", "tags", "charge", "disks", "addresses", "interfaces"]


@ANY
@given(MACHINES, MACHINES, st.sets(st.sampled_from(CHANGEABLE), max_size=2), POLICIES, FACTS)
def test_the_gate_opens_only_for_what_would_be_decided_the_same_way(
    planned: Instance, other: Instance, changed: set[str], policy: Policy, facts: Facts
) -> None:
    before = decide(planned, policy, facts)
    stopped = replace(planned, status="error" if planned.status == "error" else "stopped")
    seen = replace(stopped, **{name: getattr(other, name) for name in changed})
    if "delete" not in before.steps or changes_since(before, seen, policy, facts):
        return
    assert seen.status == stopped.status
    assert selected(seen, policy)
    assert not protected(seen, policy)
    now = decide(seen, policy, facts)
    assert "delete" in now.steps
    assert {(disk.disk_id, disk.fate) for disk in now.disks} == {(disk.disk_id, disk.fate) for disk in before.disks}
    assert {each.elastic_ip_id for each in seen.addresses} == {each.elastic_ip_id for each in planned.addresses}
