# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is approved is what is lost, or nothing: also of machines that changed after their campaign began."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common import session
from support.campaign.conducted import Conducted
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner
from support.search import first_of

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
MORE = "vol-more000001"


@pytest.fixture
def fleet(cloud: MemoryCloud) -> MemoryCloud:
    """Three machines, one with a disk that is kept, and room for their images."""
    for each in (A, B, C):
        cloud.add(each)
    cloud.add_disk(B, "vol-kept000001", auto_delete=False)
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}
    return cloud


def attach(fleet: MemoryCloud) -> None:
    """One more disk that goes with its machine."""
    fleet.add_disk(B, MORE, auto_delete=True)


def let_it_go_along(fleet: MemoryCloud) -> None:
    """The disk that was to be kept would go with its machine."""
    fleet.machines[B]["dataDisks"][0]["autoDelete"] = True


def bind(fleet: MemoryCloud) -> None:
    """An elastic IP comes to the machine."""
    fleet.add_elastic_ip(B, "fip-more000001", "203.0.113.9")


CHANGES = pytest.mark.parametrize("change", [attach, let_it_go_along, bind])
Change = Callable[[MemoryCloud], None]


def campaign(run: Runner, tmp_path: Path, **variables: Any) -> Conducted:
    """A campaign in waves of one and two machines, which releases elastic IPs."""
    return Conducted(run, tmp_path / "reports", instance_ids=[A, B, C], waves="1,100%", elastic_ips="release", **variables)


def approved(run: Runner, tmp_path: Path, **variables: object) -> str:
    """The digest of its plan."""
    report: Json = campaign(run, tmp_path, **variables)(check=True)["report"]
    return str(report["digest"])


def after(fleet: MemoryCloud, instance_id: str, change: Change) -> None:
    """Lets a change happen when a machine was deleted."""
    send = fleet.send

    def sent(call: Call[Any], *given: Any, **named: Any) -> Any:
        response = send(call, *given, **named)
        if (call.operation, call.resource) == ("vm.deleteInstance", instance_id):
            change(fleet)
        return response

    fleet.send = sent


def before_look(fleet: MemoryCloud, number: int, change: Change) -> list[None]:
    """Lets a change happen before a look at the machines. Returns the looks so far."""
    looks: list[None] = []
    send = fleet._send

    def sent(call: Call[Any], *given: Any, **named: Any) -> Any:
        if call.operation == "vm.describeInstances":
            looks.append(None)
            if len(looks) == number:
                change(fleet)
        return send(call, *given, **named)

    fleet.send = sent
    return looks


def holds(fleet: MemoryCloud) -> bool:
    """Whether B is there with all that it had."""
    addresses = [row["status"] for row in fleet.elastic_ips.values()]
    slots = fleet.machines[B]["dataDisks"] if B in fleet.machines else []
    return bool(slots) and all(slot["cloudDisk"]["diskId"] in fleet.disks for slot in slots) and addresses in ([], ["ASSOCIATED"])


@CHANGES
@pytest.mark.parametrize("backup", ["none", "image"])
@pytest.mark.parametrize("with_digest", [True, False], ids=["approved", "not approved"])
def test_a_machine_of_a_later_wave_with_which_more_would_be_lost_is_held_back(
    fleet: MemoryCloud, run: Runner, tmp_path: Path, change: Change, backup: str, with_digest: bool
) -> None:
    wanted: Json = {"backup": backup, "on_blocked": "skip"}
    digest = approved(run, tmp_path, **wanted) if with_digest else ""
    after(fleet, A, change)
    done = campaign(run, tmp_path, digest=digest, **wanted)()
    rows = {row["instance_id"]: row for row in done["report"]["machines"]}
    assert {each: row["action"] for each, row in rows.items()} == {A: "deleted", B: "blocked", C: "deleted"}
    assert "more_would_be_lost" in [each["code"] for each in rows[B]["blockers"]]
    assert holds(fleet)


@CHANGES
def test_it_ends_the_campaign_where_blocked_machines_are_not_skipped(
    fleet: MemoryCloud, run: Runner, tmp_path: Path, change: Change
) -> None:
    digest = approved(run, tmp_path)
    after(fleet, A, change)
    done = campaign(run, tmp_path, digest=digest)()
    assert done["fails"]
    assert "Wave 2 did not begin" in done["message"]
    assert sorted(fleet.machines) == [B, C]
    assert holds(fleet)


@CHANGES
@pytest.mark.parametrize("backup", first_of(["none", "image"], 1))
def test_whatever_comes_before_the_last_look_is_not_lost(
    run: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: Change, backup: str
) -> None:
    number, came = 0, True
    while came:
        number += 1
        cloud = MemoryCloud()
        cloud.add(B)
        cloud.add_disk(B, "vol-kept000001", auto_delete=False)
        cloud.quotas = {**cloud.quotas, "snapshot": (100, 0)}
        monkeypatch.setattr(session, "Transport", cloud.transport)
        monkeypatch.setattr(session, "SystemClock", lambda cloud=cloud: cloud.clock)
        wanted: Json = {"instance_ids": B, "backup": backup, "elastic_ips": "release"}
        digest = Conducted(run, tmp_path / f"{number}", **wanted)(check=True)["report"]["digest"]
        looks = before_look(cloud, number, change)
        with contextlib.suppress(InputError):
            Conducted(run, tmp_path / f"{number}", **wanted, digest=digest)()
        came = len(looks) >= number
        assert holds(cloud) if came else B not in cloud.machines, f"at look {number}"
    assert number > (3 if backup == "none" else 6)


