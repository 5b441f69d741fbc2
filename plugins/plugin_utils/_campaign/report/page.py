# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a campaign as one page: what `page.html.j2` shows, from report.json. Reads the files of its own folder alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..._language.page_texts import SCRIPT
from ..._language.text import LANGUAGES, TEXTS, Text, language_of, say, word_of
from . import timeline
from .about import api_use_of, facts_of, lead_of, money_of, options_of, original_of, runs_of
from .groups import groups_of
from .machine_list import backup_rows, choices, machine_rows
from .markup import filters, writer
from .messages import OUTCOME_TONES, STATE_TONES, planned
from .resource_lists import left_rows, pointer_rows, sums, write_data, write_texts
from .text import data, machine_time, moment, money, sentence
from .tiles import totals

FOLDER = Path(__file__).parent
FIRST_ROWS = 100
NAMED = 8
"""So many instances of a reason are named at once; the others on demand."""
REASON_TONES = {"error": "bad", "blocker": "warn", "warning": "calm"}
PARTS = (
    *("name", "id", "type", "zone", "private_address", "outcome", "why", "request_id", "due", "deleted_at"),
    *("machine", "name_of_machine"),
)
"""Parts of cells that have a column of their own in a saved list."""
Columns = list[tuple[Text, str]]
"""The titles of columns, and the class of their cells: number, when, or none."""


def render(report: Mapping[str, Any]) -> str:
    """The page: HTML, to be written as UTF-8. `report` has the form of docs/report.schema.json.

    It is written in the language of the campaign, and holds the other one for its script.
    """
    language = language_of(report["options"])
    frame = frame_of(language, SCRIPT, PARTS)
    return environment(language).get_template("page.html.j2").render(**frame, **_content(report)) + "\n"


def frame_of(language: str, counted: Iterable[str], parts: Iterable[str], more_style: str = "") -> dict[str, Any]:
    """What each page has: style, script, the policy that allows just these, and the words of the script.

    `counted` are the keys of what the script counts and says, `parts` those of cells that have a column of their own in a saved
    list.
    """
    style, script = asset(FOLDER / "page.css") + more_style, asset(FOLDER / "page.js")
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    words = Markup(data(_words(language, counted, parts)))
    return {"style": Markup(style), "script": Markup(script), "policy": policy, "words": words}


def compile_templates() -> None:
    """Compile the templates. Who forks later does it before, so that not each process has to."""
    for path in FOLDER.glob("*.html.j2"):
        for language in LANGUAGES:
            environment(language).get_template(path.name)


