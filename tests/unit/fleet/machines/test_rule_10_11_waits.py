# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 10: a wait that runs out is a failure. Rule 11: after an unclear end, read first, and repeat only what had no effect."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import State
from support.fleet.audit import audited
from support.fleet.log import DELETE, SET_DISKS, START, STOP
from support.fleet.operations import Durations
from support.fleet.service import Harm
from support.fleet.virtual import Cloud, data_disk, make_policy
from support.fleet.virtual_time import VirtualPool

LOST = [Harm.LOST_AFTER, Harm.TIMED_OUT, Harm.FAILED_AFTER]
NOT_DONE = [Harm.LOST_BEFORE, Harm.FAILED_BEFORE, Harm.UNREACHABLE]


@pytest.mark.parametrize(
    ("state", "status", "hanging"),
    [
        ("absent", "running", "stopping"),
        ("absent", "stopped", "deleting"),
        ("stopped", "running", "stopping"),
        ("running", "stopped", "starting"),
    ],
)
def test_rule_10_a_wait_that_runs_out_names_machine_state_and_time(state: State, status: str, hanging: str) -> None:
    cloud = Cloud()
    cloud.machine(status=status, hangs={hanging})
    policy = make_policy(state, stop_running=state == "absent")
    campaign = audited(cloud, policy, Timing(wait_timeout=30.0))
    row = campaign["i-one"]
    assert (row["action"], row["error"]["code"], row["status"]) == ("failed", "timeout", hanging)
    assert "i-one" in row["error"]["message"]
    assert f"'{hanging}'" in row["error"]["message"]
    assert " 30 s" in row["error"]["message"]
    assert 30.0 <= campaign.seconds < 35.0


@pytest.mark.parametrize("status", ["stopping", "starting", "pending", "rebooting"])
def test_rule_10_settling_has_one_deadline_and_changes_nothing_when_it_runs_out(status: str) -> None:
    cloud = Cloud()
    cloud.machine("i-one", status)
    cloud.world.machines["i-one"].generation += 1  # It never gets there.
    cloud.machine("i-two", "stopped")
    campaign = audited(cloud, make_policy("absent", "i-one", "i-two"), Timing(wait_timeout=30.0))
    assert campaign.code("i-one") == "timeout"
    assert f"'{status}'" in campaign["i-one"]["error"]["message"]
    assert not cloud.log.writes
    assert campaign.run.held_back


def test_rule_10_an_unknown_status_is_not_waited_for_to_the_end() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "suspended")
    cloud.machine("i-two", "stopped")
    campaign = audited(cloud, make_policy("absent", "i-one", "i-two"), Timing(wait_timeout=600.0), skip_blocked=True)
    assert [blocker["code"] for blocker in campaign["i-one"]["blockers"]] == ["unknown_status"]
    assert campaign["i-two"]["action"] == "deleted"
    assert campaign.seconds < 30.0


def test_rule_10_a_machine_that_settles_in_time_is_worked_on() -> None:
    cloud = Cloud()
    cloud.machine(status="stopping")
    campaign = audited(cloud, make_policy())
    assert (campaign["i-one"]["status_before"], campaign["i-one"]["action"]) == ("stopping", "deleted")


def test_rule_10_without_waiting_a_transitional_state_is_a_blocker() -> None:
    cloud = Cloud()
    cloud.machine(status="stopping")
    campaign = audited(cloud, make_policy(), Timing(wait=False))
    assert [blocker["code"] for blocker in campaign["i-one"]["blockers"]] == ["transitional"]
    assert campaign.seconds < 1.0


@pytest.mark.parametrize(
    ("state", "status", "after"),
    [("absent", "stopped", "deleting"), ("stopped", "running", "stopping"), ("running", "stopped", "starting")],
)
def test_rule_10_without_waiting_accepted_is_the_end(state: State, status: str, after: str) -> None:
    cloud = Cloud()
    cloud.machine(status=status)
    campaign = audited(cloud, make_policy(state), Timing(wait=False))
    row = campaign["i-one"]
    assert (row["status"], row["error"], row["changed"]) == (after, None, True)
    assert campaign.seconds < 1.0


