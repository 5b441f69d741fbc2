# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role vm_backup decides: what is continued, what is frozen, what a drill and a removal came to."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.manifest_file import EarlierManifest
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import backup as steps
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import drill as drills
from support.campaign.backups import options
from support.json_object import Json

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
EARLIER = EarlierManifest(
    campaign="spring",
    region="cn-north-1",
    instance_ids=[A, B],
    ran=[A],
    unfinished=True,
    reuse="any",
    stop_running=True,
)


def earlier(**fields: Any) -> EarlierManifest:
    """An unfinished manifest of two machines."""
    return dataclasses.replace(EARLIER, **fields)


def plan(*ids: str, campaign: str = "summer", **fields: Any) -> Json:
    """What the module says of a batch."""
    return {"campaign": campaign, "manifest": {"machines": [{"instance_id": each} for each in ids]}, **fields}


def test_without_a_manifest_the_selection_counts() -> None:
    batch = steps.open_batch(options(tags="project=harbor", region="cn-east-2"), None)
    assert not batch.continued
    assert batch.arguments["tags"] == {"project": "harbor"}
    assert batch.arguments["region"] == "cn-east-2"
    assert batch.terms == {"reuse": "any", "stop_running": False}


def test_an_unfinished_one_goes_on_with_its_list_its_name_and_what_it_stopped() -> None:
    batch = steps.open_batch(options(tags="project=harbor", filters="status=running,az=a"), EARLIER)
    assert batch.continued
    frozen = {"instance_ids": [A, B], "max_instances": 2, "campaign": "spring", "reuse": "any", "stopped_before": [A]}
    assert {name: batch.arguments[name] for name in frozen} == frozen
    assert batch.arguments["filters"] == {"az": "a"}
    assert batch.terms == {"reuse": "any", "stop_running": True}


def test_what_stopped_without_our_wish_is_not_ours_to_start() -> None:
    assert steps.open_batch(options(name="web"), earlier(stop_running=False)).arguments["stopped_before"] == []


@pytest.mark.parametrize("variables", [{"instance_ids": [A, C]}, {"instance_ids": A}, {"name": "web", "region": "cn-east-2"}])
def test_an_unfinished_one_of_other_machines_is_in_the_way(variables: Json) -> None:
    with pytest.raises(InputError, match="belongs to an unfinished campaign of other instances"):
        steps.open_batch(options(**variables), EARLIER)


@pytest.mark.parametrize("variables", [{"instance_ids": [B, A]}, {"name": "web", "region": "cn-north-1", "campaign": "spring"}])
def test_an_unfinished_one_of_the_same_machines_goes_on(variables: Json) -> None:
    assert steps.open_batch(options(**variables), EARLIER).continued


def test_another_name_begins_another_campaign_and_keeps_the_manifest() -> None:
    batch = steps.open_batch(options(instance_ids=[A, C], campaign="summer"), EARLIER)
    assert not batch.continued
    assert steps.freeze_batch(batch, plan(A, C), EARLIER).foreign


@pytest.mark.parametrize(
    ("campaign", "ids", "foreign"),
    [("spring", [A, B], False), ("spring", [A, B, C], False), ("spring", [A], True), ("summer", [A, B], True)],
)
def test_a_finished_manifest_is_kept_if_it_knows_more(campaign: str, ids: list[str], foreign: bool) -> None:
    finished = earlier(unfinished=False)
    batch = steps.open_batch(options(instance_ids=ids, campaign=campaign), finished)
    assert steps.freeze_batch(batch, plan(*ids, campaign=campaign), finished).foreign is foreign


def test_the_list_of_the_plan_is_frozen() -> None:
    batch = steps.freeze_batch(steps.open_batch(options(tags="a=b", max_instances=9), None), plan(A, B), None)
    assert (batch.arguments["instance_ids"], batch.arguments["max_instances"]) == ([A, B], 2)
    assert (batch.campaign, batch.instance_ids, batch.arguments["campaign"]) == ("summer", (A, B), "summer")


