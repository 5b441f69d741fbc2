# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`jdcloud_image_info`, `jdcloud_snapshot_info` and `jdcloud_quota_info` from their arguments to their results."""

from __future__ import annotations

from typing import Any

import pytest

from support.json_object import Json
from support.module.documentation import check, documented_returns, paths
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

IMAGES, SNAPSHOTS, QUOTAS = "jdcloud_image_info", "jdcloud_snapshot_info", "jdcloud_quota_info"
UUID = "98d44a1f-88b1-4014-90f1-0ab1e1f0a5b3"
MARKER = "jdcloud.cloud/1 campaign=spring instance=i-a stopped=true"
CAMPAIGN = {"campaign": "spring", "instance_id": "i-a", "stopped": True}


def _ids(result: dict[str, Any]) -> list[str]:
    field = "images" if "images" in result else "snapshots"
    return [row[f"{field[:-1]}_id"] for row in result[field]]


WRONG: list[tuple[str, dict[str, Any], str]] = [
    (IMAGES, {"image_ids": []}, "image_ids is an empty list"),
    (IMAGES, {"image_ids": ["img-a", " "]}, "image_ids has a blank"),
    (IMAGES, {"image_ids": ["../instances"]}, "is not an id: give ids such as img-"),
    (IMAGES, {"instance_ids": []}, "instance_ids is an empty list"),
    (IMAGES, {"name": " "}, "name is blank"),
    (IMAGES, {"name": ["a", "b"]}, "name is a list: set it to the exact name of one image in quotes, or use image_ids"),
    (IMAGES, {"status": ""}, "status is blank"),
    (SNAPSHOTS, {"snapshot_ids": []}, "snapshot_ids is an empty list"),
    (SNAPSHOTS, {"disk_ids": ["Vol/1"]}, "disk_ids: 'Vol/1' is not an id"),
    (SNAPSHOTS, {"name": "a\nb"}, "names cannot contain line ends"),
    (QUOTAS, {"region": " "}, "region"),
]


@pytest.mark.parametrize(("module", "options", "text"), WRONG)
def test_wrong_input_ends_with_all_result_keys_and_sends_nothing(
    cloud: MemoryCloud, run: Runner, module: str, options: dict[str, Any], text: str
) -> None:
    ended = run(module, **options)
    assert ended.failed
    assert text in ended.msg
    check(ended.result, module)
    assert cloud.calls == []


@pytest.mark.parametrize(
    ("module", "operation"), [(IMAGES, "vm.describeImages"), (SNAPSHOTS, "disk.describeSnapshots"), (QUOTAS, "vpc.describeQuota")]
)
def test_a_refused_read_ends_with_all_result_keys_and_nothing_listed(
    cloud: MemoryCloud, run: Runner, module: str, operation: str
) -> None:
    cloud.refuse(operation, 403, "HTTP_FORBIDDEN", "not authorized")
    ended = run(module)
    assert ended.failed
    assert operation in ended.msg
    assert "403 HTTP_FORBIDDEN" in ended.msg
    check(ended.result, module)
    assert not ended.result.get("images")
    assert not ended.result.get("snapshots")
    assert not ended.result.get("quotas")


@pytest.mark.parametrize(
    ("module", "option", "operation"),
    [(IMAGES, "image_ids", "vm.describeImage"), (SNAPSHOTS, "snapshot_ids", "disk.describeSnapshot")],
)
def test_an_id_that_only_a_forbidden_read_could_prove_absent_is_an_error(
    cloud: MemoryCloud, run: Runner, module: str, option: str, operation: str
) -> None:
    cloud.refuse(operation, 403, "HTTP_FORBIDDEN", "not authorized", "img-hidden")
    assert run(module, **Json({option: ["img-hidden"]})).failed


