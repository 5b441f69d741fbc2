# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules 21 and 22 in long runs: what is known of a group must not be old when a member is stopped, and who left is looked at."""

from __future__ import annotations

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from support.fleet.around import ABANDON, TrueTargetGroup
from support.fleet.audit import audited
from support.fleet.log import STOP
from support.fleet.service import Harm, Limits
from support.fleet.virtual import Cloud, make_policy

IDS = [f"i-m{number:03d}" for number in range(120)]


def slow_cloud() -> Cloud:
    """Stops take their turn: one call a second."""
    cloud = Cloud(1, limits=Limits(rate=1.0, burst=2.0))
    for instance_id in IDS:
        cloud.around.join(cloud.machine(instance_id), "ag-1", managed=True, scaling=False)
    return cloud


def test_a_stop_that_waited_long_rests_on_a_new_look_at_the_group() -> None:
    cloud = slow_cloud()
    group = cloud.around.groups["ag-1"]
    began = cloud.time.now()
    cloud.time.at(began + 40, lambda: setattr(group, "scaling", True))
    campaign = cloud.run(make_policy("stopped", *IDS), Timing(wait_timeout=600), rate=1.0)
    late = [write for write in cloud.log.of(STOP) if write.left_at > began + 40 + 61]
    assert late == [], "a member was stopped a minute after its group began to scale"
    codes = {campaign.code(instance_id) for instance_id in IDS}
    assert codes == {None, "changed_meanwhile"}
    assert any("may delete it" in campaign[each]["error"]["message"] for each in IDS if campaign.code(each))


def test_a_group_is_read_again_once_for_many_members() -> None:
    cloud = slow_cloud()
    campaign = cloud.run(make_policy("stopped", *IDS), Timing(wait_timeout=600), rate=1.0)
    assert campaign.report.summary()["stopped"] == len(IDS)
    assert 1 < cloud.log.count("ag.describeAg") <= 1 + campaign.seconds / 60 + 1


def test_a_group_that_cannot_be_read_again_fails_its_members_and_no_other() -> None:
    cloud = slow_cloud()
    cloud.machine("i-z", "running")
    cloud.service.harm_upon("ag.describeAg", "ag-1", Harm.FORBIDDEN, *range(2, 99))
    campaign = cloud.run(make_policy("stopped", *IDS, "i-z"), Timing(wait_timeout=600), rate=1.0)
    assert campaign["i-z"]["action"] == "stopped"
    assert {campaign.code(each) for each in IDS} == {None, "api"}


def test_who_left_its_group_is_looked_at_again_before_its_stop() -> None:
    cloud = Cloud()
    machine = cloud.machine("i-one", "running")
    cloud.around.join(machine, "ag-1")
    cloud.service.upon(
        ABANDON, "i-one", cloud.disturb(machine, lambda each: each.tags.update({"jdcloud-protect": "now"})), after=True
    )
    campaign = audited(cloud, make_policy("stopped", group_members="abandon"))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert not cloud.log.of(STOP)


def test_targets_come_back_if_the_service_refuses_the_stop() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "running")
    cloud.around.target_groups["tg-1"] = TrueTargetGroup("tg-1")
    cloud.around.register("tg-1", "i-one", 8080, 3)
    cloud.around.register("tg-1", "i-two")
    cloud.service.harm_upon(STOP, "i-one", Harm.FORBIDDEN)
    campaign = audited(cloud, make_policy("stopped", load_balancers="deregister"))
    assert campaign["i-one"]["action"] == "failed"
    assert cloud.around.targets_of("i-one") == [("tg-1", 8080, 3)]


def test_a_target_that_a_lost_call_did_not_take_away_gets_its_weight_again() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "running")
    cloud.around.target_groups["tg-1"] = TrueTargetGroup("tg-1")
    cloud.around.register("tg-1", "i-one", 8080, 3)
    cloud.around.register("tg-1", "i-two")
    cloud.service.harm_upon("lb.deRegisterTargets", "tg-1", Harm.FAILED_BEFORE, *range(1, 20))
    campaign = audited(cloud, make_policy("stopped", load_balancers="deregister"), Timing(retries=2))
    assert campaign["i-one"]["action"] == "failed"
    assert cloud.around.targets_of("i-one") == [("tg-1", 8080, 3)]


def test_targets_of_a_machine_that_may_be_deleted_still_are_named_and_not_registered_again() -> None:
    cloud = Cloud()
    machine = cloud.machine("i-one", "stopped")
    machine.hangs = {"deleting"}
    cloud.around.target_groups["tg-1"] = TrueTargetGroup("tg-1")
    cloud.around.register("tg-1", "i-one")
    cloud.around.register("tg-1", "i-two")
    campaign = audited(cloud, make_policy(load_balancers="deregister"), Timing(wait_timeout=20))
    assert campaign.code("i-one") == "timeout"
    assert "Not registered again: " in campaign["i-one"]["error"]["message"]
    assert cloud.around.targets_of("i-one") == []
