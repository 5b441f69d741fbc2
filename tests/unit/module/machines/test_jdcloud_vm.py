# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`jdcloud_vm` from its arguments to its result: failures, check mode, unchanged, changed, and once more."""

from __future__ import annotations

from typing import Any

import pytest

from support.keys import ACCESS_KEY
from support.module.documentation import check, documented_returns, paths
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

EMPTY_LISTS = {
    *(f"instances.backups.{field}" for field in ("type", "id", "status", "created", "campaign")),
    *(f"instances.dns_records.{field}" for field in ("zone", "zone_id", "zone_type", "name", "type", "value", "status")),
}
"""What is documented of backups and of DNS records, which other tests see."""
MODULE = "jdcloud_vm"
PROTECTED = [{"key": "jdcloud-protect", "value": "yes"}]
OF_THE_RUN = ("api_calls", "api_retries", "api_throttled", "seconds")
"""Fields of the summary in which a preview and its run differ."""


def counts(summary: dict[str, Any]) -> dict[str, Any]:
    """The fields of a summary that are not zero and tell about machines."""
    return {name: number for name, number in summary.items() if number and name not in OF_THE_RUN}


# --- failures -----------------------------------------------------------------------------------------------------


def test_wrong_input_ends_with_all_result_keys_and_sends_nothing(cloud: MemoryCloud, run: Runner) -> None:
    ended = run.vm("absent")
    assert ended.failed
    assert ended.msg == "Nothing is selected: set at least one of instance_ids, name, tags, filters."
    check(ended.result, MODULE)
    assert ended.result["account"] == dict.fromkeys(("source", "access_key_suffix", "region", "pin", "account_id"))
    assert cloud.calls == []


def test_a_refused_listing_ends_with_all_result_keys_and_the_account(cloud: MemoryCloud, run: Runner) -> None:
    cloud.refuse("vm.describeInstances", 403, "HTTP_FORBIDDEN", "User is not authorized")
    ended = run.vm("absent", tags={"env": "test"})
    assert ended.failed
    assert not ended.result["changed"]
    assert ended.msg.endswith(".")
    assert "\n" not in ended.msg
    assert "IAM" in ended.msg
    check(ended.result, MODULE)
    known = {"source": "environment", "access_key_suffix": ACCESS_KEY[-4:], "region": "cn-north-1"}
    assert ended.result["account"] == {**known, "pin": None, "account_id": None}
    assert ended.result["summary"]["api_calls"] == 1


