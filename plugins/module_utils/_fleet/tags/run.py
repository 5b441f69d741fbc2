# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run that changes tags of machines, disks and elastic IPs: judge all, then change those that may, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._api.dispatch.dispatcher import Dispatcher
from ..common.failure import Failure
from ..common.selection import Selection
from ..machines.find import find_to_change
from .plan import TaggedKind, TagOptions, WantedTags, change_of, tag_blockers
from .record import TagRecord, TagRun
from .write import TagWriter, read_tagged


@dataclass(frozen=True, slots=True)
class TagTargets:
    """What is to be tagged. `cap` None: the default of the selection."""

    selection: Selection | None
    disk_ids: Sequence[str] = ()
    elastic_ip_ids: Sequence[str] = ()
    cap: int | None = None


def change_tags(dispatcher: Dispatcher, targets: TagTargets, wanted: WantedTags, options: TagOptions) -> TagRun:
    """Do it. Raises `JdcloudError` before anything is changed if something cannot be read."""
    run = TagRun(_find_targets(dispatcher, targets))
    for record in run.records:
        if record.before is None or record.blockers:
            continue
        record.blockers = tuple(tag_blockers(record.before, wanted, options.protect_tags))
        record.to_change = not record.blockers and not change_of(record.before, wanted).empty
    run.held_back = not options.skip_blocked and any(record.blockers or record.failure for record in run.records)
    if not run.held_back and not options.preview:
        for kind in options.service_codes:
            writer = TagWriter(dispatcher, wanted, options, kind)
            writer.carry_out([record for record in run.records if record.to_change and record.kind == kind])
    return run


def _find_targets(dispatcher: Dispatcher, targets: TagTargets) -> list[TagRecord]:
    """A record for each resource that is meant; one that does not exist has failed. Raises `JdcloudError`."""
    records = _machines(dispatcher, targets.selection, targets.cap) if targets.selection is not None else []
    kinds: tuple[tuple[TaggedKind, Sequence[str]], ...] = (("disk", targets.disk_ids), ("elastic_ip", targets.elastic_ip_ids))
    for kind, ids in kinds:
        found = read_tagged(dispatcher, kind, ids) if ids else {}
        records += [TagRecord(kind, each, found.get(each), found.get(each)) for each in ids]
    for record in records:
        if record.before is None:
            record.failure = Failure("not_found", f"{record.resource_id} does not exist, so it cannot be tagged.")
    return records


def _machines(dispatcher: Dispatcher, selection: Selection, cap: int | None) -> list[TagRecord]:
    found = find_to_change(dispatcher, selection, cap)
    machines = {machine.instance_id: machine for machine in (*found.matched, *found.mismatched)}
    records = []
    for instance_id in selection.ids if selection.ids is not None else machines:
        machine = machines.get(instance_id)
        blockers = tuple(selection.mismatch_findings(machine)) if machine is not None else ()
        records.append(TagRecord("instance", instance_id, machine, machine, blockers))
    return records
