# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A write whose answer was lost, and no read that tells what came of it: the result says that it may have taken effect."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import JdcloudError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import State
from support.fleet.audit import Audit, audited
from support.fleet.log import DELETE, RELEASE, SET_DISKS, START, STOP
from support.fleet.operations import Durations
from support.fleet.scenarios import scenario
from support.fleet.service import Harm
from support.fleet.virtual import Campaign, Cloud, data_disk, make_policy
from support.fleet.world import TrueAddress, TrueMachine

READS = ("vm.describeInstances", "vm.describeInstance")
CASES = [
    ("absent", "stopped", DELETE, "delete"),
    ("absent", "running", STOP, "stop"),
    ("stopped", "running", STOP, "stop"),
    ("running", "stopped", START, "start"),
]
BLIND = [Harm.FORBIDDEN, Harm.FAILED_BEFORE]


def blind_after(cloud: Cloud, operation: str, lost: Harm, reads: Harm, *, reads_before: int = 0) -> None:
    """The answer to the first call of an operation is lost, and after some more reads none succeeds any more."""
    seen = {"writes": 0, "reads": 0}

    def harm(call: Any) -> Harm | None:
        if call.operation == operation:
            seen["writes"] += 1
            return lost if seen["writes"] == 1 else None
        if seen["writes"] and call.operation in READS:
            seen["reads"] += 1
            return reads if seen["reads"] > reads_before else None
        return None

    cloud.service.harm = harm


def show_as_it_is(cloud: Cloud, machine: TrueMachine, seconds: float) -> None:
    """Reads show the machine as it is now, for some time: a replica lags."""
    shown, show = cloud.world.instance_json(machine), cloud.world.instance_json
    cloud.world.instance_json = lambda machine: shown  # type: ignore[method-assign]
    cloud.time.at(cloud.time.now() + seconds, lambda: setattr(cloud.world, "instance_json", show))


def one(cloud: Cloud, state: State, status: str, **more: Any) -> Campaign:
    disks = [data_disk("vol-keeps"), data_disk("vol-goes", device="vdc", auto_delete=True)]
    cloud.machine(status=status, disks=disks, addresses=[TrueAddress("fip-one")])
    return audited(cloud, make_policy(state, stop_running=state == "absent", **more), Timing(retries=2))


@pytest.mark.parametrize("reads", BLIND)
@pytest.mark.parametrize("lost", [Harm.LOST_AFTER, Harm.TIMED_OUT, Harm.FAILED_AFTER])
@pytest.mark.parametrize(("state", "status", "operation", "word"), CASES)
def test_a_machine_that_cannot_be_read_after_a_lost_answer_is_unverified(
    state: State, status: str, operation: str, word: str, lost: Harm, reads: Harm
) -> None:
    cloud = Cloud()
    blind_after(cloud, operation, lost, reads)
    row = one(cloud, state, status)["i-one"]
    assert (row["action"], row["status"], row["changed"], row["error"]["code"]) == ("failed", "unverified", True, "unverified")


@pytest.mark.parametrize(("state", "status", "operation", "word"), CASES)
def test_its_error_says_what_was_sent(state: State, status: str, operation: str, word: str) -> None:
    cloud = Cloud()
    blind_after(cloud, operation, Harm.LOST_AFTER, Harm.FORBIDDEN)
    message = one(cloud, state, status)["i-one"]["error"]["message"]
    assert (
        f"The {word} of i-one was sent, but the response was not clear, so it may have taken effect: run again to check."
    ) in message


def test_its_error_still_tells_why_it_could_not_be_read() -> None:
    cloud = Cloud()
    blind_after(cloud, DELETE, Harm.LOST_AFTER, Harm.FORBIDDEN)
    error = one(cloud, "absent", "stopped")["i-one"]["error"]
    assert (error["http"], error["status"]) == (403, "HTTP_FORBIDDEN")


def test_the_fates_of_a_machine_that_may_be_gone_are_unverified() -> None:
    cloud = Cloud()
    blind_after(cloud, DELETE, Harm.LOST_AFTER, Harm.FORBIDDEN)
    row = one(cloud, "absent", "stopped")["i-one"]
    assert {each["fate"] for each in row["disks"] + row["elastic_ips"]} == {"unverified"}


def test_what_may_remain_of_a_machine_that_may_be_gone_is_retained() -> None:
    cloud = Cloud()
    blind_after(cloud, DELETE, Harm.LOST_AFTER, Harm.FORBIDDEN)
    retained = one(cloud, "absent", "stopped").report.retained()
    text = [(each.get("disk_id") or each["elastic_ip_id"], each["fate"]) for each in retained["disks"] + retained["elastic_ips"]]
    assert sorted(text) == [(each, "unverified") for each in ("fip-one", "vol-goes", "vol-keeps", "vol-onesys")]


