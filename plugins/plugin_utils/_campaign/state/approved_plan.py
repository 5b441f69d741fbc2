# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a workflow hands from the plan to the job after the approval: checked, and cut into the shares of several jobs. Pure.

Raises `InputError`, one sentence. The plan is the variable `decommission_plan`, as the playbook decommission hands it over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ....module_utils._api.errors import InputError
from ..input.coerce import cap_of
from ..input.decommission_variables import KINDS, PARSERS, PREFIX, parse_options
from .digest import Approval, approval_from, changed_options, covered_options, options_text

PLAN = "decommission_plan"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REGION = re.compile(r"[a-z0-9-]+")
_ID = re.compile(r"[A-Za-z0-9_-]+")
_LOSS = re.compile(r"[A-Za-z0-9_-]+|local disk [A-Za-z0-9/_-]+")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
CLOCKS = 600
"""Seconds by which the clocks of two nodes may differ."""


def read_plan(values: Mapping[str, Any]) -> dict[str, Any]:
    """Check that the plan fits its digest, and that the variables of this job are those of the plan."""
    plan = _approved(values)
    cap = cap_of(values.get("max_instances"), f"{PREFIX}max_instances")
    count = len(plan.instance_ids)
    if cap is not None and count > cap:
        raise InputError(
            f"The approved list contains {count} instances, but {PREFIX}max_instances is {cap}, so nothing was changed: raise "
            "it, or plan and approve again."
        )
    if plan.instance_ids:
        given = {name: values.get(name) for name in PARSERS}
        scope = {"state": plan.kind, "region": plan.region, "instance_ids": list(plan.instance_ids)}
        changed = changed_options(covered_options(parse_options({**given, **scope})), plan.options)
        if changed:
            raise InputError(f"{options_text(changed)}, so nothing was changed: start again with a new plan.")
    return {"machines": count}


def read_share(values: Mapping[str, Any]) -> dict[str, Any]:
    """The machines of some lanes of a plan, in its order lane by lane, and the digest of just these.

    Canaries would not go first where other jobs work on other lanes meanwhile, so they are refused there.
    """
    plan = _approved(values)
    lanes, count = [int(each) for each in values["lanes"]], int(values["lane_count"])
    if not lanes or not all(1 <= lane <= count for lane in lanes):
        raise InputError(
            f"The lanes {lanes} are not between 1 and {count}, so nothing was changed: correct the inventory of lanes."
        )
    if len(set(lanes)) < count and plan.options.get("canary"):
        raise InputError(
            f"{PREFIX}canary is set, but other jobs work on other lanes of {count} at the same time, so no wave can be the "
            f"first of all, and nothing was changed: plan and approve again without {PREFIX}canary, or use one lane."
        )
    ids = tuple(instance_id for lane in lanes for instance_id in plan.instance_ids[lane - 1 :: count])
    return {"instance_ids": list(ids), "digest": replace(plan, instance_ids=ids).digest}


def handed_over(plan: Any, ids: Sequence[str], digest: str) -> Approval | None:
    """What a plan says of some of its machines; None unless that is exactly what this digest stands for."""
    if not isinstance(plan, Mapping) or not _is_whole(plan):
        return None
    share = approval_from(plan, ids)
    return share if share.digest == digest else None


def read_age(values: Mapping[str, Any]) -> dict[str, Any]:
    """Check that it is known when the plan was made, and that this is not too long ago. Returns its age in seconds."""
    plan = values.get("plan")
    whole = plan if isinstance(plan, Mapping) else {}
    made, most = whole.get("made"), int(values["max_age"])
    began = _time_of(made)
    if began is None or whole.get("seal") != seal_of(str(whole.get("kind")), str(whole.get("digest")), str(made)):
        raise InputError(
            "The approved plan has no time, or its time does not match its seal, so nothing was changed: plan and approve "
            "again, or set decommission_plan_max_age to 0 to accept a plan of any age."
        )
    now = _time_of(values.get("now"))
    if now is None:
        raise InputError("The present time is unknown, so nothing was changed.")
    age = (now - began).total_seconds()
    if not -CLOCKS <= age <= most * 3600:
        raise InputError(
            f"The plan was made at {made}, and now it is {values['now']}, so the plan is older than decommission_plan_max_age "
            f"({most} hours) or the clocks of the nodes differ, and nothing was changed: plan and approve again."
        )
    return {"seconds": int(age)}


def seal_of(kind: str, digest: str, made: str) -> str:
    """What holds time, kind and digest of a plan together: a time out of another plan does not fit."""
    text = f"{kind}\n{digest}\n{made}"
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


READERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "approved_plan": read_plan,
    "approved_share": read_share,
    "approved_age": read_age,
}
VARIABLES: Mapping[str, Mapping[str, str]] = {
    "approved_plan": {"plan": PLAN, **{name: PREFIX + name for name in PARSERS}},
    "approved_share": {"plan": PLAN, "lanes": "__approved_lanes", "lane_count": "__approved_lane_count"},
    "approved_age": {"plan": PLAN, "max_age": "__approved_max_age", "now": "__approved_now"},
}
"""The whole names of the variables by what the readers call them."""


def _approved(values: Mapping[str, Any]) -> Approval:
    plan = values.get("plan")
    if not isinstance(plan, Mapping) or not _is_whole(plan):
        raise InputError(
            "The approved plan is missing, so nothing was changed: start the workflow that plans and asks for approval, or set "
            f"{PLAN} to the value that jdcloud.cloud.decommission returns in check mode."
        )
    approved = approval_from(plan)
    if approved.digest != plan["digest"]:
        raise InputError(
            f"The approved plan does not match its digest ({plan['digest']}), so nothing was changed: plan and approve again."
        )
    return approved


def _is_whole(plan: Mapping[str, Any]) -> bool:
    ids, losses = plan.get("instance_ids"), plan.get("losses")
    return (
        plan.get("kind") in KINDS
        and _matches(_DIGEST, plan.get("digest"))
        and _matches(_REGION, plan.get("region"))
        and isinstance(ids, (list, tuple))
        and all(_matches(_ID, each) for each in ids)
        and isinstance(plan.get("options"), Mapping)
        and isinstance(losses, Mapping)
        and all(isinstance(names, (list, tuple)) and all(_matches(_LOSS, name) for name in names) for names in losses.values())
    )


def _time_of(value: Any) -> datetime | None:
    if not _matches(_TIME, value):
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _matches(shape: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and shape.fullmatch(value) is not None
