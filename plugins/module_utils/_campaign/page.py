# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a campaign as one page that needs nothing else: no network, no other file, and no script to be read. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .page_lists import backup_list, left_list, machine_list, write_list
from .page_reasons import reason_list
from .page_script import SCRIPT
from .page_style import STYLE
from .page_text import NOTHING, Column, Row, count, duration, escaped, money, plain, shown, table, when
from .page_timeline import legend, phase_table, timeline
from .page_totals import totals
from .page_words import KINDS, OUTCOMES, STATES, said

Json = Mapping[str, Any]

SHOWN_MEMBERS = 40
WAVES = (
    *(Column("Wave", "number"), Column("State"), Column("Machines", "number"), Column("Deleted", "number")),
    *(Column("Failed", "number"), Column("Blocked", "number"), Column("Began", "when"), Column("Ended", "when")),
)


def render(report: Json) -> str:
    """The page. `report` has the form of docs/report.schema.json."""
    sections = [
        ("reasons", "Needs a look", reason_list(report["machines"])),
        ("timeline", "Timeline", _timeline(report)),
        ("left", "Left, and still billed", _left(report)),
        ("machines", "Machines", machine_list(report)),
        ("backups", "Backups", backup_list(report)),
        ("writes", "Requests sent", write_list(report["writes"])),
        ("run", "How it was run", _facts(report)),
    ]
    there = [section for section in sections if section[2]]
    title = f"{plain(report['campaign'])}: {OUTCOMES[report['outcome']][0].lower()}"
    policy = f"default-src 'none'; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">',
            f"<title>{escaped(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
            '<a class="skip" href="#main">Skip to the content</a>',
            _header(report),
            _navigation(there),
            '<main id="main">',
            totals(report),
            *(_section(*section) for section in there),
            "</main>",
            f"<footer>Written by jdcloud.cloud {escaped(report['collection'])}. All times are Beijing time (UTC+8).</footer>",
            f"<script>{SCRIPT}</script>\n</body>\n</html>\n",
        ]
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _section(name: str, title: str, content: str) -> str:
    return f'<section id="{name}-section" aria-labelledby="{name}-title"><h2 id="{name}-title">{title}</h2>\n{content}</section>'


def _navigation(sections: Iterable[tuple[str, str, str]]) -> str:
    links = "".join(f'<li><a href="#{name}-section">{title}</a></li>' for name, title, _ in sections)
    return f'<nav aria-label="Parts of the report"><ul>{links}</ul></nav>'


def _header(report: Json) -> str:
    word, tone = OUTCOMES[report["outcome"]]
    account = report["account"]
    key = f"key ending in {escaped(account['access_key_suffix'])}" if account["access_key_suffix"] else ""
    facts = [
        ("Region", shown(report["region"])),
        ("Account", ", ".join(part for part in (key, shown(account["source"]) if account["source"] else "") if part)),
        ("Began", when(report["began"])),
        ("Ended", when(report["ended"])),
        ("Took", duration(report["seconds"])),
    ]
    told = "".join(f"<div><dt>{name}</dt><dd>{value or NOTHING}</dd></div>" for name, value in facts)
    preview = (
        '<p class="preview"><b>Preview.</b> Nothing was changed. What follows is what the campaign would do.</p>'
        if report["check_mode"]
        else ""
    )
    return (
        f'<header><p class="kind">{KINDS[report["kind"]]}</p><h1><bdi>{escaped(report["campaign"])}</bdi></h1>'
        f'<p class="lead"><span class="chip {tone}">{word}</span> <bdi>{escaped(report["message"])}</bdi></p>{preview}'
        f'<dl class="facts">{told}</dl></header>'
    )


def _timeline(report: Json) -> str:
    phases = report["timeline"]
    parts = []
    if phases:
        drawing = timeline(phases, {wave["number"]: wave["machines"] for wave in report["waves"]})
        parts.append(f'<div class="scroll" role="region" aria-label="Timeline" tabindex="0">{drawing}</div>{legend(phases)}')
    if report["waves"]:
        parts.append(table("waves", "Waves", WAVES, map(_wave, report["waves"]), "plain"))
    if phases:
        parts.append(f"<details><summary>{count(len(phases), 'phase')} in numbers</summary>{phase_table(phases)}</details>")
    return "".join(parts)


