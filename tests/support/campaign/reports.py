# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of campaigns, small and large, with everything that a report can hold. The same for the same seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from support.campaign.results import NOW
from support.json_object import Json

SCHEMA: Json = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text(encoding="utf-8"))
CAMPAIGN = "dc-20261125-080000-1f9c"
TRAPS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(2)</script>",
    "<!--<script>",
    "{{ 7*7 }}",
    "\u202egnp.exe",
    "line\u2028end\x00",
    "\u8ba2\u5355-\u6570\u636e\u5e93-01",
    "' onmouseover='alert(3)",
    "&lt;b&gt; &amp;",
    "\ud800",
    "]]></svg><svg onload=alert(4)>",
)
"""Names that would do harm where text is taken for markup, hide what they are, or get lost where text is escaped twice."""
TOTALS = (
    *("selected", "deleted", "already_absent", "not_found", "stopped", "started", "marked", "unmarked", "blocked", "failed"),
    *("not_started", "backups_made", "backups_reused", "disks_deleted", "elastic_ips_released"),
    *("left_disks", "left_elastic_ips", "left_images", "left_snapshots"),
)
WAVES = ((20, 210), (215, 520), (525, 1440))
"""When the waves begin and end, in seconds."""
STEPS = (("record", 0.0, 0.02), ("backup", 0.02, 0.62), ("delete", 0.62, 0.93), ("release", 0.93, 1.0))
"""The phases of a wave, and the parts of its time that they take."""
BLOCKERS = (
    ("protected", "Its tag jdcloud-protect=yes protects it: remove the tag first."),
    ("prepaid_unexpired", "It is prepaid until 2027-01-31T15:59:59Z, and the service refuses to delete it before."),
    ("local_disk_loss", "Its local disk vdb can be in no demanded backup: save its data by other means."),
)
ERRORS = (
    ("api", "vm.deleteInstance", 403, "PERMISSION_DENIED", "vm.deleteInstance failed: no permission (403 PERMISSION_DENIED)."),
    ("timeout", None, None, None, "It is deleting for 600 seconds: look at it in the console, then run the campaign again."),
)
GROUP = {"code": "group_member", "message": "It is a member of availability group ag-7, which may replace it after its deletion."}
ACCOUNT = {
    "source": "environment",
    "access_key_suffix": "3f9a",
    "region": "cn-north-1",
    "account_id": "100000000001",
    "pin": "shop-operations",
}
CALLER = {"user": "lin.mei", "host": "ops-1", "job": None, "reason": "CHG-4711: end of project harbor"}
FEES = {"disks": 70.0, "elastic_ips": 23.0, "images": None, "snapshots": 6.4}


def at(seconds: float) -> str:
    """So many seconds after the beginning."""
    return (NOW + timedelta(seconds=round(seconds))).isoformat().replace("+00:00", "Z")


def sample_report(machines: int = 30, seed: int = 1, *, names: Sequence[str] = (), **fields: Any) -> Json:
    """A campaign in three waves of which some machines are blocked and some failed. `fields` replace those of the report."""
    draw = random.Random(seed)
    rows = [_machine(draw, number, machines, names) for number in range(machines)]
    waves = _waves(rows)
    left = _left(rows)
    actions = [row["action"] for row in rows]
    failed = actions.count("failed")
    report: Json = {
        "format": "jdcloud.cloud/report/1",
        "collection": "1.0.0",
        "campaign": CAMPAIGN,
        "kind": "absent",
        "check_mode": False,
        "outcome": "failed" if failed else "complete",
        "message": f"{failed} instances failed."
        if failed
        else f"{actions.count('deleted')} of {machines} instances are deleted.",
        "region": "cn-north-1",
        "account": ACCOUNT,
        "digest": "sha256:" + "9f86d081884c7d65" * 4,
        "digest_covers": {
            "options": {"backup": "image", "elastic_ips": "release"},
            "instance_ids": [row["instance_id"] for row in rows if row["action"] != "blocked"],
            "losses": {row["instance_id"]: ["vol-a"] for row in rows[:1]},
        },
        "began": at(0),
        "ended": at(1460),
        "seconds": 1460.0,
        "runs": [{"began": at(0), "ended": at(1460), "outcome": "failed" if failed else "complete", **CALLER}],
        "options": {
            "backup": "image",
            "disks": "as_configured",
            "elastic_ips": "release",
            "max_failures": 2,
            "on_blocked": "skip",
            "stop_running": True,
            "tags": {"project": "harbor"},
            "waves": ["1", "10%", "100%"],
        },
        "totals": _totals(rows, left),
        "api": {"calls": 12 * machines + 40, "retries": 3, "throttled": 1, "seconds": 820.5},
        "waves": waves,
        "timeline": _timeline(waves, machines),
        "machines": rows,
        "left": left,
        "pointers": _pointers(rows),
        "left_stopped": [],
        "writes": _writes(draw, rows),
        "money": {
            "source": "bill",
            "available": True,
            "message": "From the account's bill of 2026-10.",
            "currency": "CNY",
            "month": "2026-10",
            "saved": 118.5 * actions.count("deleted"),
            "left": sum(each["monthly"] or 0.0 for kind in left.values() for each in kind),
            "backups": sum(each["monthly"] or 0.0 for kind in ("images", "snapshots") for each in left[kind]),
            "unknown": len(left["images"]),
        },
        "notes": ["A new campaign, because no record of an unfinished one was found."],
    }
    return {**report, **fields}