def test_a_refusal_says_what_to_do_about_machines_that_only_run(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a", "running")
    ended = run.vm("absent", "i-a")
    assert ended.failed
    assert cloud.writes == []
    assert ended.msg == (
        "1 of 1 instances cannot be changed, so nothing was changed: i-a (running); stop the running instances first, or set "
        "stop_running to true."
    )


def test_rule_05_one_blocked_machine_holds_back_all_of_them(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    cloud.add("i-b", "running", tags=PROTECTED)
    ended = run.vm("absent", "i-a", "i-b")
    assert ended.failed
    assert not ended.result["changed"]
    assert ended.msg == (
        "1 of 2 instances cannot be changed, so nothing was changed: i-b (protected, running); remove the causes, or set "
        "on_blocked to skip to continue with the others."
    )
    assert ended.actions == {"i-a": "none", "i-b": "blocked"}
    assert counts(ended.result["summary"]) == {"selected": 2, "unchanged": 1, "blocked": 1}
    assert cloud.writes == []


def test_on_blocked_skip_reports_the_blocked_and_does_the_others(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    cloud.add("i-b", tags=PROTECTED)
    ended = run.vm("absent", "i-a", "i-b", on_blocked="skip")
    assert not ended.failed
    assert ended.result["changed"]
    assert ended.actions == {"i-a": "deleted", "i-b": "blocked"}
    assert [*cloud.machines] == ["i-b"]


def test_rule_14_one_failed_machine_does_not_hide_the_others(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    cloud.add("i-b")
    cloud.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "not authorized", "i-a")
    ended = run.vm("absent", "i-a", "i-b")
    assert ended.failed
    assert ended.result["changed"]
    assert ended.actions == {"i-a": "failed", "i-b": "deleted"}
    failed = ended.result["instances"][0]
    expected = {"code": "api", "operation": "vm.deleteInstance", "http": 403, "status": "HTTP_FORBIDDEN", "request_id": "req-403"}
    assert expected.items() <= failed["error"].items()
    assert ended.msg.startswith("1 of 2 instances failed: i-a (")
    assert ended.msg.endswith(".")
    assert ended.result["summary"]["failed"] == 1
    assert ended.result["summary"]["deleted"] == 1


def test_rule_06_a_machine_that_changed_meanwhile_is_not_deleted(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a", "running")

    def restart_after_the_stop() -> None:
        cloud.before["vm.describeInstances"] = lambda: cloud.machines["i-a"].update(status="running")

    cloud.before["vm.stopInstance"] = restart_after_the_stop
    ended = run.vm("absent", "i-a", stop_running=True, wait_timeout=5)
    assert ended.failed
    assert ended.only["error"]["code"] in ("changed_meanwhile", "timeout")
    assert "i-a" in cloud.machines
    assert "vm.deleteInstance" not in [operation for operation, _resource in cloud.writes]


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_an_id_that_does_not_exist_fails_unless_it_was_to_be_absent(cloud: MemoryCloud, run: Runner, state: str) -> None:
    ended = run.vm(state, "i-none")
    assert ended.failed
    assert ended.only["action"] == "failed"
    assert ended.only["error"]["code"] == "not_found"
    assert "i-none (does not exist" in ended.msg
    assert counts(ended.result["summary"]) == {"selected": 1, "not_found": 1, "failed": 1}


def test_more_matches_than_allowed_fail_and_say_how_to_go_on(cloud: MemoryCloud, run: Runner) -> None:
    for number in range(3):
        cloud.add(f"i-{number}", instanceName="web")
    ended = run.vm("absent", filters={"status": "stopped"}, max_instances=2)
    assert ended.failed
    assert cloud.writes == []
    assert "but max_instances is 2" in ended.msg
    assert "set max_instances to 3" in ended.msg
    twins = run.vm("absent", name="web", max_instances=3)
    assert twins.failed
    assert "i-0, i-1, i-2" in twins.msg
    assert "instance_ids" in twins.msg


# --- check mode ---------------------------------------------------------------------------------------------------


def seed_every_fate(cloud: MemoryCloud) -> None:
    """A running machine with disks that die, stay and are local, with an elastic IP; and another one."""
    cloud.add("i-a", "running")
    cloud.add_disk("i-a", "vol-dies", auto_delete=True)
    cloud.add_disk("i-a", "vol-stays", auto_delete=False)
    cloud.add_local_disk("i-a")
    cloud.add_elastic_ip("i-a", "fip-a", "203.0.113.17")
    cloud.add("i-b", "stopped")
    cloud.groups.add("ag-1", "i-b", scaling=False)


@pytest.mark.parametrize(
    ("state", "options"),
    [
        ("absent", {"stop_running": True}),
        ("absent", {"stop_running": True, "disks": "keep"}),
        ("absent", {"stop_running": True, "disks": "delete", "elastic_ips": "release"}),
        ("stopped", {}),
        ("running", {}),
    ],
)
def test_rule_15_check_mode_sends_no_write_and_predicts_the_run(
    cloud: MemoryCloud, run: Runner, state: str, options: dict[str, Any]
) -> None:
    seed_every_fate(cloud)
    preview = run.vm(state, "i-a", "i-b", "i-none" if state == "absent" else "i-b", check=True, **options)
    assert cloud.writes == [], "rule 15"
    done = run.vm(state, "i-a", "i-b", "i-none" if state == "absent" else "i-b", **options)
    assert not preview.failed
    assert not done.failed
    for key in ("changed", "account", "instances", "retained", "diff"):
        assert preview.result[key] == done.result[key], key
    assert counts(preview.result["summary"]) == counts(done.result["summary"])
    assert done.result["changed"] is True


def test_check_mode_predicts_the_refusal(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a", "running")
    preview, done = run.vm("absent", "i-a", check=True), run.vm("absent", "i-a")
    assert preview.failed
    assert preview.msg == done.msg
    assert preview.result["instances"] == done.result["instances"]


# --- unchanged ----------------------------------------------------------------------------------------------------


def test_an_id_that_does_not_exist_is_absent(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-other")
    ended = run.vm("absent", "i-none")
    assert not ended.failed
    assert not ended.result["changed"]
    machine = ended.only
    assert (machine["status_before"], machine["status"], machine["action"]) == ("absent", "absent", "none")
    assert machine["name"] is None
    assert [warning["code"] for warning in machine["warnings"]] == ["not_found"]
    (warning,) = ended.warnings
    assert "none of 1 ids exists in cn-north-1" in warning
    assert counts(ended.result["summary"]) == {"selected": 1, "already_absent": 1, "not_found": 1, "unchanged": 1}


def test_some_ids_that_do_not_exist_are_no_warning_of_the_task(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    assert run.vm("absent", "i-a", "i-none").warnings == []


def test_nothing_that_matches_is_fine_for_absent_and_an_empty_result(cloud: MemoryCloud, run: Runner) -> None:
    ended = run.vm("absent", name="web")
    assert not ended.failed
    assert not ended.result["changed"]
    assert ended.result["instances"] == []
    assert ended.result["diff"]["before"] == {"instances": {}}


@pytest.mark.parametrize("state", ["stopped", "running"])
@pytest.mark.parametrize("selector", [{"name": "web"}, {"tags": {"env": "test"}}, {"filters": {"status": "running"}}])
def test_nothing_that_matches_is_an_error_for_stopped_and_running(
    cloud: MemoryCloud, run: Runner, state: str, selector: dict[str, Any]
) -> None:
    ended = run.vm(state, **selector)
    assert ended.failed
    assert ended.msg.endswith(".")
    check(ended.result, MODULE)


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_a_machine_that_is_as_wished_is_left_alone(cloud: MemoryCloud, run: Runner, state: str) -> None:
    cloud.add("i-a", state, tags=PROTECTED)
    ended = run.vm(state, "i-a")
    assert not ended.failed
    assert not ended.result["changed"]
    assert ended.only["action"] == "none"
    assert ended.only["blockers"] == []
    assert cloud.writes == []


# --- changed, and once more ---------------------------------------------------------------------------------------


def test_a_running_machine_is_stopped_and_deleted_and_what_is_left_is_reported(cloud: MemoryCloud, run: Runner) -> None:
    seed_every_fate(cloud)
    ended = run.vm("absent", "i-a", stop_running=True)
    machine = ended.only
    assert (machine["status_before"], machine["status"], machine["action"]) == ("running", "absent", "deleted")
    fates = {disk["disk_id"] or disk["device"]: disk["fate"] for disk in machine["disks"]}
    assert fates == {"vol-sysia": "deleted", "vol-dies": "deleted", "vol-stays": "kept", "vdz": "lost"}
    assert [address["fate"] for address in machine["elastic_ips"]] == ["kept"]
    assert ended.result["retained"] == {
        "disks": [{"disk_id": "vol-stays", "instance_id": "i-a", "size_gb": 100, "fate": "kept"}],
        "elastic_ips": [{"elastic_ip_id": "fip-a", "address": "203.0.113.17", "instance_id": "i-a", "fate": "kept"}],
    }
    assert cloud.writes == [("vm.stopInstance", "i-a"), ("vm.deleteInstance", "i-a")]
    assert ended.result["summary"]["api_calls"] == len(cloud.calls)


def test_disks_and_elastic_ips_go_along_if_asked(cloud: MemoryCloud, run: Runner) -> None:
    seed_every_fate(cloud)
    ended = run.vm("absent", "i-a", stop_running=True, disks="delete", elastic_ips="release")
    assert not ended.failed
    assert ended.result["retained"] == {"disks": [], "elastic_ips": []}
    assert cloud.elastic_ips == {}
    assert "vol-stays" not in cloud.disks
    assert cloud.writes == [
        ("vm.stopInstance", "i-a"),
        ("vm.modifyInstanceDiskAttribute", "i-a"),
        ("vm.deleteInstance", "i-a"),
        ("vpc.deleteElasticIp", "fip-a"),
    ]


@pytest.mark.parametrize(
    ("state", "before", "options", "action"),
    [
        ("absent", "running", {"stop_running": True}, "deleted"),
        ("absent", "stopped", {}, "deleted"),
        ("absent", "error", {}, "deleted"),
        ("stopped", "running", {}, "stopped"),
        ("running", "stopped", {}, "started"),
    ],
)
def test_a_second_run_changes_nothing(
    cloud: MemoryCloud, run: Runner, state: str, before: str, options: dict[str, Any], action: str
) -> None:
    cloud.add("i-a", before)
    first = run.vm(state, "i-a", **options)
    assert first.result["changed"]
    assert first.only["action"] == action
    assert first.only["status"] == state
    writes = len(cloud.writes)
    second = run.vm(state, "i-a", **options)
    assert not second.failed
    assert not second.result["changed"]
    assert second.only["action"] == "none"
    assert second.only["status"] == state
    assert second.result["diff"] == {"before": {"instances": {}}, "after": {"instances": {}}}
    assert len(cloud.writes) == writes


def test_the_order_is_that_of_the_ids_else_by_id(cloud: MemoryCloud, run: Runner) -> None:
    for instance_id in ("i-c", "i-a", "i-b"):
        cloud.add(instance_id)
    by_ids = run.vm("stopped", " i-c", "i-a", "i-b", "i-c ")
    assert [*by_ids.actions] == ["i-c", "i-a", "i-b"]
    assert [*run.vm("stopped", filters={"status": "stopped"}).actions] == ["i-a", "i-b", "i-c"]


@pytest.mark.parametrize(("which", "listed"), [("all", ["i-a", "i-b", "i-c"]), ("changed", ["i-a"]), ("problems", ["i-b"])])
def test_return_instances_chooses_what_is_listed_and_not_what_is_counted(
    cloud: MemoryCloud, run: Runner, which: str, listed: list[str]
) -> None:
    cloud.add("i-a", "running")
    cloud.add("i-b", "error")
    cloud.add("i-c", "stopped")
    ended = run.vm("stopped", "i-a", "i-b", "i-c", on_blocked="skip", return_instances=which)
    assert [*ended.actions] == listed
    assert counts(ended.result["summary"]) == {"selected": 3, "changed": 1, "stopped": 1, "unchanged": 1, "blocked": 1}
    assert [*ended.result["diff"]["after"]["instances"]] == ([] if which == "problems" else ["i-a"])


def test_without_waiting_the_fates_are_not_known(cloud: MemoryCloud, run: Runner) -> None:
    seed_every_fate(cloud)
    cloud.machines["i-a"]["status"] = "stopped"
    ended = run.vm("absent", "i-a", wait=False)
    assert not ended.failed
    assert ended.only["action"] == "deleted"
    assert {disk["fate"] for disk in ended.only["disks"]} == {"unverified"}
    assert ended.result["retained"]["disks"] == [
        {"disk_id": "vol-stays", "instance_id": "i-a", "size_gb": 100, "fate": "unverified"}
    ]


# --- documentation ------------------------------------------------------------------------------------------------


def test_results_are_exactly_as_documented(cloud: MemoryCloud, run: Runner) -> None:
    """Each result holds what is documented and nothing else; and all that is documented was seen, but for EMPTY_LISTS."""
    seed_every_fate(cloud)
    cloud.balancers.add_group("tg-a")
    cloud.balancers.add_target("tg-a", "i-b", weight=0, ipAddress="10.0.0.5")
    cloud.add("i-c", tags=PROTECTED)
    cloud.add("i-d")
    cloud.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "not authorized", "i-d")
    mixed = run.vm("absent", "i-a", "i-b", "i-c", "i-d", "i-none", stop_running=True, on_blocked="skip")
    assert mixed.actions == {"i-a": "deleted", "i-b": "deleted", "i-c": "blocked", "i-d": "failed", "i-none": "none"}
    seen = check(mixed.result, MODULE) | check(run.vm("stopped").result, MODULE)
    unseen = set(paths(documented_returns(MODULE))) - seen
    assert unseen == EMPTY_LISTS


# --- protection of what would go with a machine -----------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("kind", ["disk", "elastic IP"])
def test_a_protected_disk_or_elastic_ip_keeps_its_machine_in_a_run_and_its_preview(
    cloud: MemoryCloud, run: Runner, kind: str, check_mode: bool
) -> None:
    cloud.add("i-a")
    cloud.add_disk("i-a", "vol-a", auto_delete=True)
    cloud.add_elastic_ip("i-a", "fip-a", "203.0.113.9")
    tagged = cloud.disks["vol-a"] if kind == "disk" else cloud.elastic_ips["fip-a"]
    tagged["tags"] = PROTECTED
    ended = run.vm("absent", "i-a", elastic_ips="release", check=check_mode)
    assert [each["code"] for each in ended.result["instances"][0]["blockers"]] == ["protected"]
    assert cloud.writes == []


# --- an address is not a name -------------------------------------------------------------------------------------------


def twins(cloud: MemoryCloud) -> None:
    """Two machines with one private address, of which the service's own filter would show one."""
    cloud.add("i-a", privateIpAddress="10.0.0.5", vpcId="vpc-a", tags=[{"key": "env", "value": "test"}])
    cloud.add("i-b", privateIpAddress="10.0.0.5", vpcId="vpc-b")
