# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stage `expire`: deletes images and snapshots of finished campaigns after some days, and says why each other stays.

All regions are read before anything is deleted anywhere, and nothing is kept between two runs: each one looks at what is there.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ....module_utils._api.errors import InputError, first_of
from ....module_utils._api.model.times import parse_time
from ....module_utils._fleet.evidence.marker import NO_INSTANCE
from ..output.expired import expired_lines
from ..state.lock import Lock, holder_of
from ..state.record import Record, stamp
from ..state.store import JOURNAL, RECORD, Store
from ..steps import expire as steps
from ..steps.expire import SHOWN, Listing, Rules, Verdict
from .campaign import Modules, Result
from .choose import NO_VERDICT

REPORT_FORMAT = "jdcloud.cloud/expired/1"


@dataclass(slots=True)
class Expiry:
    """One run. `given` is what the reader `expire_backups` made of the variables; `store` is the report folder, or one that ends
    with the run where no report is wanted. `process` is the number of the one that runs it, 0 for this one."""

    given: Mapping[str, Any]
    modules: Modules
    store: Store
    clock: Callable[[], datetime]
    preview: bool
    process: int = 0

    def look(self, module: str, arguments: Mapping[str, Any], region: str) -> Result:
        """What a module reads, or would do. Nothing is changed."""
        return self._execute(module, arguments, region, check_mode=True)

    def do(self, module: str, arguments: Mapping[str, Any], region: str) -> Result:
        """Let a module delete; in a preview it says what it would delete."""
        return self._execute(module, arguments, region, check_mode=self.preview)

    def _execute(self, module: str, arguments: Mapping[str, Any], region: str, *, check_mode: bool) -> Result:
        place = {"region": region} if region else {}
        journal = str(self.store.path(JOURNAL))
        return self.modules.execute(module, {**place, **arguments}, check_mode=check_mode, journal_path=journal)


def expire(run: Expiry) -> Result:
    """Delete what may go. Returns counts, a few sentences, whether the task fails, and the report.

    Raises `InputError` if anything cannot be read, more may go than is allowed at once, or another night is under way; then
    nothing was deleted.
    """
    if not run.given["report_dir"]:
        return _expire(run)
    run.store.create("expire_backups_report_dir")
    lock = Lock(run.store.folder, holder_of(run.process or os.getpid(), stamp(run.clock()), secrets.token_hex(8)))
    # Two at once could delete twice as many as one may.
    lock.take()
    try:
        with lock.kept_alive():
            return _expire(run)
    finally:
        lock.release()


def _expire(run: Expiry) -> Result:
    began, given = run.clock(), run.given
    rules = Rules(given["days"], given["last_days"], given["campaigns"])
    records = {folder: records_in(folder) for folder in given["record_dirs"]}
    unfinished = steps.unfinished_of(record for found in records.values() for record in found)
    listings = {listing.region: listing for listing in (_listing(run, region) for region in given["regions"])}
    verdicts = [verdict for listing in listings.values() for verdict in steps.judge(listing, rules, unfinished)]
    chosen = steps.choose(verdicts, given["max"], on_too_many=given["on_too_many"])
    if any(verdict.may_go for verdict in chosen):
        # Backups without any record look like a volume that is not mounted.
        for folder in (each for each, found in records.items() if not found):
            raise _unknown(folder, "contains no record of a campaign")
    checked = [verdict for region in listings for verdict in _checked(run, region, chosen)]
    path = _write(run, began, checked, {}, ended=False)
    done = {region: _delete(run, region, checked) for region in listings}
    outcomes = {key: outcome for each in done.values() for key, outcome in each.items()}
    _write(run, began, checked, outcomes, ended=True)
    return _result(run, checked, outcomes, path)


def records_in(folder: str) -> list[Record]:
    """The records of all campaigns below a folder. Raises `InputError` for a folder or record that cannot be read."""
    return [record for place in _places_of_records(folder) if (record := Store(place).load()) is not None]


