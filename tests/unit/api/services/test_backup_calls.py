# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The typed functions about images, snapshots and quotas: method, path, parameters, and how their answers are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call, encode_query
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.fields import MalformedResponse
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import disk, quotas, vm
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services.quotas import Quota

BAD_IDS = ["", "..", " ", "img-1/../img-2", "img-1?deleteSnapshot=true", "img-1&ids.2=x"]


def test_create_image_leaves_nothing_out_unless_asked_to() -> None:
    call = vm.create_image("i-1", "bk-1", "mark")
    assert (call.operation, call.method, call.path) == ("vm.createImage", "POST", "/instances/i-1:createImage")
    assert call.body == {"name": "bk-1", "description": "mark"}
    assert (call.write, call.query, call.resource) == (True, (), "i-1")


def test_create_image_names_the_devices_to_leave_out() -> None:
    body = vm.create_image("i-1", "bk-1", "mark", ["vdb", "vdc"]).body
    assert body is not None
    assert body["dataDisks"] == [{"deviceName": "vdb", "noDevice": True}, {"deviceName": "vdc", "noDevice": True}]


def test_create_image_returns_the_id(example: Callable[[str], Any]) -> None:
    assert vm.create_image("i-1", "bk-1", "mark").parse(example("createImage.json")["result"]) == "img-5bk0u2p7im"


def test_create_snapshot_carries_its_token(example: Callable[[str], Any]) -> None:
    call = disk.create_snapshot("vol-1", "bk-1", "mark", "token-1")
    assert (call.operation, call.service, call.method, call.path) == ("disk.createSnapshot", "disk", "POST", "/snapshots")
    spec = {"name": "bk-1", "description": "mark", "diskId": "vol-1"}
    assert call.body == {"snapshotSpec": spec, "clientToken": "token-1"}
    assert (call.write, call.resource) == (True, "vol-1")
    assert call.parse(example("createSnapshot.json")["result"]) == "snapshot-4sn4p0ma9d"


@pytest.mark.parametrize("call", [vm.create_image("i-1", "bk", "mark"), disk.create_snapshot("vol-1", "bk", "mark", "token")])
@pytest.mark.parametrize("result", [{}, {"imageId": ""}, {"imageId": 5, "snapshotId": 5}, {"imageId": None, "snapshotId": " "}])
def test_an_answer_without_the_new_id_is_malformed(call: Call[str], result: dict[str, Any]) -> None:
    with pytest.raises(MalformedResponse):
        call.parse(result)


WRITES: list[tuple[Call[None], str, str, Any, str]] = [
    (vm.delete_image("img-1", with_snapshots=False), "DELETE", "/images/img-1", None, ""),
    (vm.delete_image("img-1", with_snapshots=True), "DELETE", "/images/img-1", None, "deleteSnapshot=true"),
    (disk.delete_snapshot("snapshot-1"), "DELETE", "/snapshots/snapshot-1", None, ""),
    (disk.delete_disk("vol-1", into_bin=True), "DELETE", "/disks/vol-1", None, "putInRecycleBin=true"),
    (disk.delete_disk("vol-1", into_bin=False), "DELETE", "/disks/vol-1", None, "putInRecycleBin=false"),
    (vm.set_image_description("img-1", "text"), "POST", "/images/img-1:modifyImageAttribute", {"description": "text"}, ""),
    (disk.set_snapshot_description("snapshot-1", "text"), "PATCH", "/snapshots/snapshot-1", {"description": "text"}, ""),
]


@pytest.mark.parametrize(("call", "method", "path", "body", "query"), WRITES, ids=lambda value: getattr(value, "operation", None))
def test_writes(call: Call[None], method: str, path: str, body: Any, query: str) -> None:
    assert (call.method, call.path, call.body, encode_query(call.query), call.write) == (method, path, body, query, True)
    assert call.resource is not None
    assert call.resource in call.path
    assert call.parse({}) is None


READS: list[tuple[Call[Any], str, str]] = [
    (vm.describe_image("img-1"), "vm.describeImage", "/images/img-1"),
    (vm.describe_images(ids=["img-1"]), "vm.describeImages", "/images"),
    (quotas.describe_image_quota(), "vm.describeQuotas", "/quotas"),
    (disk.describe_snapshot("snapshot-1"), "disk.describeSnapshot", "/snapshots/snapshot-1"),
    (disk.describe_snapshots(ids=["snapshot-1"]), "disk.describeSnapshots", "/snapshots"),
    (quotas.describe_snapshot_quota(), "disk.describeQuota", "/quotas"),
    (quotas.describe_elastic_ip_quota(), "vpc.describeQuota", "/quotas/"),
]


@pytest.mark.parametrize(("call", "operation", "path"), READS, ids=lambda value: getattr(value, "operation", None))
def test_reads(call: Call[Any], operation: str, path: str) -> None:
    assert (call.operation, call.method, call.path, call.body, call.write) == (operation, "GET", path, None, False)
    assert call.service == operation.partition(".")[0]
    with pytest.raises(MalformedResponse):
        call.parse({})


def test_images_of_machines_are_asked_for_with_their_source() -> None:
    """Without ids the service demands a source; only the account's own images are wanted."""
    query = encode_query(vm.describe_images(instance_ids=["i-1", "i-2"], page=2).query)
    assert query == "instanceIds.1=i-1&instanceIds.2=i-2&imageSource=private&pageNumber=2&pageSize=100"
    assert "imageSource=private" in encode_query(vm.describe_images(name="bk", status="ready").query)


def test_images_by_id_are_asked_for_without_a_source_so_that_none_is_hidden() -> None:
    assert encode_query(vm.describe_images(ids=["img-1"]).query) == "ids.1=img-1&pageNumber=1&pageSize=100"