def test_rule_10_a_hanging_machine_does_not_hold_up_the_others() -> None:
    cloud = Cloud()
    ids = [f"i-m{number:02d}" for number in range(30)]
    for instance_id in ids:
        cloud.machine(instance_id, hangs={"stopping"} if instance_id == "i-m07" else set())
    campaign = audited(cloud, make_policy("absent", *ids, stop_running=True), Timing(wait_timeout=60.0))
    assert campaign.report.summary()["deleted"] == 29
    assert campaign.code("i-m07") == "timeout"
    assert max(write.arrived_at for write in cloud.log.of(DELETE)) - 1000.0 < 10.0


@pytest.mark.parametrize("harm", LOST)
@pytest.mark.parametrize(
    ("state", "status", "operation"),
    [("absent", "stopped", DELETE), ("absent", "running", STOP), ("stopped", "running", STOP), ("running", "stopped", START)],
)
def test_rule_11_a_write_that_took_effect_is_not_repeated_and_counts(
    harm: Harm, state: State, status: str, operation: str
) -> None:
    cloud = Cloud()
    cloud.machine(status=status)
    cloud.service.harm_upon(operation, "i-one", harm)
    campaign = audited(cloud, make_policy(state, stop_running=state == "absent"))
    row = campaign["i-one"]
    assert (row["error"], row["changed"]) == (None, True)
    assert row["action"] == {"absent": "deleted", "stopped": "stopped", "running": "started"}[state]
    assert len(cloud.log.of(operation)) == 1


@pytest.mark.parametrize("harm", NOT_DONE)
@pytest.mark.parametrize(
    ("state", "status", "operation"),
    [("absent", "stopped", DELETE), ("absent", "running", STOP), ("stopped", "running", STOP), ("running", "stopped", START)],
)
def test_rule_11_a_write_without_effect_is_repeated_after_a_read(harm: Harm, state: State, status: str, operation: str) -> None:
    cloud = Cloud()
    cloud.machine(status=status)
    cloud.service.harm_upon(operation, "i-one", harm, 1, 2)
    campaign = audited(cloud, make_policy(state, stop_running=state == "absent"))
    assert campaign["i-one"]["error"] is None
    first, second, third = cloud.log.of(operation)
    for before, after in ((first, second), (second, third)):
        reads = [
            sight for sight in cloud.log.sights["i-one"] if sight.sent_at >= before.left_at and sight.received_at <= after.left_at
        ]
        assert reads, "it was repeated without having been read"
    assert cloud.log.effects(operation, "i-one") == 1


@pytest.mark.parametrize("harm", LOST)
def test_rule_11_a_lost_delete_that_was_over_before_anybody_looked_is_ours(harm: Harm) -> None:
    cloud = Cloud(durations=Durations(delete=0.01))
    cloud.machine(status="stopped", disks=[data_disk(auto_delete=True)])
    cloud.service.harm_upon(DELETE, "i-one", harm)
    campaign = audited(cloud, make_policy())
    assert (campaign["i-one"]["action"], campaign["i-one"]["status"]) == ("deleted", "absent")
    assert {disk["fate"] for disk in campaign["i-one"]["disks"]} == {"deleted"}


def test_rule_11_a_write_that_never_works_is_a_failure_with_the_error() -> None:
    cloud = Cloud()
    cloud.machine(status="stopped")
    cloud.service.harm = lambda call: Harm.FAILED_BEFORE if call.operation == DELETE else None
    campaign = audited(cloud, make_policy(), Timing(retries=3))
    row = campaign["i-one"]
    assert (row["action"], row["changed"], row["error"]["http"], row["error"]["status"]) == ("failed", False, 500, "UNKNOWN")
    assert row["error"]["operation"] == DELETE
    assert len(cloud.log.of(DELETE)) == 4


