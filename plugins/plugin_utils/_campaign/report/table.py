# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machines of a report as a table for spreadsheets: machines.csv. Pure.

Names and tags are text of the cloud. A spreadsheet takes a cell that begins like a formula for one, so such a cell gets an
apostrophe before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .text import plain

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet takes for a formula."""
UTF8_MARK = "\ufeff"
"""What a file begins with that a spreadsheet is to read as UTF-8, such as Chinese names."""
PLACE = ("instance_id", "name", "private_ip_address", "az", "instance_type")
STATE = ("wave", "status_before", "status", "action", "due_date")
PARTS = ("blockers", "error", "disks", "elastic_ips", "backups")
END = ("monthly_cost", "monthly_saved", "deleted_at")


def machines_csv(report: Mapping[str, Any]) -> str:
    """All machines of a report, a line each, below a line of names. Tags stand in columns tag:KEY; money is CNY a month."""
    keys = [str(key) for key in report["options"].get("report_tags") or ()]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([_cell(name) for name in (*PLACE, *(f"tag:{key}" for key in keys), *STATE, *PARTS, *END)])
    writer.writerows(_row(row, keys) for row in report["machines"])
    return file.getvalue()


def _row(row: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    error = row["error"]
    cells = [
        *(row[name] for name in PLACE),
        *(row["tags"].get(key) for key in keys),
        *(row[name] for name in STATE),
        _joined(f"{each['code']}: {each['message']}" for each in row["blockers"]),
        f"{error['code']}: {error['message']}" if error else None,
        _joined(_disk(each) for each in row["disks"]),
        _joined(_words(each["elastic_ip_id"], each["address"], each["fate"]) for each in row["elastic_ips"]),
        _joined(_words(each["type"], each["id"] or "to be made") for each in row["backups"]),
        *(row[name] for name in END),
    ]
    return [_cell(cell) for cell in cells]


def _disk(disk: Mapping[str, Any]) -> str:
    size = None if disk["size_gb"] is None else f"{disk['size_gb']} GB"
    return _words(disk["disk_id"] or f"{disk['category']} {disk['device'] or ''}".strip(), size, disk["fate"])


def _words(*words: str | None) -> str:
    return " ".join(word for word in words if word)


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(texts)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value)
    # Looked at before and after: what is taken out at the beginning may have hidden a formula.
    shown = plain(text)
    return f"'{shown}" if text.startswith(FORMULA) or shown.lstrip().startswith(FORMULA) else shown
