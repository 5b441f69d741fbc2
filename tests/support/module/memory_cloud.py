# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small cloud in memory that answers the collection's typed calls, in virtual time and one thread.

It stands where the transport stands. Transitions end at once; what takes time is tested elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call, Response
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import Connection
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, JdcloudError
from support.json_object import Json
from support.module.memory_calls import body_of, chosen, filters_of, found, indexed, listed
from support.module.memory_dns import MemoryDns
from support.module.memory_monitor import MemoryMonitor
from support.module.memory_surroundings import MemoryBalancers, MemoryGroups
from support.module.memory_tags import change_tags
from support.module.virtual_pool import VirtualClock

Reply = Callable[[Call[Any]], Json]

NOW = datetime(2026, 1, 20, tzinfo=UTC)
LATENCY = 0.02
"""Virtual seconds a call takes."""


class MemoryCloud:
    """Machines, disks, elastic IPs, images and snapshots as the service's JSON has them, and the calls that were made."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.send: Callable[..., Any] = self._send
        """What the collection calls; a test may put something else before it."""
        self.machines: dict[str, Json] = {}
        self.disks: dict[str, Json] = {}
        self.elastic_ips: dict[str, Json] = {}
        self.images: dict[str, Json] = {}
        self.snapshots: dict[str, Json] = {}
        self.dns = MemoryDns()
        self.monitor = MemoryMonitor(NOW)
        self.groups = MemoryGroups(self.machines)
        self.balancers = MemoryBalancers(self.machines)
        self.user: Json = {"pin": "shop", "loginName": "shop", "accountId": "100000000001", "userAuth": 1}
        self.tag_pin: str | None = "shop"
        self.quotas = {"image": (5, 2), "snapshot": (15, 15), "elastic_ip": (10, 12)}
        self.calls: list[Call[Any]] = []
        self.connection: Connection | None = None
        self._made: dict[str, int] = {}
        self.refusals: dict[tuple[str, str | None], JdcloudError] = {}
        self.before: dict[str, Callable[[], None]] = {}

    @property
    def writes(self) -> list[tuple[str, str | None]]:
        """Operation and resource of all calls that could change something."""
        return [(call.operation, call.resource) for call in self.calls if call.write]

    def transport(self, connection: Connection, _user_agent: str, pool_size: int) -> MemoryCloud:
        """What the session makes instead of a transport."""
        assert pool_size > 0
        self.connection = connection
        return self

    def add(self, instance_id: str, status: str = "stopped", **fields: Any) -> Json:
        """A machine with a cloud system disk that dies with it; `fields` are the service's."""
        machine: Json = {
            "instanceId": instance_id,
            "instanceName": f"name-of-{instance_id}",
            "status": status,
            "tags": [],
            "charge": {"chargeMode": "postpaid_by_duration", "chargeStatus": "normal"},
            "dataDisks": [],
            "primaryNetworkInterface": {
                "autoDelete": True,
                "networkInterface": {"networkInterfaceId": f"port-of{instance_id.replace('-', '')}"},
            },
            **fields,
        }
        machine["systemDisk"] = self._slot(instance_id, f"vol-sys{instance_id.replace('-', '')}", "vda", 40, auto_delete=True)
        self.machines[instance_id] = machine
        return machine

    def add_disk(self, instance_id: str, disk_id: str, *, auto_delete: bool) -> None:
        """One more cloud disk on a machine."""
        slots = self.machines[instance_id]["dataDisks"]
        slots.append(self._slot(instance_id, disk_id, f"vd{'bcdefgh'[len(slots)]}", 100, auto_delete=auto_delete))

    def add_free_disk(self, disk_id: str, status: str = "available", **fields: Any) -> Json:
        """A cloud disk that is on nothing and may go into the recycle bin."""
        disk: Json = {
            "diskId": disk_id,
            "name": f"name-of-{disk_id}",
            "status": status,
            "diskSizeGB": 100,
            "attachments": None,
            "multiAttachable": False,
            "canPutInRecycleBin": True,
            "tags": None,
            "charge": {"chargeMode": "postpaid_by_duration", "chargeStatus": "normal"},
            **fields,
        }
        self.disks[disk_id] = disk
        return disk

    def add_free_elastic_ip(self, elastic_ip_id: str, **fields: Any) -> Json:
        """An elastic IP that is on nothing."""
        address: Json = {
            "elasticIpId": elastic_ip_id,
            "elasticIpName": f"name-of-{elastic_ip_id}",
            "elasticIpAddress": f"203.0.113.{len(self.elastic_ips) + 1}",
            "status": "NOT_ASSOCIATED",
            "state": "UP",
            "instanceId": "",
            "networkInterfaceId": "",
            "privateIpAddress": "",
            "bandwidthPackageId": "",
            "charge": {"chargeMode": "postpaid_by_usage", "chargeStatus": "normal"},
            **fields,
        }
        self.elastic_ips[elastic_ip_id] = address
        return address

    def add_local_disk(self, instance_id: str) -> None:
        """One more local disk on a machine."""
        slot = {"diskCategory": "local", "deviceName": "vdz", "localDisk": {"diskSizeGB": 200}, "status": "attached"}
        self.machines[instance_id]["dataDisks"].append(slot)

    def add_elastic_ip(self, instance_id: str, elastic_ip_id: str, address: str) -> None:
        """An elastic IP on a machine's primary interface."""
        self.machines[instance_id].update(elasticIpId=elastic_ip_id, elasticIpAddress=address)
        self.elastic_ips[elastic_ip_id] = {
            "elasticIpId": elastic_ip_id,
            "elasticIpAddress": address,
            "status": "ASSOCIATED",
            "instanceId": instance_id,
            "charge": {"chargeMode": "postpaid_by_usage", "chargeStatus": "normal"},
        }

    def add_image(self, image_id: str, *snapshot_ids: str, status: str = "ready", **fields: Any) -> Json:
        """A private image with a disk for each snapshot; those that do not exist yet are made."""
        image: Json = {
            "imageId": image_id,
            "name": f"name-of-{image_id}",
            "status": status,
            "imageSource": "private",
            "createTime": "2026-01-19 08:00:00",
            **fields,
        }
        slots = []
        for place, snapshot_id in enumerate(snapshot_ids):
            cloud_disk = {"snapshotId": snapshot_id, "diskSizeGB": 40}
            slots.append({"diskCategory": "cloud", "deviceName": f"vd{'abcdefgh'[place]}", "cloudDisk": cloud_disk})
            self.add_snapshot(snapshot_id)["images"].append(image_id)
        if slots:
            image.update(systemDisk=slots[0], dataDisks=slots[1:])
        self.images[image_id] = image
        return image

    def add_snapshot(self, snapshot_id: str, status: str = "available", **fields: Any) -> Json:
        """A snapshot of the account's own, or the one that exists already."""
        snapshot: Json = {
            "snapshotId": snapshot_id,
            "name": f"name-of-{snapshot_id}",
            "status": status,
            "snapshotSource": "self",
            "diskId": f"vol-of{snapshot_id.replace('-', '')}",
            "snapshotSizeGB": 40,
            "createTime": "2026-01-19T08:00:00+08:00",
            "images": [],
            **fields,
        }
        return self.snapshots.setdefault(snapshot_id, snapshot)

    def refuse(self, operation: str, http: int, status: str, message: str, resource: str | None = None) -> None:
        """Answer this call with an error from now on, for one resource or for all."""
        self.refusals[operation, resource] = ApiError(operation, http, status, message, f"req-{http}")

    def _send(
        self, call: Call[Any], connect_timeout: float | None = None, before_send: Callable[[], bool] | None = None
    ) -> Response[Any]:
        """As `transport.Transport.send`."""
        assert before_send is None or before_send()
        self.before.pop(call.operation, lambda: None)()
        self.calls.append(call)
        sent_at = self.clock.now()
        self.clock.seconds += LATENCY
        refusal = self.refusals.get((call.operation, call.resource)) or self.refusals.get((call.operation, None))
        if refusal is not None:
            raise refusal
        return Response(call.parse(self._replies[call.operation](call)), "req-200", NOW, sent_at, self.clock.now())

    @property
    def _replies(self) -> dict[str, Reply]:
        return {
            "vm.describeInstances": self._describe_instances,
            "vm.describeInstance": lambda call: {"instance": found(self.machines, call)},
            "vm.stopInstance": lambda call: self._become(call, "stopped"),
            "vm.startInstance": lambda call: self._become(call, "running"),
            "vm.deleteInstance": self._delete,
            "vm.modifyInstanceDiskAttribute": self._set_disks,
            "disk.describeDisks": lambda call: listed("disks", chosen(self.disks, filters_of(call)["diskId"])),
            "disk.describeDisk": lambda call: {"disk": found(self.disks, call)},
            "vpc.describeElasticIps": lambda call: listed(
                "elasticIps", chosen(self.elastic_ips, filters_of(call)["elasticIpIds"])
            ),
            "vpc.describeElasticIp": lambda call: {"elasticIp": found(self.elastic_ips, call)},
            "vm.describeImages": self._describe_images,
            "vm.describeImage": lambda call: {"image": found(self.images, call)},
            "vm.createImage": self._create_image,
            "vm.modifyImageAttribute": lambda call: found(self.images, call).update(desc=body_of(call)["description"]) or {},
            "vm.deleteImage": self._delete_image,
            "vm.describeQuotas": lambda call: {"quotas": [{"resourceType": "image", **self._quota("image", "limit", "used")}]},
            "disk.describeSnapshots": self._describe_snapshots,
            "disk.describeSnapshot": lambda call: {"snapshot": found(self.snapshots, call)},
            "disk.createSnapshot": self._create_snapshot,
            "disk.modifySnapshotAttribute": lambda call: found(self.snapshots, call).update(body_of(call)) or {},
            "disk.deleteSnapshot": self._delete_snapshot,
            "disk.describeQuota": lambda call: {"quota": self._quota("snapshot", "limit", "used")},
            "vpc.describeQuota": lambda call: {"quota": self._quota("elastic_ip", "maxLimit", "count")},
            "vpc.deleteElasticIp": self._delete_elastic_ip,
            "disk.deleteDisk": self._delete_disk,
            "user.describeUser": lambda _call: self.user,
            "resourcetag.tagResources": self._change_tags,
            "resourcetag.unTagResources": self._change_tags,
            **self.dns.replies,
            **self.monitor.replies,
            **self.groups.replies,
            **self.balancers.replies,
            "resourcetag.describeKeys": lambda _call: {"data": {"pin": self.tag_pin, "tagKeys": []}},
        }

    def _slot(self, instance_id: str, disk_id: str, device: str, size_gb: int, *, auto_delete: bool) -> Json:
        disk = {"diskId": disk_id, "status": "in-use", "diskSizeGB": size_gb, "attachments": [{"instanceId": instance_id}]}
        self.disks[disk_id] = {**disk, "charge": {"chargeMode": "postpaid_by_duration", "chargeStatus": "normal"}}
        return {
            "diskCategory": "cloud",
            "deviceName": device,
            "autoDelete": auto_delete,
            "status": "attached",
            "cloudDisk": self.disks[disk_id],
        }

    def _describe_instances(self, call: Call[Any]) -> Json:
        wanted = filters_of(call)
        machines = chosen(self.machines, wanted["instanceId"]) if "instanceId" in wanted else [*self.machines.values()]
        if "name" in wanted:
            # Fuzzy at the service.
            machines = [machine for machine in machines if wanted["name"][0] in machine["instanceName"]]
        return listed("instances", machines)

    def _describe_images(self, call: Call[Any]) -> Json:
        ids, machines = indexed(call, "ids"), indexed(call, "instanceIds")
        query = dict(call.query)
        rows = chosen(self.images, ids) if ids else [*self.images.values()]
        if "imageSource" in query:
            rows = [image for image in rows if image["imageSource"] == query["imageSource"]]
        # Fuzzy at the service.
        rows = [image for image in rows if query.get("imageName", "") in image["name"]]
        return listed("images", [image for image in rows if not machines or image.get("instanceId") in machines])

    def _describe_snapshots(self, call: Call[Any]) -> Json:
        wanted = filters_of(call)
        rows = chosen(self.snapshots, wanted["snapshotId"]) if "snapshotId" in wanted else [*self.snapshots.values()]
        rows = [row for row in rows if "diskId" not in wanted or row["diskId"] in wanted["diskId"]]
        rows = [row for row in rows if "status" not in wanted or row["status"] in wanted["status"]]
        return listed("snapshots", [row for row in rows if "name" not in wanted or wanted["name"][0] in row["name"]])

    def _create_image(self, call: Call[Any]) -> Json:
        machine, body = found(self.machines, call), body_of(call)
        image_id = self._new_id("img", self.images)
        left_out = [row["deviceName"] for row in body.get("dataDisks", [])]
        # A local system disk is in it, a local data disk never (fact images-no-local-data-disks).
        slots = [slot for slot in machine["dataDisks"] if slot["diskCategory"] == "cloud" and slot["deviceName"] not in left_out]
        parts = [self._image_part(image_id, slot) for slot in [machine["systemDisk"], *slots]]
        image = {"imageId": image_id, "name": body["name"], "desc": body["description"], "status": "ready", "sizeMB": 40960}
        image.update(imageSource="private", instanceId=machine["instanceId"], createTime="2026-01-20 08:00:00")
        self.images[image_id] = {**image, "systemDisk": parts[0], "dataDisks": parts[1:]}
        return {"imageId": image_id}

    def _image_part(self, image_id: str, slot: Json) -> Json:
        text = {"deviceName": slot["deviceName"], "diskCategory": slot["diskCategory"], "cloudDisk": None}
        if slot["diskCategory"] == "cloud":
            snapshot_id = self._snapshot(slot["cloudDisk"]["diskId"], "", "", images=[image_id])
            text["cloudDisk"] = {"snapshotId": snapshot_id, "diskSizeGB": slot["cloudDisk"]["diskSizeGB"]}
        return text

    def _new_id(self, prefix: str, there: dict[str, Json]) -> str:
        """An id that no resource has or had: the service gives none twice."""
        self._made[prefix] = max(self._made.get(prefix, 0), len(there)) + 1
        return f"{prefix}-{self._made[prefix]}"

    def _create_snapshot(self, call: Call[Any]) -> Json:
        spec = body_of(call)["snapshotSpec"]
        return {"snapshotId": self._snapshot(spec["diskId"], spec["name"], spec["description"], images=[])}

    def _snapshot(self, disk_id: str, name: str, description: str, *, images: list[str]) -> str:
        snapshot_id = self._new_id("snapshot", self.snapshots)
        row = {"snapshotId": snapshot_id, "snapshotSource": "self", "diskId": disk_id, "name": name, "description": description}
        row.update(status="available", snapshotSizeGB=self.disks[disk_id]["diskSizeGB"], createTime="2026-01-20T08:00:00+08:00")
        self.snapshots[snapshot_id] = {**row, "expireTime": "", "images": images}
        return snapshot_id

    def _delete_image(self, call: Call[Any]) -> Json:
        image = found(self.images, call)
        del self.images[image["imageId"]]
        for snapshot_id, snapshot in [*self.snapshots.items()]:
            if image["imageId"] in snapshot["images"]:
                snapshot["images"].remove(image["imageId"])
                if ("deleteSnapshot", "true") in call.query:
                    del self.snapshots[snapshot_id]
        return {}

    def _delete_snapshot(self, call: Call[Any]) -> Json:
        del self.snapshots[found(self.snapshots, call)["snapshotId"]]
        return {}

    def _delete_elastic_ip(self, call: Call[Any]) -> Json:
        address = found(self.elastic_ips, call)
        if address["status"] != "NOT_ASSOCIATED":
            raise ApiError(call.operation, 400, "FAILED_PRECONDITION", "elasticIp is associated", "req-400")
        del self.elastic_ips[address["elasticIpId"]]
        return {}

    def _delete_disk(self, call: Call[Any]) -> Json:
        disk = found(self.disks, call)
        if disk["status"] not in ("available", "error_create", "error_delete"):
            message = f"Cannot delete disk in status '{disk['status']}'"
            raise ApiError(call.operation, 400, "FAILED_PRECONDITION", message, "req-400")
        if ("putInRecycleBin", "true") in call.query and disk.get("canPutInRecycleBin"):
            disk["status"] = "in-recyclebin"
        else:
            del self.disks[disk["diskId"]]
        return {}

    def _quota(self, kind: str, limit: str, used: str) -> Json:
        numbers = self.quotas[kind]
        return {limit: numbers[0], used: numbers[1]}

    def _become(self, call: Call[Any], status: str) -> Json:
        found(self.machines, call)["status"] = status
        return {}

    def _change_tags(self, call: Call[Any]) -> Json:
        change_tags({**self.machines, **self.disks, **self.elastic_ips}, body_of(call))
        return {"data": {}}

    def _set_disks(self, call: Call[Any]) -> Json:
        wanted = {disk["diskId"]: disk["autoDelete"] for disk in body_of(call)["dataDisks"]}
        for slot in found(self.machines, call)["dataDisks"]:
            if slot.get("cloudDisk", {}).get("diskId") in wanted:
                slot["autoDelete"] = wanted[slot["cloudDisk"]["diskId"]]
        return {}

    def _delete(self, call: Call[Any]) -> Json:
        machine = found(self.machines, call)
        del self.machines[machine["instanceId"]]
        for slot in [machine["systemDisk"], *machine["dataDisks"]]:
            if slot["diskCategory"] == "cloud":
                self._leave_disk(slot)
        if "elasticIpId" in machine:
            self.elastic_ips[machine["elasticIpId"]].update(status="NOT_ASSOCIATED", instanceId="")
        return {}

    def _leave_disk(self, slot: Json) -> None:
        disk = slot["cloudDisk"]
        if slot["autoDelete"]:
            del self.disks[disk["diskId"]]
        else:
            disk.update(status="available", attachments=[])
