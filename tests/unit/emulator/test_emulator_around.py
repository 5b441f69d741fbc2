# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic IPs, tags and bills."""

from __future__ import annotations

from typing import Any

import pytest

# --- elastic IPs --------------------------------------------------------------------------------------------------


def test_addresses_are_made_and_deleted(cloud: Any) -> None:
    body = {"maxCount": 2, "elasticIpSpec": {"bandwidthMbps": 5, "provider": "bgp"}, "elasticIpName": "web"}
    made = cloud.vpc("POST", "elasticIps/", body).result["elasticIpIds"]
    address = cloud.vpc("GET", f"elasticIps/{made[0]}").result["elasticIp"]
    assert (address["status"], address["elasticIpName"], address["bandwidthMbps"]) == ("NOT_ASSOCIATED", "web", 5)
    assert cloud.vpc("DELETE", f"elasticIps/{made[0]}").http == 200
    assert cloud.vpc("DELETE", f"elasticIps/{made[0]}").error == f"404 NOT_FOUND: elasticIp '{made[0]}' not found"
    assert [one["elasticIpId"] for one in cloud.vpc("GET", "elasticIps/").result["elasticIps"]] == made[1:]


@pytest.mark.parametrize("address", [{"expires": "+9d"}, {"package": "bwp-1"}])
def test_prepaid_and_packaged_addresses_stay(cloud: Any, address: dict[str, Any]) -> None:
    cloud.seed(elastic_ips=[{"id": "fip-a", **address}])
    assert "400 FAILED_PRECONDITION" in cloud.vpc("DELETE", "elasticIps/fip-a").error


def test_an_address_in_use_stays_and_the_words_can_be_set(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "elastic_ip": {"id": "fip-a"}}, settings={"elastic_ip_in_use_message": "still in use"})
    assert cloud.vpc("DELETE", "elasticIps/fip-a").error == "400 FAILED_PRECONDITION: still in use"


def test_addresses_end_at_their_quota(cloud: Any) -> None:
    cloud.control.set_quotas(elastic_ips=1)
    body = {"maxCount": 2, "elasticIpSpec": {"bandwidthMbps": 5, "provider": "bgp"}}
    assert "429 QUOTA_EXCEEDED" in cloud.vpc("POST", "elasticIps/", body).error
    assert cloud.vpc("GET", "quotas/?type=elastic_ip").result["quota"]["maxLimit"] == 1
    assert cloud.vpc("GET", "quotas/?type=moon").http == 400


@pytest.mark.parametrize("by", [{"elasticIpId": "fip-a"}, {"elasticIpAddress": "203.0.113.9"}])
def test_an_address_is_taken_off_an_interface(cloud: Any, by: dict[str, str]) -> None:
    cloud.seed({"id": "i-a", "network_interface": "port-a", "elastic_ip": {"id": "fip-a", "address": "203.0.113.9"}})
    interface = cloud.vpc("GET", "networkInterfaces/port-a").result["networkInterface"]
    assert (interface["instanceId"], interface["role"], interface["primaryIp"]["elasticIpId"]) == ("i-a", "Primary", "fip-a")
    assert cloud.vpc("POST", "networkInterfaces/port-a:disassociateElasticIp", by).http == 200
    assert cloud.vpc("GET", "elasticIps/fip-a").result["elasticIp"]["status"] == "NOT_ASSOCIATED"
    assert cloud.vpc("POST", "networkInterfaces/port-a:disassociateElasticIp", by).http == 404


# --- tags ---------------------------------------------------------------------------------------------------------


def tag(cloud: Any, action: str, ids: list[str], *tags: tuple[str, Any], code: str = "vm") -> dict[str, Any]:
    rows = [{"key": key, "value": value} for key, value in tags]
    body = {action: {"resources": [{"serviceCode": code, "resourceId": ids}], "tags": rows}}
    return dict(cloud.call("resourcetag", "POST", f"tags:{action}", body).result["data"])


def tags_of(cloud: Any, instance_id: str) -> dict[str, str]:
    instance = cloud.vm("GET", f"instances/{instance_id}").result["instance"]
    return {one["key"]: one["value"] for one in instance.get("tags", [])}


def test_tags_are_set_and_removed(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "tags": {"env": "test"}})
    assert tag(cloud, "tagResources", ["i-a"], ("env", "prod"), ("team", "x"))["successCount"] == 1
    assert tags_of(cloud, "i-a") == {"env": "prod", "team": "x"}
    tag(cloud, "unTagResources", ["i-a"], ("env", "other"), ("team", None))
    assert tags_of(cloud, "i-a") == {"env": "prod"}


