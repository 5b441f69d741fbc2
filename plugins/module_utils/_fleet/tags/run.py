# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run that changes tags of machines, disks and elastic IPs: judge all, then change those that may, or nothing."""

from __future__ import annotations

from ..._api.dispatch.dispatcher import Dispatcher
from .plan import TagOptions, WantedTags, change_of, tag_blockers
from .record import TagRun
from .targets import TagTargets, find_targets
from .write import TagWriter


def change_tags(dispatcher: Dispatcher, targets: TagTargets, wanted: WantedTags, options: TagOptions) -> TagRun:
    """Do it. Raises `JdcloudError` before anything is changed if something cannot be read."""
    run = TagRun(find_targets(dispatcher, targets))
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
