# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each stage of a campaign prints, in the language of the campaign: a few short lines, and the table of a plan. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ....module_utils._fleet.prices import Price
from ..._language.text import Speaker, Text, duration, join, language_of, money, say, word_of
from ..report.about import lead_of
from ..report.content import pointers_of
from ..state.machine_entry import is_gone
from ..state.record import UNVERIFIED, Record, read_stamp
from ..steps.finish import DONE
from .progress import speaker_of
from .reasons import MOST, reason_lines
from .table import plan_table
from .text import LONGEST, cut, listed_names, name_some, spell

NAMES = 5
"""How many names that still point to instances are shown."""
_ACTIONS = ("deleted", "stopped", "started", "marked", "unmarked", "none", "blocked", "failed", "not_started")
_PARTS = (("disks_deleted", "disks"), ("elastic_ips_released", "elastic_ips"))
_LEFT = ("disks", "elastic_ips", "images", "snapshots")
_SENT = (
    *("stopInstance", "startInstance", "createImage", "createSnapshot"),
    *("deleteInstance", "deleteDisk", "deleteElasticIp"),
)


def resume_line(record: Record) -> str:
    """That an unfinished campaign is resumed, and how much of it is left."""
    left = sum(not is_gone(record.machines[each]) for each in record.instance_ids)
    values = {"campaign": record.campaign, "began": record.began, "left": left, "n": len(record.instance_ids)}
    return speaker_of(record)("plan.resumes", **values)


