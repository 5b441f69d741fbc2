# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an availability group forbids: it may delete a machine that stops, and make a new one for one that goes. Pure.

A group that does not scale does neither. What is not returned about one counts as the worse (rule 21).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..._api.fields import unreadable_reason
from ..._api.model.groups import Group
from ..._api.model.instance import Instance
from ..common.failure import Finding
from .policy import Facts, Policy


def group_blockers(machine: Instance, policy: Policy, facts: Facts) -> Iterator[Finding]:
    """What forbids to stop or delete a member of a group."""
    group_id = machine.group_id
    if group_id is None or policy.state == "running" or policy.group_members == "ignore":
        return
    reason = _why_unknown(group_id, facts)
    group = facts.groups.groups.get(group_id)
    if reason is not None or group is None:
        yield Finding(
            "surroundings_unknown",
            f"It is unknown whether its availability group {group_id} may delete or replace it, because {reason}: grant the "
            "key the right to read availability groups, or set group_members to ignore.",
        )
        return
    if policy.group_members == "abandon" or group.scaling is False:
        return
    if _may_delete(group, machine):
        yield Finding(
            "group_managed",
            f"Availability group {_shown(group)} scales and may delete it, disks included, as soon as it stops: set "
            "group_members to abandon, disable the scaling of the group, or set group_members to ignore.",
        )
    missing = _falls_below(group, machine, policy, facts)
    if missing is not None:
        yield Finding(
            "group_minimum",
            f"Availability group {_shown(group)} would {missing} and make a new instance: lower these numbers first, or set "
            "group_members to ignore.",
        )


def group_warnings(machine: Instance, policy: Policy, facts: Facts) -> Iterator[Finding]:
    """What to know about the group of a machine that nothing forbids to stop or delete."""
    group_id = machine.group_id
    if group_id is None:
        return
    group = facts.groups.groups.get(group_id)
    if policy.state == "running" or group is None or group.scaling is False:
        yield Finding("group_member", _member(group_id, policy))
    elif leaves_group(machine, policy, facts):
        yield Finding(
            "leaves_group",
            f"It leaves availability group {_shown(group)} before it is stopped or deleted, which cannot be undone.",
        )
        missing = _falls_below(group, machine, policy, facts)
        if missing is not None:
            yield Finding("group_minimum", f"Availability group {_shown(group)} will {missing} and may make a new instance.")
    else:
        yield Finding("group_member", _member(group_id, policy))


def leaves_group(machine: Instance, policy: Policy, facts: Facts) -> bool:
    """Whether the machine is taken out of its group before anything else happens to it.

    That is so if the group scales, so that it may delete the machine or replace it; and if a load balancer sends to the machine
    through its group, which is the one way to end that (fact load-balancers-members).
    """
    if machine.group_id is None or policy.group_members != "abandon" or not policy.takes_away(machine):
        return False
    if policy.load_balancers == "deregister" and facts.balancers.of_group.get(machine.group_id):
        return True
    group = facts.groups.groups.get(machine.group_id)
    if group is None or group.scaling is False:
        return False
    return policy.state == "absent" or _may_delete(group, machine)


def with_leaving(machines: Iterable[Instance], policy: Policy) -> dict[str, frozenset[str]]:
    """By group the machines that a run is to delete: together they may bring it below its minimum."""
    found: dict[str, set[str]] = {}
    for machine in machines if policy.state == "absent" else ():
        if machine.group_id is not None and machine.status != "deleting" and policy.selection.mismatch(machine) is None:
            found.setdefault(machine.group_id, set()).add(machine.instance_id)
    return {group_id: frozenset(ids) for group_id, ids in found.items()}


def _why_unknown(group_id: str, facts: Facts) -> str | None:
    """Why nothing can be said of a group, None if it can."""
    group = facts.groups.groups.get(group_id)
    if group is None:
        return facts.groups.unread.get(group_id, "the service does not return it")
    return unreadable_reason(group)


def _may_delete(group: Group, machine: Instance) -> bool:
    """Whether the group may delete the machine by itself. Only one that it says not to manage is safe."""
    managed = None if group.members is None else group.members.get(machine.instance_id)
    return managed is not False


def _falls_below(group: Group, machine: Instance, policy: Policy, facts: Facts) -> str | None:
    """How the group falls below what it keeps up if this run deletes its machines, None if it does not.

    A stop takes no one out of the group.
    """
    if policy.state != "absent":
        return None
    leaving = facts.groups.leaving.get(group.group_id, frozenset()) | {machine.instance_id}
    if group.members is not None:
        left = len(set(group.members) - leaving)
    elif group.count is not None:
        left = max(0, group.count - len(leaving))
    else:
        return "fall to an unknown number of instances"
    for name, number in (("minimum", group.minimum), ("desired number", group.desired)):
        if number is not None and left < number:
            return f"fall to {left} instances, below its {name} of {number},"
    return None


def _member(group_id: str, policy: Policy) -> str:
    text = f"It is a member of availability group {group_id}, which may replace it after its deletion."
    if policy.group_members == "ignore" and policy.state != "running":
        return (
            f"{text[:-1]}, or delete it when it stops if the group scales; this was not checked, because group_members is ignore."
        )
    return text


def _shown(group: Group) -> str:
    return f"{group.group_id} ({group.name})" if group.name else group.group_id
