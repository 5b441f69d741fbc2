# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is approved: a list of machines and the options that decide what is lost with them."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.decommission_variables import Options, parse_options
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.digest import (
    COVERED,
    NOT_COVERED,
    Approval,
    Difference,
    approval_of,
    covered_options,
    difference,
    difference_text,
    likely_losses,
    losses_of,
)
from support.campaign.results import GIVEN, approval, approval_of_machines, blocked, disk, machine, options
from support.json_object import Json

ROOT = Path(__file__).parents[4]
A, B, C = "i-a", "i-b", "i-c"
OTHERS: dict[str, Any] = {
    "backup": "none",
    "backup_max_age": 48,
    "allow_local_disk_loss": True,
    "disks": "delete",
    "elastic_ips": "release",
    "group_members": "abandon",
    "load_balancers": "deregister",
    "allow_last_target": True,
    "protect_tags": {},
    "stop_running": True,
    "on_blocked": "skip",
    "due_only": True,
    "tag_key": "other",
    "max_instances": 99,
    "max_failures": 3,
    "waves": "100%",
    "canary": "i-b",
    "grace_days": 30,
    "start_again": True,
}
"""A value of each option that is not its default."""


def report_of(plan: Approval) -> Json:
    """The members of a report that say what its digest covers, after a way through JSON."""
    report = {"kind": plan.kind, "region": plan.region, "digest": plan.digest, "digest_covers": plan.as_json()}
    whole: Json = json.loads(json.dumps(report))
    return whole


def test_each_option_is_covered_or_said_not_to_be() -> None:
    covered = {name for names in COVERED.values() for name in names}
    assert covered.isdisjoint(NOT_COVERED)
    assert covered | set(NOT_COVERED) == {each.name for each in fields(Options)}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in COVERED.items() for name in names])
def test_each_covered_option_changes_the_digest(kind: str, name: str) -> None:
    assert approval(A, state=kind).digest != approval(A, state=kind, **{name: OTHERS[name]}).digest


@pytest.mark.parametrize("name", ["report_dir", "wait_timeout", "campaign", "name"])
def test_what_decides_no_loss_changes_nothing(name: str) -> None:
    other: Json = {name: {"report_dir": "/tmp/x", "wait_timeout": 5, "campaign": "c-1", "name": "web"}[name]}
    assert approval(A).digest == approval(A, **other).digest


def test_kind_region_and_machines_change_the_digest() -> None:
    every = [approval(A), approval(A, B), approval(), approval(A, region="cn-east-2"), approval(A, state="mark")]
    assert len({each.digest for each in every}) == len(every)


@given(st.permutations([A, B, C]))
def test_the_order_of_the_machines_means_nothing(ids: list[str]) -> None:
    assert approval(*ids).digest == approval(A, B, C).digest


@given(
    st.lists(st.sampled_from([A, B, C]), unique=True),
    st.dictionaries(st.sampled_from(["owner", "x y", "\u8ba2"]), st.sampled_from(["*", "2026.10", "True"])),
    st.sampled_from(["1,10%,100%", "0.5%,100%", "3"]),
    st.floats(0.1, 1000, allow_nan=False),
    st.dictionaries(st.sampled_from([A, B, C]), st.lists(st.sampled_from(["vol-1", "local disk vdb", "fip-1"]))),
)
def test_a_plan_comes_back_out_of_its_report(
    ids: list[str], tags: dict[str, str], waves: str, age: float, losses: dict[str, list[str]]
) -> None:
    plan = approval(*ids, losses=losses, protect_tags=tags, waves=waves, backup_max_age=age)
    found = approval_of(report_of(plan), plan.digest)
    assert found is not None
    assert (found.digest, set(found.instance_ids)) == (plan.digest, set(ids))


def test_numbers_that_became_whole_on_their_way_mean_the_same() -> None:
    plan = approval(A, backup_max_age=24.0)
    report = report_of(plan)
    report["digest_covers"]["options"]["backup_max_age"] = 24.0
    assert approval_of(report, plan.digest) is not None


@pytest.mark.parametrize(
    "report",
    [
        None,
        [],
        {},
        {"kind": "absent"},
        {**report_of(approval(A)), "digest_covers": None},
        {**report_of(approval(A)), "digest_covers": {"options": [], "instance_ids": [B], "losses": {}}},
        {**report_of(approval(A)), "digest_covers": {"options": {"backup": "none"}, "instance_ids": [A], "losses": {}}},
        {**report_of(approval(A)), "digest_covers": {**approval(A).as_json(), "losses": {A: ["vol-a"]}}},
        {**report_of(approval(A)), "digest_covers": {**approval(A).as_json(), "losses": None}},
        report_of(approval(B)),
    ],
)
def test_a_report_that_does_not_fit_the_digest_says_nothing(report: Any) -> None:
    assert approval_of(report, approval(A).digest) is None


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in COVERED.items() for name in names])
def test_with_the_plan_at_hand_each_option_is_named(kind: str, name: str) -> None:
    plan, now = approval(A, state=kind), approval(A, state=kind, **{name: OTHERS[name]})
    found = difference(plan.digest, now, {}, plan)
    assert f"vm_decommission_{name} is " in difference_text(found, kind, {})


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in COVERED.items() for name in names])
def test_without_the_plan_each_option_that_was_left_at_its_default_is_named(kind: str, name: str) -> None:
    found = difference(approval(A, state=kind).digest, approval(A, state=kind, **{name: OTHERS[name]}), {})
    assert f"vm_decommission_{name} is " in difference_text(found, kind, {})