def plan_rows(record: Record, look: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The instances that are not gone, with the fates that a look planned for what they have, unless nothing is to be done."""
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
    """The plan: counts, the table of `rows`, what blocks which instance, the digest, and what to do.

    `rows` are the machines of the record that are still to be decided, with the fates that are planned for what they have;
    `where` says where all of them are, `approve` how to do exactly this, `price` what a resource costs a month.

    A resumed run was planned before, so it is not shown again who goes in which wave. Why some are blocked is said in the
    end of a run, unless it ends here.
    """
    blocked = [row for row in rows if row["action"] in ("blocked", "failed")]
    speak = speaker_of(record)
    fixed = [*([resume_line(record)] if resumed else []), cut(_planned(record, rows, preview=preview), LONGEST)]
    pointers = pointers_of(record.machines[each] for each in record.instance_ids)
    after = [] if record.problem else _pointing(pointers, speak)
    if record.problem:
        after.append(cut(speak("plan.problem", problem=record.problem), 2 * LONGEST))
    elif record.digest and preview and record.instance_ids:
        after += [speak("plan.digest", digest=record.digest), speak("plan.approve", how=approve)]
    reasons = reason_lines(blocked, MOST - len(fixed) - len(after), speak) if preview or record.problem else []
    table = plan_table(rows, record.kind, where, speak, price) if record.problem or not resumed else []
    return [*fixed, *table, *reasons, *after]


def _planned(record: Record, rows: Sequence[Mapping[str, Any]], *, preview: bool) -> str:
    """How many instances of how many, in which waves, and how many are not changed."""
    speak = speaker_of(record)
    head = speak("plan.head_in" if record.region else "plan.head", campaign=record.campaign, region=record.region)
    actions = Counter(row["action"] for row in rows)
    instances = say("n.instances", n=len(rows))
    if record.problem:
        numbers = spell({f"count.{name}": actions[name] for name in ("blocked", "failed")})
        return speak("plan.refused", head=head, instances=instances, numbers=numbers if numbers.en else say("plan.none_blocked"))
    waves = [wave for wave in record.waves if wave.state != "not_started"]
    left = [sum(not is_gone(record.machines[each]) for each in wave.instance_ids) for wave in waves]
    sizes = [size for size in left if size]
    going = sum(sizes) if record.kind == "absent" else actions[DONE[record.kind]]
    text = speak(f"plan.{'would' if preview else 'will'}.{record.kind}", head=head, going=going, instances=instances)
    if len(sizes) > 1:
        text = speak("plan.waves", text=text, n=len(sizes), sizes=", ".join(map(str, sizes)))
    rest = spell({"count.left_alone": actions["blocked"], "count.idle": actions["none"]})
    text = speak("plan.rest", text=text, rest=rest) if rest.en else text
    return speak("plan.unchanged" if preview else "plan.end", text=text)


def wave_lines(record: Record, number: int) -> list[str]:
    """The results of a wave, and why some of its instances have none."""
    speak = speaker_of(record)
    wave = record.wave(number) if record.waves else None
    rows = [record.machines[each] for each in wave.instance_ids] if wave else list(record.machines.values())
    took = _took(wave)
    values = {"number": number, "all": max(1, len(record.waves)), "counts": _counts(rows)}
    text = speak("wave.line_took", took=took, **values) if took else speak("wave.line", **values)
    if len(record.waves) > 1:
        gone = sum(is_gone(record.machines[each]) for each in record.instance_ids)
        text = speak("wave.gone", text=text, gone=gone, all=len(record.instance_ids))
    if record.problem:
        # The end follows at once, and gives the reasons.
        return [text, cut(speak("plan.problem", problem=record.problem), 2 * LONGEST)]
    blocked = [row for row in rows if row["action"] in ("blocked", "failed")]
    return [text, *reason_lines(blocked, MOST - 1, speak)]


def finish_lines(report: Mapping[str, Any], *, path: str, go_on: str) -> list[str]:
    """How it ended: what was deleted, what is stopped now, what was left untouched, and how to resume.

    `report` has the form of docs/report.schema.json; `path` is that of its page, empty if there is none; `go_on` says how. What
    stopped the campaign was said by the stage that stopped it.
    """
    rows, preview, speak = report["machines"], report["check_mode"], Speaker(language_of(report["options"]))
    after = [] if preview else [*_what_is(report, speak), *_pointing(report["pointers"], speak)]
    if report["money"] and report["money"]["available"]:
        after.append(speak("finish.money", parts=_money(report["money"], preview=preview)))
    if report["outcome"] in ("failed", "stopped", "unfinished", "blocked") and not preview:
        after.append(speak("finish.resume", how=go_on))
    if path:
        after.append(speak("finish.report", path=path))
    fixed = [cut(_ended(report, speak), LONGEST)]
    blocked = [row for row in rows if row["action"] in ("blocked", "failed")]
    # What forbids all was said by the plan, just before.
    room = MOST - len(fixed) - len(after) if report["outcome"] not in ("blocked", "planned") else 0
    return [*fixed, *reason_lines(blocked, room, speak), *after]


def made_lines(report: Mapping[str, Any], path: str) -> list[str]:
    """What the playbook report prints: the outcome, and the path of the page, empty where none was written."""
    speak = Speaker(language_of(report["options"]))
    lead = lead_of(report).said(speak.language)
    return [cut(lead, 2 * LONGEST), *([speak("finish.report", path=path)] if path else [])]


def _ended(report: Mapping[str, Any], speak: Speaker) -> str:
    """The outcome, and how many instances have which result."""
    preview = report["check_mode"]
    counts, word = _counts(report["machines"], preview=preview), word_of("outcome", report["outcome"])
    outcome = Text(word.en.lower(), word.zh)
    key = "finish.preview" if report["outcome"] == "planned" else "finish.head"
    text = speak(key, campaign=report["campaign"], outcome=outcome, counts=counts)
    timed = report["seconds"] and not preview
    return speak("finish.took", text=text, took=duration(report["seconds"])) if timed else speak("plan.end", text=text)


def interrupted_lines(record: Record, writes: Iterable[Mapping[str, Any]], *, lasts: bool, go_on: str) -> list[str]:
    """What was sent before a Ctrl-C or a signal, and how to resume. `lasts`: the record is in a directory of the user's."""
    run = record.runs[-1]["began"]
    sent = [write for write in writes if write["at"] >= run]
    accepted = Counter(write["operation"] for write in sent if write["outcome"] == "accepted")
    unclear = sum(write["outcome"] == "unclear" for write in sent)
    known = [say(f"sent.{name}", n=accepted[name]) for name in _SENT if accepted[name]]
    others = sum(number for name, number in accepted.items() if name not in _SENT)
    text = join([*known, say("sent.others", n=others) if others else ""])
    text = join([text if text.en else say("sent.nothing"), say("sent.unclear", n=unclear) if unclear else ""], "list.semicolon")
    speak = speaker_of(record)
    lines = [speak("stop.sent", campaign=record.campaign, sent=text), speak("stop.no_more")]
    if record.stopped:
        rows = [record.machines.get(each, {"instance_id": each}) for each in record.stopped]
        there = [row for row in rows if row.get("status") != "absent"]
        lines += [speak("stop.stopped", names=name_some(there))] if there else []
    return [*lines, speak("finish.resume", how=go_on) if lasts else speak("stop.no_record")]


def _counts(rows: Iterable[Mapping[str, Any]], *, preview: bool = False) -> Text:
    """How many instances there are, and how many have which result."""
    every = list(rows)
    if not every:
        return say("finish.none")
    actions = Counter("gone" if row["action"] == "none" and is_gone(row) else row["action"] for row in every)
    found = [(_count_word(name, preview=preview), actions[name]) for name in (*_ACTIONS, "gone") if actions[name]]
    counts = join(say("line.number", number=number, word=word) for word, number in found)
    return say("line.counts", counts=counts, instances=say("n.instances", n=len(every)))


def _count_word(name: str, *, preview: bool) -> Text:
    word = say(f"count.{name}")
    return say("count.would_be", word=word) if preview and name in DONE.values() else word


def _took(wave: Any) -> Text | None:
    if wave is None or not wave.began or not wave.ended:
        return None
    return duration((read_stamp(wave.ended) - read_stamp(wave.began)).total_seconds())


def _what_is(report: Mapping[str, Any], speak: Speaker) -> list[str]:
    """What is deleted, stopped, not changed and not known."""
    rows = report["machines"]
    lines = [_deleted(report, speak)] if report["kind"] == "absent" else []
    stopped = set(report["left_stopped"])
    found = {
        "finish.stopped": [row for row in rows if row["instance_id"] in stopped],
        "finish.mark_stopped": _moved(report, "mark", "running", "stopped"),
        "finish.unmark_started": _moved(report, "unmark", "stopped", "running"),
        "finish.unknown": [row for row in rows if row["status"] == UNVERIFIED],
    }
    for key, some in found.items():
        if some:
            lines.append(speak(key, instances=say("n.instances", n=len(some)), names=name_some(some)))
    alone = Counter(row["action"] for row in rows if _is_untouched(row))
    if alone:
        counts = spell({f"count.{name}": number for name, number in alone.items()})
        lines.append(speak("finish.untouched", instances=say("n.instances", n=alone.total()), counts=counts))
    return lines


def _moved(report: Mapping[str, Any], kind: str, before: str, now: str) -> list[Mapping[str, Any]]:
    """The instances that a campaign of a kind brought from one status to the other."""
    here = report["machines"] if report["kind"] == kind else ()
    return [row for row in here if (row["status_before"], row["status"]) == (before, now)]


def _is_untouched(row: Mapping[str, Any]) -> bool:
    return row["action"] in ("not_started", "blocked", "failed") and not row["changed"] and row["status"] != UNVERIFIED


def _deleted(report: Mapping[str, Any], speak: Speaker) -> str:
    """What is deleted, and what is left and billed."""
    done, totals = sum(row["action"] == "deleted" for row in report["machines"]), report["totals"]
    parts = [say(f"n.{noun}", n=totals[name]) for name, noun in _PARTS if totals[name]]
    text = speak("finish.deleted", parts=join([say("n.instances", n=done), *parts]))
    left = [say(f"n.{name}", n=len(report["left"][name])) for name in _LEFT if report["left"][name]]
    return speak("finish.left", text=text, left=join(left)) if left else text


def _pointing(pointers: Sequence[Mapping[str, Any]], speak: Speaker) -> list[str]:
    """A line with the names that still point to instances that are deleted; none if there are none."""
    names = list(dict.fromkeys(each["name"] for each in pointers))
    return [cut(speak("finish.pointers", names=listed_names(names, NAMES)), LONGEST)] if names else []


def _money(bill: Mapping[str, Any], *, preview: bool) -> Text:
    # What exists of the backups is part of what is left.
    keys = {"saved": "finish.saved_planned" if preview else "finish.saved", "left": "finish.cost_left"}
    keys |= {"backups": "finish.cost_backups"} if preview else {}
    parts = [say(key, amount=money(bill[name], bill["currency"])) for name, key in keys.items() if bill[name] is not None]
    return join(parts) if parts else say("finish.no_money")
