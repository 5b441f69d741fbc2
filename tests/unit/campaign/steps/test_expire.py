# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backups of finished campaigns may go at night, and what never may."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import expire
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps.expire import (
    Listing,
    Rules,
    Unfinished,
    Verdict,
    after_gate,
    after_proof,
    choose,
    judge,
    unfinished_of,
)
from support.campaign.records import new_record
from support.campaign.results import machine as machine_row
from support.imports import ROOT
from support.json_object import Json
from support.search import examples

NOW = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
GONE, THERE = "i-gone000001", "i-there00001"
DAYS = 30
ALL = Rules(DAYS, last_days=DAYS)


def made(days: float) -> str:
    """The time so many days ago."""
    return (NOW - timedelta(days=days)).isoformat()


def mark(machine: str = GONE, campaign: str = "spring", *, stopped: bool = True) -> Json:
    return {"campaign": campaign, "instance_id": machine, "stopped": stopped}


def image(image_id: str = "img-a", days: float = 100.0, parts: Sequence[str] = ("snapshot-a",), **fields: Any) -> Json:
    """An image as `jdcloud_image_info` lists it."""
    disks = [
        {"device": "vda", "category": "cloud", "system": place == 0, "snapshot_id": part, "size_gb": 40}
        for place, part in enumerate(parts)
    ]
    row: Json = {"image_id": image_id, "status": "ready", "image_source": "private", "instance_id": GONE, "mark": mark()}
    return {**row, "created": made(days), "unreadable": [], "disks": disks, **fields}


def snapshot(snapshot_id: str = "snapshot-a", days: float = 100.0, disk: str | None = "vol-a", **fields: Any) -> Json:
    """A snapshot as `jdcloud_snapshot_info` lists it; the part of an image carries no mark."""
    row: Json = {"snapshot_id": snapshot_id, "status": "available", "snapshot_source": "self", "disk_id": disk, "mark": None}
    return {**row, "created": made(days), "unreadable": [], "images": [], **fields}


def loose(snapshot_id: str = "snapshot-l", days: float = 100.0, disk: str | None = "vol-a", **fields: Any) -> Json:
    """A snapshot of its own, which the collection made."""
    return snapshot(snapshot_id, days, disk, **{"mark": mark(), **fields})


def listing(
    images: Sequence[Json] = (), snapshots: Sequence[Json] = (), machines: Sequence[Json] = (), now: datetime | None = NOW
) -> Listing:
    return Listing("cn-north-1", images, snapshots, machines, now)


def one(*args: Any, rules: Rules = ALL, unfinished: Unfinished | None = None, **named: Any) -> Verdict:
    """The verdict about the first backup of a region."""
    return judge(listing(*args, **named), rules, unfinished or Unfinished())[0]


def test_an_old_backup_of_a_machine_that_is_gone_may_go() -> None:
    assert one([image()], [snapshot()]).may_go
    assert one([], [loose()]).may_go


def test_what_carries_no_mark_is_not_even_looked_at() -> None:
    assert judge(listing([image(mark=None)], [snapshot()]), ALL, Unfinished()) == []


OTHER = {"instance_id": THERE, "image_id": "img-public"}


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("not_own", {"image_source": "shared"}),
        ("not_own", {"imported": True}),
        ("mark_mismatch", {"instance_id": THERE}),
        ("mark_mismatch", {"instance_id": None}),
        ("unreadable", {"unreadable": ["disks"]}),
        ("unreadable", {"disks": []}),
        ("unreadable", {"disks": [{**image()["disks"][0], "snapshot_id": "snapshot-unlisted"}]}),
        ("unknown_age", {"created": None}),
        ("unknown_age", {"created": made(-1)}),
        ("in_progress", {"status": "pending"}),
        ("in_progress", {"status": "deleting"}),
        ("too_young", {"created": made(DAYS)}),
    ],
)
def test_each_doubt_about_an_image_keeps_it(reason: str, fields: Json) -> None:
    verdict = one([image(**fields)], [snapshot()])
    assert verdict.reason == reason
    assert verdict.message


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("not_own", {"snapshot_source": "others"}),
        ("mark_mismatch", {"disk_id": None}),
        ("mark_mismatch", {"mark": mark("i-a;rm")}),
        ("unreadable", {"unreadable": ["status"]}),
        ("unknown_age", {"created": None}),
        ("in_progress", {"status": "creating"}),
        ("belongs_to_image", {"images": ["img-b"]}),
        ("too_young", {"created": made(DAYS)}),
    ],
)
def test_each_doubt_about_a_snapshot_keeps_it(reason: str, fields: Json) -> None:
    assert one([], [loose(**fields)]).reason == reason


