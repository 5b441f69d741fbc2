# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that list images, snapshots and quotas. They send reads only (asserted for every run)."""

from __future__ import annotations

import pytest

from support.integration.cloud import Cloud, account, stopped
from support.integration.deletions import MARKER, READ, SINGLE, info, rows, seed, seed_kind

A = "i-aaaa000001"
PUBLIC = "98d44a1f-88b1-4014-90f1-0ab1e1f0a5b3"
KINDS = ["image", "snapshot"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_listing_that_contradicts_itself_fails(cloud: Cloud, kind: str) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"})
    cloud.control.inject("wrong_total", operation=READ[kind], times=0)
    ended = info(cloud, kind)
    assert ended.failed
    assert "contradicting pages" in ended.msg
    assert rows(ended) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_listing_that_is_complete_the_second_time_is_taken(cloud: Cloud, kind: str) -> None:
    seed_kind(cloud, kind, *({"id": f"{kind}-{number:03}"} for number in range(150)))
    cloud.control.inject("drop_rows", operation=READ[kind], times=1)
    ended = info(cloud, kind)
    assert [each[f"{kind}_id"] for each in rows(ended)] == [f"{kind}-{number:03}" for number in range(150)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_that_only_the_bulk_answer_leaves_out_is_an_error(cloud: Cloud, kind: str) -> None:
    seed_kind(cloud, kind, {"id": f"{kind}-a"})
    cloud.control.inject("empty_list", operation=READ[kind], times=0)
    ended = info(cloud, kind, **{f"{kind}_ids": [f"{kind}-a"]})
    assert ended.failed
    assert f"{kind}-a is missing in the listing, but {SINGLE[kind]} returns it" in ended.msg


@pytest.mark.parametrize("kind", KINDS)
def test_a_denied_listing_is_an_error(cloud: Cloud, kind: str) -> None:
    cloud.seed(accounts=[account(denied=[READ[kind].replace(".", ":")])])
    ended = info(cloud, kind)
    assert ended.failed
    assert "HTTP_FORBIDDEN" in ended.msg
    assert ended.result["account"]["source"] == "environment"


def test_images_are_reported_with_machine_disks_and_marker(cloud: Cloud) -> None:
    local = stopped("i-bbbb000002", system_disk={"local": True, "size": 40}, disks=[{"id": "vol-b", "size": 60}])
    images = [
        {"id": "img-a", "of": A, "name": "{{ 7*7 }}", "description": MARKER},
        {"id": "img-b", "of": "i-bbbb000002"},
        {"id": PUBLIC, "source": "public", "name": "Ubuntu"},
    ]
    seed(cloud, stopped(A, disks=[{"id": "vol-a", "size": 100}]), local, images=images)
    ended = info(cloud, "image")
    first, second = rows(ended)
    assert (first["name"], first["instance_id"], first["image_source"]) == ("{{ 7*7 }}", A, "private")
    assert first["mark"] == {"campaign": "spring", "instance_id": A, "stopped": True}
    assert first["description"] == MARKER
    assert first["created"].endswith("+08:00")
    assert [disk["size_gb"] for disk in first["disks"]] == [40, 100]
    assert all(cloud.exists(disk["snapshot_id"]) for disk in first["disks"])
    assert [disk["category"] for disk in second["disks"]] == ["local", "cloud"]
    assert second["mark"] is None
    public = rows(info(cloud, "image", image_ids=[PUBLIC]))
    assert [image["image_source"] for image in public] == ["public"]


def test_snapshots_are_reported_with_disk_images_and_marker(cloud: Cloud) -> None:
    alone = {"id": "snapshot-a", "disk": "vol-a", "description": MARKER, "status": "error_create", "size": 100}
    seed(cloud, stopped(A), images=[{"id": "img-a", "of": A}], snapshots=[alone, {"id": "snapshot-o", "source": "others"}])
    text = {each["snapshot_id"]: each for each in rows(info(cloud, "snapshot"))}
    assert "snapshot-o" not in text
    assert len(text) == 2
    mine = text.pop("snapshot-a")
    assert (mine["disk_id"], mine["status"], mine["images"], mine["size_gb"]) == ("vol-a", "error_create", [], 100)
    assert mine["mark"]["campaign"] == "spring"
    (part,) = text.values()
    assert part["images"] == ["img-a"]
    assert part["mark"] is None


def test_selectors_are_exact_and_all_must_fit(cloud: Cloud) -> None:
    images = [
        {"id": "img-a", "name": "old", "instance": A},
        {"id": "img-b", "name": "older", "instance": A},
        {"id": "img-c", "name": "old", "instance": "i-bbbb000002"},
        {"id": "img-d", "name": "old", "instance": A, "status": "error"},
    ]
    seed(cloud, images=images, snapshots=[{"id": f"snapshot-{each}", "name": each, "disk": "vol-a"} for each in ("old", "older")])
    ended = info(cloud, "image", name="old", instance_ids=[A], status="Ready")
    assert [each["image_id"] for each in rows(ended)] == ["img-a"]
    assert [each["snapshot_id"] for each in rows(info(cloud, "snapshot", name="old", disk_ids="vol-a"))] == ["snapshot-old"]
    none = info(cloud, "image", name="ol")
    assert not none.failed
    assert rows(none) == []
    assert none.summary["selected"] == 0


def test_a_missing_id_is_left_out_with_a_warning(cloud: Cloud) -> None:
    seed(cloud, images=[{"id": "img-a"}])
    ended = info(cloud, "image", image_ids=["img-none", "img-a"])
    assert [each["image_id"] for each in rows(ended)] == ["img-a"]
    assert ended.summary["not_found"] == 1
    assert "img-none" in ended.warnings[0]


def test_the_owners_of_many_assets_are_asked_for_in_chunks(cloud: Cloud) -> None:
    ids = [f"vol-{number:03}" for number in range(250)]
    seed(cloud, snapshots=[{"id": f"snapshot-{each[4:]}", "disk": each} for each in ids])
    ended = info(cloud, "snapshot", disk_ids=ids[1:])
    assert len(rows(ended)) == 249
    assert ended.summary["api_calls"] == 3


def test_quotas_are_live(cloud: Cloud) -> None:
    seed(cloud, stopped(A, elastic_ip={"id": "fip-a"}), images=[{"id": "img-a", "of": A}])
    cloud.control.set_quotas(images=4, snapshots=1, elastic_ips=9)
    assert info(cloud, "quota").result["quotas"] == {
        "images": {"limit": 4, "used": 1, "left": 3},
        "snapshots": {"limit": 1, "used": 1, "left": 0},
        "elastic_ips": {"limit": 9, "used": 1, "left": 8},
    }


def test_a_quota_that_cannot_be_read_fails_the_whole_answer(cloud: Cloud) -> None:
    cloud.seed(accounts=[account(denied=["vpc:describeQuota"])])
    ended = info(cloud, "quota")
    assert ended.failed
    assert ended.result["quotas"] is None
    assert "vpc.describeQuota" in ended.msg
