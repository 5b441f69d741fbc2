# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is made of a machine, used again or waited for, and what forbids it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.backup_assets import Image, Snapshot
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import Instance
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.resources import Charge
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.plan import planned_name
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.backups.policy import BackupDecision
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.marker import client_token
from support.backups.decisions import (
    MINE,
    OF_A_RUNNING_ONE,
    OF_ANOTHER_MACHINE,
    OLD,
    OTHERS,
    SYSTEM_SNAPSHOT,
    decide,
    make_policy,
    only,
)
from support.fleet.builders import POSTPAID, RECENT, disk, image, local_disk, machine, snapshot, system_disk


def codes(decision: BackupDecision) -> list[str]:
    """Codes of the blockers."""
    return [blocker.code for blocker in decision.blockers]


# --- what is used again -------------------------------------------------------------------------------------------


def test_an_own_ready_covering_young_image_of_the_stopped_machine_is_used_again() -> None:
    decision = decide(None, image("snapshot-vol-sys"), SYSTEM_SNAPSHOT)
    asset = only(decision)
    assert (asset.asset_id, asset.ready, asset.images, asset.snapshots) == ("img-one", True, 0, 0)
    assert not decision.makes
    assert not decision.blockers
    assert not decision.warnings


@pytest.mark.parametrize(
    "flaw",
    [{"createTime": OLD}, {"createTime": "last week"}, {"expireTime": "2026-01-16T00:00:00+08:00"}, {"images": "odd"}],
    ids=str,
)
def test_an_image_is_not_used_again_if_a_snapshot_that_it_consists_of_would_not_count(flaw: dict[str, Any]) -> None:
    """The gate before a delete asks for the age and the expiry of the snapshots; a young image around an old one is no backup."""
    part = snapshot(**{"images": ["img-one"], "description": "", **flaw})
    assert only(decide(None, image("snapshot-vol-sys"), part)).asset_id is None


@pytest.mark.parametrize(
    "flaw",
    [
        {"desc": "made by hand"},
        {"desc": OF_ANOTHER_MACHINE},
        {"desc": OF_A_RUNNING_ONE},
        {"desc": OTHERS},
        {"createTime": OLD},
        {"createTime": "last week"},
        {"createTime": None},
        {"expiredTime": "2026-01-16T00:00:00+08:00"},
        {"status": "error"},
        {"status": "deleting"},
        {"imageSource": "shared"},
        {"imported": True},
        {"offline": True},
        {"instanceId": "i-two"},
    ],
    ids=str,
)
def test_an_image_with_a_flaw_is_not_used_again(flaw: dict[str, Any]) -> None:
    decision = decide(None, image("snapshot-vol-sys", **flaw), SYSTEM_SNAPSHOT, policy=make_policy(any_campaign=False))
    asset = only(decision)
    assert asset.asset_id is None
    assert (asset.images, asset.snapshots) == (1, 1)


def test_an_image_is_not_used_again_unless_its_snapshots_are_of_the_very_disks() -> None:
    of = machine(data=(disk("vol-data"),))
    assert only(decide(of, image("snapshot-vol-sys", "snapshot-vol-x"), SYSTEM_SNAPSHOT, snapshot("vol-x"))).asset_id is None
    assert only(decide(of, image("snapshot-vol-sys"), SYSTEM_SNAPSHOT)).asset_id is None
    whole = (image("snapshot-vol-sys", "snapshot-vol-data"), SYSTEM_SNAPSHOT, snapshot("vol-data"))
    assert only(decide(of, *whole)).asset_id == "img-one"


def test_an_image_without_data_disks_is_used_again_where_none_are_wanted() -> None:
    of = machine(data=(disk("vol-data"),))
    asset = only(decide(of, image("snapshot-vol-sys"), SYSTEM_SNAPSHOT, policy=make_policy(include_data_disks=False)))
    assert asset.asset_id == "img-one"
    assert asset.left_out == ("vdb",)


@pytest.mark.parametrize("any_campaign", [True, False])
def test_a_backup_of_another_campaign_is_used_again_only_if_any_campaign_will_do(any_campaign: bool) -> None:
    rows = (image("snapshot-vol-sys", desc=OTHERS), SYSTEM_SNAPSHOT)
    asset = only(decide(None, *rows, policy=make_policy(any_campaign=any_campaign)))
    assert (asset.asset_id, asset.campaign) == (("img-one", "c2") if any_campaign else (None, "c1"))


