# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charges, disks and elastic IPs as immutable values, and the functions that read them from JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from ..fields import (
    Json,
    Row,
    each_object,
    lower_text,
    optional_id,
    optional_int,
    optional_object,
    optional_text,
    repeated_tags,
    tags_of,
)
from .times import parse_time

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Charge:
    """How something is paid. ``mode`` and ``status`` are lower case, '' if not returned.

    ``expires`` is the end of a prepaid time, None if there is none or it cannot be read; ``expires_text`` is what the
    service wrote. ``retire_text`` is when the service itself would release what is overdue.
    """

    mode: str
    status: str
    expires: datetime | None = None
    expires_text: str | None = None
    retire_text: str | None = None


@dataclass(frozen=True, slots=True)
class Disk:
    """A cloud disk. ``attached_to``: ids of the machines it is attached to, being attached to or detached from.

    ``attached``: there is such an attachment, even if its machine is not returned. ``snapshot_id`` is the snapshot it was made
    from, None if there is none or it was not returned. ``recyclable``: a delete may move it to the bin, None if not returned.
    ``unreadable``: as of an Instance.
    """

    disk_id: str
    status: str
    size_gb: int | None
    attached_to: tuple[str, ...]
    charge: Charge | None
    shared: bool
    snapshot_id: str | None = None
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    attached: bool = False
    recyclable: bool | None = None
    repeated_tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ElasticIp:
    """An elastic IP. ``status`` is 'ASSOCIATED' or 'NOT_ASSOCIATED', '' if not returned.

    ``state`` is 'UP', 'DOWN' or 'PROCESSING', '' if not returned. ``instance_type`` is the kind of its holder ('compute', 'lb').
    ``unreadable``: as of an Instance.
    """

    elastic_ip_id: str
    address: str | None
    status: str
    instance_id: str | None
    charge: Charge | None
    bandwidth_package_id: str | None
    network_interface_id: str | None
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    private_ip_address: str | None = None
    instance_type: str | None = None
    repeated_tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


def parse_charge(owner: Json) -> Charge | None:
    """Return the charge of an object, None if it has none."""
    raw = optional_object(owner, "charge")
    if not raw:
        return None
    expires_text = optional_text(raw, "chargeExpiredTime")
    return Charge(
        mode=(optional_text(raw, "chargeMode") or "").strip().lower(),
        status=(optional_text(raw, "chargeStatus") or "").strip().lower(),
        expires=parse_time(expires_text),
        expires_text=expires_text,
        retire_text=optional_text(raw, "chargeRetireTime"),
    )


def parse_disk(raw: Json) -> Disk:
    """Read a Disk of the disk service."""
    row = Row(raw, "diskId")
    none: tuple[str | None, ...] = ()
    attachments = row.read("attachments", lambda each: tuple(_attachments(each)), none)
    return Disk(
        disk_id=row.id,
        status=row.status(),
        size_gb=optional_int(raw, "diskSizeGB"),
        attached_to=tuple(dict.fromkeys(filter(None, attachments))),
        charge=row.read("charge", parse_charge, None),
        shared=bool(row.flag("multiAttachable")),
        snapshot_id=row.id_of("snapshotId"),
        name=row.text("name") or "",
        tags=tags_of(row),
        attached=bool(attachments),
        recyclable=row.flag("canPutInRecycleBin"),
        repeated_tags=row.read("tags", repeated_tags, {}),
        unreadable=row.unreadable,
    )


def _attachments(raw: Json) -> Iterator[str | None]:
    """The machines that a disk is on, or may be; None for one that is not returned."""
    for item in each_object(raw, "attachments"):
        if lower_text(item, "status") != "detached":
            yield optional_id(item, "instanceId")


def parse_elastic_ip(raw: Json) -> ElasticIp:
    """Read an ElasticIp of the vpc service."""
    row = Row(raw, "elasticIpId")
    return ElasticIp(
        elastic_ip_id=row.id,
        address=row.text("elasticIpAddress"),
        status=row.word("status").upper(),
        instance_id=row.text("instanceId"),
        charge=row.read("charge", parse_charge, None),
        bandwidth_package_id=row.text("bandwidthPackageId"),
        network_interface_id=row.text("networkInterfaceId"),
        name=row.text("elasticIpName") or "",
        tags=tags_of(row),
        state=row.word("state").upper(),
        private_ip_address=row.text("privateIpAddress"),
        instance_type=row.text("instanceType"),
        repeated_tags=row.read("tags", repeated_tags, {}),
        unreadable=row.unreadable,
    )
