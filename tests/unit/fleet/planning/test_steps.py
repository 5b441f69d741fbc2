# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every status (facts states-stable, states-transitional, states-unnamed) with every wished state."""

from __future__ import annotations

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import decide, is_settled
from support.fleet.builders import FACTS, disk, machine, policy

TRANSITIONAL = ["pending", "starting", "stopping", "rebooting", "resizing", "rebuilding"]
UNKNOWN = ["terminated", "suspended", "in-recyclebin", "migrating"]

ROWS: list[tuple[str, str, bool, str | None, tuple[str, ...]]] = [
    ("running", "absent", False, "running", ()),
    ("running", "absent", True, None, ("stop", "delete")),
    ("running", "stopped", False, None, ("stop",)),
    ("running", "running", False, None, ()),
    ("stopped", "absent", False, None, ("delete",)),
    ("stopped", "absent", True, None, ("delete",)),
    ("stopped", "stopped", False, None, ()),
    ("stopped", "running", False, None, ("start",)),
    ("error", "absent", False, None, ("delete",)),
    ("error", "absent", True, None, ("delete",)),
    ("error", "stopped", False, "invalid_status", ()),
    ("error", "running", False, "invalid_status", ()),
    ("deleting", "absent", False, None, ()),
    ("deleting", "absent", True, None, ()),
    ("deleting", "stopped", False, "transitional", ()),
    ("deleting", "running", False, "transitional", ()),
    *((status, "absent", stop, "transitional", ()) for status in TRANSITIONAL for stop in (False, True)),
    *((status, state, False, "transitional", ()) for status in TRANSITIONAL for state in ("stopped", "running")),
    *((status, "absent", stop, "unknown_status", ()) for status in UNKNOWN for stop in (False, True)),
    *((status, state, False, "unknown_status", ()) for status in UNKNOWN for state in ("stopped", "running")),
]


@pytest.mark.parametrize(("status", "state", "stop_running", "blocker", "steps"), ROWS)
def test_each_status_with_each_wished_state(
    status: str, state: str, stop_running: bool, blocker: str | None, steps: tuple[str, ...]
) -> None:
    decision = decide(machine(status), policy(state, stop_running=stop_running), FACTS)  # type: ignore[arg-type]
    assert [each.code for each in decision.blockers] == ([blocker] if blocker else [])
    assert decision.steps == steps


@pytest.mark.parametrize(
    ("status", "state", "action", "final"),
    [
        ("running", "absent", "deleted", "absent"),
        ("stopped", "absent", "deleted", "absent"),
        ("error", "absent", "deleted", "absent"),
        ("deleting", "absent", "none", "absent"),
        ("running", "stopped", "stopped", "stopped"),
        ("stopped", "running", "started", "running"),
        ("stopped", "stopped", "none", "stopped"),
        ("pending", "absent", "blocked", "pending"),
    ],
)
def test_action_and_final_status_are_what_the_result_will_say(status: str, state: str, action: str, final: str) -> None:
    decision = decide(machine(status), policy(state, stop_running=state == "absent"), FACTS)  # type: ignore[arg-type]
    assert (decision.action, decision.final_status) == (action, final)


@pytest.mark.parametrize("status", ["running", "stopped", "error"])
def test_stable_statuses_are_settled(status: str) -> None:
    assert is_settled(machine(status))


@pytest.mark.parametrize("status", [*TRANSITIONAL, *UNKNOWN, "deleting"])
def test_transitional_statuses_and_unknown_ones_are_waited_for(status: str) -> None:
    assert not is_settled(machine(status))


@pytest.mark.parametrize("moving", ["attaching", "detaching"])
def test_a_disk_that_is_being_moved_is_waited_for(moving: str) -> None:
    assert not is_settled(machine("stopped", data=[disk(attachment_status=moving)]))


@pytest.mark.parametrize("at_rest", ["attached", "detached", "error_attach", "error_detach", ""])
def test_a_disk_at_rest_is_not_waited_for(at_rest: str) -> None:
    assert is_settled(machine("stopped", data=[disk(attachment_status=at_rest)]))