def test_rule_11_the_last_unclear_write_is_read_back_too() -> None:
    cloud = Cloud()
    cloud.machine(status="stopped")
    cloud.service.harm_upon(DELETE, "i-one", Harm.LOST_AFTER)
    campaign = audited(cloud, make_policy(), Timing(retries=0))
    assert (campaign["i-one"]["action"], campaign["i-one"]["status"]) == ("deleted", "absent")


@pytest.mark.parametrize("harm", [*NOT_DONE, Harm.BUSY])
@pytest.mark.parametrize(
    ("state", "status", "operation"), [("absent", "running", STOP), ("stopped", "running", STOP), ("running", "stopped", START)]
)
def test_rule_11_a_stop_or_start_is_not_repeated_on_a_machine_that_was_protected_meanwhile(
    harm: Harm, state: State, status: str, operation: str
) -> None:
    cloud = Cloud()
    machine = cloud.machine(status=status)
    cloud.service.harm_upon(operation, "i-one", harm)
    protect = cloud.disturb(machine, lambda each: each.tags.update({"jdcloud-protect": "now"}))
    cloud.service.upon(operation, "i-one", protect, after=True)
    campaign = audited(cloud, make_policy(state, stop_running=state == "absent"))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert machine.status == status
    assert len(cloud.log.of(operation)) == 1


def test_rule_11_a_stop_that_is_answered_by_a_conflict_waits_and_tries_again() -> None:
    cloud = Cloud()
    cloud.machine()
    cloud.service.harm_upon(STOP, "i-one", Harm.BUSY, 1, 2, 3)
    campaign = audited(cloud, make_policy(stop_running=True))
    assert campaign["i-one"]["action"] == "deleted"
    assert len(cloud.log.of(STOP)) == 4


def test_rule_11_a_conflict_that_stays_is_a_failure_bounded_by_time() -> None:
    cloud = Cloud()
    cloud.machine(status="stopped")
    cloud.service.harm = lambda call: Harm.BUSY if call.operation == DELETE else None
    campaign = audited(cloud, make_policy(), Timing(wait_timeout=40.0))
    row = campaign["i-one"]
    assert (row["action"], row["error"]["code"]) == ("failed", "timeout")
    assert "Conflict with underlay task" in row["error"]["message"]
    assert 38.0 < campaign.seconds < 50.0


def test_a_new_machine_without_charge_record_is_tried_for_a_minute() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "stopped").uncharged_until = cloud.time.now() + 20.0
    cloud.machine("i-two", "stopped").uncharged_until = cloud.time.now() + 500.0
    campaign = audited(cloud, make_policy("absent", "i-one", "i-two"))
    assert campaign["i-one"]["action"] == "deleted"
    assert campaign["i-two"]["action"] == "failed"
    assert "no charged resource" in campaign["i-two"]["error"]["message"]
    assert 55.0 < campaign.seconds < 90.0


@pytest.mark.parametrize(("operation", "status"), [(STOP, "running"), (SET_DISKS, "stopped"), (DELETE, "stopped")])
def test_throttling_does_not_use_up_the_tries(operation: str, status: str) -> None:
    cloud = Cloud()
    cloud.machine(status=status, disks=[data_disk()])
    cloud.service.harm_upon(operation, "i-one", Harm.THROTTLED, *range(1, 13))
    campaign = audited(cloud, make_policy(stop_running=True, disks="delete"), Timing(retries=1))
    assert campaign["i-one"]["action"] == "deleted"
    assert len(cloud.log.of(operation)) == 13


@pytest.mark.parametrize(("state", "status", "operation"), [("stopped", "running", STOP), ("running", "stopped", START)])
def test_waiting_to_send_a_throttled_stop_or_start_again_is_no_busy_wait(
    monkeypatch: pytest.MonkeyPatch, state: State, status: str, operation: str
) -> None:
    cloud = Cloud()
    cloud.machine(status=status)
    cloud.service.harm_upon(operation, "i-one", Harm.THROTTLED, *range(1, 6))
    asked: list[float] = []
    monkeypatch.setattr(VirtualPool, "wait", watched(VirtualPool.wait, asked))
    campaign = cloud.run(make_policy(state), Timing())
    assert campaign["i-one"]["status"] == state
    assert len(asked) < 300


