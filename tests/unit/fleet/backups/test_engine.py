# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens around the call that makes a backup: doubts, looks that grow old, machines that others stop and start."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, JdcloudError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.policy import BackupPolicy
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.record import RunOptions
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.marker import DEFAULT_PATTERN
from support.backups.making import IMAGE, SNAPSHOT, BackedUp, MakingCloud
from support.fleet.log import START, STOP
from support.fleet.service import Harm
from support.fleet.virtual import PROTECT, by_ids
from support.fleet.virtual_time import Network, VirtualPool
from support.json_object import Json

DISK = "vol-onesys"
CREATES = {"image": (IMAGE, "i-one"), "snapshots": (SNAPSHOT, DISK)}
METHODS = pytest.mark.parametrize("method", CREATES)


def run(cloud: MakingCloud, method: Any = "image", rate: float | None = None, **more: Any) -> BackedUp:
    """Back up `i-one` for campaign c1."""
    timing = more.pop("timing", Timing(wait_timeout=120.0))
    policy = BackupPolicy(method, by_ids("i-one"), "c1", DEFAULT_PATTERN, PROTECT, **more)
    return cloud.back_up(policy, timing, RunOptions(cap=10), rate)


def only(ended: BackedUp) -> Json:
    """The one backup."""
    (row,) = ended.rows
    return row


def stopped(**more: Any) -> MakingCloud:
    """A cloud with a stopped machine."""
    cloud = MakingCloud(**more)
    cloud.machine(status="stopped")
    return cloud


# --- rule 11: unclear ends ----------------------------------------------------------------------------------------


@METHODS
def test_a_listing_that_contradicts_itself_is_no_proof_that_nothing_was_made(method: str) -> None:
    cloud = stopped()
    cloud.making.lag, cloud.making.counted = 8.0, True
    cloud.service.harm_upon(*CREATES[method], Harm.LOST_AFTER)
    assert only(run(cloud, method))["action"] == "created"
    assert len(cloud.log.of(CREATES[method][0])) == 1, "it was asked for again before that was known"


def test_listings_that_never_agree_end_in_a_failure_that_says_what_is_not_known() -> None:
    cloud = stopped()
    cloud.making.lag, cloud.making.counted = 10_000.0, True
    cloud.service.harm_upon(IMAGE, "i-one", Harm.LOST_AFTER)
    row = only(run(cloud))
    assert row["error"]["code"] == "unverified"
    assert "so it may be in progress" in row["error"]["message"]
    assert len(cloud.log.of(IMAGE)) == 1


@METHODS
def test_a_full_quota_after_a_lost_answer_may_be_full_of_our_own(method: str) -> None:
    """The listing shows nothing for longer than it is asked, and then the quota refuses the second call."""
    cloud = stopped()
    cloud.making.lag = {"image": 31.5, "snapshots": 4.5}[method]
    cloud.making.quotas = (1, 1)
    cloud.operations._given = _Forgetful()
    cloud.service.harm_upon(*CREATES[method], Harm.LOST_AFTER)
    row = only(run(cloud, method))
    assert row["action"] == "created", row["error"]
    assert len(cloud.making.made) == 1
    assert len(cloud.log.of(CREATES[method][0])) == 2


class _Forgetful(dict[str, str]):
    """The tokens of a service that does not keep them."""

    def __contains__(self, token: object) -> bool:
        return False


def test_a_task_after_a_lost_answer_may_be_our_own_and_is_not_waited_for_and_repeated() -> None:
    cloud = stopped()
    cloud.making.lag, cloud.making.seconds = 4.5, 30.0
    cloud.service.harm_upon(IMAGE, "i-one", Harm.LOST_AFTER)
    assert only(run(cloud))["action"] == "created"
    assert len(cloud.making.made) == 1


