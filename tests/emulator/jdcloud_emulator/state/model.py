# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulated cloud holds: machines, disks, addresses, interfaces, images, snapshots. Times are epoch seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

PREPAID = "prepaid_by_duration"
POSTPAID = "postpaid_by_duration"
PREFIXES = {
    "instances": "i",
    "disks": "vol",
    "elastic_ips": "fip",
    "network_interfaces": "port",
    "images": "img",
    "snapshots": "snapshot",
    "groups": "ag",
    # The prefixes of backends, targets and listeners are not published (fact load-balancers-ids).
    "load_balancers": "alb",
    "target_groups": "tg",
    "targets": "target",
    "backends": "backend",
    "listeners": "listener",
}
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def make_id(prefix: str, key: str) -> str:
    """The same id for the same key, always: prefix, hyphen, 10 characters of [a-z0-9]."""
    number = int.from_bytes(hashlib.sha256(f"{prefix}:{key}".encode()).digest()[:8], "big")
    letters = []
    for _each in range(10):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return f"{prefix}-{''.join(letters)}"


class Transition:
    """Something that happens at a simulated time, unless it is cancelled before."""

    __slots__ = ("action", "cancelled", "due", "started")

    def __init__(self, started: float, due: float, action: Callable[[float], None]) -> None:
        self.started = started
        self.due = due
        self.action = action
        self.cancelled = False


@dataclass(slots=True)
class Charge:
    """How a resource is paid. `expires` and `retires` are epoch seconds or None."""

    mode: str = POSTPAID
    status: str = "normal"
    started: float = 0.0
    expires: float | None = None
    retires: float | None = None

    def unexpired_prepaid(self, now: float) -> bool:
        """Paid in advance and neither expired nor overdue: such a thing cannot be deleted."""
        return self.mode == PREPAID and self.status == "normal" and (self.expires is None or self.expires > now)


@dataclass(slots=True, kw_only=True)
class Resource:
    """What all kinds have in common. `rendered` is the JSON of the last answer, until something changes.

    `earlier_tags` are rows that answers show before those of `tags`, although their keys are in there, too.
    """

    kind: str
    id: str
    region: str
    name: str = ""
    description: str = ""
    status: str = ""
    created: float = 0.0
    tags: dict[str, str] = field(default_factory=dict)
    earlier_tags: list[tuple[str, str]] = field(default_factory=list)
    charge: Charge | None = field(default_factory=Charge)
    transition: Transition | None = None
    rendered: bytes | None = None
    fee: float | None = None

    def show_tags(self, rows: list[tuple[str, str]]) -> None:
        """Answers show these rows, in which a key may occur more than once."""
        self.tags = dict(rows)
        self.earlier_tags = [(key, value) for place, (key, value) in enumerate(rows) if key in dict(rows[place + 1 :])]

    def settle_tags(self, keys: list[str]) -> None:
        """Keys that were written are shown once."""
        self.earlier_tags = [row for row in self.earlier_tags if row[0] not in keys]


@dataclass(slots=True, kw_only=True)
class Disk(Resource):
    """A cloud disk. `attachments` maps instance ids to (status, time)."""

    az: str = ""
    disk_type: str = "ssd.gp1"
    size_gb: int = 40
    multi_attachable: bool = False
    encrypted: bool = False
    recyclable: bool = True
    snapshot_id: str = ""
    trashed: float | None = None
    attachments: dict[str, tuple[str, float]] = field(default_factory=dict)


@dataclass(slots=True)
class Slot:
    """A disk as its machine sees it: a cloud disk, or (`disk` is None) a local one."""

    device: str
    auto_delete: bool
    disk: Disk | None = None
    local_type: str = "SSD"
    local_size_gb: int = 0
    status: str = "attached"
    attached: float = 0.0
    transition: Transition | None = None


@dataclass(slots=True, kw_only=True)
class ElasticIp(Resource):
    """A public address. `interface` is where it is bound; status and state are derived from it."""

    address: str = ""
    bandwidth_mbps: int = 5
    provider: str = "bgp"
    ip_type: str = "standard"
    bandwidth_package_id: str = ""
    az: str = ""
    state: str = "UP"
    interface: Interface | None = None


@dataclass(slots=True, kw_only=True)
class Interface(Resource):
    """A network interface. `instance_id` is empty when it is detached."""

    mac: str = ""
    az: str = ""
    vpc_id: str = ""
    subnet_id: str = ""
    private_ip: str = ""
    security_groups: list[tuple[str, str]] = field(default_factory=list)
    role: str = "Primary"
    auto_delete: bool = True
    device_index: int = 1
    instance_id: str = ""
    elastic_ip: ElasticIp | None = None


@dataclass(slots=True, kw_only=True)
class Instance(Resource):
    """A virtual machine. `task` names a task that blocks other operations (create_image)."""

    hostname: str = ""
    instance_type: str = "g.n2.medium"
    image_id: str = ""
    az: str = ""
    system: Slot | None = None
    data: list[Slot] = field(default_factory=list)
    primary: Interface
    secondary: list[Interface] = field(default_factory=list)
    launched: float = 0.0
    key_names: list[str] = field(default_factory=list)
    charge_on_stopped: str = "keepCharging"
    platform: str = "Ubuntu"
    os_type: str = "linux"
    os_version: str = "22.04"
    architecture: str = "x86_64"
    boot_mode: str = ""
    task: str = ""
    ag: tuple[str, str] | None = None
    dedicated_host_id: str = ""
    dedicated_pool_id: str = ""
    fault_domain: str = ""
    auto_release: str = ""
    local_data_lost: bool = False
    charged_from: float = 0.0

    def slots(self) -> list[Slot]:
        """System disk first, then the data disks."""
        return ([self.system] if self.system else []) + self.data

    def interfaces(self) -> list[Interface]:
        """Primary interface first."""
        return [self.primary, *self.secondary]

    def busy_with(self) -> str:
        """Name of the task that runs on the machine, or an empty string."""
        if self.task:
            return self.task
        for slot in self.slots():
            if slot.status in ("attaching", "detaching"):
                return "attach_disk" if slot.status == "attaching" else "detach_disk"
        return ""


@dataclass(slots=True)
class ImageDisk:
    """A disk inside an image; `snapshot_id` is empty for local ones and in public images."""

    device: str
    auto_delete: bool
    disk_type: str
    size_gb: int
    snapshot_id: str = ""
    local: bool = False


@dataclass(slots=True, kw_only=True)
class Image(Resource):
    """A machine image. `charge` of images is not modelled."""

    source: str = "private"
    platform: str = "Ubuntu"
    os_type: str = "linux"
    os_version: str = "22.04"
    architecture: str = "x86_64"
    boot_mode: str = ""
    launch_permission: str = "ownerOnly"
    owner_pin: str = ""
    system: ImageDisk
    data: list[ImageDisk] = field(default_factory=list)
    instance_id: str = ""
    imported: bool = False
    offline: bool = False
    protected: bool = False
    expires: float | None = None
    progress: str = ""
    shared_with: list[str] = field(default_factory=list)

    def disks(self) -> list[ImageDisk]:
        """System disk first."""
        return [self.system, *self.data]


@dataclass(slots=True, kw_only=True)
class Snapshot(Resource):
    """A snapshot of a cloud disk. `images` are the images that use it."""

    disk_id: str = ""
    size_gb: int = 40
    source: str = "self"
    encrypted: bool = False
    expires: float | None = None
    images: list[str] = field(default_factory=list)
