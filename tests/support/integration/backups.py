# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of jdcloud_vm_backup, and what tests of backups ask of the cloud."""

from __future__ import annotations

from typing import Any

import pytest

from support.integration.cloud import REGION, Cloud, Ended, running, stopped
from support.json_object import Json

CAMPAIGN = "spring-2026"
QUICK: Json = {"poll_interval": 0.2, "wait_timeout": 20, "campaign": CAMPAIGN}
SOON: Json = {"image_seconds": 0.3, "snapshot_seconds": 0.3, "image_delete_seconds": 0.1, "snapshot_delete_seconds": 0.1}
"""Durations for which nobody has to wait."""
SUMMARY_KEYS = {
    *("selected", "changed", "created", "reused", "not_found", "blocked", "failed", "stopped", "started"),
    *("api_calls", "api_retries", "api_throttled", "seconds"),
}
MACHINE_KEYS = {
    *("instance_id", "name", "status_before", "status", "stopped_by_us", "started_by_us", "action", "specification", "disks"),
    *("image", "snapshots", "uncovered_disks", "load_balancer_targets", "blockers", "warnings", "error"),
}
MAKES = ("vm.createImage", "disk.createSnapshot")
A, B = "i-aaaa000001", "i-bbbb000001"
SYSTEM: Json = {"id": "vol-syst000001", "size": 40}
DATA: Json = {"id": "vol-data000001", "size": 20}
POWER: Json = {"stop_running": True, "start_again": True}
CREATES = {"image": "vm.createImage", "snapshots": "disk.createSnapshot"}
METHODS = pytest.mark.parametrize("method", CREATES)


class Backed:
    """A run of jdcloud_vm_backup that has ended, as its manifest tells it."""

    def __init__(self, ended: Ended) -> None:
        self.ended = ended
        self.result = ended.result
        self.failed = ended.failed
        self.manifest: Json = ended.result["manifest"] or {}

    @property
    def changed(self) -> bool:
        """Whether anything was changed."""
        return bool(self.result["changed"])

    @property
    def msg(self) -> str:
        """The one sentence of a failed task."""
        return self.ended.msg

    @property
    def summary(self) -> Json:
        """Counts that are not zero and tell about machines."""
        own = {"api_calls", "api_retries", "api_throttled", "seconds"}
        return {name: number for name, number in self.ended.summary.items() if number and name not in own}

    @property
    def actions(self) -> dict[str, str]:
        """Action by machine."""
        return {machine["instance_id"]: machine["action"] for machine in self.manifest["machines"]}

    @property
    def only(self) -> Json:
        """The one machine."""
        (machine,) = self.manifest["machines"]
        return dict(machine)

    @property
    def error(self) -> Json:
        """The error of the one machine."""
        assert self.only["error"] is not None, self.only
        return dict(self.only["error"])

    @property
    def image(self) -> Json:
        """The image of the one machine."""
        assert self.only["image"] is not None, self.only
        return dict(self.only["image"])

    @property
    def planned(self) -> Json:
        """What a preview and its run must have in common."""
        return {
            "changed": self.changed,
            "quota": self.result["quota"],
            "summary": self.summary,
            "diff": self.result["diff"],
            "machines": [_planned(machine) for machine in self.manifest["machines"]],
        }

    def machine(self, instance_id: str) -> Json:
        """One machine."""
        return next(dict(each) for each in self.manifest["machines"] if each["instance_id"] == instance_id)

    def codes(self, part: str = "blockers", instance_id: str | None = None) -> list[str]:
        """Codes of the blockers or warnings of a machine, or of the only one."""
        machine = self.only if instance_id is None else self.machine(instance_id)
        return [str(row["code"]) for row in machine[part]]


def _planned(machine: Json) -> Json:
    image, power = machine["image"], ("status_before", "status", "stopped_by_us", "started_by_us")
    return {
        **{name: machine[name] for name in ("instance_id", "action", *power, "blockers", "warnings", "uncovered_disks")},
        "image": image and {name: image[name] for name in ("name", "action", "stopped")},
        "snapshots": [{name: row[name] for name in ("name", "disk_id", "action")} for row in machine["snapshots"]],
    }


