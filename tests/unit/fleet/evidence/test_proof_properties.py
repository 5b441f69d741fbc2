# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 8 for any images and snapshots: what counts is exactly what a second, independent reading of the rule says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.backup_assets import Image, Snapshot
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import AttachedDisk
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.proof import Demand, backup_set_of, prove
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.blockers import proof_of
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.fates import planned_disks
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import changes_since, decide
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Facts
from support.backups.worlds import DISKS, MAX_AGE, Truth, worlds
from support.fleet.builders import FACTS, NOW, disk, machine, policy, snapshot
from support.search import examples

pytestmark = pytest.mark.no_cover
"""Measuring would double the time of so many runs, and their lines are covered elsewhere, too."""

METHODS = st.sampled_from(["image", "snapshots", "both"])


def covered(
    images: list[tuple[Image, Truth]], snapshots: list[tuple[Snapshot, Truth, bool]], kind: str, campaign: str | None
) -> dict[str, set[str]]:
    """The second reading: which disk ids are covered by assets of a kind, by asset id."""

    def counts(truth: Truth) -> bool:
        return truth.good and campaign in (None, truth.campaign)

    if kind == "snapshot":
        return {each.snapshot_id: {each.disk_id or ""} for each, truth, _holds in snapshots if counts(truth) and each.disk_id}
    of = {each.snapshot_id: each.disk_id for each, _truth, holds in snapshots if holds and each.disk_id}
    return {
        each.image_id: {of[part.snapshot_id] or "" for part in each.disks if part.snapshot_id in of}
        for each, truth in images
        if counts(truth)
    }


@examples(150, 600)
@given(worlds(), METHODS, st.sampled_from([None, "c1", "c2"]))
def test_what_counts_is_exactly_what_the_rule_says(world: Any, method: Any, campaign: str | None) -> None:
    images, snapshots, of = world
    backup_set = backup_set_of([each for each, _truth in images], [each for each, *_more in snapshots])
    proof = prove(of, of.disks, Demand(method, MAX_AGE, campaign), backup_set, NOW)
    kinds = {"image": ["image"], "snapshots": ["snapshot"], "both": ["image", "snapshot"]}[method]
    own = {each.disk_id for each in of.disks}
    expected_missing, expected_backups = set(), set()
    for kind in kinds:
        by_asset = covered(images, snapshots, kind, campaign)
        held: set[str] = set().union(*by_asset.values()) if by_asset else set()
        expected_missing |= {(kind, disk_id) for disk_id in own - held}
        expected_backups |= {(kind, asset_id) for asset_id, disks in by_asset.items() if disks & own}
    missing = {
        (kind, each) for kind in kinds for each in own for text in proof.missing if f"No {kind} covers its disk {each} " in text
    }
    assert missing == expected_missing
    assert len(proof.missing) == len(missing)
    assert {(backup.type, backup.id) for backup in proof.backups} == expected_backups


@given(worlds(), METHODS, st.sampled_from(["running", "starting", "stopping", "rebooting", "stopped", "error"]))
def test_only_a_machine_at_rest_with_every_lost_disk_covered_is_ever_deleted(world: Any, method: Any, status: str) -> None:
    images, snapshots, of = world
    wanted = policy(demand=Demand(method, MAX_AGE))
    facts = replace(FACTS, backup_set=backup_set_of([each for each, _truth in images], [each for each, *_more in snapshots]))
    decision = decide(replace(of, status=status), wanted, facts)
    if "delete" in decision.steps:
        assert status in ("stopped", "error")
        lost = {each.disk_id for each in planned_disks(of, wanted).lost}
        for kind in wanted.demand.types if wanted.demand else ():
            by_asset = covered(images, snapshots, kind, None)
            assert by_asset
            assert lost <= set().union(*by_asset.values())


@given(worlds(), METHODS)
def test_no_flawed_asset_changes_a_proof(world: Any, method: Any) -> None:
    """Whatever does not count may be there or not."""
    images, snapshots, of = world
    demand = Demand(method, MAX_AGE)
    rows = [each for each, *_more in snapshots]
    every = prove(of, of.disks, demand, backup_set_of([each for each, _truth in images], rows), NOW)
    good = prove(of, of.disks, demand, backup_set_of([each for each, truth in images if truth.good], rows), NOW)
    assert every.backups == good.backups
    assert bool(every.missing) == bool(good.missing)


@given(worlds(), METHODS, st.integers(0, 3))
def test_what_the_plan_allowed_and_lost_a_backup_is_not_allowed_at_the_gate(world: Any, method: Any, place: int) -> None:
    images, snapshots, of = world
    wanted = policy(demand=Demand(method, MAX_AGE))
    rows = [*(each for each, _truth in images), *(each for each, *_more in snapshots)]
    planned = decide(of, wanted, facts_of(rows))
    if planned.blockers:
        return
    assert changes_since(planned, of, wanted, facts_of(rows)) == []
    gone = planned.backups[place % len(planned.backups)].id
    left = [each for each in rows if gone not in (getattr(each, "image_id", None), getattr(each, "snapshot_id", None))]
    assert changes_since(planned, of, wanted, facts_of(left))


def facts_of(rows: list[Image | Snapshot]) -> Facts:
    images = [each for each in rows if isinstance(each, Image)]
    return replace(FACTS, backup_set=backup_set_of(images, [each for each in rows if isinstance(each, Snapshot)]))


@given(st.permutations(DISKS), st.integers(0, 3))
def test_allowing_the_loss_of_local_disks_never_gives_up_a_cloud_disk(order: list[str], count: int) -> None:
    local = AttachedDisk(None, "vdh", "local", 400, None)
    of = machine(data=(disk("vol-a", auto_delete=True), disk("vol-b", device="vdc", auto_delete=True), local))
    rows = [snapshot(each) for each in order[:count]]
    wanted = policy(demand=Demand("snapshots", MAX_AGE), allow_local_disk_loss=True)
    proof = proof_of(of, wanted, facts_of([*rows]), planned_disks(of, wanted))
    assert proof is not None
    assert bool(proof.missing) is (count < 3)
