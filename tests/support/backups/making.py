# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The virtual cloud where images and snapshots are made: tasks, quotas, tokens, and backups that fail or hang."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.dispatcher import Dispatcher
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.rate_limit import RateLimiter
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.policy import BackupPolicy
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.record import BackupRun, RunOptions
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.run import back_up
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.report import BackupReport
from support.fleet.backups import Asset, TrueImage, TrueSnapshot, asset_id
from support.fleet.operations import NOTHING, Operations, _filters, _page
from support.fleet.service import Service
from support.fleet.virtual import Cloud
from support.fleet.virtual_time import VirtualPool
from support.fleet.world import TrueMachine
from support.json_object import Json

IMAGE, SNAPSHOT = "vm.createImage", "disk.createSnapshot"


@dataclass
class Made:
    """Something that came into being at a call, of a machine or disk."""

    asset: Asset
    asset_id: str
    of: str


@dataclass
class Making:
    """How backups are made. `ends`: chooses `ready`, `error` or `hang` for each; `quotas`: images and snapshots.

    `lag`: for so many seconds listings of a machine's or disk's backups leave out a new one, though `counted` in the total;
    `unreadable`: for so many seconds no read by id shows a new one.
    """

    seconds: float = 5.0
    ends: Callable[[], str] = lambda: "ready"
    quotas: tuple[int, int] = (100, 200)
    lag: float = 0.0
    unreadable: float = 0.0
    counted: bool = False
    made: list[Made] = field(default_factory=list)


