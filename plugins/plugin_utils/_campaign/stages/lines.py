# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a campaign at work shows after each stage, and when it is interrupted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ....module_utils._fleet.prices import from_prices
from ..output import lines
from ..output.progress import speaker_of
from ..state.sent_writes import write_row
from ..state.store import PLAN, TABLE
from .campaign import Campaign


def of_plan(campaign: Campaign, look: Iterable[Mapping[str, Any]] = ()) -> list[str]:
    """The plan as a short table. `look` is what was planned for each machine."""
    record, folder = campaign.record, campaign.options.report_dir
    if campaign.resumed and not campaign.left_to_do:
        return [lines.resume_line(record)]
    speak = speaker_of(record)
    where = speak("plan.no_file")
    if folder:
        where = str(Path(folder, PLAN, TABLE) if campaign.preview else Path(folder, TABLE))
    rows = lines.plan_rows(record, look)
    texts = {"where": where, "approve": campaign.caller.approve(record.digest or "", speak)}
    prices = campaign.options.prices
    price = from_prices(prices) if prices else None
    return lines.plan_lines(record, rows, preview=campaign.preview, resumed=campaign.resumed, price=price, **texts)


def of_wave(campaign: Campaign, number: int) -> list[str]:
    """What became of a wave."""
    return lines.wave_lines(campaign.record, number)


def of_finish(campaign: Campaign, report: Mapping[str, Any], path: str) -> list[str]:
    """How the run ended, and how to go on."""
    return lines.finish_lines(report, path=path, go_on=campaign.caller.resume(speaker_of(campaign.record)))


def of_interruption(campaign: Campaign) -> list[str]:
    """What was sent, and how to go on."""
    campaign.read_journal()
    lasts = bool(campaign.options.report_dir) and not campaign.preview
    writes = [write_row(each) for each in campaign.writes]
    go_on = campaign.caller.resume(speaker_of(campaign.record))
    return lines.interrupted_lines(campaign.record, writes, lasts=lasts, go_on=go_on)
