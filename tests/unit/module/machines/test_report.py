# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From records to a result: what is rare in a real run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Instance
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.failure import Failure, Finding
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import Backup
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.machines.record import MachineRecord, MachineRun
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.machines.state import MachineState, Phase
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import (
    Decision,
    Fate,
    PlannedAddress,
    PlannedDisk,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.machines.report import MachineReport

DISK = PlannedDisk("vol-a", "vdb", "cloud", 100, False, "kept")
LOCAL = PlannedDisk(None, "vdz", "local", 200, None, "lost")
ADDRESS = PlannedAddress("fip-a", "203.0.113.17", "kept")


def deleted(instance_id: str = "i-a", **fields: object) -> MachineRecord:
    """A machine whose delete was accepted, and that is gone."""
    machine = Instance(instance_id, f"name-of-{instance_id}", "stopped", {})
    decision = Decision(instance_id, "stopped", steps=("delete",), disks=(DISK, LOCAL), addresses=(ADDRESS,))
    state = MachineState(decision, machine, Phase.ENDED, 0.0, status="absent", delete_accepted=True, gone=True)
    for name, value in fields.items():
        setattr(state, name, value)
    return MachineRecord(instance_id, machine, decision, state)


def blocked(instance_id: str) -> MachineRecord:
    """A machine with two blockers of one kind and one of another."""
    findings = (Finding("protected", "One."), Finding("running", "Two."), Finding("running", "Three."))
    machine = Instance(instance_id, "web", "running", {})
    return MachineRecord(instance_id, machine, Decision(instance_id, "running", blockers=findings))


def failed(instance_id: str, message: str = "It is still in 'stopping'.") -> MachineRecord:
    """A machine that failed before anything was done."""
    machine = Instance(instance_id, "web", "stopping", {})
    return MachineRecord(instance_id, machine, Decision(instance_id, "stopping"), failure=Failure("timeout", message))


def report(*records: MachineRecord, held_back: bool = False) -> MachineReport:
    """The report of a run that was to delete."""
    return MachineReport(MachineRun(list(records), held_back=held_back), "cn-north-1", "absent")


@pytest.mark.parametrize(
    ("planned", "read_back", "listed"),
    [
        ("kept", "kept", True),
        ("kept", "unverified", True),
        ("kept", None, True),
        ("deleted", "deleted", False),
        ("deleted", "kept", True),
    ],
)
def test_a_disk_that_stays_or_may_stay_is_retained(planned: Fate, read_back: Fate | None, listed: bool) -> None:
    """Rule 14: what could not be read is unverified, and still reported."""
    record = deleted(disk_fates={"vol-a": read_back} if read_back else {})
    assert record.state is not None
    assert record.decision is not None
    record.decision = replace(record.decision, disks=(replace(DISK, fate=planned), LOCAL))
    expected = {"disk_id": "vol-a", "instance_id": "i-a", "size_gb": 100, "fate": read_back or "unverified"}
    assert report(record).retained()["disks"] == ([expected] if listed else [])


@pytest.mark.parametrize(("fate", "listed"), [("kept", True), ("failed", True), ("unverified", True), ("released", False)])
def test_an_elastic_ip_that_was_not_released_is_retained(fate: Fate, listed: bool) -> None:
    retained = report(deleted(address_fates={"fip-a": fate})).retained()["elastic_ips"]
    assert [address["fate"] for address in retained] == ([fate] if listed else [])


def test_nothing_is_retained_of_machines_that_were_not_deleted() -> None:
    assert report(blocked("i-a"), failed("i-b")).retained() == {"disks": [], "elastic_ips": []}


@pytest.mark.parametrize(("gone", "fate"), [(True, "lost"), (False, "unverified")])
def test_a_local_disk_is_lost_only_once_its_machine_is_gone(gone: bool, fate: str) -> None:
    (machine,) = report(deleted(gone=gone)).instances("all")
    assert [disk["fate"] for disk in machine["disks"] if disk["category"] == "local"] == [fate]


def test_a_machine_can_count_as_deleted_and_as_failed() -> None:
    record = deleted(failure=Failure("elastic_ip_not_released", "i-a is deleted, but its elastic IP was not released."))
    text = report(record)
    summary = text.summary()
    assert (summary["deleted"], summary["failed"], summary["changed"], summary["already_absent"]) == (1, 1, 1, 0)
    assert text.instances("all")[0]["action"] == "failed"
    assert text.message() == "1 of 1 instances failed: i-a (is deleted, but its elastic IP was not released)."


def test_a_machine_that_failed_after_it_was_stopped_is_changed() -> None:
    record = deleted(delete_accepted=False, gone=False, stopped_by_us=True, status="stopped", failure=Failure("timeout", "Late."))
    text = report(record)
    (machine,) = text.instances("changed")
    assert (machine["action"], machine["changed"], machine["status"]) == ("failed", True, "stopped")
    assert {disk["fate"] for disk in machine["disks"]} == {None}
    assert text.changed


def test_the_service_s_answer_is_part_of_the_error() -> None:
    error = ApiError("vm.deleteInstance", 400, "FAILED_PRECONDITION", "busy", "req-1")
    (machine,) = report(deleted(failure=Failure("api", str(error), error))).instances("problems")
    assert machine["error"] == {
        "code": "api",
        "operation": "vm.deleteInstance",
        "http": 400,
        "status": "FAILED_PRECONDITION",
        "message": str(error),
        "request_id": "req-1",
    }


def test_held_back_is_one_sentence_with_the_reasons_once_and_what_to_do() -> None:
    text = report(blocked("i-a"), failed("i-b"), MachineRecord("i-c"), held_back=True)
    assert text.message() == (
        "2 of 3 instances cannot be changed, so nothing was changed: i-a (protected, running), i-b (It is still in "
        "'stopping'); remove the causes, or set on_blocked to skip to continue with the others."
    )
    assert text.changed is False
    assert text.diff(wanted=True) == {"before": {"instances": {}}, "after": {"instances": {}}}


def test_what_was_held_back_was_not_done() -> None:
    machine = Instance("i-a", "web", "stopped", {})
    planned = MachineRecord("i-a", machine, Decision("i-a", "stopped", steps=("delete",), disks=(DISK,), addresses=(ADDRESS,)))
    text = report(planned, blocked("i-b"), held_back=True)
    first = text.instances("all")[0]
    assert (first["action"], first["status"], first["changed"]) == ("none", "stopped", False)
    assert [disk["fate"] for disk in first["disks"]] == [None]
    assert text.retained() == {"disks": [], "elastic_ips": []}


def test_a_message_names_a_few_machines_and_counts_the_rest() -> None:
    message = report(*[failed(f"i-{number}") for number in range(8)]).message()
    assert message is not None
    assert message.count("is still in") == 5
    assert message.endswith(" and 3 more.")


def test_blocked_machines_alone_are_no_failure() -> None:
    """As on_blocked: skip wants it."""
    assert report(blocked("i-a")).message() is None


def test_backups_that_the_plan_took_into_account_are_listed() -> None:
    backup = Backup("image", "img-a", "ready", "2026-01-15T16:09:10+08:00", "c1")
    record = MachineRecord("i-a", Instance("i-a", "web", "stopped", {}), Decision("i-a", "stopped", backups=(backup,)))
    (machine,) = report(record).instances("all")
    expected = {"type": "image", "id": "img-a", "status": "ready", "created": "2026-01-15T16:09:10+08:00", "campaign": "c1"}
    assert machine["backups"] == [expected]


def test_a_row_holds_where_a_machine_is_and_its_tags() -> None:
    machine = Instance(
        "i-a", "web", "stopped", {"owner": "me"}, az="cn-north-1a", instance_type="g.n2.large", private_ip_address="10.0.0.7"
    )
    (row,) = report(MachineRecord("i-a", machine, Decision("i-a", "stopped"))).instances("all")
    names = ("az", "instance_type", "private_ip_address", "tags")
    assert {name: row[name] for name in names} == {
        "az": "cn-north-1a",
        "instance_type": "g.n2.large",
        "private_ip_address": "10.0.0.7",
        "tags": {"owner": "me"},
    }


def test_a_row_of_an_id_that_does_not_exist_has_no_tags() -> None:
    (row,) = report(MachineRecord("i-a", None)).instances("all")
    assert (row["private_ip_address"], row["tags"]) == (None, {})
