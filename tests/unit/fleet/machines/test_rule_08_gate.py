# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 8 in a run: no DELETE leaves without proven backups, read in bulk at most 5 s before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import Demand, Method
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Policy
from support.fleet.audit import audited
from support.fleet.backups import DAY, HOUR, TrueSnapshot, marker
from support.fleet.log import DELETE, IMAGES, SET_DISKS, SNAPSHOTS
from support.fleet.operations import Durations
from support.fleet.service import Harm, Limits
from support.fleet.virtual import Campaign, Cloud, data_disk, make_policy
from support.fleet.virtual_time import Network
from support.fleet.world import TrueMachine
from support.search import first_of

METHODS: list[Method] = ["image", "snapshots", "both"]
LOOK = "vm.describeInstances"
LONG_AGO = -30 * HOUR


def demanding(*ids: str, method: Method = "image", **more: Any) -> Policy:
    demand = Demand(method, more.pop("max_age", 24.0), more.pop("campaign", None))
    return make_policy("absent", *ids, demand=demand, **more)


def backed_up(cloud: Cloud, instance_id: str = "i-one", **more: Any) -> TrueMachine:
    """A stopped machine with a data disk that goes with it, an image and snapshots."""
    disk = data_disk(f"vol-{instance_id[2:]}data", auto_delete=True)
    machine = cloud.machine(instance_id, "stopped", disks=[disk], **more)
    cloud.image(machine)
    cloud.snapshots(machine)
    return machine


def blockers(campaign: Campaign, instance_id: str = "i-one") -> list[str]:
    return [blocker["code"] for blocker in campaign[instance_id]["blockers"]]


@pytest.mark.parametrize("method", METHODS)
def test_a_machine_without_backups_is_blocked_before_anything_is_changed(method: Method) -> None:
    cloud = Cloud()
    cloud.machine(status="stopped")
    backed_up(cloud, "i-two")
    campaign = audited(cloud, demanding("i-one", "i-two", method=method))
    assert set(blockers(campaign)) == {"backup_missing"}
    assert campaign["i-two"]["action"] in ("deleted", "none")
    assert not cloud.log.writes


@pytest.mark.parametrize("method", METHODS)
def test_a_backed_up_machine_is_deleted_and_its_backups_are_named(method: Method) -> None:
    cloud = Cloud()
    backed_up(cloud)
    campaign = audited(cloud, demanding(method=method))
    assert campaign["i-one"]["action"] == "deleted"
    kinds = {"image": {"image"}, "snapshots": {"snapshot"}, "both": {"image", "snapshot"}}[method]
    assert {backup["type"] for backup in campaign["i-one"]["backups"]} == kinds


@pytest.mark.parametrize("method", METHODS)
def test_check_mode_predicts_the_same_and_changes_nothing(method: Method) -> None:
    for instance_ids in (["i-one"], ["i-one", "i-bare"]):
        previews = []
        for preview in (True, False):
            cloud = Cloud()
            backed_up(cloud)
            cloud.machine("i-bare", "stopped")
            campaign = audited(cloud, demanding(*instance_ids, method=method), preview=preview, skip_blocked=True)
            previews.append([(row["action"], row["blockers"], row["backups"]) for row in campaign.report.instances("all")])
        assert previews[0] == previews[1]


def test_a_machine_that_runs_is_blocked_whatever_backups_it_has() -> None:
    cloud = Cloud()
    machine = backed_up(cloud)
    machine.status = "running"
    campaign = audited(cloud, demanding())
    assert blockers(campaign) == ["running", "backup_missing"]
    assert not cloud.log.writes


def test_an_image_in_the_making_blocks_with_the_task_that_it_is() -> None:
    cloud = Cloud()
    machine = backed_up(cloud)
    cloud.image(machine, tag="new", status="pending")
    campaign = audited(cloud, demanding())
    assert blockers(campaign) == ["task_in_progress"], "there is another good one, but the task forbids the delete"


COUNTS = [1, 99, 100, 101, 250]


