# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stage `plan`: look, plan the backups, plan the deletion, freeze the list, and cut it into waves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..input.decommission_variables import UNSURROUNDED
from ..steps import plan as steps
from ..steps.wave import keep_look
from . import lines
from .campaign import Campaign, Result
from .choose import choose, without_excluded
from .mark import plan_tags


def plan(campaign: Campaign) -> Result:
    """The waves in which something is to be done. Nothing is changed in the cloud."""
    campaign.place = "plan"
    if campaign.options.kind != "absent":
        planned = plan_tags(campaign)
        return {**planned, "lines": lines.of_plan(campaign)}
    # A campaign that is resumed looks at nothing but what is left of its list.
    if campaign.resumed and not campaign.left_to_do:
        return {"waves": [], "lines": lines.of_plan(campaign)}
    looked_at = campaign.now
    look = without_excluded(campaign, campaign.look("jdcloud_vm", _selection(campaign)))
    candidates = steps.freeze(campaign.record, look)["candidates"]
    campaign.record.problem = "" if campaign.resumed else steps.nothing_selected(campaign.record, campaign.options, look)
    if campaign.record.problem:
        return {"waves": [], "lines": lines.of_plan(campaign)}
    backup: Result = {}
    # Its calls are counted already.
    planned = {**look, "summary": {}}
    if campaign.options.backup != "none":
        if candidates:
            backup = campaign.look("jdcloud_vm_backup", {**planned_backup_arguments(campaign, candidates), **UNSURROUNDED})
        if look["instances"]:
            ids = [each["instance_id"] for each in look["instances"]]
            looked_at = campaign.now
            planned = campaign.look("jdcloud_vm", _with_backups(campaign, ids, backup))
    record, options, approved = campaign.record, campaign.options, campaign.approved
    result = steps.plan(record, options, planned, backup, campaign.now, preview=campaign.preview, approved=approved)
    waves = result["waves"] if result["go"] else []
    if waves and not campaign.preview:
        first = record.wave(waves[0]["number"])
        keep_look(record, options, first, planned, looked_at)
    campaign.changed = campaign.preview and bool(planned.get("changed") or waves)
    return {"waves": waves, "lines": lines.of_plan(campaign, planned["instances"])}


def _selection(campaign: Campaign) -> Result:
    options = campaign.options
    if campaign.resumed:
        ids = campaign.left_to_do
        selected = {**options.scope_arguments, "instance_ids": ids, "max_instances": len(ids), **_agreed(campaign, ids)}
    else:
        selected = choose(campaign)
    return {
        **selected,
        **options.deletion_arguments,
        # With backups, another look follows, with which the plan is made.
        **(options.planning_arguments if options.backup == "none" else UNSURROUNDED),
        "state": "absent",
        "stop_running": options.stop_running,
        "on_blocked": "skip",
    }


def _agreed(campaign: Campaign, ids: list[str]) -> Result:
    """The bound of an approval, where a campaign goes on. Without one, what this plan shows is agreed to by running it."""
    return campaign.may_lose(ids) if campaign.resumed and campaign.options.digest else {}


def _with_backups(campaign: Campaign, ids: list[str], backup: Mapping[str, Any]) -> Result:
    options = campaign.options
    return {
        **options.scope_arguments,
        **options.deletion_arguments,
        **options.planning_arguments,
        "state": "absent",
        "instance_ids": ids,
        "max_instances": len(ids),
        "require_backup": options.backup,
        "backup_max_age": options.backup_max_age,
        **_agreed(campaign, ids),
        "planned_backups": (backup.get("manifest") or {}).get("machines") or [],
        "on_blocked": "skip",
    }


def planned_backup_arguments(campaign: Campaign, ids: list[str]) -> Result:
    """The arguments of the backups of some machines."""
    options = campaign.options
    return {
        # What lost the tag that chose it is not even stopped.
        **options.scope_arguments,
        "instance_ids": ids,
        "max_instances": len(ids),
        "method": options.backup,
        "stop_running": options.stop_running,
        **options.surroundings_arguments,
        "start_again": False,
        "on_blocked": "skip",
        # So that all reasons of all machines are known; whether a shortfall ends the campaign is decided by the plan.
        "on_shortfall": "fit",
        "max_age": options.reuse_age,
        "campaign": campaign.record.campaign,
        "reuse": "any",
        "wait_timeout": options.backup_timeout,
        # A stop that hangs must not wait as long as an image may take.
        "stop_timeout": options.wait_timeout,
        "poll_interval": options.poll_interval,
    }
