# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 20: a tag on a disk or elastic IP protects it from what would happen to it with its machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import decide
from support.fleet.audit import audited
from support.fleet.builders import FACTS, address, disk, elastic_ip, knowing, local_disk, machine, policy, seen_disk, system_disk
from support.fleet.log import DELETE, RELEASE, SET_DISKS, STOP
from support.fleet.service import Harm
from support.fleet.virtual import Campaign, Cloud, data_disk, make_policy
from support.fleet.world import TrueAddress

YES = {"jdcloud-protect": "yes"}
FIP = "fip-one"


def with_disk(disk_id: str = "vol-data", **more: Any) -> Any:
    return replace(FACTS, disks={**FACTS.disks, disk_id: seen_disk(disk_id, **{"tags": YES, **more})})


def found(decision: Any) -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in decision.blockers]


# --- the plan ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("each", "options"),
    [
        (disk(auto_delete=True), {}),
        (disk(auto_delete=True), {"disks": "delete"}),
        (disk(auto_delete=False), {"disks": "delete"}),
    ],
    ids=["its delete attribute", "both", "disks=delete"],
)
def test_a_protected_disk_that_would_go_with_its_machine_blocks(each: Any, options: dict[str, Any]) -> None:
    decision = decide(machine(data=[each]), policy(**options), with_disk())
    message = (
        "The tag jdcloud-protect=yes protects its disk vol-data, which would be deleted with it: set disks to keep, or remove "
        "the tag."
    )
    assert found(decision) == [("protected", message)]


def test_a_protected_system_disk_blocks_and_keeping_data_disks_is_no_advice() -> None:
    decision = decide(machine(), policy(), with_disk("vol-sys"))
    message = "The tag jdcloud-protect=yes protects its disk vol-sys, which would be deleted with it: remove the tag first."
    assert found(decision) == [("protected", message)]


@pytest.mark.parametrize(
    ("each", "options"),
    [
        (disk(auto_delete=False), {}),
        (disk(auto_delete=True), {"disks": "keep"}),
        (disk(auto_delete=True, shared=True), {}),
    ],
    ids=["not deleted with it", "disks=keep", "shared"],
)
def test_a_protected_disk_that_outlives_its_machine_does_not_block(each: Any, options: dict[str, Any]) -> None:
    assert decide(machine(data=[each]), policy(**options), with_disk()).action == "deleted"


def test_one_value_of_a_repeated_key_protects() -> None:
    facts = with_disk(tags={"tier": "low"}, repeated_tags={"tier": ("gold", "low")})
    decision = decide(machine(data=[disk(auto_delete=True)]), policy(protect_tags={"tier": ("gold",)}), facts)
    assert [each.code for each in decision.blockers] == ["protected"]


def test_a_protected_elastic_ip_blocks_its_release() -> None:
    decision = decide(machine(addresses=(address(),)), policy(release_elastic_ips=True), knowing(elastic_ip(tags=YES)))
    message = (
        "The tag jdcloud-protect=yes protects its elastic IP fip-one, which would be released: set elastic_ips to keep, or "
        "remove the tag."
    )
    assert found(decision) == [("protected", message)]


def test_a_protected_elastic_ip_that_is_kept_does_not_block() -> None:
    decision = decide(machine(addresses=(address(),)), policy(), knowing(elastic_ip(tags=YES)))
    assert decision.action == "deleted"


def test_a_disk_whose_tags_nobody_shows_is_not_taken_for_unprotected() -> None:
    facts = replace(FACTS, disks={})
    assert [each.code for each in decide(machine(), policy(), facts).blockers] == ["surroundings_unknown"]


def test_a_disk_whose_tags_cannot_be_read_is_not_taken_for_unprotected() -> None:
    decision = decide(machine(data=[disk(auto_delete=True)]), policy(), with_disk(tags={}, unreadable=("tags",)))
    assert [each.code for each in decision.blockers] == ["surroundings_unknown"]


def test_a_disk_without_an_id_is_not_taken_for_unprotected() -> None:
    each = machine(disks=(replace(system_disk(), disk_id=None),))
    assert [blocker.code for blocker in decide(each, policy(), FACTS).blockers] == ["surroundings_unknown"]


