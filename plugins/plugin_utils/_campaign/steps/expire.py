# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which images and snapshots of finished campaigns are no longer needed, and why each other one stays. Pure.

Whatever is not known keeps a backup: an age, a member that cannot be read, a machine that does not say what it was made of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ....module_utils._api.calls import SAFE_ID
from ....module_utils._api.errors import InputError, first_of
from ....module_utils._fleet.evidence.marker import NO_INSTANCE
from ....module_utils._fleet.evidence.proof import CLOCK_TOLERANCE
from .expire_assets import Asset, Row, assets_of

SHOWN = 5
CLOCKS_AGREE = timedelta(days=1)
"""How far the service's clock and that of this computer may be apart. A wrong one would make every backup old."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What may go. Days; `last_days` None: the last backup of a machine stays for ever. No `campaigns`: those of any."""

    days: int
    last_days: int | None = None
    campaigns: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What the records of campaigns that are not finished need: all of these campaigns, of these machines, and these backups."""

    campaigns: Collection[str] = frozenset()
    machines: Collection[str] = frozenset()
    backups: Collection[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Listing:
    """All images, snapshots and machines of a region, as the modules list them, and the service's time, None if not returned."""

    region: str
    images: Sequence[Row]
    snapshots: Sequence[Row]
    machines: Sequence[Row]
    now: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a backup. `reason` is why it stays, '' for one that may go; `message` says it in one sentence."""

    region: str
    asset: Asset
    reason: str = ""
    message: str = ""

    @property
    def may_go(self) -> bool:
        """Whether it may be deleted."""
        return not self.reason

    def kept(self, reason: str, message: str) -> Verdict:
        """The same, but it stays."""
        return Verdict(self.region, self.asset, reason, message)


def check_clocks(region: str, there: datetime | None, here: datetime) -> None:
    """Raise `InputError` if the service's clock is not where that of this computer is; then no age can be believed."""
    if there is not None and abs(there - here) > CLOCKS_AGREE:
        raise InputError(
            f"The clock of the service in {region} shows {there:%Y-%m-%d %H:%M} UTC, that of this host {here:%Y-%m-%d %H:%M} "
            "UTC, so ages are not reliable and nothing was deleted: correct the clock, or check the address of the service."
        )


def judge(listing: Listing, rules: Rules, unfinished: Unfinished) -> list[Verdict]:
    """What becomes of each backup of this collection in a region."""
    assets = assets_of(listing.images, listing.snapshots)
    facts = _Facts.of(listing, assets, unfinished)
    return [_verdict(asset, listing, rules, facts) for asset in assets]


def choose(verdicts: Iterable[Verdict], most: int, *, on_too_many: str) -> list[Verdict]:
    """The verdicts with at most `most` that may go, the oldest. Raises `InputError` if there are more and that is to fail."""
    verdicts = list(verdicts)
    going = sorted((each for each in verdicts if each.may_go), key=lambda each: (*each.asset.order, each.region))
    if len(going) > most and on_too_many == "fail":
        raise InputError(
            f"{len(going)} images and snapshots are expired, but expire_backups_max is {most}, so nothing was deleted: raise "
            "it, or set expire_backups_on_too_many to oldest to delete the oldest first."
        )
    over = {(each.region, each.asset.kind, each.asset.id) for each in going[most:]}
    text = f"More backups are expired than expire_backups_max ({most}) allows: a later run deletes it."
    return [each.kept("over_cap", text) if (each.region, each.asset.kind, each.asset.id) in over else each for each in verdicts]


def after_proof(verdicts: Iterable[Verdict], gone_machines: Collection[str], gone_disks: Collection[str]) -> list[Verdict]:
    """The verdicts after those machines and disks were read one by one. Only what the service says is gone, is gone."""
    return [_proven_gone(each, gone_machines, gone_disks) if each.may_go else each for each in verdicts]


