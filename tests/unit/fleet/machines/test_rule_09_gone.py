# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 9: already gone is success at every step, and gone is proved, never guessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import DiskChoice
from support.fleet.audit import audited
from support.fleet.log import DELETE, SET_DISKS, START, STOP
from support.fleet.operations import Durations
from support.fleet.service import Harm
from support.fleet.virtual import Cloud, data_disk, make_policy
from support.fleet.world import TrueAddress, TrueMachine

BULK, SINGLE = "vm.describeInstances", "vm.describeInstance"
MANY = [f"i-m{number:02d}" for number in range(20)]


def vanish(cloud: Cloud, machine: TrueMachine) -> Callable[[], None]:
    """Another user deletes a machine so fast that nobody sees it going."""
    return cloud.disturb(machine, cloud.operations.remove)


def test_an_id_that_does_not_exist_is_absent_already() -> None:
    cloud = Cloud()
    campaign = audited(cloud, make_policy("absent", "i-missing"))
    row = campaign["i-missing"]
    assert (row["status"], row["action"], row["changed"], row["error"]) == ("absent", "none", False, None)
    assert [warning["code"] for warning in row["warnings"]] == ["not_found"]
    assert cloud.log.count(SINGLE) == 1, "an absence from a bulk answer alone was believed"
    assert campaign.report.summary()["not_found"] == 1


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_an_id_that_does_not_exist_cannot_be_stopped_or_started(state: str) -> None:
    campaign = audited(Cloud(), make_policy(state, "i-missing"))  # type: ignore[arg-type]
    assert (campaign["i-missing"]["action"], campaign.code("i-missing")) == ("failed", "not_found")


@pytest.mark.parametrize(
    ("operation", "disks"),
    [(STOP, "as_configured"), (STOP, "delete"), (SET_DISKS, "delete"), (DELETE, "as_configured"), (DELETE, "delete")],
)
def test_a_machine_that_vanishes_before_a_step_is_gone_and_that_is_success(operation: str, disks: DiskChoice) -> None:
    cloud = Cloud()
    machine = cloud.machine(disks=[data_disk()])
    cloud.service.upon(operation, "i-one", vanish(cloud, machine))
    campaign = audited(cloud, make_policy(stop_running=True, disks=disks))
    row = campaign["i-one"]
    assert (row["status"], row["action"], row["error"]) == ("absent", "none", None)
    assert not cloud.log.effects(DELETE, "i-one")


def test_a_machine_that_vanishes_while_it_stops_is_gone() -> None:
    cloud = Cloud()
    machine = cloud.machine()
    cloud.time.at(cloud.time.now() + 1.0, vanish(cloud, machine))
    campaign = audited(cloud, make_policy(stop_running=True))
    assert (campaign["i-one"]["status"], campaign["i-one"]["action"]) == ("absent", "none")
    assert not cloud.log.of(DELETE)
    assert cloud.log.count(SINGLE) >= 1


def test_a_machine_that_vanishes_while_it_settles_is_gone() -> None:
    cloud = Cloud()
    machine = cloud.machine(status="rebooting", hangs={"rebooting"})
    cloud.time.at(cloud.time.now() + 1.0, vanish(cloud, machine))
    campaign = audited(cloud, make_policy())
    assert (campaign["i-one"]["status"], campaign["i-one"]["action"], campaign.code("i-one")) == ("absent", "none", None)


@pytest.mark.parametrize(("state", "status", "operation"), [("stopped", "running", STOP), ("running", "stopped", START)])
def test_a_machine_that_vanishes_while_it_is_wanted_is_a_failure(state: str, status: str, operation: str) -> None:
    cloud = Cloud()
    machine = cloud.machine(status=status)
    cloud.service.upon(operation, "i-one", vanish(cloud, machine))
    campaign = audited(cloud, make_policy(state))  # type: ignore[arg-type]
    assert (campaign["i-one"]["status"], campaign.code("i-one")) == ("absent", "vanished")


def test_a_machine_that_another_user_deletes_is_waited_for_and_not_ours() -> None:
    cloud = Cloud()
    cloud.machine(status="deleting", disks=[data_disk(auto_delete=True)], addresses=[TrueAddress("fip-one")])
    campaign = audited(cloud, make_policy(release_elastic_ips=True))
    row = campaign["i-one"]
    assert (row["status_before"], row["status"], row["action"], row["changed"]) == ("deleting", "absent", "none", False)
    assert campaign.seconds >= 3.0
    assert not cloud.log.writes
    assert "fip-one" in cloud.world.elastic_ips, "an elastic IP of a machine that we did not delete"


def test_another_users_delete_after_our_lost_stop_is_not_ours() -> None:
    cloud = Cloud(durations=Durations(delete=20.0))
    machine = cloud.machine(addresses=[TrueAddress("fip-one")])
    cloud.service.harm_upon(STOP, "i-one", Harm.LOST_BEFORE)
    cloud.service.upon(STOP, "i-one", cloud.disturb(machine, cloud.operations.delete), after=True)
    campaign = audited(cloud, make_policy(stop_running=True, release_elastic_ips=True))
    row = campaign["i-one"]
    assert (row["action"], row["status"], row["changed"]) == ("none", "absent", False)
    assert not cloud.log.of(DELETE)
    assert "fip-one" in cloud.world.elastic_ips


