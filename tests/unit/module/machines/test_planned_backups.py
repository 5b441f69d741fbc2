# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`planned_backups` of `jdcloud_vm`: a preview with backups that would be made is what the run does once they are made."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from support.json_object import Json
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Ended, Runner
from support.search import first_of

SEEDS = 120
PER_TEST = 20


def machines_of(backup: Ended) -> list[Json]:
    """The machines of a manifest."""
    return list(backup.result["manifest"]["machines"])


# --- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "in_check_mode", "options", "says"),
    [
        ("absent", False, {"planned_backups": [], "require_backup": "image"}, "check mode only"),
        ("absent", True, {"planned_backups": []}, "requires require_backup: set both"),
        ("stopped", True, {"planned_backups": []}, "requires require_backup: set both"),
        ("absent", True, {"planned_backups": [{}], "require_backup": "image"}, "planned_backups[0].instance_id is ''"),
        ("absent", True, {"planned_backups": ["i-a"], "require_backup": "image"}, "planned_backups"),
    ],
)
def test_wrong_input_sends_nothing(
    cloud: MemoryCloud, run: Runner, state: str, in_check_mode: bool, options: Json, says: str
) -> None:
    ended = run.vm(state, "i-a", check=in_check_mode, **options)
    assert ended.failed
    assert says in ended.msg
    assert cloud.calls == []
    check(ended.result, "jdcloud_vm")


# --- check mode ---------------------------------------------------------------------------------------------------


def test_the_preview_after_the_preview_of_a_backup(cloud: MemoryCloud, run: Runner) -> None:
    cloud.quotas.update(image=(50, 0), snapshot=(50, 0))
    cloud.add("i-a", "running")
    cloud.add_disk("i-a", "vol-a", auto_delete=True)
    backup = run("jdcloud_vm_backup", check=True, instance_ids=["i-a"], stop_running=True, campaign="c1")
    ended = run.vm("absent", "i-a", check=True, require_backup="image", planned_backups=machines_of(backup))
    assert not ended.failed
    assert ended.result["changed"]
    assert cloud.writes == []
    assert (ended.only["status_before"], ended.only["status"], ended.only["action"]) == ("running", "absent", "deleted")
    assert [disk["fate"] for disk in ended.only["disks"]] == ["deleted", "deleted"]
    expected = {"type": "image", "id": None, "status": "planned", "created": None, "campaign": "c1"}
    assert ended.only["backups"] == [expected]
    assert ended.result["diff"]["before"]["instances"]["i-a"]["status"] == "running"
    check(ended.result, "jdcloud_vm")


def test_a_blocked_machine_keeps_the_status_that_it_has(cloud: MemoryCloud, run: Runner) -> None:
    cloud.quotas.update(image=(50, 0), snapshot=(50, 0))
    cloud.add("i-a", "running")
    cloud.add_disk("i-a", "vol-a", auto_delete=True)
    options: Json = {"stop_running": True, "include_data_disks": False}
    backup = run("jdcloud_vm_backup", check=True, instance_ids=["i-a"], **options)
    ended = run.vm("absent", "i-a", check=True, require_backup="image", planned_backups=machines_of(backup))
    assert ended.failed
    assert ended.only["status"] == "running"
    assert [each["code"] for each in ended.only["blockers"]] == ["backup_missing"]


MARKER = "jdcloud.cloud/1 campaign=c1 instance=i-a stopped=true"


def begun(cloud: MemoryCloud, *parts: str, made_of: dict[str, str] | None = None, **fields: Any) -> None:
    """A stopped machine of which this campaign's image is being made; `made_of`: the disk of each part."""
    cloud.add("i-a")
    cloud.add_disk("i-a", "vol-a", auto_delete=True)
    for part in parts:
        cloud.add_snapshot(part, "creating", diskId=(made_of or {}).get(part, "vol-sysia"))
    cloud.add_image(
        "img-own", *parts, status="pending", instanceId="i-a", desc=MARKER, createTime="2026-01-20 07:59:00", **fields
    )


def planned_delete(run: Runner) -> tuple[Ended, Ended]:
    """The previews of the backup and of the delete that follows it, as a campaign asks for them."""
    backup = run("jdcloud_vm_backup", check=True, instance_ids=["i-a"], campaign="c1", reuse="any")
    demand: Json = {"require_backup": "image", "planned_backups": machines_of(backup)}
    return backup, run.vm("absent", "i-a", check=True, on_blocked="skip", **demand)


@pytest.mark.parametrize(
    "made_of", [None, {"snapshot-1": "vol-sysia", "snapshot-2": "vol-a"}], ids=["parts not known yet", "parts known"]
)
def test_an_image_of_the_campaign_that_is_still_being_made_counts_for_its_disks(
    cloud: MemoryCloud, run: Runner, made_of: dict[str, str] | None
) -> None:
    begun(cloud, *(made_of or {}), made_of=made_of)
    assert planned_delete(run)[1].only["action"] == "deleted"


def test_an_image_that_does_not_tell_yet_when_it_was_begun_counts(cloud: MemoryCloud, run: Runner) -> None:
    begun(cloud)
    cloud.images["img-own"]["createTime"] = ""
    assert planned_delete(run)[1].only["action"] == "deleted"


