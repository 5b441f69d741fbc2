# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists of the page: machines, backups, what is left, writes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ....module_utils._api.errors import first_of
from .markup import FIRST_ROWS, NOTHING, Column, Row, controls, count, data, escaped, moment, money, plain, shown, table, when
from .messages import ORDER, TONES, WRITE_TONES, WRITES, action_words, fate_words, label

SHOWN_RESOURCES = 5
OUTCOME = 3
"""Place of the outcome among the columns of writes."""

MACHINES = (
    *(Column("Machine", "name"), Column("Wave", "number"), Column("Before"), Column("Outcome", "outcome")),
    *(Column("Disks and elastic IPs", "parts"), Column("Backups", "parts")),
)
BACKUPS = (
    *(Column("Backup"), Column("Kind"), Column("Of machine"), Column("Status"), Column("Made", "when")),
    *(Column("Campaign"), Column("CNY a month", "number")),
)
LEFT = (*(Column("Resource"), Column("Kind"), Column("Of machine"), Column("State")), Column("CNY a month", "number"))
WRITE_COLUMNS = (
    *(Column("Time", "when"), Column("Operation"), Column("Resources", "ids"), Column("Outcome"), Column("Answer")),
    *(Column("Request id", "ids"), Column("Seconds", "number")),
)


def machine_list(report: Mapping[str, Any]) -> str:
    """All machines; those that need a look come first."""
    machines = sorted(report["machines"], key=lambda row: ORDER.index(row["action"]))
    if not machines:
        return "<p>No machine is selected.</p>"
    preview = report["check_mode"]
    actions = dict.fromkeys(row["action"] for row in machines)
    choices = {action: action_words(action, preview=preview) for action in actions}
    hint = "name, id, type, reason, disk, address"
    rows = (_machine(row, preview=preview) for row in machines)
    return controls("machines", "machine", hint, choices) + table("machines", "Machines", MACHINES, rows)


def _machine(row: Mapping[str, Any], *, preview: bool) -> Row:
    facts = [escaped(row["instance_id"])]
    if row["instance_type"]:
        facts.append(escaped(row["instance_type"]))
    name = f"<bdi>{escaped(row['name'])}</bdi>" if row["name"] else "no name"
    cells = [
        f"<b>{name}</b><small>{' &middot; '.join(facts)}</small>",
        NOTHING if row["wave"] is None else str(row["wave"]),
        shown(row["status_before"]),
        _outcome(row, preview=preview),
        "".join(_parts(row, preview=preview)) or NOTHING,
        "".join(map(_backup_line, row["backups"])) or NOTHING,
    ]
    # So that a reason's machines are found, and no others whose name has the same word.
    codes = [each["code"] for each in (*row["blockers"], *row["warnings"], *([row["error"]] if row["error"] else []))]
    known = {"choice": row["action"], **({"codes": " ".join(f"code:{code}" for code in codes)} if codes else {})}
    keys = {0: row["name"] or row["instance_id"], 1: row["wave"] or 0, 3: ORDER.index(row["action"])}
    return Row(cells, known, {**keys, 4: _size(row), 5: len(row["backups"])})


def _size(row: Mapping[str, Any]) -> int:
    return sum(disk["size_gb"] or 0 for disk in row["disks"])


def _outcome(row: Mapping[str, Any], *, preview: bool) -> str:
    action = row["action"]
    words = action_words(action, preview=preview)
    if action == "none" and row["status"] == "absent":
        gone = any(warning["code"] == "not_found" for warning in row["warnings"])
        words = "does not exist" if gone else "gone already"
    parts = [f'<span class="mark {TONES.get(action, "calm")}">{escaped(words)}</span>']
    error = row["error"]
    text = [blocker["message"] for blocker in row["blockers"]] + [warning["message"] for warning in row["warnings"]]
    if error:
        text.insert(0, error["message"])
    parts += [f'<span class="why"><bdi>{escaped(sentence)}</bdi></span>' for sentence in text]
    if error and error["request_id"]:
        parts.append(f"<small>request {escaped(error['request_id'])}</small>")
    if row["due_date"]:
        parts.append(f"<small>date of the mark {escaped(row['due_date'])}</small>")
    if row["deleted_at"]:
        parts.append(f"<small>{when(row['deleted_at'])}</small>")
    return "".join(parts)


def _parts(row: Mapping[str, Any], *, preview: bool) -> Iterable[str]:
    for disk in row["disks"]:
        name = disk["disk_id"] or " ".join(part for part in (disk["category"], disk["device"]) if part)
        size = [f"{disk['size_gb']:,} GB"] if disk["size_gb"] is not None else []
        yield _item(name, [*size, *_fate(disk["fate"], preview=preview)])
    for address in row["elastic_ips"]:
        known = [f"<bdi>{escaped(address['address'])}</bdi>"] if address["address"] else []
        yield _item(address["elastic_ip_id"], [*known, *_fate(address["fate"], preview=preview)])


def _backup_line(backup: Mapping[str, Any]) -> str:
    if backup["id"]:
        return _item(backup["id"], [escaped(backup["type"])])
    return f'<div class="item">{escaped(backup["type"])} <i>would be made</i></div>'


def _item(name: str, facts: Sequence[str]) -> str:
    return f'<div class="item"><code>{escaped(name)}</code> {", ".join(facts)}</div>'