@pytest.mark.parametrize("count", first_of(COUNTS, 4))
def test_backups_are_read_in_bulk_and_never_for_each_machine(count: int) -> None:
    cloud = Cloud()
    ids = [f"i-m{number:03d}" for number in range(count)]
    for instance_id in ids:
        machine = cloud.machine(instance_id, "stopped")
        cloud.image(machine)
    campaign = audited(cloud, demanding(*ids), cap=1000)
    assert campaign.report.summary()["deleted"] == count
    chunks = -(-count // 100)
    # Once for the plan. At the gate no more are read than can be deleted before they are stale.
    at_gates = sum(1 for _when, operation, _resource in cloud.log.calls if operation == LOOK)
    assert cloud.log.count(IMAGES) <= chunks + at_gates
    assert cloud.log.count(SNAPSHOTS) <= chunks + at_gates
    assert cloud.log.count(IMAGES) <= 2 * chunks + count // 12


def test_machines_with_many_snapshots_are_read_page_by_page() -> None:
    cloud = Cloud()
    machine = backed_up(cloud)
    for number in range(350):
        cloud.backups.add(TrueSnapshot(f"snapshot-old{number}", "vol-onedata", cloud.time.now() - 900 * HOUR))
    campaign = audited(cloud, demanding(method="snapshots"))
    assert campaign["i-one"]["action"] == "deleted"
    assert machine.status == "gone"
    assert cloud.log.count(SNAPSHOTS) == 2 * 4, "four pages for the plan, four at the gate"


def lose(cloud: Cloud, *ids: str) -> None:
    for each in ids:
        cloud.backups.lose(each)


Act = Callable[[Cloud], object]
LOSSES: dict[str, Act] = {
    "the image is deleted": lambda cloud: cloud.backups.lose("img-one"),
    "a snapshot in it is deleted": lambda cloud: cloud.backups.lose("snapshot-vol-onedatain"),
    "all snapshots of a disk are deleted": lambda cloud: lose(cloud, "snapshot-vol-onedatain", "snapshot-vol-onedata"),
    "a snapshot in it breaks": lambda cloud: cloud.backups.change("snapshot-vol-onedatain", status="error_delete"),
    "the image is being deleted": lambda cloud: cloud.backups.change("img-one", status="deleting"),
    "the marker is removed": lambda cloud: cloud.backups.change("img-one", description="old backup"),
    "the marker is rewritten": lambda cloud: cloud.backups.change("img-one", description=marker("i-one", stopped="false")),
    "the image will expire": lambda cloud: cloud.backups.change("img-one", expires_at=cloud.time.now() + DAY),
    "another image begins": lambda cloud: cloud.image(cloud.world.machines["i-one"], tag="new", status="pending"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_backup_that_is_lost_between_plan_and_gate_stops_the_delete(loss: str) -> None:
    cloud = Cloud()
    backed_up(cloud)
    # The plan reads images once; the gate asks a second time.
    cloud.service.upon(IMAGES, "", lambda: LOSSES[loss](cloud), nth=2)
    campaign = audited(cloud, demanding())
    assert campaign.code("i-one") == "changed_meanwhile"
    assert not cloud.log.of(DELETE)
    assert "i-one" in cloud.world.machines
    assert not campaign["i-one"]["changed"]


@pytest.mark.parametrize("method", METHODS)
def test_what_is_lost_after_a_refused_delete_stops_its_repeat(method: Method) -> None:
    cloud = Cloud()
    backed_up(cloud)
    lost = {"image": "img-one", "snapshots": "snapshot-vol-onedata", "both": "snapshot-vol-onesys"}[method]
    cloud.service.harm_upon(DELETE, "i-one", Harm.LOST_BEFORE)
    cloud.service.upon(DELETE, "i-one", lambda: cloud.backups.lose(lost), after=True)
    campaign = audited(cloud, demanding(method=method))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert len(cloud.log.of(DELETE)) == 1
    assert not cloud.log.effects(DELETE, "i-one")


@pytest.mark.parametrize("harm", [Harm.BUSY, Harm.THROTTLED, Harm.FAILED_BEFORE, Harm.UNREACHABLE])
def test_each_repeat_of_a_delete_rests_on_a_new_look_at_the_backups(harm: Harm) -> None:
    cloud = Cloud()
    backed_up(cloud)
    cloud.service.harm_upon(DELETE, "i-one", harm, 1, 2)
    campaign = audited(cloud, demanding())
    assert campaign["i-one"]["action"] == "deleted"
    assert cloud.log.count(IMAGES) == 1 + len(cloud.log.of(DELETE)) == 4


def test_a_backup_that_grows_too_old_between_plan_and_gate_stops_the_delete() -> None:
    """It is 24 hours old while others of the same run are still being deleted."""
    cloud = Cloud(durations=Durations(delete=0.1), network=Network(0.02))
    ids = [f"i-m{number:03d}" for number in range(60)]
    for instance_id in ids:
        machine = cloud.machine(instance_id, "stopped")
        cloud.image(machine, made_at=cloud.time.now() - 24 * HOUR + 30)
    campaign = audited(cloud, demanding(*ids), cap=100, rate=1.5)
    summary = campaign.report.summary()
    assert summary["deleted"], summary
    assert summary["failed"], summary
    assert {campaign.code(each) for each in ids} == {None, "changed_meanwhile"}
    assert summary["deleted"] + summary["failed"] == 60


def test_a_backup_too_old_by_the_clock_of_the_service_blocks() -> None:
    cloud = Cloud()
    machine = cloud.machine(status="stopped")
    cloud.image(machine, made_at=cloud.time.now() - 24 * HOUR - 5)
    assert blockers(audited(cloud, demanding())) == ["backup_missing"]
    assert audited(cloud, demanding(max_age=25.0))["i-one"]["action"] == "deleted"


def swap_disk(cloud: Cloud) -> None:
    """Another user swaps a disk for another one with the same device, size and attribute."""
    machine = cloud.world.machines["i-one"]
    machine.disks.pop().machine_id = None
    cloud.attach(machine, data_disk("vol-swapped", auto_delete=True))()


@pytest.mark.parametrize("operation", [IMAGES, LOOK])
def test_a_disk_swapped_at_the_gate_stops_the_delete(operation: str) -> None:
    cloud = Cloud()
    backed_up(cloud)
    cloud.service.upon(operation, "", lambda: swap_disk(cloud), nth=2)
    campaign = audited(cloud, demanding())
    assert campaign.code("i-one") == "changed_meanwhile"
    assert "vol-swapped" in campaign["i-one"]["error"]["message"]
    assert not cloud.log.of(DELETE)


def test_a_machine_started_while_the_backups_are_read_is_not_deleted() -> None:
    """The look at the machines comes last: what happened during the reads of the backups is seen."""
    cloud = Cloud()
    machine = backed_up(cloud)
    cloud.service.upon(SNAPSHOTS, "", cloud.restart(machine), nth=2, after=True)
    campaign = audited(cloud, demanding())
    assert campaign.code("i-one") == "changed_meanwhile"
    assert not cloud.log.of(DELETE)


def test_the_backups_are_read_again_after_the_delete_attributes_were_set() -> None:
    cloud = Cloud()
    machine = backed_up(cloud)
    machine.disks[1].auto_delete = False
    cloud.service.upon(SET_DISKS, "i-one", lambda: cloud.backups.lose("img-one"), after=True)
    campaign = audited(cloud, demanding(disks="delete"))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert not cloud.log.of(DELETE)
    assert machine.disks[1].auto_delete is False, "put back"


SLOW = [
    (1.1, Network(0.02)),
    (2.0, Network(0.02, 1.0)),
    (10.0, Network(0.8, 1.0)),
    (20.0, Network(0.02, 1.0, slow_connect_share=0.2)),
    (None, Network(1.0, 0.2)),
]


@pytest.mark.parametrize(("rate", "network"), SLOW, ids=["very slow rate", "slow rate", "latency", "slow connections", "long"])
def test_no_delete_rests_on_backups_as_of_more_than_five_seconds_ago(rate: float | None, network: Network) -> None:
    cloud = Cloud(3, network=network)
    ids = [f"i-m{number:03d}" for number in range(40)]
    for instance_id in ids:
        backed_up(cloud, instance_id)
    campaign = audited(cloud, demanding(*ids, method="both"), cap=100, rate=rate)
    assert campaign.report.summary()["deleted"] == len(ids), campaign.report.summary()


@pytest.mark.slow
def test_disks_with_many_snapshots_of_a_policy_are_deleted_too_only_fewer_at_a_time() -> None:
    """Hundreds of pages for hundreds of machines do not fit into five seconds."""
    cloud = Cloud()
    ids = [f"i-m{number:03d}" for number in range(40)]
    for instance_id in ids:
        machine = backed_up(cloud, instance_id)
        for disk in machine.disks:
            for number in range(60):
                cloud.backups.add(TrueSnapshot(f"snapshot-p{number}{disk.disk_id}", str(disk.disk_id), LONG_AGO))
    campaign = audited(cloud, demanding(*ids), cap=100, rate=10.0)
    assert campaign.report.summary()["deleted"] == len(ids), campaign.report.summary()


def test_a_line_too_slow_for_the_gate_is_a_failure_that_says_so_and_never_a_delete() -> None:
    """Three reads and a delete do not fit into five seconds at one call in two seconds."""
    cloud = Cloud()
    backed_up(cloud)
    campaign = audited(cloud, demanding(), rate=0.5)
    assert campaign.code("i-one") == "timeout"
    assert not cloud.log.of(DELETE)


def test_a_service_that_limits_calls_is_borne() -> None:
    cloud = Cloud(4, limits=Limits(8.0, 2.0))
    ids = [f"i-m{number:03d}" for number in range(50)]
    for instance_id in ids:
        backed_up(cloud, instance_id)
    campaign = audited(cloud, demanding(*ids), cap=100)
    assert campaign.report.summary()["deleted"] == len(ids)


@pytest.mark.parametrize("operation", [IMAGES, SNAPSHOTS])
def test_pages_that_contradict_each_other_are_read_again(operation: str) -> None:
    cloud = Cloud()
    backed_up(cloud)
    cloud.service.harm_upon(operation, "", Harm.SHORT, 1, 3)
    campaign = audited(cloud, demanding())
    assert campaign["i-one"]["action"] == "deleted"
    assert cloud.log.count(operation) == 4


@pytest.mark.parametrize("operation", [IMAGES, SNAPSHOTS])
def test_backups_that_cannot_be_read_completely_at_the_gate_are_no_backups(operation: str) -> None:
    cloud = Cloud()
    backed_up(cloud)
    cloud.service.harm_upon(operation, "", Harm.SHORT, *range(2, 20))
    campaign = audited(cloud, demanding())
    assert campaign["i-one"]["action"] == "failed"
    assert not cloud.log.of(DELETE)
    error = campaign["i-one"]["error"]
    assert error["operation"] == operation
    assert "contradicting pages" in error["message"]


@pytest.mark.parametrize("operation", [IMAGES, SNAPSHOTS])
def test_a_read_of_backups_that_fails_at_the_gate_is_repeated(operation: str) -> None:
    cloud = Cloud()
    backed_up(cloud)
    cloud.service.harm_upon(operation, "", Harm.FAILED_BEFORE, 2, 3)
    assert audited(cloud, demanding())["i-one"]["action"] == "deleted"


def test_a_read_of_backups_that_fails_for_good_fails_only_those_that_need_it() -> None:
    cloud = Cloud()
    ids = [f"i-m{number:03d}" for number in range(150)]
    for instance_id in ids:
        cloud.image(cloud.machine(instance_id, "stopped"))
    # Two for the plan (100 and 50 machines); those at the first gate read in vain, nine times.
    cloud.service.harm_upon(IMAGES, "", Harm.FAILED_BEFORE, *range(3, 12))
    campaign = audited(cloud, demanding(*ids), cap=1000)
    summary = campaign.report.summary()
    assert summary["failed"]
    assert summary["deleted"]
    assert summary["failed"] + summary["deleted"] == 150
    errors = [row["error"] for row in campaign.report.instances("all") if row["error"]]
    assert {(error["code"], error["operation"]) for error in errors} == {("api", IMAGES)}


def test_the_end_of_the_keys_during_the_reads_ends_the_run() -> None:
    cloud = Cloud()
    backed_up(cloud)
    cloud.service.upon(IMAGES, "", lambda: setattr(cloud.limits, "locked_out_at", cloud.time.now()), nth=2)
    campaign = audited(cloud, demanding())
    assert campaign["i-one"]["action"] == "failed"
    assert not cloud.log.of(DELETE)


def test_waiting_for_the_reads_at_the_gate_is_no_busy_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(network=Network(1.0))
    ids = [f"i-m{number:03d}" for number in range(150)]
    for instance_id in ids:
        cloud.image(cloud.machine(instance_id, "stopped"))
    turns = 0
    advance = cloud.time.advance

    def counted(until: float, enough: Callable[[], bool]) -> None:
        nonlocal turns
        turns += 1
        advance(until, enough)

    monkeypatch.setattr(cloud.time, "advance", counted)
    campaign = audited(cloud, demanding(*ids), cap=1000)
    assert campaign.report.summary()["deleted"] == 150
    assert turns < 60 * campaign.seconds, f"{turns} turns in {campaign.seconds:.0f} s"


def test_a_machine_that_others_delete_is_only_waited_for() -> None:
    cloud = Cloud()
    cloud.machine(status="deleting")
    campaign = audited(cloud, demanding())
    assert (campaign["i-one"]["action"], campaign["i-one"]["status"]) == ("none", "absent")


def test_without_a_demand_no_backup_is_read() -> None:
    cloud = Cloud()
    cloud.machine(status="stopped")
    assert audited(cloud, make_policy())["i-one"]["action"] == "deleted"
    assert cloud.log.count(IMAGES) == cloud.log.count(SNAPSHOTS) == 0
