# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of fault on the way to the service and back, on reads; and answers that look well and are wrong."""

from __future__ import annotations

import pytest

from support.integration.cloud import Cloud, stopped
from support.json_object import Json

A, B, GONE = "i-aaaa000001", "i-bbbb000002", "i-gone000009"
READS = ("vm.describeInstances", "disk.describeDisks", "vpc.describeElasticIps")
PASSING: dict[str, Json] = {
    "close_before": {"kind": "close_before"},
    "close_after": {"kind": "close_after"},
    "garbage": {"kind": "garbage"},
    "bad_gateway": {"kind": "garbage", "http": 502},
    "no_request_id": {"kind": "no_request_id"},
    "cut_off": {"kind": "cut_off"},
    "hang": {"kind": "hang"},
    "slow": {"kind": "delay", "seconds": 1.0},
    "throttle": {"kind": "throttle"},
}
HOPELESS: dict[str, tuple[Json, str]] = {
    "huge": ({"kind": "huge", "megabytes": 40}, "has more than 2097152 bytes"),
    "redirect": ({"kind": "redirect"}, "redirects"),
}
FOREIGN: Json = {"kind": "garbage", "http": 404, "body": "<h1>Not Found</h1>"}
"""What a proxy or a wrong address answers."""


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_read_whose_answer_is_lost_is_sent_again(cloud: Cloud, fault: Json) -> None:
    cloud.seed(stopped(A, disks=[{"id": "vol-a", "auto_delete": True}], elastic_ip={"id": "fip-a"}))
    for operation in READS:
        cloud.control.inject(operation=operation, times=1, **fault)
    ended = cloud.vm("absent", A, elastic_ips="release", api_timeout=0.6)
    assert not ended.failed
    assert ended.actions == {A: "deleted"}
    assert set(ended.fates().values()) == {"deleted"}
    assert ended.fates("elastic_ips") == {"fip-a": "released"}
    assert ended.summary["api_retries"] >= 3


@pytest.mark.parametrize("name", [name for name in PASSING if name != "no_request_id"])
def test_rule_09_a_404_that_does_not_arrive_is_asked_for_again(cloud: Cloud, name: str) -> None:
    cloud.seed(stopped(A))
    cloud.control.inject(operation="vm.describeInstance", times=1, **PASSING[name])
    ended = cloud.vm("absent", GONE, api_timeout=0.6)
    assert not ended.failed
    assert ended.summary["not_found"] == 1
    assert ended.summary["api_retries"] == 1


@pytest.mark.parametrize("fault", [PASSING["no_request_id"], FOREIGN], ids=["no_request_id", "foreign_page"])
def test_rule_09_a_404_without_a_request_id_proves_nothing(cloud: Cloud, fault: Json) -> None:
    cloud.seed(stopped(A))
    cloud.control.inject(operation="vm.describeInstance", times=0, **fault)
    ended = cloud.vm("absent", GONE, api_retries=1)
    assert ended.failed
    assert "vm.describeInstance" in ended.msg
    assert ended.summary["already_absent"] == 0


@pytest.mark.parametrize(("fault", "text"), HOPELESS.values(), ids=HOPELESS.keys())
def test_an_answer_that_asking_again_does_not_mend_ends_the_task(cloud: Cloud, fault: Json, text: str) -> None:
    cloud.seed(stopped(A))
    cloud.control.inject(operation="vm.describeInstances", times=0, **fault)
    ended = cloud.vm("absent", A)
    assert ended.failed
    assert text in ended.msg
    assert len(cloud.calls()) == 1
    assert ended.result["instances"] == []
    assert cloud.exists(A)


def test_a_foreign_page_as_the_first_answer_ends_the_task_soon(cloud: Cloud) -> None:
    """A wrong address is more likely than an outage as long as the service never answered."""
    cloud.control.inject(operation="vm.describeInstances", times=0, **FOREIGN)
    ended = cloud.vm("absent", A)
    assert ended.failed
    assert "endpoint_url" in ended.msg
    assert len(cloud.calls()) <= 3


@pytest.mark.parametrize("name", [*(name for name in PASSING if name != "throttle"), "huge", "redirect"])
def test_rule_09_a_lost_proof_is_no_proof(cloud: Cloud, name: str) -> None:
    """After the delete every read of the machine fails: it is not reported as gone. (Throttling is waited out for minutes.)"""
    fault = PASSING[name] if name in PASSING else HOPELESS[name][0]
    cloud.seed(stopped(A))
    cloud.control.inject(operation="vm.describeInstance", times=0, **fault)
    cloud.control.inject(operation="vm.describeInstances", after=2, times=0, **fault)
    ended = cloud.vm("absent", A, api_retries=1, api_timeout=0.4)
    assert ended.failed
    assert ended.error["code"] == "api"
    assert ended.error["operation"].startswith("vm.describeInstance")
    assert ended.only["status"] == "deleting"
    assert ended.only["changed"]
    assert ended.only["action"] == "failed"
    assert set(ended.fates().values()) == {"unverified"}


