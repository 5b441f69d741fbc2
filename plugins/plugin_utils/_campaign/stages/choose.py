# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which machines are meant: lists and several names become ids by a look at all machines of the region, and exclusions go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....module_utils._api.errors import first_of
from ..input.choice import Entry, is_member, resolve
from ..input.decommission_variables import PREFIX, UNSURROUNDED
from ..state.ingest import ingest, refuse_early_end
from .campaign import Campaign, Result

SHOWN = 10
NO_VERDICT = {"protect_tags": {}, **UNSURROUNDED}
"""For a look that only lists machines: nothing is read to judge them by."""


def choose(campaign: Campaign) -> Result:
    """The arguments of a module that selects what is meant, where nothing is frozen yet."""
    options = campaign.options
    entries = [*options.listed, *(Entry("the name", name, column="name") for name in options.names)]
    if not entries:
        return options.selection_arguments
    arguments = {**options.connection_arguments, **NO_VERDICT, "disks": "keep"}
    seen = campaign.look("jdcloud_vm_info", arguments)
    ingest(campaign.record, {**seen, "instances": [{**each, "warnings": []} for each in seen.get("instances") or ()]})
    refuse_early_end(seen)
    if not seen["instances"] and campaign.record.repeats:
        # All of it is gone since the campaign before: the ids that it knew say so.
        return {**options.selection_arguments, "instance_ids": campaign.record.repeats}
    name = f"{PREFIX}{'list_file' if options.listed else 'name'}"
    return {**options.selection_arguments, "instance_ids": resolve(entries, seen["instances"], name)}


def without_excluded(campaign: Campaign, look: Mapping[str, Any]) -> Result:
    """A first look without what is excluded. What is excluded is named in the report, and so is what excludes nothing."""
    members, record = campaign.options.exclude, campaign.record
    if campaign.resumed or not members:
        return dict(look)
    rows = look.get("instances") or []
    out = [row for row in rows if is_member(members, row)]
    idle = [member for member in members if not any(is_member([member], row) for row in rows)]
    if out:
        named = [f"{row['instance_id']} ({row['name']})" if row.get("name") else row["instance_id"] for row in out]
        record.add_note(f"Excluded: {first_of(named, SHOWN)}.")
    # An approved list was made without what is excluded, and so was that of a clean-up.
    made_before = campaign.options.digest or (campaign.options.due_only and campaign.options.instance_ids)
    if idle and not made_before:
        text = (
            f"{PREFIX}exclude: {first_of(idle, SHOWN)} excluded nothing, because no selected instance has this id, name or tag."
        )
        record.add_note(text)
        campaign.warnings.append(text)
    kept = [row for row in rows if row not in out]
    # The message is about all of them.
    return {**look, "instances": kept, **({"msg": ""} if out else {})}