def test_a_plan_that_failed_ends_it_with_the_names_of_the_variables() -> None:
    text = "more than max_instances of 10; set on_blocked to skip, or stop_running=true; see some.wait_timeout, no_max_instances."
    batch = steps.open_batch(options(name="web"), None)
    with pytest.raises(InputError) as refused:
        steps.freeze_batch(batch, plan(A, msg=text), None)
    assert str(refused.value) == (
        "more than vm_backup_max_instances of 10; set vm_backup_on_blocked to skip, or vm_backup_stop_running=true; "
        "see some.wait_timeout, no_max_instances."
    )


def test_a_plan_that_failed_without_a_word_ends_it_too() -> None:
    with pytest.raises(InputError, match="a message"):
        steps.freeze_batch(steps.open_batch(options(name="web"), None), {"failed": True}, None)


IDS = st.lists(st.sampled_from([A, B, C, "i-dddd000004"]), min_size=1, unique=True)


@given(old=IDS, wanted=IDS, named=st.sampled_from(["", "spring", "summer"]), unfinished=st.booleans())
def test_a_run_that_goes_on_takes_exactly_the_old_list(old: list[str], wanted: list[str], named: str, unfinished: bool) -> None:
    found = earlier(instance_ids=old, unfinished=unfinished)
    try:
        batch = steps.open_batch(options(instance_ids=wanted, campaign=named or None), found)
    except InputError:
        assert unfinished
        assert named != "summer"
        assert sorted(old) != sorted(wanted)
        return
    assert sorted(batch.arguments["instance_ids"]) == sorted(wanted)
    assert batch.continued == (unfinished and named != "summer")


# --- the drill ----------------------------------------------------------------------------------------------------


def made(*ids: str | None, **fields: Any) -> Json:
    """What a restore says."""
    return {"instances": [{"instance_id": each, "disks": [{"disk_id": "vol-a"}], "warnings": []} for each in ids], **fields}


def gone(*ids: str, status: str = "absent", **fields: Any) -> Json:
    """What a deletion says."""
    return {"instances": [{"instance_id": each, "status": status} for each in ids], **fields}


CHOSEN: Json = {"instance_id": A, "action": "created", "specification": {"az": "a"}}


@pytest.mark.parametrize(
    "machines", [[], [{**CHOSEN, "action": "failed"}], [{**CHOSEN, "action": "blocked"}], [{**CHOSEN, "specification": None}]]
)
def test_a_machine_without_a_backup_is_not_chosen(machines: list[Json]) -> None:
    chosen = drills.chosen_machine({"machines": machines})
    assert chosen is None
    assert drills.begun_drill(chosen) == {"outcome": "begun", "source_instance_id": ""}
    judged = drills.judged_drill(chosen, [], {}, {})
    assert (judged["outcome"], judged["message"]) == ("failed", "No instance of the batch has a backup to restore.")


def test_what_was_backed_up_is_never_taken_for_a_copy() -> None:
    assert drills.copies_of(made(A, None, "i-made", "i-made"), [A, B]) == ["i-made"]


def test_a_drill_passes_if_all_is_gone() -> None:
    judged = drills.judged_drill(CHOSEN, ["i-made"], made("i-made"), gone("i-made"))
    assert (judged["outcome"], judged["left_over"], judged["disks"]) == ("passed", [], [{"disk_id": "vol-a"}])


HELPER = {"code": "helper_image_left", "message": "The image img-help is left."}


