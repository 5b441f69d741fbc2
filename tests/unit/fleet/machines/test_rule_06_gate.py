# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 6: no DELETE leaves without a full observation of at most 5 s ago that still allows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.fleet.audit import audited
from support.fleet.log import DELETE, STOP
from support.fleet.operations import Durations
from support.fleet.service import Harm, Limits
from support.fleet.virtual import Cloud, by_ids, data_disk, make_policy
from support.fleet.virtual_time import Network
from support.fleet.world import PREPAID, TrueAddress, TrueMachine

IDS = [f"i-m{number:03d}" for number in range(60)]


def gate_ages(cloud: Cloud) -> list[float]:
    return [write.left_at - cloud.log.last_sight(write.resource, write.left_at).sent_at for write in cloud.log.of(DELETE)]


@pytest.mark.parametrize(
    ("rate", "network"),
    [
        (0.7, Network(0.02)),
        (2.0, Network(0.02, 1.0)),
        (10.0, Network(1.5, 1.0)),
        (None, Network(3.0, 0.5)),
        (20.0, Network(0.02, 1.0, slow_connect_share=0.3)),
    ],
    ids=["very slow rate", "slow rate", "long latency", "longer latency", "slow connections"],
)
def test_no_delete_rests_on_an_observation_older_than_five_seconds(rate: float | None, network: Network) -> None:
    cloud = Cloud(3, network=network, durations=Durations(jitter=0.5))
    for instance_id in IDS:
        cloud.machine(instance_id)
    campaign = audited(cloud, make_policy("absent", *IDS, stop_running=True), rate=rate)
    assert campaign.report.summary()["deleted"] == len(IDS)
    assert max(gate_ages(cloud)) <= 5.0


def test_a_delete_that_was_throttled_goes_through_the_gate_again() -> None:
    cloud = Cloud(5, limits=Limits(rate=8.0, burst=1.0), network=Network(0.05, 1.0))
    for instance_id in IDS:
        cloud.machine(instance_id, "stopped")
    campaign = audited(cloud, make_policy("absent", *IDS))
    assert campaign.report.summary()["deleted"] == len(IDS)
    refused = [write for write in cloud.log.of(DELETE) if not write.took_effect]
    assert refused, "the limit was never met, and the test is none"
    for write in refused:
        repeats = [each for each in cloud.log.of(DELETE, write.resource) if each.left_at > write.left_at]
        sight = cloud.log.last_sight(write.resource, repeats[0].left_at)
        assert sight.sent_at > write.arrived_at


def protect(machine: TrueMachine) -> None:
    machine.tags["jdcloud-protect"] = "yes"


def renew(machine: TrueMachine) -> None:
    machine.charge_mode, machine.expires = PREPAID, "2026-12-31T15:59:59Z"


def keep_disk(machine: TrueMachine) -> None:
    machine.disks[1].auto_delete = False


def detach(machine: TrueMachine) -> None:
    machine.disks.pop().machine_id = None


def break_down(machine: TrueMachine) -> None:
    machine.generation += 1
    machine.status = "error"


@pytest.mark.parametrize("act", [protect, renew, keep_disk, detach])
def test_what_another_user_changes_between_stop_and_delete_forbids_the_delete(act: Callable[[TrueMachine], None]) -> None:
    cloud = Cloud()
    machine = cloud.machine(disks=[data_disk(auto_delete=True)])
    cloud.service.upon(STOP, "i-one", cloud.disturb(machine, act), after=True)
    campaign = audited(cloud, make_policy(stop_running=True))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert campaign["i-one"]["changed"], "it was stopped by us"
    assert not cloud.log.of(DELETE)
    assert machine.instance_id in cloud.world.machines


@pytest.mark.parametrize("status", ["running", "error", "rebooting", "resizing"])
def test_a_machine_that_did_not_stay_stopped_is_not_deleted(status: str) -> None:
    cloud = Cloud()
    machine = cloud.machine(hangs={"stopping"})
    cloud.time.at(cloud.time.now() + 6.0, cloud.disturb(machine, lambda each: setattr(each, "status", status)))
    campaign = audited(cloud, make_policy(stop_running=True))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert status in campaign["i-one"]["error"]["message"]
    assert not cloud.log.of(DELETE)


def test_a_disk_attached_between_stop_and_delete_stops_the_delete() -> None:
    cloud = Cloud()
    machine = cloud.machine()
    cloud.service.upon(STOP, "i-one", cloud.attach(machine, data_disk("vol-new", auto_delete=True)), after=True)
    campaign = audited(cloud, make_policy(stop_running=True))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert "vol-new" in campaign["i-one"]["error"]["message"]
    assert not cloud.log.of(DELETE)
    assert "vol-new" in cloud.world.disks


