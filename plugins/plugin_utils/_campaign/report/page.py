# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a campaign as one page: what `page.html.j2` shows, from report.json. Reads the files of its own folder alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from . import timeline
from .about import api_use_of, facts_of, lead_of, options_of, runs_of
from .groups import groups_of
from .machine_list import backup_rows, choices, machine_rows
from .messages import KINDS, OUTCOMES, STATE_TONES, STATES, WAVE_COUNTS, WRITES, label
from .resource_lists import left_rows, pointer_rows, sums, write_data, write_texts
from .text import ZONE, data, machine_time, moment, money, pieces, plain, sentence
from .tiles import totals

FOLDER = Path(__file__).parent
FIRST_ROWS = 100
NAMED = 8
"""So many machines of a reason are named at once; the others on demand."""
REASONS = {"error": ("failed", "bad"), "blocker": ("blocked", "warn"), "warning": ("noted", "calm")}
Columns = list[tuple[str, str]]
"""The titles of columns, and the class of their cells: number, when, or none."""
WRITE_COLUMNS: Columns = [
    *(("Time", "when"), ("Operation", "id"), ("Resources", "ids"), ("Outcome", "short"), ("Answer", "")),
    *(("Request id", "ids"), ("Seconds", "number")),
]

POINTER_COLUMNS: Columns = [
    *(("Name", "id"), ("Kind", "words"), ("In", "words"), ("Address", "short"), ("State", "short"), ("Of machine", "words")),
]


def render(report: Mapping[str, Any]) -> str:
    """The page: HTML, to be written as UTF-8. `report` has the form of docs/report.schema.json."""
    style, script = _asset("page.css"), _asset("page.js")
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    inline = {"style": Markup(style), "script": Markup(script), "policy": policy}
    return _environment().get_template("page.html.j2").render(**inline, **_content(report)) + "\n"


def compile_templates() -> None:
    """Compile the templates. Who forks later does it before, so that not each process has to."""
    for path in FOLDER.glob("*.html.j2"):
        _environment().get_template(path.name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (machine_time, moment, money, pieces, sentence)
    environment.filters.update({each.__name__: each for each in filters})
    environment.filters.update(number=_number, place=_place)
    return environment


def _seen(value: Any) -> Any:
    """What is written into the page: markup that a template made, and any other text with every letter seen."""
    return value if isinstance(value, Markup) else plain(value)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,}"


def _place(value: float) -> str:
    return f"{value:.1f}"


@cache
def _asset(name: str) -> str:
    """The text of a file for the page, without its head."""
    return (FOLDER / name).read_text(encoding="utf-8").split("\n\n", 1)[1]


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _content(report: Mapping[str, Any]) -> dict[str, Any]:
    """All that the template shows."""
    shown = _shown(report)
    content = {
        "report": report,
        "preview": report["check_mode"],
        "kind": KINDS[report["kind"]],
        "outcome": OUTCOMES[report["outcome"]],
        "zone": ZONE,
        "first": FIRST_ROWS,
        "named": NAMED,
        "reason_words": REASONS,
        "lead": lead_of(report),
        "facts": facts_of(report),
        "totals": totals(report),
        "reasons": groups_of(report["machines"]),
        "machines": machine_rows(report),
        "choices": choices(report),
        "backups": backup_rows(report),
        "left": left_rows(report),
        "pointers": pointer_rows(report),
        "sums": sums(report["left"]),
        "runs": runs_of(report),
        "api_use": api_use_of(report),
        "options": options_of(report["options"]),
        "with": shown,
        "columns": _columns(report, shown),
        "state": SimpleNamespace(tones=STATE_TONES, words=STATES, counts=WAVE_COUNTS[report["check_mode"]], times=shown.before),
        **_times(report),
        **_writes(report),
    }
    return {**content, "sections": _sections(report, content)}