def _places_of_records(folder: str) -> Iterator[str]:
    """The folders below one that hold a record, also behind links: records may be where there is room for them."""

    def refuse(error: OSError) -> None:
        raise _unknown(str(error.filename), f"cannot be read ({error.strerror})") from error

    seen = set()
    for place, below, files in os.walk(folder, onerror=refuse, followlinks=True):
        links = [path for path in (os.path.join(place, name) for name in files) if os.path.islink(path)]
        try:
            # A link that leads nowhere may have led to records.
            found, *_targets = [os.stat(path) for path in (place, *links)]
        except OSError as error:
            raise _unknown(str(error.filename), f"cannot be read ({error.strerror})") from error
        if (found.st_dev, found.st_ino) in seen:
            # A link back to where this began.
            below.clear()
        elif RECORD in files:
            yield place
        seen.add((found.st_dev, found.st_ino))


def _unknown(place: str, why: str) -> InputError:
    return InputError(
        f"expire_backups_record_dirs: {place} {why}, so the unfinished campaigns are unknown and nothing was deleted: correct "
        "the path."
    )


def _listing(run: Expiry, region: str) -> Listing:
    images = _read(run, "jdcloud_image_info", {}, region)
    snapshots = _read(run, "jdcloud_snapshot_info", {}, region)
    # Last, so that a machine that was made of an image meanwhile is among them.
    machines = _read(run, "jdcloud_vm_info", NO_VERDICT, region)
    times = [parse_time(result.get("service_time")) for result in (images, snapshots)]
    now = None if None in times else min(time for time in times if time is not None)
    name = str((images.get("account") or {}).get("region") or region)
    steps.check_clocks(name, now, run.clock())
    return Listing(name, images["images"], snapshots["snapshots"], machines["instances"], now)


def _read(run: Expiry, module: str, arguments: Mapping[str, Any], region: str) -> Result:
    result = run.look(module, arguments, region)
    if result.get("failed"):
        raise InputError(f"Nothing was deleted, because the backups could not be read: {result.get('msg')}")
    return result