def _fate(fate: str | None, *, preview: bool) -> list[str]:
    if not fate:
        return []
    tone = ' class="bad"' if fate in ("lost", "failed", "unverified") else ' class="kept"' if fate == "kept" else ""
    return [f"<i{tone}>{escaped(fate_words(fate, preview=preview))}</i>"]


def backup_list(report: Mapping[str, Any]) -> str:
    """Every backup with its id, and what it costs where that is known."""
    left = report["left"]
    fees = {image["image_id"]: image["monthly"] for image in left["images"]}
    fees |= {snapshot["snapshot_id"]: snapshot["monthly"] for snapshot in left["snapshots"]}
    rows = [_backup(row, backup, fees.get(backup["id"])) for row in report["machines"] for backup in row["backups"]]
    if not rows:
        return ""
    return controls("backups", "backup", "id, machine", {}) + table("backups", "Backups", BACKUPS, rows)


def _backup(row: Mapping[str, Any], backup: Mapping[str, Any], fee: float | None) -> Row:
    cells = [
        f"<code>{escaped(backup['id'])}</code>" if backup["id"] else "<i>would be made</i>",
        escaped(backup["type"]),
        _of(row["instance_id"], row["name"]),
        shown(backup["status"]),
        when(backup["created"]),
        shown(backup["campaign"]),
        money(fee),
    ]
    return Row(cells, keys={2: row["name"] or row["instance_id"], **_by_fee(6, fee)})


def left_list(report: Mapping[str, Any]) -> str:
    """Disks and elastic IPs that outlive their machines."""
    names = {row["instance_id"]: row["name"] for row in report["machines"]}
    preview = report["check_mode"]
    rows = []
    for disk in report["left"]["disks"]:
        kind = "disk" if disk["size_gb"] is None else f"disk, {disk['size_gb']:,} GB"
        rows.append(_left(disk, disk["disk_id"], kind, names, preview=preview))
    for address in report["left"]["elastic_ips"]:
        kind = f"elastic IP {shown(address['address'])}" if address["address"] else "elastic IP"
        rows.append(_left(address, address["elastic_ip_id"], kind, names, preview=preview))
    if not rows:
        return ""
    return controls("left", "resource", "id, machine, address", {}) + table("left", "Leftovers", LEFT, rows)


def _left(each: Mapping[str, Any], name: str, kind: str, names: Mapping[str, str | None], *, preview: bool) -> Row:
    cells = [
        f"<code>{escaped(name)}</code>",
        kind,
        _of(each["instance_id"], names.get(each["instance_id"])),
        "".join(_fate(each["fate"], preview=preview)) or NOTHING,
        money(each["monthly"]),
    ]
    key = names.get(each["instance_id"]) or each["instance_id"]
    return Row(cells, keys={2: key, **_by_fee(4, each["monthly"])})


def _by_fee(column: int, fee: float | None) -> dict[int, Any]:
    return {column: "" if fee is None else fee}


def _of(instance_id: str, name: str | None) -> str:
    return f"<bdi>{escaped(name)}</bdi> <small>{escaped(instance_id)}</small>" if name else f"<code>{escaped(instance_id)}</code>"


def write_list(writes: Sequence[Mapping[str, Any]]) -> str:
    """Every write in the order of sending: the first as rows, all of them as data for the script."""
    if not writes:
        return ""
    texts = [_write(write) for write in writes]
    outcomes = dict.fromkeys(write["outcome"] for write in writes)
    choices = {outcome: label(WRITES, outcome) for outcome in outcomes}
    rows = (_write_row(text) for text in texts[:FIRST_ROWS])
    rest = f" The first {FIRST_ROWS} are shown; report.json beside this page has all." if len(writes) > FIRST_ROWS else ""
    stored = {"outcome": OUTCOME, "words": WRITES, "tones": WRITE_TONES, "rows": texts}
    parts = (
        f'<p>{count(len(writes), "request")} that changed something, or should have.<span class="static">{rest}</span></p>',
        controls("writes", "write", "operation, id, request id, answer", choices),
        table("writes", "Writes", WRITE_COLUMNS, rows),
        f'<script type="application/json" id="writes-data">{data(stored)}</script>',
    )
    return "".join(parts)


def _write(write: Mapping[str, Any]) -> list[str]:
    """The cells as plain text; the outcome is a code, which rows are chosen by."""
    resources = write["resources"]
    answer = " ".join(str(part) for part in (write["http"], write["status"], write["message"]) if part)
    cells: Iterable[str] = [
        moment(write["at"]),
        f"{write['service']}.{write['operation']}",
        first_of(resources, SHOWN_RESOURCES) or NOTHING,
        write["outcome"],
        answer or NOTHING,
        write["request_id"] or NOTHING,
        NOTHING if write["seconds"] is None else f"{write['seconds']:.2f}",
    ]
    return [plain(cell) for cell in cells]


def _write_row(texts: Sequence[str]) -> Row:
    """The same as the script makes of it."""
    cells = [f"<bdi>{escaped(text)}</bdi>" for text in texts]
    outcome = texts[OUTCOME]
    cells[OUTCOME] = f'<span class="mark {WRITE_TONES.get(outcome, "")}">{escaped(label(WRITES, outcome))}</span>'
    return Row(cells)
