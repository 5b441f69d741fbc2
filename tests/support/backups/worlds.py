# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any images and snapshots of a stopped machine, with what is known of each: most are good, so that proofs happen at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.backup_assets import Image, Snapshot
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Instance
from support.fleet.builders import NOW, disk, image, machine, snapshot

MAX_AGE = 24.0
DISKS = ["vol-sys", "vol-a", "vol-b"]
SNAPSHOTS = ["snapshot-1", "snapshot-2", "snapshot-3", "snapshot-4"]


@dataclass(frozen=True)
class Truth:
    """What a test knows of an asset without having to read it: `good` is what the rule demands apart from the disks."""

    good: bool
    campaign: str


def one_of(good: Any, *bad: Any) -> st.SearchStrategy[Any]:
    """Good in most cases, so that proofs happen at all."""
    return st.sampled_from([good] * 12 + list(bad))


def written(moment: datetime, form: str) -> str:
    """A moment as one of the services writes it."""
    if form == "Z":
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    beijing = moment.astimezone(timezone(timedelta(hours=8)))
    return beijing.strftime("%Y-%m-%dT%H:%M:%S+08:00" if form == "+08:00" else "%Y-%m-%d %H:%M:%S")


FORMS = st.sampled_from(["Z", "+08:00", ""])


@st.composite
def fields(draw: st.DrawFn, description: str, expiry: str) -> tuple[dict[str, Any], Truth]:
    """What images and snapshots have in common."""
    age = draw(one_of(1.0, 0.0, 23.99, 24.01, 800.0, -0.1, -1.0, None))
    expires_in = draw(one_of(None, 8.0, 6.9, -1.0, "odd"))
    campaign, of = draw(one_of("c1", "c2")), draw(one_of("i-one", "i-two"))
    stopped, marked = draw(one_of("true", "false", "", "TRUE")), draw(one_of(True, False))
    text = f"jdcloud.cloud/1 campaign={campaign} instance={of} stopped={stopped}"
    good = marked and of == "i-one" and stopped == "true"
    good = good and age is not None and -1 / 6 <= age <= MAX_AGE and (expires_in is None or expires_in == 8.0)
    raw: dict[str, Any] = {
        description: text if marked else draw(st.sampled_from(["", None, "backup", f"see {text}"])),
        "createTime": "?" if age is None else written(NOW - timedelta(hours=age), draw(FORMS)),
    }
    if expires_in is not None:
        raw[expiry] = "?" if expires_in == "odd" else written(NOW + timedelta(days=expires_in), draw(FORMS))
    return raw, Truth(good, campaign)


@st.composite
def an_image(draw: st.DrawFn, image_id: str) -> tuple[Image, Truth]:
    raw, truth = draw(fields("desc", "expiredTime"))
    flags = {
        "status": draw(one_of("ready", "pending", "error", "deleting", "odd")),
        "imageSource": draw(one_of("private", "public", "shared", "thirdparty", None)),
        "imported": draw(one_of(False, True)),
        "offline": draw(one_of(False, True)),
        "instanceId": draw(one_of("i-one", "i-two", None)),
    }
    good = list(flags.values()) == ["ready", "private", False, False, "i-one"]
    parts = draw(st.lists(st.sampled_from(SNAPSHOTS), max_size=3))
    return image(*parts, imageId=image_id, **raw, **flags), replace(truth, good=truth.good and good)


@st.composite
def a_snapshot(draw: st.DrawFn, snapshot_id: str) -> tuple[Snapshot, Truth, bool]:
    """The last value: whether it makes an image of it hold its disk."""
    raw, truth = draw(fields("description", "expireTime"))
    status, source = draw(one_of("available", "in-use", "creating", "error_create")), draw(one_of("self", "others"))
    disk_id, images = draw(st.sampled_from([*DISKS, "vol-other", None])), draw(st.sampled_from([[], ["img-1"]]))
    found = snapshot("", snapshotId=snapshot_id, status=status, snapshotSource=source, images=images, **raw | {"diskId": disk_id})
    young = found.created is not None and timedelta(hours=-1 / 6) <= NOW - found.created <= timedelta(hours=MAX_AGE)
    lasting = not found.expires_text or (found.expires is not None and found.expires - NOW >= timedelta(days=7))
    holds = status in ("available", "in-use") and source == "self" and young and lasting
    return found, replace(truth, good=truth.good and status == "available" and source == "self"), holds


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[tuple[Image, Truth]], list[tuple[Snapshot, Truth, bool]], Instance]:
    images = [draw(an_image(f"img-{number}")) for number in range(draw(st.integers(0, 3)))]
    snapshots = [draw(a_snapshot(each)) for each in draw(st.lists(st.sampled_from(SNAPSHOTS), unique=True))]
    data = tuple(disk(each, device=f"vd{each[-1]}", auto_delete=True) for each in draw(st.sets(st.sampled_from(DISKS[1:]))))
    return images, snapshots, machine("stopped", data=data)
