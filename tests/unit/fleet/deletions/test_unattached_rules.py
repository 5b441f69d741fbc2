# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What forbids to delete a disk or to release an elastic IP that is left over, and what counts as a change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.resources import Charge, Disk, ElasticIp
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.deletions.unattached_rules import (
    UNKNOWN_TASK,
    UnattachedPolicy,
    disk_blockers,
    disk_differences,
    disk_warnings,
    elastic_ip_blockers,
    elastic_ip_differences,
    goes_into_bin,
)

NOW = datetime(2026, 1, 20, tzinfo=UTC)
POLICY = UnattachedPolicy({"jdcloud-protect": ("*",)})
POSTPAID = Charge("postpaid_by_duration", "normal")
DISK = Disk("vol-1", "available", 100, (), POSTPAID, False, name="old", recyclable=True)
ADDRESS = ElasticIp("fip-1", "203.0.113.1", "NOT_ASSOCIATED", None, POSTPAID, None, None, name="old", state="UP")


def _prepaid(end: datetime | None, status: str = "normal") -> Charge:
    return Charge("prepaid_by_duration", status, end, None if end is None else f"{end:%Y-%m-%d}")


def _codes(
    asset: Disk | ElasticIp, policy: UnattachedPolicy = POLICY, now: datetime | None = NOW, task: str | None = None
) -> list[str]:
    found = disk_blockers(asset, policy, now, task) if isinstance(asset, Disk) else elastic_ip_blockers(asset, policy, now)
    return [blocker.code for blocker in found]


@pytest.mark.parametrize("status", ["available", "error_create", "error_delete"])
def test_a_free_disk_may_go(status: str) -> None:
    assert _codes(replace(DISK, status=status)) == []


def test_a_free_elastic_ip_may_go() -> None:
    assert _codes(ADDRESS) == []


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"status": "in-use", "attached": True, "attached_to": ("i-1",)}, ["disk_in_use"]),
        # A status that lags, and a holder that is missing: either is enough.
        ({"attached": True}, ["disk_in_use"]),
        ({"status": "in-use"}, ["disk_in_use"]),
        ({"status": "creating"}, ["transitional"]),
        ({"status": "extending"}, ["transitional"]),
        ({"status": "restoring"}, ["transitional"]),
        ({"status": "error_restore"}, ["invalid_status"]),
        ({"status": "error_extend"}, ["invalid_status"]),
        ({"status": "archiving"}, ["unknown_status"]),
        ({"shared": True}, ["shared_disk"]),
        ({"tags": {"jdcloud-protect": ""}}, ["protected"]),
        ({"charge": _prepaid(NOW + timedelta(days=1))}, ["prepaid_unexpired"]),
        ({"charge": _prepaid(None)}, ["prepaid_unexpired"]),
        (
            {"status": "in-use", "shared": True, "tags": {"jdcloud-protect": "x"}, "charge": _prepaid(None)},
            ["protected", "disk_in_use", "shared_disk", "prepaid_unexpired"],
        ),
    ],
)
def test_every_reason_against_a_disk_is_reported(fields: dict[str, object], codes: list[str]) -> None:
    assert _codes(replace(DISK, **fields)) == codes  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"status": "ASSOCIATED", "instance_id": "i-1"}, ["elastic_ip_in_use"]),
        ({"status": "ASSOCIATED"}, ["elastic_ip_in_use"]),
        ({"status": ""}, ["elastic_ip_in_use"]),
        ({"instance_id": "i-1"}, ["elastic_ip_in_use"]),
        ({"network_interface_id": "port-1"}, ["elastic_ip_in_use"]),
        ({"private_ip_address": "10.0.0.9"}, ["elastic_ip_in_use"]),
        ({"state": "PROCESSING"}, ["transitional"]),
        ({"bandwidth_package_id": "bwp-1"}, ["in_bandwidth_package"]),
        ({"tags": {"jdcloud-protect": "yes"}}, ["protected"]),
        ({"charge": _prepaid(NOW + timedelta(days=1))}, ["prepaid_unexpired"]),
        (
            {"instance_id": "i-1", "bandwidth_package_id": "b", "tags": {"jdcloud-protect": "x"}, "charge": _prepaid(None)},
            ["protected", "elastic_ip_in_use", "in_bandwidth_package", "prepaid_unexpired"],
        ),
    ],
)
def test_every_reason_against_an_elastic_ip_is_reported(fields: dict[str, object], codes: list[str]) -> None:
    assert _codes(replace(ADDRESS, **fields)) == codes  # type: ignore[arg-type]


@pytest.mark.parametrize("asset", [DISK, ADDRESS])
def test_a_prepaid_one_may_go_once_its_end_is_past_or_it_is_overdue(asset: Disk | ElasticIp) -> None:
    past = NOW - timedelta(seconds=1)
    assert _codes(replace(asset, charge=_prepaid(past))) == []
    assert _codes(replace(asset, charge=_prepaid(None, "overdue"))) == []
    assert _codes(replace(asset, charge=_prepaid(past)), now=None) == ["prepaid_unexpired"]


def test_the_message_about_a_prepaid_one_holds_the_date() -> None:
    (blocker,) = disk_blockers(replace(DISK, charge=_prepaid(datetime(2026, 3, 1, tzinfo=UTC))), POLICY, NOW)
    assert "2026-03-01" in blocker.message


def test_the_holder_of_an_elastic_ip_is_named() -> None:
    held = replace(ADDRESS, instance_id="netlb-1", instance_type="lb", network_interface_id="port-1")
    assert "with lb netlb-1," in next(elastic_ip_blockers(held, POLICY, NOW)).message
    held = replace(held, instance_id=None)
    assert "with network interface port-1," in next(elastic_ip_blockers(held, POLICY, NOW)).message