def test_an_elastic_ip_that_appears_between_stop_and_delete_stops_the_delete() -> None:
    cloud = Cloud()
    machine = cloud.machine()

    def associate(each: TrueMachine) -> None:
        address = TrueAddress("fip-new", each.instance_id, each.nics[0].nic_id)
        cloud.world.elastic_ips["fip-new"] = address

    cloud.service.upon(STOP, "i-one", cloud.disturb(machine, associate), after=True)
    campaign = audited(cloud, make_policy(stop_running=True, release_elastic_ips=True))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert not cloud.log.of(DELETE)


def test_a_machine_whose_tag_does_not_match_any_more_is_not_deleted() -> None:
    cloud = Cloud()
    machine = cloud.machine(tags={"env": "test"})
    retag = cloud.disturb(machine, lambda each: each.tags.update(env="prod"))
    cloud.service.upon(STOP, "i-one", retag, after=True)
    campaign = audited(cloud, make_policy(selection=by_ids("i-one", tags={"env": ("test",)}), stop_running=True))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert not cloud.log.of(DELETE)


@pytest.mark.parametrize("harm", [Harm.LOST_BEFORE, Harm.FAILED_BEFORE, Harm.UNREACHABLE, Harm.BUSY, Harm.THROTTLED])
def test_a_machine_restarted_before_a_repeated_delete_is_never_deleted(harm: Harm) -> None:
    cloud = Cloud()
    machine = cloud.machine(status="stopped")
    cloud.service.harm_upon(DELETE, "i-one", harm)
    cloud.service.upon(DELETE, "i-one", cloud.restart(machine), after=True)
    campaign = audited(cloud, make_policy())
    assert campaign.code("i-one") == "changed_meanwhile"
    assert machine.status == "running"
    assert len(cloud.log.of(DELETE)) == 1
    assert not cloud.log.effects(DELETE, "i-one")


def test_the_remaining_window_is_milliseconds_and_the_api_has_no_guard_for_it() -> None:
    """Documented: who restarts a machine while its DELETE is on the way loses it."""
    cloud = Cloud()
    machine = cloud.machine(status="stopped")
    cloud.service.upon(DELETE, "i-one", cloud.restart(machine))
    campaign = audited(cloud, make_policy())
    assert campaign["i-one"]["action"] == "deleted"
    [write] = cloud.log.of(DELETE)
    sight = cloud.log.last_sight("i-one", write.left_at)
    assert write.arrived_at - sight.shown_at < 0.2


def test_rule_07_error_is_deletable_only_if_it_was_error_when_planned() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "error")
    cloud.machine("i-two", "running", ends_in_error={"stopping"})
    campaign = audited(cloud, make_policy("absent", "i-one", "i-two", stop_running=True))
    assert campaign["i-one"]["action"] == "deleted"
    assert campaign.code("i-two") == "changed_meanwhile"
    assert "i-two" in cloud.world.machines


def test_rule_07_a_machine_that_becomes_error_while_it_is_deleted_failed() -> None:
    cloud = Cloud()
    cloud.machine(status="stopped", ends_in_error={"deleting"})
    campaign = audited(cloud, make_policy())
    assert campaign.code("i-one") == "changed_meanwhile"
    assert campaign["i-one"]["status"] == "error"


@pytest.mark.parametrize("status", ["stopped", "deleting"])
def test_rule_07_a_machine_that_goes_into_error_while_others_settle_is_not_deleted(status: str) -> None:
    cloud = Cloud()
    machine = cloud.machine("i-one", status, ends_in_error={"deleting"})
    cloud.machine("i-two", "stopping")
    cloud.time.at(cloud.time.now() + 1.0, cloud.disturb(machine, break_down))
    campaign = audited(cloud, make_policy("absent", "i-one", "i-two"), skip_blocked=True)
    assert campaign.code("i-one") == "changed_meanwhile"
    assert not cloud.log.of(DELETE, "i-one")
    assert campaign["i-two"]["action"] == "deleted"


def test_rule_07_a_machine_that_goes_into_error_while_it_settles_is_not_deleted() -> None:
    cloud = Cloud()
    cloud.machine(status="stopping", ends_in_error={"stopping"})
    campaign = audited(cloud, make_policy())
    assert campaign.code("i-one") == "changed_meanwhile"
    assert not cloud.log.writes
