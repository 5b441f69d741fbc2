# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another user at work: changes to the cloud that no call of the client under test makes, at once or on a trigger.

No preconditions hold here, so that every state a client may meet can be made.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from jdcloud_emulator.scenario.seed_file import moment, tag_rows
from jdcloud_emulator.state import balancing, factory, lifecycle, scaling
from jdcloud_emulator.state.balancers import Backend, Target, TargetGroup
from jdcloud_emulator.state.cloud import Cloud
from jdcloud_emulator.state.groups import Group, Member
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import PREPAID, Charge, Disk, ElasticIp, Image, Instance, Resource, Slot, Snapshot
from jdcloud_emulator.state.settings import UsageError

PROTECT_TAG = "jdcloud-protect"


@dataclass
class Act:
    """An action that waits: for the `nth` time that a call of `operation` on `target` is (`moment`) before or after."""

    number: int
    action: str
    resource: str
    parameters: Json
    operation: str = "*"
    target: str = "*"
    moment: str = "before"
    nth: int = 1
    seen: int = 0


class Acts:
    """Does actions, and keeps those that wait for their trigger."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._numbers = itertools.count(1)
        self._waiting: list[Act] = []
        # What triggered actions could not do: nobody waits for their answer.
        self.failures: list[str] = []

    def add(self, wanted: Json) -> Json:
        """Do an action, or remember it. Raises UsageError when it makes no sense."""
        given = {key: value for key, value in wanted.items() if value is not None}
        action, resource = str(given.pop("action", "")), str(given.pop("resource", ""))
        when, later = given.pop("when", None), given.pop("after_seconds", None)
        if action not in ACTIONS and action not in WORLD:
            raise UsageError(f"unknown action {action!r}; known are {', '.join([*ACTIONS, *WORLD])}")
        if when is not None:
            return {"waiting": self._wait(action, resource, given, dict(when))}
        if later is not None:
            self._cloud.schedule(float(later), lambda _now: perform(self._cloud, action, resource, given))
            return {"scheduled": float(later)}
        perform(self._cloud, action, resource, given)
        return {"done": action}

    def _wait(self, action: str, resource: str, parameters: Json, when: Json) -> int:
        act = Act(next(self._numbers), action, resource, parameters)
        act.operation = str(when.pop("operation", "*"))
        act.target = str(when.pop("resource", resource or "*"))
        act.moment = str(when.pop("moment", "before"))
        act.nth = int(when.pop("nth", 1))
        if when or act.moment not in ("before", "after"):
            raise UsageError("when takes operation, resource, moment (before or after) and nth")
        self._waiting.append(act)
        return act.number

    def listed(self) -> list[Json]:
        """The actions that wait."""
        return [dataclasses.asdict(act) for act in self._waiting]

    def clear(self) -> None:
        """Forget the actions that wait."""
        self._waiting = []

    def trigger(self, when: str, operation: str, ids: list[str]) -> None:
        """A call is about to be handled, or was: do what waited for it."""
        for act in [act for act in self._waiting if act.moment == when and fnmatchcase(operation, act.operation)]:
            if act.target != "*" and not any(fnmatchcase(one, act.target) for one in ids):
                continue
            act.seen += 1
            if act.seen >= act.nth:
                self._waiting.remove(act)
                try:
                    perform(self._cloud, act.action, act.resource, act.parameters)
                except UsageError as error:
                    self.failures.append(f"action {act.number}: {error}")


def perform(cloud: Cloud, action: str, resource_id: str, parameters: Json) -> None:
    """Do an action now. Raises UsageError when the resource does not exist or is of another kind."""
    if action in WORLD:
        WORLD[action](cloud, parameters)
        return
    resource = cloud.find(resource_id)
    if resource is None:
        raise UsageError(f"there is no resource {resource_id!r}")
    try:
        ACTIONS[action](cloud, resource, parameters)
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{action} of {resource_id} with {parameters}: {error!r}") from None


def _machine(resource: Resource) -> Instance:
    if not isinstance(resource, Instance):
        raise UsageError(f"{resource.id} is no instance")
    return resource


def _power(change: Callable[[Cloud, Instance], None]) -> Callable[[Cloud, Resource, Json], None]:
    def act(cloud: Cloud, resource: Resource, parameters: Json) -> None:
        change(cloud, _machine(resource))
        if parameters.get("instantly"):
            cloud.finish(resource)

    return act


def _delete(cloud: Cloud, resource: Resource, parameters: Json) -> None:
    match resource:
        case Instance():
            lifecycle.delete_instance(cloud, resource, bool(parameters.get("elastic_ips", False)))
        case Disk():
            for instance_id in list(resource.attachments):
                machine = cloud.regions[resource.region].instances[instance_id]
                lifecycle.end_attachment(cloud, machine, _slot(machine, resource.id), resource)
            lifecycle.delete_disk(cloud, resource)
        case Image():
            lifecycle.delete_image(cloud, resource, bool(parameters.get("snapshots", False)))
        case Snapshot():
            lifecycle.delete_snapshot(cloud, resource)
        case ElasticIp():
            lifecycle.unbind(cloud, resource)
            cloud.remove(resource)
        case Target():
            balancing.remove_target(cloud, resource)
        case _:
            raise UsageError(f"{resource.id} cannot be deleted")
    if parameters.get("instantly"):
        cloud.finish(resource)


def _slot(instance: Instance, disk_id: str) -> Slot:
    for slot in instance.slots():
        if slot.disk is not None and slot.disk.id == disk_id:
            return slot
    raise UsageError(f"{instance.id} has no disk {disk_id}")


def _disk(cloud: Cloud, parameters: Json) -> Disk:
    disk = cloud.find(str(parameters["disk"]))
    if not isinstance(disk, Disk):
        raise UsageError(f"there is no disk {parameters['disk']!r}")
    return disk


def _attach(cloud: Cloud, resource: Resource, parameters: Json) -> None:
    machine = _machine(resource)
    if "disk" in parameters:
        disk = _disk(cloud, parameters)
    else:
        disk = Disk(kind="disks", id=cloud.new_id("disks"), region=machine.region, status="available", az=machine.az)
        disk.name, disk.created, disk.size_gb = disk.id, cloud.wall(), int(parameters.get("size", 100))
        disk.charge = Charge(started=cloud.wall())
        cloud.add(disk)
    slot = lifecycle.attach(cloud, machine, disk, parameters.get("device", ""), bool(parameters.get("auto_delete", False)))
    if parameters.get("instantly", True):
        if slot.transition is not None:
            slot.transition.cancelled = True
        lifecycle.settle_attachment(cloud, machine, slot)


def _detach(cloud: Cloud, resource: Resource, parameters: Json) -> None:
    machine, disk = _machine(resource), _disk(cloud, parameters)
    if parameters.get("instantly", True):
        lifecycle.end_attachment(cloud, machine, _slot(machine, disk.id), disk)
    else:
        lifecycle.detach(cloud, machine, _slot(machine, disk.id), disk)


def _set_auto_delete(cloud: Cloud, resource: Resource, parameters: Json) -> None:
    machine = _machine(resource)
    _slot(machine, str(parameters["disk"])).auto_delete = bool(parameters["value"])
    cloud.touch(machine)


def _retag(cloud: Cloud, resource: Resource, parameters: Json) -> None:
    """`tags` replaces all, `set` adds, `remove` is a list of keys."""
    if "tags" in parameters:
        resource.show_tags(tag_rows(parameters["tags"]))
    added = dict(tag_rows(parameters.get("set", {})))
    gone = parameters.get("remove", [])
    resource.tags = {key: value for key, value in {**resource.tags, **added}.items() if key not in gone}
    resource.settle_tags([*added, *gone])
    cloud.touch(resource)


def _set_charge(cloud: Cloud, resource: Resource, parameters: Json) -> None:
    """`mode` (or none), `status`, `expires`."""
    if parameters.get("mode") == "none":
        resource.charge = None
    else:
        charge = dataclasses.replace(resource.charge or Charge(started=cloud.wall()))
        mode = str(parameters.get("mode", charge.mode))
        charge.mode = PREPAID if mode == "prepaid" else mode
        charge.status = parameters.get("status", charge.status)
        if "expires" in parameters:
            charge.expires = moment(parameters["expires"], cloud.wall())
        resource.charge = charge
    cloud.touch(resource)


def _associate(cloud: Cloud, resource: Resource, parameters: Json) -> None:
    machine = _machine(resource)
    if "elastic_ip" in parameters:
        address = cloud.find(str(parameters["elastic_ip"]))
    else:
        address = factory.new_elastic_ip(cloud, cloud.regions[machine.region])
    if not isinstance(address, ElasticIp):
        raise UsageError(f"there is no elastic IP {parameters['elastic_ip']!r}")
    if machine.primary.elastic_ip is not None:
        lifecycle.unbind(cloud, machine.primary.elastic_ip)
    if address.interface is not None:
        lifecycle.unbind(cloud, address)
    lifecycle.bind(cloud, address, machine.primary)


def _disassociate(cloud: Cloud, resource: Resource, _parameters: Json) -> None:
    address = resource if isinstance(resource, ElasticIp) else _machine(resource).primary.elastic_ip
    if address is not None:
        lifecycle.unbind(cloud, address)


def _snapshot(cloud: Cloud, resource: Resource, parameters: Json) -> None:
    if not isinstance(resource, Disk):
        raise UsageError(f"{resource.id} is no disk")
    made = Snapshot(kind="snapshots", id=cloud.new_id("snapshots"), region=resource.region, disk_id=resource.id)
    made.name, made.created, made.size_gb = parameters.get("name", made.id), cloud.wall(), resource.size_gb
    lifecycle.create_snapshot(cloud, made)
    if parameters.get("instantly"):
        cloud.finish(made)


def _membership(cloud: Cloud, resource: Resource) -> tuple[Group, Member]:
    machine = _machine(resource)
    group = cloud.regions[machine.region].groups.get(machine.ag[0]) if machine.ag is not None else None
    if group is None:
        raise UsageError(f"{machine.id} is in no group")
    return group, group.members[machine.id]


def _leave_group(cloud: Cloud, resource: Resource, _parameters: Json) -> None:
    scaling.leave(cloud, *_membership(cloud, resource))


def _set_managed(cloud: Cloud, resource: Resource, parameters: Json) -> None:
    group, member = _membership(cloud, resource)
    member.managed = bool(parameters["value"])
    scaling.review(cloud, group)


def _set_health(_cloud: Cloud, resource: Resource, parameters: Json) -> None:
    """`status` (empty: as its machine is) and `reason` of a target, or of the `instance` among the members behind a backend."""
    health, reason = str(parameters.get("status", "unhealthy")), str(parameters.get("reason", ""))
    if isinstance(resource, Backend):
        resource.member_health[str(parameters["instance"])] = (health, reason)
    elif isinstance(resource, Target):
        resource.health, resource.reason = health, reason
    else:
        raise UsageError(f"{resource.id} is neither a target nor a backend")


def _set_weight(_cloud: Cloud, resource: Resource, parameters: Json) -> None:
    if not isinstance(resource, Target):
        raise UsageError(f"{resource.id} is no target")
    resource.weight = int(parameters["value"])


def _register(cloud: Cloud, resource: Resource, parameters: Json) -> None:
    """Put a machine (`instance`, at a `port`) into a target group."""
    machine = cloud.find(str(parameters["instance"]))
    if not isinstance(resource, TargetGroup) or not isinstance(machine, Instance):
        raise UsageError(f"{resource.id} is no target group, or there is no instance {parameters['instance']!r}")
    target = Target(kind="targets", id=cloud.new_id("targets"), region=resource.region, charge=None, group=resource)
    target.instance_id, target.ip_address = machine.id, machine.primary.private_ip
    target.port, target.created = int(parameters.get("port", 0)), cloud.wall()
    resource.targets[target.id] = target
    cloud.add(target)


def _set(name: str, parameter: str, default: Any = "") -> Callable[[Cloud, Resource, Json], None]:
    def act(cloud: Cloud, resource: Resource, parameters: Json) -> None:
        if not hasattr(resource, name):
            raise UsageError(f"{resource.id} has no {name}")
        setattr(resource, name, str(parameters.get(parameter, default)))
        cloud.touch(resource)

    return act


ACTIONS: dict[str, Callable[[Cloud, Resource, Json], None]] = {
    "start": _power(lifecycle.start),
    "stop": _power(lifecycle.stop),
    "restart": _power(lifecycle.reboot),
    "delete": _delete,
    "finish": lambda cloud, resource, _parameters: cloud.finish(resource),
    "set_status": lambda cloud, resource, parameters: cloud.set_status(resource, str(parameters["status"])),
    "set_task": _set("task", "task"),
    "rename": _set("name", "name"),
    "describe": _set("description", "description"),
    "retag": _retag,
    "protect": lambda cloud, resource, _parameters: _retag(cloud, resource, {"set": {PROTECT_TAG: "true"}}),
    "attach": _attach,
    "detach": _detach,
    "set_auto_delete": _set_auto_delete,
    "set_charge": _set_charge,
    "associate": _associate,
    "disassociate": _disassociate,
    "snapshot": _snapshot,
    "leave_group": _leave_group,
    "set_managed": _set_managed,
    "register": _register,
    "set_health": _set_health,
    "set_weight": _set_weight,
}
# These change the world, not one resource.
WORLD: dict[str, Callable[[Cloud, Json], None]] = {
    "set_quotas": lambda cloud, parameters: cloud.quotas.update(parameters),
    "configure": lambda cloud, parameters: cloud.configure(parameters),
}
