# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds of groups whatever happens to them, in a cloud whose time is stopped."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jdcloud_emulator.scenario.outside_changes import perform
from jdcloud_emulator.scenario.seed import Seeder
from jdcloud_emulator.state import scaling
from jdcloud_emulator.state.cloud import Cloud, Region
from jdcloud_emulator.state.settings import Clock, Quotas, Settings

MACHINES = ("i-a", "i-b", "i-c", "i-d")
UNMANAGED = "i-d"
PACE = {"group_health_check_seconds": 30, "group_refill_seconds": 20, "group_shrink_seconds": 40, "abandon_seconds": 10}
Step = tuple[str, str, int]
STEPS = st.tuples(
    st.sampled_from(["stop", "start", "delete", "leave_group", "abandon", "wait"]), st.sampled_from(MACHINES), st.integers(1, 60)
)


def new_cloud(**group: Any) -> Cloud:
    """Four machines in a group that scales, one of them not managed. Time moves only by `advance`."""
    settings = Settings()
    settings.update(PACE)
    cloud = Cloud(settings, Quotas(), Clock(settings, monotonic=lambda: 0.0, wall=lambda: 1.8e9))
    scaling.watch(cloud)
    members = [{"instance": one, "managed": one != UNMANAGED} for one in MACHINES]
    wanted = {"id": "ag-web", "auto_scaling": True, "members": members, **group}
    Seeder(cloud).add({"cn-north-1": {"instances": list(MACHINES), "groups": [wanted]}})
    return cloud


def take(cloud: Cloud, region: Region, step: Step) -> None:
    """Do a step, if the machine can take it."""
    action, machine, seconds = step
    found = region.instances.get(machine)
    if action == "wait":
        cloud.clock.advance(seconds)
    elif found is not None and (found.ag is not None or action in ("stop", "start", "delete")) and found.status != "deleting":
        if action == "abandon":
            scaling.abandon(cloud, region.groups["ag-web"], region.groups["ag-web"].members[machine])
        else:
            perform(cloud, action, machine, {})
    cloud.catch_up()


@given(st.lists(STEPS, max_size=30))
def test_the_members_of_a_group_are_the_machines_that_name_it(steps: list[Step]) -> None:
    cloud = new_cloud(min=2, max=5, desired=3)
    region = cloud.regions["cn-north-1"]
    for step in steps:
        take(cloud, region, step)
        naming = {machine.id for machine in region.instances.values() if machine.ag == ("ag-web", "ag-web")}
        assert naming == set(region.groups["ag-web"].members)


@given(st.lists(STEPS.filter(lambda step: step[0] != "delete"), max_size=30))
def test_a_group_never_deletes_what_it_does_not_manage_or_what_left_it(steps: list[Step]) -> None:
    cloud = new_cloud(min=0, max=2)
    region = cloud.regions["cn-north-1"]
    free = {UNMANAGED}
    for step in steps:
        take(cloud, region, step)
        free |= {one for one in MACHINES if one in region.instances and region.instances[one].ag is None}
        assert {one for one in free if region.instances[one].status != "deleting"} == free


@given(st.lists(STEPS, max_size=30))
def test_a_group_that_is_left_alone_ends_with_as_many_machines_as_it_wants(steps: list[Step]) -> None:
    cloud = new_cloud(min=3, max=5, health_check=False)
    region = cloud.regions["cn-north-1"]
    for step in steps:
        take(cloud, region, step)
    cloud.clock.advance(1000)
    cloud.catch_up()
    assert 3 <= len(region.groups["ag-web"].members) <= 5


@given(st.lists(STEPS, max_size=30))
def test_each_machine_that_goes_is_told_once(steps: list[Step]) -> None:
    cloud = new_cloud(min=1, max=4)
    region = cloud.regions["cn-north-1"]
    for step in steps:
        take(cloud, region, step)
    cloud.clock.advance(1000)
    cloud.catch_up()
    group = region.groups["ag-web"]
    removed = [one for activity in group.activities for one in activity.removed]
    added = [one for activity in group.activities for one in activity.added]
    assert len(removed) == len(set(removed))
    assert set(group.members) == (set(MACHINES) | set(added)) - set(removed)
    assert {activity.status for activity in group.activities} <= {"SUCCESS"}