def test_a_key_may_be_shown_twice_until_it_is_written(cloud: Any) -> None:
    rows = [{"key": "env", "value": "prod"}, {"key": "team", "value": "x"}, {"key": "env", "value": "test"}]
    cloud.seed({"id": "i-a", "tags": rows})

    def shown() -> list[tuple[str, str]]:
        return [(row["key"], row["value"]) for row in cloud.vm("GET", "instances/i-a").result["instance"]["tags"]]

    assert sorted(shown()) == [("env", "prod"), ("env", "test"), ("team", "x")]
    tag(cloud, "tagResources", ["i-a"], ("team", "y"))
    assert len(shown()) == 3
    tag(cloud, "tagResources", ["i-a"], ("env", "stage"))
    assert sorted(shown()) == [("env", "stage"), ("team", "y")]


def test_partial_failure_is_reported_inside_a_good_answer(cloud: Any) -> None:
    cloud.seed({"id": "i-a"}, {"id": "i-b"}, settings={"tag_failures": "i-b"})
    text = tag(cloud, "tagResources", ["i-a", "i-b", "i-none"], ("env", "test"))
    assert text["successCount"] == 1
    assert [row["resourceId"] for row in text["failedResourcesMap"]] == ["i-b", "i-none"]
    cloud.control.configure(failed_resources="object")
    assert set(tag(cloud, "tagResources", ["i-b"], ("env", "test"))["failedResourcesMap"]) == {"i-b"}
    assert tags_of(cloud, "i-b") == {}


def test_a_resource_has_at_most_ten_tags_of_allowed_form(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "tags": {f"k{n}": "v" for n in range(10)}})
    assert tag(cloud, "tagResources", ["i-a"], ("one-more", "v"))["successCount"] == 0
    assert tag(cloud, "tagResources", ["i-a"], ("k1", "new"))["successCount"] == 1
    for key in ("jrn:x", "jdc-x", "x" * 128, ""):
        assert tag(cloud, "tagResources", ["i-a"], (key, "v"))["successCount"] == 0


def test_resources_are_found_by_tags_over_all_kinds_and_regions(cloud: Any) -> None:
    cloud.seed(
        {"id": "i-a", "tags": {"env": "test"}},
        disks=[{"id": "vol-a", "tags": {"env": "test"}}],
        elastic_ips=[{"id": "fip-a", "tags": {"env": "prod"}}],
    )

    def found(region: str = "cn-north-1", **wanted: Any) -> list[tuple[str, str]]:
        body = {"resourceVo": wanted}
        data = cloud.call("resourcetag", "POST", "tags:describeResources", body, region=region).result["data"]
        return [(one["serviceCode"], one["resourceId"]) for one in data["resourceTagMappingList"]]

    by_tag: dict[str, Any] = {"tagFilters": [{"key": "env", "values": ["test"]}]}
    assert found(**by_tag) == [("vm", "i-a"), ("disk", "vol-a")]
    assert found(region="all-region", **by_tag) == [("vm", "i-a"), ("disk", "vol-a")]
    assert found(serviceCodes=["ip"], tagFilters=[{"key": "env"}]) == [("ip", "fip-a")]
    assert found(resourceIds=["vol-a"]) == [("disk", "vol-a")]
    assert found(**by_tag, pageSize=1, currentPage=2) == [("disk", "vol-a")]