def test_an_id_that_a_single_read_shows_makes_the_listing_incomplete(
    cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.add_image("img-a")
    monkeypatch.setattr(cloud, "_describe_images", lambda _call: {"images": [], "totalCount": 0})
    ended = run(IMAGES, image_ids=["img-a"])
    assert ended.failed
    assert "img-a is missing in the listing, but vm.describeImage returns it" in ended.msg


def test_without_selectors_all_private_images_are_listed_and_no_others(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add_image("img-b", "snapshot-1", instanceId="i-a", desc=MARKER, sizeMB=40960)
    cloud.add_image("img-a", status="Pending")
    cloud.add_image(UUID, imageSource="public")
    ended = run(IMAGES)
    assert not ended.failed
    assert _ids(ended.result) == ["img-a", "img-b"]
    bare, full = ended.result["images"]
    assert (bare["status"], bare["mark"], bare["description"], bare["disks"]) == ("pending", None, "", [])
    assert (full["mark"], full["description"], full["size_mb"]) == (CAMPAIGN, MARKER, 40960)
    assert full["created"] == "2026-01-19T08:00:00+08:00"
    assert full["create_time"] == "2026-01-19 08:00:00"
    assert full["disks"] == [{"device": "vda", "category": "cloud", "system": True, "snapshot_id": "snapshot-1", "size_gb": 40}]
    assert ended.result["summary"] | {"seconds": 0} == {
        "selected": 2,
        "not_found": 0,
        "api_calls": 1,
        "api_retries": 0,
        "api_throttled": 0,
        "seconds": 0,
    }


def test_without_selectors_all_snapshots_are_listed(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add_image("img-a", "snapshot-b")
    cloud.add_snapshot("snapshot-a", "Error_Create", description=MARKER, createTime="whenever")
    ended = run(SNAPSHOTS)
    alone, part = ended.result["snapshots"]
    assert (alone["snapshot_id"], part["snapshot_id"]) == ("snapshot-a", "snapshot-b")
    assert (alone["status"], alone["mark"], alone["created"], alone["images"]) == ("error_create", CAMPAIGN, None, [])
    assert (part["mark"], part["images"], part["size_gb"], part["disk_id"]) == (None, ["img-a"], 40, "vol-ofsnapshotb")


def test_ids_are_trimmed_distinct_and_listed_in_their_order_and_missing_ones_are_a_warning(
    cloud: MemoryCloud, run: Runner
) -> None:
    cloud.add_image("img-a")
    cloud.add_image(UUID, imageSource="public")
    ended = run(IMAGES, image_ids=[UUID, " img-none", "img-a ", UUID])
    assert _ids(ended.result) == [UUID, "img-a"]
    assert (ended.result["summary"]["selected"], ended.result["summary"]["not_found"]) == (2, 1)
    (warning,) = ended.warnings
    assert "img-none" in warning
    assert "cn-north-1" in warning


def test_all_selectors_of_images_are_checked_here_and_all_must_fit(
    cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.add_image("img-a", name="backup", instanceId="i-a")
    cloud.add_image("img-b", name="backup", instanceId="i-b")
    cloud.add_image("img-c", name="backup-2", instanceId="i-a")
    cloud.add_image("img-d", name="backup", instanceId="i-a", status="error")
    assert _ids(run(IMAGES, name="backup").result) == ["img-a", "img-b", "img-d"]
    assert _ids(run(IMAGES, name="backup", instance_ids=["i-a"]).result) == ["img-a", "img-d"]
    assert _ids(run(IMAGES, name="backup", instance_ids=["i-a"], status="READY").result) == ["img-a"]
    assert _ids(run(IMAGES, image_ids=["img-b", "img-a"], instance_ids=["i-a"]).result) == ["img-a"]
    # A service that ignores its parameters must not widen the selection.
    everything = {"images": [*cloud.images.values()], "totalCount": 4}
    monkeypatch.setattr(cloud, "_describe_images", lambda _call: everything)
    assert _ids(run(IMAGES, name="backup", instance_ids=["i-b"]).result) == ["img-b"]


def test_all_selectors_of_snapshots_are_checked_here_and_all_must_fit(
    cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.add_snapshot("snapshot-a", name="data", diskId="vol-a")
    cloud.add_snapshot("snapshot-b", name="data-2", diskId="vol-a")
    cloud.add_snapshot("snapshot-c", name="data", diskId="vol-b", status="creating")
    assert _ids(run(SNAPSHOTS, name="data").result) == ["snapshot-a", "snapshot-c"]
    assert _ids(run(SNAPSHOTS, disk_ids=["vol-a"]).result) == ["snapshot-a", "snapshot-b"]
    assert _ids(run(SNAPSHOTS, name="data", status="creating").result) == ["snapshot-c"]
    everything = {"snapshots": [*cloud.snapshots.values()], "totalCount": 3}
    monkeypatch.setattr(cloud, "_describe_snapshots", lambda _call: everything)
    assert _ids(run(SNAPSHOTS, name="data", disk_ids=["vol-a"]).result) == ["snapshot-a"]


def test_quotas_of_three_services_are_reported_alike_and_nothing_is_left_below_zero(cloud: MemoryCloud, run: Runner) -> None:
    ended = run(QUOTAS)
    assert ended.result["quotas"] == {
        "images": {"limit": 5, "used": 2, "left": 3},
        "snapshots": {"limit": 15, "used": 15, "left": 0},
        "elastic_ips": {"limit": 10, "used": 12, "left": 0},
    }
    assert ended.result["summary"]["api_calls"] == len(cloud.calls) == 3


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("module", [IMAGES, SNAPSHOTS, QUOTAS])
def test_results_are_as_documented_in_check_mode_too(cloud: MemoryCloud, run: Runner, module: str, check_mode: bool) -> None:
    cloud.add_image("img-a", "snapshot-a", instanceId="i-a", desc=MARKER)
    cloud.snapshots["snapshot-a"]["description"] = MARKER
    ended = run(module, check=check_mode)
    assert not ended.failed
    assert ended.result["changed"] is False
    assert set(paths(documented_returns(module))) - check(ended.result, module) == set()
    assert cloud.writes == []
