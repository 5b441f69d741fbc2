# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`jdcloud_vm_info` from its arguments to its result."""

from __future__ import annotations

import pytest

from support.module.documentation import check, documented_returns, paths
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

EMPTY_LISTS = {
    *(f"instances.backups.{field}" for field in ("type", "id", "status", "created", "campaign")),
    *(f"instances.dns_records.{field}" for field in ("zone", "zone_id", "zone_type", "name", "type", "value", "status")),
}
"""What is documented of backups and of DNS records, which other tests see."""
MODULE = "jdcloud_vm_info"
PROTECTED = [{"key": "jdcloud-protect", "value": "yes"}]


def test_wrong_input_ends_with_all_result_keys_and_sends_nothing(cloud: MemoryCloud, run: Runner) -> None:
    ended = run.vm_info(tags={})
    assert ended.failed
    assert ended.msg.startswith("tags is an empty dict")
    check(ended.result, MODULE)
    assert cloud.calls == []


def test_a_refused_read_ends_with_all_result_keys_and_the_account(cloud: MemoryCloud, run: Runner) -> None:
    cloud.refuse("vm.describeInstances", 401, "UNAUTHENTICATED", "the request sign result is not same")
    ended = run.vm_info()
    assert ended.failed
    assert "401 UNAUTHENTICATED" in ended.msg
    check(ended.result, MODULE)
    assert ended.result["account"]["source"] == "environment"


def test_an_id_that_only_a_forbidden_read_could_prove_absent_is_an_error(cloud: MemoryCloud, run: Runner) -> None:
    """Rule 9: a 403 is no proof of anything."""
    cloud.refuse("vm.describeInstance", 403, "HTTP_FORBIDDEN", "not authorized", "i-hidden")
    ended = run.vm_info("i-hidden")
    assert ended.failed
    assert ended.result["instances"] == []