@pytest.mark.parametrize("operation", [STOP, START])
def test_a_stop_or_start_in_doubt_leaves_no_fates_open(operation: str) -> None:
    cloud = Cloud()
    blind_after(cloud, operation, Harm.LOST_AFTER, Harm.FORBIDDEN)
    state, status = ("stopped", "running") if operation == STOP else ("running", "stopped")
    assert one(cloud, state, status).report.retained() == {"disks": [], "elastic_ips": []}  # type: ignore[arg-type]


def test_the_summary_counts_it_as_changed_and_failed_and_not_as_deleted() -> None:
    cloud = Cloud()
    blind_after(cloud, DELETE, Harm.LOST_AFTER, Harm.FORBIDDEN)
    summary = one(cloud, "absent", "stopped").report.summary()
    assert {key: summary[key] for key in ("changed", "failed", "deleted", "already_absent", "unchanged")} == {
        "changed": 1,
        "failed": 1,
        "deleted": 0,
        "already_absent": 0,
        "unchanged": 0,
    }


def test_the_diff_shows_what_is_not_known() -> None:
    cloud = Cloud()
    blind_after(cloud, DELETE, Harm.LOST_AFTER, Harm.FORBIDDEN)
    after = one(cloud, "absent", "stopped").report.diff(wanted=True)["after"]["instances"]["i-one"]
    assert (after["status"], set(after["disks"].values())) == ("unverified", {"unverified"})


@pytest.mark.parametrize(("state", "status", "operation", "word"), CASES)
def test_one_early_read_that_a_lagging_replica_may_have_answered_decides_nothing(
    state: State, status: str, operation: str, word: str
) -> None:
    cloud = Cloud()
    machine = cloud.machine(status=status)
    blind_after(cloud, operation, Harm.LOST_AFTER, Harm.FORBIDDEN, reads_before=1)
    cloud.service.upon(operation, "i-one", lambda: show_as_it_is(cloud, machine, 60.0))
    row = cloud.run(make_policy(state, stop_running=state == "absent"), Timing(retries=2))["i-one"]
    assert (row["status"], row["changed"]) == ("unverified", True)


def test_a_late_read_that_shows_no_effect_decides() -> None:
    cloud = Cloud()
    cloud.machine(status="stopped")
    cloud.service.harm = lambda call: Harm.FAILED_BEFORE if call.operation == DELETE else None
    row = audited(cloud, make_policy(), Timing(retries=1))["i-one"]
    assert (row["status"], row["changed"], row["error"]["code"]) == ("stopped", False, "api")


@pytest.mark.parametrize(("state", "status", "operation", "word"), CASES)
def test_a_refusal_after_a_lost_answer_is_not_believed_before_a_read(
    state: State, status: str, operation: str, word: str
) -> None:
    cloud = Cloud()
    machine = cloud.machine(status=status)
    # One replica lags, so that the call is sent again, and refused.
    cloud.service.upon(operation, "i-one", lambda: show_as_it_is(cloud, machine, 1.0))
    cloud.service.harm_upon(operation, "i-one", Harm.LOST_AFTER)
    cloud.service.harm_upon(operation, "i-one", Harm.FORBIDDEN, 2)
    row = cloud.run(make_policy(state, stop_running=state == "absent"))["i-one"]
    assert (row["changed"], row["error"], len(cloud.log.of(operation))) == (True, None, 2)


def test_keys_that_lose_their_right_leave_a_lost_delete_in_doubt() -> None:
    cloud = Cloud()
    cloud.service.harm_upon(DELETE, "i-one", Harm.LOST_AFTER)
    cloud.service.upon(DELETE, "i-one", lambda: setattr(cloud.limits, "locked_out_at", cloud.time.now()), after=True)
    row = one(cloud, "absent", "stopped")["i-one"]
    assert (row["status"], row["changed"], row["error"]["code"]) == ("unverified", True, "unverified")


def test_a_lost_answer_that_comes_after_the_end_of_the_run_is_reported() -> None:
    cloud = Cloud()
    ids = [f"i-m{number}" for number in range(3)]
    for instance_id in ids:
        cloud.machine(instance_id, status="stopped")
        cloud.service.harm_upon(DELETE, instance_id, Harm.TIMED_OUT)
    cloud.service.upon(DELETE, "i-m2", lambda: setattr(cloud.limits, "locked_out_at", cloud.time.now()), after=True)
    campaign = audited(cloud, make_policy("absent", *ids))
    assert {campaign[each]["error"]["code"] for each in ids} == {"unverified"}


def test_a_bug_that_ends_the_run_does_not_hide_what_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud()
    cloud.machine(status="stopped")

    def burst() -> None:
        raise ZeroDivisionError

    cloud.service.upon(DELETE, "i-one", burst, after=True)
    row = cloud.run(make_policy())["i-one"]
    assert (row["status"], row["changed"], row["error"]["code"]) == ("unverified", True, "unverified")