def test_what_was_approved_stays_the_bound_of_a_run_that_goes_on(fleet: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    wanted: Json = {"backup": "none", "digest": approved(run, tmp_path, backup="none")}
    fleet.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "no right", B)
    assert campaign(run, tmp_path, **wanted)()["fails"]
    fleet.refusals.clear()
    attach(fleet)
    held = campaign(run, tmp_path, **wanted)()
    assert f"({B}: more_would_be_lost) cannot be deleted, so nothing was changed" in held["message"]
    assert holds(fleet)
    # Who runs it without the approval agrees to what the plan shows now.
    assert not campaign(run, tmp_path, backup="none")()["fails"]
    assert not fleet.machines
    assert MORE not in fleet.disks


def test_an_agreement_without_the_approval_does_not_widen_the_approval(fleet: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    digest = approved(run, tmp_path, backup="none")
    fleet.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "no right", B)
    campaign(run, tmp_path, backup="none", digest=digest)()
    attach(fleet)
    campaign(run, tmp_path, backup="none")()
    fleet.refusals.clear()
    assert "more_would_be_lost" in campaign(run, tmp_path, backup="none", digest=digest)()["message"]
    assert holds(fleet)


def test_less_than_was_approved_in_a_later_wave_holds_nothing_back(fleet: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fleet.add_disk(B, "vol-goes000001", auto_delete=True)
    digest = approved(run, tmp_path, backup="none")
    after(fleet, A, lambda cloud: cloud.machines[B]["dataDisks"][1].update(autoDelete=False))
    assert not campaign(run, tmp_path, backup="none", digest=digest)()["fails"]
    assert "vol-goes000001" in fleet.disks


def test_less_than_was_approved_is_another_plan_before_anything_began(fleet: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    fleet.add_disk(B, "vol-goes000001", auto_delete=True)
    digest = approved(run, tmp_path, backup="none")
    fleet.machines[B]["dataDisks"][1].update(autoDelete=False)
    with pytest.raises(InputError, match=rf"because less would be lost with {B} \(vol-goes000001\); nothing was changed"):
        campaign(run, tmp_path, backup="none", digest=digest)()


@pytest.mark.parametrize("handed_over", [True, False])
def test_without_a_file_what_differs_is_known_from_the_plan_that_was_handed_over(
    fleet: MemoryCloud, run: Runner, tmp_path: Path, handed_over: bool
) -> None:
    wanted: Json = {"instance_ids": [A, B, C], "backup": "none", "report_dir": ""}
    report = Conducted(run, tmp_path / "reports", **wanted)(check=True)["report"]
    plan = {"kind": "absent", "region": report["region"], "digest": report["digest"], **report["digest_covers"]}
    attach(fleet)
    fleet.machines[C]["status"] = "running"
    wanted = {**wanted, "on_blocked": "fail", "digest": report["digest"]}
    refused = Conducted(run, tmp_path / "run", **wanted, handed_over=json.loads(json.dumps(plan)) if handed_over else None)
    text = rf"{C} \(running\) can no longer be deleted and more would be lost with {B} \({MORE}\)"
    with pytest.raises(InputError, match=text if handed_over else "but a digest does not show which"):
        refused()
    assert not [call for call in fleet.calls if call.write]


@pytest.mark.parametrize("backup", ["none", "image"])
def test_a_disk_that_is_set_to_stay_after_its_wave_began_is_not_deleted_afterwards(
    fleet: MemoryCloud, run: Runner, tmp_path: Path, backup: str
) -> None:
    """Its attribute is how a user keeps it; the machine went without it, and nothing of it is owed."""
    fleet.add_disk(B, "vol-goes000001", auto_delete=True)

    def keep() -> None:
        fleet.machines[B]["dataDisks"][1].update(autoDelete=False)

    fleet.before["vm.createImage" if backup == "image" else "resourcetag.tagResources"] = keep
    done = Conducted(run, tmp_path / "reports", instance_ids=B, backup=backup, waves="100%")()
    assert not done["fails"], done["message"]
    assert B not in fleet.machines
    assert fleet.disks["vol-goes000001"]["status"] == "available"
    assert f"vol-goes000001 of {B} was set to outlive it after its wave began, and is kept." in done["report"]["notes"]


def test_where_all_disks_are_to_go_what_they_say_themselves_keeps_none(fleet: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    done = Conducted(run, tmp_path / "reports", instance_ids=B, backup="none", disks="delete", waves="100%")()
    assert not done["fails"], done["message"]
    assert "vol-kept000001" not in fleet.disks
