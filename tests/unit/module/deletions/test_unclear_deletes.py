# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deletes of images, snapshots, disks and elastic IPs whose answer was lost, and no read that tells what came of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, TransportError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import READ_LAG
from support.json_object import Json
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

DELETES = {
    "image": "vm.deleteImage",
    "snapshot": "disk.deleteSnapshot",
    "disk": "disk.deleteDisk",
    "elastic_ip": "vpc.deleteElasticIp",
}
READS = {"image": "describeImage", "snapshot": "describeSnapshot", "disk": "describeDisk", "elastic_ip": "describeElasticIp"}
KINDS = pytest.mark.parametrize("kind", DELETES)


class Weather:
    """The first delete is lost after its effect (or before it). Reads fail after `reads` more, with HTTP `http`.

    The first read after the loss takes `first_read_takes` seconds.
    """

    def __init__(
        self,
        cloud: MemoryCloud,
        kind: str,
        *,
        reads: int,
        http: int = 403,
        effect: bool = True,
        first_read_takes: float = 0.0,
    ) -> None:
        self._answer = cloud.send
        self._clock = cloud.clock
        self._kind, self._reads, self._http, self._effect = kind, reads, http, effect
        self._delay = first_read_takes
        self.deletes = 0
        cloud.send = self.send

    def send(self, call: Any, *rest: Any) -> Any:
        """Answer, or not."""
        if call.operation == DELETES[self._kind]:
            self.deletes += 1
            if self.deletes == 1:
                if self._effect:
                    self._answer(call, *rest)
                raise TransportError("Lost.", operation=call.operation, kind="reset", sent=True)
            raise ApiError(call.operation, 403, "HTTP_FORBIDDEN", "no right", "req-403")
        if self.deletes and READS[self._kind] in call.operation:
            self._reads -= 1
            if self._reads < 0:
                raise ApiError(call.operation, self._http, "UNKNOWN", "no", "req-no")
            response = self._answer(call, *rest)
            self._clock.seconds += self._delay
            self._delay = 0.0
            return response
        return self._answer(call, *rest)


def deleted(cloud: MemoryCloud, run: Runner, kind: str, options: Json | None = None, **weather: Any) -> Json:
    """What a run says of one thing whose delete was lost."""
    add: dict[str, Callable[[str], object]] = {
        "image": cloud.add_image,
        "snapshot": cloud.add_snapshot,
        "disk": cloud.add_free_disk,
        "elastic_ip": cloud.add_free_elastic_ip,
    }
    add[kind]("thing-1")
    Weather(cloud, kind, **weather)
    ended = run(f"jdcloud_{kind}", state="absent", **{f"{kind}_ids": ["thing-1"], **(options or {})})
    check(ended.result, f"jdcloud_{kind}")
    return ended.result


@pytest.mark.parametrize("http", [403, 500])
@KINDS
def test_what_cannot_be_read_after_a_lost_delete_is_unverified(cloud: MemoryCloud, run: Runner, kind: str, http: int) -> None:
    (row,) = deleted(cloud, run, kind, reads=0, http=http)[f"{kind}s"]
    assert (row["action"], row["status"], row["changed"], row["error"]["code"]) == ("failed", "unverified", True, "unverified")


@KINDS
def test_its_error_says_that_a_delete_was_sent(cloud: MemoryCloud, run: Runner, kind: str) -> None:
    (row,) = deleted(cloud, run, kind, reads=0)[f"{kind}s"]
    assert "was sent, but the response was not clear, so it may have taken effect: run again to check." in row["error"]["message"]


@KINDS
def test_it_counts_as_changed_and_failed_and_not_as_deleted(cloud: MemoryCloud, run: Runner, kind: str) -> None:
    summary = deleted(cloud, run, kind, reads=0)["summary"]
    counts = [summary.get(name, 0) for name in ("changed", "failed", "deleted", "released", "recycled", "already_absent")]
    assert counts == [1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("kind", ["disk", "elastic_ip"])
def test_its_fate_is_unverified(cloud: MemoryCloud, run: Runner, kind: str) -> None:
    (row,) = deleted(cloud, run, kind, reads=0)[f"{kind}s"]
    assert row["fate"] == "unverified"


@KINDS
def test_a_refusal_after_a_lost_delete_without_effect_is_reported_in_the_end(cloud: MemoryCloud, run: Runner, kind: str) -> None:
    (row,) = deleted(cloud, run, kind, reads=100, effect=False)[f"{kind}s"]
    assert (row["action"], row["changed"], row["error"]["code"], row["error"]["http"]) == ("failed", False, "api", 403)


@KINDS
def test_an_early_look_that_shows_it_decides_nothing(cloud: MemoryCloud, run: Runner, kind: str) -> None:
    (row,) = deleted(cloud, run, kind, reads=1, effect=False)[f"{kind}s"]
    assert (row["status"], row["changed"]) == ("unverified", True)


@KINDS
def test_a_slow_look_that_began_too_early_is_followed_by_one_that_decides(cloud: MemoryCloud, run: Runner, kind: str) -> None:
    (row,) = deleted(cloud, run, kind, {"api_retries": 0}, reads=100, effect=False, first_read_takes=READ_LAG)[f"{kind}s"]
    assert (row["changed"], row["error"]["code"]) == (False, "api")
