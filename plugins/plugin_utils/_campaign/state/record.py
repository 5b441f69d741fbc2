# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a campaign: what was frozen, how far it came, and what is known of each machine. Plain values.

The cloud decides the state, the record decides the scope. It is written down before anything that cannot be undone, so that a
run that was killed can be finished exactly, and nothing else is ever touched in its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from ....module_utils._api.errors import InputError
from .digest import approval_from

RECORD_FORMAT = "jdcloud.cloud/record/1"
UNVERIFIED = "unverified"
"""The status of a machine that failed after a call of which it is not known what came of it."""
NO_API_USE = {"calls": 0, "retries": 0, "throttled": 0, "seconds": 0.0}


@dataclass(slots=True)
class Wave:
    """Some of the frozen machines. `state`: planned, begun, complete, failed."""

    number: int
    instance_ids: list[str]
    state: str = "planned"
    began: str | None = None
    ended: str | None = None


@dataclass(slots=True)
class Record:
    """One campaign. `identity` is what makes it this one and no other; in the file it is called wishes.

    Times are ISO 8601 in UTC; `last` is when the last phase ended, `run` tells the runs of it apart.
    `approval` is what the digest covers (`Approval.as_json`). `losses` are the disks and elastic IPs that may go with a machine
    where nothing was approved: those that the plan of the last run showed.
    Out of the journal: `accepted` are its deletes of machines, `removed` the disks and elastic IPs whose removal the service
    accepted, `stopped` the machines that it stopped and did not start again.
    `canaries`: how many machines at the head of the list go before all others. `repeats`: the machines that were gone when the
    campaign before in this folder was finished, if it was of the same selection. `look`: what the plan saw of the first wave,
    until that begins. `preview`: the last run changes nothing. `tried`: the last wave that it tried, 0 for none.
    """

    campaign: str
    kind: str
    identity: dict[str, Any]
    began: str
    run: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    open: bool = True
    frozen: bool = False
    region: str | None = None
    account: dict[str, Any] = field(default_factory=lambda: {"source": None, "access_key_suffix": None, "region": None})
    digest: str | None = None
    approval: dict[str, Any] = field(default_factory=dict)
    losses: dict[str, list[str]] = field(default_factory=dict)
    instance_ids: list[str] = field(default_factory=list)
    waves: list[Wave] = field(default_factory=list)
    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    timeline: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    api: dict[str, Any] = field(default_factory=lambda: dict(NO_API_USE))
    notes: list[str] = field(default_factory=list)
    accepted: dict[str, Any] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    tag_plan: dict[str, Any] = field(default_factory=dict)
    canaries: int = 0
    repeats: list[str] = field(default_factory=list)
    preview: bool = False
    tried: int = 0
    look: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    outcome: str = "unfinished"
    last: str = ""

    def as_json(self) -> dict[str, Any]:
        """For the file; what is in it is not copied."""
        names = (each.name for each in fields(self))
        values = {("wishes" if name == "identity" else name): getattr(self, name) for name in names}
        return {"format": RECORD_FORMAT, **values, "waves": [asdict(wave) for wave in self.waves]}

    def wave(self, number: int) -> Wave:
        """The wave of a number, from 1 to the number of waves (`try_wave` checks it)."""
        return self.waves[number - 1]

    def add_note(self, sentence: str) -> None:
        """Keep a sentence for the report, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def end_phase(self, name: str, wave: int | None, now: datetime, *, ok: bool, machines: int) -> None:
        """A phase has ended; it began when the one before had."""
        ended = stamp(now)
        self.timeline.append(
            {
                "phase": name,
                "wave": wave,
                "began": self.last or ended,
                "ended": ended,
                "outcome": "ok" if ok else "failed",
                "machines": machines,
            }
        )
        self.last = ended

    def add_api_use(self, summary: Mapping[str, Any]) -> None:
        """Add what a module says it sent."""
        for name in ("calls", "retries", "throttled"):
            self.api[name] += int(summary.get(f"api_{name}") or 0)
        self.api["seconds"] = round(self.api["seconds"] + float(summary.get("seconds") or 0.0), 3)


def record_from(raw: Any) -> Record:
    """The record of a file. Raises `ValueError` for anything else."""
    if not isinstance(raw, Mapping) or raw.get("format") != RECORD_FORMAT:
        raise ValueError(f"it is not a record of format {RECORD_FORMAT}")
    known = {each.name for each in fields(Record)}
    named = {("identity" if name == "wishes" else name): value for name, value in raw.items()}
    values = {name: value for name, value in named.items() if name in known}
    try:
        record = Record(**values)
        record.waves = [Wave(**wave) for wave in record.waves]  # type: ignore[arg-type]  # still plain dicts here
    except TypeError as error:
        raise ValueError(f"its members are not those of a record ({error})") from error
    strange = _strange_members(record)
    if strange:
        raise ValueError(f"its members are not those of a record ({', '.join(strange)})")
    listed = {instance_id for wave in record.waves for instance_id in wave.instance_ids}
    if listed != set(record.instance_ids) or not listed <= set(record.machines):
        raise ValueError("its waves, its list of ids and its instances contradict each other")
    if record.frozen and record.digest != _digest_of(record):
        raise ValueError("its list of ids does not match its digest")
    return record


def _strange_members(record: Record) -> list[str]:
    """The members of a record that are not what every record has there: an object, a list, machines that are objects."""
    usual = Record("", "", {}, began="")
    strange = [
        each.name
        for each in fields(Record)
        if isinstance(getattr(usual, each.name), (dict, list))
        and not isinstance(getattr(record, each.name), type(getattr(usual, each.name)))
    ]
    if not strange and not all(isinstance(row, dict) for row in record.machines.values()):
        strange.append("machines")
    if not strange and not all(_are_ids(ids) for ids in (record.instance_ids, *(wave.instance_ids for wave in record.waves))):
        strange.append("instance_ids")
    return strange


def _are_ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _digest_of(record: Record) -> str:
    try:
        raw = {**record.approval, "kind": record.kind, "region": record.region or ""}
        return approval_from(raw, record.instance_ids).digest
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("it does not contain what its digest covers") from error


def stamp(moment: datetime) -> str:
    """A time as records and reports hold it."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def read_stamp(text: str) -> datetime:
    """The time of a stamp."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def new_campaign(kind: str, now: datetime, random: str) -> str:
    """A name that no other campaign has."""
    prefix = {"absent": "dc", "mark": "mark", "unmark": "unmark"}[kind]
    return f"{prefix}-{now.astimezone(UTC):%Y%m%d-%H%M%S}-{random}"


def check_region(record: Record, region: str | None) -> None:
    """Raise `InputError` if a result came from another region than the campaign's."""
    if record.region is not None and region is not None and region != record.region:
        raise InputError(
            f"Campaign {record.campaign} belongs to region {record.region}, but this run uses {region}: run it with region "
            f"{record.region}."
        )