def watched(wait: Any, asked: list[float]) -> Any:
    """The same, and each time that it is asked for is noted."""

    def noting(pool: VirtualPool, timeout: float | None) -> Any:
        asked.append(timeout or 0.0)
        return wait(pool, timeout)

    return noting


def test_throttling_that_never_ends_is_a_failure() -> None:
    cloud = Cloud()
    cloud.machine(status="stopped")
    cloud.service.harm = lambda call: Harm.THROTTLED if call.operation == DELETE else None
    campaign = audited(cloud, make_policy())
    assert (campaign["i-one"]["action"], campaign["i-one"]["error"]["status"]) == ("failed", "RATE_LIMIT")
    assert 100.0 < campaign.seconds < 300.0


@pytest.mark.parametrize(("state", "status", "operation"), [("stopped", "running", STOP), ("running", "stopped", START)])
def test_throttling_of_a_stop_or_start_that_never_ends_is_a_failure_after_two_minutes(
    state: State, status: str, operation: str
) -> None:
    """Although its plan is too old after one minute, and the machine is looked at again."""
    cloud = Cloud()
    cloud.machine(status=status)
    cloud.service.harm = lambda call: Harm.THROTTLED if call.operation == operation else None
    began = cloud.time.now()
    row = cloud.run(make_policy(state), Timing())["i-one"]
    assert (row["action"], row["error"]["http"]) == ("failed", 429)
    assert cloud.time.now() - began < 150


@pytest.mark.parametrize("operation", ["vm.describeInstances", "vm.describeInstance"])
def test_rule_10_reads_that_keep_timing_out_do_not_outlast_the_wait(operation: str) -> None:
    """Each takes 30 s, and each is repeated; the result must not come much later than the waits allow."""
    cloud = Cloud()
    cloud.machine("i-one", "stopped")
    cloud.machine("i-two", "stopped")

    def harm(call: Any) -> Harm | None:
        late = any(write.operation == "vm.deleteInstance" for write in cloud.log.writes)
        return Harm.TIMED_OUT if late and call.operation == operation else None

    cloud.service.harm = harm
    campaign = cloud.run(make_policy("absent", "i-one", "i-two"), Timing(wait_timeout=20.0))
    assert {campaign[each]["action"] for each in ("i-one", "i-two")} <= {"deleted", "failed"}
    assert campaign.seconds < 20.0 + 3 * 30.0


def test_rule_10_a_machine_in_line_for_its_delete_does_not_prolong_the_look_at_one_that_waits() -> None:
    """One waits for its stop, the other for nothing; from the first stop on no machine can be read, and each try takes 30 s."""
    cloud = Cloud()
    cloud.machine("i-one", "running")
    cloud.machine("i-two", "stopped")

    def harm(call: Any) -> Harm | None:
        late = any(write.operation == STOP for write in cloud.log.writes)
        return Harm.TIMED_OUT if late and call.operation in ("vm.describeInstances", "vm.describeInstance") else None

    cloud.service.harm = harm
    campaign = cloud.run(make_policy("absent", "i-one", "i-two", stop_running=True), Timing(wait_timeout=20.0))
    assert {campaign[each]["action"] for each in ("i-one", "i-two")} == {"failed"}
    assert campaign.seconds < 20.0 + 3 * 30.0


@pytest.mark.parametrize(("state", "status", "operation"), [("stopped", "running", STOP), ("running", "stopped", START)])
def test_a_call_with_a_lost_answer_that_ended_in_error_is_reported_as_a_change(state: State, status: str, operation: str) -> None:
    cloud = Cloud()
    cloud.machine(status=status, ends_in_error={"stopping", "starting"})
    cloud.service.harm_upon(operation, "i-one", Harm.TIMED_OUT)
    row = audited(cloud, make_policy(state))["i-one"]
    assert (row["action"], row["status"], row["changed"]) == ("failed", "error", True)
