# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images, snapshots, disks and elastic IPs of a test's cloud, runs that list or delete them, and what the log proves of each."""

from __future__ import annotations

from typing import Any

from support.integration.cloud import GATE_SECONDS, REGION, Cloud, Ended, last_look
from support.json_object import Json

FAST: Json = {"image_delete_seconds": 0.15, "snapshot_delete_seconds": 0.15, "disk_delete_seconds": 0.15}
QUICK: Json = {"poll_interval": 0.2, "wait_timeout": 20}
DELETE = {
    "image": "vm.deleteImage",
    "snapshot": "disk.deleteSnapshot",
    "disk": "disk.deleteDisk",
    "elastic_ip": "vpc.deleteElasticIp",
}
READ = {
    "image": "vm.describeImages",
    "snapshot": "disk.describeSnapshots",
    "disk": "disk.describeDisks",
    "elastic_ip": "vpc.describeElasticIps",
}
SINGLE = {kind: operation.removesuffix("s") for kind, operation in READ.items()}
MARKER = "jdcloud.cloud/1 campaign=spring instance=i-aaaa000001 stopped=true"


def seed(
    cloud: Cloud, *machines: Json, images: list[Json] | None = None, snapshots: list[Json] | None = None, **settings: Any
) -> None:
    """Start again with these images and snapshots."""
    cloud.seed(*machines, **{**FAST, **settings})
    cloud.control.add({"regions": {REGION: {"images": images or [], "snapshots": snapshots or []}}})


def seed_kind(cloud: Cloud, kind: str, *entries: Json, **settings: Any) -> None:
    """Start again with these assets of one kind."""
    if kind in ("image", "snapshot"):
        seed(cloud, **{f"{kind}s": list(entries)}, **settings)
    else:
        cloud.seed(**{f"{kind}s": list(entries)}, **{**FAST, **settings})


def info(cloud: Cloud, what: str, **options: Any) -> Ended:
    """Run jdcloud_WHAT_info."""
    ended = cloud._run(f"jdcloud_{what}_info", options, False, None)
    assert cloud.writes() == []
    return ended


def absent(cloud: Cloud, kind: str, *ids: str, check: bool = False, **options: Any) -> Ended:
    """Delete what has these ids; what must hold always is checked."""
    chosen = {f"{kind}_ids": list(ids)} if ids else {}
    before = int(cloud.control.health()["requests"])
    ended = cloud._run(f"jdcloud_{kind}", {**QUICK, **chosen, "state": "absent", **options}, check, None)
    assert ended.summary["api_calls"] == int(cloud.control.health()["requests"]) - before
    _check_deletes(cloud)
    if check:
        assert cloud.writes() == [], "check mode sends no write"
    return ended


def rows(ended: Ended) -> list[Json]:
    """The images or whatever was deleted, of a result."""
    (listed,) = (ended.result[f"{kind}s"] for kind in DELETE if f"{kind}s" in ended.result)
    return list(listed)


def row(ended: Ended) -> Json:
    """The only one."""
    (only,) = rows(ended)
    return only


def actions(ended: Ended) -> list[str]:
    """What was done with each."""
    return [each["action"] for each in rows(ended)]


def _check_deletes(cloud: Cloud) -> None:
    """Before each delete a bulk read by ids that began after the previous try, at most 5 s earlier; never a delete in bulk."""
    log = cloud.calls()
    for place, entry in enumerate(log):
        assert entry["operation"] != "disk.deleteSnapshots"
        for kind, operation in DELETE.items():
            if entry["operation"] == operation:
                look = last_look(log[:place], entry["resources"][0], operation, READ[kind])
                assert look is not None, f"{entry['resources'][0]} was deleted without a look since the last try"
                assert entry["time"] - look["time"] <= GATE_SECONDS