def _checked(run: Expiry, region: str, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts of a region after machines, disks and the gate of the deletion were asked once more."""
    here = [each for each in verdicts if each.region == region]
    going = [each.asset for each in here if each.may_go]
    if not going:
        return here
    machines = sorted({asset.machine for asset in going} - {NO_INSTANCE})
    disks = sorted({str(asset.origin) for asset in going if asset.kind == "snapshot"})
    here = steps.after_proof(here, _gone_machines(run, region, machines), _gone_disks(run, region, disks))
    for kind in ("image", "snapshot"):
        ids = _ids(here, kind)
        if ids:
            looked = run.look(f"jdcloud_{kind}", _deletion(kind, ids), region)
            here = steps.after_gate(here, kind, looked.get(f"{kind}s") or [])
    return here


def _gone_machines(run: Expiry, region: str, ids: Sequence[str]) -> set[str]:
    """Those of the machines of which the service says, one by one, that they do not exist."""
    if not ids:
        return set()
    found = _read(run, "jdcloud_vm_info", {"instance_ids": list(ids), **NO_VERDICT}, region)
    if int(found["summary"]["not_found"]) != len(ids) - len(found["instances"]):
        return set()
    return set(ids) - {str(row["instance_id"]) for row in found["instances"]}


def _gone_disks(run: Expiry, region: str, ids: Sequence[str]) -> set[str]:
    if not ids:
        return set()
    looked = run.look("jdcloud_disk", {"state": "absent", "disk_ids": list(ids), "on_blocked": "skip"}, region)
    return {str(row["disk_id"]) for row in looked.get("disks") or () if row["status"] == "absent" and row["action"] == "none"}


def _ids(verdicts: Sequence[Verdict], kind: str) -> list[str]:
    return [each.asset.id for each in verdicts if each.may_go and each.asset.kind == kind]


def _deletion(kind: str, ids: Sequence[str]) -> Result:
    # The snapshots of an image have no use without it, and would go on being billed.
    more = {"delete_snapshots": True} if kind == "image" else {}
    return {"state": "absent", f"{kind}_ids": list(ids), f"max_{kind}s": len(ids), **more}


def _delete(run: Expiry, region: str, verdicts: Sequence[Verdict]) -> dict[tuple[str, str], Result]:
    """What became of each one that was to go, by region and id."""
    here = [each for each in verdicts if each.region == region]
    outcomes: dict[tuple[str, str], Result] = {}
    for kind in ("image", "snapshot"):
        ids = _ids(here, kind)
        if not ids:
            continue
        result = run.do(f"jdcloud_{kind}", _deletion(kind, ids), region)
        rows = {str(row[f"{kind}_id"]): row for row in result.get(f"{kind}s") or ()}
        outcomes.update({(region, each): _outcome(rows.get(each), str(result.get("msg") or "")) for each in ids})
    return outcomes


def _outcome(row: Mapping[str, Any] | None, message: str) -> Result:
    if row is None:
        return {"action": "failed", "message": message or "The result of its deletion is unknown."}
    if row["action"] == "deleted":
        return {"action": "deleted", "message": ""}
    if row["status"] == "absent":
        return {"action": "none", "message": "It was already gone."}
    texts = [str((row.get("error") or {}).get("message") or ""), *(str(each["message"]) for each in row.get("blockers") or ())]
    return {"action": "failed", "message": " ".join(filter(None, texts)) or message}


def _write(
    run: Expiry, began: datetime, verdicts: Sequence[Verdict], outcomes: Mapping[tuple[str, str], Result], *, ended: bool
) -> str:
    """Write the report, before anything is deleted and after. Returns its path, '' if none is wanted."""
    if not run.given["report_dir"]:
        return ""
    report = {
        "format": REPORT_FORMAT,
        "check_mode": run.preview,
        "began": stamp(began),
        "ended": stamp(run.clock()) if ended else None,
        "options": {name: run.given[name] for name in ("days", "last_days", "max", "on_too_many", "campaigns")},
        "backups": [_row(each, outcomes.get((each.region, each.asset.id)), ended=ended) for each in verdicts],
    }
    place = run.store
    if run.preview:
        place = Store(str(run.store.path("plan")))
        place.create("expire_backups_report_dir")
    name = f"expired-{began.astimezone(UTC):%Y%m%d-%H%M%S}.json"
    place.write_json(name, report)
    return str(place.path(name))


def _row(verdict: Verdict, outcome: Mapping[str, Any] | None, *, ended: bool) -> Result:
    asset = verdict.asset
    action = "kept" if verdict.reason else (outcome or {}).get("action") or ("failed" if ended else "begun")
    return {
        "region": verdict.region,
        "type": asset.kind,
        "id": asset.id,
        "instance_id": asset.machine,
        "campaign": asset.campaign,
        "created": None if asset.created is None else stamp(asset.created),
        "action": action,
        "reason": verdict.reason,
        "message": verdict.message or (outcome or {}).get("message") or "",
    }


def _result(run: Expiry, verdicts: Sequence[Verdict], outcomes: Mapping[tuple[str, str], Result], path: str) -> Result:
    actions = [outcome["action"] for outcome in outcomes.values()]
    failed = {key[1]: outcome for key, outcome in outcomes.items() if outcome["action"] == "failed"}
    reasons: dict[str, int] = {}
    for verdict in verdicts:
        if verdict.reason:
            reasons[verdict.reason] = reasons.get(verdict.reason, 0) + 1
    deleted, word = actions.count("deleted"), "would be" if run.preview else "were"
    text = [f"{deleted} of {len(verdicts)} backups of this collection {word} deleted."]
    if reasons:
        text.append(f"Kept: {', '.join(f'{number} {reason}' for reason, number in sorted(reasons.items()))}.")
    if failed:
        text.append(f"Failed: {first_of(_named(failed), SHOWN)}.")
    text += [f"Report: {path}"] if path else []
    return {
        "changed": bool(deleted),
        "message": " ".join(text),
        "lines": expired_lines(
            *(deleted, len(verdicts), reasons, _named(failed), path),
            preview=run.preview,
            language=run.given["language"],
        ),
        "fails": bool(failed),
        "deleted": deleted,
        "kept": reasons,
        "failed_ids": sorted(failed),
        "report_path": path,
    }


def _named(failed: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The backups that failed, each with why."""
    return [f"{each} ({outcome['message'].rstrip('.')})" for each, outcome in failed.items()]