def test_a_snapshot_that_is_being_made_blocks_a_disk_and_so_does_not_knowing() -> None:
    assert _codes(DISK, task="snapshot-1") == _codes(DISK, task=UNKNOWN_TASK) == ["task_in_progress"]


@pytest.mark.parametrize("status", ["deleting", "in-recyclebin", "deleted"])
def test_a_disk_that_is_going_or_gone_is_not_judged(status: str) -> None:
    assert _codes(replace(DISK, status=status, tags={"jdcloud-protect": "x"}, shared=True)) == []


def test_a_shared_disk_may_go_if_that_is_asked_for() -> None:
    assert _codes(replace(DISK, shared=True), replace(POLICY, shared=True)) == []


@pytest.mark.parametrize("asset", [DISK, ADDRESS])
def test_protect_tags_may_be_others_or_none(asset: Disk | ElasticIp) -> None:
    tagged = replace(asset, tags={"jdcloud-protect": "x", "env": "prod"})
    assert _codes(tagged, UnattachedPolicy({"env": ("prod", "live")})) == ["protected"]
    assert _codes(tagged, UnattachedPolicy({"env": ("live",)})) == _codes(tagged, UnattachedPolicy({})) == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": "new"}, "name"),
        ({"status": "error_delete"}, "status"),
        ({"size_gb": 200}, "size"),
        ({"recyclable": False}, "recycle bin"),
        ({"recyclable": None}, "recycle bin"),
    ],
)
def test_a_disk_that_is_not_as_it_was_has_changed(fields: dict[str, object], text: str) -> None:
    (change,) = disk_differences(DISK, replace(DISK, **fields), POLICY)  # type: ignore[arg-type]
    assert text in change


def test_a_disk_that_was_to_die_anyhow_has_not_changed_if_it_cannot_be_recycled_any_more() -> None:
    now = replace(DISK, recyclable=False)
    assert disk_differences(DISK, now, replace(POLICY, recycle=False)) == disk_differences(now, DISK, POLICY) == []


def test_an_elastic_ip_with_another_name_or_address_has_changed() -> None:
    assert elastic_ip_differences(ADDRESS, replace(ADDRESS, state="DOWN")) == []
    assert len(elastic_ip_differences(ADDRESS, replace(ADDRESS, name="new", address="203.0.113.9"))) == 2


@pytest.mark.parametrize(("recycle", "recyclable"), [(True, True), (True, False), (True, None), (False, True), (False, None)])
def test_what_is_destroyed_although_the_bin_was_wished_for_is_reported(recycle: bool, recyclable: bool | None) -> None:
    disk, policy = replace(DISK, recyclable=recyclable), replace(POLICY, recycle=recycle)
    assert goes_into_bin(disk, policy) is (recycle and recyclable is True)
    text = [finding.code for finding in disk_warnings(disk, policy)]
    assert text == (["not_recyclable"] if recycle and not recyclable else [])


STATUSES = [
    "available",
    "in-use",
    "creating",
    "error_create",
    "error_delete",
    "error_extend",
    "error_restore",
    "extending",
    "new",
]
CHARGES = [None, POSTPAID, Charge("", ""), _prepaid(None), _prepaid(NOW - timedelta(1)), _prepaid(NOW + timedelta(1))]
TAGS = [{}, {"a": "b"}, {"jdcloud-protect": "no"}]


@given(
    st.builds(
        Disk,
        disk_id=st.just("vol-1"),
        status=st.sampled_from(STATUSES),
        size_gb=st.just(1),
        attached_to=st.just(()),
        charge=st.sampled_from(CHARGES),
        shared=st.booleans(),
        tags=st.sampled_from(TAGS),
        attached=st.booleans(),
        recyclable=st.sampled_from([None, True, False]),
    ),
    st.booleans(),
    st.booleans(),
)
def test_no_disk_goes_unless_all_conditions_hold(disk: Disk, shared: bool, recycle: bool) -> None:
    may_go = (
        disk.status in ("available", "error_create", "error_delete")
        and not disk.attached
        and "jdcloud-protect" not in disk.tags
        and (shared or not disk.shared)
        and disk.charge not in (CHARGES[3], CHARGES[5])
    )
    policy = UnattachedPolicy(POLICY.protect_tags, recycle=recycle, shared=shared)
    assert (_codes(disk, policy) == []) is may_go


@given(
    st.builds(
        ElasticIp,
        elastic_ip_id=st.just("fip-1"),
        address=st.just("203.0.113.1"),
        status=st.sampled_from(["NOT_ASSOCIATED", "ASSOCIATED", ""]),
        instance_id=st.sampled_from([None, "i-1"]),
        charge=st.sampled_from(CHARGES),
        bandwidth_package_id=st.sampled_from([None, "bwp-1"]),
        network_interface_id=st.sampled_from([None, "port-1"]),
        tags=st.sampled_from(TAGS),
        state=st.sampled_from(["UP", "DOWN", "PROCESSING", ""]),
        private_ip_address=st.sampled_from([None, "10.0.0.9"]),
    )
)
def test_no_elastic_ip_goes_unless_all_conditions_hold(address: ElasticIp) -> None:
    held = (address.instance_id, address.network_interface_id, address.private_ip_address, address.bandwidth_package_id)
    may_go = (
        address.status == "NOT_ASSOCIATED"
        and not any(held)
        and address.state != "PROCESSING"
        and "jdcloud-protect" not in address.tags
        and address.charge not in (CHARGES[3], CHARGES[5])
    )
    assert (_codes(address) == []) is may_go