def test_without_the_time_of_the_service_no_age_is_known() -> None:
    assert one([image()], [snapshot()], now=None).reason == "unknown_age"


def test_a_machine_that_is_there_keeps_its_backups_and_all_of_its_campaign() -> None:
    there = image("img-there", instance_id=THERE, mark=mark(THERE), parts=["snapshot-b"])
    rows = [image(), there, image("img-other", parts=["snapshot-c"], mark=mark(campaign="autumn"))]
    snapshots = [snapshot(), snapshot("snapshot-b", disk="vol-b"), snapshot("snapshot-c")]
    verdicts = judge(listing(rows, snapshots, [OTHER]), ALL, Unfinished())
    assert [each.reason for each in verdicts] == ["campaign_unfinished", "machine_exists", ""]


def test_an_image_of_which_a_machine_was_made_stays() -> None:
    assert one([image()], [snapshot()], [{"instance_id": THERE, "image_id": "img-a"}]).reason == "image_in_use"


@pytest.mark.parametrize("told", [None, "", 7])
def test_a_machine_that_does_not_say_what_it_was_made_of_keeps_all_images(told: Any) -> None:
    machines = [{"instance_id": THERE, "image_id": told}]
    assert one([image()], [snapshot()], machines).reason == "unreadable"
    assert one([], [loose()], machines).may_go


@pytest.mark.parametrize("held", [Unfinished({"spring"}), Unfinished(machines={GONE}), Unfinished(backups={"img-a"})])
def test_what_an_unfinished_campaign_needs_stays(held: Unfinished) -> None:
    assert one([image()], [snapshot()], unfinished=held).reason == "campaign_unfinished"


def test_a_campaign_of_which_something_is_being_made_is_not_finished() -> None:
    busy = loose("snapshot-busy", 0.1, "vol-b", status="creating")
    assert judge(listing([image()], [snapshot(), busy]), ALL, Unfinished())[0].reason == "campaign_unfinished"


def test_other_campaigns_than_those_that_are_named_stay() -> None:
    assert one([image()], [snapshot()], rules=Rules(DAYS, DAYS, ["autumn"])).reason == "other_campaign"
    assert one([image()], [snapshot()], rules=Rules(DAYS, DAYS, ["spring"])).may_go


@pytest.mark.parametrize("by", ["image", "snapshot"])
def test_an_image_that_shares_a_snapshot_stays_whoever_says_so(by: str) -> None:
    shared = snapshot(images=["img-a", "img-b"] if by == "snapshot" else [])
    others = [image("img-b", mark=None)] if by == "image" else []
    assert one([image(), *others], [shared]).reason == "shared_snapshots"


@pytest.mark.parametrize(
    ("rules", "reason"), [(Rules(DAYS), "last_backup"), (Rules(DAYS, 101), "last_backup"), (Rules(DAYS, 99), "")]
)
def test_the_last_backup_of_a_machine_goes_only_where_a_variable_of_its_own_says_so(rules: Rules, reason: str) -> None:
    assert one([image()], [snapshot()], rules=rules).reason == reason
    assert one([], [loose()], rules=rules).reason == reason


NEWER = {"days": 50.0, "parts": ["snapshot-b"]}


@pytest.mark.parametrize(
    ("reason", "fields", "part"),
    [
        ("", {}, {}),
        ("last_backup", {"status": "error"}, {}),
        ("last_backup", {"offline": True}, {}),
        ("last_backup", {"mark": mark(stopped=False)}, {}),
        ("last_backup", {"expired_time": (NOW + timedelta(days=2)).isoformat()}, {}),
        ("last_backup", {"expired_time": "soon"}, {}),
        # What goes for its sake tonight would be missing then.
        ("last_backup", {"expired_time": (NOW + timedelta(days=200)).isoformat()}, {}),
        ("last_backup", {}, {"expire_time": (NOW + timedelta(days=200)).isoformat()}),
        ("last_backup", {"created": None}, {}),
        ("last_backup", {"created": made(-1)}, {}),
        ("last_backup", {"unreadable": ["size"]}, {}),
        ("last_backup", {"mark": mark("i-other00001")}, {}),
        # Rule 8: of the account's own, and of this machine. A copy may be of an older one.
        ("last_backup", {"image_source": "shared"}, {}),
        ("last_backup", {"imported": True}, {}),
        ("last_backup", {"instance_id": None}, {}),
        ("last_backup", {"instance_id": THERE}, {}),
        ("last_backup", {}, {"snapshot_source": "others"}),
        ("last_backup", {}, {"disk_id": "vol-other"}),
        ("last_backup", {}, {"status": "error_create"}),
        ("last_backup", {}, {"expire_time": (NOW + timedelta(days=2)).isoformat()}),
    ],
)
def test_only_a_newer_proven_backup_of_the_same_disks_takes_the_place_of_one(reason: str, fields: Json, part: Json) -> None:
    rows = [image(), image("img-b", **{**NEWER, **fields})]
    snapshots = [snapshot(), snapshot("snapshot-b", **{"days": 50.0, **part})]
    assert judge(listing(rows, snapshots), Rules(DAYS), Unfinished())[0].reason == reason


