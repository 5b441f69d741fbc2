# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 13: which elastic IPs are released. Rule 14: fates are read back, and one failure hides nothing."""

from __future__ import annotations

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.machines.failed_calls import NextStep
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.machines.state import MachineState
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.machines.transitions import Transitions
from support.fleet.audit import audited
from support.fleet.log import DELETE, RELEASE
from support.fleet.operations import Durations
from support.fleet.service import Harm
from support.fleet.virtual import Cloud, data_disk, make_policy
from support.fleet.world import TrueAddress, TrueMachine, TrueNic

FIP = "fip-one"


def with_address(status: str = "stopped", **durations: float) -> tuple[Cloud, TrueMachine]:
    cloud = Cloud(durations=Durations(**durations))
    return cloud, cloud.machine(status=status, addresses=[TrueAddress(FIP)])


def fates(campaign: object, instance_id: str = "i-one") -> dict[str, str]:
    return {each["elastic_ip_id"]: each["fate"] for each in campaign[instance_id]["elastic_ips"]}  # type: ignore[index]


def test_an_elastic_ip_is_released_by_itself_after_its_machine_is_gone() -> None:
    cloud, _machine = with_address()
    campaign = audited(cloud, make_policy(release_elastic_ips=True))
    assert fates(campaign) == {FIP: "released"}
    [deletion], [release] = cloud.log.of(DELETE), cloud.log.of(RELEASE)
    assert release.arrived_at >= deletion.arrived_at + 1.5
    assert FIP not in cloud.world.elastic_ips


def test_it_is_waited_for_until_the_service_has_freed_it() -> None:
    cloud, _machine = with_address(tidying=6.0)
    campaign = audited(cloud, make_policy(release_elastic_ips=True))
    assert fates(campaign) == {FIP: "released"}
    [release] = cloud.log.of(RELEASE)
    assert release.took_effect


def test_all_of_several_elastic_ips_are_released_one_by_one() -> None:
    cloud = Cloud()
    addresses = [TrueAddress(f"fip-x{number}") for number in range(3)] + [TrueAddress("fip-nic", nic="port-two")]
    cloud.machine(status="stopped", addresses=addresses, nics=[TrueNic("port-two", True)])
    campaign = audited(cloud, make_policy(release_elastic_ips=True))
    assert set(fates(campaign).values()) == {"released"}
    assert len(cloud.log.of(RELEASE)) == 4


def test_each_release_rests_on_a_look_of_the_last_seconds_however_slowly_calls_leave() -> None:
    cloud = Cloud()
    cloud.machine(status="stopped", addresses=[TrueAddress(f"fip-x{number}") for number in range(8)])
    campaign = audited(cloud, make_policy(release_elastic_ips=True, protect_tags={}), rate=1.0)
    assert set(fates(campaign).values()) == {"released"}
    looks = [when for when, operation, _id in cloud.log.calls if operation == "vpc.describeElasticIps"]
    for release in cloud.log.of(RELEASE):
        assert release.arrived_at - max(look for look in looks if look < release.arrived_at) <= 5.0


def test_kept_is_the_default_and_reported_as_still_billed() -> None:
    cloud, _machine = with_address()
    campaign = audited(cloud, make_policy())
    assert fates(campaign) == {FIP: "kept"}
    assert [each["elastic_ip_id"] for each in campaign.report.retained()["elastic_ips"]] == [FIP]
    assert not cloud.log.of(RELEASE)


def test_one_that_never_becomes_free_is_a_failure_and_still_reported() -> None:
    cloud, _machine = with_address(tidying=10_000.0)
    campaign = audited(cloud, make_policy(release_elastic_ips=True))
    row = campaign["i-one"]
    assert (row["status"], row["action"], row["changed"]) == ("absent", "failed", True)
    assert fates(campaign) == {FIP: "failed"}
    assert FIP in row["error"]["message"]
    assert [each["fate"] for each in campaign.report.retained()["elastic_ips"]] == ["failed"]