@METHODS
def test_a_refusal_that_nothing_explains_is_reported(method: str) -> None:
    cloud = stopped()
    cloud.making.quotas = (1, 1)
    cloud.service.harm_upon(*CREATES[method], Harm.LOST_BEFORE)
    cloud.service.upon(*CREATES[method], lambda: setattr(cloud.making, "quotas", (0, 0)), nth=2)
    row = only(run(cloud, method))
    assert row["error"]["code"] == "quota_exceeded"
    assert row["error"]["status"] == "QUOTA_EXCEEDED"
    assert not row["changed"]


@METHODS
def test_a_create_that_took_effect_and_ended_in_a_server_error_about_quotas_is_found(method: str) -> None:
    cloud = stopped()
    error = ApiError(CREATES[method][0], 500, "INTERNAL", "the quota service does not answer", "request-q")
    cloud.service._harmed = lambda call, harm: error  # type: ignore[method-assign]
    cloud.service.harm_upon(*CREATES[method], Harm.FAILED_AFTER)
    assert only(run(cloud, method))["action"] == "created"
    assert len(cloud.making.made) == 1


@METHODS
def test_a_create_that_is_lost_again_and_again_is_made_once_in_the_end(method: str) -> None:
    cloud = stopped()
    cloud.service.harm_upon(*CREATES[method], Harm.LOST_BEFORE, 1, 2)
    cloud.service.harm_upon(*CREATES[method], Harm.TIMED_OUT, 3)
    assert only(run(cloud, method))["action"] == "created"
    assert len(cloud.making.made) == 1
    assert len(cloud.log.of(CREATES[method][0])) == 3


# --- rule 11: what was made, and cannot be read yet ------------------------------------------------------------------


@pytest.mark.parametrize(("unreadable", "lag"), [(14.0, 0.0), (60.0, 0.0), (0.0, 60.0), (60.0, 60.0), (60.0, 90.0)])
@METHODS
def test_a_backup_that_some_reads_do_not_show_yet_is_made_once(method: str, unreadable: float, lag: float) -> None:
    cloud = stopped()
    cloud.making.unreadable, cloud.making.lag = unreadable, lag
    row = only(run(cloud, method))
    assert (row["action"], len(cloud.making.made), len(cloud.log.of(CREATES[method][0]))) == ("created", 1, 1)


@METHODS
def test_a_backup_that_no_read_ever_shows_is_a_failure_that_names_it(method: str) -> None:
    cloud = stopped()
    cloud.making.unreadable = cloud.making.lag = 10_000.0
    row = only(run(cloud, method, timing=Timing(wait_timeout=600.0)))
    made = cloud.making.made[0].asset_id
    assert (row["error"]["code"], made in row["error"]["message"], row["changed"]) == ("unverified", True, True)


@METHODS
def test_a_backup_that_no_read_ever_shows_is_not_asked_for_again(method: str) -> None:
    cloud = stopped()
    cloud.making.unreadable = cloud.making.lag = 10_000.0
    run(cloud, method, timing=Timing(wait_timeout=600.0))
    assert len(cloud.log.of(CREATES[method][0])) == 1


@METHODS
def test_an_image_whose_answer_was_lost_is_looked_for_longer_than_listings_lag(method: str) -> None:
    cloud = stopped()
    cloud.making.lag, cloud.making.seconds = 22.0, 5.0
    cloud.service.harm_upon(*CREATES[method], Harm.LOST_AFTER)
    assert only(run(cloud, method))["action"] == "created"
    assert len(cloud.making.made) == 1


@METHODS
def test_the_last_lost_answer_is_no_failure_before_listings_that_lag_have_caught_up(method: str) -> None:
    cloud = stopped()
    cloud.making.lag, cloud.making.seconds = 22.0, 5.0
    cloud.service.harm_upon(*CREATES[method], Harm.LOST_AFTER)
    row = only(run(cloud, method, timing=Timing(wait_timeout=120.0, retries=0)))
    assert (row["action"], row["changed"]) == ("created", True)


@METHODS
def test_a_backup_that_cannot_be_looked_for_after_a_lost_answer_may_be_there(method: str) -> None:
    cloud = stopped()
    cloud.service.harm = lambda call: (
        Harm.LOST_AFTER
        if call.operation == CREATES[method][0]
        else Harm.FORBIDDEN
        if cloud.making.made and call.operation in ("vm.describeImages", "disk.describeSnapshots")
        else None
    )
    row = only(run(cloud, method))
    assert (row["action"], row["status"], row["changed"], row["error"]["code"]) == ("failed", "unverified", True, "unverified")


