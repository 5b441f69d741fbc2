# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a campaign, from its record and its journal: the content of report.json (docs/report.schema.json). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ....module_utils._fleet.prices import from_prices
from ..state.record import UNVERIFIED, Record, read_stamp
from ..steps.finish import left_stopped
from .costs import backups_cost, costs_of, from_bill, machine_costs, no_costs, with_costs
from .totals import carried_out, totals_of

REPORT_FORMAT = "jdcloud.cloud/report/1"
COLLECTION_VERSION = "1.0.0"
ACCOUNT = ("source", "access_key_suffix", "region", "account_id", "pin")
RUN = ("began", "ended", "outcome", "user", "host", "job", "reason")


def report_of(
    record: Record,
    writes: Sequence[dict[str, Any]],
    finished: Mapping[str, Any],
    *,
    preview: bool,
    prices: Mapping[str, Any],
    bill: dict[str, Any] | None,
) -> dict[str, Any]:
    """The report. `finished` has outcome and message; `bill` is the result of `jdcloud_bill_info`, None without one."""
    machines, left, money = _with_money(_machines(record, preview=preview), list(record.machines.values()), prices, bill)
    return {
        "format": REPORT_FORMAT,
        "collection": COLLECTION_VERSION,
        "campaign": record.campaign,
        "kind": record.kind,
        "check_mode": preview,
        "outcome": finished["outcome"],
        "message": finished["message"],
        **_runs(record),
        "totals": totals_of(list(record.machines.values()), writes, preview=preview),
        "left_stopped": left_stopped(record),
        "api": dict(record.api),
        "waves": [_wave(record, wave.number, preview=preview) for wave in record.waves],
        "timeline": record.timeline,
        "machines": machines,
        "left": left,
        "pointers": pointers_of(row for row in record.machines.values() if _goes(row)),
        "writes": list(writes),
        "money": money,
        "notes": record.notes,
    }


def _runs(record: Record) -> dict[str, Any]:
    """Where, with which keys and options, by which approval, and when."""
    return {
        "region": record.region or "",
        "account": {name: record.account.get(name) for name in ACCOUNT},
        "digest": record.digest,
        "digest_covers": dict(record.approval) or None,
        "began": record.began,
        "ended": record.runs[-1]["ended"],
        "seconds": sum(_seconds(run) for run in record.runs),
        "runs": [{name: run.get(name) for name in RUN} for run in record.runs],
        "options": record.options,
    }


def _machines(record: Record, *, preview: bool) -> list[dict[str, Any]]:
    tags = record.options.get("report_tags") or ()
    return [_machine(row, tags, preview=preview) for row in record.machines.values()]


_INSIDE = ("scope", "power", "unproven", "chosen_as", "dns_records", "load_balancer_targets", "deregistered")
"""What is known of a machine and not shown as a part of it."""


def _machine(row: Mapping[str, Any], tags: Iterable[str], *, preview: bool) -> dict[str, Any]:
    machine = {key: value for key, value in row.items() if key not in _INSIDE}
    has = row.get("tags") or {}
    machine["tags"] = {key: has[key] for key in tags if key in has}
    # What the plan meant to make of a machine that was left alone is no backup.
    unproven = row.get("unproven", ())
    backups = [backup for backup in row["backups"] if backup["id"] or (preview and row["action"] == "deleted")]
    machine["backups"] = [{**backup, "usable": backup["id"] not in unproven} for backup in backups]
    return machine