def test_an_image_in_progress_is_waited_for_whatever_its_state_is_called() -> None:
    for status in ("pending", "replicating", "?"):
        decision = decide(None, image("snapshot-vol-sys", status=status))
        assert (only(decision).asset_id, only(decision).ready, only(decision).status) == ("img-one", False, status)
        assert not decision.makes
        assert not decision.blockers


def test_a_snapshot_in_progress_is_waited_for() -> None:
    asset = only(decide(None, snapshot(status="creating"), policy=make_policy("snapshots")))
    assert (asset.asset_id, asset.ready, asset.snapshots) == ("snapshot-vol-sys", False, 0)


def test_what_is_ready_is_preferred_to_what_is_newer_and_in_progress() -> None:
    rows: list[Image | Snapshot] = [
        image("snapshot-vol-sys"),
        image("snapshot-vol-sys", imageId="img-two", status="pending"),
        SYSTEM_SNAPSHOT,
    ]
    assert only(decide(None, *rows)).asset_id == "img-one"


def test_the_newest_of_several_is_used() -> None:
    rows: list[Image | Snapshot] = [
        image("snapshot-vol-sys", imageId="img-new", createTime="2026-01-15T19:30:00+08:00"),
        image("snapshot-vol-sys"),
        SYSTEM_SNAPSHOT,
    ]
    assert only(decide(None, *rows)).asset_id == "img-new"


@pytest.mark.parametrize(
    "flaw",
    [{"description": "by hand"}, {"status": "error_create"}, {"createTime": OLD}, {"snapshotSource": "others"}],
)
def test_a_snapshot_with_a_flaw_is_not_used_again(flaw: dict[str, Any]) -> None:
    asset = only(decide(None, snapshot(**flaw), policy=make_policy("snapshots")))
    assert asset.asset_id is None
    assert (asset.images, asset.snapshots) == (0, 1)


# --- running machines ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("description", [MINE, OTHERS, OF_A_RUNNING_ONE])
def test_no_backup_of_a_running_machine_that_is_to_be_stopped_is_used_again(description: str) -> None:
    rows = (image("snapshot-vol-sys", desc=description), SYSTEM_SNAPSHOT)
    decision = decide(machine("running"), *rows, policy=make_policy(stop_running=True))
    assert only(decision).asset_id is None
    assert only(decision).stopped
    assert decision.stop
    assert not decision.start


def test_what_this_campaign_made_before_it_started_the_machine_again_is_used_again() -> None:
    policy = make_policy(stop_running=True, start_again=True)
    decision = decide(machine("running"), image("snapshot-vol-sys"), SYSTEM_SNAPSHOT, policy=policy)
    assert only(decision).asset_id == "img-one"
    assert not decision.stop
    assert not decision.start
    for description in (OTHERS, OF_A_RUNNING_ONE):
        again = decide(machine("running"), image("snapshot-vol-sys", desc=description), SYSTEM_SNAPSHOT, policy=policy)
        assert only(again).asset_id is None
        assert again.stop
        assert again.start


def test_a_running_machine_that_is_not_stopped_is_backed_up_with_a_warning_and_a_marker_that_says_so() -> None:
    decision = decide(machine("running"))
    assert not only(decision).stopped
    assert not decision.stop
    assert [warning.code for warning in decision.warnings] == ["not_stopped"]


def test_a_machine_is_not_stopped_if_all_its_backups_are_there_or_on_the_way() -> None:
    for status in ("ready", "pending"):
        rows = (image("snapshot-vol-sys", status=status), SYSTEM_SNAPSHOT)
        decision = decide(machine("running"), *rows, policy=make_policy(stop_running=True, start_again=True))
        assert not decision.stop
        assert not decision.blockers


def test_a_stopped_machine_is_started_again_only_if_an_earlier_try_stopped_it() -> None:
    again = make_policy(stop_running=True, start_again=True)
    assert not decide(policy=again).start
    assert decide(policy=replace(again, stopped_before=frozenset({"i-one"}))).start
    assert not decide(policy=replace(again, start_again=False, stopped_before=frozenset({"i-one"}))).start


# --- attempts -----------------------------------------------------------------------------------------------------


