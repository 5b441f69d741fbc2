# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What load balancers know of their targets: which there are, whether they are healthy, and which go with their machine."""

from __future__ import annotations

from functools import partial

from jdcloud_emulator.state.balancers import Backend, Target
from jdcloud_emulator.state.cloud import Cloud, Region
from jdcloud_emulator.state.groups import Group, Member
from jdcloud_emulator.state.model import Instance, Resource, make_id

HEALTHY, UNHEALTHY = "healthy", "unhealthy"


def watch(cloud: Cloud) -> None:
    """Let targets go with their machines, where the settings say so (fact surroundings-targets-left)."""
    cloud.watchers.append(partial(_notice, cloud))


def _notice(cloud: Cloud, resource: Resource | None) -> None:
    if not isinstance(resource, Instance) or cloud.settings.balancer_targets_left:
        return
    if cloud.find(resource.id) is None:
        left = [target for target in cloud.regions[resource.region].targets.values() if target.instance_id == resource.id]
        for target in left:
            remove_target(cloud, target)


def remove_target(cloud: Cloud, target: Target) -> None:
    """A target gets no new connections any more."""
    if target.group is not None:
        target.group.targets.pop(target.id, None)
    cloud.remove(target)


def targets_of(region: Region, backend: Backend) -> list[Target]:
    """All targets of a backend: those of its target group, or the members of its availability group."""
    if backend.ag_id:
        return members_of(region, backend)
    group = region.target_groups.get(backend.target_group_id)
    return list(group.targets.values()) if group is not None else []


def members_of(region: Region, backend: Backend) -> list[Target]:
    """The members of a backend's availability group: targets without a registration (fact load-balancers-members)."""
    group = region.groups.get(backend.ag_id)
    return [_member_as_target(backend, group, member) for member in group.members.values()] if group is not None else []


def _member_as_target(backend: Backend, group: Group, member: Member) -> Target:
    machine = member.instance
    health, reason = backend.member_health.get(machine.id, ("", ""))
    return Target(
        kind="targets",
        id=make_id("target", f"{backend.id}/{machine.id}"),
        region=backend.region,
        created=machine.created,
        charge=None,
        group=None,
        ag_id=group.id,
        instance_id=machine.id,
        weight=backend.member_weights.get(machine.id, backend.default_weight),
        ip_address=machine.primary.private_ip,
        health=health,
        reason=reason,
    )


def health_of(cloud: Cloud, backend: Backend, target: Target) -> tuple[str, str]:
    """Status and reason of a target. Without a listener or rule nothing is checked, and all is unhealthy.

    Facts load-balancers-unbound, load-balancers-unchecked and load-balancers-health.
    """
    region = cloud.regions[backend.region]
    if not any(backend.id in (listener.backend_id, *listener.rules) for listener in region.listeners.values()):
        return UNHEALTHY, ""
    if not backend.health_check:
        return cloud.settings.balancer_unchecked_health, ""
    if target.health:
        return target.health, target.reason
    machine = region.instances.get(target.instance_id)
    if target.target_type == "vm" and (machine is None or machine.status != "running"):
        return UNHEALTHY, "CONNECT_TIMEOUT"
    return HEALTHY, ""