def test_a_local_disk_has_no_tags_to_ask_for() -> None:
    each = machine(disks=(local_disk(system=True),))
    assert decide(each, policy(), replace(FACTS, disks={})).action == "deleted"


def test_without_protecting_tags_nothing_is_asked() -> None:
    decision = decide(machine(data=[disk(auto_delete=True)]), policy(protect_tags={}), replace(with_disk(), disks={}))
    assert decision.action == "deleted"


def test_a_stop_destroys_no_disk_and_asks_for_no_tags() -> None:
    assert decide(machine("running"), policy("stopped"), replace(FACTS, disks={})).action == "stopped"


# --- the run ----------------------------------------------------------------------------------------------------------


def cloud_with(status: str = "stopped", **of_disk: Any) -> tuple[Cloud, Any]:
    cloud = Cloud()
    return cloud, cloud.machine(
        status=status, disks=[data_disk(**{"auto_delete": True, **of_disk})], addresses=[TrueAddress(FIP)]
    )


def reads(cloud: Cloud, operation: str) -> int:
    return sum(name == operation for _when, name, _resource in cloud.log.calls)


def refused(cloud: Cloud, campaign: Campaign) -> bool:
    return campaign.code("i-one") == "changed_meanwhile" and not cloud.log.of(DELETE)


def test_a_protected_disk_is_found_before_anything_is_changed() -> None:
    cloud, _machine = cloud_with("running", tags=YES)
    campaign = audited(cloud, make_policy(stop_running=True))
    assert [each["code"] for each in campaign["i-one"]["blockers"]] == ["protected"]
    assert not cloud.log.writes


@pytest.mark.parametrize("where", ["system disk", "data disk", "elastic IP"])
@pytest.mark.parametrize("status", ["stopped", "running"])
def test_a_tag_that_appears_between_plan_and_gate_stops_the_delete(status: str, where: str) -> None:
    cloud, machine = cloud_with(status)
    tagged = {"system disk": machine.disks[0], "data disk": machine.disks[1], "elastic IP": cloud.world.elastic_ips[FIP]}[where]
    operation = "vpc.describeElasticIps" if where == "elastic IP" else "disk.describeDisks"
    cloud.service.upon(operation, "", lambda: tagged.tags.update(YES), after=True)
    campaign = audited(cloud, make_policy(stop_running=status == "running", release_elastic_ips=True))
    assert refused(cloud, campaign)
    assert "jdcloud-protect=yes protects" in campaign["i-one"]["error"]["message"]


def test_a_tag_that_appears_while_the_machine_stops_stops_the_delete() -> None:
    cloud, machine = cloud_with("running")
    cloud.service.upon(STOP, "i-one", lambda: machine.disks[1].tags.update(YES), after=True)
    assert refused(cloud, audited(cloud, make_policy(stop_running=True)))


def test_a_tag_that_appears_once_the_delete_attribute_is_set_stops_the_delete_and_the_attribute_is_put_back() -> None:
    cloud, machine = cloud_with(auto_delete=False)
    cloud.service.upon(SET_DISKS, "i-one", lambda: machine.disks[1].tags.update(YES), after=True)
    assert refused(cloud, audited(cloud, make_policy(disks="delete")))
    assert machine.disks[1].auto_delete is False


def test_a_tag_that_appears_before_a_repeated_delete_stops_it() -> None:
    cloud, machine = cloud_with()
    cloud.service.harm_upon(DELETE, "i-one", Harm.BUSY)
    cloud.service.upon(DELETE, "i-one", lambda: machine.disks[1].tags.update(YES), after=True)
    campaign = audited(cloud, make_policy())
    assert campaign.code("i-one") == "changed_meanwhile"
    assert "i-one" in cloud.world.machines


def test_an_elastic_ip_that_is_tagged_after_the_delete_is_not_released_and_the_machine_failed() -> None:
    cloud, _machine = cloud_with()
    cloud.service.upon(DELETE, "i-one", lambda: cloud.world.elastic_ips[FIP].tags.update(YES), after=True)
    campaign = audited(cloud, make_policy(release_elastic_ips=True))
    assert campaign.code("i-one") == "elastic_ip_not_released"
    assert "its tag jdcloud-protect=yes now protects it" in campaign["i-one"]["error"]["message"]
    assert not cloud.log.of(RELEASE)


