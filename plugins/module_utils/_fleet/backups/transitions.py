# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an image or snapshot moves on: each observation, acceptance or refusal leads to its next stage. Sends nothing itself.

Each method changes the state's stage and returns the time of its next look (now, where the stage waits for none).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..._api.errors import JdcloudError
from ..._api.fields import unreadable_reason
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.instance import TRANSITIONAL, Instance
from ..common.failure import UNVERIFIED, ErrorMeaning, Failure, api_failure
from ..common.timing import READ_LAG, STALE_LOOKS, Timing
from ..evidence.marker import NO_INSTANCE, Marker
from ..evidence.proof import CLOCK_TOLERANCE, AssetType, asset_id_of, disk_key, is_ready, owner_of
from ..planning.blockers import busy_disks
from .policy import PlannedAsset
from .state import AssetState, Stage

LOST = -math.inf
"""Instead of a time: the asset has to be asked for by itself."""
DOUBT_SECONDS: dict[AssetType, float] = {"image": 30.0, "snapshot": 3.0}
"""For this long, and in at least two looks, a create with an unclear end must show no effect before it is sent again. A
snapshot's token keeps the service from making a second one; an image has none (fact deletions-without-token)."""
ABSENCE_PATIENCE = 10.0
"""Seconds for which responses by ids may leave out an asset before it is asked for by itself."""
UNREAD_PATIENCE = 120.0
"""Seconds for which an asset that was accepted may be shown by no read at all."""
UNREAD_GAP = 2.0
LOOK_GAP = 1.5
LISTING_PATIENCE = 60.0
"""Seconds for which listings may contradict themselves before it stays unknown whether a call took effect."""


