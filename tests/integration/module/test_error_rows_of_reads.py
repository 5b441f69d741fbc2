# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each row of the vendor's error tables, met by each read."""

from __future__ import annotations

import pytest

from support.error_table import STATUS_TABLE, WRITES_AGAIN_ONLY, Row
from support.integration.cloud import Cloud, stopped

A, GONE = "i-aaaa000001", "i-gone000009"


def _again(row: Row) -> bool:
    return row.again and row.status not in WRITES_AGAIN_ONLY


FINAL = [row for row in STATUS_TABLE if not _again(row)]
SOME_FINAL = [row for row in FINAL if row.status in ("INVALID_ARGUMENT", "HTTP_FORBIDDEN", "QUOTA_EXCEEDED", "CONFLICT")]
"""For reads after which the status of a final answer makes no difference any more."""
PASSING = [row for row in STATUS_TABLE if _again(row)]


@pytest.mark.parametrize("operation", ["vm.describeInstances", "vm.describeInstance"])
@pytest.mark.parametrize("row", FINAL, ids=lambda row: row.name)
def test_a_refused_selection_ends_the_task_before_anything_is_changed(cloud: Cloud, row: Row, operation: str) -> None:
    """describeInstance is asked for an id that the bulk answer does not show."""
    cloud.seed(stopped(A))
    cloud.control.inject("error", operation=operation, times=0, **row.fault)
    ended = cloud.vm("absent", A, GONE)
    (answer,) = cloud.calls(operation)
    assert ended.failed
    assert operation in ended.msg
    assert row.status in ended.msg
    assert answer["request_id"] in ended.msg
    assert row.message.rstrip(".") in ended.msg
    assert ended.result["instances"] == []
    assert not ended.result["changed"]
    assert cloud.writes() == []


@pytest.mark.parametrize("row", PASSING, ids=lambda row: row.name)
def test_a_read_is_repeated(cloud: Cloud, row: Row) -> None:
    cloud.seed(stopped(A, disks=[{"id": "vol-a", "auto_delete": True}], elastic_ip={"id": "fip-a"}))
    for operation in ("vm.describeInstances", "vm.describeInstance", "disk.describeDisks", "vpc.describeElasticIps"):
        cloud.control.inject("error", operation=operation, times=1, **row.fault)
    ended = cloud.vm("absent", A, GONE, elastic_ips="release")
    assert not ended.failed
    assert ended.machine(A)["action"] == "deleted"
    assert [disk["fate"] for disk in ended.machine(A)["disks"]] == ["deleted", "deleted"]
    assert [address["fate"] for address in ended.machine(A)["elastic_ips"]] == ["released"]
    assert ended.summary["api_retries"] >= 4
    assert ended.summary["not_found"] == 1
    assert ended.summary["api_throttled"] == (4 if row.http == 429 else 0)


@pytest.mark.parametrize("row", [row for row in PASSING if row.http != 429], ids=lambda row: row.name)
def test_a_read_is_repeated_api_retries_times_at_most(cloud: Cloud, row: Row) -> None:
    cloud.seed(stopped(A))
    cloud.control.inject("error", operation="vm.describeInstances", times=0, **row.fault)
    ended = cloud.vm("absent", A, api_retries=1)
    assert ended.failed
    assert row.status in ended.msg
    assert len(cloud.calls()) == 2
    assert ended.summary["api_retries"] == 1
    assert cloud.exists(A)


@pytest.mark.parametrize("row", SOME_FINAL, ids=lambda row: row.name)
def test_fates_that_cannot_be_read_are_unverified(cloud: Cloud, row: Row) -> None:
    cloud.seed(stopped(A, disks=[{"id": "vol-kept"}], elastic_ip={"id": "fip-kept"}))
    # The first two reads are of tags: for the plan, and at the gate.
    cloud.control.inject("error", operation="disk.describeDisks", after=2, times=0, **row.fault)
    cloud.control.inject("error", operation="vpc.describeElasticIps", times=0, **row.fault)
    ended = cloud.vm("absent", A)
    assert not ended.failed
    assert ended.actions == {A: "deleted"}
    assert set(ended.fates().values()) == {"unverified"}
    assert ended.fates("elastic_ips") == {"fip-kept": "unverified"}
    retained = ended.result["retained"]
    # Whether the system disk went is not known either.
    assert len(retained["disks"]) == 2
    assert ("vol-kept", "unverified") in [(row["disk_id"], row["fate"]) for row in retained["disks"]]
    assert [(row["elastic_ip_id"], row["fate"]) for row in retained["elastic_ips"]] == [("fip-kept", "unverified")]


@pytest.mark.parametrize("row", [FINAL[0], FINAL[4]], ids=lambda row: row.name)
def test_an_elastic_ip_whose_state_cannot_be_read_is_not_released(cloud: Cloud, row: Row) -> None:
    cloud.seed(stopped(A, elastic_ip={"id": "fip-a"}))
    cloud.control.inject("error", operation="vpc.describeElasticIps", after=2, times=0, **row.fault)
    ended = cloud.vm("absent", A, elastic_ips="release")
    assert ended.failed
    assert ended.error["code"] == "elastic_ip_not_released"
    assert ended.fates("elastic_ips") == {"fip-a": "unverified"}
    assert ended.summary["deleted"] == 1
    assert "vpc.deleteElasticIp" not in cloud.writes()
    assert cloud.exists("fip-a")


@pytest.mark.parametrize("row", SOME_FINAL, ids=lambda row: row.name)
def test_rule_09_a_refused_proof_is_no_proof(cloud: Cloud, row: Row) -> None:
    """The machine is gone, but the service will not say so: neither deleted-and-done nor an endless wait."""
    cloud.seed(stopped(A))
    for operation in ("vm.describeInstance", "vm.describeInstances"):
        cloud.control.inject("error", operation=operation, after=2 if operation.endswith("s") else 0, times=0, **row.fault)
    ended = cloud.vm("absent", A)
    assert ended.failed
    assert ended.error["code"] == "api"
    assert ended.error["http"] == row.http
    assert ended.only["status"] == "deleting"
    assert ended.only["changed"]
    assert cloud.effects("vm.deleteInstance") == 1