def _wave(wave: Json) -> Row:
    state = said(STATES, wave["state"])
    numbers = [f"{wave[name]:,}" for name in ("machines", "deleted", "failed", "blocked")]
    tone = ' class="bad"' if wave["state"] == "failed" else ""
    return Row([str(wave["number"]), f"<span{tone}>{escaped(state)}</span>", *numbers, when(wave["began"]), when(wave["ended"])])


def _left(report: Json) -> str:
    """Leftovers, and what they cost; the backups among them have a list of their own."""
    left, bill = report["left"], report["money"]
    named = (("disks", "disk"), ("elastic_ips", "elastic IP"), ("images", "image"), ("snapshots", "snapshot"))
    counts = [count(len(left[kind]), word) for kind, word in named if left[kind]]
    if not counts and not bill:
        return ""
    verb = "is" if sum(map(len, left.values())) == 1 else "are"
    parts = [f"<p>{_listed(counts)} {verb} there still and billed.{_backups(left)}</p>"] if counts else []
    if bill:
        parts.append(f"<p>{_money(bill)}</p>")
    return "".join([*parts, left_list(report)])


def _backups(left: Json) -> str:
    if not left["images"] and not left["snapshots"]:
        return ""
    return ' Images and snapshots are listed under <a href="#backups-section">Backups</a>.'


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _money(bill: Json) -> str:
    told = [f"<bdi>{escaped(bill['message'])}</bdi>"]
    if bill["available"]:
        if bill["saved"] is not None:
            told.append(f"What was deleted cost <b>{money(bill['saved'], bill['currency'])}</b> a month.")
        if bill["left"] is not None:
            told.append(f"What is left costs <b>{money(bill['left'], bill['currency'])}</b> a month.")
        if bill["unknown"]:
            told.append(f"No price is known of {count(bill['unknown'], 'resource')}, which the sums leave out.")
    return " ".join(told)


def _facts(report: Json) -> str:
    api = report["api"]
    uses = [
        f"{api['calls']:,} calls",
        f"{api['retries']:,} repeated",
        f"{api['throttled']:,} throttled",
        duration(api["seconds"]),
    ]
    facts = [
        ("API use", ", ".join(uses)),
        ("Digest of the list", f"<code>{escaped(report['digest'])}</code>" if report["digest"] else NOTHING),
    ]
    options = [(f"<code>{escaped(name)}</code>", _value(value)) for name, value in sorted(report["options"].items())]
    return "".join(
        [
            _notes(report["notes"]),
            f"<h3>Runs</h3>{_runs(report['runs'])}" if report["runs"] else "",
            f"<h3>API and scope</h3>{_pairs(facts)}",
            f"<h3>Options</h3>{_pairs(options)}" if options else "",
        ]
    )


def _notes(notes: Sequence[str]) -> str:
    told = "".join(f"<li><bdi>{escaped(note)}</bdi></li>" for note in notes)
    return f"<h3>Notes</h3><ul>{told}</ul>" if told else ""


def _runs(runs: Sequence[Json]) -> str:
    columns = [Column("Run", "number"), Column("Began", "when"), Column("Ended", "when"), Column("Outcome")]
    rows = [
        Row([str(number), when(run["began"]), when(run["ended"]), escaped(_run_outcome(run["outcome"]))])
        for number, run in enumerate(runs, 1)
    ]
    return table("runs", "Runs of the campaign", columns, rows, "plain")


def _run_outcome(outcome: str | None) -> str:
    return "broken off" if outcome is None else OUTCOMES.get(outcome, (outcome, ""))[0].lower()


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs) + "</dl>"


def _value(value: Any) -> str:
    """The value of an option as HTML."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return _value([f"{name}={plain(_member(member))}" for name, member in value.items()])
    if isinstance(value, list | tuple):
        more = f" and {len(value) - SHOWN_MEMBERS:,} more" if len(value) > SHOWN_MEMBERS else ""
        return ", ".join(f"<bdi>{escaped(_member(member))}</bdi>" for member in value[:SHOWN_MEMBERS]) + more
    return shown(value)


def _member(value: Any) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
