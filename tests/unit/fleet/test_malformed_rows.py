# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One malformed row of an answer is that row's problem: it is blocked or proves nothing, and the others go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.pagination import IncompleteListing
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Instance
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.resources import Disk, ElasticIp
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.plan import decide_backup
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.policy import BackupPolicy
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.retention import superseded
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import FATE_PATIENCE, Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.deletions.unattached_rules import (
    UnattachedPolicy,
    disk_blockers,
    elastic_ip_blockers,
    is_free,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import BackupSet, Demand, backup_set_of, prove
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.fates import unreleasable
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import changes_since, decide
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.tags.plan import WantedTags, tag_blockers
from support.fleet.builders import FACTS, NOW, PROTECT, address, elastic_ip, image, knowing, machine, snapshot
from support.fleet.virtual import Campaign, Cloud, data_disk, make_policy
from support.fleet.world import TrueAddress
from support.json_object import Json

LISTINGS = ("vm.describeInstances", "vm.describeInstance")

MALFORMED: list[Json] = [
    {"status": ""},
    {"status": None},
    {"status": 4},
    {"status": "hibernated"},
    {"tags": [{"value": "b"}]},
    {"charge": "prepaid"},
    {"dataDisks": [{"deviceName": "vdb"}]},
    {"dataDisks": [{"diskCategory": "cloud", "cloudDisk": {"diskId": "vol/../x"}}]},
    {"primaryNetworkInterface": []},
]


def twisted(change: Callable[[Json], Json], instance_id: str = "i-bad", *operations: str) -> Callable[[Call[Any], Json], Json]:
    """A twist of what the service shows of one machine."""

    def twist(call: Call[Any], result: Json) -> Json:
        if call.operation not in (operations or LISTINGS):
            return result
        if "instance" in result:
            mine = result["instance"]["instanceId"] == instance_id
            return {"instance": change(result["instance"])} if mine else result
        rows = [change(row) if row["instanceId"] == instance_id else row for row in result["instances"]]
        return {**result, "instances": rows}

    return twist


def with_a_bad_row(broken: Json, *, selection: Selection | None = None, **more: Any) -> tuple[Cloud, Campaign]:
    """A run over two stopped machines, of which the service always shows one so."""
    cloud = Cloud()
    for instance_id in ("i-good", "i-bad"):
        cloud.machine(instance_id, "stopped", tags={"env": "test"})
    cloud.service.twist = twisted(lambda row: {**row, **broken})
    policy = make_policy("absent", "i-good", "i-bad") if selection is None else make_policy(selection=selection)
    return cloud, cloud.run(policy, Timing(wait_timeout=600.0), skip_blocked=True, **more)


@pytest.mark.parametrize("broken", MALFORMED)
@pytest.mark.parametrize("selection", [None, Selection(None, None, {"env": ("test",)}, {})])
def test_a_machine_with_a_malformed_row_is_blocked(broken: Json, selection: Selection | None) -> None:
    _cloud, campaign = with_a_bad_row(broken, selection=selection)
    assert [blocker["code"] for blocker in campaign["i-bad"]["blockers"]] == ["unknown_status"]


@pytest.mark.parametrize("broken", MALFORMED)
def test_the_others_go_on(broken: Json) -> None:
    cloud, campaign = with_a_bad_row(broken)
    assert campaign["i-good"]["action"] == "deleted"
    assert {write.resource for write in cloud.log.writes} == {"i-good"}


@pytest.mark.parametrize("broken", MALFORMED)
def test_a_preview_does_not_wait_out_the_time(broken: Json) -> None:
    _cloud, campaign = with_a_bad_row(broken, preview=True)
    assert campaign.seconds < 10.0


def test_a_row_that_is_malformed_once_is_read_again() -> None:
    cloud = Cloud()
    cloud.machine("i-bad", "stopped")
    shown: list[Json] = []

    def once(row: Json) -> Json:
        shown.append(row)
        return {**row, "status": None} if len(shown) == 1 else row

    cloud.service.twist = twisted(once)
    assert cloud.run(make_policy("absent", "i-bad"))["i-bad"]["action"] == "deleted"


def test_a_row_that_becomes_malformed_at_the_gate_is_not_deleted_by() -> None:
    cloud = Cloud()
    cloud.machine("i-bad", "running")
    cloud.service.twist = twisted(lambda row: {**row, "tags": "none"} if row["status"] == "stopped" else row)
    campaign = cloud.run(make_policy("absent", "i-bad", stop_running=True))
    assert campaign.code("i-bad") == "changed_meanwhile"


@pytest.mark.parametrize("nameless", [None, {}, {"instanceId": None, "status": "stopped"}])
@pytest.mark.parametrize("total", [2, 3])
def test_a_row_without_an_id_makes_a_listing_incomplete(nameless: Json | None, total: int) -> None:
    cloud = Cloud()
    for instance_id in ("i-good", "i-bad"):
        cloud.machine(instance_id, "stopped", tags={"env": "test"})
    cloud.service.twist = lambda call, result: (
        {"instances": [result["instances"][0], nameless], "totalCount": total} if call.operation == LISTINGS[0] else result
    )
    with pytest.raises(IncompleteListing):
        cloud.run(make_policy(selection=Selection(None, None, {"env": ("test",)}, {})))


@pytest.mark.parametrize("order", [1, -1])
def test_a_running_machine_that_a_listing_shows_twice_is_not_deleted(order: int) -> None:
    """The total equals the distinct ids, so only the number of rows tells."""
    cloud = Cloud()
    cloud.machine("i-bad", "running", tags={"env": "test"})

    def twice(call: Call[Any], result: Json) -> Json:
        if call.operation != LISTINGS[0]:
            return result
        row = result["instances"][0]
        return {**result, "instances": [row, {**row, "status": "stopped"}][::order]}

    cloud.service.twist = twice
    with pytest.raises(IncompleteListing):
        cloud.run(make_policy(selection=Selection(None, None, {"env": ("test",)}, {})))


def test_a_machine_that_the_gate_shows_twice_is_not_deleted() -> None:
    cloud = Cloud()
    cloud.machine("i-bad", "running")
    cloud.machine("i-good", "stopped")

    def twice(call: Call[Any], result: Json) -> Json:
        rows = result.get("instances") or []
        double = [row for row in rows if row["instanceId"] == "i-bad" and row["status"] == "stopped"]
        return {**result, "instances": [*rows, *double]} if call.operation == LISTINGS[0] else result

    cloud.service.twist = twice
    campaign = cloud.run(make_policy("absent", "i-bad", "i-good", stop_running=True))
    assert (campaign["i-bad"]["action"], campaign["i-good"]["action"]) == ("failed", "deleted")


@pytest.mark.parametrize("total", [101, 10**6, 10**12])
def test_a_first_page_that_announces_absurdly_much_is_refused_without_reading_further(total: int) -> None:
    cloud = Cloud()
    cloud.machine("i-bad", "stopped", tags={"env": "test"})
    cloud.service.twist = lambda call, result: {**result, "totalCount": total}
    with pytest.raises(IncompleteListing):
        cloud.run(make_policy(selection=Selection(None, None, {"env": ("test",)}, {})))
    assert len(cloud.log.calls) <= 5


# --- after the machines are gone --------------------------------------------------------------------------------------


def test_a_malformed_disk_makes_only_its_own_fate_unverified() -> None:
    cloud = Cloud()
    for number in ("a", "b"):
        cloud.machine(f"i-{number}", "stopped", disks=[data_disk(f"vol-{number}")])

    def twist(call: Call[Any], result: Json) -> Json:
        if call.operation == "disk.describeDisks":
            return {**result, "disks": [{**row, "diskId": None} if row["diskId"] == "vol-a" else row for row in result["disks"]]}
        return {"disk": {**result["disk"], "diskId": "vol-x"}} if call.operation == "disk.describeDisk" else result

    cloud.service.twist = twist
    campaign = cloud.run(make_policy("absent", "i-a", "i-b"), Timing(retries=1))
    fates = {disk["disk_id"]: disk["fate"] for each in ("i-a", "i-b") for disk in campaign[each]["disks"]}
    assert (fates["vol-a"], fates["vol-b"]) == ("unverified", "kept")


def test_a_bulk_answer_that_cannot_be_read_is_replaced_by_single_reads() -> None:
    cloud = Cloud()
    cloud.machine("i-a", "stopped", disks=[data_disk("vol-a")])
    cloud.service.twist = lambda call, result: {} if cloud.log.writes and call.operation == "disk.describeDisks" else result
    campaign = cloud.run(make_policy("absent", "i-a"), Timing(retries=1))
    assert {disk["disk_id"]: disk["fate"] for disk in campaign["i-a"]["disks"]}["vol-a"] == "kept"


def test_an_elastic_ip_whose_row_cannot_be_read_is_not_released() -> None:
    cloud = Cloud()
    cloud.machine("i-a", "stopped", addresses=[TrueAddress("fip-a")])

    def twist(call: Call[Any], result: Json) -> Json:
        rows = result.get("elasticIps", [])
        broken = [{**row, "chargeMode": 1, "tags": "none"} if row.get("status") == "NOT_ASSOCIATED" else row for row in rows]
        return {**result, "elasticIps": broken} if call.operation == "vpc.describeElasticIps" else result

    cloud.service.twist = twist
    campaign = cloud.run(make_policy("absent", "i-a", release_elastic_ips=True))
    assert campaign["i-a"]["elastic_ips"][0]["fate"] == "failed"
    assert campaign.seconds >= FATE_PATIENCE


# --- decisions --------------------------------------------------------------------------------------------------------

BAD = machine(unreadable=("tags",))


def test_an_unreadable_machine_is_blocked_whatever_else_is_wrong_with_it() -> None:
    blockers = decide(replace(BAD, status="running", charge=None), make_policy(), FACTS).blockers
    assert [blocker.code for blocker in blockers] == ["unknown_status"]


def test_the_gate_refuses_an_unreadable_observation() -> None:
    assert changes_since(decide(machine(), make_policy(), FACTS), BAD, make_policy(), FACTS) != []


@pytest.mark.parametrize("unreadable", ["tags", "instanceName", "vpcId"])
def test_what_cannot_be_read_does_not_leave_a_machine_out_without_a_word(unreadable: str) -> None:
    selection = Selection(None, "other", {"env": ("test",)}, {"vpcId": ("vpc-1",)})
    whole = machine(name="other", tags={"env": "test"}, vpc_id="vpc-1")
    empty: Json = {"tags": {"tags": {}}, "instanceName": {"name": ""}, "vpcId": {"vpc_id": None}}
    assert selection.mismatch(replace(whole, **empty[unreadable])) is not None
    assert selection.mismatch(replace(whole, **empty[unreadable], unreadable=(unreadable,))) is None


def backup_policy() -> BackupPolicy:
    """Images of the machine `i-one`."""
    return BackupPolicy("image", Selection(("i-one",), None, {}, {}), "c1", "bk", PROTECT)


def test_an_unreadable_machine_is_not_backed_up() -> None:
    decision = decide_backup(BAD, backup_policy(), BackupSet(), NOW)
    assert ([blocker.code for blocker in decision.blockers], decision.assets) == (["unknown_status"], ())


@pytest.mark.parametrize("spoilt", ["image", "snapshot"])
def test_an_unreadable_backup_proves_nothing(spoilt: str) -> None:
    part, whole = snapshot("vol-sys", images=["img-one"]), image("snapshot-vol-sys")
    demand = Demand("image", 24.0)
    assert prove(machine(), machine().disks, demand, backup_set_of([whole], [part]), NOW).missing == ()
    if spoilt == "image":
        backup_set = backup_set_of([replace(whole, unreadable=("disks",))], [part])
    else:
        backup_set = backup_set_of([whole], [replace(part, unreadable=("status",))])
    assert prove(machine(), machine().disks, demand, backup_set, NOW).backups == ()


def test_an_unreadable_image_is_neither_counted_nor_removed_as_an_older_backup() -> None:
    part = snapshot("vol-sys", images=["img-new", "img-old"])
    new = image("snapshot-vol-sys", imageId="img-new")
    old = image("snapshot-vol-sys", imageId="img-old", createTime="2026-01-10T00:00:00+08:00")
    gone = superseded([machine()], backup_policy(), backup_set_of([new, old], [part]), 1, NOW)
    assert gone.image_ids == ("img-old",)
    bad = superseded([machine()], backup_policy(), backup_set_of([new, replace(old, unreadable=("desc",))], [part]), 1, NOW)
    assert bad.image_ids == ()


FREE_DISK = Disk("vol-1", "available", 10, (), None, False)


def test_an_unreadable_disk_is_not_free() -> None:
    bad = replace(FREE_DISK, unreadable=("attachments",))
    assert [finding.code for finding in disk_blockers(bad, UnattachedPolicy(), NOW)] == ["unknown_status"]
    assert is_free(FREE_DISK)
    assert not is_free(bad)


def test_an_unreadable_elastic_ip_is_not_free() -> None:
    free = ElasticIp("fip-1", None, "NOT_ASSOCIATED", None, None, None, None)
    assert list(elastic_ip_blockers(free, UnattachedPolicy(), NOW)) == []
    bad = replace(free, unreadable=("instanceId",))
    assert [finding.code for finding in elastic_ip_blockers(bad, UnattachedPolicy(), NOW)] == ["unknown_status"]


def test_an_unreadable_elastic_ip_cannot_be_released() -> None:
    holder: Instance = machine(addresses=(address(),))
    assert unreleasable(holder, knowing(elastic_ip())) == []
    assert "cannot be read" in unreleasable(holder, knowing(elastic_ip(unreadable=("charge",))))[0]


def test_tags_that_cannot_be_read_are_not_changed() -> None:
    findings = tag_blockers(replace(BAD, tags={}), WantedTags({"due": "2026-01-01"}), PROTECT)
    assert [finding.code for finding in findings] == ["unknown_status"]
