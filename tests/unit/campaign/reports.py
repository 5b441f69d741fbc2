# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of campaigns, small and large, with everything that a report can hold. The same for the same seed."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from .results import NOW

Json = dict[str, Any]

TRAPS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(2)</script>",
    "<!--",
    "{{ 7*7 }}",
    "\u202egnp.exe",
    "line\u2028end\x00",
    "订单-数据库-01",
    "' onmouseover='alert(3)",
)
TOTALS = (
    *("selected", "deleted", "already_absent", "not_found", "stopped", "started", "marked", "unmarked", "blocked", "failed"),
    *("not_started", "backups_made", "backups_reused", "disks_deleted", "elastic_ips_released"),
    *("left_disks", "left_elastic_ips", "left_images", "left_snapshots"),
)


def at(seconds: float) -> str:
    """So many seconds after the beginning."""
    return (NOW + timedelta(seconds=round(seconds))).isoformat().replace("+00:00", "Z")


def sample_report(machines: int = 30, seed: int = 1, *, names: tuple[str, ...] = (), **members: Any) -> Json:
    """A campaign in three waves of which some machines are blocked and some failed."""
    draw = random.Random(seed)
    rows = [_machine(draw, number, machines, names) for number in range(machines)]
    waves = _waves(rows)
    left = _left(rows)
    actions = [row["action"] for row in rows]
    counts = dict.fromkeys(TOTALS, 0) | {
        "selected": machines,
        **{name: actions.count(name) for name in ("deleted", "blocked", "failed", "not_started")},
        "backups_made": sum(len(row["backups"]) for row in rows),
        "disks_deleted": sum(disk["fate"] == "deleted" for row in rows for disk in row["disks"]),
        **{f"left_{kind}": len(each) for kind, each in left.items()},
    }
    report: Json = {
        "format": "jdcloud.cloud/report/1",
        "collection": "0.3.0",
        "campaign": "dc-20261125-080000-1f9c",
        "kind": "absent",
        "check_mode": False,
        "outcome": "failed" if "failed" in actions else "complete",
        "message": f"{actions.count('deleted')} of {machines} machines are deleted.",
        "region": "cn-north-1",
        "account": {"source": "environment", "access_key_suffix": "3f9a", "region": "cn-north-1"},
        "digest": "sha256:" + "9f86d081884c7d65" * 4,
        "began": at(0),
        "ended": at(1460),
        "seconds": 1460.0,
        "runs": [{"began": at(0), "ended": at(1460), "outcome": "failed"}],
        "options": {"backup": "image", "waves": ["1", "10%", "100%"], "stop_running": True, "tags": {"project": "harbor"}},
        "totals": counts,
        "api": {"calls": 12 * machines, "retries": 3, "throttled": 1, "seconds": 820.5},
        "waves": waves,
        "timeline": _timeline(waves),
        "machines": rows,
        "left": left,
        "writes": _writes(rows),
        "money": {
            "source": "bill",
            "available": True,
            "message": "From the account's bill of 2026-10.",
            "currency": "CNY",
            "month": "2026-10",
            "saved": 118.5 * machines,
            "left": 42.25,
            "unknown": 2,
        },
        "notes": ["A new campaign, since no record of an unfinished one was found."],
    }
    return {**report, **members}


