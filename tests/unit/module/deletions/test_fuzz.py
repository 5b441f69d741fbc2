# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deletions of images, disks and the like under random faults and with others at work: what holds whatever happens."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, JdcloudError, TransportError
from support.json_object import Json
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.removals import HELD, PROTECTED
from support.module.runner import Runner
from support.search import some_always

pytestmark = pytest.mark.no_cover
"""Measuring would double the time of so many runs, and their lines are covered elsewhere, too."""

ASSETS = 12
SEEDS = range(60)


CHANGES: dict[str, list[dict[str, Any]]] = {
    "image": [{"name": "renamed"}],
    "snapshot": [{"name": "renamed"}],
    "disk": [{"name": "renamed"}, HELD["disk"], PROTECTED, {"canPutInRecycleBin": False}],
    "elastic_ip": [{"elasticIpName": "renamed"}, HELD["elastic_ip"], PROTECTED],
}
"""What another user does to an asset, after which it must not be deleted."""


class Weather:
    """Stands before the cloud: loses answers, refuses, is slow, and lets others delete, rename and use."""

    def __init__(self, cloud: MemoryCloud, kind: str, seed: int) -> None:
        self._cloud = cloud
        self._kind = kind
        self._rng = random.Random(seed)
        self._answer = cloud.send
        self._looks: dict[str, float] = {}
        self.rows: dict[str, Any] = getattr(cloud, f"{kind}s")
        self.changed_at: dict[str, float] = {}
        self._planned = False
        cloud.send = self.send

    def send(self, call: Any, *rest: Any) -> Any:
        """Answer a call, or not."""
        now = self._cloud.clock.now()
        self._others()
        if call.write:
            self._check_look(str(call.resource), now)
        else:
            self._cloud.clock.seconds += 4.9 * (self._rng.random() < 0.03)
        fault = self._rng.choice(["lost", "late", "error", "throttle", "busy"]) if self._rng.random() < 0.2 else None
        if fault in ("error", "throttle", "busy") or fault == "lost":
            raise self._error(fault, call)
        response = self._answer(call, *rest)
        if fault == "late":
            raise self._error(fault, call)
        self._planned = True
        if not call.write and call.resource is None:
            for row in response.value.items:
                self._looks[str(getattr(row, f"{self._kind}_id", ""))] = now
        return response

    def _check_look(self, asset_id: str, now: float) -> None:
        """Rule 6: a look in bulk since the last try, at most five seconds old; and never a delete of what was renamed before."""
        looked_at = self._looks.pop(asset_id, None)
        assert looked_at is not None, f"{asset_id} was deleted without a look since the last try"
        assert now - looked_at <= 5.0
        assert looked_at <= self.changed_at.get(asset_id, looked_at), f"{asset_id} was deleted after a look that showed a change"

    def _others(self) -> None:
        if not self.rows or self._rng.random() >= 0.04:
            return
        asset_id = self._rng.choice(sorted(self.rows))
        # From the recycle bin nobody takes anything back here; it may be purged.
        if self._rng.random() < 0.5 or self.rows[asset_id].get("status") == "in-recyclebin":
            del self.rows[asset_id]
        else:
            self.rows[asset_id].update(self._rng.choice(CHANGES[self._kind]))
            if self._planned:
                self.changed_at.setdefault(asset_id, self._cloud.clock.now())

    def _error(self, fault: str, call: Any) -> JdcloudError:
        if fault in ("lost", "late"):
            return TransportError("Lost.", operation=call.operation, kind="reset", sent=True)
        http, status, message = {
            "error": (500, "UNKNOWN", "Unknown server error"),
            "throttle": (429, "RATE_LIMIT", "Request rate limit exceeded"),
            "busy": (409, "ABORTED", "concurrent change"),
        }[fault]
        return ApiError(call.operation, http, status, message, "req-fault")


@pytest.mark.parametrize("kind", ["image", "snapshot"])
@pytest.mark.parametrize("seed", some_always(SEEDS, 30, first=15))
def test_whatever_happens_the_result_is_true_and_each_delete_rests_on_a_fresh_look(
    cloud: MemoryCloud, run: Runner, seed: int, kind: str
) -> None:
    ids = [f"{kind}-{number}" for number in range(ASSETS)]
    for asset_id in ids:
        if kind == "image":
            cloud.add_image(asset_id, f"snapshot-of-{asset_id}")
        else:
            cloud.add_snapshot(asset_id)
    weather = Weather(cloud, kind, seed)
    more = {"delete_snapshots": bool(seed % 2)} if kind == "image" else {}
    ended = run(f"jdcloud_{kind}", state="absent", **Json({f"{kind}_ids": ids}), wait_timeout=60, **more)
    check(ended.result, f"jdcloud_{kind}")
    rows = {row[f"{kind}_id"]: row for row in ended.result[f"{kind}s"]}
    assert ended.failed == any(row["action"] == "failed" for row in rows.values()), ended.msg
    for asset_id, row in rows.items():
        assert row["action"] in ("deleted", "none", "failed")
        assert (row["action"] == "failed") == (row["error"] is not None)
        if row["action"] != "failed":
            assert row["status"] == "absent"
            assert asset_id not in weather.rows
        if row["status"] == "absent":
            assert asset_id not in weather.rows
        fates = {part["snapshot_id"]: part["fate"] for part in row.get("snapshots", [])}
        assert all((part in cloud.snapshots) == (fate == "kept") for part, fate in fates.items() if fate in ("kept", "deleted"))
    assert ended.result["changed"] == any(row["changed"] for row in rows.values())


@pytest.mark.parametrize("kind", ["disk", "elastic_ip"])
@pytest.mark.parametrize("seed", some_always(SEEDS, 30, first=15))
def test_whatever_happens_only_what_is_free_goes_and_its_fate_is_true(
    cloud: MemoryCloud, run: Runner, seed: int, kind: str
) -> None:
    ids = [f"{kind.replace('_', '')}-{number}" for number in range(ASSETS)]
    for asset_id in ids:
        cloud.add_free_disk(asset_id) if kind == "disk" else cloud.add_free_elastic_ip(asset_id)
    Weather(cloud, kind, seed)
    more = {"recycle": bool(seed % 2)} if kind == "disk" else {}
    ended = run(f"jdcloud_{kind}", state="absent", **Json({f"{kind}_ids": ids}), wait_timeout=60, on_blocked="skip", **more)
    check(ended.result, f"jdcloud_{kind}")
    rows = {row[f"{kind}_id"]: row for row in ended.result[f"{kind}s"]}
    assert ended.failed == any(row["action"] == "failed" for row in rows.values()), ended.msg
    for asset_id, row in rows.items():
        there = cloud.disks.get(asset_id) if kind == "disk" else cloud.elastic_ips.get(asset_id)
        in_bin = there is not None and there["status"] == "in-recyclebin"
        assert (row["action"] == "failed") == (row["error"] is not None)
        assert (row["action"] == "blocked") == bool(row["blockers"])
        if row["fate"] == "kept":
            assert not row["changed"]
        if row["fate"] == "recycled":
            # What is in the bin may be purged by another user at any time.
            assert row["changed"]
            assert in_bin or there is None
        if row["fate"] in ("deleted", "released") or row["status"] == "absent":
            assert there is None
        if row["action"] == "none":
            assert not row["changed"]
            assert there is None or in_bin
    assert ended.result["changed"] == any(row["changed"] for row in rows.values())
