# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Campaigns over HTTP whose machines are in a group that deletes what stops, and behind a load balancer."""

from __future__ import annotations

from support.integration.campaigns import FASTER, roomy
from support.integration.cloud import REGION, Cloud, running
from support.integration.conductor import Conductor
from support.json_object import Json

A, B, VPC = "i-aaaa000001", "i-bbbb000002", "vpc-a"
OUT: Json = {"group_members": "abandon", "load_balancers": "deregister", "drain_seconds": "2"}
CAMPAIGN: Json = {"instance_ids": A, "backup": "image", "stop_running": "true", "waves": "100%"}


def seed(cloud: Cloud) -> None:
    """A target that is a managed member, with another one. A stopped member is deleted before an image is ready."""
    group = {"id": "ag-web", "members": [A, B], "managed": True, "auto_scaling": True, "min": 1, "max": 9}
    targets = [{"instance": each, "port": 80} for each in (A, B)]
    backend = {"id": "backend-web", "target_group": "tg-web"}
    balancer = {"id": "alb-web", "vpc": VPC, "target_groups": [{"id": "tg-web", "targets": targets}], "backends": [backend]}
    settings = {**FASTER, "group_health_check_seconds": 0.1, "image_seconds": 1}
    cloud.seed(running(A, vpc=VPC), running(B, vpc=VPC), groups=[group], load_balancers=[balancer], **settings)
    roomy(cloud)


def registered(cloud: Cloud) -> list[str]:
    """The machines that are targets."""
    return sorted(each["instanceId"] for each in cloud.control.state(REGION)["regions"][REGION]["targets"].values())


def test_a_campaign_stops_nothing_that_its_group_may_delete(cloud: Cloud, conductor: Conductor) -> None:
    seed(cloud)
    ended = conductor.decommission(**CAMPAIGN)
    assert ended.codes(A) == {"group_managed", "load_balancer_target"}
    assert cloud.writes() == []
    assert cloud.status(A) == "running"


def test_a_machine_leaves_its_place_and_is_backed_up_before_it_goes(cloud: Cloud, conductor: Conductor) -> None:
    seed(cloud)
    ended = conductor.decommission(**CAMPAIGN, **OUT)
    assert ended.actions == {A: "deleted"}, ended.message
    wanted = ["lb.updateTargets", "lb.deRegisterTargets", "ag.abandonInstances", "vm.stopInstance", "vm.createImage"]
    assert [each for each in cloud.writes() if "Tags" not in each] == [*wanted, "vm.deleteInstance"]
    assert [each["status"] for each in ended.machine(A)["backups"]] == ["ready"]
    assert registered(cloud) == [B]
    assert cloud.status(B) == "running"


def test_a_campaign_names_who_is_out_and_not_deleted_until_a_run_deletes_it(cloud: Cloud, conductor: Conductor) -> None:
    seed(cloud)
    number = cloud.control.inject(
        "error", operation="vm.deleteInstance", times=0, http=403, status="HTTP_FORBIDDEN", message="no"
    )
    ended = conductor.decommission(**CAMPAIGN, **OUT)
    assert f"Deregistered from load balancers and not deleted: {A}." in ended.message
    assert registered(cloud) == [B]
    cloud.control.clear_faults(number)
    ended = conductor.decommission(**CAMPAIGN, **OUT)
    assert ended.actions == {A: "deleted"}, ended.message
    assert "Deregistered" not in ended.message
