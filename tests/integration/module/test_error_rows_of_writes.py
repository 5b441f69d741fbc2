# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each row of the vendor's error tables, met by each write: what is reported, what is repeated, and that nothing else happens."""

from __future__ import annotations

import pytest

from support.error_table import BY_OPERATION, STATUS_TABLE, Row
from support.integration.cloud import Cloud, Ended, running, stopped
from support.json_object import Json

A, B = "i-aaaa000001", "i-bbbb000002"
STOP, SET, DELETE, RELEASE = "i-stop000001", "i-disk000002", "i-dele000003", "i-rele000004"
WRITES = {
    STOP: "vm.stopInstance",
    SET: "vm.modifyInstanceDiskAttribute",
    DELETE: "vm.deleteInstance",
    RELEASE: "vpc.deleteElasticIp",
}
"""One machine for each write; the row is met by that write of that machine only."""
UNCLEAR = [row for row in STATUS_TABLE if row.http in (499, 500, 502, 503)]
FATES: Json = {"stop_running": True, "disks": "delete", "elastic_ips": "release"}


def _seed(cloud: Cloud, row: Row, times: int) -> None:
    cloud.seed(
        running(STOP),
        stopped(SET, disks=[{"id": "vol-set", "auto_delete": False}]),
        stopped(DELETE),
        stopped(RELEASE, elastic_ip={"id": "fip-rel"}),
        stopped(B),
    )
    for instance_id, operation in WRITES.items():
        resource = "fip-rel" if instance_id == RELEASE else instance_id
        cloud.control.inject("error", operation=operation, resource=resource, times=times, **row.fault)


def _check_error(cloud: Cloud, error: Json, operation: str, resource: str, row: Row) -> None:
    """The machine's error is the service's answer, down to the request id."""
    (answer, *_later) = cloud.calls(operation, resource)
    assert error["operation"] == operation
    assert error["http"] == row.http
    assert error["status"] == row.status
    assert row.message.rstrip(".") in error["message"]
    assert error["message"].endswith(".")
    assert error["request_id"] in {entry["request_id"] for entry in cloud.calls(operation, resource)}
    assert answer["effect"] == "none"


@pytest.mark.parametrize("row", [row for row in STATUS_TABLE if not row.again], ids=lambda row: row.name)
def test_a_final_refusal_is_reported_and_never_repeated(cloud: Cloud, row: Row) -> None:
    _seed(cloud, row, times=0)
    ended = cloud.vm("absent", STOP, SET, DELETE, RELEASE, B, wait_timeout=2, **FATES)
    assert ended.failed
    assert ended.actions == {STOP: "failed", SET: "failed", DELETE: "failed", RELEASE: "failed", B: "deleted"}
    for instance_id, operation in WRITES.items():
        resource = "fip-rel" if instance_id == RELEASE else instance_id
        assert len(cloud.calls(operation, resource)) == 1
        error = ended.machine(instance_id)["error"]
        assert error["code"] == ("elastic_ip_not_released" if instance_id == RELEASE else "api")
        _check_error(cloud, error, operation, resource, row)
    assert cloud.status(STOP) == "running"
    assert cloud.status(SET) == "stopped"
    assert cloud.status(DELETE) == "stopped"
    assert cloud.auto_delete(SET, "vol-set") is False
    assert cloud.exists("fip-rel")
    assert not cloud.exists(RELEASE)
    assert not cloud.exists(B)
    assert {each["instance_id"] for each in ended.result["instances"] if each["changed"]} == {RELEASE, B}


@pytest.mark.parametrize("row", [row for row in STATUS_TABLE if row.again], ids=lambda row: row.name)
def test_a_passing_refusal_is_repeated_with_one_effect_only(cloud: Cloud, row: Row) -> None:
    _seed(cloud, row, times=1)
    ended = cloud.vm("absent", STOP, SET, DELETE, RELEASE, B, **FATES)
    assert not ended.failed
    assert set(ended.actions.values()) == {"deleted"}
    for instance_id, operation in WRITES.items():
        resource = "fip-rel" if instance_id == RELEASE else instance_id
        assert [entry["effect"] for entry in cloud.calls(operation, resource)] == ["none", "applied"]
    assert not cloud.exists("vol-set")
    assert not cloud.exists("fip-rel")


@pytest.mark.parametrize("row", UNCLEAR, ids=lambda row: row.name)
def test_rule_11_a_call_that_took_effect_and_answers_with_an_error_is_not_done_twice(cloud: Cloud, row: Row) -> None:
    _seed(cloud, row, times=1)
    cloud.control.clear_faults()
    for operation in WRITES.values():
        cloud.control.inject("error", operation=operation, effect="before", times=0, **row.fault)
    ended = cloud.vm("absent", STOP, SET, DELETE, RELEASE, B, **FATES)
    assert not ended.failed
    assert set(ended.actions.values()) == {"deleted"}
    for instance_id in (STOP, SET, DELETE, RELEASE, B):
        assert cloud.effects("vm.deleteInstance", instance_id) == 1
        assert not cloud.exists(instance_id)
    assert cloud.effects("vm.stopInstance") == 1
    assert cloud.effects("vpc.deleteElasticIp") == 1
    assert not cloud.exists("vol-set")
    assert not cloud.exists("fip-rel")