@pytest.mark.parametrize(("wished", "configured"), [("keep", True), ("delete", False)])
def test_attributes_are_only_put_back_towards_keeping_while_the_delete_is_in_doubt(wished: str, configured: bool) -> None:
    cloud = Cloud()
    cloud.machine(status="stopped", disks=[data_disk("vol-data", auto_delete=configured)])
    blind_after(cloud, DELETE, Harm.LOST_BEFORE, Harm.FORBIDDEN)
    campaign = audited(cloud, make_policy(disks=wished), Timing(retries=2))
    assert "vol-data" in campaign["i-one"]["error"]["message"]
    assert not any(row["autoDelete"] for write in cloud.log.of(SET_DISKS)[1:] for row in write.body["dataDisks"])


def test_a_release_in_doubt_is_not_called_undone() -> None:
    cloud = Cloud()
    cloud.service.harm_upon(RELEASE, "fip-one", Harm.LOST_AFTER)
    cloud.service.harm = lambda call: Harm.FORBIDDEN if "describeElasticIp" in call.operation and cloud.log.of(RELEASE) else None
    row = one(cloud, "absent", "stopped", release_elastic_ips=True)["i-one"]
    assert (row["elastic_ips"][0]["fate"], "may have taken effect" in row["error"]["message"]) == ("unverified", True)


def test_an_address_that_could_not_be_read_may_still_be_billed() -> None:
    cloud = Cloud()
    cloud.service.harm = lambda call: Harm.FORBIDDEN if "describeElasticIp" in call.operation and cloud.log.of(DELETE) else None
    message = one(cloud, "absent", "stopped", release_elastic_ips=True)["i-one"]["error"]["message"]
    assert "may still exist and be billed" in message


def test_whatever_is_lost_and_refused_the_result_never_shows_what_was_before() -> None:
    for seed in range(150):
        each = scenario(seed)
        begins, share = each.cloud.time.now() + (seed % 17) * 0.5, each.cloud.service.harm

        def harm(call: Any, each: Any = each, begins: float = begins, share: Any = share) -> Harm | None:
            if each.cloud.time.now() < begins:
                return cast("Harm | None", share(call))
            if call.operation in READS:
                return Harm.FORBIDDEN
            return Harm.LOST_AFTER if call.write else None

        each.cloud.service.harm = harm
        try:
            campaign = each.cloud.run(each.policy, each.timing, cap=1000, skip_blocked=each.skip_blocked, rate=each.rate)
        except JdcloudError:
            assert not each.cloud.log.writes
            continue
        try:
            Audit(each.cloud, each.policy, campaign, each.before, waited=each.timing.wait).check()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_a_machine_that_is_gone_at_the_first_look_after_a_lost_delete_was_deleted_by_us() -> None:
    cloud = Cloud(durations=Durations(delete=0.05))
    cloud.machine(status="stopped", addresses=[TrueAddress("fip-one")])
    cloud.service.harm_upon(DELETE, "i-one", Harm.LOST_AFTER)
    campaign = audited(cloud, make_policy(release_elastic_ips=True))
    row = campaign["i-one"]
    assert (row["action"], row["status"], row["changed"], row["error"]) == ("deleted", "absent", True, None)
    assert [each["fate"] for each in row["elastic_ips"]] == ["released"]
    assert len(cloud.log.of(DELETE)) == 1


# --- what only a single read shows ------------------------------------------------------------------------------------


def hide_in_bulk(cloud: Cloud, reads: int) -> None:
    """From the second one on, so many bulk answers count the machines and do not show them."""
    left = {"shown": 1, "hidden": reads}

    def twist(call: Any, result: Any) -> Any:
        if call.operation != "vm.describeInstances":
            return result
        which = next((name for name, number in left.items() if number), None)
        if which is None:
            return result
        left[which] -= 1
        return result if which == "shown" else {"instances": [], "totalCount": 1}

    cloud.service.twist = twist


@pytest.mark.parametrize(("state", "status", "operation"), [("stopped", "running", STOP), ("running", "stopped", START)])
@pytest.mark.parametrize("harm", [None, Harm.LOST_AFTER], ids=["accepted", "answer lost"])
def test_a_change_that_only_single_reads_show_ends_the_wait(state: State, status: str, operation: str, harm: Harm | None) -> None:
    cloud = Cloud()
    cloud.machine(status=status)
    hide_in_bulk(cloud, 99)
    if harm is not None:
        cloud.service.harm_upon(operation, "i-one", harm)
    campaign = audited(cloud, make_policy(state), Timing(wait_timeout=30))
    assert campaign["i-one"]["action"] == {"stopped": "stopped", "running": "started"}[state]


def test_a_stop_that_only_single_reads_show_opens_no_gate() -> None:
    cloud = Cloud()
    cloud.machine(status="running")
    hide_in_bulk(cloud, 4)
    campaign = audited(cloud, make_policy("absent", stop_running=True), Timing(wait_timeout=60))
    assert campaign["i-one"]["action"] == "deleted"