def test_a_snapshot_of_the_campaign_that_is_still_being_made_counts(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    cloud.add_snapshot("snapshot-own", "creating", diskId="vol-sysia", description=MARKER, createTime="")
    backup = run("jdcloud_vm_backup", check=True, instance_ids=["i-a"], campaign="c1", reuse="any", method="snapshots")
    demand: Json = {"require_backup": "snapshots", "planned_backups": machines_of(backup)}
    assert run.vm("absent", "i-a", check=True, on_blocked="skip", **demand).only["action"] == "deleted"


def test_an_image_that_was_begun_without_a_disk_is_not_taken_for_its_backup(cloud: MemoryCloud, run: Runner) -> None:
    begun(cloud, "snapshot-1")
    backup, _delete = planned_delete(run)
    (row,) = machines_of(backup)
    assert [each["code"] for each in row["blockers"]] == ["task_in_progress"]


def test_the_gate_itself_takes_no_image_that_is_still_being_made(cloud: MemoryCloud, run: Runner) -> None:
    begun(cloud)
    run.vm("absent", "i-a", require_backup="image")
    assert cloud.writes == []


# --- preview and run ----------------------------------------------------------------------------------------------


def _fleet(rng: random.Random, cloud: MemoryCloud) -> list[str]:
    """Some machines with disks of all kinds, some of them protected, some backed up already in one way or another."""
    ids = [f"i-m{number}" for number in range(rng.choice([1, 2, 4]))]
    for each in ids:
        tags = [{"key": "jdcloud-protect", "value": "x"}] if rng.random() < 0.08 else []
        cloud.add(each, rng.choice(["running", "running", "stopped", "stopped", "error"]), tags=tags)
        for number in range(rng.choice([0, 0, 1, 2])):
            cloud.add_disk(each, f"vol-{each[2:]}d{number}", auto_delete=rng.random() < 0.6)
        if rng.random() < 0.15:
            cloud.add_local_disk(each)
        if rng.random() < 0.1:
            cloud.machines[each]["systemDisk"] = {"diskCategory": "local", "deviceName": "vda", "status": "attached"}
        _back_up_before(rng, cloud, each)
    return ids


def _back_up_before(rng: random.Random, cloud: MemoryCloud, instance_id: str) -> None:
    if rng.random() < 0.6:
        return
    stopped = rng.choice(["true", "true", "false"])
    mark = f"jdcloud.cloud/1 campaign={rng.choice(['c1', 'c2'])} instance={instance_id} stopped={stopped}"
    made = rng.choice(["2026-01-20T07:00:00+08:00", "2026-01-20T07:00:00+08:00", "2026-01-18T00:00:00+08:00"])
    machine = cloud.machines[instance_id]
    slots = [machine["systemDisk"], *machine["dataDisks"]]
    disks = [slot["cloudDisk"]["diskId"] for slot in slots if slot["diskCategory"] == "cloud" and rng.random() < 0.85]
    if rng.random() < 0.5:
        parts = [f"snapshot-{disk}in" for disk in disks]
        cloud.add_image(f"img-{instance_id[2:]}old", *parts, instanceId=instance_id, desc=mark, createTime=made)
        for part, disk in zip(parts, disks, strict=True):
            cloud.snapshots[part].update(diskId=disk, createTime=made)
        return
    for disk in disks:
        cloud.add_snapshot(f"snapshot-{disk}old", diskId=disk, description=mark, createTime=made)


def _compared(ended: Ended) -> Json:
    """What a preview and another one must agree on, by machine."""
    return {
        each["instance_id"]: (
            each["action"],
            Counter(blocker["code"] for blocker in each["blockers"]),
            [(disk["disk_id"], disk["fate"]) for disk in each["disks"]],
            Counter((backup["type"], backup["campaign"]) for backup in each["backups"]),
        )
        for each in ended.result["instances"]
    }


def _replay(seed: int, cloud: MemoryCloud, run: Runner) -> Counter[str]:
    """One world and one set of options: preview the backup and the delete after it, then do both. What was deleted or blocked."""
    rng = random.Random(seed)
    cloud.quotas.update(image=(100, 0) if rng.random() < 0.9 else (1, 0), snapshot=(200, 0))
    ids = _fleet(rng, cloud)
    method = rng.choice(["image", "image", "snapshots", "both"])
    stop = rng.random() < 0.8
    backup: Json = {
        "instance_ids": ids,
        "method": method,
        "campaign": "c1",
        "reuse": rng.choice(["any", "campaign"]),
        "stop_running": stop,
        "start_again": stop and rng.random() < 0.2,
        "include_data_disks": rng.random() < 0.85,
        "on_blocked": "skip",
        "on_shortfall": "fit",
    }
    delete: Json = {
        "require_backup": rng.choice([method, method, "image", "both"]),
        "allow_local_disk_loss": rng.random() < 0.3,
        "disks": rng.choice(["as_configured", "as_configured", "keep", "delete"]),
        "on_blocked": "skip",
        **({"backup_campaign": "c1"} if rng.random() < 0.5 else {}),
    }
    planned = machines_of(run("jdcloud_vm_backup", check=True, **backup))
    preview = run.vm("absent", *ids, check=True, planned_backups=planned, **delete)
    assert cloud.writes == []
    run("jdcloud_vm_backup", **backup)
    decided = run.vm("absent", *ids, check=True, **delete)
    assert _compared(preview) == _compared(decided)
    done = run.vm("absent", *ids, **delete)
    assert preview.actions == done.actions
    assert {each["instance_id"] for each in done.result["instances"] if each["status"] != "absent"} == set(cloud.machines)
    return Counter(done.actions.values())


@pytest.mark.parametrize("first", first_of(range(0, SEEDS, PER_TEST), 2))
def test_a_preview_with_planned_backups_is_what_the_run_does_after_them(cloud: MemoryCloud, run: Runner, first: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(first, first + PER_TEST):
        cloud.__init__()  # type: ignore[misc]
        seen += _replay(seed, cloud, run)
    assert seen["deleted"], "nothing was tried"
    assert seen["blocked"], "nothing was tried"