def test_one_that_another_user_gives_to_another_machine_is_not_released() -> None:
    cloud, machine = with_address()

    def give_away() -> None:
        address = cloud.world.elastic_ips[FIP]
        address.machine_id, address.nic = "i-stranger", "port-stranger"

    cloud.service.upon(DELETE, "i-one", cloud.disturb(machine, lambda each: give_away()), after=True)
    campaign = audited(cloud, make_policy(release_elastic_ips=True))
    assert fates(campaign) == {FIP: "failed"}
    assert "i-stranger" in campaign["i-one"]["error"]["message"]
    assert not cloud.log.of(RELEASE)
    assert FIP in cloud.world.elastic_ips


def test_one_that_left_the_machine_before_the_delete_is_not_released() -> None:
    cloud, machine = with_address("running")

    def leave(each: TrueMachine) -> None:
        address = cloud.world.elastic_ips[FIP]
        address.machine_id = address.nic = None

    cloud.time.at(cloud.time.now() + 1.0, cloud.disturb(machine, leave))
    campaign = audited(cloud, make_policy(stop_running=True, release_elastic_ips=True))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert FIP in cloud.world.elastic_ips


def test_a_machine_that_failed_keeps_its_elastic_ips() -> None:
    cloud, machine = with_address("running")
    machine.hangs.add("stopping")
    campaign = audited(cloud, make_policy(stop_running=True, release_elastic_ips=True), Timing(wait_timeout=10.0))
    assert fates(campaign) == {FIP: None}
    assert not cloud.log.of(RELEASE)


@pytest.mark.parametrize(
    "harm", [Harm.LOST_AFTER, Harm.TIMED_OUT, Harm.FAILED_AFTER, Harm.LOST_BEFORE, Harm.FAILED_BEFORE, Harm.THROTTLED]
)
def test_an_unclear_release_ends_released_and_happens_once(harm: Harm) -> None:
    cloud, _machine = with_address()
    cloud.service.harm_upon(RELEASE, FIP, harm)
    campaign = audited(cloud, make_policy(release_elastic_ips=True))
    assert fates(campaign) == {FIP: "released"}
    assert campaign["i-one"]["error"] is None
    assert cloud.log.effects(RELEASE, FIP) == 1


@pytest.mark.parametrize(("operation", "kind"), [("disk.describeDisks", "disks"), ("vpc.describeElasticIps", "elastic_ips")])
def test_what_cannot_be_read_afterwards_is_unverified_and_no_success_is_claimed(operation: str, kind: str) -> None:
    cloud = Cloud()
    cloud.machine(status="stopped", disks=[data_disk(auto_delete=True)], addresses=[TrueAddress(FIP)])
    cloud.service.harm = lambda call: Harm.FAILED_BEFORE if call.operation == operation and cloud.log.of(DELETE) else None
    campaign = audited(cloud, make_policy(), Timing(retries=2))
    assert {each["fate"] for each in campaign["i-one"][kind]} == {"unverified"}
    assert campaign["i-one"]["status"] == "absent"


def test_an_empty_answer_about_disks_that_were_to_go_needs_a_404() -> None:
    cloud = Cloud(durations=Durations(tidying=10_000.0))
    cloud.machine(status="stopped", disks=[data_disk(auto_delete=True)])
    empty = {"disks": [], "totalCount": 0}
    cloud.service.twist = lambda call, result: (
        {**result, **empty} if call.operation == "disk.describeDisks" and cloud.log.of(DELETE) else result
    )
    campaign = audited(cloud, make_policy())
    assert {disk["fate"] for disk in campaign["i-one"]["disks"]} == {"unverified"}
    assert "vol-data" in cloud.world.disks