def test_keys_and_values_are_listed(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "tags": {"env": "test"}}, {"id": "i-b", "tags": {"env": "prod", "team": "x"}})

    def asked(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return dict(cloud.call("resourcetag", "POST", path, body).result)

    assert asked("tags:describeKeys", {})["data"]["tagKeys"] == ["env", "team"]
    wanted = {"tagValuesVo": {"tagFilters": [{"key": "env"}]}}
    assert asked("tags:describeValues", wanted)["data"]["tagValues"] == ["prod", "test"]
    assert {"key": "team", "value": "x"} in asked("describeTags", {})["data"]["tags"]
    one = {"queryResource": {"serviceCode": "vm", "tagFilters": [{"key": "env", "values": ["test"]}]}}
    assert asked("queryResource", one)["resourceIds"] == ["i-a"]
    both = [{"key": "env", "values": ["test"]}, {"key": "team", "values": ["x"]}]
    assert asked("queryResource", {"queryResource": {"tagFilters": both, "operator": "or"}})["resourceIds"] == ["i-a", "i-b"]


# --- bills --------------------------------------------------------------------------------------------------------

MONTH = {"startTime": "2026-01-01 00:00:00", "endTime": "2026-01-31 23:59:59"}


def bill(cloud: Any, **more: Any) -> Any:
    return cloud.call("billing", "POST", "describeBillDetails", {"regionId": "cn-north-1", **MONTH, **more})


def test_a_bill_has_a_row_for_each_resource_that_was_asked_for(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "name": "web", "fee": 99.5}, disks=[{"id": "vol-a", "size": 100}])
    result = bill(cloud, resourceIds=["i-a", "vol-a", "i-none"]).result
    fees = {row["resourceId"]: (row["serviceCode"], row["totalFee"]) for row in result["result"]}
    assert fees == {"i-a": ("vm", 99.5), "vol-a": ("disk", 70.0)}
    assert result["pagination"] == {"currPageNo": 1, "numberPages": 1, "numberRecords": 2, "pageSize": 10, "startIndex": 0}


def test_a_bill_knows_machines_that_are_gone(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "status": "stopped"})
    before = bill(cloud, resourceIds=["i-a"]).result["result"]
    cloud.control.act("delete", "i-a", instantly=True)
    assert cloud.status("i-a") == "gone"
    assert bill(cloud, resourceIds=["i-a"]).result["result"] == before


def test_a_bill_comes_in_pages(cloud: Any) -> None:
    cloud.seed(elastic_ips=[{"count": 25, "id": "fip-{n:02}"}])
    pages = [bill(cloud, pageIndex=number, pageSize=10).result["result"] for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert len({row["resourceId"] for page in pages for row in page}) == 25


def test_a_resource_may_have_several_lines_that_share_its_fee(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "fee": 12}, {"id": "i-b", "fee": 6}, settings={"bill_lines": 3})
    pages = [bill(cloud, resourceIds=["i-a", "i-b"], pageIndex=number, pageSize=4).result for number in (1, 2)]
    text = [(row["resourceId"], row["realTotalFee"]) for page in pages for row in page["result"]]
    assert text == [("i-a", 4.0)] * 3 + [("i-b", 2.0)] * 3
    assert [page["pagination"]["numberRecords"] for page in pages] == [6, 6]
    assert pages[0]["pagination"]["numberPages"] == 2


def test_a_fault_may_hit_the_size_that_a_bill_tells(cloud: Any) -> None:
    cloud.seed({"id": "i-a"})
    cloud.control.inject("wrong_total", operation="billing.describeBillDetails")
    wrong, right = (bill(cloud, resourceIds=["i-a"]).result["pagination"]["numberRecords"] for _try in range(2))
    assert (wrong, right) == (2, 1)


@pytest.mark.parametrize(
    "wanted",
    [
        {"endTime": "2026-02-01 00:00:00"},
        {"startTime": "2026-01-01"},
        {"startTime": None},
        {"resourceIds": [f"i-{n}" for n in range(501)]},
        {"pageSize": 1001},
    ],
)
def test_a_bill_has_its_rules(cloud: Any, wanted: dict[str, Any]) -> None:
    assert bill(cloud, **wanted).http == 400


def test_a_bill_is_filtered_by_service_kind_and_tags(cloud: Any) -> None:
    cloud.seed(
        {"id": "i-a", "system_disk": "local", "tags": {"env": "test"}}, {"id": "i-b", "system_disk": "local", "expires": "+1d"}
    )

    def rows(**wanted: Any) -> list[str]:
        return [row["resourceId"] for row in bill(cloud, **wanted).result["result"]]

    assert rows(serviceCode="vm") == ["i-a", "i-b"]
    assert rows(billingType=3) == ["i-b"]
    assert rows(tags=[{"env": ""}]) == ["i-a"]
    assert rows(tags=[{"env": "prod"}]) == []


def test_fees_may_be_text(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "fee": 12}, settings={"fees_as_text": True})
    assert bill(cloud, resourceIds=["i-a"]).result["result"][0]["totalFee"] == "12.00"


def test_a_user_who_may_not_read_bills_gets_that_reason(cloud: Any) -> None:
    account = {"access_key": "AK", "secret_key": "SK", "denied": ["billing:*"]}
    cloud.seed({"id": "i-a"}, accounts=[account])
    cloud.keys = ("AK", "SK")
    assert "403 HTTP_FORBIDDEN" in bill(cloud).error
