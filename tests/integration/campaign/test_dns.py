# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DNS records in a campaign over HTTP: what still points to its machines."""

from __future__ import annotations

from support.integration.cloud import Cloud, account, stopped
from support.integration.conductor import Conductor
from support.json_object import Json

A = "i-aaaa000001"
ADDRESS = "203.0.113.9"
DOMAIN: Json = {"id": 1001, "name": "shop.example", "records": [{"host": "www", "value": ADDRESS}]}


def public() -> Json:
    return stopped(A, elastic_ip={"id": "fip-a", "address": ADDRESS})


def test_a_campaign_reports_what_still_points_to_its_machines(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(public(), domains=[DOMAIN])
    ended = conductor.decommission(instance_ids=A, backup="none", look_up_dns="true", waves="100%")
    assert ended.actions == {A: "deleted"}, ended.output
    assert [(each["name"], each["instance_id"]) for each in ended.report["pointers"]] == [("www.shop.example", A)]
    assert "References to the instances: www.shop.example." in ended.output
    assert len(cloud.calls("domainservice.describeDomains")) == 1


def test_a_campaign_without_the_right_to_read_names_goes_on(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(public(), domains=[DOMAIN], accounts=[account(denied=["domainservice:*"])])
    ended = conductor.decommission(instance_ids=A, backup="none", look_up_dns="true", waves="100%")
    assert ended.actions == {A: "deleted"}, ended.output
    assert any("domainservice.describeDomains failed" in note for note in ended.report["notes"])