def _machine(draw: random.Random, number: int, machines: int, names: tuple[str, ...]) -> Json:
    wave = 1 if number == 0 else 2 if number < max(2, machines // 10) else 3
    action = draw.choices(("deleted", "blocked", "failed"), (88, 9, 3))[0] if number else "deleted"
    gone = action == "deleted"
    blockers = draw.sample(
        [
            ("protected", "Its tag jdcloud-protect=yes protects it: remove the tag first if it may go after all."),
            ("prepaid_unexpired", "It is prepaid until 2027-01-31T15:59:59Z, and the service refuses to delete it before."),
            ("local_disk_loss", "Its local disk vdb can be in no demanded backup: save its data by other means."),
        ],
        draw.choice((1, 1, 2)),
    )
    error = {
        "code": "api",
        "operation": "vm.deleteInstance",
        "http": 403,
        "status": "PERMISSION_DENIED",
        "message": "vm.deleteInstance failed: no permission (403 PERMISSION_DENIED): ask for the right to delete.",
        "request_id": f"req-{number:05}",
    }
    role = draw.choice(("web", "api", "db", "cache", "batch"))
    name = names[number % len(names)] if names else f"harbor-{role}-{number:02}"
    return {
        "instance_id": f"i-{number:010d}",
        "name": name,
        "instance_type": draw.choice(("g.n2.medium", "g.n2.xlarge", "m.n3.large")),
        "wave": None if action == "blocked" else wave,
        "status_before": draw.choice(("running", "stopped")),
        "status": "absent" if gone else "stopped",
        "action": action,
        "changed": action != "blocked",
        "accepted": gone,
        "due_date": None,
        "blockers": [{"code": code, "message": text} for code, text in blockers] if action == "blocked" else [],
        "warnings": [],
        "error": error if action == "failed" else None,
        "disks": [
            _disk(f"vol-{number:09d}a", "vda", 40, "deleted" if gone else None),
            *([_disk(f"vol-{number:09d}b", "vdb", 200, "kept" if gone else None)] if draw.random() < 0.2 else []),
        ],
        "elastic_ips": [
            {"elastic_ip_id": f"fip-{number:010d}", "address": f"203.0.113.{number % 250}", "fate": "kept" if gone else None}
        ]
        if draw.random() < 0.15
        else [],
        "backups": [
            {
                "type": "image",
                "id": f"img-{number:010d}",
                "status": "ready",
                "created": at(200),
                "campaign": "dc-20261125-080000-1f9c",
            }
        ]
        if action != "blocked"
        else [],
        "deleted_at": at(300 + number) if gone else None,
    }


def _disk(disk_id: str, device: str, size: int, fate: str | None) -> Json:
    return {"disk_id": disk_id, "device": device, "category": "cloud", "size_gb": size, "auto_delete": True, "fate": fate}


def _waves(rows: list[Json]) -> list[Json]:
    waves = []
    for number, (began, ended) in enumerate([(20, 210), (215, 520), (525, 1440)], 1):
        actions = [row["action"] for row in rows if row["wave"] == number]
        waves.append(
            {
                "number": number,
                "state": "failed" if "failed" in actions else "complete",
                "machines": len(actions),
                **{name: actions.count(name) for name in ("deleted", "failed", "blocked")},
                "began": at(began),
                "ended": at(ended),
            }
        )
    return waves


def _timeline(waves: list[Json]) -> list[Json]:
    phases = [_phase("plan", None, 0, 18, 30)]
    for wave, (began, ended) in zip(waves, [(20, 210), (215, 520), (525, 1440)], strict=True):
        span = ended - began
        cuts = [began, began + 4, began + span * 0.62, began + span * 0.95, ended]
        for name, start, end in zip(("record", "backup", "delete", "release"), cuts, cuts[1:], strict=False):
            failed = wave["state"] == "failed" and name == "delete"
            phases.append({**_phase(name, wave["number"], start, end, wave["machines"]), "outcome": "failed" if failed else "ok"})
    return [*phases, _phase("verify", None, 1442, 1458, 6)]


def _phase(name: str, wave: int | None, began: float, ended: float, machines: int) -> Json:
    return {"phase": name, "wave": wave, "began": at(began), "ended": at(ended), "outcome": "ok", "machines": machines}


def _left(rows: list[Json]) -> Json:
    gone = [row for row in rows if row["action"] == "deleted"]
    return {
        "disks": [
            {
                "disk_id": disk["disk_id"],
                "instance_id": row["instance_id"],
                "size_gb": disk["size_gb"],
                "fate": "kept",
                "monthly": 70.0,
            }
            for row in gone
            for disk in row["disks"]
            if disk["fate"] == "kept"
        ],
        "elastic_ips": [
            {**address, "instance_id": row["instance_id"], "monthly": 23.0} for row in gone for address in row["elastic_ips"]
        ],
        "images": [
            {"image_id": backup["id"], "instance_id": row["instance_id"], "monthly": None}
            for row in rows
            for backup in row["backups"]
        ],
        "snapshots": [],
    }


def _writes(rows: list[Json]) -> list[Json]:
    writes = []
    for number, row in enumerate(each for each in rows if each["action"] != "blocked"):
        for operation, offset in (("stopInstance", 40), ("createImage", 80), ("deleteInstance", 400)):
            refused = row["action"] == "failed" and operation == "deleteInstance"
            writes.append(
                {
                    "at": at(offset + number),
                    "seconds": 0.12,
                    "service": "vm",
                    "operation": operation,
                    "resources": [row["instance_id"]],
                    "outcome": "refused" if refused else "accepted",
                    "http": 403 if refused else 200,
                    "status": "PERMISSION_DENIED" if refused else None,
                    "request_id": f"req-{operation[:4]}-{number:05}",
                    "message": None,
                }
            )
    return writes