def preview_of(report: Json) -> Json:
    """The same campaign before it is run."""
    rows = [{**row, "action": "deleted", "error": None} if row["action"] == "failed" else row for row in report["machines"]]
    planned = [
        {
            **row,
            "accepted": False,
            "deleted_at": None,
            "backups": [{**backup, "id": None, "status": None, "created": None} for backup in row["backups"]],
        }
        for row in rows
    ]
    waves = [{**wave, "state": "planned", "began": None, "ended": None} for wave in report["waves"]]
    changed = {"check_mode": True, "outcome": "planned", "message": "Nothing was changed.", "writes": []}
    return {**report, **changed, "machines": planned, "waves": waves, "timeline": report["timeline"][:1]}


def mark_report(machines: int = 4) -> Json:
    """Machines were marked for a later deletion."""
    report = sample_report(machines, kind="mark", outcome="complete", waves=[], money=None)
    marked: Json = {"action": "marked", "due_date": "2026-12-02", "wave": None, "blockers": [], "error": None}
    for row in report["machines"]:
        row.update(marked, status="stopped", accepted=False, deleted_at=None)
    totals = {**dict.fromkeys(TOTALS, 0), "selected": machines, "marked": machines}
    phases = [_phase("plan", None, 0, 4, machines), _phase("mark", None, 4, 9, machines), _phase("stop", None, 9, 61, machines)]
    return {**report, "timeline": phases, "totals": totals, "left": {kind: [] for kind in report["left"]}}


def resumed_report(waves: int = 10) -> Json:
    """A long campaign that was interrupted, and gone on with two days later."""
    report = sample_report(60)
    phases, time = [_phase("plan", None, 0, 30, 60)], 30.0
    for wave in range(1, waves + 1):
        if wave == waves // 2:
            time += 2 * 86400
        for name, seconds in (("record", 2), ("backup", 900), ("delete", 420), ("release", 15), ("verify", 8)):
            phases.append(_phase(name, wave, time, time + seconds, 6))
            time += seconds
    again = {"user": "wang.wei", "host": "awx-7", "job": "812", "reason": None}
    runs = [
        {"began": at(0), "ended": None, "outcome": None, **CALLER},
        {"began": at(2 * 86400), "ended": at(time), "outcome": "complete", **again},
    ]
    each = {**report["waves"][0], "machines": 6, "deleted": 6, "state": "complete"}
    begun = [{**each, "number": number} for number in range(1, waves + 1)]
    return {**report, "timeline": phases, "runs": runs, "waves": begun}


def empty_report() -> Json:
    """Nothing was selected."""
    nothing: Json = {name: [] for name in ("waves", "timeline", "machines", "pointers", "writes", "notes", "runs")}
    account = dict.fromkeys(ACCOUNT)
    left: Json = {kind: [] for kind in FEES}
    none: Json = {
        "outcome": "nothing_to_do",
        "ended": None,
        "digest": None,
        "digest_covers": None,
        "money": None,
        "region": "",
        "options": {},
    }
    return {**sample_report(0), **nothing, **none, "account": account, "left": left, "totals": dict.fromkeys(TOTALS, 0)}


def with_texts(report: Json, make: Callable[[], str]) -> Json:
    """The report with every text replaced that is free by the schema: all that the cloud or a user can have written."""
    text: Json = _replaced(report, SCHEMA, make)
    return {**text, "options": {make(): make(), "list": [make(), make()], "dict": {make(): make()}}}