def test_no_selector_lists_all_machines_with_everything_the_service_says(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-b", "running", hostName="b.local", tags=[{"key": "env", "value": "test"}])
    cloud.add("i-a")
    ended = run.vm_info()
    assert not ended.failed
    assert ended.result["changed"] is False
    machines = {machine["instance_id"]: machine for machine in ended.result["instances"]}
    assert {*machines} == {"i-a", "i-b"}
    running = machines["i-b"]
    assert (running["name"], running["hostname"], running["tags"]) == ("name-of-i-b", "b.local", {"env": "test"})
    assert running["system_disk"]["cloud_disk"]["disk_id"] == "vol-sysib"
    assert running["deletable"] is False
    assert [blocker["code"] for blocker in running["blockers"]] == ["running"]
    assert machines["i-a"]["deletable"] is True
    assert machines["i-a"]["blockers"] == []
    summary = ended.result["summary"]
    assert (summary["selected"], summary["deletable"], summary["blocked"], summary["not_found"]) == (2, 1, 1, 0)
    balancers = ["lb.describeTargetGroups"] * 3 + ["lb.describeBackends"] * 3
    assert [call.operation for call in cloud.calls] == ["vm.describeInstances", "disk.describeDisks", *balancers]
    assert summary["api_calls"] == 8
    assert cloud.writes == []


def test_the_blockers_are_those_of_a_delete_with_the_same_options(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a", "running", tags=[{"key": "keep", "value": "1"}])
    assert run.vm_info("i-a", stop_running=True).result["instances"][0]["deletable"] is True
    protected = run.vm_info("i-a", stop_running=True, protect_tags={"keep": "*"}).result["instances"][0]
    assert [blocker["code"] for blocker in protected["blockers"]] == ["protected"]


@pytest.mark.parametrize(
    ("options", "codes"), [({}, []), ({"disks": "delete"}, ["protected"])], ids=["the disk stays", "the disk would go"]
)
def test_the_blockers_heed_the_tags_of_disks(cloud: MemoryCloud, run: Runner, options: dict[str, str], codes: list[str]) -> None:
    cloud.add("i-a")
    cloud.add_disk("i-a", "vol-a", auto_delete=False)
    cloud.disks["vol-a"]["tags"] = PROTECTED
    blockers = run.vm_info("i-a", **options).result["instances"][0]["blockers"]
    assert [blocker["code"] for blocker in blockers] == codes


@pytest.mark.parametrize(("wanted", "deletable"), [("keep", True), ("release", False)])
def test_the_blockers_heed_the_tags_of_elastic_ips(cloud: MemoryCloud, run: Runner, wanted: str, deletable: bool) -> None:
    cloud.add("i-a")
    cloud.add_elastic_ip("i-a", "fip-a", "203.0.113.9")
    cloud.elastic_ips["fip-a"]["tags"] = PROTECTED
    assert run.vm_info("i-a", elastic_ips=wanted).result["instances"][0]["deletable"] is deletable


def test_without_protecting_tags_no_disk_is_read(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    run.vm_info("i-a", protect_tags={}, load_balancers="ignore")
    assert [call.operation for call in cloud.calls] == ["vm.describeInstances"]


def test_a_key_that_may_not_read_disks_lists_machines_and_would_delete_none(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    cloud.refuse("disk.describeDisks", 403, "HTTP_FORBIDDEN", "not authorized")
    [blocker] = run.vm_info("i-a").result["instances"][0]["blockers"]
    assert blocker == {
        "code": "surroundings_unknown",
        "message": (
            "It is unknown whether a tag protects its disk vol-sysia, because the service refused disk.describeDisks (403 "
            "HTTP_FORBIDDEN): grant the key the right to read disks, or set protect_tags to {} if nothing is protected."
        ),
    }


def test_ids_are_listed_in_their_order_and_missing_ones_are_a_warning(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    cloud.add("i-b")
    ended = run.vm_info("i-b", "i-none", "i-a")
    assert [machine["instance_id"] for machine in ended.result["instances"]] == ["i-b", "i-a"]
    assert ended.result["summary"]["not_found"] == 1
    (warning,) = ended.warnings
    assert "i-none" in warning
    assert "cn-north-1" in warning


def words_of(value: object) -> set[str]:
    """The names of all fields, at any depth."""
    if isinstance(value, dict):
        return {*value} | {word for field in value.values() for word in words_of(field)}
    return {word for field in value for word in words_of(field)} if isinstance(value, list) else set()


def test_names_and_sizes_have_the_words_of_all_other_results(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    cloud.add_disk("i-a", "vol-a", auto_delete=True)
    words = words_of(run.vm_info("i-a").result["instances"])
    assert {"name", "size_gb"} <= words
    assert not {word for word in words if word.endswith(("instance_name", "disk_size_gb"))}


def test_twins_are_all_listed_and_fuzzy_finds_are_not(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a", instanceName="web")
    cloud.add("i-b", instanceName="web")
    cloud.add("i-c", instanceName="web-2")
    ended = run.vm_info(name="web")
    assert [machine["instance_id"] for machine in ended.result["instances"]] == ["i-a", "i-b"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_check_mode_makes_no_difference(cloud: MemoryCloud, run: Runner, check_mode: bool) -> None:
    cloud.add("i-a")
    ended = run(MODULE, check=check_mode)
    assert not ended.failed
    assert [machine["instance_id"] for machine in ended.result["instances"]] == ["i-a"]


def test_results_are_as_documented(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a", "running", instanceType="g.n2.large")
    cloud.groups.add("ag-1", "i-a", scaling=False)
    cloud.balancers.add_group("tg-a")
    cloud.balancers.add_target("tg-a", "i-a", ipAddress="10.0.0.5")
    cloud.add_disk("i-a", "vol-a", auto_delete=True)
    unseen = set(paths(documented_returns(MODULE))) - check(run.vm_info().result, MODULE)
    assert unseen == EMPTY_LISTS