def test_rule_09_an_empty_answer_at_the_gate_is_looked_at_again(cloud: Cloud) -> None:
    cloud.seed(stopped(A), stopped(B))
    cloud.control.inject("empty_list", operation="vm.describeInstances", after=1, times=1)
    ended = cloud.vm("absent", A, B)
    assert not ended.failed
    assert ended.actions == {A: "deleted", B: "deleted"}
    assert cloud.effects("vm.deleteInstance") == 2


@pytest.mark.parametrize("fault", [{"kind": "empty_list"}, {"kind": "drop_rows", "ids": [A]}], ids=["empty", "dropped"])
def test_rule_10_a_machine_that_bulk_answers_never_show_again_is_not_deleted(cloud: Cloud, fault: Json) -> None:
    """It exists, says describeInstance, but the gate opens only for a full answer."""
    cloud.seed(stopped(A), stopped(B))
    cloud.control.inject(operation="vm.describeInstances", after=1, times=0, **fault)
    ended = cloud.vm("absent", A, wait_timeout=1)
    assert ended.failed
    assert ended.error["code"] in ("api", "timeout")
    assert A in ended.error["message"]
    assert cloud.writes() == []
    assert cloud.exists(A)


def _slow_fleet(cloud: Cloud) -> list[str]:
    """Five machines, so that bulk answers are used; the delete of the first takes longer than all others."""
    ids = [f"i-many{number:04}" for number in range(5)]
    cloud.seed(*[stopped(instance_id) for instance_id in ids], delete_seconds=0.6)
    cloud.control.inject("transition_takes", operation="vm.deleteInstance", resource=ids[0], seconds=2.5)
    return ids


@pytest.mark.parametrize(
    "faults",
    [
        [{"kind": "empty_list", "times": 0}],
        [{"kind": "drop_rows", "ids": ["i-many0000"], "times": 0}],
        [{"kind": "drop_rows", "ids": ["i-many0000"], "times": 1}, {"kind": "wrong_total", "by": -1, "times": 1}],
    ],
    ids=["always_empty", "always_dropped", "once_dropped_consistently"],
)
def test_rule_09_a_machine_that_is_still_there_is_not_taken_for_gone(cloud: Cloud, faults: list[Json]) -> None:
    ids = _slow_fleet(cloud)
    for fault in faults:
        cloud.control.inject(operation="vm.describeInstances", after=2, **fault)
    ended = cloud.vm("absent", *ids)
    assert not ended.failed
    assert set(ended.actions.values()) == {"deleted"}
    # Asked the moment the module ended: it must really be gone, although answers left it out long before.
    assert not cloud.exists(ids[0])
    assert ended.summary["seconds"] >= 2.5


def test_rule_09_two_complete_bulk_answers_are_proof_after_our_delete(cloud: Cloud) -> None:
    """The slow one keeps the answers from being empty, so the fast ones need no read of their own."""
    ids = _slow_fleet(cloud)
    ended = cloud.vm("absent", *ids)
    assert set(ended.actions.values()) == {"deleted"}
    assert not any(cloud.exists(instance_id) for instance_id in ids)
    assert {entry["resources"][0] for entry in cloud.calls("vm.describeInstance")} <= {ids[0]}
    assert cloud.calls("vm.describeInstance"), "the last one, alone, is proved by a 404"


@pytest.mark.parametrize("operation", ["disk.describeDisks", "vpc.describeElasticIps"])
def test_rule_14_an_empty_answer_about_fates_needs_a_404(cloud: Cloud, operation: str) -> None:
    """A disk and an address that are still there must not be reported as deleted and released."""
    cloud.seed(stopped(A, disks=[{"id": "vol-a", "auto_delete": False}], elastic_ip={"id": "fip-a"}))
    cloud.control.inject("empty_list", operation=operation, times=0)
    ended = cloud.vm("absent", A)
    assert not ended.failed
    assert ended.fates()["vol-a"] == "kept"
    assert ended.fates("elastic_ips") == {"fip-a": "kept"}


def test_rule_14_rows_that_an_answer_lacks_are_asked_for_again(cloud: Cloud) -> None:
    cloud.seed(stopped(A, disks=[{"id": "vol-a"}, {"id": "vol-b"}], elastic_ip={"id": "fip-a"}))
    cloud.control.inject("drop_rows", operation="disk.describeDisks", times=1)
    ended = cloud.vm("absent", A)
    assert ended.fates()["vol-a"] == "kept"
    assert ended.fates()["vol-b"] == "kept"
    assert len(cloud.calls("disk.describeDisks")) >= 2
