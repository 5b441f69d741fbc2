# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook find_idle found, as the content of idle.json (docs/idle.schema.json). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ....module_utils._fleet.idle.verdict import Thresholds
from ..._language.text import Text, money, say
from ..report.content import COLLECTION_VERSION
from ..state.record import stamp
from ..steps.find_idle import IdleChoice, totals_of

FORMAT = "jdcloud.cloud/idle/1"
PLACE = ("window", "monitor_unread", "costs")
"""What is known of a region as a whole."""


def idle_report(
    choice: IdleChoice, looks: Sequence[Mapping[str, Any]], options: Mapping[str, Any], began: datetime, ended: datetime
) -> dict[str, Any]:
    """The report. `looks` are results of `jdcloud_vm_idle_info`, `options` those of the reader `find_idle`."""
    return {
        "format": FORMAT,
        "collection": COLLECTION_VERSION,
        "began": stamp(began),
        "ended": stamp(ended),
        "regions": [_region(look) for look in looks],
        "options": _options(options),
        "totals": totals_of(choice.rows),
        "to_mark": dict(choice.to_mark),
        "instances": list(choice.rows),
    }


def cost_of(totals: Mapping[str, Any]) -> Text:
    """What the candidates cost a month, as far as prices are known."""
    amount = totals["monthly_cost"]
    if amount is None:
        return say("idle.cost.unknown")
    cost = say("idle.cost", amount=money(amount, "CNY"))
    return say("idle.cost.unpriced", cost=cost, n=totals["unpriced"]) if totals["unpriced"] else cost


def _region(look: Mapping[str, Any]) -> dict[str, Any]:
    account, counts = look["account"], look["summary"]
    return {
        "region": account["region"],
        "account": {name: account.get(name) for name in ("source", "access_key_suffix", "pin", "account_id")},
        **{name: look[name] for name in PLACE},
        "api_calls": counts["api_calls"],
    }


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that decide, the arguments of the module with its defaults among them."""
    given = {name: options[name] for name in ("exclude", "mark", "max_instances", "on_too_many", "tag_key", "language")}
    defaults = asdict(Thresholds())
    defaults["minimum_age_days"] = options["look"].get("window_days", defaults["window_days"])
    return {**defaults, **options["look"], **given}