class AssetTransitions:
    """What each look and each response leads to."""

    def __init__(self, timing: Timing, backoff: Callable[[int], float]) -> None:
        self._timing = timing
        self._backoff = backoff

    @staticmethod
    def marker(state: AssetState) -> Marker:
        """What its description will say: stopped only if the last look, seconds ago, showed the machine stopped."""
        stopped = state.plan.stopped and (state.machine is None or state.machine.status == "stopped")
        return Marker(state.plan.campaign, state.instance_id or NO_INSTANCE, stopped)

    def machine_seen(self, state: AssetState, machine: Instance, sent_at: float, now: float) -> float:
        """The look at the machine before its create leaves: is it still as planned?"""
        before, state.machine = state.machine, machine
        state.observed_at = sent_at
        reason = unreadable_reason(machine) or _change(state.plan, before, machine)
        if reason is not None:
            message = f"{state.instance_id} changed since it was checked: {reason}."
            return self._fail(state, Failure("changed_meanwhile", message), now)
        if busy_disks(machine):
            return self._not_now(state, None, now)
        state.stage = Stage.CREATE
        return now

    def accepted(self, state: AssetState, received_at: float, pause: float) -> float:
        """The service accepted the create."""
        state.since = received_at
        state.unsure, state.refusal = False, None
        state.status = "pending" if state.plan.kind == "image" else "creating"
        if not self._timing.wait:
            state.stage = Stage.ENDED
            return received_at
        state.stage = Stage.MAKING
        return received_at + pause

    def refused(self, state: AssetState, error: JdcloudError, now: float) -> float:
        """The create ended with an error."""
        kind = state.tries.note(error, now)
        if error.is_quota:
            return self._refused_for_good(state, Failure("quota_exceeded", str(error), error), now)
        if kind is ErrorMeaning.UNCLEAR:
            state.tries.count += 1
            state.unsure = True
            return self._doubt(state, now, self._backoff(state.tries.count - 1))
        if kind is ErrorMeaning.THROTTLED:
            return self._again(state, now, self._backoff(1))
        if kind is ErrorMeaning.BUSY and self._timing.wait:
            return self._not_now(state, error, now)
        if kind is ErrorMeaning.GONE and state.tries.count <= self._timing.retries:
            # The machine, a disk, or a replica that lags: the look at the machine shows which.
            state.tries.count += 1
            return self._again(state, now, self._backoff(state.tries.count))
        return self._refused_for_good(state, api_failure(error), now)

    def looked_for(
        self, state: AssetState, rows: Sequence[Image | Snapshot], now: float, pause: float, *, complete: bool = True
    ) -> float:
        """A read of all assets of the machine or disk, after a create that ended unclearly. Only a complete one can show none."""
        if state.accepted:
            return self._listed(state, rows, now, complete=complete)
        mine = next((row for row in rows if self._is_mine(state, row)), None)
        if mine is not None:
            state.asset_id = asset_id_of(mine)
            # Only our call can have made it: no one else knows the name, and it did not exist before.
            state.accepted = True
            return self.accepted(state, now, pause)
        state.doubts += complete
        if not complete and now - state.first_doubt_at >= LISTING_PATIENCE:
            message = f"The listings that would show whether {state.title} is in progress contradict each other."
            return self._fail(state, Failure(UNVERIFIED, message, state.tries.last_error), now)
        return self._not_found(state, now)

    def _not_found(self, state: AssetState, now: float) -> float:
        """No read shows an effect of the create: wait, fail, or send it again."""
        failure = state.refusal
        if failure is None and state.tries.unclear_too_often(self._timing.retries):
            failure = api_failure(state.tries.last_error)
        # Where no further call with the same token follows, nothing but the looks says that there is none.
        enough = DOUBT_SECONDS["image" if failure is not None else state.plan.kind]
        if state.doubts < 2 or now - state.first_doubt_at < enough:
            return now + LOOK_GAP
        if failure is None:
            return self._again(state, now, 0.0)
        # No call took effect, as a complete listing shows.
        state.unsure = False
        return self._fail(state, failure, now)

    def asset_seen(self, state: AssetState, asset: Image | Snapshot, now: float, next_look: float) -> float:
        """A look at the asset itself."""
        state.asset = asset
        state.status = asset.status
        state.absent_since = None
        if is_ready(asset):
            state.stage = Stage.ENDED
            return now
        if asset.status.startswith("error"):
            message = f"{state.title} ended in '{asset.status}': {self._advice(state)}."
            return self._fail(state, Failure("backup_failed", message), now)
        if asset.status == "deleting":
            return self._fail(state, Failure("vanished", f"{state.title} is being deleted, but not by this run."), now)
        if now - state.since >= self._timing.wait_timeout:
            waited = now - state.since
            message = f"{state.title} is still in '{asset.status}' after {waited:.0f} s, longer than wait_timeout allows."
            return self._fail(state, Failure("timeout", message), now)
        return min(next_look, state.since + self._timing.wait_timeout)

    def asset_absent(self, state: AssetState, now: float) -> float:
        """A response by ids does not show the asset."""
        state.absent_since = now if state.absent_since is None else state.absent_since
        return LOST if now - state.absent_since >= ABSENCE_PATIENCE else now + 1.0

    def vanished(self, state: AssetState, now: float) -> float:
        """The service says that the asset does not exist. The listing of its machine or disk is asked, too."""
        if not state.accepted:
            return self._fail(state, Failure("vanished", f"{state.title} disappeared before it was ready."), now)
        return self._doubt(state, now, 0.0)

    def _listed(self, state: AssetState, rows: Sequence[Image | Snapshot], now: float, *, complete: bool) -> float:
        """The listing after reads by id that do not show an accepted asset. It is never asked for again: that would be a second.

        What was just made may be shown by one kind of read and not by another, or by none, for some time.
        """
        state.stage = Stage.MAKING
        row = next((row for row in rows if asset_id_of(row) == state.asset_id), None)
        if row is not None:
            return self.asset_seen(state, row, now, now + UNREAD_GAP)
        unread = now - (now if state.absent_since is None else state.absent_since)
        if state.asset is not None and complete:
            return self._fail(state, Failure("vanished", f"{state.title} disappeared before it was ready."), now)
        if unread < min(UNREAD_PATIENCE, self._timing.wait_timeout):
            return now + UNREAD_GAP
        message = f"{state.title} was accepted, but no read showed it for {unread:.0f} s: it may exist, so run again to check."
        return self._fail(state, Failure(UNVERIFIED, message), now)

    def _is_mine(self, state: AssetState, row: Image | Snapshot) -> bool:
        """By its unique name, and only if machine or disk and marker fit and it was made after we asked (clocks differ)."""
        if row.name != state.plan.name or owner_of(row) != state.plan.of:
            return False
        if row.description != str(self.marker(state)):
            return False
        return state.asked_at is None or row.created is None or row.created >= state.asked_at - CLOCK_TOLERANCE

    def stale(self, state: AssetState, now: float) -> float:
        """The look at the machine grew too old before the create left: look again, but not for ever."""
        state.stale_looks += 1
        if state.stale_looks > STALE_LOOKS:
            looks = f"{STALE_LOOKS} observations of {state.instance_id} expired"
            message = (
                f"{looks} before the call for {state.title} could be sent: raise api_rate_limit, or run again when the service "
                "responds faster."
            )
            return self._fail(state, Failure("timeout", message), now)
        return self._again(state, now, 0.0)

    def _refused_for_good(self, state: AssetState, failure: Failure, now: float) -> float:
        if state.unsure:
            # Perhaps an earlier call, whose response was lost, took effect after all, and this is why.
            state.refusal = failure
            return self._doubt(state, now, self._backoff(1))
        return self._fail(state, failure, now)

    def _doubt(self, state: AssetState, now: float, pause: float) -> float:
        state.doubts = 0
        state.first_doubt_at = now
        state.stage = Stage.DOUBT
        return now + pause

    def _again(self, state: AssetState, now: float, pause: float) -> float:
        state.stage = Stage.GATE
        return now + pause

    def _not_now(self, state: AssetState, error: JdcloudError | None, now: float) -> float:
        """Refused for now, or a task runs: try again, bounded by wait_timeout."""
        waited = state.tries.refused_for(now)
        if waited >= self._timing.wait_timeout:
            status = state.machine.status if state.machine is not None else "unknown"
            text = str(error) if error is not None else "a task runs on its disks."
            message = (
                f"{state.instance_id} is in '{status}', and the {state.plan.kind} could not begin for {waited:.0f} s: {text}"
            )
            return self._fail(state, Failure("timeout", message, error), now)
        state.tries.count += 1
        pause = min(self._backoff(state.tries.count), max(READ_LAG, self._timing.poll_interval))
        # The task that runs may be the effect of an earlier call of ours, whose response was lost.
        return self._doubt(state, now, pause) if state.unsure else self._again(state, now, pause)

    @staticmethod
    def _advice(state: AssetState) -> str:
        if state.plan.kind == "image":
            return "the service has deleted its snapshots; delete it and run again"
        return "delete it and run again"

    @staticmethod
    def _fail(state: AssetState, failure: Failure, now: float) -> float:
        state.failure = state.failure or failure
        state.stage = Stage.ENDED
        return now


def disk_keys(machine: Instance) -> set[str]:
    """The disks of a machine, by id or device."""
    return {disk_key(disk.disk_id, disk.device) for disk in machine.disks}


def _change(plan: PlannedAsset, before: Instance | None, machine: Instance) -> str | None:
    """What of a machine is not as it was when its backup was planned."""
    if plan.stopped and machine.status != "stopped":
        return f"its status is now '{machine.status}'"
    if machine.status in TRANSITIONAL:
        return f"its status is now the transitional '{machine.status}'"
    changed = disk_keys(before) ^ disk_keys(machine) if before is not None else set()
    return f"its disks are no longer as planned ({', '.join(sorted(changed))})" if changed else None
