# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`jdcloud_vm_restore` from its arguments to its result, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, TransportError
from support.json_object import Json
from support.module.documentation import check, documented_options, documented_returns, paths
from support.module.restores import OF_IMAGE, Backups
from support.module.runner import Ended, Runner

MODULE = "jdcloud_vm_restore"
PATH = "ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.restores.run"


def manifest(instance_id: str = "i-old", *, snapshots: bool = False, **fields: Any) -> Json:
    """An entry of a manifest."""
    disk = {"category": "cloud", "disk_type": "ssd.gp1", "auto_delete": True, "shared": False, "encrypted": False}
    specification = {
        "az": "cn-north-1a",
        "instance_type": "g.n2.medium",
        "subnet_id": "subnet-one",
        "security_groups": [{"group_id": "sg-one", "group_name": "one"}],
        "platform": "Ubuntu",
        "architecture": "x86_64",
        "elastic_ips": [{"elastic_ip_id": "fip-old", "address": "203.0.113.9"}],
    }
    rows = [{"snapshot_id": f"snapshot-{each}", "disk_id": f"vol-{each}"} for each in ("sys", "data")]
    return {
        "instance_id": instance_id,
        "name": "old",
        "specification": specification,
        "disks": [
            {"disk_id": "vol-sys", "device": "vda", "system": True, "size_gb": 40, **disk},
            {"disk_id": "vol-data", "device": "vdb", "system": False, "size_gb": 100, **disk},
        ],
        "image": None if snapshots else {"image_id": "img-one"},
        "snapshots": rows if snapshots else [],
        **fields,
    }


@pytest.fixture
def cloud() -> Backups:
    """A cloud with backups and no machine."""
    return Backups()


def restore(run: Runner, *entries: Json, **options: Any) -> Ended:
    """Run the module on machines of a manifest."""
    return run(MODULE, machines=list(entries), campaign="spring", **options)


# --- wrong input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "exactly one of machines"),
        ({"machines": [manifest()], "image_id": "img-one"}, "exactly one of machines"),
        ({"machines": []}, "empty list"),
        ({"image_id": "img-one"}, "instance_type, az, subnet_id, security_group_ids, name must be set"),
        ({**OF_IMAGE, "image_id": "img/../one"}, "is not an id"),
        ({**OF_IMAGE, "name": "x"}, "2 to 128"),
        ({**OF_IMAGE, "name": "one."}, "2 to 128"),
        ({**OF_IMAGE, "subnet_id": " "}, "subnet_id is blank"),
        ({**OF_IMAGE, "security_group_ids": []}, "empty list"),
        ({**OF_IMAGE, "security_group_ids": [f"sg-{each}" for each in range(6)]}, "5 at most"),
        ({**OF_IMAGE, "keep_private_ip": True}, "exclude each other"),
        ({**OF_IMAGE, "wait_timeout": 0}, "wait_timeout"),
        ({"machines": [manifest()], "drill": True}, "subnet_id, security_group_ids must be set"),
        ({"machines": [manifest()], "keep_private_ip": True, "private_ip": "10.0.0.1"}, "exclude each other"),
        ({"machines": [manifest(), manifest("i-two")], "name": "one"}, "name is for one instance"),
        ({"machines": [manifest(), manifest("i-two")], "max_machines": 1}, "but max_machines"),
        ({"machines": [manifest()], "max_machines": 0}, "at least 1"),
        ({"machines": [manifest()], "campaign": "a b"}, "campaign is"),
    ],
)
def test_wrong_input_ends_with_all_result_keys_and_sends_nothing(
    cloud: Backups, run: Runner, options: Json, sentence: str
) -> None:
    ended = run(MODULE, **options)
    assert ended.failed
    assert sentence in ended.msg
    check(ended.result, MODULE)
    assert cloud.calls == []


def test_a_refused_read_ends_with_all_result_keys_and_makes_nothing(cloud: Backups, run: Runner) -> None:
    cloud.refuse("vm.describeImages", 403, "HTTP_FORBIDDEN", "not authorized")
    ended = restore(run, manifest())
    assert ended.failed
    assert "HTTP_FORBIDDEN" in ended.msg
    assert cloud.writes == []
    check(ended.result, MODULE)


# --- what goes wrong ----------------------------------------------------------------------------------------------


def _without_data(machine: Json) -> None:
    machine["dataDisks"].clear()


def _smaller(machine: Json) -> None:
    machine["dataDisks"][0]["cloudDisk"]["diskSizeGB"] = 90


def _of_another_snapshot(machine: Json) -> None:
    machine["dataDisks"][0]["cloudDisk"]["snapshotId"] = "snapshot-other"


