# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the stages `plan` and `wave` do for the states `mark` and `unmark`: one wave of tags, then stops or starts."""

from __future__ import annotations

from typing import Any

from ..steps import mark as steps
from ..steps.plan import nothing_selected
from ..steps.wave import chooses_itself
from .campaign import Campaign, Result
from .choose import choose, without_excluded


def plan_tags(campaign: Campaign) -> Result:
    """Look at what is selected and its tags, and decide who gets or loses which tag."""
    record, options = campaign.record, campaign.options
    if options.kind == "mark":
        # Only a look: what is really written is decided from it.
        look = _look(campaign, {"set": {options.tag_key: "preview"}})
        record.tag_plan = steps.plan_mark(record, options, look, campaign.now, campaign.approved)
    else:
        keys = [options.tag_key, steps.stopped_tag_key(options.tag_key)]
        look = _look(campaign, {"remove": keys, "protect_tags": {}})
        record.tag_plan = steps.plan_unmark(record, options, look, campaign.now, campaign.approved)
    record.problem = record.problem or nothing_selected(record, options, look)
    if record.problem:
        return {"waves": []}
    ids = [each for each, row in record.machines.items() if row["action"] in ("marked", "unmarked")]
    if not campaign.preview:
        return {"waves": [{"number": 1, "instance_ids": ids}] if ids else []}
    write_tags(campaign)
    return {"waves": []}


def write_tags(campaign: Campaign) -> Result:
    """Write what the plan decided, then stop what is marked, or start what the mark stopped and take that tag, too."""
    record, options = campaign.record, campaign.options
    # What takes a mark back is never held up by a protection.
    more: dict[str, Any] = {"protect_tags": {}} if options.kind == "unmark" else {}
    if not campaign.preview and chooses_itself(record, options):
        scope = _scope(campaign, steps.planned_ids(record))
        look = campaign.look("jdcloud_tag", {**scope, "set": {options.tag_key: "preview"}, **more})
        record.tag_plan = steps.hold_back(record, options, look)
    results = []
    for group in record.tag_plan["groups"]:
        tags = {name: group[name] for name in ("set", "remove") if name in group}
        results.append(campaign.do("jdcloud_tag", {**_scope(campaign, group["instance_ids"]), **tags, **more}))
    bad = steps.after_tags(record, results, campaign.now)["bad"]
    campaign.save()
    # A machine whose mark could not be written runs on, since no one would know why it stopped.
    power = [each for each in record.tag_plan["power"] if each not in bad or options.kind == "unmark"]
    if power:
        state = "stopped" if options.kind == "mark" else "running"
        more |= options.surroundings_arguments if state == "stopped" else {}
        arguments = {**_scope(campaign, power), **options.timing_arguments, "state": state, **more}
        bad = steps.after_power(record, campaign.do("jdcloud_vm", arguments), campaign.now)["bad"]
        campaign.save()
        started = [each for each in power if each not in bad]
        if started and record.tag_plan.get("last"):
            last = {**_scope(campaign, started), "remove": record.tag_plan["last"], **more}
            steps.after_tags(record, [campaign.do("jdcloud_tag", last)], campaign.now)
            campaign.save()
    return {"go": False, "begun": True}


def _look(campaign: Campaign, tags: Result) -> Result:
    on_blocked = campaign.options.on_blocked if campaign.options.kind == "mark" else "skip"
    return without_excluded(campaign, campaign.look("jdcloud_tag", {**choose(campaign), "on_blocked": on_blocked, **tags}))


def _scope(campaign: Campaign, ids: list[str]) -> dict[str, Any]:
    scope = {"instance_ids": ids, "max_instances": len(ids), "on_blocked": "skip"}
    return {**campaign.options.scope_arguments, **scope}
