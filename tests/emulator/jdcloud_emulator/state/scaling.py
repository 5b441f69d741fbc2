# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What availability groups do: members leave, and a group that scales deletes machines and makes others by itself.

How soon it acts, and whether it does, are settings (facts groups-health-check, surroundings-group-replaces and groups-pace).
"""

from __future__ import annotations

from functools import partial

from jdcloud_emulator.state import factory, lifecycle
from jdcloud_emulator.state.cloud import Cloud
from jdcloud_emulator.state.groups import BY_HAND, HEALTH_CHECK_FAILED, NEWEST, Activity, Group, Member
from jdcloud_emulator.state.model import POSTPAID, Charge, Disk, Instance, Resource, Slot, make_id


def watch(cloud: Cloud) -> None:
    """Let the groups of a cloud notice what becomes of their machines."""
    cloud.watchers.append(partial(_notice, cloud))


def _notice(cloud: Cloud, resource: Resource | None) -> None:
    """A resource has another status, or is gone; or (None) the settings changed."""
    if resource is None:
        for region in cloud.regions.values():
            for group in region.groups.values():
                review(cloud, group)
    elif isinstance(resource, Instance) and resource.ag is not None:
        found = cloud.regions[resource.region].groups.get(resource.ag[0])
        member = found.members.get(resource.id) if found is not None else None
        if found is not None and member is not None:
            if cloud.find(resource.id) is None:
                _machine_gone(cloud, found, member)
            else:
                _check_health(cloud, found, member)


def join(cloud: Cloud, group: Group, instance: Instance, managed: bool) -> Member:
    """Make a machine a member, for good (fact groups-for-life)."""
    member = group.members[instance.id] = Member(instance, managed)
    instance.ag = (group.id, group.name)
    cloud.touch(instance)
    return member


def abandon(cloud: Cloud, group: Group, member: Member) -> None:
    """Let a machine leave its group, at once or later. It stays as it is (fact groups-abandoned-stay)."""
    seconds = cloud.settings.abandon_seconds
    if not seconds:
        leave(cloud, group, member)
    elif member.leaving is None:
        member.leaving = cloud.schedule(seconds, lambda _now: leave(cloud, group, member))


def leave(cloud: Cloud, group: Group, member: Member) -> None:
    """A machine is no member any more, unless its group is deleting it already."""
    if member.removal is None and _dropped(group, member):
        member.instance.ag = None
        cloud.touch(member.instance)
        _left_by_hand(cloud, group, member)


def _machine_gone(cloud: Cloud, group: Group, member: Member) -> None:
    if not _dropped(group, member):
        return
    if member.removal is None:
        _left_by_hand(cloud, group, member)
    else:
        _end(cloud, group, member.removal)
        review(cloud, group)


def _dropped(group: Group, member: Member) -> bool:
    """Take a member off the list; false if it is not on it any more."""
    _calm(member)
    if member.leaving is not None:
        member.leaving.cancelled = True
    return group.members.pop(member.instance.id, None) is not None


def _left_by_hand(cloud: Cloud, group: Group, member: Member) -> None:
    """Removed and deleted members are a scaling activity alike (fact groups-activities)."""
    if group.auto_scaling:
        activity = _begin(cloud, group, BY_HAND)
        activity.removed.append(member.instance.id)
        _end(cloud, group, activity, rests=False)
    review(cloud, group)


# --- what a group does by itself ----------------------------------------------------------------------------------


def review(cloud: Cloud, group: Group) -> None:
    """Something about a group changed: look at its machines and their number."""
    for member in list(group.members.values()):
        _check_health(cloud, group, member)
    if group.change is not None:
        group.change.cancelled, group.change = True, None
    settings, count = cloud.settings, len(group.members)
    if group.auto_scaling and count < group.wanted() and settings.group_refill_seconds:
        group.change = cloud.schedule(settings.group_refill_seconds, lambda _now: _refill(cloud, group))
    elif group.auto_scaling and count > group.allowed() and settings.group_shrink_seconds:
        group.change = cloud.schedule(settings.group_shrink_seconds, lambda _now: _shrink(cloud, group))


def _check_health(cloud: Cloud, group: Group, member: Member) -> None:
    """A stopped machine fails its health check (fact groups-health-check)."""
    checked = group.auto_scaling and group.spec is not None and group.spec.health_check
    seconds = cloud.settings.group_health_check_seconds
    if not (checked and seconds and _removable(member) and member.instance.status == "stopped"):
        _calm(member)
    elif member.check is None:
        member.check = cloud.schedule(seconds, lambda _now: _delete(cloud, group, [member], HEALTH_CHECK_FAILED))


def _removable(member: Member) -> bool:
    """Only what is managed and paid afterwards is deleted by its group (fact surroundings-group-deletes)."""
    charge = member.instance.charge
    return member.managed and member.removal is None and charge is not None and charge.mode.startswith("postpaid")


def _calm(member: Member) -> None:
    if member.check is not None:
        member.check.cancelled, member.check = True, None


def _delete(cloud: Cloud, group: Group, members: list[Member], cause: str) -> None:
    """The machines go as if someone had deleted them, with the disks that go along (fact surroundings-group-deletes)."""
    for number, member in enumerate(members, 1):
        member.removal = _begin(cloud, group, cause)
        member.removal.total -= number
        member.removal.removed.append(member.instance.id)
        lifecycle.delete_instance(cloud, member.instance)


def _shrink(cloud: Cloud, group: Group) -> None:
    """Protected machines are spared here, and nowhere else (fact surroundings-group-protection)."""
    group.change = None
    policy = group.spec.removal_policy if group.spec is not None else ""
    spare = [member for member in group.members.values() if _removable(member) and not member.protected]
    spare.sort(key=lambda member: member.instance.created, reverse=policy == NEWEST)
    _delete(cloud, group, spare[: len(group.members) - group.allowed()], group.cause)


def _refill(cloud: Cloud, group: Group) -> None:
    """Make the machines that are missing, paid afterwards (fact groups-refill)."""
    group.change = None
    activity = _begin(cloud, group, group.cause)
    activity.added = [_new_member(cloud, group).id for _each in range(group.wanted() - len(group.members))]
    activity.total = len(group.members)
    cloud.schedule(cloud.settings.create_seconds, lambda _now: _end(cloud, group, activity))


def _new_member(cloud: Cloud, group: Group) -> Instance:
    region, identity, now = cloud.regions[group.region], cloud.new_id("instances"), cloud.wall()
    instance = Instance(
        kind="instances",
        id=identity,
        region=region.name,
        name=f"{group.name}-{identity[-4:]}",
        created=now,
        charge=Charge(POSTPAID, started=now),
        az=group.azs[0],
        primary=factory.new_interface(cloud, region, identity),
        launched=now,
        charged_from=cloud.now,
    )
    cloud.add(instance)
    disk = Disk(kind="disks", id=cloud.new_id("disks"), region=region.name, created=now, az=instance.az)
    disk.name = disk.id
    cloud.add(disk)
    factory.mount(cloud, instance, Slot("vda", True, disk), system=True)
    join(cloud, group, instance, managed=True)
    lifecycle.move_instance(cloud, instance, "pending", "running", cloud.settings.create_seconds)
    return instance


# --- its activities -----------------------------------------------------------------------------------------------


def _begin(cloud: Cloud, group: Group, cause: str) -> Activity:
    group.cause = cause
    activity = Activity(make_id("activity", f"{group.id}/{len(group.activities)}"), cause, len(group.members), cloud.wall())
    group.activities.append(activity)
    return activity


def record(cloud: Cloud, group: Group, cause: str) -> None:
    """Write down that someone changed the group."""
    _end(cloud, group, _begin(cloud, group, cause), rests=False)


def _end(cloud: Cloud, group: Group, activity: Activity, rests: bool = True) -> None:
    """An activity is done; after what the group did by itself it rests for its cool-down."""
    activity.status, activity.ended = "SUCCESS", cloud.wall()
    if rests and group.spec is not None:
        group.rests_until = cloud.now + group.spec.cool_down_seconds


def is_busy(cloud: Cloud, group: Group) -> bool:
    """Whether an activity runs, or the group rests after one (fact groups-disable)."""
    return cloud.now < group.rests_until or any(activity.status == "RUNNING" for activity in group.activities)
