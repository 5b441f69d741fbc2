# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook cleanup chooses to delete, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from support.integration.cloud import Cloud, stopped
from support.integration.conductor import Conductor
from support.json_object import Json

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"


def due(days: int) -> Json:
    """Tags with a date so many days from today in Beijing."""
    today = datetime.now(UTC).astimezone(timezone(timedelta(hours=8))).date()
    return {"decommission-after": (today + timedelta(days=days)).isoformat()}


@pytest.mark.parametrize(
    ("variables", "part"),
    [
        ({"max_instances": "many"}, "must be a whole number, at least 1"),
        ({"max_instances": "2"}, "3 instances are due, but cleanup_max_instances is 2"),
        ({"max_instance": "2"}, "cleanup_max_instance: the playbook cleanup has no such variable"),
    ],
)
def test_what_is_refused_changes_nothing(cloud: Cloud, conductor: Conductor, variables: Json, part: str) -> None:
    cloud.seed(*(stopped(each, tags=due(-1)) for each in (A, B, C)))
    done = conductor.due(**variables)
    assert done["failed"]
    assert part in done["msg"]
    assert cloud.writes() == []


def test_the_oldest_due_tags_go_first_if_that_is_wanted(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(stopped(A, tags=due(-1)), stopped(B, tags=due(-9)), stopped(C, tags=due(-5)))
    done = conductor.due(max_instances="2", on_too_many="oldest")
    (region,) = done["regions"]
    assert set(region["instance_ids"]) == {B, C}


def test_nothing_due_is_a_failure_only_if_that_is_asked_for(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(stopped(A))
    assert not conductor.due().get("failed")
    assert conductor.due(empty_is_failure="true")["failed"]