def test_images_take_plain_parameters_and_no_filters() -> None:
    query = encode_query(vm.describe_images(instance_ids=["i-1"], name="bk", status="ready").query)
    assert "imageName=bk" in query
    assert "status=ready" in query
    assert "filters" not in query


def test_snapshots_are_asked_for_with_filters() -> None:
    query = encode_query(disk.describe_snapshots(ids=["snapshot-1"], disk_ids=["vol-1", "vol-2"], name="bk", page=3).query)
    assert query == (
        "filters.1.name=snapshotId&filters.1.values.1=snapshot-1"
        "&filters.2.name=diskId&filters.2.values.1=vol-1&filters.2.values.2=vol-2"
        "&filters.3.name=name&filters.3.values.1=bk&pageNumber=3&pageSize=100"
    )
    assert encode_query(disk.describe_snapshots().query) == "pageNumber=1&pageSize=100"
    query = encode_query(disk.describe_snapshots(disk_ids=["vol-1"], status="creating").query)
    assert "filters.2.name=status&filters.2.values.1=creating" in query


EMPTY: list[Callable[[list[str]], Call[Any]]] = [
    lambda ids: vm.describe_images(ids=ids),
    lambda ids: vm.describe_images(instance_ids=ids),
    lambda ids: vm.describe_images(ids=["img-1"], instance_ids=ids),
    lambda ids: disk.describe_snapshots(ids=ids),
    lambda ids: disk.describe_snapshots(disk_ids=ids),
]


@pytest.mark.parametrize("describe", EMPTY)
def test_no_ids_is_never_all(describe: Callable[[list[str]], Call[Any]]) -> None:
    with pytest.raises(ValueError, match="empty list|at least one value"):
        describe([])
    for bad in BAD_IDS:
        with pytest.raises(InputError):
            describe(["x-1", bad])


WITH_ID: list[Callable[[str], Call[Any]]] = [
    lambda each: vm.create_image(each, "bk", "mark"),
    lambda each: vm.delete_image(each, with_snapshots=False),
    vm.describe_image,
    lambda each: vm.set_image_description(each, "text"),
    lambda each: disk.create_snapshot(each, "bk", "mark", "token"),
    disk.describe_snapshot,
    disk.delete_snapshot,
    lambda each: disk.set_snapshot_description(each, "text"),
]


@pytest.mark.parametrize("function", WITH_ID)
@pytest.mark.parametrize("resource_id", BAD_IDS)
def test_what_is_no_id_is_never_sent(function: Callable[[str], Call[Any]], resource_id: str) -> None:
    with pytest.raises(InputError):
        function(resource_id)


def test_the_quota_of_images_is_its_row_among_others(example: Callable[[str], Any]) -> None:
    call = quotas.describe_image_quota()
    assert encode_query(call.query) == "filters.1.name=resourceTypes&filters.1.values.1=image"
    result = example("vm.describeQuotas.json")["result"]
    other = {"resourceType": "imageShare", "limit": 99, "used": 0}
    assert call.parse({"quotas": [other, *result["quotas"]]}) == Quota(5, 4)
    with pytest.raises(MalformedResponse, match="no row for images"):
        call.parse({"quotas": [other]})


def test_the_quota_of_snapshots(example: Callable[[str], Any]) -> None:
    call = quotas.describe_snapshot_quota()
    assert encode_query(call.query) == "type=snapshot"
    assert call.parse(example("disk.describeQuota.json")["result"]) == Quota(15, 9)


def test_the_quota_of_elastic_ips_has_other_fields() -> None:
    call = quotas.describe_elastic_ip_quota()
    assert encode_query(call.query) == "type=elastic_ip"
    assert call.parse({"quota": {"type": "elastic_ip", "maxLimit": 5, "count": 7}}) == Quota(5, 7)


@pytest.mark.parametrize(("limit", "used", "left"), [(5, 4, 1), (5, 5, 0), (5, 7, 0), (0, 0, 0)])
def test_what_is_left_of_a_quota_is_never_below_zero(limit: int, used: int, left: int) -> None:
    assert Quota(limit, used).left == left


@pytest.mark.parametrize(
    "quota", [{"limit": 5}, {"used": 5}, {"limit": -1, "used": 0}, {"limit": "5", "used": 0}, {"limit": True}]
)
def test_a_quota_that_is_no_count_is_malformed(quota: dict[str, Any]) -> None:
    with pytest.raises(MalformedResponse):
        quotas.describe_snapshot_quota().parse({"quota": quota})


def test_an_image_from_snapshots_names_its_system_and_disks() -> None:
    system = {"platform": "Ubuntu", "architecture": "x86_64", "bootMode": "bios", "osVersion": "22.04"}
    disks = [{"deviceName": "vda", "snapshotId": "snapshot-1"}]
    call = vm.create_image_from_snapshots("bk", "text", system, disks, "token")
    assert (call.method, call.path, call.write) == ("POST", "/images:createImageFromSnapshots", True)
    assert call.body == {"name": "bk", "description": "text", **system, "cloudDisks": disks, "clientToken": "token"}


def test_pages(example: Callable[[str], Any]) -> None:
    page = vm.describe_images(ids=["img-1"]).parse(example("describeImages.json")["result"])
    assert (page.total, [each.image_id for each in page.items]) == (1, ["img-5bk0u2p7im"])
    shown = disk.describe_snapshots().parse(example("describeSnapshots.json")["result"])
    assert shown.total == 3
    assert [each.snapshot_id for each in shown.items] == ["snapshot-4sn4p0ma9d", "snapshot-5sn4p0mb0e", "snapshot-1sn4p0sy5a"]
    assert disk.describe_snapshots().parse({"snapshots": None, "totalCount": 0}).items == ()