def pointers_of(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What still points to machines: what it is, its name, and where that stands. DNS records are as the plan saw them."""
    rows = list(rows)
    return [*_names(rows), *_targets(rows)]


def _names(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "kind": f"{record['zone_type']}_dns_record",
            "what": record["type"],
            "name": record["name"],
            "place": record["zone"],
            "detail": record["value"],
            "state": record["status"],
            "instance_id": row["instance_id"],
        }
        for row in rows
        for record in row.get("dns_records") or ()
    ]


def _targets(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Targets of load balancers that outlived their machine, or may have."""
    return [
        {
            "kind": "load_balancer_target",
            "what": target["type"],
            "name": target["target_group_id"] or target["availability_group_id"],
            "place": target["load_balancer_name"] or target["load_balancer_id"],
            "detail": f"{target['address'] or ''}:{target['port'] or ''}".strip(":") or None,
            "state": target["fate"],
            "instance_id": row["instance_id"],
        }
        for row in rows
        for target in row.get("load_balancer_targets") or ()
        if target["fate"] in ("left", "unverified")
    ]


def _goes(row: Mapping[str, Any]) -> bool:
    """Whether it is deleted, would be, or may be."""
    return bool(row["action"] == "deleted" or row["accepted"] or row["status"] == UNVERIFIED)


def _left(machines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What outlives the deleted machines and is still billed, their backups among it."""
    left: dict[str, Any] = {"disks": [], "elastic_ips": [], "images": [], "snapshots": []}
    for row in machines:
        if not _goes(row):
            continue
        of = row["instance_id"]
        left["disks"] += [
            {"disk_id": disk["disk_id"], "instance_id": of, "size_gb": disk["size_gb"], "fate": disk["fate"], "monthly": None}
            for disk in row["disks"]
            if disk["disk_id"] and disk["fate"] in ("kept", "unverified")
        ]
        left["elastic_ips"] += [
            {
                "elastic_ip_id": address["elastic_ip_id"],
                "address": address["address"],
                "instance_id": of,
                "fate": address["fate"],
                "monthly": None,
            }
            for address in row["elastic_ips"]
            if address["fate"] in ("kept", "failed", "unverified")
        ]
    for row in filter(carried_out, machines):
        for backup in row["backups"]:
            if not backup["id"]:
                continue
            kind, key = ("images", "image_id") if backup["type"] == "image" else ("snapshots", "snapshot_id")
            more = {} if kind == "images" else {"disk_id": backup.get("disk_id")}
            left[kind].append({key: backup["id"], "instance_id": row["instance_id"], **more, "monthly": None})
    return left


def _wave(record: Record, number: int, *, preview: bool) -> dict[str, Any]:
    wave = record.wave(number)
    actions = [record.machines[instance_id]["action"] for instance_id in wave.instance_ids]
    state = wave.state
    if state == "planned" and not preview:
        state = "not_started"
    if wave.began is None and wave.instance_ids and all(action == "deleted" for action in actions) and not preview:
        state = "complete"
    return {
        "number": number,
        "state": state,
        "machines": len(wave.instance_ids),
        "deleted": actions.count("deleted"),
        "failed": actions.count("failed"),
        "blocked": actions.count("blocked"),
        "began": wave.began,
        "ended": wave.ended,
    }


def _with_money(
    machines: Sequence[dict[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    prices: Mapping[str, Any],
    bill: dict[str, Any] | None,
) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any] | None]:
    """The machines and what is left with what they cost, and the sums; None where neither bill nor prices are given.

    `rows` are those of the record, in the same order.
    """
    left = _left(rows)
    # What a machine has for which nothing is done is no backup of this campaign.
    carried = [machine for machine, row in zip(machines, rows, strict=True) if carried_out(row)]
    unread = f"The bill could not be read: {_why(bill)}" if bill is not None else ""
    if bill is not None and bill.get("available"):
        price = from_bill(bill)
        source = {"source": "bill", "message": f"From the account's bill of {bill['month']}.", "month": bill["month"]}
    elif prices:
        price = from_prices(prices)
        text = " ".join(filter(None, ["From the prices that were given.", unread]))
        source = {"source": "prices", "message": text, "month": None}
    else:
        unpriced = [{**row, "monthly_cost": None, "monthly_saved": None} for row in machines]
        return unpriced, left, no_costs(unread, bill.get("month")) if bill is not None else None
    priced = with_costs(left, price)
    sums = {**costs_of(machines, priced, price, source), "backups": backups_cost(carried, price)}
    return [{**row, **machine_costs(row, price)} for row in machines], priced, sums


def _why(bill: Mapping[str, Any]) -> str:
    return str(bill.get("reason") or bill.get("msg") or "no reason was given.")


def _seconds(run: Mapping[str, Any]) -> float:
    if not run.get("ended"):
        return 0.0
    return max(0.0, (read_stamp(run["ended"]) - read_stamp(run["began"])).total_seconds())
