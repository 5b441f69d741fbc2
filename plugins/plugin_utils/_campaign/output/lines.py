# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each stage of a campaign says: a few short lines, besides the table of a plan. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ....module_utils._api.errors import first_of
from ....module_utils._fleet.prices import Price
from ..report.content import pointers_of
from ..report.groups import Group, groups_of
from ..report.messages import ACTIONS, OUTCOMES
from ..report.text import count, duration
from ..state.machine_entry import is_gone
from ..state.record import UNVERIFIED, Record, read_stamp
from ..steps.finish import DONE
from .progress import place_of
from .table import plan_table
from .text import LONGEST, cut, name_some, named, spell

MOST = 10
"""The most lines of a stage. With the title of its task, and its result, these are 12."""
GROUPS = 3
"""The most reasons that are shown; each takes two lines, or one where there is no room for two."""
NAMES = 5
"""How many names that still point to machines are shown."""
_INDENT = "    "
_WORDS = {**ACTIONS, "unmarked": "unmarked"}
_PARTS = (
    ("disks_deleted", "disk", "disks"),
    ("elastic_ips_released", "elastic IP", "elastic IPs"),
)
_LEFT = (("disks", "disk"), ("elastic_ips", "elastic IP"), ("images", "image"), ("snapshots", "snapshot"))
_SENT = {
    "stopInstance": ("stop", "stops"),
    "startInstance": ("start", "starts"),
    "createImage": ("image", "images"),
    "createSnapshot": ("snapshot", "snapshots"),
    "deleteInstance": ("deletion of a machine", "deletions of machines"),
    "deleteDisk": ("deletion of a disk", "deletions of disks"),
    "deleteElasticIp": ("release of an elastic IP", "releases of elastic IPs"),
}
_OTHERS = ("other call", "other calls")


def resume_line(record: Record) -> str:
    """That an unfinished campaign is gone on with, and how much of it is left."""
    left = sum(not is_gone(record.machines[each]) for each in record.instance_ids)
    return f"Resumes campaign {record.campaign}, begun at {record.began}: {left} of {len(record.instance_ids)} machines are left."