def test_a_disk_that_was_to_be_kept_and_is_gone_is_an_alarm() -> None:
    cloud = Cloud()
    machine = cloud.machine(status="stopped", disks=[data_disk(auto_delete=False)])
    last_moment = cloud.disturb(machine, lambda each: setattr(each.disks[1], "auto_delete", True))
    cloud.service.upon(DELETE, "i-one", last_moment)
    campaign = audited(cloud, make_policy())
    assert campaign["i-one"]["disks"][1]["fate"] == "deleted"
    assert campaign.code("i-one") == "fate_mismatch"


def test_disks_that_take_their_time_are_waited_for() -> None:
    cloud = Cloud(durations=Durations(tidying=8.0))
    cloud.machine(status="stopped", disks=[data_disk(auto_delete=True)])
    campaign = audited(cloud, make_policy())
    assert {disk["fate"] for disk in campaign["i-one"]["disks"]} == {"deleted"}
    assert "vol-data" not in cloud.world.disks


def test_fates_are_read_in_bulk() -> None:
    cloud = Cloud()
    ids = [f"i-m{number:03d}" for number in range(150)]
    for instance_id in ids:
        cloud.machine(instance_id, "stopped", disks=[data_disk(f"vol-{instance_id[2:]}")])
    campaign = audited(cloud, make_policy("absent", *ids))
    assert campaign.report.summary()["deleted"] == 150
    assert cloud.log.count("disk.describeDisks") <= 12
    assert {disk["fate"] for row in campaign.report.instances("all") for disk in row["disks"]} == {"deleted", "kept"}


def test_one_failure_hides_no_result_of_another() -> None:
    cloud = Cloud()
    cloud.machine("i-bad", ends_in_error={"stopping"})
    cloud.machine("i-good", addresses=[TrueAddress(FIP)], disks=[data_disk()])
    cloud.machine("i-blocked", tags={"jdcloud-protect": "1"})
    campaign = audited(
        cloud, make_policy("absent", "i-bad", "i-good", "i-blocked", "i-none", stop_running=True), skip_blocked=True
    )
    actions = {row["instance_id"]: row["action"] for row in campaign.report.instances("all")}
    assert actions == {"i-bad": "failed", "i-good": "deleted", "i-blocked": "blocked", "i-none": "none"}
    summary = campaign.report.summary()
    wanted = {"selected": 4, "changed": 2, "deleted": 1, "failed": 1, "blocked": 1, "not_found": 1, "already_absent": 1}
    assert {key: summary[key] for key in wanted} == wanted
    message = campaign.report.message()
    assert message is not None
    assert "i-bad" in message
    assert "i-good" not in message


def test_results_are_in_the_order_of_the_ids_given() -> None:
    cloud = Cloud()
    for instance_id in ("i-a", "i-b", "i-c"):
        cloud.machine(instance_id, "stopped")
    campaign = audited(cloud, make_policy("absent", "i-c", "i-zzz", "i-a", "i-b"))
    assert [row["instance_id"] for row in campaign.report.instances("all")] == ["i-c", "i-zzz", "i-a", "i-b"]


def test_rule_14_a_bug_in_the_middle_of_a_run_hides_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud()
    for instance_id in ("i-a", "i-b", "i-c"):
        cloud.machine(instance_id, "stopped")
    proved_gone = Transitions.proved_gone

    def stumbles(self: Transitions, state: MachineState, now: float) -> NextStep:
        if state.instance_id == "i-b":
            raise KeyError("a bug")
        return proved_gone(self, state, now)

    monkeypatch.setattr(Transitions, "proved_gone", stumbles)
    campaign = cloud.run(make_policy("absent", "i-a", "i-b", "i-c"))
    assert campaign.run.crash is not None
    assert "a bug" in campaign.run.crash
    rows = {row["instance_id"]: row for row in campaign.report.instances("all")}
    assert [*rows] == ["i-a", "i-b", "i-c"]
    assert all(row["changed"] for row in rows.values())
    assert rows["i-b"]["error"]["code"] == "internal"
    assert "KeyError" in rows["i-b"]["error"]["message"]
    assert campaign.report.message() is not None