@METHODS
def test_a_failed_backup_is_not_counted_as_made(method: str) -> None:
    cloud = stopped()
    cloud.making.ends = lambda: "error"
    ended = run(cloud, method)
    counts = ended.report.counts(["image", "snapshot"])
    assert (counts["created"], counts["changed"], counts["failed"]) == (0, 1, 1)


def test_a_repeated_token_that_gives_what_was_made_and_deleted_before_is_not_taken_for_a_new_snapshot() -> None:
    """A run, its snapshot deleted, and a second run of the same campaign: the service may still know the first token."""
    cloud = stopped()
    first = only(run(cloud, "snapshots"))
    cloud.backups.lose(first["snapshot_id"])
    second = only(run(cloud, "snapshots"))
    assert second["action"] == "created"
    assert second["snapshot_id"] != first["snapshot_id"]


def test_a_repeated_token_never_passes_an_old_snapshot_for_a_new_one() -> None:
    """Of three tries two remain, too old to serve again. To count them would give the third one's token once more."""
    cloud = stopped()
    made = []
    for _number in range(3):
        made.append(only(run(cloud, "snapshots"))["snapshot_id"])
        cloud.backups.change(made[-1], made_at=0.0)
        cloud.time.advance(cloud.time.now() + 100.0, lambda: False)
    cloud.backups.lose(made[0])
    latest = only(run(cloud, "snapshots", max_age=0.01))
    assert latest["action"] == "created"
    assert latest["snapshot_id"] not in made


# --- the look before the call -------------------------------------------------------------------------------------


@METHODS
def test_nothing_is_made_of_a_machine_that_another_user_started_before_the_call(method: str) -> None:
    """The plan's own look is too old by then, so it is looked at once more."""
    cloud = stopped(network=Network(latency=2.0))
    machine = cloud.world.machines["i-one"]
    cloud.time.at(cloud.time.now() + 3.0, cloud.restart(machine))
    row = only(run(cloud, method))
    assert row["error"]["code"] == "changed_meanwhile"
    assert "'running'" in row["error"]["message"]
    assert cloud.log.writes == []


def test_a_pace_at_which_no_look_stays_fresh_ends_in_a_failure_that_says_so() -> None:
    cloud = stopped()
    row = only(run(cloud, rate=0.2))
    assert row["error"]["code"] == "timeout"
    assert "20 observations of" in row["error"]["message"]
    assert cloud.log.writes == []


def test_a_slow_pace_that_just_suffices_comes_to_an_end() -> None:
    assert only(run(stopped(), rate=0.3))["action"] == "created"


def test_at_a_slow_pace_polls_do_not_let_the_looks_at_machines_grow_old() -> None:
    cloud = MakingCloud()
    for number in range(6):
        cloud.machine(f"i-m{number}", "stopped")
    cloud.making.seconds = 60.0
    policy = BackupPolicy("image", by_ids(*cloud.world.machines), "c1", DEFAULT_PATTERN, PROTECT)
    ended = cloud.back_up(policy, Timing(wait_timeout=600.0, poll_interval=0.5), RunOptions(cap=10), 0.5)
    assert {row["action"] for row in ended.rows} == {"created"}


# --- power --------------------------------------------------------------------------------------------------------


def test_a_machine_that_another_user_stopped_first_is_not_started_again() -> None:
    cloud = MakingCloud()
    machine = cloud.machine(status="running")
    cloud.service.upon(STOP, "i-one", cloud.disturb(machine, lambda each: setattr(each, "status", "stopped")))
    ended = run(cloud, stop_running=True, start_again=True)
    assert only(ended)["action"] == "created"
    assert cloud.log.of(START) == []
    assert machine.status == "stopped"


