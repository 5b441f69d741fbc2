# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup that is killed after any of its calls, and run again with the same campaign, ends as if it never had been killed."""

from __future__ import annotations

import pytest

from support import victims
from support.integration.backups import QUICK, assets, backup, made_of, marked, marker, seed
from support.integration.cloud import Cloud, running, stopped
from support.json_object import Json

A, B = "i-aaaa000001", "i-bbbb000001"
SYSTEM: Json = {"id": "vol-syst000001", "size": 40}
DATA: Json = {"id": "vol-data000001", "size": 20}
OTHER: Json = {"id": "vol-othr000001", "size": 40}
OPTIONS: Json = {"method": "both", "stop_running": True, "start_again": True}
MOST = 60
"""No run of these has so many calls."""
SHARDS = 6
"""Parts of the test, which may run at the same time."""


def killed_at(cloud: Cloud, number: int, *, effect: bool) -> bool:
    """Run until the call after `number` others gets no answer, and kill it then. False if it ended before.

    `effect`: that call still takes effect.
    """
    fault: Json = {"kind": "hang", "after": number, "times": 0, "effect": "before" if effect else "none"}
    given = {**QUICK, **OPTIONS, "instance_ids": [A, B]}
    return victims.kill_at(cloud, fault, victims.run, "jdcloud_vm_backup", given, cloud.environment(), cloud.home)


@pytest.mark.parametrize("effect", [False, True], ids=["without effect", "with effect"])
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_run_that_is_killed_after_any_call_is_finished_by_the_next_without_doubles(
    cloud: Cloud, shard: int, effect: bool
) -> None:
    kills = 0
    for number in range(shard, MOST, SHARDS):
        seed(cloud, running(A, system_disk=SYSTEM, disks=[DATA]), stopped(B, system_disk=OTHER))
        if not killed_at(cloud, number, effect=effect):
            break
        kills += 1
        ended = backup(cloud, A, B, stopped_before=[A], **OPTIONS)
        assert not ended.failed, (number, ended.result)
        assert made_of(cloud) == sorted([A, B, SYSTEM["id"], DATA["id"], OTHER["id"]]), number
        assert set(marked(cloud).values()) == {marker(A), marker(B)}, number
        states = {row["status"] for row in [*assets(cloud, "images").values(), *assets(cloud, "snapshots").values()]}
        assert states == {"ready", "available"}, number
        assert (cloud.status(A), cloud.status(B)) == ("running", "stopped"), number
        assert ended.manifest["state"] == "complete", number
    assert 3 <= kills < MOST // SHARDS
