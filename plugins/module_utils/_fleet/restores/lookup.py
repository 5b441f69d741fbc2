# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a restored machine is found again and read, and how it is made once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import list_all, read_by_ids
from ..._api.fields import Page
from ..._api.model.instance import InstanceInFull
from ..._api.model.times import parse_time
from ..._api.services.disk import describe_disks
from ..._api.services.vm import create_instances, describe_instance, describe_instances_in_full
from ..evidence.marker import client_token
from ..evidence.proof import CLOCK_TOLERANCE
from .create_once import CreateRequest
from .marker import read_restore_marker
from .plan import RestorePlan

UP = frozenset({"running", "stopped"})
"""Statuses in which a new machine has been made."""


def instance_id_of(machine: InstanceInFull) -> str:
    """The id of a machine."""
    return machine.instance.instance_id


def find_machines_of(dispatcher: Dispatcher, plans: Sequence[RestorePlan]) -> list[list[InstanceInFull]]:
    """For each plan the machines that were made after it before, by exact name and marker."""
    names = [*dict.fromkeys(plan.name for plan in plans)]
    first = [outcome.value for outcome in dispatcher.gather([_named(name)(1) for name in names])]
    listed: dict[str, list[InstanceInFull]] = {}
    for name, page in zip(names, first, strict=True):
        rows = {instance_id_of(machine): machine for machine in page.items}
        complete = page.whole
        listed[name] = [*rows.values()] if complete else list_all(dispatcher, _named(name), instance_id_of)
    return [[machine for machine in listed[plan.name] if _is_of(plan, machine)] for plan in plans]


def _named(name: str) -> Callable[[int], Call[Page[InstanceInFull]]]:
    # Fuzzy at the service: what it finds is compared again.
    return lambda page: describe_instances_in_full(filters=[("name", [name])], page=page)


def _is_of(plan: RestorePlan, machine: InstanceInFull) -> bool:
    description = str(machine.full.get("description") or "")
    return machine.instance.name == plan.name and read_restore_marker(description) == plan.marker


def machine_request(
    dispatcher: Dispatcher, plan: RestorePlan, helper_id: str | None, asked_at: datetime | None, run: str
) -> CreateRequest:
    """The new machine as something to be made once."""
    spec = {**plan.spec, "imageId": plan.image_id or helper_id}

    def find() -> list[str]:
        (machines,) = find_machines_of(dispatcher, [plan])
        return [instance_id_of(machine) for machine in machines if _is_new(machine, asked_at)]

    return CreateRequest(
        title=f"the instance {plan.name}",
        create=lambda: create_instances(spec, token_of(plan, json.dumps(plan.spec, sort_keys=True), run)),
        find=find,
    )


def token_of(plan: RestorePlan, what: str, run: str) -> str:
    """The same for the same order of one run, however often it is sent."""
    digest = hashlib.sha256(what.encode()).hexdigest()
    return client_token(str(plan.marker), f"{plan.name}\0{digest}\0{run}", 1)


def _is_new(machine: InstanceInFull, asked_at: datetime | None) -> bool:
    """Whether it may have been made since then. One that is still being made may have no launch time yet."""
    launched = parse_time(machine.full.get("launch_time"))
    return launched is None or asked_at is None or launched >= asked_at - CLOCK_TOLERANCE


def read_full(dispatcher: Dispatcher, ids: Sequence[str]) -> dict[str, InstanceInFull]:
    """The machines with these ids, in bulk. One that a response leaves out is asked for by itself: only a 404 says it is gone."""
    found = read_by_ids(dispatcher, ids, lambda chunk: describe_instances_in_full(ids=chunk), instance_id_of)
    doubtful = [instance_id for instance_id in ids if instance_id not in found]
    for instance_id, outcome in zip(doubtful, dispatcher.gather([describe_instance(each) for each in doubtful]), strict=True):
        if outcome.error is None or not outcome.error.is_not_found:
            found[instance_id] = InstanceInFull(outcome.value, {})
    return found


def read_made(dispatcher: Dispatcher, made: Mapping[str, RestorePlan]) -> dict[str, InstanceInFull]:
    """Machines that were just made, by id; those that reads by id do not show are looked for by name and marker."""
    found = read_full(dispatcher, [*made])
    unread = {instance_id: plan for instance_id, plan in made.items() if instance_id not in found}
    if unread:
        for machines in find_machines_of(dispatcher, [*unread.values()]):
            found.update({instance_id_of(each): each for each in machines if instance_id_of(each) in unread})
    return found


def read_origins(dispatcher: Dispatcher, disk_ids: Sequence[str]) -> dict[str, str | None]:
    """The snapshots that disks were made of, as the disk service knows them."""
    disks = read_by_ids(dispatcher, disk_ids, describe_disks, lambda disk: disk.disk_id)
    return {disk_id: disk.snapshot_id for disk_id, disk in disks.items()}