def last_absences(cloud: Cloud, instance_id: str) -> list[float]:
    """Arrival times of the bulk reads after the machine was seen for the last time."""
    seen = [sight.shown_at for sight in cloud.log.sights[instance_id]]
    return [when for when, operation, _id in cloud.log.calls if operation == BULK and when > max(seen)]


def test_two_complete_bulk_answers_prove_the_absence_if_they_are_far_enough_apart() -> None:
    cloud = Cloud(durations=Durations(delete=1.5, jitter=0.3))
    for instance_id in MANY:
        cloud.machine(instance_id, "stopped")
    cloud.machine("i-hangs", "stopped", hangs={"deleting"})
    campaign = audited(cloud, make_policy("absent", *MANY, "i-hangs"), Timing(poll_interval=0.25, wait_timeout=20))
    assert [row["action"] for row in campaign.report.instances("all")] == ["deleted"] * 20 + ["failed"]
    singles = {resource for _when, operation, resource in cloud.log.calls if operation == SINGLE}
    for instance_id in set(MANY) - singles:
        absences = last_absences(cloud, instance_id)
        assert len(absences) >= 2
        assert absences[-1] - absences[0] >= 0.3


@pytest.mark.parametrize("first", [3, 4, 5, 6])
def test_empty_answers_prove_nothing_while_the_machines_are_there(first: int) -> None:
    """The bulk reads 1 and 2 are the search and the gate; the others watch the deletes."""
    cloud = Cloud(durations=Durations(delete=8.0))
    for instance_id in MANY:
        cloud.machine(instance_id, "stopped")
    cloud.service.harm_upon(BULK, "", Harm.EMPTY, first, first + 1)
    campaign = audited(cloud, make_policy("absent", *MANY), Timing(poll_interval=0.5))
    assert campaign.report.summary()["deleted"] == len(MANY)
    assert campaign.report.summary()["failed"] == 0
    assert campaign.seconds >= 8.0


@pytest.mark.parametrize("first", [3, 4, 5, 6])
def test_empty_answers_prove_nothing_where_machines_are_too_many_for_single_reads(first: int) -> None:
    """The last few are asked for by themselves; of more, one has to vouch for an answer that shows none."""
    cloud = Cloud(durations=Durations(delete=8.0))
    ids = [f"i-m{number:02d}" for number in range(60)]
    for instance_id in ids:
        cloud.machine(instance_id, "stopped")
    cloud.service.harm_upon(BULK, "", Harm.EMPTY, first, first + 1)
    campaign = audited(cloud, make_policy("absent", *ids), Timing(poll_interval=0.5))
    assert campaign.report.summary()["deleted"] == len(ids)
    asked = min(write.arrived_at for write in cloud.log.of(DELETE))
    fates_read = [when for when, operation, _id in cloud.log.calls if operation == "disk.describeDisks" and when > asked]
    assert min(fates_read) >= asked + 8.0, "a machine was taken to be gone while it was there"


def test_an_empty_listing_is_confirmed_by_a_404_for_each_id() -> None:
    cloud = Cloud()
    cloud.machine(status="stopped")
    cloud.service.harm_upon(BULK, "", Harm.EMPTY)
    campaign = audited(cloud, make_policy())
    assert campaign["i-one"]["action"] == "deleted"


def test_short_answers_with_a_wrong_total_prove_nothing() -> None:
    cloud = Cloud(4, durations=Durations(delete=6.0))
    for instance_id in MANY:
        cloud.machine(instance_id, "stopped")
    cloud.service.harm_upon(BULK, "", Harm.SHORT, *range(3, 9))
    campaign = audited(cloud, make_policy("absent", *MANY), Timing(poll_interval=0.5))
    assert campaign.report.summary()["deleted"] == len(MANY)


@pytest.mark.parametrize("harm", [Harm.LOST_BEFORE, Harm.FAILED_BEFORE, Harm.UNREACHABLE, Harm.TIMED_OUT])
def test_a_network_error_is_no_proof_of_absence(harm: Harm) -> None:
    cloud = Cloud(durations=Durations(delete=5.0))
    cloud.machine(status="stopped")
    cloud.service.harm = lambda call: harm if call.operation == SINGLE else None
    campaign = audited(cloud, make_policy(), Timing(wait_timeout=60.0, retries=2))
    row = campaign["i-one"]
    assert row["action"] == "failed" or "i-one" not in cloud.world.machines
    assert row["changed"], "the delete was accepted"


def test_a_lockout_is_no_proof_of_absence() -> None:
    cloud = Cloud(durations=Durations(delete=5.0))
    cloud.machine(status="stopped")
    cloud.service.upon(DELETE, "i-one", lambda: setattr(cloud.limits, "locked_out_at", cloud.time.now()), after=True)
    campaign = audited(cloud, make_policy())
    row = campaign["i-one"]
    assert (row["action"], row["error"]["http"], row["changed"]) == ("failed", 401, True)
    assert row["status"] != "absent"
    assert {disk["fate"] for disk in row["disks"]} == {"unverified"}


def test_after_a_lockout_no_further_write_leaves() -> None:
    cloud = Cloud()
    for instance_id in MANY:
        cloud.machine(instance_id)
    cloud.limits.locked_out_at = cloud.time.now() + 1.0
    campaign = audited(cloud, make_policy("absent", *MANY, stop_running=True))
    assert campaign.report.summary()["failed"] == len(MANY)
    late = [write for write in cloud.log.writes if write.arrived_at > cloud.limits.locked_out_at + 0.1]
    assert not late, "it goes on after the key was refused"
