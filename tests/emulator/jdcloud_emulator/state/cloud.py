# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of the emulated cloud, and how time moves in it.

Nothing ticks: whatever is due is done, in order, when the next call looks (`Cloud.catch_up`).
So ten thousand machines cost nothing while nobody asks.
"""

from __future__ import annotations

import heapq
import itertools
import random
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from jdcloud_emulator.state.balancers import Backend, Listener, LoadBalancer, Target, TargetGroup
from jdcloud_emulator.state.dns import Domain, Zone
from jdcloud_emulator.state.groups import Group
from jdcloud_emulator.state.model import (
    PREFIXES,
    Disk,
    ElasticIp,
    Image,
    Instance,
    Interface,
    Resource,
    Snapshot,
    Transition,
    make_id,
)
from jdcloud_emulator.state.render import Renderer
from jdcloud_emulator.state.settings import Clock, Quotas, Settings

if TYPE_CHECKING:
    from jdcloud_emulator.state.monitoring import Load

DEFAULT_REGIONS = {
    "cn-north-1": ["cn-north-1a", "cn-north-1b", "cn-north-1c"],
    "cn-east-1": ["cn-east-1a"],
    "cn-east-2": ["cn-east-2a", "cn-east-2b"],
    "cn-south-1": ["cn-south-1a"],
}
KINDS = tuple(PREFIXES)


@dataclass(frozen=True)
class Outcome:
    """How a transition ends: normally, never (`hang`), in its error state (`fail`), after other `seconds`.

    `left_out`: devices whose disks the service forgets in an image.
    """

    hang: bool = False
    fail: bool = False
    seconds: float | None = None
    left_out: tuple[str, ...] = ()


NORMAL = Outcome()


@dataclass
class Region:
    """One region and what is in it, by kind and id."""

    name: str
    azs: list[str]
    instances: dict[str, Instance] = field(default_factory=dict)
    disks: dict[str, Disk] = field(default_factory=dict)
    elastic_ips: dict[str, ElasticIp] = field(default_factory=dict)
    network_interfaces: dict[str, Interface] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    load_balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    target_groups: dict[str, TargetGroup] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)
    backends: dict[str, Backend] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    tokens: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    addresses: Iterator[int] = field(default_factory=itertools.count)

    def of(self, kind: str) -> dict[str, Resource]:
        """All resources of a kind."""
        return cast(dict[str, Resource], getattr(self, kind))


class Cloud:
    """All regions, and the queue of what is going to happen."""

    def __init__(self, settings: Settings, quotas: Quotas, clock: Clock) -> None:
        self.settings = settings
        self.quotas = quotas
        self.clock = clock
        self.renderer = Renderer(settings)
        self.regions = {name: Region(name, azs) for name, azs in DEFAULT_REGIONS.items()}
        self.random = random.Random(settings.random_seed)
        self.now = clock.simulated()
        # Bills know resources that are long gone.
        self.ledger: dict[str, Resource] = {}
        # They are called with each resource whose status changed or that is gone, and with None when settings changed.
        self.watchers: list[Callable[[Resource | None], None]] = []
        self.zones: dict[str, Zone] = {}
        self.domains: dict[str, Domain] = {}
        # By machine.
        self.loads: dict[str, Load] = {}
        self._queue: list[tuple[float, int, Transition]] = []
        self._order = itertools.count()
        self._serial = itertools.count(1)

    # --- time -----------------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Do everything that is due by now, in the order in which it became due."""
        now = self.clock.simulated()
        while self._queue and self._queue[0][0] <= now:
            due, _order, transition = heapq.heappop(self._queue)
            if not transition.cancelled:
                self.now = due
                transition.action(due)
        self.now = now

    def wall(self) -> float:
        """The service's own clock, epoch seconds."""
        return self.clock.wall()

    def schedule(self, seconds: float, action: Callable[[float], None]) -> Transition:
        """Let `action` happen in so many simulated seconds, give or take the jitter."""
        if self.settings.jitter:
            seconds *= 1 + self.settings.jitter * (2 * self.random.random() - 1)
        transition = Transition(self.now, self.now + seconds, action)
        heapq.heappush(self._queue, (transition.due, next(self._order), transition))
        return transition

    def move(
        self,
        resource: Resource,
        via: str,
        seconds: float,
        done: Callable[[float], None],
        failed: Callable[[float], None],
        outcome: Outcome = NORMAL,
    ) -> None:
        """Put a resource into the state `via` and let `done` happen later (or `failed`, or nothing at all)."""
        self.set_status(resource, via)
        if not outcome.hang:
            wait = seconds if outcome.seconds is None else outcome.seconds
            resource.transition = self.schedule(wait, failed if outcome.fail else done)

    def set_status(self, resource: Resource, status: str) -> None:
        """Set a state at once; a transition that was under way is forgotten."""
        self.halt(resource)
        resource.status = status
        self.touch(resource)
        self._tell(resource)

    def halt(self, resource: Resource) -> None:
        """Forget the transition that is under way."""
        if resource.transition is not None:
            resource.transition.cancelled = True
            resource.transition = None

    def finish(self, resource: Resource) -> None:
        """Let the transition that is under way end at once."""
        transition = resource.transition
        if transition is not None and not transition.cancelled:
            transition.cancelled = True
            transition.action(self.now)

    # --- store ----------------------------------------------------------------------------------------------------

    def new_id(self, kind: str) -> str:
        """An id that was never used; the same sequence in every run."""
        while True:
            made = make_id(PREFIXES[kind], f"serial/{next(self._serial)}")
            if made not in self.ledger:
                return made

    def add(self, resource: Resource) -> None:
        """Store a new resource."""
        self.regions[resource.region].of(resource.kind)[resource.id] = resource
        self.ledger[resource.id] = resource

    def remove(self, resource: Resource) -> None:
        """Forget a resource; only the bill still knows it."""
        self.halt(resource)
        self.regions[resource.region].of(resource.kind).pop(resource.id, None)
        self._tell(resource)

    def _tell(self, resource: Resource | None) -> None:
        for watcher in self.watchers:
            watcher(resource)

    def find(self, resource_id: str) -> Resource | None:
        """The resource with this id, wherever it is."""
        known = self.ledger.get(resource_id)
        return known if known is not None and known.id in self.regions[known.region].of(known.kind) else None

    def touch(self, resource: Resource) -> None:
        """Something about a resource changed: forget its JSON, and that of the machine which shows it."""
        resource.rendered = None
        region = self.regions[resource.region]
        if isinstance(resource, Disk):
            for instance_id in resource.attachments:
                if instance_id in region.instances:
                    region.instances[instance_id].rendered = None
        elif isinstance(resource, ElasticIp) and resource.interface is not None:
            self.touch(resource.interface)
        elif isinstance(resource, Interface):
            if resource.elastic_ip is not None:
                resource.elastic_ip.rendered = None
            if resource.instance_id in region.instances:
                region.instances[resource.instance_id].rendered = None

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings; they hold from now on, for time and for how answers look. Raises UsageError."""
        self.settings.update(changes)
        self.clock.simulated()
        for region in self.regions.values():
            for kind in KINDS:
                for resource in region.of(kind).values():
                    resource.rendered = None
        self._tell(None)

    def used(self, region: Region, quota: str) -> int:
        """How much of a quota is used. Only private images and own snapshots count."""
        if quota == "images":
            return sum(image.source == "private" for image in region.images.values())
        if quota == "snapshots":
            return sum(snapshot.source == "self" for snapshot in region.snapshots.values())
        return len(region.of(quota))

    def left_in_quota(self, region: Region, quota: str) -> int:
        """How much of a quota is left; never below 0."""
        return max(0, int(getattr(self.quotas, quota)) - self.used(region, quota))

    # --- request ids ----------------------------------------------------------------------------------------------

    def request_id(self, service: str) -> str:
        """vm: 32 hex digits; the gateway: 32 characters of base 36; the others: a UUID (fact errors-request-ids)."""
        bits = self.random.getrandbits(160)
        if service == "vm":
            return f"{bits & ((1 << 128) - 1):032x}"
        if service == "gateway":
            letters = []
            for _each in range(32):
                bits, letter = divmod(bits, 31)
                letters.append("0123456789abcdefghijklmnopqrstuvwxyz"[letter])
            return "".join(letters)
        return str(uuid.UUID(int=bits & ((1 << 128) - 1), version=4))