def after_gate(verdicts: Iterable[Verdict], kind: str, rows: Sequence[Row]) -> list[Verdict]:
    """The verdicts after the module looked at what it would delete. What it does not name as deletable stays."""
    found = {str(row[f"{kind}_id"]): row for row in rows}
    return [_gated(each, found.get(each.asset.id)) if each.may_go and each.asset.kind == kind else each for each in verdicts]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is there: machines, the images that they were made of, and what is unknown about them."""

    machines: frozenset[str]
    used_images: frozenset[str]
    silent_machine: str
    unfinished: Unfinished
    busy_campaigns: frozenset[str]
    living_campaigns: Mapping[str, str]
    newer: Mapping[tuple[str, str], Sequence[Asset]] = field(default_factory=dict)

    @classmethod
    def of(cls, listing: Listing, assets: Sequence[Asset], unfinished: Unfinished) -> _Facts:
        machines = frozenset(str(row["instance_id"]) for row in listing.machines)
        images = {str(row["instance_id"]): row.get("image_id") for row in listing.machines}
        proven: dict[tuple[str, str], list[Asset]] = {}
        for asset in assets:
            if asset.proven and asset.created is not None and _age(asset.created, listing.now) is not None:
                proven.setdefault((asset.kind, asset.machine), []).append(asset)
        return cls(
            machines=machines,
            used_images=frozenset(image for image in images.values() if isinstance(image, str)),
            silent_machine=min((each for each, image in images.items() if not image or not isinstance(image, str)), default=""),
            unfinished=unfinished,
            busy_campaigns=frozenset(asset.campaign for asset in assets if not asset.ended),
            living_campaigns={asset.campaign: asset.machine for asset in assets if asset.machine in machines},
            newer=proven,
        )


def _verdict(asset: Asset, listing: Listing, rules: Rules, facts: _Facts) -> Verdict:
    verdict = Verdict(listing.region, asset)
    checks: tuple[Callable[[], tuple[str, str] | None], ...] = (
        lambda: _not_meant(asset, rules),
        lambda: _unknown(asset, listing.now),
        lambda: _needed_by_machine(asset, facts),
        lambda: _needed_by_campaign(asset, facts),
        lambda: _tied(asset, facts),
        lambda: _too_young(asset, listing.now, rules.days),
        lambda: _last(asset, listing.now, rules, facts),
    )
    for check in checks:
        found = check()
        if found is not None:
            return verdict.kept(*found)
    return verdict


def _not_meant(asset: Asset, rules: Rules) -> tuple[str, str] | None:
    if rules.campaigns and asset.campaign not in rules.campaigns:
        return "other_campaign", f"It belongs to campaign {asset.campaign}, which is not in expire_backups_campaigns."
    if not asset.own:
        return "not_own", "It is not a private one of this account, or it was imported."
    if asset.kind == "image" and asset.origin != asset.machine:
        return (
            "mark_mismatch",
            f"Its mark names instance {asset.machine}, but the service returns {asset.origin or 'none'}: it may be a copy.",
        )
    if not SAFE_ID.fullmatch(asset.machine) or (asset.kind == "snapshot" and not asset.origin):
        return "mark_mismatch", "Its mark or the service does not show its origin: it may be a copy."
    return None


def _unknown(asset: Asset, now: datetime | None) -> tuple[str, str] | None:
    if asset.flaw:
        return "unreadable", f"It is kept, because {asset.flaw}."
    if asset.created is None:
        return "unknown_age", "Its creation time is unreadable."
    if now is None:
        return "unknown_age", "The time of the service is unknown."
    if _age(asset.created, now) is None:
        return "unknown_age", "Its creation time is in the future."
    if not asset.ended:
        return "in_progress", "It is in a transitional state."
    return None


def _needed_by_machine(asset: Asset, facts: _Facts) -> tuple[str, str] | None:
    if asset.machine in facts.machines:
        return "machine_exists", f"Instance {asset.machine} still exists."
    if asset.kind == "image" and asset.id in facts.used_images:
        return "image_in_use", "An instance was made from it and still exists."
    if asset.kind == "image" and facts.silent_machine:
        return "unreadable", f"The image of instance {facts.silent_machine} is unknown, so it may be this one."
    return None


def _needed_by_campaign(asset: Asset, facts: _Facts) -> tuple[str, str] | None:
    held, campaign = facts.unfinished, asset.campaign
    if campaign in held.campaigns or asset.machine in held.machines or asset.id in held.backups:
        return "campaign_unfinished", "The record of an unfinished campaign needs it."
    if campaign in facts.busy_campaigns:
        return "campaign_unfinished", f"A backup of campaign {campaign} is still being made or deleted."
    if campaign in facts.living_campaigns:
        return "campaign_unfinished", f"Instance {facts.living_campaigns[campaign]} of campaign {campaign} still exists."
    return None


def _tied(asset: Asset, facts: _Facts) -> tuple[str, str] | None:
    if not asset.images:
        return None
    if asset.kind == "snapshot":
        return "belongs_to_image", f"It belongs to {first_of(asset.images, SHOWN)}, and can only be deleted with it."
    return "shared_snapshots", f"It shares a snapshot with {first_of(asset.images, SHOWN)}."


def _too_young(asset: Asset, now: datetime | None, days: int) -> tuple[str, str] | None:
    age = _days(asset, now)
    return ("too_young", f"It is {age:.1f} days old, not more than {days}.") if age <= days else None


def _last(asset: Asset, now: datetime | None, rules: Rules, facts: _Facts) -> tuple[str, str] | None:
    """Whether it holds the last proven data of a disk. Only a newer proven one of its kind takes its place."""
    others = facts.newer.get((asset.kind, asset.machine), ())
    newer = [each for each in others if each.order > asset.order]
    alone = asset.holds - frozenset(disk for each in newer for disk in each.holds)
    if not alone:
        return None
    text = f"It is the last proven {asset.kind} of {first_of(sorted(alone), SHOWN)} of an instance that is gone"
    if rules.last_days is None:
        return "last_backup", f"{text}; expire_backups_last_days is not set."
    if _days(asset, now) <= rules.last_days:
        return "last_backup", f"{text}, and not more than {rules.last_days} days old."
    return None


def _proven_gone(verdict: Verdict, machines: Collection[str], disks: Collection[str]) -> Verdict:
    asset = verdict.asset
    if asset.machine != NO_INSTANCE and asset.machine not in machines:
        return verdict.kept("machine_exists", f"The service does not confirm that instance {asset.machine} is gone.")
    if asset.kind == "snapshot" and asset.origin not in disks:
        return verdict.kept("disk_exists", f"The service does not confirm that its disk {asset.origin} is gone.")
    return verdict


def _gated(verdict: Verdict, row: Row | None) -> Verdict:
    if row is None:
        return verdict.kept("blocked", "The last read before the deletion does not show it.")
    if row["status"] == "absent" and row["action"] == "none":
        return verdict.kept("blocked", "It is already gone.")
    texts = [str(each["message"]) for each in row.get("blockers") or ()]
    error = row.get("error") or {}
    # Where one is blocked the module would delete none, so that the others are not reported as deleted here.
    if row["action"] in ("deleted", "none") and not texts and not error:
        return verdict
    return verdict.kept(
        "blocked", " ".join(texts) or str(error.get("message") or ("The last read before the deletion refuses it."))
    )


def _age(created: datetime, now: datetime | None) -> timedelta | None:
    """How old it is, None where that is not known or cannot be."""
    if now is None or now - created < -CLOCK_TOLERANCE:
        return None
    return now - created


def _days(asset: Asset, now: datetime | None) -> float:
    """How old it is in days, 0 where that is not known: then it stays."""
    if asset.created is None or now is None:
        return 0.0
    return (now - asset.created) / timedelta(days=1)


def unfinished_of(records: Iterable[Any]) -> Unfinished:
    """What the records of campaigns that are open, or whose last run did not end, still need."""
    open_ones = [record for record in records if record.open or any(not run.get("ended") for run in record.runs)]
    rows = [row for record in open_ones for row in record.machines.values()]
    return Unfinished(
        campaigns=frozenset(record.campaign for record in open_ones),
        machines=frozenset(str(row["instance_id"]) for row in rows),
        backups=frozenset(str(backup["id"]) for row in rows for backup in row["backups"] if backup.get("id")),
    )
