# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Availability groups of seed files. The README documents the form."""

from __future__ import annotations

from jdcloud_emulator.scenario.seed_file import Entry, Taker, moment
from jdcloud_emulator.state import factory, scaling
from jdcloud_emulator.state.cloud import Cloud, Region
from jdcloud_emulator.state.groups import OLDEST, Group, ScalingSpec
from jdcloud_emulator.state.settings import UsageError

_LIMITS = ("min", "max", "desired", "health_check", "cool_down", "removal")


def new_group(cloud: Cloud, region: Region, identity: str, take: Taker) -> Group:
    """The group of an entry, with its listed members. Raises UsageError for machines that do not exist or are in another."""
    group = Group(
        kind="groups",
        id=identity,
        region=region.name,
        name=str(take("name", identity)),
        created=moment(take("created", "-30d"), cloud.wall()),
        charge=None,
        azs=list(take("azs", region.azs)),
        vpc_id=str(take("vpc", factory.default_vpc(region))),
        template_id=str(take("template", "")),
        configuration_type=str(take("configuration", "strict")),
        placement_type=str(take("placement", "fd")),
        members_managed=bool(take("managed", False)),
        auto_scaling=bool(take("auto_scaling", False)),
    )
    given = {name: take(name) for name in _LIMITS}
    if group.auto_scaling or any(value is not None for value in given.values()):
        group.spec = _spec(given)
    cloud.add(group)
    for entry in take("members", []):
        _add_member(cloud, region, group, Taker(entry if isinstance(entry, dict) else {"instance": entry}, "member"))
    return group


def _spec(given: Entry) -> ScalingSpec:
    least = int(given["min"] or 0)
    return ScalingSpec(
        least,
        int(300 if given["max"] is None else given["max"]),
        None if given["desired"] is None else int(given["desired"]),
        given["health_check"] is not False,
        int(300 if given["cool_down"] is None else given["cool_down"]),
        str(given["removal"] or OLDEST),
    )


def _add_member(cloud: Cloud, region: Region, group: Group, take: Taker) -> None:
    machine = region.instances.get(take.required("instance"))
    if machine is None or (machine.ag is not None and machine.ag[0] != group.id):
        raise UsageError(f"group {group.id}: a member does not exist or is in another group")
    member = scaling.join(cloud, group, machine, bool(take("managed", group.members_managed)))
    member.protected, member.status = bool(take("protected", False)), str(take("ag_status", ""))
    take.end()


def settle_groups(cloud: Cloud, region: Region) -> None:
    """Machines whose `ag` names a group are members, too; and the groups begin to look after their machines."""
    for machine in region.instances.values():
        group = region.groups.get(machine.ag[0]) if machine.ag is not None else None
        if group is not None and machine.id not in group.members:
            scaling.join(cloud, group, machine, group.members_managed)
    for group in region.groups.values():
        scaling.review(cloud, group)