@pytest.mark.parametrize("row", UNCLEAR, ids=lambda row: row.name)
def test_an_unclear_refusal_that_stays_is_given_up(cloud: Cloud, row: Row) -> None:
    _seed(cloud, row, times=0)
    ended = cloud.vm("absent", STOP, SET, DELETE, B, api_retries=1, stop_running=True, disks="delete")
    assert ended.failed
    assert ended.actions == {STOP: "failed", SET: "failed", DELETE: "failed", B: "deleted"}
    for instance_id in (STOP, SET, DELETE):
        error = ended.machine(instance_id)["error"]
        assert error["code"] == "api"
        _check_error(cloud, error, WRITES[instance_id], instance_id, row)
    assert len(cloud.calls("vm.stopInstance", STOP)) == 2
    assert len(cloud.calls("vm.deleteInstance", DELETE)) == 2
    assert cloud.status(STOP) == "running"
    assert cloud.status(SET) == "stopped"
    assert cloud.status(DELETE) == "stopped"
    assert cloud.auto_delete(SET, "vol-set") is False


@pytest.mark.parametrize("row", [row for row in STATUS_TABLE if row.status in ("CONFLICT", "ABORTED")], ids=lambda row: row.name)
def test_a_conflict_that_stays_is_a_timeout_with_the_answer_in_it(cloud: Cloud, row: Row) -> None:
    _seed(cloud, row, times=0)
    ended = cloud.vm("absent", STOP, SET, DELETE, B, stop_running=True, disks="delete", wait_timeout=1)
    assert ended.failed
    assert ended.actions[B] == "deleted"
    for instance_id in (STOP, SET, DELETE):
        error = ended.machine(instance_id)["error"]
        assert error["code"] == "timeout"
        assert "refused" in error["message"]
        _check_error(cloud, error, WRITES[instance_id], instance_id, row)
        assert len(cloud.calls(WRITES[instance_id], instance_id)) > 1
    assert cloud.status(STOP) == "running"
    assert cloud.exists(SET)
    assert cloud.exists(DELETE)


def _meet(cloud: Cloud, operation: str, row: Row, times: int) -> Ended:
    """One machine whose `operation` meets the row."""
    machine = stopped(A, disks=[{"id": "vol-aaaa"}], elastic_ip={"id": "fip-aaaa"})
    options: Json = {"disks": "delete", "elastic_ips": "release"}
    state = "absent"
    if operation in ("vm.stopInstance", "vm.startInstance"):
        machine = running(A) if operation == "vm.stopInstance" else stopped(A)
        state, options = ("stopped" if operation == "vm.stopInstance" else "running"), {}
    cloud.seed(machine)
    cloud.control.inject("error", operation=operation, times=times, **row.fault)
    return cloud.vm(state, A, api_retries=2, wait_timeout=2, **options)


SPECIFIC = [(operation, row) for operation, rows in BY_OPERATION.items() for row in rows]


def _id(value: object) -> str:
    return value.name if isinstance(value, Row) else str(value)


@pytest.mark.parametrize(("operation", "row"), [pair for pair in SPECIFIC if pair[1].again], ids=_id)
def test_a_row_of_an_operation_that_passes(cloud: Cloud, operation: str, row: Row) -> None:
    ended = _meet(cloud, operation, row, times=1)
    assert not ended.failed, ended.msg
    assert ended.only["action"] in ("stopped", "started", "deleted")
    assert [entry["effect"] for entry in cloud.calls(operation)] == ["none", "applied"]


@pytest.mark.parametrize(("operation", "row"), [pair for pair in SPECIFIC if not pair[1].again], ids=_id)
def test_a_row_of_an_operation_that_stays(cloud: Cloud, operation: str, row: Row) -> None:
    ended = _meet(cloud, operation, row, times=0)
    assert ended.failed
    assert len(cloud.calls(operation)) == 1
    resource = "fip-aaaa" if operation == "vpc.deleteElasticIp" else A
    _check_error(cloud, ended.error, operation, resource, row)
    assert cloud.exists("fip-aaaa") is (operation not in ("vm.stopInstance", "vm.startInstance"))
    assert cloud.exists(A) is (operation != "vpc.deleteElasticIp")


@pytest.mark.parametrize("operation", ["vm.stopInstance", "vm.startInstance", "vm.modifyInstanceDiskAttribute"])
def test_rule_09_a_404_of_another_call_only_triggers_the_read_that_proves_it(cloud: Cloud, operation: str) -> None:
    """The machine is still there, so something else was not found: nothing is absent, and nothing is repeated."""
    row = Row(404, "NOT_FOUND", f"Instance '{A}' not found.")
    ended = _meet(cloud, operation, row, times=0)
    assert ended.error["code"] == "api"
    assert ended.only["status"] != "absent"
    _check_error(cloud, ended.error, operation, A, row)
    assert len(cloud.calls(operation)) == 1
    assert [entry["http"] for entry in cloud.calls("vm.describeInstance")] == [200]


def test_rule_09_a_delete_that_always_answers_404_for_a_machine_that_exists_is_given_up(cloud: Cloud) -> None:
    row = Row(404, "NOT_FOUND", f"Instance '{A}' not found.")
    ended = _meet(cloud, "vm.deleteInstance", row, times=0)
    assert ended.error["code"] == "api"
    assert ended.only["status"] == "stopped"
    _check_error(cloud, ended.error, "vm.deleteInstance", A, row)
    assert len(cloud.calls("vm.deleteInstance")) == 3
    assert cloud.auto_delete(A, "vol-aaaa") is False


def test_a_new_machine_without_a_charge_record_yet_is_tried_again_for_a_while(cloud: Cloud) -> None:
    """Billing data lags (fact charges-record-lags)."""
    cloud.seed(stopped(A))
    row = Row(403, "PERMISSION_DENIED", "Can't delete no charged resource")
    cloud.control.inject("error", operation="vm.deleteInstance", times=3, **row.fault)
    ended = cloud.vm("absent", A)
    assert ended.actions == {A: "deleted"}
    assert len(cloud.calls("vm.deleteInstance")) == 4
