# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of the playbook find_idle: what `idle.html.j2` shows, from idle.json. Reads files of this collection alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..._language.idle_texts import SCRIPT as IDLE_SCRIPT
from ..._language.page_texts import SCRIPT
from ..._language.text import Text, join, language_of, money, same, say, word_of
from ..report.messages import title_of
from ..report.page import FIRST_ROWS, Columns, asset, environment, frame_of
from ..report.text import moment
from ..report.tiles import WHOLE, Tile
from ..steps.find_idle import STANDINGS
from .content import cost_of
from .sparkline import HEIGHT, WIDTH, drawings_of

FOLDER = Path(__file__).parent
PARTS = ("name", "id", "status", "type", "made", "outcome", "verdict", "due", "why")
"""Parts of cells that have a column of their own in a saved list."""
IDLE = ("candidate", "marked", "blocked", "excluded")
"""The standings that the first list shows."""
TONES = {"candidate": "done", "marked": "calm", "blocked": "warn", "excluded": "calm", "unknown": "warn", "in_use": "calm"}
FIGURES = {"cpu": ("cpu_percent_max", "%"), "network": ("network_kbps_avg", "kbit/s"), "disk": ("disk_kbps_avg", "kB/s")}


def render(report: Mapping[str, Any]) -> str:
    """The page: HTML, to be written as UTF-8. `report` has the form of docs/idle.schema.json."""
    language = language_of(report["options"])
    template = environment(language, FOLDER).get_template("idle.html.j2")
    frame = frame_of(language, (*SCRIPT, *IDLE_SCRIPT), PARTS, asset(FOLDER / "idle.css"))
    return template.render(**frame, **_content(report)) + "\n"


def _content(report: Mapping[str, Any]) -> dict[str, Any]:
    """All that the template shows."""
    rows, totals, options = report["instances"], report["totals"], report["options"]
    idle = [_row(row, options) for row in rows if row["standing"] in IDLE]
    unknown = [_row(row, options) for row in rows if row["standing"] == "unknown"]
    return {
        "report": report,
        "heading": say("idle.title", regions=join([each["region"] for each in report["regions"]], "list.item")),
        "lead": _lead(totals),
        "facts": _facts(report),
        "tiles": _tiles(totals),
        "candidates": idle,
        "unknown": unknown,
        "choices": {name: word_of("standing", name) for name in IDLE if totals[name]},
        "reasons": {code: word_of("judged", code) for code in Counter(each.choice for each in unknown)},
        "columns": _columns(),
        "options": [(name, _value(options[name])) for name in sorted(options)],
        "first": FIRST_ROWS,
        "size": SimpleNamespace(width=WIDTH, height=HEIGHT),
    }


def _columns() -> dict[str, Columns]:
    """The columns of each list. The cells of a row in `idle.html.j2` stand in the same order."""
    # Both lists show the same of an instance.
    keys = {"machine": "name", "tags": "tags", "region": "short", "outcome": "outcome", "activity": "activity", "fee": "number"}
    columns: Columns = [(say(f"col.{key}"), kind) for key, kind in keys.items()]
    return {"candidates": columns, "unknown": columns}


def _lead(totals: Mapping[str, Any]) -> Text:
    """How many instances can go, and what they cost."""
    if not totals["candidate"]:
        return say("idle.lead.none")
    return say("idle.lead", n=totals["candidate"], cost=cost_of(totals))


def _source(regions: Sequence[Mapping[str, Any]]) -> Text:
    """Where the costs come from."""
    costs = next((region["costs"] for region in regions if region["costs"]["source"] != "none"), None)
    if costs is None:
        return say("idle.costs.none")
    source = say("money.bill", month=costs["month"]) if costs["source"] == "bill" else say("money.prices")
    return join([source, say("idle.unread", why=costs["problem"]) if costs["problem"] else ""], "list.sentence")


def _facts(report: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    regions = report["regions"]
    window = regions[0]["window"]
    account = regions[0]["account"]
    key = say("fact.key", suffix=account["access_key_suffix"]) if account["access_key_suffix"] else same("")
    unread = [why for region in regions for why in region["monitor_unread"]]
    facts = [
        (say("fact.account"), join([account.get("pin") or account.get("account_id") or "", key])),
        (say("idle.fact.window"), say("idle.window", start=moment(window["start"]), end=moment(window["end"]))),
        (say("idle.fact.costs"), _source(regions)),
        (say("judged.monitor_unread"), join(unread, "list.semicolon")),
    ]
    return [(name, value) for name, value in facts if value.en]


def _tiles(totals: Mapping[str, Any]) -> list[Tile]:
    numbers = {**totals, "in_use": totals["busy"] + totals["too_young"]}
    shown = [name for name in STANDINGS if name == "candidate" or numbers[name]]
    tiles = [Tile(same(f"{totals['judged']:,}"), say("idle.tile.judged"))]
    tiles += [
        Tile(same(f"{numbers[name]:,}"), say(f"idle.tile.{name}"), TONES[name] if numbers[name] else "none") for name in shown
    ]
    cost = totals["monthly_cost"]
    return [*tiles, *([Tile(money(cost, "CNY", cents=abs(cost) < WHOLE), say("idle.tile.cost"), "money")] if cost else [])]


def _row(row: Mapping[str, Any], options: Mapping[str, Any]) -> SimpleNamespace:
    """An instance as the template shows it. Messages are English; a Chinese title stands before each."""
    standing = row["standing"]
    codes = [reason["code"] for reason in row["reasons"]]
    sentences = [(word_of("judged", reason["code"]), reason["message"]) for reason in row["reasons"]]
    if standing == "blocked":
        sentences += [(title_of("blocker", each["code"]), each["message"]) for each in row["blockers"]]
    sentences += [(title_of("warning", each["code"]), each["message"]) for each in row["warnings"]]
    due = (row["tags"] or {}).get(options["tag_key"])
    return SimpleNamespace(
        row=row,
        choice=(codes[0] if codes else "") if standing == "unknown" else standing,
        codes=" ".join(f"code:{code}" for code in [*codes, *(each["code"] for each in row["blockers"])]),
        place=f"{STANDINGS.index(standing)}",
        tone=TONES[standing],
        words=word_of("standing", standing),
        verdict=word_of("verdict", row["verdict"]) if standing != "unknown" else same(""),
        status=word_of("status", row["status"] or ""),
        since=say("idle.since", day=moment(row["launched"])[:10]) if row["launched"] else same(""),
        tags=sorted((row["tags"] or {}).items()),
        sentences=sentences,
        due=due or "",
        drawings=drawings_of(row, options),
        figures=_figures(row),
        fee=row["monthly_cost"],
    )


def _figures(row: Mapping[str, Any]) -> list[tuple[Text, str]]:
    """What was measured, those figures that are known."""
    found = [(say(f"col.{name}"), row["metrics"][key], unit) for name, (key, unit) in FIGURES.items()]
    return [(title, f"{value:g} {unit}") for title, value, unit in found if value is not None]


def _value(value: Any) -> Text:
    """An option as text."""
    if isinstance(value, bool):
        return say("yes" if value else "no")
    if isinstance(value, Mapping):
        return join([f"{key}={each}" for key, each in value.items()])
    return join(value) if isinstance(value, (list, tuple)) else same("" if value is None else value)
