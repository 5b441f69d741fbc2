# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left and what was sent, as plain values for the template. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._language.text import Text, join, same, say, word_of
from .machine_list import fate_tone
from .messages import WRITE_OUTCOMES, WRITE_TONES, fate_words
from .text import moment, plain

SHOWN_RESOURCES = 5
OUTCOME = 3
"""Place of the outcome among the columns of writes."""
KINDS = ("disks", "elastic_ips", "images", "snapshots")


@dataclass(frozen=True, slots=True)
class LeftRow:
    """A disk or an elastic IP that outlives its machine. `fee` in CNY a month."""

    resource_id: str
    kind: Text
    instance_id: str
    name: str
    words: Text
    tone: str
    fee: float | None


@dataclass(frozen=True, slots=True)
class PointerRow:
    """A reference to an instance, by its name."""

    name: str
    kind: Text
    place: str
    detail: str
    state: Text
    tone: str
    instance_id: str
    machine: str


@dataclass(frozen=True, slots=True)
class Sum:
    """What is left of one kind: how many, how large, what it costs a month, and how many of them have no price."""

    title: Text
    number: int
    size: int | None
    fee: float | None
    unknown: int


def left_rows(report: Mapping[str, Any]) -> list[LeftRow]:
    """Disks and elastic IPs that outlive their machines."""
    names = {row["instance_id"]: row["name"] or "" for row in report["machines"]}
    preview = report["check_mode"]
    found = []
    for disk in report["left"]["disks"]:
        kind = say("row.disk") if disk["size_gb"] is None else say("row.disk_of", size=disk["size_gb"])
        found.append((disk, disk["disk_id"], kind))
    for address in report["left"]["elastic_ips"]:
        kind = say("row.elastic_ip", address=address["address"] or "")
        found.append((address, address["elastic_ip_id"], Text(kind.en.strip(), kind.zh.strip())))
    return [
        LeftRow(
            resource_id=resource_id,
            kind=kind,
            instance_id=each["instance_id"],
            name=names.get(each["instance_id"], ""),
            words=fate_words(each["fate"], preview=preview),
            tone=fate_tone(each["fate"]),
            fee=each["monthly"],
        )
        for each, resource_id, kind in found
    ]


def pointer_rows(report: Mapping[str, Any]) -> list[PointerRow]:
    """What still points to instances that are deleted."""
    names = {row["instance_id"]: row["name"] or "" for row in report["machines"]}
    return [
        PointerRow(
            name=each["name"],
            kind=join([word_of("pointer", each["kind"]), each["what"] or ""]),
            place=each["place"] or "",
            detail=each["detail"] or "",
            state=word_of("pointer_state", each["state"]) if each["state"] else same(""),
            tone="calm" if each["state"] == "paused" else "warn",
            instance_id=each["instance_id"],
            machine=names.get(each["instance_id"], ""),
        )
        for each in report["pointers"]
    ]


def sums(left: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Sum]:
    """What is left, by kind."""
    return [_sum(say(f"sum.{name}"), left[name]) for name in KINDS if left[name]]


def _sum(title: Text, rows: Sequence[Mapping[str, Any]]) -> Sum:
    sizes = [each["size_gb"] for each in rows if each.get("size_gb") is not None]
    fees = [each["monthly"] for each in rows if each["monthly"] is not None]
    return Sum(title, len(rows), sum(sizes) if sizes else None, sum(fees) if fees else None, len(rows) - len(fees))


def write_texts(writes: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The cells of every write as plain text, in the order of sending; the outcome is a code, which rows are chosen by."""
    return [_write(write) for write in writes]


def write_data(texts: Sequence[Sequence[str]]) -> dict[str, Any]:
    """All of them as data for the script of the page."""
    words = {code: word_of("write", code) for code in WRITE_OUTCOMES}
    both = {code: {"en": text.en, "zh": text.zh} for code, text in words.items()}
    return {"outcome": OUTCOME, "words": both, "tones": WRITE_TONES, "rows": texts}


def _some(resources: Sequence[str]) -> str:
    """The first of the resources of a write. The data of the script has one form for both languages."""
    shown = ", ".join(resources[:SHOWN_RESOURCES])
    more = len(resources) - SHOWN_RESOURCES
    return say("list.unnamed", shown=shown, n=more).en if more > 0 else shown


def _write(write: Mapping[str, Any]) -> list[str]:
    answer = " ".join(str(part) for part in (write["http"], write["status"], write["message"]) if part)
    cells = [
        moment(write["at"]),
        f"{write['service']}.{write['operation']}",
        _some(write["resources"]),
        write["outcome"],
        answer,
        write["request_id"],
        None if write["seconds"] is None else f"{write['seconds']:.2f}",
    ]
    return [plain(cell) for cell in cells]
