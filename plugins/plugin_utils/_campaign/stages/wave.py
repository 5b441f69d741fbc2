# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stage `wave`: look again, write down the scope, tag it, stop, back up, prove, delete through the gate, release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..output.progress import place_of
from ..steps import finish
from ..steps import wave as steps
from ..steps.order import try_wave
from . import lines
from .campaign import Campaign, Result
from .mark import write_tags
from .plan import planned_backup_arguments
from .report import write_meanwhile

CAMPAIGN_TAG = "decommission-campaign"
"""The tag of disks and elastic IPs that outlive their machine: whoever finds one learns which campaign left it."""


def wave(campaign: Campaign, number: int) -> Result:
    """Do one wave, unless something stopped the campaign before. Returns whether the next one may begin."""
    if campaign.record.problem:
        return {"go": False, "lines": []}
    try_wave(campaign.record, number)
    campaign.place = place_of(campaign.record, number)
    if campaign.options.kind != "absent":
        return {**write_tags(campaign), "lines": lines.of_wave(campaign, number)}
    kept = steps.kept_look(campaign.record, number, campaign.clock())
    look = kept or _look(campaign, campaign.record.wave(number).instance_ids)
    begun = steps.begin_wave(campaign.record, campaign.options, number, look, campaign.now)
    ids = begun["instance_ids"] if _is_written_down(campaign, number, begun) else []
    if ids:
        ready = _back_up(campaign, number, ids)
        _delete(campaign, number, ready)
    result: Result = {"go": False}
    # Where its scope could not be written down, it is put back.
    has_begun = begun["begun"] and campaign.record.wave(number).state == "begun"
    if has_begun:
        result = steps.end_wave(campaign.record, campaign.options, number, campaign.now)
    campaign.save()
    write_meanwhile(campaign.store, campaign.record.run)
    go = result["go"] and not campaign.record.problem
    return {"go": go, "begun": has_begun, "lines": lines.of_wave(campaign, number)}


def release(campaign: Campaign, number: int | None, owed: Mapping[str, Sequence[str]]) -> None:
    """Release the elastic IPs and disks that were to go with their machines and are there still."""
    arguments = {
        **campaign.options.connection_arguments,
        **campaign.options.timing_arguments,
        "state": "absent",
        "protect_tags": campaign.options.protect_tags,
        "on_blocked": "skip",
    }
    results = []
    if owed["elastic_ip_ids"]:
        results.append(campaign.do("jdcloud_elastic_ip", {**arguments, "elastic_ip_ids": owed["elastic_ip_ids"]}))
    if owed["disk_ids"]:
        results.append(campaign.do("jdcloud_disk", {**arguments, "disk_ids": owed["disk_ids"]}))
    if results:
        finish.after_release(campaign.record, number, results, campaign.now)
        campaign.save()


def _look(campaign: Campaign, ids: list[str]) -> Result:
    """What the machines have, and what would become of them. The cap of the selection held for the whole list."""
    options = campaign.options
    scope = {"instance_ids": ids, "max_instances": len(ids), "stop_running": options.stop_running, "on_blocked": "skip"}
    scope |= campaign.may_lose(ids)
    return campaign.look("jdcloud_vm", {**options.scope_arguments, **options.deletion_arguments, "state": "absent", **scope})


def _is_written_down(campaign: Campaign, number: int, begun: Mapping[str, Any]) -> bool:
    """Save the scope, and write it on the disks and elastic IPs, too. Returns whether it lasts anywhere."""
    campaign.save()
    if campaign.record.problem or not begun["disk_ids"] + begun["elastic_ip_ids"]:
        return bool(begun["go"])
    tag = {CAMPAIGN_TAG: campaign.record.campaign}
    resources = {name: begun[name] for name in ("disk_ids", "elastic_ip_ids") if begun[name]}
    tagged = campaign.do("jdcloud_tag", {**campaign.options.connection_arguments, **resources, "protect_tags": {}, "set": tag})
    durable = bool(campaign.options.report_dir)
    noted = steps.after_mark(campaign.record, number, tagged, campaign.now, durable=durable)
    campaign.save()
    return bool(noted["go"])


def _back_up(campaign: Campaign, number: int, ids: list[str]) -> list[str]:
    """Stop and back up machines. Returns those with a proven backup that have not lost anything since."""
    if campaign.options.backup == "none":
        return ids
    arguments = planned_backup_arguments(campaign, ids)
    arguments["on_shortfall"] = "fit" if campaign.options.on_blocked == "skip" else "fail"
    done = campaign.do("jdcloud_vm_backup", arguments)
    manifest = done.get("manifest") or {}
    ready = steps.after_backup(campaign.record, number, manifest, str(done.get("msg") or ""), campaign.now)["instance_ids"]
    # Written before the first delete: the machines can be made again from it.
    campaign.store.add_manifest(manifest)
    campaign.save()
    # What was taken away while the machines were stopped and backed up is let go.
    unseen = steps.narrow_to_backup(campaign.record, campaign.options, done, ready)
    again = ready if steps.chooses_itself(campaign.record, campaign.options) else unseen
    if not again:
        return list(ready)
    looked = steps.before_delete(campaign.record, campaign.options, _look(campaign, again), again)
    going = {*looked["instance_ids"]}
    return [each for each in ready if each in going or each not in again]


def _delete(campaign: Campaign, number: int, ids: list[str]) -> None:
    options = campaign.options
    result: Result = {}
    if ids:
        scope = {
            "instance_ids": ids,
            "max_instances": len(ids),
            # Those with a backup are stopped by it.
            "stop_running": options.stop_running and options.backup == "none",
            "require_backup": options.backup,
            "backup_max_age": options.backup_max_age,
            "on_blocked": "skip",
            **campaign.may_lose(ids),
        }
        result = campaign.do("jdcloud_vm", {**options.scope_arguments, **options.deletion_arguments, "state": "absent", **scope})
    owed = steps.after_delete(campaign.record, options, number, result, campaign.now)
    campaign.save()
    release(campaign, number, owed)
