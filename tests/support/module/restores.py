# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cloud in memory with backups of which machines are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud

GROUPS = ["sg-one"]
OF_IMAGE: Json = {
    "image_id": "img-one",
    "instance_type": "g.n2.medium",
    "az": "cn-north-1a",
    "subnet_id": "subnet-one",
    "security_group_ids": GROUPS,
    "name": "one",
}


class Backups(MemoryCloud):
    """A cloud with one image of a system disk and a data disk, that makes machines. `spoil` changes a machine that is made.

    For `unreadable` seconds no read by id shows what was made, for `unlisted` seconds no listing by name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unreadable = self.unlisted = 0.0
        self.made_at: dict[str, float] = {}
        self.tokens: dict[str, str] = {}
        self.images: dict[str, Json] = {"img-one": _image("img-one")}
        self.snapshots = {f"snapshot-{disk}": _snapshot(f"snapshot-{disk}", f"vol-{disk}") for disk in ("sys", "data")}
        self.spoil: Callable[[Json], None] = lambda machine: None

    @property
    def _replies(self) -> Any:
        return {
            **super()._replies,
            "vm.describeImages": self._describe_images,
            "vm.describeInstances": self._lagging_instances,
            "vm.describeInstance": self._lagging_instance,
            "vm.describeImage": lambda call: {"image": self.images[str(call.resource)]},
            "vm.createImageFromSnapshots": self._create_image,
            "vm.deleteImage": lambda call: self.images.pop(str(call.resource)) and {},
            "disk.describeSnapshots": lambda call: _listed("snapshots", self.snapshots.values()),
            "vm.createInstances": self._create,
        }

    def _hidden(self, made_id: str, seconds: float) -> bool:
        return self.clock.now() - self.made_at.get(made_id, float("-inf")) < seconds

    def _lagging_instances(self, call: Call[Any]) -> Json:
        by_id = any("instanceId" in (name, value) for name, value in call.query)
        text = super()._replies["vm.describeInstances"](call)
        seconds = self.unreadable if by_id else self.unlisted
        rows = [row for row in text["instances"] or [] if not self._hidden(row["instanceId"], seconds)]
        return {"instances": rows, "totalCount": len(rows)}

    def _lagging_instance(self, call: Call[Any]) -> Json:
        if self._hidden(str(call.resource), self.unreadable):
            raise ApiError(call.operation, 404, "NOT_FOUND", f"Instance '{call.resource}' not found", "req-404")
        return dict(super()._replies["vm.describeInstance"](call))

    def _describe_images(self, call: Call[Any]) -> Json:
        query = dict(call.query)
        ids = [value for name, value in call.query if name.startswith("ids.")]
        name = query.get("imageName", "")
        rows = [row for row in self.images.values() if row["imageId"] in ids or (name and name in row["name"])]
        seconds = self.unreadable if ids else self.unlisted
        return _listed("images", [row for row in rows if not self._hidden(row["imageId"], seconds)])

    def _create_image(self, call: Call[Any]) -> Json:
        assert call.body is not None
        self.made_at["img-help"] = self.clock.now()
        self.images["img-help"] = {**_image("img-help"), "name": call.body["name"], "desc": call.body["description"]}
        return {"imageId": "img-help"}

    def _create(self, call: Call[Any]) -> Json:
        assert call.body is not None
        spec, token = call.body["instanceSpec"], call.body["clientToken"]
        if token not in self.tokens:
            made = self.tokens[token] = f"i-made{len(self.tokens)}"
            fields = {"instanceName": spec["name"], "description": spec["description"], "imageId": spec["imageId"]}
            self.made_at[made] = self.clock.now()
            machine = self.add(made, "running", **fields)
            machine["systemDisk"]["cloudDisk"]["snapshotId"] = "snapshot-sys"
            for row in spec.get("dataDisks", []):
                slot = self._slot(made, f"vol-new{len(self.tokens)}", row["deviceName"], 100, auto_delete=False)
                slot["cloudDisk"]["snapshotId"] = row["cloudDiskSpec"]["snapshotId"]
                machine["dataDisks"].append(slot)
            self.spoil(machine)
        return {"instanceIds": [self.tokens[token]]}


def _listed(field: str, rows: Any) -> Json:
    found = list(rows)
    return {field: found, "totalCount": len(found)}


def _image(image_id: str) -> Json:
    def part(device: str, disk: str, size: int) -> Json:
        cloud = {"snapshotId": f"snapshot-{disk}", "diskSizeGB": size, "diskType": "ssd.gp1"}
        return {"deviceName": device, "diskCategory": "cloud", "cloudDisk": cloud}

    text = {"imageId": image_id, "name": image_id, "status": "ready", "imageSource": "private", "instanceId": "i-old"}
    return {**text, "systemDisk": part("vda", "sys", 40), "dataDisks": [part("vdb", "data", 100)]}


def _snapshot(snapshot_id: str, disk_id: str) -> Json:
    return {"snapshotId": snapshot_id, "diskId": disk_id, "status": "available", "snapshotSource": "self", "snapshotSizeGB": 40}
