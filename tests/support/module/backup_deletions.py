# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of jdcloud_image and jdcloud_snapshot that delete, and the rows of their results."""

from __future__ import annotations

from typing import Any

from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Ended, Runner

DELETES = {"image": "vm.deleteImage", "snapshot": "disk.deleteSnapshot"}
SINGLES = {"image": "vm.describeImage", "snapshot": "disk.describeSnapshot"}
KINDS = ["image", "snapshot"]


class Deleter:
    """Runs `state: absent` for either kind, and checks what holds always."""

    def __init__(self, cloud: MemoryCloud, run: Runner) -> None:
        self._cloud = cloud
        self._run = run

    def __call__(self, kind: str, *ids: str, check_mode: bool = False, **options: Any) -> Ended:
        chosen = {f"{kind}_ids": list(ids)} if ids else {}
        ended = self._run(f"jdcloud_{kind}", check=check_mode, state="absent", **chosen, **options)
        check(ended.result, f"jdcloud_{kind}")
        if check_mode:
            assert self._cloud.writes == []
        return ended


def rows(ended: Ended) -> list[dict[str, Any]]:
    """The rows of images; those of snapshots if there are none."""
    return list(ended.result.get("images") or ended.result.get("snapshots") or [])


def row_of(ended: Ended) -> dict[str, Any]:
    (row,) = rows(ended)
    return row


def actions(ended: Ended) -> list[str]:
    return [row["action"] for row in rows(ended)]


def codes(ended: Ended) -> list[list[str]]:
    return [[blocker["code"] for blocker in row["blockers"]] for row in rows(ended)]


def add(cloud: MemoryCloud, kind: str, asset_id: str, **fields: Any) -> dict[str, Any]:
    return cloud.add_image(asset_id, **fields) if kind == "image" else cloud.add_snapshot(asset_id, **fields)


def exists(cloud: MemoryCloud, asset_id: str) -> bool:
    return asset_id in cloud.images or asset_id in cloud.snapshots