@pytest.mark.parametrize("source", ["others", None])
def test_a_newer_snapshot_that_another_account_shares_takes_no_place(source: str | None) -> None:
    """Its mark is a text that anybody can write."""
    assert one([], [loose(), loose("snapshot-m", 50)], rules=Rules(DAYS)).may_go
    shared = loose("snapshot-m", 50, snapshot_source=source)
    assert one([], [loose(), shared], rules=Rules(DAYS)).reason == "last_backup"


def test_a_newer_snapshot_takes_no_image_s_place() -> None:
    assert one([image()], [snapshot(), loose(days=50)], rules=Rules(DAYS)).reason == "last_backup"


def test_what_holds_nothing_is_nobody_s_last_backup() -> None:
    assert one([image(status="error", disks=[])], rules=Rules(DAYS)).may_go
    assert one([], [loose(status="error_create")], rules=Rules(DAYS)).may_go


def test_more_than_the_cap_fails_or_begins_with_the_oldest() -> None:
    rows = [loose(f"snapshot-{number}", 40.0 + number, f"vol-{number}") for number in range(4)]
    verdicts = judge(listing([], rows), ALL, Unfinished())
    with pytest.raises(InputError, match=r"4 images and snapshots are expired, but expire_backups_max is 3,"):
        choose(verdicts, 3, on_too_many="fail")
    chosen = choose(verdicts, 3, on_too_many="oldest")
    assert [each.reason for each in chosen] == ["over_cap", "", "", ""]


def test_only_what_the_service_says_is_gone_is_gone() -> None:
    verdicts = judge(listing([image()], [snapshot(), loose(disk="vol-b")]), ALL, Unfinished())
    assert [each.reason for each in after_proof(verdicts, set(), {"vol-b"})] == ["machine_exists"] * 2
    assert [each.reason for each in after_proof(verdicts, {GONE}, set())] == ["", "disk_exists"]
    assert all(each.may_go for each in after_proof(verdicts, {GONE}, {"vol-b"}))


def test_what_the_gate_does_not_let_through_stays() -> None:
    verdicts = judge(listing([image()], [snapshot()]), ALL, Unfinished())
    row: Json = {"image_id": "img-a", "status": "ready", "action": "deleted", "blockers": [], "error": None}
    blocked: Json = {"action": "blocked", "blockers": [{"code": "x", "message": "It is protected."}]}
    assert after_gate(verdicts, "image", [{**row, **blocked}])[0].message == "It is protected."
    assert after_gate(verdicts, "image", [])[0].reason == "blocked"
    assert after_gate(verdicts, "image", [{**row, "action": "failed", "error": {"message": "No."}}])[0].message == "No."
    assert after_gate(verdicts, "image", [{**row, "action": "none", "status": "absent"}])[0].reason == "blocked"
    assert after_gate(verdicts, "image", [row])[0].may_go
    # One of the others is blocked.
    assert after_gate(verdicts, "image", [{**row, "action": "none"}])[0].may_go


def test_an_open_record_and_one_whose_run_did_not_end_need_their_backups() -> None:
    entry = machine_row(GONE, backups=[{"type": "image", "id": "img-a"}, {"type": "image", "id": None}])
    ended = [{"began": "x", "ended": "x", "outcome": "complete"}]
    done = new_record(machines={GONE: entry}, open=False)
    done.runs = ended
    assert unfinished_of([done]) == Unfinished()
    for record in (new_record(machines={GONE: entry}, open=False), new_record(machines={GONE: entry})):
        assert unfinished_of([record]) == Unfinished(frozenset({"c"}), frozenset({GONE}), frozenset({"img-a"}))


MACHINES = ("i-gone000001", "i-gone000002", "i-there00001")
DISKS = {name: [f"vol-{name[2:]}{letter}" for letter in "ab"] for name in MACHINES}


