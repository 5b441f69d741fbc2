# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The beginning of a run: a new campaign, or the rest of one that was not finished."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ....module_utils._api.errors import InputError
from ..input.decommission_variables import PARSERS, PREFIX, Options, parse_options
from ..state.digest import COVERED, changed_options, covered_options, options_text
from ..state.record import Record, new_campaign, stamp
from ..state.store import Store


def open_campaign(store: Store, options: Options, now: datetime, token: str, *, preview: bool) -> tuple[Record, bool]:
    """The record to work on, saved, and whether it is one that is resumed. `token` tells this run from others.

    A preview works in a folder of its own, with copies of what is in the real one. Raises `InputError` if an unfinished campaign
    is in the way that is not the one that is asked for.
    """
    _prepare_folder(store, options, preview=preview)
    old = store.load()
    resumed = old is not None and _is_resumed(old, options)
    if old is not None and resumed:
        record = old
        # Read now, so that a damaged one ends the run before anything is touched.
        store.manifest()
        _note_resumed(record, options)
    else:
        record = _new(options, now, token)
        if old is not None or store.has_files:
            # Files without a record are of a campaign whose record was moved away. Its manifest may be all that leads to backups.
            store.move_aside(old.campaign if old is not None else f"before-{record.campaign}")
        record.add_note(_why_new(options, old))
        record.repeats = _gone_before(record, options, old)
    _begin_run(record, options, now, token)
    record.preview = preview
    store.save(record)
    return record, resumed


def check_run(record: Record | None, token: str, *, preview: bool) -> Record:
    """The record, if it is this run's still. Raises `InputError` if not, and if this stage is no part of what was begun."""
    if record is None:
        raise InputError("The record of the campaign is gone, so nothing more is done: run again.")
    if record.run != token:
        raise InputError(f"Another run has taken over campaign {record.campaign}, so this one does nothing more.")
    if record.runs[-1]["ended"]:
        raise InputError(f"This run of campaign {record.campaign} has ended, so nothing more is done: begin with the stage plan.")
    if record.preview != preview:
        raise InputError(
            f"Campaign {record.campaign} was planned {'in' if record.preview else 'without'} check mode, but this stage runs "
            f"{'without' if record.preview else 'in'} it, so nothing was done: run all stages in the same mode."
        )
    return record


def options_of(record: Record) -> Options:
    """The options that a record was last run with."""
    values = {("state" if name == "kind" else name): value for name, value in record.options.items()}
    options = parse_options({**dict.fromkeys(PARSERS), **{name: value for name, value in values.items() if name in PARSERS}})
    name = record.options.get("name")
    # What quotes were typed around it are gone already; others belong to it.
    return replace(options, name=name) if isinstance(name, str) else options


def _prepare_folder(store: Store, options: Options, *, preview: bool) -> None:
    lasting = Store(options.report_dir) if options.report_dir else None
    if lasting is not None and preview:
        lasting.check_writable(f"{PREFIX}report_dir")
        if lasting.plan.has_record:
            raise InputError(
                f"{lasting.plan.folder} contains another campaign, but the plan would be written there: use another directory "
                f"for {PREFIX}report_dir."
            )
        store.copy_from(lasting)
    elif lasting is not None:
        lasting.create(f"{PREFIX}report_dir")


def _note_resumed(record: Record, options: Options) -> None:
    record.add_note(f"Resumed: campaign {record.campaign} of {len(record.instance_ids)} instances, started at {record.began}.")
    changed = changed_options(options.shown, record.options)
    names = [name for name in COVERED[options.kind] if name in changed]
    if names:
        text = "; ".join(f"{PREFIX}{name} was {changed[name][1]} and is {changed[name][0]}" for name in names)
        record.add_note(f"Changed since the previous run: {text}.")


def _begin_run(record: Record, options: Options, now: datetime, token: str) -> None:
    record.run = token
    record.options = options.shown
    record.problem, record.outcome, record.tried = "", "unfinished", 0
    # A run that was killed ended at the latest when the next thing was noted.
    for run in record.runs:
        run["ended"] = run["ended"] or record.last or run["began"]
        run["outcome"] = run["outcome"] or "interrupted"
    record.runs.append({"began": stamp(now), "ended": None, "outcome": None})
    record.last = stamp(now)


def _is_resumed(old: Record, options: Options) -> bool:
    if not old.open or not old.frozen:
        return False
    if options.campaign and options.campaign != old.campaign:
        return False
    same_region = not options.region or options.region == old.region
    if old.kind == options.kind and old.identity == options.identity and same_region:
        if options.digest and options.digest != old.digest:
            raise InputError(
                f"{PREFIX}report_dir contains the unfinished campaign {old.campaign} with digest {old.digest} instead of the "
                f"approved {options.digest}, so nothing was changed: finish it without {PREFIX}digest, or set {PREFIX}campaign "
                "to another name."
            )
        if options.digest:
            _refuse_other_options(old, options)
        return True
    raise InputError(
        f"{PREFIX}report_dir contains the unfinished campaign {old.campaign} of {len(old.instance_ids)} instances in "
        f"{old.region}, which was started with another selection, state or region: finish it with its own variables, set "
        f"{PREFIX}campaign to another name, or use another directory."
    )


def _refuse_other_options(old: Record, options: Options) -> None:
    changed = changed_options(covered_options(options), old.approval["options"])
    if changed:
        raise InputError(
            f"{PREFIX}report_dir contains the unfinished campaign {old.campaign}, and {options_text(changed)}, so nothing was "
            "changed: run it with the approved values."
        )


def _new(options: Options, now: datetime, token: str) -> Record:
    name = options.campaign or new_campaign(options.kind, now, token[:4])
    return Record(campaign=name, kind=options.kind, identity=options.identity, began=stamp(now))


def _gone_before(record: Record, options: Options, old: Record | None) -> list[str]:
    """The machines that the finished campaign before left as gone, if it was of the same selection."""
    if old is None or old.open or (old.kind, old.identity) != (record.kind, record.identity):
        return []
    if options.region and options.region != old.region:
        return []
    return [each for each, row in old.machines.items() if row["status"] == "absent"] or old.repeats


def _why_new(options: Options, old: Record | None) -> str:
    if not options.report_dir:
        return "A new campaign. Without a directory for its record it cannot be resumed."
    if old is None:
        return "A new campaign, because no record of an unfinished one was found."
    return (
        f"A new campaign, because the previous one, {old.campaign}, was {'abandoned' if old.open and old.frozen else 'finished'}."
    )