@pytest.mark.parametrize(
    ("copies", "restored", "removed", "left"),
    [
        (["i-made"], made("i-made"), gone("i-made", status="unverified"), ["i-made"]),
        (["i-made"], made("i-made"), {"failed": True, "msg": "no rights"}, ["i-made"]),
        (["i-made"], made("i-made"), gone("i-made", retained={"disks": [{"disk_id": "vol-a"}]}), ["vol-a"]),
        (["i-made"], made("i-made"), gone("i-made", retained={"elastic_ips": [{"elastic_ip_id": "fip-a"}]}), ["fip-a"]),
        (["i-made"], made("i-made", msg="It does not run."), gone("i-made"), []),
        ([], made(None, failed=True), {}, []),
        ([], made(), {}, []),
    ],
)
def test_a_drill_fails_if_anything_failed_or_is_left(copies: list[str], restored: Json, removed: Json, left: list[str]) -> None:
    judged = drills.judged_drill(CHOSEN, copies, restored, removed)
    assert (judged["outcome"], judged["left_over"]) == ("failed", left)
    assert all(each in judged["message"] for each in left)


def test_an_image_that_helped_and_is_left_fails_the_drill() -> None:
    restored = made("i-made")
    restored["instances"][0]["warnings"] = [HELPER, {"code": "other", "message": "Something else."}]
    judged = drills.judged_drill(CHOSEN, ["i-made"], restored, gone("i-made"))
    assert judged["left_over"] == ["The image img-help is left."]


# --- older backups ------------------------------------------------------------------------------------------------


def image(image_id: str, action: str, code: str = "", **fields: Any) -> Json:
    """An image as the module tells it after a deletion."""
    error = {"code": code, "message": f"It is {code}."} if code else None
    return {"image_id": image_id, "action": action, "error": error, "blockers": [], **fields}


def test_what_the_service_keeps_is_named_and_fails_nothing() -> None:
    rows = [image("img-a", "deleted"), image("img-b", "failed", "kept_by_service")]
    removed, problem = steps.removed_backups({"images": rows, "msg": "1 of 2 images failed."}, {})
    assert removed == {"image_ids": ["img-a"], "snapshot_ids": [], "kept": {"img-b": "It is kept_by_service."}}
    assert problem == ""


def test_what_is_blocked_is_named_with_its_reasons() -> None:
    blockers = [{"code": "a", "message": "One."}, {"code": "b", "message": "Two."}]
    snapshots = [{"snapshot_id": "snapshot-a", "action": "blocked", "blockers": blockers}]
    removed, problem = steps.removed_backups({}, {"snapshots": snapshots})
    assert (removed["kept"], problem) == ({"snapshot-a": "One. Two."}, "")


REFUSED, SHARED = image("img-a", "failed", "api"), image("img-b", "failed", "kept_by_service")


@pytest.mark.parametrize("rows", [[REFUSED], [REFUSED, SHARED], []])
def test_another_refusal_is_a_problem(rows: list[Json]) -> None:
    removed, problem = steps.removed_backups({"images": rows, "msg": "It failed."}, {"snapshots": [], "msg": "And this."})
    assert problem == "It failed. And this."
    assert "img-a" not in removed["kept"]


def test_many_backups_that_stay_take_a_few_lines() -> None:
    kept = {f"img-{number}": "It is shared." for number in range(9)}
    manifest = {"campaign": "spring", "machines": [{"action": "created"}], "removed": {"kept": kept}}
    lines = steps.lines_of(manifest, "", preview=False)
    assert len(lines) == 7
    assert lines[-1] == "4 more are kept; the manifest lists them in removed.kept."


@pytest.mark.parametrize(
    ("drill", "problem", "kept", "sentence"),
    [
        (None, "", "", ""),
        ("passed", "", "", ""),
        ("passed", "", "No.", "The backups are made, but older ones could not be deleted: No."),
        ("failed", "", "", "The backups are made, but the drill failed: It did."),
        (None, "1 of 2 instances failed.", "", "1 of 2 instances failed."),
    ],
)
def test_the_worst_is_said(drill: str | None, problem: str, kept: str, sentence: str) -> None:
    manifest = {} if drill is None else {"drill": {"outcome": drill, "message": "It did."}}
    assert steps.closing_problem(manifest, problem, kept) == sentence


def test_a_run_that_ended_without_counts_has_none() -> None:
    assert steps.summary_of({"summary": {"api_calls": 2}}, {}) == {}