def _shown(report: Mapping[str, Any]) -> SimpleNamespace:
    """Which columns there are: a mark has neither waves nor disks, and without money there are no prices."""
    bill = report["money"]
    deletion = report["kind"] == "absent"
    return SimpleNamespace(
        waves=deletion,
        before=not report["check_mode"],
        due=report["kind"] == "mark",
        parts=deletion,
        money=bool(bill and bill["available"]),
        saved="Would be saved" if report["check_mode"] else "Saved",
        runs=len(report["runs"]) > 1,
    )


def _columns(report: Mapping[str, Any], shown: SimpleNamespace) -> dict[str, Columns]:
    """The columns of each list. The cells of a row in `lists.html.j2` stand in the same order."""
    fee = [("CNY a month", "number")] if shown.money else []
    unpriced = [("Without a price", "number")] if shown.money else []
    machines = [("Machine", "name"), ("Owner and tags", "tags")]
    machines += [("Wave", "number")] if shown.waves else []
    machines += [("Before", "short")] if shown.before else []
    machines += [("Now", "short"), ("Outcome", "outcome")]
    machines += [("May be deleted from", "short")] if shown.due else []
    machines += [("Disks and elastic IPs", "parts"), ("Backups", "parts")] if shown.parts else []
    machines += [*fee, *([(shown.saved, "number")] if fee else [])]
    counts = [(title, "number") for title in WAVE_COUNTS[report["check_mode"]].values()]
    times = [("Began", "when"), ("Ended", "when")] if shown.before else []
    made = [("Backup", "id"), ("Kind", "short"), ("Of machine", "words"), ("Status", "short")]
    made += [("Made", "when"), ("Campaign", "words")]
    run = [("Run", "number")] if shown.runs else []
    return {
        "machines": machines,
        "backups": [*made, *fee],
        "left": [("Resource", "id"), ("Kind", "words"), ("Of machine", "words"), ("State", "short"), *fee],
        "pointers": POINTER_COLUMNS,
        "sums": [("Kind", "short"), ("Number", "number"), ("GB", "number"), *fee, *unpriced],
        "waves": [("Wave", "number"), ("State", "short"), *counts, *times],
        "phases": [*run, ("Phase", "short"), ("Wave", "number"), ("Began", "when"), ("Took", "number"), ("Outcome", "short")],
        "writes": WRITE_COLUMNS,
    }


def _times(report: Mapping[str, Any]) -> dict[str, Any]:
    # A preview only looks: that is no story.
    phases = [] if report["check_mode"] else report["timeline"]
    runs = [run["began"] for run in report["runs"]]
    drawn = timeline.timeline(phases, {wave["number"]: wave["machines"] for wave in report["waves"]}, runs)
    return {
        "drawing": SimpleNamespace(drawn=drawn, width=timeline.WIDTH, height=timeline.BAR),
        "legend": timeline.legend(phases),
        "flawed": any(phase["outcome"] == "failed" for phase in phases),
        "phases": timeline.phase_rows(phases, runs),
    }


def _writes(report: Mapping[str, Any]) -> dict[str, Any]:
    """Every write as text; all of them as data for the script, too."""
    texts = write_texts(report["writes"])
    stored = write_data(texts)
    return {
        "writes": texts,
        "write_data": Markup(data(stored)),
        "write_choices": {code: label(WRITES, code) for code in dict.fromkeys(write["outcome"] for write in report["writes"])},
        "write": SimpleNamespace(columns=WRITE_COLUMNS, **{name: stored[name] for name in ("outcome", "words", "tones")}),
    }


def _sections(report: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, str]:
    """Name and title of each section that has something to say, in their order."""
    left = "What would be left, and billed" if report["check_mode"] else "What is left, and still billed"
    every = {
        "totals": ("Totals", True),
        "timeline": ("Timeline" if content["phases"] else "Waves", content["phases"] or report["waves"]),
        "reasons": ("What needs a look", content["reasons"]),
        "machines": ("Machines", True),
        "backups": ("Backups", content["backups"]),
        "left": (left, content["sums"] or report["money"]),
        "pointers": ("What still points here", content["pointers"]),
        "writes": ("Everything that was sent", content["writes"]),
        "run": ("How it was run", True),
    }
    return {name: title for name, (title, something) in every.items() if something}