def test_failed_ones_raise_the_attempt_so_that_names_and_tokens_differ() -> None:
    failed = snapshot(status="error_create", name=planned_name("snapshot", "vol-sys", machine(), make_policy(), 1))
    first, second = only(decide(policy=make_policy("snapshots"))), only(decide(None, failed, policy=make_policy("snapshots")))
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.name != second.name
    assert client_token("c1", "vol-sys", 1) != client_token("c1", "vol-sys", 2)


def test_those_of_other_campaigns_do_not_count_as_attempts() -> None:
    failed = snapshot(status="error_create", description=OTHERS)
    assert only(decide(None, failed, policy=make_policy("snapshots"))).attempt == 1


def test_an_attempt_is_never_numbered_like_one_that_exists_though_earlier_ones_were_removed() -> None:
    """Else the service would answer the token of the second attempt with the old snapshot, which would pass for a new one."""
    old = snapshot(createTime=OLD, name=planned_name("snapshot", "vol-sys", machine(), make_policy(name_pattern="other-{id}"), 7))
    asset = only(decide(None, old, policy=make_policy("snapshots")))
    assert asset.asset_id is None
    assert asset.attempt == 8


# --- what is needed -----------------------------------------------------------------------------------------------


def test_an_image_holds_the_system_disk_and_the_cloud_data_disks_and_never_a_local_data_disk() -> None:
    asset = only(decide(machine(data=(disk("vol-data"), local_disk()))))
    assert [each.disk_id for each in asset.disks] == ["vol-sys", "vol-data"]
    assert (asset.images, asset.snapshots, asset.left_out) == (1, 2, ())


def test_without_data_disks_their_devices_are_named_to_be_left_out() -> None:
    asset = only(decide(machine(data=(disk("vol-data"), local_disk())), policy=make_policy(include_data_disks=False)))
    assert [each.disk_id for each in asset.disks] == ["vol-sys"]
    assert (asset.snapshots, asset.left_out) == (1, ("vdb",))


def test_an_image_of_a_local_system_disk_takes_no_snapshot_for_it() -> None:
    local = replace(system_disk(), disk_id=None, category="local")
    asset = only(decide(machine(disks=(local, disk("vol-data")))))
    assert (asset.images, asset.snapshots) == (1, 1)


def test_both_makes_an_image_and_a_snapshot_of_each_cloud_disk() -> None:
    decision = decide(machine(data=(disk("vol-data"), local_disk())), policy=make_policy("both"))
    assert [(each.kind, each.of) for each in decision.assets] == [
        ("image", "i-one"),
        ("snapshot", "vol-sys"),
        ("snapshot", "vol-data"),
    ]
    assert sum(each.snapshots for each in decision.assets) == 4


def test_only_the_named_disks_get_snapshots() -> None:
    policy = make_policy("snapshots", disk_ids=frozenset({"vol-data"}))
    assert only(decide(machine(data=(disk("vol-data"),)), policy=policy)).of == "vol-data"


# --- what forbids it ----------------------------------------------------------------------------------------------


def blocked(of: Instance | None = None, *rows: Image | Snapshot, **more: Any) -> list[str]:
    decision = decide(of, *rows, policy=make_policy(**more))
    assert not decision.assets
    assert not decision.stop
    assert not decision.start
    return codes(decision)


def test_a_protected_machine_is_blocked() -> None:
    assert blocked(machine(tags={"jdcloud-protect": "x"})) == ["protected"]


def test_transitional_states_unknown_ones_and_error_block() -> None:
    assert blocked(machine("stopping")) == ["transitional"]
    assert blocked(machine("frozen")) == ["unknown_status"]
    assert blocked(machine("error")) == ["invalid_status"]
    assert not codes(decide(machine("error"), policy=make_policy("snapshots")))


def test_a_foreign_image_task_blocks() -> None:
    assert blocked(None, image("snapshot-vol-sys", desc="by hand", status="pending")) == ["task_in_progress"]


def test_a_disk_that_is_being_attached_blocks() -> None:
    assert blocked(machine(data=(disk(attachment_status="attaching"),))) == ["task_in_progress"]


def test_a_local_system_disk_blocks_unless_the_machine_is_or_will_be_stopped() -> None:
    disks = (replace(system_disk(), disk_id=None, category="local"),)
    assert blocked(machine("running", disks=disks)) == ["running"]
    assert not codes(decide(machine("running", disks=disks), policy=make_policy(stop_running=True)))
    assert not codes(decide(machine("stopped", disks=disks)))