def test_a_machine_whose_backup_failed_is_started_again() -> None:
    cloud = MakingCloud()
    machine = cloud.machine(status="running")
    cloud.making.ends = lambda: "error"
    row = only(run(cloud, stop_running=True, start_again=True))
    assert row["error"]["code"] == "backup_failed"
    assert machine.status == "running"


# --- the end ------------------------------------------------------------------------------------------------------


@METHODS
def test_a_lockout_while_a_call_is_on_its_way_hides_nothing(method: str) -> None:
    cloud = stopped()
    cloud.making.seconds = 30.0
    cloud.service.harm_upon(*CREATES[method], Harm.TIMED_OUT)
    # The time-out takes 30 s; the keys are locked before the doubts are cleared.
    cloud.limits.locked_out_at = cloud.time.now() + 5.0
    row = only(run(cloud, method))
    assert row["error"]["http"] == 401
    assert "so it may be in progress" in row["error"]["message"]


def test_a_marker_is_taken_back_although_some_answers_are_lost() -> None:
    cloud = stopped()
    machine = cloud.world.machines["i-one"]
    cloud.service.upon(IMAGE, "i-one", cloud.restart(machine), after=True)
    cloud.service.harm = lambda call: _harm_of_voids(cloud, call.operation)
    row = only(run(cloud))
    image = cloud.backups.find(row["image_id"])
    assert image is not None
    assert image.description.endswith("stopped=false")
    assert row["error"]["code"] == "changed_meanwhile"
    assert "by hand" not in row["error"]["message"]


def _harm_of_voids(cloud: MakingCloud, operation: str) -> Harm | None:
    tries = len(cloud.log.of("vm.modifyImageAttribute"))
    harms = [Harm.THROTTLED, Harm.LOST_BEFORE, Harm.LOST_AFTER]
    return harms[tries] if operation == "vm.modifyImageAttribute" and tries < len(harms) else None


def test_a_read_that_fails_before_anything_was_made_changes_nothing() -> None:
    cloud = MakingCloud()
    cloud.machine(status="running")
    cloud.service.harm = lambda call: Harm.FAILED_BEFORE if call.operation == "disk.describeQuota" else None
    with pytest.raises(JdcloudError):
        run(cloud, stop_running=True)
    assert cloud.log.writes == []


def test_waiting_for_a_slow_look_at_the_machines_is_no_busy_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = MakingCloud(network=Network(1.0))
    ids = [f"i-m{number:03d}" for number in range(100)]
    for instance_id in ids:
        cloud.machine(instance_id, "stopped")
    cloud.making.quotas = (100, 100)
    turns: list[float | None] = []
    wait = VirtualPool.wait

    def counted(pool: VirtualPool, timeout: float | None) -> Any:
        turns.append(timeout)
        return wait(pool, timeout)

    monkeypatch.setattr(VirtualPool, "wait", counted)
    began = cloud.time.now()
    policy = BackupPolicy("image", by_ids(*ids), "c1", DEFAULT_PATTERN, PROTECT)
    ended = cloud.back_up(policy, Timing(), RunOptions(cap=100), rate=5.0)
    assert [row["action"] for row in ended.rows] == ["created"] * 100
    assert len(turns) < 60 * (cloud.time.now() - began)


@pytest.mark.parametrize(
    ("stop_timeout", "waited"), [(None, 600.0), (45.0, 45.0), (1200.0, 1200.0)], ids=["not_given", "short", "long"]
)
def test_a_machine_that_hangs_is_waited_for_by_a_time_of_its_own(stop_timeout: float | None, waited: float) -> None:
    cloud = MakingCloud()
    cloud.machine(status="running", hangs={"stopping"})
    began = cloud.time.now()
    ended = run(cloud, timing=Timing(wait_timeout=7200.0, stop_timeout=stop_timeout), stop_running=True)
    failure = ended.run.records[0].failure
    assert failure is not None
    assert failure.code == "timeout"
    assert f"longer than {'stop_timeout' if stop_timeout else 'wait_timeout'} allows" in failure.message
    assert waited <= cloud.time.now() - began < waited + 30
