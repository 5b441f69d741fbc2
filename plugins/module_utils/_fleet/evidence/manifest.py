# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Machines of a backup manifest as values. Pure. Raises `InputError` for what is no machine of a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from ..._api.errors import InputError
from ..._api.fields import Json, MalformedResponse, each_object, optional_bool, optional_int, optional_object, optional_text
from ..._api.model.times import parse_time
from ..common.texts import ID_SHAPE, shown
from .specification import TEXTS


@dataclass(frozen=True, slots=True)
class OldDisk:
    """A disk that the machine had. Local ones have no id."""

    disk_id: str | None
    device: str | None
    local: bool
    system: bool
    size_gb: int | None
    disk_type: str | None
    iops: int | None
    auto_delete: bool
    shared: bool
    encrypted: bool


@dataclass(frozen=True, slots=True)
class OldSnapshot:
    """A snapshot of one of its disks."""

    snapshot_id: str
    disk_id: str | None
    created: datetime | None


@dataclass(frozen=True, slots=True)
class OldMachine:
    """A machine as its manifest describes it. `specification` has the fields of `specification_of`."""

    instance_id: str | None
    name: str | None
    specification: Mapping[str, Any] = field(default_factory=dict)
    disks: tuple[OldDisk, ...] = ()
    image_id: str | None = None
    snapshots: tuple[OldSnapshot, ...] = ()

    def get(self, field_name: str) -> str | None:
        """A text of its specification, None if it has none."""
        return optional_text(self.specification, field_name)

    @property
    def title(self) -> str:
        """How messages call it."""
        return self.instance_id or f"the machine of image {self.image_id}"


class Entry(Protocol):
    """A machine of a manifest, or what was made of it."""

    @property
    def instance_id(self) -> str | None:
        """The machine's id."""
        raise NotImplementedError


E = TypeVar("E", bound=Entry)


def parse_machines(entries: Sequence[Any], option: str) -> list[OldMachine]:
    """The machines of a manifest. Raises `InputError` for an empty list, a repeated machine, and anything of a wrong form."""
    if not entries:
        raise InputError(f"{option} is an empty list, which restores nothing: give at least one machine of a manifest.")
    return parse_entries(entries, option, _parsed)


def parse_entries(entries: Sequence[Any], option: str, parse: Callable[[Json, str], E]) -> list[E]:
    """Each machine of a manifest as `parse` reads it. Raises `InputError` for a repeated machine, and for a wrong form."""
    machines = [_parse_entry(entry, f"{option}[{place}]", parse) for place, entry in enumerate(entries)]
    seen = set()
    for machine in machines:
        if machine.instance_id in seen:
            raise InputError(f"{option} holds {machine.instance_id} more than once: give each machine once.")
        seen.add(machine.instance_id)
    return machines


def _parse_entry(entry: Any, where: str, parse: Callable[[Json, str], E]) -> E:
    if not isinstance(entry, dict):
        raise InputError(f"{where} is no machine of a manifest: give members of its list machines as they are.")
    try:
        return parse(entry, where)
    except MalformedResponse as error:
        raise InputError(f"{where} is damaged, since {error}: give a machine of a manifest as it is.") from error


def instance_id_of(entry: Json, where: str) -> str:
    """The id of a machine of a manifest. Raises `InputError` if it has none."""
    instance_id = optional_text(entry, "instance_id") or ""
    if not ID_SHAPE.fullmatch(instance_id):
        raise InputError(f"{where}.instance_id is {shown(instance_id)}, which is no id: give a machine of a manifest as it is.")
    return instance_id


def _parsed(entry: Json, where: str) -> OldMachine:
    instance_id = instance_id_of(entry, where)
    specification = optional_object(entry, "specification")
    if not specification or not entry.get("disks"):
        raise InputError(f"{where} ({instance_id}) lacks specification or disks, so it is not known what it was like.")
    _check_specification(specification)
    return OldMachine(
        instance_id=instance_id,
        name=optional_text(entry, "name"),
        specification=specification,
        disks=tuple(_disk(disk) for disk in each_object(entry, "disks")),
        image_id=optional_text(optional_object(entry, "image"), "image_id"),
        snapshots=tuple(_snapshots(entry)),
    )


def _check_specification(specification: Json) -> None:
    for name in ("security_groups", "secondary_interfaces", "elastic_ips"):
        list(each_object(specification, name))
    for name in TEXTS:
        optional_text(specification, name)
    tags = optional_object(specification, "tags")
    if not all(isinstance(value, str) for value in tags.values()):
        raise MalformedResponse("a tag's value is no text")


def _disk(raw: Json) -> OldDisk:
    return OldDisk(
        disk_id=optional_text(raw, "disk_id"),
        device=optional_text(raw, "device"),
        local=optional_text(raw, "category") == "local",
        system=bool(optional_bool(raw, "system")),
        size_gb=optional_int(raw, "size_gb"),
        disk_type=optional_text(raw, "disk_type"),
        iops=optional_int(raw, "iops"),
        auto_delete=bool(optional_bool(raw, "auto_delete")),
        shared=bool(optional_bool(raw, "shared")),
        encrypted=bool(optional_bool(raw, "encrypted")),
    )


def _snapshots(entry: Json) -> Iterator[OldSnapshot]:
    for raw in each_object(entry, "snapshots"):
        snapshot_id = optional_text(raw, "snapshot_id")
        if snapshot_id:
            yield OldSnapshot(snapshot_id, optional_text(raw, "disk_id"), parse_time(optional_text(raw, "created")))