@st.composite
def regions(draw: st.DrawFn) -> Listing:
    """A region with images and snapshots of three machines, of which one is there; anything may be odd."""
    images, snapshots = [], []
    odd = st.sampled_from(["", "", "", "", "time", "unread", "status", "mark", "foreign", "unlisted", "offline"])
    for number in range(draw(st.integers(0, 7))):
        name, flaw, days = draw(st.sampled_from(MACHINES)), draw(odd), draw(st.floats(0, 200))
        disks = draw(st.lists(st.sampled_from(DISKS[name]), min_size=1, unique=True))
        parts = [f"snapshot-{number}{place}" for place in range(len(disks))]
        marked = None if flaw == "foreign" else mark(name, draw(st.sampled_from(["a", "b"])), stopped=flaw != "mark")
        fields: Json = {"mark": marked, "created": None if flaw == "time" else made(days)}
        fields["unreadable"] = ["x"] if flaw == "unread" else []
        if draw(st.booleans()):
            status = draw(st.sampled_from(["error", "pending"])) if flaw == "status" else "ready"
            images.append(
                image(f"img-{number}", parts=parts, instance_id=name, **fields, status=status, offline=flaw == "offline")
            )
            if flaw != "unlisted":
                snapshots += [snapshot(part, days, disk) for part, disk in zip(parts, disks, strict=True)]
        else:
            status = draw(st.sampled_from(["error_create", "creating"])) if flaw == "status" else "available"
            snapshots.append(loose(f"snapshot-{number}", days, disks[0], **{**fields, "status": status}))
    return listing(images, snapshots, [{"instance_id": THERE, "image_id": draw(st.sampled_from(["img-0", "img-public"]))}])


def covered(region: Listing, without: frozenset[str] = frozenset()) -> dict[tuple[str, str], float]:
    """By kind and disk, how old the newest whole backup of it is, of the machines that are gone. Worked out without the code."""
    found: dict[tuple[str, str], float] = {}
    disks = {row["snapshot_id"]: row["disk_id"] for row in region.snapshots}
    rows = [("image", row["image_id"], row, [disks.get(each["snapshot_id"]) for each in row["disks"]]) for row in region.images]
    rows += [("snapshot", row["snapshot_id"], row, [row["disk_id"]]) for row in region.snapshots if row["mark"]]
    for kind, asset_id, row, held in rows:
        marked = row["mark"]
        whole = row["status"] in ("ready", "available") and not row["unreadable"] and row["created"] and None not in held
        if asset_id in without or not marked or not marked["stopped"] or row.get("offline") or not whole:
            continue
        age = (NOW - datetime.fromisoformat(row["created"])) / timedelta(days=1)
        for disk in held:
            found[kind, str(disk)] = min(age, found.get((kind, str(disk)), age))
    return found


@examples(150, 400)
@given(region=regions(), last_days=st.one_of(st.none(), st.integers(DAYS, 150)), most=st.integers(1, 5))
def test_rule_08_whatever_is_there_a_night_never_takes_what_is_needed(region: Listing, last_days: int | None, most: int) -> None:
    verdicts = choose(judge(region, Rules(DAYS, last_days), Unfinished()), most, on_too_many="oldest")
    going = [each.asset for each in verdicts if each.may_go]
    rows = {row.get("image_id") or row["snapshot_id"]: row for row in [*region.images, *region.snapshots]}
    assert len(going) <= most
    assert all(bool(each.reason) == bool(each.message) for each in verdicts)
    for asset in going:
        row = rows[asset.id]
        assert row["mark"]
        assert row["mark"]["instance_id"] != THERE
        assert not row["unreadable"]
        assert NOW - datetime.fromisoformat(row["created"]) > timedelta(days=DAYS)
        assert asset.id != region.machines[0]["image_id"]
    before, after = covered(region), covered(region, frozenset(asset.id for asset in going))
    for key, age in before.items():
        # A disk loses its last whole backup only if that is older than the variable of its own allows.
        assert key in after or (last_days is not None and age > last_days)


@given(region=regions())
def test_the_order_of_the_listings_decides_nothing(region: Listing) -> None:
    turned = Listing(region.region, region.images[::-1], region.snapshots[::-1], region.machines, region.now)
    both = [{each.asset.id: each.reason for each in judge(each_region, ALL, Unfinished())} for each_region in (region, turned)]
    assert both[0] == both[1]


def test_the_guide_says_what_each_reason_means() -> None:
    code = Path(expire.__file__).read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "backups.md").read_text(encoding="utf-8")
    table = guide.partition("| reason | why it stays |")[2].partition("\n\n")[0]
    found = set(re.findall(r'(?:kept\(|return |return \(|\(\n\s+|\()"([a-z]+_[a-z_]+|unreadable|blocked)",', code))
    assert found >= {"last_backup", "too_young", "blocked", "over_cap", "mark_mismatch"}
    assert found == {word for row in table.splitlines() for word in re.findall(r"`([a-z_]+)`", row.split("|")[1] if row else "")}