def _replaced(value: Any, schema: Mapping[str, Any], make: Callable[[], str]) -> Any:
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if "oneOf" in schema:
        schema = next(each for each in schema["oneOf"] if each != {"type": "null"})
        return None if value is None else _replaced(value, schema, make)
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        if isinstance(schema.get("additionalProperties"), dict):
            return {make(): make() for _key in value}
        return {name: _replaced(field, fields[name], make) if name in fields else field for name, field in value.items()}
    if isinstance(value, list):
        return [_replaced(field, schema["items"], make) for field in value]
    free = "string" in schema.get("type", ()) and not {"pattern", "enum", "const"} & set(schema)
    return make() if free and isinstance(value, str) else value


def _machine(draw: random.Random, number: int, machines: int, names: Sequence[str]) -> Json:
    wave = 1 if number == 0 else 2 if number < max(2, machines // 10) else 3
    began, ended = WAVES[wave - 1]
    action = draw.choices(("deleted", "blocked", "failed"), (88, 9, 3))[0] if number else "deleted"
    gone = action == "deleted"
    blockers = draw.sample(BLOCKERS, draw.choice((1, 1, 1, 2))) if action == "blocked" else []
    role = draw.choice(("web", "api", "db", "cache", "batch"))
    letters = _letters(draw)
    disks = [_disk(f"vol-{letters}a", "vda", 40, "deleted" if gone else None)]
    if draw.random() < 0.25:
        disks.append(_disk(f"vol-{letters}b", "vdb", 200, "kept" if gone else None))
    addresses = []
    if draw.random() < 0.2:
        fate = draw.choice(("released", "released", "kept"))
        address = f"203.0.113.{number % 250 + 1}"
        addresses.append({"elastic_ip_id": f"fip-{letters}", "address": address, "fate": fate if gone else None})
    return {
        "instance_id": f"i-{letters}",
        "name": names[number % len(names)] if names else f"harbor-{role}-{number:02}",
        "az": "cn-north-1a",
        "instance_type": draw.choice(("g.n2.medium", "g.n2.xlarge", "m.n3.large")),
        "private_ip_address": f"10.0.{number // 250}.{number % 250 + 1}",
        "tags": {"owner": "payments"} if number % 3 else {},
        "wave": None if action == "blocked" else wave,
        "status_before": draw.choice(("running", "running", "stopped")),
        "status": "absent" if gone else "stopped",
        "action": action,
        "changed": action != "blocked",
        "accepted": gone,
        "due_date": None,
        "blockers": [{"code": code, "message": text} for code, text in blockers],
        "warnings": [GROUP] if draw.random() < 0.05 else [],
        "error": _error(draw) if action == "failed" else None,
        "disks": disks,
        "elastic_ips": addresses,
        "backups": _backups(letters, at(began + (ended - began) * 0.5), many=len(disks) > 1) if action != "blocked" else [],
        "monthly_cost": 118.5,
        "monthly_saved": 118.5 if gone else None,
        "deleted_at": at(began + (ended - began) * draw.uniform(0.63, 0.9)) if gone else None,
    }


def _letters(draw: random.Random) -> str:
    return "".join(draw.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=10))


def _error(draw: random.Random) -> Json:
    code, operation, http, status, message = draw.choices(ERRORS, (2, 1))[0]
    request = f"c{_letters(draw)}{_letters(draw)}" if operation else None
    return {"code": code, "operation": operation, "http": http, "status": status, "message": message, "request_id": request}


def _disk(disk_id: str, device: str, size: int, fate: str | None) -> Json:
    return {"disk_id": disk_id, "device": device, "category": "cloud", "size_gb": size, "auto_delete": True, "fate": fate}


def _backups(letters: str, created: str, *, many: bool) -> list[Json]:
    kinds = [("image", "img"), *([("snapshot", "snapshot")] if many else [])]
    states = {"image": "ready", "snapshot": "available"}
    about = {"campaign": CAMPAIGN, "usable": True}
    return [
        {"type": kind, "id": f"{prefix}-{letters}", "status": states[kind], "created": created, **about} for kind, prefix in kinds
    ]


def _waves(rows: Sequence[Json]) -> list[Json]:
    waves = []
    for number, (began, ended) in enumerate(WAVES, 1):
        actions = [row["action"] for row in rows if row["wave"] == number]
        state = {"number": number, "state": "failed" if "failed" in actions else "complete", "machines": len(actions)}
        counts = {name: actions.count(name) for name in ("deleted", "failed", "blocked")}
        waves.append({**state, **counts, "began": at(began), "ended": at(ended)})
    return waves


