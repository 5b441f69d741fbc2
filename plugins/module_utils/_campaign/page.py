# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a campaign as one page that needs nothing else: no network, no other file, and no script to be read. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .page_script import SCRIPT
from .page_style import STYLE
from .page_text import NOTHING, amount, count, data, duration, escaped, moment, plain, shown, table
from .page_timeline import legend, timeline
from .page_words import ACTIONS, BLOCKERS, FATES, KINDS, OUTCOMES, said

Json = Mapping[str, Any]

SHOWN_IDS = 24
TILES = (
    ("selected", "selected"),
    ("deleted", "deleted"),
    ("marked", "marked"),
    ("unmarked", "marks taken back"),
    ("already_absent", "gone before"),
    ("stopped", "stopped"),
    ("started", "started"),
    ("blocked", "blocked"),
    ("failed", "failed"),
    ("not_started", "not started"),
    ("backups_made", "backups made"),
    ("backups_reused", "backups used again"),
    ("elastic_ips_released", "elastic IPs released"),
    ("disks_deleted", "disks deleted"),
)
ALWAYS = {
    "absent": ("selected", "deleted", "blocked", "failed"),
    "mark": ("selected", "marked"),
    "unmark": ("selected", "unmarked"),
}


def render(report: Json) -> str:
    """The page. `report` has the form of docs/report.schema.json."""
    title = f"{KINDS[report['kind']]} {plain(report['campaign'])}"
    sections = [
        _tiles(report),
        _section("Timeline", _timeline(report)),
        _section("Waves", _waves(report["waves"])),
        _section("What stands in the way", _reasons(report["machines"])),
        _section("Machines", _machines(report["machines"])),
        _section("Still there, and still billed", _left(report)),
        _section("Every write that was sent", _writes(report["writes"])),
        _section("How it was run", _facts(report)),
    ]
    policy = f"default-src 'none'; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">',
            f"<title>{escaped(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
            _header(report),
            f"<main>\n{''.join(sections)}</main>",
            f"<footer>Written by jdcloud.cloud {escaped(report['collection'])}. Times are Beijing time (UTC+8).</footer>",
            _data_block(report["writes"]),
            f"<script>{SCRIPT}</script>\n</body>\n</html>\n",
        ]
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>\n" if content else ""


def _header(report: Json) -> str:
    word, tone = OUTCOMES[report["outcome"]]
    kind = KINDS[report["kind"]] + (", preview: nothing was changed" if report["check_mode"] else "")
    account = report["account"]
    facts = [
        f"Region {shown(report['region'])}",
        f"key ending in {shown(account['access_key_suffix'])}" if account["access_key_suffix"] else "",
        f"{moment(report['began'])} to {moment(report['ended'])}",
        duration(report["seconds"]),
    ]
    return (
        f'<header><p class="kind">{kind}</p><h1><bdi>{escaped(report["campaign"])}</bdi></h1>'
        f'<p class="facts">{" &middot; ".join(fact for fact in facts if fact)}</p>'
        f'<p class="lead"><span class="chip {tone}">{word}</span> {escaped(report["message"])}</p></header>'
    )


def _tiles(report: Json) -> str:
    totals = report["totals"]
    tiles = [(totals[name], title) for name, title in TILES if totals[name] or name in ALWAYS[report["kind"]]]
    items = [_tile(f"{number:,}", title, _tone(title) if number else "none") for number, title in tiles]
    bill = report["money"]
    if bill and bill["available"]:
        currency = escaped(bill["currency"])
        items.append(_tile(amount(bill["saved"]), f"{currency} saved a month", "good"))
        items.append(_tile(amount(bill["left"]), f"{currency} a month for leftovers", ""))
    return f'<ul class="tiles">{"".join(items)}</ul>\n'


def _tile(number: str, title: str, tone: str) -> str:
    strong = f'<b class="{tone}">' if tone in ("bad", "warn", "good") else "<b>"
    return (
        f'<li class="{tone}">{strong}{number}</b><span>{title}</span></li>'
        if tone == "none"
        else f"<li>{strong}{number}</b><span>{title}</span></li>"
    )


def _tone(title: str) -> str:
    return {"failed": "bad", "blocked": "warn", "not started": "warn"}.get(title, "")


def _timeline(report: Json) -> str:
    drawing = timeline(report["timeline"])
    return f'<div class="scroll">{drawing}</div>{legend(report["timeline"])}' if drawing else ""