class MakingOperations(Operations):
    """Also carries out the calls that make and describe backups."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.making = Making()
        self.tasks: dict[str, str] = {}
        self._given: dict[str, str] = {}
        self._handlers = {
            **self._handlers,
            IMAGE: self._create_image,
            SNAPSHOT: self._create_snapshot,
            "vm.stopInstance": lambda call: self._unless_busy(call, self._stop),
            "vm.startInstance": lambda call: self._unless_busy(call, self._start),
            "vm.describeImages": self._images,
            "vm.describeImage": lambda call: {"image": self.backups.image_json(self._asset(call, TrueImage))},
            "vm.modifyImageAttribute": self._describe,
            "vm.describeQuotas": lambda _call: {"quotas": [{"resourceType": "image", **self._quota(TrueImage, 0)}]},
            "disk.describeSnapshots": self._snapshots,
            "disk.describeSnapshot": lambda call: {"snapshot": self.backups.snapshot_json(self._asset(call, TrueSnapshot))},
            "disk.modifySnapshotAttribute": self._describe,
            "disk.describeQuota": lambda _call: {"quota": self._quota(TrueSnapshot, 1)},
        }

    def _unless_busy(self, call: Call[Any], act: Callable[[Call[Any]], Json]) -> Json:
        if self._machine(call).instance_id in self.tasks:
            raise self._error(call, 400, "FAILED_PRECONDITION", "Conflict with underlay task 'create_image'")
        return act(call)

    def _check_quota(self, call: Call[Any], kind: type[TrueImage] | type[TrueSnapshot], needed: int) -> None:
        quota = self._quota(kind, 0 if kind is TrueImage else 1)
        if needed > quota["limit"] - quota["used"]:
            raise self._error(call, 400, "QUOTA_EXCEEDED", "Quota limit exceeded")

    def _quota(self, kind: type[TrueImage] | type[TrueSnapshot], place: int) -> dict[str, int]:
        used = sum(isinstance(self.backups.find(each), kind) for each in self.backups.ids())
        return {"limit": self.making.quotas[place], "used": used}

    def _create_image(self, call: Call[Any]) -> Json:
        return self._unless_busy(call, self._begin_image)

    def _begin_image(self, call: Call[Any]) -> Json:
        machine, body = self._machine(call), dict(call.body or {})
        self._refuse_state(call, machine, "running", "stopped")
        left_out = [row["deviceName"] for row in body.get("dataDisks", [])]
        disks = [disk for disk in machine.disks if disk.disk_id is not None and disk.device not in left_out]
        self._check_quota(call, TrueImage, 1)
        self._check_quota(call, TrueSnapshot, len(disks))
        number, now = len(self.making.made), self._time.now()
        image = TrueImage(f"img-made{number}", machine.instance_id, now, body["description"], "pending", name=body["name"])
        for disk in disks:
            part = TrueSnapshot(f"snapshot-made{number}-{disk.disk_id}", str(disk.disk_id), self._time.now(), status="creating")
            part.image_id = image.image_id
            self.backups.add(part)
            image.parts.append(part.snapshot_id)
        image.local_system = any(disk.system and disk.local for disk in machine.disks)
        self.backups.add(image)
        self.tasks[machine.instance_id] = image.image_id
        self.making.made.append(Made(image, image.image_id, machine.instance_id))
        self._end_later(lambda good: self._end_image(image, machine, good=good))
        return {"imageId": image.image_id}

    def _end_image(self, image: TrueImage, machine: TrueMachine, *, good: bool) -> None:
        if self.tasks.get(machine.instance_id) == image.image_id:
            del self.tasks[machine.instance_id]
        for part in image.parts:
            if good:
                self.backups.change(part, status="available")
            else:
                # If any part fails, its snapshots are removed (fact images-failure).
                self.backups.lose(part)
        self.backups.change(image.image_id, status="ready" if good else "error")

    def _create_snapshot(self, call: Call[Any]) -> Json:
        body = dict(call.body or {})
        spec, token = body["snapshotSpec"], body["clientToken"]
        if token in self._given:
            return {"snapshotId": self._given[token]}
        disk = self._world.disks.get(spec["diskId"])
        if disk is None:
            raise self._error(call, 404, "NOT_FOUND", f"Disk '{spec['diskId']}' not found")
        self._check_quota(call, TrueSnapshot, 1)
        made = TrueSnapshot(f"snapshot-made{len(self.making.made)}", spec["diskId"], self._time.now(), spec["description"])
        made.status, made.name = "creating", spec["name"]
        self.backups.add(made)
        self._given[token] = made.snapshot_id
        self.making.made.append(Made(made, made.snapshot_id, made.disk_id))
        ends = {True: "available", False: "error_create"}
        self._end_later(lambda good: self.backups.change(made.snapshot_id, status=ends[good]))
        return {"snapshotId": made.snapshot_id}

    def _end_later(self, end: Callable[[bool], None]) -> None:
        how = self.making.ends()
        if how != "hang":
            seconds = self.making.seconds * (0.5 + self._rng.random())
            self._time.at(self._time.now() + seconds, lambda: end(how == "ready"))

    def _by_id(self, asset_id: str) -> TrueImage | TrueSnapshot | None:
        found = self.backups.find(asset_id)
        return None if found is not None and self._time.now() - found.made_at < self.making.unreadable else found

    def _asset(self, call: Call[Any], kind: Any) -> Any:
        found = self._by_id(call.resource or "") if not call.write else self.backups.find(call.resource or "")
        if not isinstance(found, kind):
            raise self._error(call, 404, "NOT_FOUND", f"'{call.resource}' not found")
        return found

    def _describe(self, call: Call[Any]) -> Json:
        self.backups.change(asset_id(self._asset(call, (TrueImage, TrueSnapshot))), **dict(call.body or {}))
        return NOTHING

    def _images(self, call: Call[Any]) -> Json:
        query = dict(call.query)
        ids = [value for name, value in query.items() if name.startswith("ids.")]
        if not ids:
            return self._lagging(self._describe_images(call), "images", "imageId")
        rows = [found for each in ids if isinstance(found := self._by_id(each), TrueImage)]
        return {"images": [self.backups.image_json(each) for each in _page(rows, query)], "totalCount": len(rows)}

    def _snapshots(self, call: Call[Any]) -> Json:
        query = dict(call.query)
        ids = _filters(query, "filters", "name").get("snapshotId")
        if ids is None:
            return self._lagging(self._describe_snapshots(call), "snapshots", "snapshotId")
        rows = [found for each in ids if isinstance(found := self._by_id(each), TrueSnapshot)]
        return {"snapshots": [self.backups.snapshot_json(each) for each in _page(rows, query)] or None, "totalCount": len(rows)}

    def _lagging(self, result: Json, name: str, key: str) -> Json:
        rows = result[name] or []
        found = {row[key]: self.backups.find(row[key]) for row in rows}
        young = [each for each, asset in found.items() if asset and self._time.now() - asset.made_at < self.making.lag]
        total = result["totalCount"] - (0 if self.making.counted else len(young))
        return {name: [row for row in rows if row[key] not in young] or None, "totalCount": total}


class MakingCloud(Cloud):
    """The cloud of these tests."""

    operations: MakingOperations

    def __init__(self, seed: int = 0, **more: Any) -> None:
        durations = more.get("durations")
        super().__init__(seed, **more)
        self.operations = MakingOperations(self.time, self.world, self.rng, durations or self.operations._durations)
        self.service = Service(self.time, self.world, self.rng, self.operations, self.limits)

    @property
    def making(self) -> Making:
        """How backups are made, and those that were."""
        return self.operations.making

    def back_up(self, policy: BackupPolicy, timing: Timing, options: RunOptions, rate: float | None = None) -> BackedUp:
        """Let a run happen."""
        pool = VirtualPool(self.time, self.service, self.rng, self.network)
        rate_limiter, rng = RateLimiter(self.time.now(), rate), random.Random(self.rng.random())
        dispatcher = Dispatcher(pool, self.time, rate_limiter, rng, timing.retries, read_only=options.preview)
        run = back_up(dispatcher, policy, timing, options)
        return BackedUp(run, BackupReport(run, "cn-north-1", preview=options.preview))


@dataclass
class BackedUp:
    """What a run came to."""

    run: BackupRun
    report: BackupReport

    @property
    def rows(self) -> list[Json]:
        """All images and snapshots as they are reported."""
        return [row for kind in ("image", "snapshot") for record in self.run.records for row in self.report.rows_of(record, kind)]
