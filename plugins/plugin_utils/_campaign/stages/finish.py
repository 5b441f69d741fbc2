# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stage `finish`: what an earlier run owes, what is left, the bill, and the report."""

from __future__ import annotations

from ..report.costs import billed_ids
from ..steps import finish as steps
from . import lines
from .campaign import Campaign, Result
from .wave import release


def finish(campaign: Campaign) -> Result:
    """Judge the run, and write the report. Its outcome, the last sentence, whether the role fails, and the report."""
    record, options = campaign.record, campaign.options
    campaign.place = "end"
    bill = None
    if options.kind == "absent":
        if not campaign.preview:
            # Of all waves, also of a run that was killed. Nothing more is sent for a run that was refused or stopped.
            if not record.problem:
                release(campaign, None, steps.owed(record, options))
            _verify(campaign)
        bill = _bill(campaign)
    outcome = steps.finish(record, options, campaign.now, preview=campaign.preview)
    campaign.save()
    written = campaign.write_report(outcome, bill)
    path = written["report_path"]
    message = f"{outcome['message']} Report: {path}" if path else outcome["message"]
    shown = lines.of_finish(campaign, written["report"], path)
    return {"outcome": outcome["outcome"], "message": message, "fails": outcome["failed"], "lines": shown, **written}


def _verify(campaign: Campaign) -> None:
    """Read once more what may be left. Nothing is released here."""
    left = steps.to_verify(campaign.record)
    arguments = {**campaign.options.connection_arguments, "state": "absent", "on_blocked": "skip"}
    results = []
    if left["elastic_ip_ids"]:
        results.append(campaign.look("jdcloud_elastic_ip", {**arguments, "elastic_ip_ids": left["elastic_ip_ids"]}))
    if left["disk_ids"]:
        results.append(campaign.look("jdcloud_disk", {**arguments, "disk_ids": left["disk_ids"]}))
    if results:
        steps.verify(campaign.record, results, campaign.now)


def _bill(campaign: Campaign) -> Result | None:
    """The bill of the last month. Without the right to read it, the report says so."""
    ids = billed_ids(campaign.record.machines.values())
    if not campaign.options.bill or not ids:
        return None
    return campaign.look("jdcloud_bill_info", {**campaign.options.connection_arguments, "resource_ids": ids})