@pytest.mark.parametrize("spoil", [_without_data, _smaller, _of_another_snapshot])
def test_a_disk_that_did_not_come_back_is_a_failure_that_names_it(
    cloud: Backups, run: Runner, spoil: Callable[[Json], None]
) -> None:
    cloud.spoil = spoil
    ended = restore(run, manifest())
    assert ended.failed
    assert ended.only["error"]["code"] == "disks_missing"
    assert "vdb from snapshot-data" in ended.msg
    assert "vda" not in ended.msg
    assert ended.result["changed"]
    assert ended.only["instance_id"] == "i-made0"
    assert [row["verified"] for row in ended.only["disks"]] == [True, False]


def test_a_disk_that_appears_late_is_waited_for(cloud: Backups, run: Runner) -> None:
    late: list[Json] = []

    def hide(machine: Json) -> None:
        late.extend(machine["dataDisks"])
        machine["dataDisks"] = []
        looks = iter(range(3))

        def show() -> None:
            if next(looks, None) is None:
                machine["dataDisks"] = late
            else:
                cloud.before["vm.describeInstances"] = show

        cloud.before["vm.describeInstances"] = show

    cloud.spoil = hide
    ended = restore(run, manifest())
    assert not ended.failed
    assert all(row["verified"] for row in ended.only["disks"])


def test_the_origin_may_come_from_the_disk_service_alone(cloud: Backups, run: Runner) -> None:
    def without_parts(machine: Json) -> None:
        slot = machine["dataDisks"][0]
        slot["cloudDisk"] = {key: value for key, value in slot["cloudDisk"].items() if key != "snapshotId"}

    cloud.spoil = without_parts
    ended = restore(run, manifest())
    assert not ended.failed, ended.msg
    assert "disk.describeDisks" in [call.operation for call in cloud.calls]


def test_machines_that_exist_twice_are_a_failure_that_names_them(cloud: Backups, run: Runner) -> None:
    for instance_id in ("i-a", "i-b"):
        cloud.add(instance_id, instanceName="old", description="jdcloud.cloud/1 restore=spring instance=i-old")
    ended = restore(run, manifest())
    assert ended.failed
    assert ended.only["error"]["code"] == "made_twice"
    assert "i-a, i-b" in ended.msg
    assert cloud.writes == []


def test_an_earlier_copy_that_is_going_is_a_failure(cloud: Backups, run: Runner) -> None:
    cloud.add("i-a", "error", instanceName="old", description="jdcloud.cloud/1 restore=spring instance=i-old")
    ended = restore(run, manifest())
    assert ended.failed
    assert ended.only["error"]["code"] == "error_state"
    assert cloud.writes == []


def test_a_machine_that_vanishes_is_a_failure(cloud: Backups, run: Runner) -> None:
    def go(machine: Json) -> None:
        machine["status"] = "pending"
        # It is seen once.
        cloud.before["vm.describeInstances"] = lambda: cloud.before.update({"vm.describeInstances": cloud.machines.clear})

    cloud.spoil = go
    ended = restore(run, manifest())
    assert ended.failed
    assert ended.only["error"]["code"] == "vanished"
    assert not ended.result["changed"]


def test_a_bug_hides_no_machine_that_was_made(cloud: Backups, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any) -> None:
        raise KeyError("bug")

    monkeypatch.setattr(f"{PATH}.verify_disks", broken)
    ended = restore(run, manifest())
    assert ended.failed
    assert ended.only["instance_id"] == "i-made0"
    assert ended.result["changed"]
    assert ended.only["error"]["code"] == "internal"
    assert "internal error" in ended.msg


# --- once, and again ----------------------------------------------------------------------------------------------


def test_a_machine_that_was_deleted_can_be_restored_again_on_the_same_day(cloud: Backups, run: Runner) -> None:
    """The service would answer the same token with the machine that is gone, so each run has its own."""
    assert not restore(run, manifest()).failed
    cloud.machines.clear()
    again = restore(run, manifest())
    assert not again.failed
    assert again.only["action"] == "created"
    assert again.only["instance_id"] == "i-made1"
    assert len(cloud.tokens) == 2


LAGS = pytest.mark.parametrize(
    ("unreadable", "unlisted"), [(22.0, 0.0), (0.0, 22.0), (22.0, 22.0), (100.0, 60.0), (100.0, 100.0)]
)


@LAGS
def test_a_machine_that_some_reads_do_not_show_yet_is_made_once(
    cloud: Backups, run: Runner, unreadable: float, unlisted: float
) -> None:
    cloud.unreadable, cloud.unlisted = unreadable, unlisted
    ended = restore(run, manifest())
    assert (ended.failed, [*cloud.machines], ended.only["status"]) == (False, ["i-made0"], "running")