def _waves(waves: Sequence[Json]) -> str:
    if not waves:
        return ""
    head = [
        ("Wave", "number"),
        ("Machines", "number"),
        ("State", ""),
        ("Deleted", "number"),
        ("Failed", "number"),
        ("Blocked", "number"),
    ]
    head += [("Began", "when"), ("Ended", "when")]
    rows = [
        [
            f"{wave['number']}",
            f"{wave['machines']:,}",
            escaped(wave["state"].replace("_", " ")),
            f"{wave['deleted']:,}",
            f"{wave['failed']:,}",
            f"{wave['blocked']:,}",
            moment(wave["began"]),
            moment(wave["ended"]),
        ]
        for wave in waves
    ]
    return table("waves", head, rows)


def _reasons(machines: Iterable[Json]) -> str:
    """Blockers and errors in plain words, each with its machines."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in machines:
        for code in dict.fromkeys(blocker["code"] for blocker in row["blockers"]):
            groups.setdefault(("blocked", code), []).append(row["instance_id"])
        if row["error"]:
            groups.setdefault(("failed", row["error"]["code"]), []).append(row["instance_id"])
    items = [_reason(kind, code, ids) for (kind, code), ids in sorted(groups.items(), key=lambda item: -len(item[1]))]
    return f'<ul class="reasons">{"".join(items)}</ul>' if items else ""


def _reason(kind: str, code: str, ids: Sequence[str]) -> str:
    more = f" and {len(ids) - SHOWN_IDS:,} more" if len(ids) > SHOWN_IDS else ""
    words = said(BLOCKERS, code) if kind == "blocked" else "What the service or the module said is in the list of machines."
    tone = "warn" if kind == "blocked" else "bad"
    return (
        f'<li><b class="{tone}">{escaped(code)}</b> &middot; {count(len(ids), "machine")} {kind}. {escaped(words)}'
        f'<span class="ids">{escaped(", ".join(ids[:SHOWN_IDS]))}{more}</span></li>'
    )


def _machines(machines: Sequence[Json]) -> str:
    if not machines:
        return "<p>No machine is selected.</p>"
    head = [
        ("Machine", "name"),
        ("Type", ""),
        ("Wave", "number"),
        ("Before", ""),
        ("Outcome", "wide"),
        ("Disks and elastic IPs", "wide"),
        ("Backups", "backup"),
    ]
    actions = dict.fromkeys(row["action"] for row in machines)
    options = "".join(f'<option value="{escaped(action)}">{escaped(said(ACTIONS, action))}</option>' for action in actions)
    controls = (
        '<div id="controls" hidden><label for="find">Find</label><input id="find" type="search" autocomplete="off" '
        'placeholder="name, id, reason, disk, address">'
        f'<label for="action">Outcome</label><select id="action"><option value="">all</option>{options}</select>'
        '<span id="told" role="status"></span></div>'
    )
    made = table("machines", head, (_machine(row) for row in machines))
    # The filter by outcome reads this; a row has nothing else of its own.
    parts = made.split("<tr>")
    marked = [f'<tr data-action="{escaped(row["action"])}">{part}' for row, part in zip(machines, parts[2:], strict=True)]
    return controls + "<tr>".join(parts[:2]) + "".join(marked)


def _machine(row: Json) -> list[str]:
    action = row["action"]
    tone = {"deleted": "good", "failed": "bad", "blocked": "warn"}.get(action, "calm")
    why = [row["error"]["message"]] if row["error"] else [blocker["message"] for blocker in row["blockers"]]
    why += [warning["message"] for warning in row["warnings"]]
    if row["due_date"]:
        why.append(f"Its date is {row['due_date']}.")
    reasons = f'<span class="why">{escaped(" ".join(why))}</span>' if why else ""
    request = (row["error"] or {}).get("request_id")
    reasons += f'<span class="id">{escaped(request)}</span>' if request else ""
    return [
        f'{shown(row["name"])}<span class="id">{escaped(row["instance_id"])}</span>',
        shown(row["instance_type"]),
        NOTHING if row["wave"] is None else str(row["wave"]),
        shown(row["status_before"]),
        f'<span class="{tone}">{escaped(said(ACTIONS, action))}</span>{reasons}',
        "".join([*map(_disk, row["disks"]), *map(_address, row["elastic_ips"])]) or NOTHING,
        "".join(f'<span class="id">{shown(backup["id"] or "would be made")}</span>' for backup in row["backups"]) or NOTHING,
    ]


def _disk(disk: Json) -> str:
    name = disk["disk_id"] or f"{disk['category']} {disk['device'] or ''}"
    size = f", {disk['size_gb']} GB" if disk["size_gb"] is not None else ""
    return f'<span class="id">{escaped(name)}{size}: {_fate(disk["fate"])}</span>'


def _address(address: Json) -> str:
    return f'<span class="id">{escaped(address["elastic_ip_id"])} {shown(address["address"])}: {_fate(address["fate"])}</span>'


def _fate(fate: str | None) -> str:
    return escaped(FATES.get(fate, fate))


def _left(report: Json) -> str:
    left = report["left"]
    bill = report["money"]
    kinds = (("disks", "disk_id", "Disk"), ("elastic_ips", "elastic_ip_id", "Elastic IP"), ("images", "image_id", "Image"))
    rows = [
        [title, shown(each[key]), _about(each), shown(each["instance_id"]), amount(each["monthly"])]
        for kind, key, title in (*kinds, ("snapshots", "snapshot_id", "Snapshot"))
        for each in left[kind]
    ]
    told = f"<p>{escaped(bill['message'])}{_unknown(bill)}</p>" if bill else ""
    if not rows:
        return told
    head = [("What", ""), ("Id", ""), ("About", ""), ("Of machine", ""), ("CNY a month", "number")]
    return told + table("left", head, rows)


def _about(each: Json) -> str:
    parts = []
    if each.get("size_gb") is not None:
        parts.append(f"{each['size_gb']} GB")
    if each.get("address"):
        parts.append(shown(each["address"]))
    if each.get("disk_id") and "snapshot_id" in each:
        parts.append(f"of {shown(each['disk_id'])}")
    if each.get("fate") in ("unverified", "failed"):
        parts.append(_fate(each["fate"]))
    return ", ".join(parts) or NOTHING


def _unknown(bill: Json) -> str:
    return f" Nothing is known of the price of {count(bill['unknown'], 'resource')}." if bill["unknown"] else ""


def _writes(writes: Sequence[Json]) -> str:
    if not writes:
        return ""
    titles = ("Time", "Service", "Operation", "Resources", "Outcome", "Answer", "Request id", "Seconds")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    return (
        f"<p>{count(len(writes), 'write')}, in the order in which they left.</p>"
        f'<table id="writes"><thead><tr>{head}</tr></thead><tbody></tbody></table>'
        '<button type="button" class="more" id="more" hidden></button>'
        "<noscript><p>The list needs a script to be shown; report.json beside this page holds it, too.</p></noscript>"
    )


def _data_block(writes: Sequence[Json]) -> str:
    if not writes:
        return ""
    rows = [[plain(cell) for cell in _write(write)] for write in writes]
    return f'<script type="application/json" id="writes-data">{data(rows)}</script>'


def _write(write: Json) -> list[Any]:
    resources = write["resources"]
    more = f" and {len(resources) - 5} more" if len(resources) > 5 else ""
    answer = " ".join(str(part) for part in (write["http"], write["status"], write["message"]) if part)
    return [
        moment(write["at"]),
        write["service"],
        write["operation"],
        ", ".join(resources[:5]) + more,
        write["outcome"].replace("_", " "),
        answer or NOTHING,
        write["request_id"] or NOTHING,
        NOTHING if write["seconds"] is None else f"{write['seconds']:.2f}",
    ]


def _facts(report: Json) -> str:
    api = report["api"]
    pairs = [
        ("API use", f"{count(api['calls'], 'call')}, {api['retries']:,} repeated, {api['throttled']:,} throttled"),
        ("Digest of the list", f"<code>{escaped(report['digest'])}</code>" if report["digest"] else NOTHING),
        *(("Note", escaped(note)) for note in report["notes"]),
        *(("Run", _run(run)) for run in report["runs"]),
        *((escaped(name), escaped(_value(value))) for name, value in sorted(report["options"].items())),
    ]
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in pairs) + "</dl>"


def _run(run: Json) -> str:
    word = OUTCOMES.get(run["outcome"] or "", (run["outcome"] or "not ended", ""))[0]
    return f"{moment(run['began'])} to {moment(run['ended'])}, {escaped(word.lower())}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        some = ", ".join(str(each) for each in value[:SHOWN_IDS])
        return f"{some} and {len(value) - SHOWN_IDS} more" if len(value) > SHOWN_IDS else some
    if isinstance(value, dict):
        return ", ".join(f"{key}={each}" for key, each in value.items())
    return str(value)