def seed(cloud: Cloud, *machines: Json, quotas: Json | None = None, more: Json | None = None, **settings: Any) -> None:
    """Start again with these machines; `more` are other resources of the region."""
    cloud.seed(*machines, **{**SOON, **settings})
    if more:
        cloud.control.add({"regions": {REGION: more}})
    cloud.control.set_quotas(**{"images": 50, "snapshots": 100, **(quotas or {})})


def backup(cloud: Cloud, *ids: str, check: bool = False, **options: Any) -> Backed:
    """Run jdcloud_vm_backup; `options` beat QUICK ones. None leaves one out."""
    chosen: Json = {"instance_ids": list(ids)} if ids else {}
    given = {name: value for name, value in {**QUICK, **chosen, **options}.items() if value is not None}
    before, writes = int(cloud.control.health()["requests"]), cloud.writes()
    ended = cloud._run("jdcloud_vm_backup", given, check, None)
    assert ended.summary["api_calls"] == int(cloud.control.health()["requests"]) - before, "api_calls counts every request sent"
    assert set(ended.summary) == SUMMARY_KEYS
    for machine in (ended.result["manifest"] or {"machines": []})["machines"]:
        assert set(machine) == MACHINE_KEYS
    if check:
        assert cloud.writes() == writes, "check mode sends no write"
    return Backed(ended)


def assets(cloud: Cloud, kind: str) -> dict[str, Json]:
    """All `images` or `snapshots` that exist, by id."""
    found: dict[str, Json] = cloud.control.state(REGION)["regions"][REGION][kind]
    return found


def marked(cloud: Cloud, campaign: str = CAMPAIGN) -> dict[str, str]:
    """What carries the campaign's marker: id -> marker."""
    markers = {key: str(row.get("desc") or "") for key, row in assets(cloud, "images").items()}
    markers |= {key: str(row.get("description") or "") for key, row in assets(cloud, "snapshots").items()}
    return {key: mark for key, mark in markers.items() if f"campaign={campaign} " in mark}


def made_of(cloud: Cloud) -> list[str]:
    """The machine or disk of each backup that carries the campaign's marker, sorted: a double shows."""
    rows = {**assets(cloud, "images"), **assets(cloud, "snapshots")}
    return sorted(str(rows[key].get("instanceId") or rows[key].get("diskId")) for key in marked(cloud))


def marker(instance_id: str, *, stopped: bool = True, campaign: str = CAMPAIGN) -> str:
    """The marker of a backup."""
    return f"jdcloud.cloud/1 campaign={campaign} instance={instance_id} stopped={str(stopped).lower()}"


def machine(cloud: Cloud, *, runs: bool = False, **more: Any) -> None:
    """A fresh cloud with a machine with two disks."""
    kind = running if runs else stopped
    seed(cloud, kind(A, system_disk=SYSTEM, disks=[DATA]), **more)


def expected(method: str) -> list[str]:
    """What there is to be made of `machine`."""
    return [A] if method == "image" else sorted([SYSTEM["id"], DATA["id"]])


def first(ended: Backed, method: str) -> Json:
    """One asset of the only machine."""
    return ended.image if method == "image" else dict(ended.only["snapshots"][0])


def image_of(instance_id: str, image_id: str = "img-old0000001", **fields: Any) -> Json:
    """An own image of a machine, an hour old."""
    return {"id": image_id, "of": instance_id, "created": "-1h", "description": marker(instance_id), **fields}


def snapshots(cloud: Cloud, *disk_ids: str, check: bool = False, **options: Any) -> Ended:
    """Run jdcloud_snapshot for disks."""
    given = {**QUICK, "state": "present", "disk_ids": list(disk_ids), **options}
    return cloud._run("jdcloud_snapshot", given, check, None)