def plan_rows(record: Record, look: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The machines that are not gone, with the fates that a look planned for what they have, unless nothing is to be done."""
    planned = {} if record.problem else {each["instance_id"]: each for each in look}
    left = [row for row in record.machines.values() if not is_gone(row) or row["action"] == "none"]
    if record.kind != "absent":
        # What is only planned has not stopped or started them yet.
        return [{**row, "status": row["status_before"] or row["status"]} for row in left]
    return [
        {**row, **{name: planned[row["instance_id"]][name] for name in ("disks", "elastic_ips")}}
        if row["action"] in ("not_started", "deleted") and row["instance_id"] in planned
        else row
        for row in left
    ]


def plan_lines(
    record: Record,
    rows: Sequence[Mapping[str, Any]],
    *,
    preview: bool,
    where: str,
    approve: str,
    resumed: bool = False,
    price: Price | None = None,
) -> list[str]:
    """The plan: counts, the table of `rows`, what hinders whom, the digest, and what to do.

    `rows` are the machines of the record that are still to be decided, with the fates that are planned for what they have;
    `where` says where all of them are, `approve` how to do exactly this, `price` what a resource costs a month.

    A run that goes on was planned before, so it is not shown again who goes in which wave. Why some are blocked is said in the
    end of a run, unless it ends here.
    """
    hindered = [row for row in rows if row["action"] in ("blocked", "failed")]
    fixed = [*([resume_line(record)] if resumed else []), cut(_planned(record, rows, preview=preview), LONGEST)]
    after = [] if record.problem else _pointing(pointers_of(record.machines[each] for each in record.instance_ids))
    if record.problem:
        after.append(cut(record.problem, 2 * LONGEST))
    elif record.digest and preview and record.instance_ids:
        after += [f"Digest: {record.digest}", f"To do exactly this: {approve}"]
    reasons = reason_lines(hindered, MOST - len(fixed) - len(after)) if preview or record.problem else []
    table = plan_table(rows, record.kind, where, price) if record.problem or not resumed else []
    return [*fixed, *table, *reasons, *after]


def _planned(record: Record, rows: Sequence[Mapping[str, Any]], *, preview: bool) -> str:
    """How many machines of how many, in which waves, and how many are left alone."""
    head = f"Plan of campaign {record.campaign}" + (f" in {record.region}" if record.region else "")
    actions = Counter(row["action"] for row in rows)
    if record.problem:
        hindered = {"blocked": actions["blocked"], "failed": actions["failed"]}
        numbers = spell(hindered) or "none of them blocked"
        return f"{head}: it does not begin. {count(len(rows), 'machine')}, {numbers}. Nothing is changed."
    waves = [wave for wave in record.waves if wave.state != "not_started"]
    left = [sum(not is_gone(record.machines[each]) for each in wave.instance_ids) for wave in waves]
    sizes = [size for size in left if size]
    going = sum(sizes) if record.kind == "absent" else actions[DONE[record.kind]]
    rest = spell({"blocked and left alone": actions["blocked"], "with nothing to do": actions["none"]})
    text = f"{head}: {going} of {count(len(rows), 'machine')} {'would' if preview else 'will'} be {DONE[record.kind]}"
    text += f" in {count(len(sizes), 'wave')} ({', '.join(map(str, sizes))})" if len(sizes) > 1 else ""
    text += f"; {rest}" if rest else ""
    return f"{text}. Nothing was changed." if preview else f"{text}."


def wave_lines(record: Record, number: int) -> list[str]:
    """What became of a wave, and why it did not of the others."""
    wave = record.wave(number) if record.waves else None
    rows = [record.machines[each] for each in wave.instance_ids] if wave else list(record.machines.values())
    text = f"{place_of(record, number).capitalize()}{_took(wave)}: {_counts(rows)}."
    if len(record.waves) > 1:
        gone = sum(is_gone(record.machines[each]) for each in record.instance_ids)
        text += f" Gone by now: {gone} of {len(record.instance_ids)}."
    fixed = [text]
    if record.problem:
        # The end follows at once, and gives the reasons.
        return [*fixed, cut(record.problem, 2 * LONGEST)]
    hindered = [row for row in rows if row["action"] in ("blocked", "failed")]
    return [*fixed, *reason_lines(hindered, MOST - len(fixed))]


def finish_lines(report: Mapping[str, Any], *, path: str, go_on: str) -> list[str]:
    """How it ended: what was deleted, what is stopped now, what was left untouched, and how to go on.

    `report` has the form of docs/report.schema.json; `path` is that of its page, empty if there is none; `go_on` says how. What
    stopped the campaign was said by the stage that stopped it.
    """
    rows, preview = report["machines"], report["check_mode"]
    outcome = OUTCOMES[report["outcome"]][0].lower()
    if report["outcome"] == "planned":
        head = f"Preview of campaign {report['campaign']}: {_counts(rows, preview=preview)}"
    else:
        head = f"Campaign {report['campaign']}: {outcome}, {_counts(rows, preview=preview)}"
    head += f"; {duration(report['seconds'])}." if report["seconds"] and not preview else "."
    after = [] if preview else [*_what_is(report), *_pointing(report["pointers"])]
    if report["money"] and report["money"]["available"]:
        after.append(_money(report["money"], preview=preview))
    if report["outcome"] in ("failed", "stopped", "unfinished", "blocked") and not preview:
        after.append(f"To go on: {go_on}")
    if path:
        after.append(f"Report: {path}")
    fixed = [cut(head, LONGEST)]
    hindered = [row for row in rows if row["action"] in ("blocked", "failed")]
    # What forbids all was said by the plan, just before.
    room = MOST - len(fixed) - len(after) if report["outcome"] not in ("blocked", "planned") else 0
    return [*fixed, *reason_lines(hindered, room), *after]


def interrupted_lines(record: Record, writes: Iterable[Mapping[str, Any]], *, lasts: bool, go_on: str) -> list[str]:
    """What was sent before a Ctrl-C or a signal, and how to go on. `lasts`: the record is in a folder of the user's."""
    run = record.runs[-1]["began"]
    sent = [write for write in writes if write["at"] >= run]
    accepted = Counter(write["operation"] for write in sent if write["outcome"] == "accepted")
    unclear = sum(write["outcome"] == "unclear" for write in sent)
    known = [count(accepted[name], *words) for name, words in _SENT.items() if accepted[name]]
    others = sum(number for name, number in accepted.items() if name not in _SENT)
    text = ", ".join([*known, *([count(others, *_OTHERS)] if others else [])]) or "nothing"
    text += f"; {count(unclear, 'call')} without a clear answer" if unclear else ""
    lines = [
        f"Campaign {record.campaign} is interrupted. Sent in this run: {text}.",
        "Nothing more is sent. What was accepted goes on in the cloud.",
    ]
    if record.stopped:
        rows = [record.machines.get(each, {"instance_id": each}) for each in record.stopped]
        there = [row for row in rows if row.get("status") != "absent"]
        lines += [f"Stopped by this campaign, unless they are deleted by now: {name_some(there)}."] if there else []
    return [*lines, f"To go on: {go_on}" if lasts else "Its record does not last, so a new run looks at everything again."]


def _counts(rows: Iterable[Mapping[str, Any]], *, preview: bool = False) -> str:
    """How many machines there are, and what became of them."""
    every = list(rows)
    actions = Counter("gone before" if row["action"] == "none" and is_gone(row) else _WORDS.get(row["action"]) for row in every)
    words = [*dict.fromkeys(_WORDS.values()), "gone before"]
    found = {(f"would be {word}" if preview and word in DONE.values() else word): actions[word] for word in words}
    return f"of {count(len(every), 'machine')} {spell(found)}" if every else "no machine is selected"


def _took(wave: Any) -> str:
    if wave is None or not wave.began or not wave.ended:
        return ""
    return f", {duration((read_stamp(wave.ended) - read_stamp(wave.began)).total_seconds())}"


def reason_lines(rows: Iterable[Mapping[str, Any]], room: int) -> list[str]:
    """The most frequent reasons, in so many lines: how many, one example, and if there is room, why and the next step."""
    groups = groups_of(rows, ("error", "blocker"))
    each = 2 if len(_fitting(groups, room, 2)) == min(GROUPS, len(groups)) else 1
    shown = _fitting(groups, room, each)
    lines = [line for group in shown for line in _group(group)[:each]]
    more = len(groups) - len(shown)
    return [*lines, *([f"and {count(more, 'more reason')}, see the report"] if more > 0 and room > 0 else [])]


def _fitting(groups: Sequence[Group], room: int, each: int) -> Sequence[Group]:
    """The first groups, if each takes so many lines, and one line says that there are more."""
    fit = min(GROUPS, room // each)
    if fit < len(groups) and fit * each + 1 > room:
        fit -= 1
    return groups[: max(0, fit)]


def _group(group: Group) -> list[str]:
    word = "failed" if group.kind == "error" else "blocked"
    codes = " ".join(filter(None, [group.code, group.where]))
    lead = f"{len(group.machines)} {word}: {group.title} ({codes}), {'for example ' if len(group.machines) > 1 else ''}"
    # Most messages say after a colon what to do.
    why = cut(group.message, LONGEST) if ": " in group.message else f"{cut(group.message, LONGEST)} {group.next_step}".strip()
    return [f"{lead}{named(group.machines[0])}", f"{_INDENT}{cut(why, 2 * LONGEST)}"]


def _what_is(report: Mapping[str, Any]) -> list[str]:
    """What is deleted, stopped, untouched and not known."""
    rows, totals = report["machines"], report["totals"]
    lines = []
    done = sum(row["action"] == DONE[report["kind"]] for row in rows)
    if report["kind"] == "absent":
        parts = [count(done, "machine"), *(count(totals[name], one, many) for name, one, many in _PARTS if totals[name])]
        left = [count(len(report["left"][name]), noun) for name, noun in _LEFT if report["left"][name]]
        lines.append(f"Deleted: {', '.join(parts)}." + (f" Left, and billed: {', '.join(left)}." if left else ""))
    stopped = set(report["left_stopped"])
    if stopped:
        some = [row for row in rows if row["instance_id"] in stopped]
        lines.append(f"Stopped by this campaign and stopped still: {count(len(stopped), 'machine')}: {name_some(some)}.")
    for kind, verb, before, now in (("mark", "Stopped", "running", "stopped"), ("unmark", "Started again", "stopped", "running")):
        some = [row for row in rows if kind == report["kind"] and (row["status_before"], row["status"]) == (before, now)]
        if some:
            lines.append(f"{verb} by this campaign: {count(len(some), 'machine')}: {name_some(some)}.")
    unknown = [row for row in rows if row["status"] == UNVERIFIED]
    if unknown:
        lines.append(f"Not known what the last call did to {count(len(unknown), 'machine')}: {name_some(unknown)}.")
    alone = Counter(
        ACTIONS[row["action"]]
        for row in rows
        if row["action"] in ("not_started", "blocked", "failed") and not row["changed"] and row["status"] != UNVERIFIED
    )
    if alone:
        lines.append(f"Left untouched: {count(alone.total(), 'machine')} ({spell(alone)}).")
    return lines


def _pointing(pointers: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line with the names that still point to machines that go; none if there are none."""
    names = list(dict.fromkeys(each["name"] for each in pointers))
    return [cut(f"What still points here: {first_of(names, NAMES)}.", LONGEST)] if names else []


def _money(money: Mapping[str, Any], *, preview: bool) -> str:
    # What exists of the backups is part of what is left.
    backups = (("backups", "for the backups"),) if preview else ()
    amounts = (("saved", "would be saved" if preview else "saved"), ("left", "for what is left"), *backups)
    parts = [f"{money[name]:,.2f} {money['currency']} {word}" for name, word in amounts if money[name] is not None]
    return f"A month: {', '.join(parts) or 'nothing is known of the prices'}."
