# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the availability groups of machines, one call a group, and afterwards which machines their group took away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ..._api.dispatch.dispatcher import Dispatcher, Outcome
from ..._api.errors import JdcloudError
from ..._api.model.groups import Group, ScalingActivity
from ..._api.model.instance import Instance
from ..._api.services import ag
from ..common.failure import Failure
from ..planning.groups import with_leaving
from ..planning.policy import Policy
from ..planning.surroundings import GroupFacts

CLOCK_TOLERANCE = timedelta(seconds=60)
"""The times of activities and of the service's answers may come from two clocks."""
HEALTH = ("健康检查", "health")
"""What an activity says that was caused by a failed health check (fact groups-activities). Its exact words are not published."""
BY_HAND = ("手动", "manual")
_MACHINE = re.compile(r"\bi-[a-z0-9]+")


def read_groups(dispatcher: Dispatcher, policy: Policy, machines: Sequence[Instance]) -> GroupFacts:
    """The groups of those machines that are to be stopped or deleted. A group that cannot be read is a fact, too.

    Raises `JdcloudError` if no call of this run can succeed.
    """
    wanted = [each for each in machines if policy.takes_away(each) and policy.selection.mismatch(each) is None]
    ids = sorted({each.group_id for each in wanted if each.group_id is not None})
    if policy.group_members == "ignore" or not ids:
        return GroupFacts()
    outcomes = dispatcher.gather([ag.describe_group(group_id) for group_id in ids])
    answers = dict(zip(ids, outcomes, strict=True))
    for outcome in outcomes:
        if outcome.error is not None and outcome.error.is_unauthenticated:
            raise outcome.error
    return GroupFacts(
        groups={group_id: outcome.value for group_id, outcome in answers.items() if outcome.error is None},
        unread={group_id: why_unread(outcome.error) for group_id, outcome in answers.items() if outcome.error is not None},
        leaving=with_leaving(wanted, policy),
    )


def why_unread(error: JdcloudError) -> str:
    """Why something could not be read, as a part of a sentence."""
    if error.http is None:
        return f"{error.operation} failed ({str(error).rstrip('.')})"
    return f"the service refused {error.operation} ({error.http} {error.status})"


def taken_by_groups(
    dispatcher: Dispatcher, vanished: Mapping[str, str], facts: GroupFacts, since: datetime | None
) -> dict[str, Failure]:
    """Which of the machines that vanished without a delete of ours were taken by their group; `vanished` has the group of each.

    A group that scales and tells of a failed health check, or names the machine, since the run began, has deleted it. Where that
    cannot be read, no one knows who did.
    """
    scaling = {
        instance_id: group_id for instance_id, group_id in vanished.items() if _may_have_scaled(facts.groups.get(group_id))
    }
    ids = sorted(set(scaling.values()))
    if not ids:
        return {}
    outcomes = dict(zip(ids, dispatcher.gather([ag.describe_scaling_activities(each) for each in ids]), strict=True))
    found = {}
    for instance_id, group_id in scaling.items():
        failure = _verdict(instance_id, group_id, outcomes[group_id], since)
        if failure is not None:
            found[instance_id] = failure
    return found


def _may_have_scaled(group: Group | None) -> bool:
    return group is None or group.scaling is not False


def _verdict(instance_id: str, group_id: str, outcome: Outcome, since: datetime | None) -> Failure | None:
    if outcome.error is not None:
        message = (
            f"{instance_id} disappeared without a delete of this run, and it is unknown whether its availability group "
            f"{group_id} deleted it, because {why_unread(outcome.error)}: check the activities of the group in the console."
        )
        return Failure("vanished", message, outcome.error)
    recent = [each for each in outcome.value if _is_recent(each, since)]
    if not tells_of(recent, instance_id):
        return None
    message = (
        f"{instance_id} was deleted by its availability group {group_id}, not by this run, together with the disks whose "
        "delete attribute is set: check the activities of the group in the console."
    )
    return Failure("lost_to_group", message)


def tells_of(activities: Iterable[ScalingActivity], instance_id: str) -> bool:
    """Whether one of these activities says that the group took the machine.

    One that names machines is about these. What was done by hand, such as a deletion in the console, is an activity, too.
    """
    return any(_takes(each.text.lower(), instance_id.lower()) for each in activities)


def _takes(text: str, instance_id: str) -> bool:
    named = _MACHINE.findall(text)
    if named:
        return instance_id in named and not any(word in text for word in BY_HAND)
    return any(word in text for word in HEALTH)


def _is_recent(activity: ScalingActivity, since: datetime | None) -> bool:
    return since is None or activity.started is None or activity.started >= since - CLOCK_TOLERANCE
