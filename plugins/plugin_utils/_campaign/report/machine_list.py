# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The instances of the page and their backups: plain values for the template. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._language.text import Text, same, say, word_of
from .messages import NOTHING, ORDER, TONES, action_words, fate_words, status_words, title_of
from .text import moment, sentence
from .totals import READY

BAD_FATES = ("lost", "failed", "unverified")
SYSTEM_DEVICES = ("vda", None)
FACTS = (("type", "instance_type"), ("zone", "az"), ("private_address", "private_ip_address"))
"""What is shown below the name: the key of its column in a saved list, and the member of the row."""
OWNER = "owner"
"""The tag that says whose a machine is; it comes first, however it is capitalised."""


@dataclass(frozen=True, slots=True)
class Part:
    """A disk, an elastic IP or a backup of an instance: its id, what is known of it, and in words what becomes of it."""

    name: str
    about: Text
    words: Text = NOTHING
    tone: str = ""


@dataclass(frozen=True, slots=True)
class MachineRow:
    """An instance. What is not known is empty. `codes` lead from a reason to its instances, and to no others.

    `sentences` are messages, in English as the modules write them, each with the title of its code for the Chinese page.
    """

    row: Mapping[str, Any]
    place: int
    facts: Sequence[tuple[str, str]]
    tags: Sequence[tuple[str, str]]
    before: Text
    now: Text
    unclear: bool
    words: Text
    tone: str
    sentences: Sequence[tuple[Text, str]]
    request_id: str
    parts: Sequence[Part]
    size: int
    backups: Sequence[Part]
    codes: str


@dataclass(frozen=True, slots=True)
class BackupRow:
    """An image or a snapshot. `usable`: it is whole, so that it counts as a backup; `fee` in CNY a month."""

    backup: Mapping[str, Any]
    usable: bool
    kind: Text
    status: Text
    made: str
    instance_id: str
    name: str
    fee: float | None


def machine_rows(report: Mapping[str, Any]) -> list[MachineRow]:
    """All instances; those that need attention come first."""
    machines = sorted(report["machines"], key=lambda row: ORDER.index(row["action"]))
    return [_machine(row, preview=report["check_mode"]) for row in machines]


def choices(report: Mapping[str, Any]) -> dict[str, Text]:
    """The outcomes that there are, in words."""
    actions = sorted({row["action"] for row in report["machines"]}, key=ORDER.index)
    return {action: action_words(action, preview=report["check_mode"]) for action in actions}


def _machine(row: Mapping[str, Any], *, preview: bool) -> MachineRow:
    error = row["error"]
    remarks = [("error", each) for each in ([error] if error else [])]
    remarks += [("blocker", each) for each in row["blockers"]] + [("warning", each) for each in row["warnings"]]
    return MachineRow(
        row=row,
        place=ORDER.index(row["action"]),
        facts=[(title, row[name]) for title, name in FACTS if row.get(name)],
        tags=sorted((row.get("tags") or {}).items(), key=lambda tag: tag[0].lower() != OWNER),
        before=status_words(row["status_before"]),
        # What a preview says of the end is no status that was read.
        now=status_words(row["status_before"] if preview else row["status"]),
        unclear=row["status"] == "unverified" and not preview,
        words=_outcome(row, preview=preview),
        tone=TONES.get(row["action"], "calm"),
        sentences=[(_gist(kind, each["code"]), sentence(each["message"])) for kind, each in remarks],
        request_id=(error or {}).get("request_id") or "",
        parts=list(_parts(row, preview=preview)),
        size=sum(disk["size_gb"] or 0 for disk in row["disks"]),
        backups=[_backup_part(backup) for backup in row["backups"]],
        codes=" ".join(f"code:{each['code']}" for _kind, each in remarks),
    )


def _gist(kind: str, code: str) -> Text:
    """What stands before an English message on the Chinese page."""
    return say("row.gist", title=title_of(kind, code))


def _outcome(row: Mapping[str, Any], *, preview: bool) -> Text:
    if row["action"] == "none" and row["status"] == "absent":
        gone = any(warning["code"] == "not_found" for warning in row["warnings"])
        return say("action.not_found" if gone else "action.gone")
    return action_words(row["action"], preview=preview)


def _parts(row: Mapping[str, Any], *, preview: bool) -> Iterator[Part]:
    for place, disk in enumerate(row["disks"]):
        name = disk["disk_id"] or " ".join(part for part in (disk["category"], disk["device"]) if part)
        size = same(f"{disk['size_gb']:,} GB" if disk["size_gb"] is not None else "")
        if place == 0 and _is_in_the_image(disk, row["backups"]):
            yield Part(name, size, fate_words("in_image", preview=preview), "kept")
        else:
            yield Part(name, size, fate_words(disk["fate"], preview=preview), fate_tone(disk["fate"]))
    for address in row["elastic_ips"]:
        fate = address["fate"]
        about = same(address["address"] or "")
        yield Part(address["elastic_ip_id"], about, fate_words(fate, preview=preview), fate_tone(fate))


def _is_in_the_image(disk: Mapping[str, Any], backups: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a disk that goes for good, the first of its machine, is the system disk, which an image holds."""
    gone = disk["fate"] == "lost" and disk["device"] in SYSTEM_DEVICES
    return gone and any(backup["type"] == "image" and is_usable(backup) for backup in backups)


def is_usable(backup: Mapping[str, Any]) -> bool:
    """Whether it is whole, or would be. One that failed is there, and billed, but no backup."""
    return bool(backup.get("usable", True)) and (not backup["id"] or backup["status"] in (*READY, None))


def fate_tone(fate: str | None) -> str:
    """How a fate is shown."""
    return "bad" if fate in BAD_FATES else "kept" if fate == "kept" else ""


def _backup_part(backup: Mapping[str, Any]) -> Part:
    kind = word_of("backup", backup["type"])
    if not backup["id"]:
        return Part("", kind, say("row.to_be_made"))
    return Part(backup["id"], kind, *((NOTHING, "") if is_usable(backup) else (_flaw(backup), "bad")))


def _flaw(backup: Mapping[str, Any]) -> Text:
    """Why an image or a snapshot is no backup."""
    failed = not backup.get("usable", True) or backup["status"] == "error"
    return say("row.backup_failed") if failed else say("row.no_backup", status=_status(backup))


def _status(backup: Mapping[str, Any]) -> Text:
    return word_of("backup_status", backup["status"]) if backup["status"] else NOTHING


def backup_rows(report: Mapping[str, Any]) -> list[BackupRow]:
    """Every image and snapshot with its id, and what it costs where that is known."""
    left = report["left"]
    fees = {image["image_id"]: image["monthly"] for image in left["images"]}
    fees |= {snapshot["snapshot_id"]: snapshot["monthly"] for snapshot in left["snapshots"]}
    return [_backup_row(row, backup, fees) for row in report["machines"] for backup in row["backups"]]


def _backup_row(row: Mapping[str, Any], backup: Mapping[str, Any], fees: Mapping[str, float | None]) -> BackupRow:
    usable = is_usable(backup)
    made = moment(backup["created"])
    status = _status(backup) if usable else _flaw(backup)
    kind = word_of("backup", backup["type"])
    return BackupRow(backup, usable, kind, status, made, row["instance_id"], row["name"] or "", fees.get(backup["id"]))
