# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many calls and how much virtual time a campaign takes. No timed tests: virtual time is the same on every machine."""

from __future__ import annotations

import math

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from support.fleet.log import DELETE, STOP
from support.fleet.operations import Durations
from support.fleet.service import Limits
from support.fleet.virtual import Campaign, Cloud, make_policy
from support.fleet.virtual_time import Network

pytestmark = pytest.mark.no_cover
"""Measuring would double the time of so many runs, and their lines are covered elsewhere, too."""

RATE = 100.0


def lower_bound(count: int, rate: float, stop: float, delete: float) -> float:
    """Seconds below which no tool can be: every machine needs a stop, a delete, and its share of two bulk reads.

    max((P+N)/R+S+D, (2P+2N)/R+D)+1/R with P bulk reads of 100 machines.
    """
    reads = math.ceil(count / 100)
    return max((reads + count) / rate + stop + delete, (2 * reads + 2 * count) / rate + delete) + 1 / rate


def delete_running(
    count: int, *, stop: float, delete: float, limit: float, given: bool, jitter: float = 0.0
) -> tuple[Cloud, Campaign]:
    cloud = Cloud(
        1, durations=Durations(stop, 2.0, delete), limits=Limits(limit, max(1.0, limit / 10)), network=Network(0.02, jitter)
    )
    ids = [f"i-m{number:05d}" for number in range(count)]
    for instance_id in ids:
        cloud.machine(instance_id)
    policy = make_policy("absent", *ids, stop_running=True)
    campaign = cloud.run(policy, Timing(poll_interval=0.25), rate=limit if given else None)
    assert campaign.report.summary()["deleted"] == count
    assert not cloud.world.machines
    return cloud, campaign


@pytest.mark.slow
@pytest.mark.parametrize("jitter", [0.0, 0.5])
@pytest.mark.parametrize(("given", "ratio"), [(True, 1.10), (False, 1.20)])
def test_a_thousand_machines_go_in_little_more_than_the_lower_bound(given: bool, ratio: float, jitter: float) -> None:
    cloud, campaign = delete_running(1000, stop=2.0, delete=1.5, limit=RATE, given=given, jitter=jitter)
    assert campaign.seconds <= ratio * lower_bound(1000, RATE, 2.0, 1.5)
    # A stop and a delete for each, and reads of 100 machines or disks; the tags of the disks are read twice.
    assert campaign.calls <= 2200
    assert cloud.dispatcher is not None
    assert cloud.dispatcher.counters.throttled <= 0.01 * campaign.calls


@pytest.mark.parametrize("count", [1, 10, 100])
def test_few_machines_are_quick_too(count: int) -> None:
    _cloud, campaign = delete_running(count, stop=2.0, delete=1.5, limit=RATE, given=True)
    assert campaign.seconds <= lower_bound(count, RATE, 2.0, 1.5) + 1.5
    assert campaign.calls <= 2.6 * count + 30


@pytest.mark.thorough
def test_ten_thousand_slow_machines_go_in_one_campaign() -> None:
    cloud, campaign = delete_running(10_000, stop=30.0, delete=10.0, limit=50.0, given=True)
    assert campaign.seconds <= 1.25 * lower_bound(10_000, 50.0, 30.0, 10.0)
    assert campaign.calls <= 2.4 * 10_000
    assert_fresh_looks(cloud)


def assert_fresh_looks(cloud: Cloud) -> None:
    """Rule 6, however many wait for their turn."""
    ages = [write.left_at - cloud.log.last_sight(write.resource, write.left_at).sent_at for write in cloud.log.of(DELETE)]
    assert max(ages) <= 5.0


@pytest.mark.slow
def test_stops_run_ahead_of_deletes_only_as_far_as_needed() -> None:
    """A run that ends early leaves few machines stopped and not deleted."""
    cloud, _campaign = delete_running(2000, stop=2.0, delete=1.5, limit=RATE, given=True)
    assert_fresh_looks(cloud)
    steps = sorted(
        [(each.arrived_at, 1) for each in cloud.log.of(STOP)] + [(each.arrived_at, -1) for each in cloud.log.of(DELETE)]
    )
    ahead, most = 0, 0
    for _when, step in steps:
        ahead += step
        most = max(most, ahead)
    assert most <= RATE * (2.0 + 5.0)


def test_waiting_for_one_machine_polls_no_faster_than_needed() -> None:
    cloud = Cloud()
    cloud.machine(hangs={"stopping"})
    campaign = cloud.run(make_policy(stop_running=True), Timing(wait_timeout=600.0, poll_interval=5.0))
    assert campaign.code("i-one") == "timeout"
    assert campaign.calls <= 600 / 5.0 * 1.3 + 10


def test_the_same_seed_gives_the_same_run() -> None:
    runs = [delete_running(150, stop=2.0, delete=1.5, limit=RATE, given=False, jitter=1.0) for _again in range(2)]
    assert runs[0][0].log.writes == runs[1][0].log.writes
    assert runs[0][1].seconds == runs[1][1].seconds
