# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a campaign as one page that needs nothing else: no network, no other file, and no script to be read. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .lists import backup_list, left_list, machine_list, write_list
from .markup import NOTHING, Column, Row, count, duration, escaped, moment, money, plain, shown, table, when
from .messages import KINDS, OUTCOMES, STATE_TONES, STATES, label
from .reasons import reason_list
from .script import SCRIPT
from .style import STYLE
from .tiles import totals
from .timeline import legend, phase_table, timeline

WAVES = (
    *(Column("Wave"), Column("State"), Column("Machines", "number"), Column("Deleted", "number")),
    *(Column("Blocked", "number"), Column("Failed", "number"), Column("Began", "when"), Column("Ended", "when")),
)
SUMS = (
    *(Column("Kind"), Column("Number", "number"), Column("GB", "number"), Column("CNY a month", "number")),
    Column("Without a figure", "number"),
)
SHOWN_VALUES = 50


def render(report: Mapping[str, Any]) -> str:
    """The page: HTML, to be written as UTF-8. `report` has the form of docs/report.schema.json."""
    sections = list(_sections(report))
    policy = f"default-src 'none'; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; base-uri 'none'; form-action 'none'"
    title = f"{KINDS[report['kind']]} {plain(report['campaign'])}"
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">',
            f"<title>{escaped(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
            _header(report),
            _contents(sections),
            f"<main>\n{''.join(_section(*section) for section in sections)}</main>",
            f"<footer>Written by jdcloud.cloud {escaped(report['collection'])}. Times are Beijing time (UTC+8).</footer>",
            f"<script>{SCRIPT}</script>\n</body>\n</html>\n",
        ]
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _sections(report: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Name, title and content of each section that has something to say."""
    preview = report["check_mode"]
    every = (
        ("totals", "Totals", totals(report)),
        ("timeline", "Timeline", _timeline(report)),
        ("reasons", "What needs a look", reason_list(report["machines"])),
        ("machines", "Machines", machine_list(report)),
        ("backups", "Backups", backup_list(report)),
        ("left", "What would be left, and billed" if preview else "What is left, and still billed", _left(report)),
        ("writes", "Everything that was sent", write_list(report["writes"])),
        ("run", "How it was run", _facts(report)),
    )
    return (section for section in every if section[2])


def _section(name: str, title: str, content: str) -> str:
    return f'<section id="{name}-section" aria-labelledby="{name}-title"><h2 id="{name}-title">{title}</h2>{content}</section>\n'


def _contents(sections: Iterable[tuple[str, str, str]]) -> str:
    links = "".join(f'<li><a href="#{name}-section">{title}</a></li>' for name, title, content in sections if name != "totals")
    return f'<nav aria-label="Sections"><ul>{links}</ul></nav>'


def _header(report: Mapping[str, Any]) -> str:
    word, tone = OUTCOMES[report["outcome"]]
    preview = '<span class="preview">Preview: nothing was changed</span>' if report["check_mode"] else ""
    account = report["account"]
    ended = f" to {when(report['ended'])}" if report["ended"] else ""
    facts = [
        ("Region", shown(report["region"])),
        ("Time", f"{when(report['began'])}{ended}"),
        ("Took", duration(report["seconds"]) + (f" in {count(len(report['runs']), 'run')}" if len(report["runs"]) > 1 else "")),
        ("Access key", f"ends in {shown(account['access_key_suffix'])}" if account["access_key_suffix"] else ""),
    ]
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts if value)
    return (
        f'<header><p class="kind">{KINDS[report["kind"]]} {preview}</p><h1><bdi>{escaped(report["campaign"])}</bdi></h1>'
        f'<p class="lead"><span class="mark {tone}">{word}</span> <bdi>{escaped(report["message"])}</bdi></p>'
        f'<dl class="facts">{listed}</dl></header>'
    )


def _timeline(report: Mapping[str, Any]) -> str:
    phases = report["timeline"]
    waves = report["waves"]
    drawing = timeline(phases, {wave["number"]: wave["machines"] for wave in waves})
    parts = []
    if drawing:
        # It can be scrolled where it does not fit, also by keys.
        parts.append(f'<div class="scroll" tabindex="0" role="group" aria-label="Timeline">{drawing}</div>{legend(phases)}')
    if waves:
        parts.append(table("waves", "Waves", WAVES, map(_wave, waves), "plain"))
    if drawing:
        parts.append(f"<details><summary>{count(len(phases), 'phase')} in numbers</summary>{phase_table(phases)}</details>")
    return "".join(parts)


def _wave(wave: Mapping[str, Any]) -> Row:
    state = wave["state"]
    return Row(
        [
            str(wave["number"]),
            f'<span class="mark {STATE_TONES.get(state, "")}">{escaped(label(STATES, state))}</span>',
            *(f"{wave[name]:,}" for name in ("machines", "deleted", "blocked", "failed")),
            when(wave["began"]),
            when(wave["ended"]),
        ]
    )


def _left(report: Mapping[str, Any]) -> str:
    left = report["left"]
    bill = report["money"]
    text = f"<p><bdi>{escaped(bill['message'])}</bdi>{_unknown(bill)}</p>" if bill else ""
    kinds = (("disks", "Disks"), ("elastic_ips", "Elastic IPs"), ("images", "Images"), ("snapshots", "Snapshots"))
    sums = [_sum(title, left[name]) for name, title in kinds if left[name]]
    if not sums:
        return text + "<p>Nothing.</p>" if text else ""
    return text + table("sums", "What is left, by kind", SUMS, sums, "plain") + left_list(report)


def _sum(title: str, rows: Sequence[Mapping[str, Any]]) -> Row:
    sizes = [each["size_gb"] for each in rows if each.get("size_gb") is not None]
    fees = [each["monthly"] for each in rows if each["monthly"] is not None]
    size = f"{sum(sizes):,}" if sizes else NOTHING
    return Row([title, f"{len(rows):,}", size, money(sum(fees) if fees else None), f"{len(rows) - len(fees):,}"])


def _unknown(bill: Mapping[str, Any]) -> str:
    return f" Nothing is known of the price of {count(bill['unknown'], 'resource')}." if bill["unknown"] else ""


def _facts(report: Mapping[str, Any]) -> str:
    api, account = report["api"], report["account"]
    calls = f"{count(api['calls'], 'call')}, {api['retries']:,} repeated, {api['throttled']:,} throttled"
    source = f"from {shown(account['source'])}" if account["source"] else NOTHING
    pairs = [
        ("API use", f"{calls}; {duration(api['seconds'])} in modules"),
        ("Keys", source + (f", ending in {shown(account['access_key_suffix'])}" if account["access_key_suffix"] else "")),
        ("Digest of the plan", f"<code>{escaped(report['digest'])}</code>" if report["digest"] else NOTHING),
    ]
    runs = "".join(f"<li>{_run(run)}</li>" for run in report["runs"])
    notes = "".join(f"<li><bdi>{escaped(note)}</bdi></li>" for note in report["notes"])
    options = [(f"<code>{escaped(name)}</code>", _value(value)) for name, value in sorted(report["options"].items())]
    parts = [
        ("Notes", f"<ul>{notes}</ul>" if notes else ""),
        ("Runs", f"<ol>{runs}</ol>" if runs else ""),
        ("API", _pairs(pairs)),
        ("Options", _pairs(options) if options else ""),
    ]
    return "".join(f"<h3>{title}</h3>{content}" for title, content in parts if content)


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return f'<dl class="pairs">{"".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in pairs)}</dl>'


def _run(run: Mapping[str, Any]) -> str:
    outcome = run["outcome"]
    word = "not ended" if not outcome else OUTCOMES[outcome][0].lower() if outcome in OUTCOMES else outcome
    ended = f" to {moment(run['ended'])}" if run["ended"] else ""
    return f"{moment(run['began'])}{ended}: {escaped(word)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return _some([f"{key}={each}" for key, each in value.items()])
    if isinstance(value, (list, tuple)):
        return _some(value)
    return shown(value)


def _some(values: Sequence[Any]) -> str:
    more = f" and {len(values) - SHOWN_VALUES:,} more" if len(values) > SHOWN_VALUES else ""
    return ", ".join(shown(value) for value in values[:SHOWN_VALUES]) + more if values else NOTHING