def test_a_machine_that_could_not_be_started_again_is_not_stopped() -> None:
    overdue = machine("running", charge=Charge(POSTPAID, "arrear"))
    assert blocked(overdue, stop_running=True, start_again=True) == ["charge_overdue"]
    assert not codes(decide(overdue, policy=make_policy(stop_running=True)))


def test_nothing_to_back_up_blocks() -> None:
    assert blocked(machine(disks=())) == ["nothing_to_back_up"]
    assert blocked(machine(disks=(local_disk(),)), method="snapshots") == ["nothing_to_back_up"]


def test_an_id_that_the_other_selectors_do_not_match_blocks() -> None:
    selection = Selection(ids=("i-one",), name="other", tags={}, filters={})
    assert blocked(selection=selection) == ["selector_mismatch"]


def test_nothing_blocks_where_everything_is_there() -> None:
    of = machine(tags={"jdcloud-protect": "x"})
    assert not codes(decide(of, image("snapshot-vol-sys"), SYSTEM_SNAPSHOT))


def test_all_blockers_are_reported_together() -> None:
    of = machine("stopping", tags={"jdcloud-protect": "x"}, data=(disk(attachment_status="detaching"),))
    assert blocked(of) == ["protected", "transitional", "task_in_progress"]


# --- for any fleet ------------------------------------------------------------------------------------------------

DESCRIPTIONS = [MINE, OTHERS, OF_A_RUNNING_ONE, OF_ANOTHER_MACHINE, "by hand", ""]


@st.composite
def rows(draw: st.DrawFn) -> list[Image | Snapshot]:
    """Images and snapshots, good and bad."""
    found: list[Image | Snapshot] = []
    for number in range(draw(st.integers(0, 3))):
        fields = {
            "imageId": f"img-{number}",
            "desc": draw(st.sampled_from(DESCRIPTIONS)),
            "status": draw(st.sampled_from(["ready", "ready", "pending", "error"])),
            "createTime": draw(st.sampled_from([RECENT, RECENT, OLD])),
        }
        parts = draw(st.sampled_from([("snapshot-vol-sys", "snapshot-vol-data"), ("snapshot-vol-sys",), ("snapshot-vol-data",)]))
        found.append(image(*parts, **fields))
    for disk_id in ("vol-sys", "vol-data"):
        if draw(st.booleans()):
            fields = {
                "description": draw(st.sampled_from(DESCRIPTIONS)),
                "status": draw(st.sampled_from(["available", "available", "creating", "error_create"])),
                "createTime": draw(st.sampled_from([RECENT, RECENT, OLD])),
            }
            found.append(snapshot(disk_id, **fields))
    return found


@given(
    rows(),
    st.sampled_from(["image", "snapshots", "both"]),
    st.sampled_from(["stopped", "running"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_whatever_exists_only_what_will_count_is_used_again(
    held: list[Image | Snapshot], method: Any, status: str, any_campaign: bool, stop_running: bool, start_again: bool
) -> None:
    of = machine(status, data=(disk("vol-data"),))
    policy = make_policy(method, any_campaign=any_campaign, stop_running=stop_running, start_again=stop_running and start_again)
    decision = decide(of, *held, policy=policy)
    known = {getattr(each, "image_id", None) or getattr(each, "snapshot_id", ""): each for each in held}
    for asset in decision.assets:
        if asset.asset_id is None:
            assert asset.stopped == (status == "stopped" or stop_running)
            assert asset.campaign == "c1"
            assert asset.name not in {each.name for each in held}
            continue
        row = known[asset.asset_id]
        assert row.description in (MINE, OTHERS, OF_A_RUNNING_ONE)
        assert any_campaign or row.description != OTHERS
        assert row.status in ("ready", "available") or row.status in ("pending", "creating")
        if status == "stopped":
            assert row.description != OF_A_RUNNING_ONE
        if status == "running" and stop_running:
            assert row.description == MINE
            assert policy.start_again
        if asset.ready:
            assert row.created_text == RECENT
    # The machine is stopped only for something that is made.
    assert not decision.stop or (status == "running" and stop_running and decision.makes)
    assert decision.start == (decision.stop and policy.start_again)
    assert bool(decision.blockers) == (not decision.assets)