def test_machines_and_options_that_differ_are_both_named() -> None:
    plan, now = approval(A, B, backup="none"), approval(A, C)
    text = difference_text(difference(plan.digest, now, {B: frozenset()}, plan), "absent", {B: {"status": "absent"}})
    assert text == (
        "vm_decommission_backup is image, but was none when it was approved and i-b (gone) can no longer be deleted and i-c "
        "was added since"
    )


def test_what_cannot_be_found_out_is_told_with_what_a_digest_covers() -> None:
    found = difference(approval("i-x", backup_max_age=3).digest, approval(A, B), {})
    assert found is None
    assert "it covers vm_decommission_backup, " in difference_text(found, "absent", {})


def test_the_defaults_of_the_role_are_those_of_its_variables_when_none_is_given() -> None:
    text = (ROOT / "roles" / "vm_decommission" / "defaults" / "main.yml").read_text(encoding="utf-8")
    defaults = {name.removeprefix("vm_decommission_"): value for name, value in yaml.safe_load(text).items()}
    given_none = parse_options({**GIVEN, **dict.fromkeys(GIVEN), "instance_ids": A})
    assert covered_options(parse_options({**defaults, "instance_ids": A})) == covered_options(given_none)
    assert covered_options(given_none) == covered_options(options())


def test_what_goes_with_a_machine_is_lost_with_it() -> None:
    local = {**disk("", "lost"), "disk_id": None, "device": "vdz"}
    rows = [machine(A, disks=[disk("vol-a", "deleted"), disk("vol-k", "kept"), local]), blocked(B, "protected")]
    assert losses_of(rows) == {A: {"vol-a", "local disk vdz", "fip-a"}}


def test_what_is_lost_changes_the_digest_and_its_order_does_not() -> None:
    every = [
        approval(A),
        *(approval(A, losses={A: names}) for names in (["vol-1"], ["vol-2"], ["vol-1", "vol-2"], ["vol-1 vol-2"])),
    ]
    assert len({each.digest for each in every}) == len(every)
    assert approval(A, losses={A: ["vol-1", "vol-2"]}).digest == approval(A, losses={A: ["vol-2", "vol-1"]}).digest
    assert approval(A, B, losses={A: ["vol-1"]}).digest != approval(A, B, losses={B: ["vol-1"]}).digest
    assert approval(A, losses={B: ["vol-1"]}).digest == approval(A).digest


LOSSES = st.dictionaries(st.sampled_from([A, B, C]), st.frozensets(st.sampled_from(["vol-1", "vol-2", "fip-1"])))


@given(LOSSES, LOSSES)
def test_with_the_plan_at_hand_each_loss_that_differs_is_named(now: Any, before: Any) -> None:
    plan, then = approval(A, B, losses=before), approval(A, B, losses=now)
    found = difference(plan.digest, then, {}, plan)
    assert found is not None
    for each in (A, B):
        assert set(found.more.get(each, ())) == now.get(each, frozenset()) - before.get(each, frozenset())
        assert set(found.less.get(each, ())) == before.get(each, frozenset()) - now.get(each, frozenset())
    assert (plan.digest == then.digest) == (not found.more and not found.less)
    text = difference_text(found, "absent", {})
    assert ("more would be lost with" in text) == bool(found.more)
    assert ("less would be lost with" in text) == bool(found.less)


@pytest.mark.parametrize("came", [["vol-new"], ["vol-new", "fip-new"]])
def test_without_the_plan_what_came_to_one_machine_is_found(came: list[str]) -> None:
    losses = {A: ["vol-a"], B: ["vol-b"]}
    now = approval(A, B, losses={**losses, B: ["vol-b", *came]})
    found = difference(approval(A, B, losses=losses).digest, now, {})
    assert found == (Difference(more={B: came}) if len(came) == 1 else None)
    assert difference(approval(A, B, losses={A: ["vol-a"]}).digest, now, {}) == Difference(more={B: sorted(["vol-b", *came])})


def test_without_the_plan_a_machine_that_may_not_go_any_more_is_found_by_what_it_has() -> None:
    plan = approval_of_machines(machine(A), machine(B, disks=[disk("vol-b", "deleted")]), elastic_ips="release")
    kept = blocked(B, "protected")
    out = {**kept, "disks": [disk("vol-b", None)], "elastic_ips": [{**each, "fate": None} for each in kept["elastic_ips"]]}
    now = approval_of_machines(machine(A), elastic_ips="release")
    found = difference(plan.digest, now, {B: likely_losses(out, now.options)})
    assert difference_text(found, "absent", {B: out}) == "i-b (protected) can no longer be deleted"


@pytest.mark.parametrize(
    ("choice", "lost"),
    [("as_configured", {"vol-s", "vol-auto"}), ("keep", {"vol-s"}), ("delete", {"vol-s", "vol-auto", "vol-kept"})],
)
def test_what_would_probably_go_with_a_machine_that_may_not(choice: str, lost: set[str]) -> None:
    disks = [disk("vol-s", None), disk("vol-auto", None), {**disk("vol-kept", None), "auto_delete": False}]
    assert likely_losses({**blocked(A, "running"), "disks": disks, "elastic_ips": []}, {"disks": choice}) == lost