def test_a_disk_that_the_disk_service_leaves_out_is_not_destroyed() -> None:
    cloud, _machine = cloud_with()
    del cloud.world.disks["vol-data"]
    campaign = audited(cloud, make_policy())
    assert [each["code"] for each in campaign["i-one"]["blockers"]] == ["surroundings_unknown"]
    assert not cloud.log.writes


def test_a_disk_whose_id_cannot_be_asked_for_blocks_its_machine_alone() -> None:
    cloud = Cloud()
    cloud.machine("i-odd", "stopped", disks=[data_disk("vol/odd", auto_delete=True)])
    cloud.machine("i-good", "stopped")
    campaign = cloud.run(make_policy("absent", "i-odd", "i-good"), skip_blocked=True)
    assert campaign["i-odd"]["action"] == "blocked"
    assert campaign["i-good"]["action"] == "deleted"


def test_tags_are_read_a_hundred_disks_in_a_call() -> None:
    cloud = Cloud()
    ids = [f"i-m{number:03d}" for number in range(100)]
    for instance_id in ids:
        cloud.machine(instance_id, "stopped")
    campaign = cloud.run(make_policy("absent", *ids), preview=True, cap=100)
    assert reads(cloud, "disk.describeDisks") == 1
    assert campaign.calls == 2


def test_without_protecting_tags_no_disk_is_read_before_the_delete() -> None:
    cloud, _machine = cloud_with()
    cloud.run(make_policy(protect_tags={}), preview=True)
    assert reads(cloud, "disk.describeDisks") == 0


def test_only_disks_that_would_be_destroyed_are_read() -> None:
    cloud = Cloud()
    cloud.machine(status="stopped", disks=[data_disk("vol-kept")])
    seen: list[str] = []
    cloud.service.harm = lambda call: seen.extend(value for _name, value in call.query)
    cloud.run(make_policy(), preview=True)
    assert "vol-onesys" in seen
    assert "vol-kept" not in seen


@pytest.mark.parametrize("seed", range(15))
def test_what_is_protected_survives_whatever_goes_wrong(seed: int) -> None:
    cloud = Cloud(seed)
    harms = [Harm.LOST_BEFORE, Harm.LOST_AFTER, Harm.TIMED_OUT, Harm.FAILED_BEFORE, Harm.FAILED_AFTER, Harm.THROTTLED]
    ids = [f"i-m{number}" for number in range(12)]
    protected = set()
    for number, instance_id in enumerate(ids):
        shielded = cloud.rng.random() < 0.5
        data = data_disk(f"vol-d{number}", auto_delete=cloud.rng.random() < 0.5, tags=YES if shielded else {})
        on = TrueAddress(f"fip-a{number}", tags=YES if cloud.rng.random() < 0.5 else {})
        protected |= {data.disk_id} if shielded else set()
        protected |= {on.elastic_ip_id} if on.tags else set()
        cloud.machine(instance_id, cloud.rng.choice(["running", "stopped"]), disks=[data], addresses=[on])
    cloud.service.harm = lambda call: cloud.rng.choice(harms) if cloud.rng.random() < 0.1 else None
    wished = make_policy(
        "absent", *ids, stop_running=True, disks=cloud.rng.choice(["as_configured", "delete"]), release_elastic_ips=True
    )
    cloud.run(wished, Timing(wait_timeout=60.0), cap=100, skip_blocked=True)
    assert protected <= cloud.world.disks.keys() | cloud.world.elastic_ips.keys()


def test_a_disk_that_bulk_answers_leave_out_is_asked_for_by_itself() -> None:
    """Also at the gate."""
    cloud, machine = cloud_with()
    hidden = cloud.world.disks
    cloud.operations.hidden_in_bulk = {"vol-data"}
    campaign = audited(cloud, make_policy())
    assert campaign["i-one"]["action"] == "deleted"
    assert reads(cloud, "disk.describeDisk") >= 2
    assert machine.instance_id not in cloud.world.machines
    assert "vol-data" not in hidden