@LAGS
def test_a_helper_image_that_some_reads_do_not_show_yet_is_made_once(
    cloud: Backups, run: Runner, unreadable: float, unlisted: float
) -> None:
    cloud.unreadable, cloud.unlisted = unreadable, unlisted
    ended = restore(run, manifest(snapshots=True))
    assert not ended.failed, ended.msg
    assert [operation for operation, _resource in cloud.writes].count("vm.createImageFromSnapshots") == 1


@LAGS
def test_a_lost_answer_and_reads_that_lag_make_one_machine(
    cloud: Backups, run: Runner, unreadable: float, unlisted: float
) -> None:
    cloud.unreadable, cloud.unlisted = unreadable, unlisted
    response, lost = cloud.send, iter([True])

    def send(call: Call[Any], *rest: Any) -> Any:
        text = response(call, *rest)
        if call.operation == "vm.createInstances" and next(lost, False):
            raise TransportError("Lost.", operation=call.operation, kind="reset", sent=True)
        return text

    cloud.send = send
    ended = restore(run, manifest())
    assert (ended.failed, [*cloud.machines]) == (False, ["i-made0"])


def test_a_machine_that_no_read_ever_shows_is_a_failure_that_names_it(cloud: Backups, run: Runner) -> None:
    cloud.unreadable = cloud.unlisted = 10_000.0
    ended = restore(run, manifest())
    assert (ended.only["instance_id"], ended.only["status"], ended.only["error"]["code"]) == (
        "i-made0",
        "unverified",
        "unverified",
    )


def test_a_machine_that_no_read_ever_shows_is_not_made_again(cloud: Backups, run: Runner) -> None:
    cloud.unreadable = cloud.unlisted = 10_000.0
    restore(run, manifest())
    assert [operation for operation, _resource in cloud.writes] == ["vm.createInstances"]


def test_a_machine_that_cannot_be_looked_for_after_a_lost_answer_may_be_there(cloud: Backups, run: Runner) -> None:
    response = cloud.send

    def send(call: Call[Any], *rest: Any) -> Any:
        if call.operation == "vm.describeInstances" and cloud.machines:
            raise ApiError(call.operation, 403, "HTTP_FORBIDDEN", "no right", "req-403")
        text = response(call, *rest)
        if call.operation == "vm.createInstances":
            raise TransportError("Lost.", operation=call.operation, kind="reset", sent=True)
        return text

    cloud.send = send
    row = restore(run, manifest()).only
    assert (row["action"], row["status"], row["changed"], row["error"]["code"]) == ("failed", "unverified", True, "unverified")


def test_the_token_of_the_same_order_is_the_same_and_of_another_is_not(cloud: Backups, run: Runner) -> None:
    restore(run, manifest(), check=True)
    assert cloud.tokens == {}
    restore(run, manifest())
    restore(run, manifest(), name="other")
    restore(run, manifest(), subnet_id="subnet-two", name="third")
    assert len(cloud.tokens) == 3


def test_a_helper_image_of_a_killed_run_is_deleted_by_the_next(cloud: Backups, run: Runner) -> None:
    cloud.refuse("vm.deleteImage", 403, "HTTP_FORBIDDEN", "not authorized")
    first = restore(run, manifest(snapshots=True))
    assert not first.failed
    assert "img-help" in cloud.images
    cloud.refusals.clear()
    again = restore(run, manifest(snapshots=True))
    assert not again.failed
    assert again.only["action"] == "none"
    assert "img-help" not in cloud.images


# --- documentation ------------------------------------------------------------------------------------------------


def test_results_are_exactly_as_documented(cloud: Backups, run: Runner) -> None:
    done = restore(run, manifest(snapshots=True))
    blocked = restore(run, manifest("i-two", image={"image_id": "img-none"}))
    cloud.refuse("vm.createInstances", 429, "QUOTA_EXCEEDED", "Instance quota limit exceeded")
    failed = restore(run, manifest(), name="other")
    preview = run(MODULE, check=True, **OF_IMAGE)
    assert not done.failed
    assert blocked.failed
    assert failed.failed
    assert not preview.failed
    seen = set().union(*(check(ended.result, MODULE) for ended in (done, blocked, failed, preview)))
    assert set(paths(documented_returns(MODULE))) == seen


def test_every_option_is_documented_and_no_other() -> None:
    from ansible_collections.jdcloud.cloud.plugins.module_utils._module.restores.options import RESTORE_SPEC

    documented = documented_options(MODULE)
    assert set(documented) == set(RESTORE_SPEC)
    for name, spec in RESTORE_SPEC.items():
        assert documented[name].get("default") == spec.get("default"), name
        assert documented[name].get("type", "str") == spec["type"], name
