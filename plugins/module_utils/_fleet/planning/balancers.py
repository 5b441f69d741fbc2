# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What load balancers forbid: a machine that gets traffic is neither stopped nor deleted (rule 22). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..._api.model.instance import Instance
from ..common.failure import Finding
from .groups import leaves_group
from .policy import Facts, Policy
from .surroundings import Registration


def balancer_blockers(machine: Instance, policy: Policy, facts: Facts) -> Iterator[Finding]:
    """What forbids to stop or delete a target of load balancers."""
    if policy.load_balancers == "ignore" or policy.state == "running":
        return
    if facts.balancers.unread:
        yield Finding(
            "surroundings_unknown",
            f"It is unknown whether a load balancer sends traffic to it, because {facts.balancers.unread}: grant the key the "
            "right to read load balancers, or set load_balancers to ignore.",
        )
        return
    for registration in facts.balancers.registrations(machine):
        advice = _why_it_stays(registration, machine, policy, facts)
        if registration.gets_traffic and advice is not None:
            yield Finding("load_balancer_target", f"It receives traffic from {registration.place}: {advice}.")
    if policy.load_balancers == "deregister" and not policy.allow_last_target:
        yield from _last_targets(machine, policy, facts)


def balancer_warnings(machine: Instance, policy: Policy, facts: Facts) -> Iterator[Finding]:
    """What stays registered although nothing is sent to it."""
    if policy.load_balancers != "block" or policy.state == "running":
        return
    for registration in facts.balancers.registrations(machine):
        if not registration.gets_traffic:
            yield Finding("target_left", f"It remains registered, without traffic, at {registration.place}.")


def departing(machine: Instance, policy: Policy, facts: Facts) -> tuple[Registration, ...]:
    """The registrations that are taken away before the machine is stopped or deleted."""
    if policy.load_balancers != "deregister" or not policy.takes_away(machine):
        return ()
    return tuple(each for each in facts.balancers.registrations(machine) if _is_ours(each, machine))


def leaving_through(machine: Instance, policy: Policy, facts: Facts) -> tuple[Registration, ...]:
    """Where the machine is a target through its availability group, if it leaves that."""
    if policy.load_balancers != "deregister" or not leaves_group(machine, policy, facts):
        return ()
    return tuple(each for each in facts.balancers.registrations(machine) if each.through)


def _why_it_stays(registration: Registration, machine: Instance, policy: Policy, facts: Facts) -> str | None:
    """What to do about a registration that is not taken away, None if it is."""
    if policy.load_balancers == "block":
        if registration.through:
            return "take it out of its availability group first, or set load_balancers to deregister and group_members to abandon"
        return "deregister it first, or set load_balancers to deregister"
    if registration.through:
        if leaves_group(machine, policy, facts):
            return None
        return "members of an availability group cannot be deregistered, so set group_members to abandon"
    if _is_ours(registration, machine):
        return None
    return "it is unknown whether the address belongs to this instance, so deregister it manually if it does"


def _is_ours(registration: Registration, machine: Instance) -> bool:
    """Whether a registration surely means this machine. An address does within one VPC alone."""
    if registration.target_id is None:
        return False
    return registration.type != "ip" or (registration.vpc_id is not None and registration.vpc_id == machine.vpc_id)


def _last_targets(machine: Instance, policy: Policy, facts: Facts) -> Iterator[Finding]:
    balancers = facts.balancers
    # Members of availability groups are known by their machines.
    for registration in (*departing(machine, policy, facts), *leaving_through(machine, policy, facts)):
        target_id, group_id = registration.target_id or machine.instance_id, registration.group_id
        serves = target_id in balancers.healthy.get(group_id, ()) and target_id in balancers.weighted.get(group_id, ())
        others = balancers.surely_healthy.get(group_id, frozenset()) & balancers.weighted.get(group_id, frozenset())
        if serves and not others - balancers.leaving - {target_id}:
            yield Finding(
                "last_target",
                f"No other healthy target would remain at {registration.place}: add targets first, or set allow_last_target to "
                "true.",
            )