def _timeline(waves: Sequence[Json], machines: int) -> list[Json]:
    phases = [_phase("plan", None, 0, 18, machines)]
    for wave, (began, ended) in zip(waves, WAVES, strict=True):
        span = ended - began
        for name, start, end in STEPS:
            phase = _phase(name, wave["number"], began + span * start, began + span * end, wave["machines"])
            failed = wave["state"] == "failed" and name == "delete"
            phases.append({**phase, "outcome": "failed" if failed else "ok"})
    return [*phases, _phase("verify", None, 1442, 1460, 6)]


def _phase(name: str, wave: int | None, began: float, ended: float, machines: int) -> Json:
    return {"phase": name, "wave": wave, "began": at(began), "ended": at(ended), "outcome": "ok", "machines": machines}


def _left(rows: Sequence[Json]) -> Json:
    left: Json = {kind: [] for kind in FEES}
    for row in rows:
        about = {"instance_id": row["instance_id"]}
        for disk in row["disks"]:
            if disk["fate"] == "kept":
                what = {name: disk[name] for name in ("disk_id", "size_gb", "fate")}
                left["disks"].append({**what, **about, "monthly": FEES["disks"]})
        kept = [address for address in row["elastic_ips"] if address["fate"] == "kept"]
        left["elastic_ips"] += [{**address, **about, "monthly": FEES["elastic_ips"]} for address in kept]
        for backup in row["backups"]:
            if backup["type"] == "image":
                left["images"].append({"image_id": backup["id"], **about, "monthly": FEES["images"]})
            else:
                of = {"snapshot_id": backup["id"], "disk_id": row["disks"][-1]["disk_id"]}
                left["snapshots"].append({**of, **about, "monthly": FEES["snapshots"]})
    return left


def _pointers(rows: Sequence[Json]) -> list[Json]:
    return [
        {
            "kind": "public_dns_record",
            "what": "A",
            "name": f"{row['instance_id']}.example.com",
            "place": "example.com",
            "detail": address["address"],
            "state": "resolving",
            "instance_id": row["instance_id"],
        }
        for row in rows
        for address in row["elastic_ips"]
        if address["fate"] == "kept"
    ]


def _totals(rows: Sequence[Json], left: Json) -> Json:
    actions = [row["action"] for row in rows]
    fates = [each["fate"] for row in rows for kind in ("disks", "elastic_ips") for each in row[kind]]
    return {
        **dict.fromkeys(TOTALS, 0),
        "selected": len(rows),
        **{name: actions.count(name) for name in ("deleted", "blocked", "failed", "not_started")},
        "stopped": sum(row["status_before"] == "running" and row["action"] != "blocked" for row in rows),
        "backups_made": sum(len(row["backups"]) for row in rows),
        "disks_deleted": fates.count("deleted"),
        "elastic_ips_released": fates.count("released"),
        **{f"left_{kind}": len(each) for kind, each in left.items()},
    }


def _writes(draw: random.Random, rows: Sequence[Json]) -> list[Json]:
    writes = []
    for row in rows:
        if row["action"] == "blocked":
            continue
        began, ended = WAVES[row["wave"] - 1]
        for operation, share in (("stopInstance", 0.1), ("createImage", 0.25), ("deleteInstance", 0.65)):
            late = began + (ended - began) * (share + draw.uniform(0, 0.15))
            refused = row["action"] == "failed" and operation == "deleteInstance"
            if draw.random() < 0.03:
                writes.append(_write(draw, late - 4, operation, row["instance_id"], "throttled"))
            writes.append(_write(draw, late, operation, row["instance_id"], "refused" if refused else "accepted"))
    return sorted(writes, key=lambda write: str(write["at"]))


def _write(draw: random.Random, late: float, operation: str, instance_id: str, outcome: str) -> Json:
    http, status = {"throttled": (429, "RATE_LIMIT"), "refused": (403, "PERMISSION_DENIED")}.get(outcome, (200, None))
    return {
        "at": at(late),
        "seconds": round(draw.uniform(0.05, 0.6), 3),
        "service": "vm",
        "operation": operation,
        "resources": [instance_id],
        "outcome": outcome,
        "http": http,
        "status": status,
        "request_id": f"c{_letters(draw)}{_letters(draw)}",
        "message": None,
    }