@cache
def environment(language: str, folder: Path = FOLDER) -> Environment:
    """The templates of a directory, and those of this one, for pages in a language."""
    made = Environment(
        loader=FileSystemLoader([folder, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=writer(language),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    plain_filters = (machine_time, moment, money, sentence)
    made.filters.update({each.__name__: each for each in plain_filters})
    made.filters.update(number=_number, place=_place, **filters(language))
    titles = {key.removeprefix("col."): say(key).said(language) for key in TEXTS if key.startswith("col.")}
    made.globals.update(t=say, language=language, col=SimpleNamespace(**titles))
    return made


def _words(language: str, counted: Iterable[str], parts: Iterable[str]) -> dict[str, Any]:
    """What the script says by itself, in both languages, and the language in which the page is written."""
    texts = {key.removeprefix("js."): _both(key) for key in counted}
    return {"written": language, "texts": texts, "columns": {name: _both(f"col.{name}") for name in parts}}


def _both(key: str) -> dict[str, str]:
    """A text for the script, which knows itself how many are meant."""
    text = say(key)
    return {"en": text.en, "zh": text.zh}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,}"


def _place(value: float) -> str:
    return f"{value:.1f}"


@cache
def asset(path: Path) -> str:
    """The text of a file for a page, without its head."""
    return path.read_text(encoding="utf-8").split("\n\n", 1)[1]


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _content(report: Mapping[str, Any]) -> dict[str, Any]:
    """All that the template shows."""
    shown = _shown(report)
    content = {
        "report": report,
        "preview": report["check_mode"],
        "kind": word_of("kind", report["kind"]),
        "outcome": (word_of("outcome", report["outcome"]), OUTCOME_TONES[report["outcome"]]),
        "first": FIRST_ROWS,
        "named": NAMED,
        "reason_tones": REASON_TONES,
        "lead": lead_of(report),
        "original": original_of(report),
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
        "money": money_of(report["money"]),
        "options": options_of(report["options"]),
        "with": shown,
        "columns": _columns(shown),
        "state": SimpleNamespace(tones=STATE_TONES, word=_state_word, counts=_wave_counts(shown), times=shown.before),
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
        saved=planned("col.saved", preview=report["check_mode"]),
        runs=len(report["runs"]) > 1,
    )


def _state_word(state: str) -> Text:
    return word_of("state", state)


def _wave_counts(shown: SimpleNamespace) -> dict[str, Text]:
    """What is counted of each wave, and its title."""
    return {name: planned(f"col.{name}", preview=not shown.before) for name in ("machines", "deleted", "blocked", "failed")}


def _columns(shown: SimpleNamespace) -> dict[str, Columns]:
    """The columns of each list. The cells of a row in `lists.html.j2` stand in the same order."""
    fee, unpriced = ("fee:number", "unpriced:number") if shown.money else ("", "")
    machines = _titles(
        *("machine:name", "tags:tags", "wave:number" if shown.waves else "", "before:short" if shown.before else ""),
        *("now:short", "outcome:outcome", "due:short" if shown.due else ""),
        *(("parts:parts", "backups:parts") if shown.parts else ()),
        fee,
    )
    saved: Columns = [(shown.saved, "number")] if shown.money else []
    counts: Columns = [(title, "number") for title in _wave_counts(shown).values()]
    times = _titles("began:when", "ended:when") if shown.before else []
    return {
        "machines": [*machines, *saved],
        "backups": _titles("backup:id", "kind:short", "of_machine:words", "status:short", "made:when", "campaign:words", fee),
        "left": _titles("resource:id", "kind:words", "of_machine:words", "state:short", fee),
        "pointers": _titles("name:id", "kind:words", "place:words", "address:short", "state:short", "of_machine:words"),
        "sums": _titles("kind:short", "number:number", "gb:number", fee, unpriced),
        "waves": [*_titles("wave:number", "state:short"), *counts, *times],
        "phases": _titles(
            *("run:number" if shown.runs else "", "phase:short", "wave:number", "began:when", "took:number", "outcome:short")
        ),
        "writes": _write_columns(),
    }


def _write_columns() -> Columns:
    return _titles(
        *("time:when", "operation:id", "resources:ids", "outcome:short", "answer:", "request_id:ids", "seconds:number"),
    )


def _titles(*columns: str) -> Columns:
    """Columns by the key of their title and their class. An empty text is none."""
    parts = [column.partition(":") for column in columns if column]
    return [(say(f"col.{key}"), kind) for key, _colon, kind in parts]


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
        "write_choices": {code: word_of("write", code) for code in dict.fromkeys(each["outcome"] for each in report["writes"])},
        "write": SimpleNamespace(columns=_write_columns(), outcome=stored["outcome"], tones=stored["tones"], word=_write_word),
    }


def _write_word(outcome: str) -> Text:
    return word_of("write", outcome)


def _sections(report: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Text]:
    """Name and title of each section that has something to say, in their order."""
    every = {
        "totals": ("totals", True),
        "timeline": ("timeline" if content["phases"] else "waves", content["phases"] or report["waves"]),
        "reasons": ("reasons", content["reasons"]),
        "machines": ("machines", True),
        "backups": ("backups", content["backups"]),
        "left": ("left", content["sums"] or report["money"]),
        "pointers": ("pointers", content["pointers"]),
        "writes": ("writes", content["writes"]),
        "run": ("run", True),
    }
    preview = report["check_mode"]
    return {name: planned(f"section.{key}", preview=preview) for name, (key, something) in every.items() if something}
