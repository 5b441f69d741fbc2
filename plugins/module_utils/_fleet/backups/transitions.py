# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an image or snapshot moves on: each observation, acceptance or refusal leads to its next stage. Sends nothing itself.

Each method changes the track's stage and returns the time of its next look (now, where the stage waits for none).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime

from ..._api.errors import JdcloudError
from ..._api.model.backup_assets import Image, Snapshot
from ..._api.model.fields import unreadable_reason
from ..._api.model.instance import TRANSITIONAL, Instance
from ..common.failure import UNVERIFIED, Failure
from ..common.timing import LAG, STALE_LOOKS, THROTTLE_PATIENCE, Timing
from ..common.write_errors import Verdict, verdict
from ..evidence.marker import NO_INSTANCE, Mark
from ..evidence.proof import CLOCK_TOLERANCE, SNAPSHOT_HOLDS, AssetType, disk_key
from ..planning.blockers import busy_disks
from .state import AssetTrack, Stage

LOST = -math.inf
"""Instead of a time: the asset has to be asked for by itself."""
DOUBT_SECONDS: dict[AssetType, float] = {"image": 30.0, "snapshot": 3.0}
"""For this long, and in at least two looks, a create with an unclear end must show no effect before it is sent again. A
snapshot's token keeps the service from making a second one; an image has none (fact deletions-without-token)."""
ABSENCE_PATIENCE = 10.0
"""Seconds for which answers by ids may leave out an asset before it is asked for by itself."""
UNREAD_PATIENCE = 120.0
"""Seconds for which an asset that was accepted may be shown by no read at all."""
UNREAD_GAP = 2.0
LOOK_GAP = 1.5
LISTING_PATIENCE = 60.0
"""Seconds for which listings may contradict themselves before it stays unknown whether a call took effect."""


class AssetCourse:
    """The rules of the way. `service_time` is the service's clock."""

    def __init__(self, timing: Timing, backoff: Callable[[int], float], service_time: Callable[[], datetime | None]) -> None:
        self._timing = timing
        self._backoff = backoff
        self._service_time = service_time

    @staticmethod
    def mark(track: AssetTrack) -> Mark:
        """What its description will say: stopped only if the last look, seconds ago, showed the machine stopped."""
        stopped = track.plan.stopped and (track.machine is None or track.machine.status == "stopped")
        return Mark(track.plan.campaign, track.instance_id or NO_INSTANCE, stopped)

    @staticmethod
    def is_ready(asset: Image | Snapshot) -> bool:
        """Whether it is made."""
        return asset.status == "ready" if isinstance(asset, Image) else asset.status in SNAPSHOT_HOLDS

    def machine_seen(self, track: AssetTrack, machine: Instance, sent_at: float, now: float) -> float:
        """The look at the machine before its create leaves: is it still as planned?"""
        before, track.machine = track.machine, machine
        track.observed_at = sent_at
        reason = unreadable_reason(machine)
        if reason is not None:
            pass
        elif track.plan.stopped and machine.status != "stopped":
            reason = f"its status is now '{machine.status}'"
        elif machine.status in TRANSITIONAL:
            reason = f"its status is now '{machine.status}', in between"
        elif before is not None and disk_keys(before) != disk_keys(machine):
            changed = ", ".join(sorted(disk_keys(before) ^ disk_keys(machine)))
            reason = f"its disks are not as planned any more ({changed})"
        if reason is not None:
            return self._fail(track, "changed_meanwhile", f"{track.instance_id} changed since it was checked: {reason}.", now)
        if busy_disks(machine):
            return self._not_now(track, None, now)
        track.stage = Stage.CREATE
        return now

    def accepted(self, track: AssetTrack, received_at: float, pause: float) -> float:
        """The service accepted the create."""
        track.since = received_at
        track.unsure, track.refusal = False, None
        track.status = "pending" if track.plan.kind == "image" else "creating"
        if not self._timing.wait:
            track.stage = Stage.ENDED
            return received_at
        track.stage = Stage.MAKING
        return received_at + pause

    def refused(self, track: AssetTrack, error: JdcloudError, now: float) -> float:
        """The create ended with an error."""
        kind = verdict(error)
        track.last_error = error
        if kind is not Verdict.THROTTLED:
            track.throttled_since = None
        if error.is_quota:
            return self._refused_for_good(track, "quota_exceeded", error, now)
        if kind is Verdict.UNCLEAR:
            track.tries += 1
            track.unsure = True
            return self._doubt(track, now, self._backoff(track.tries - 1))
        if kind is Verdict.THROTTLED:
            track.throttled_since = now if track.throttled_since is None else track.throttled_since
            if now - track.throttled_since < THROTTLE_PATIENCE:
                return self._again(track, now, self._backoff(1))
        elif kind is Verdict.BUSY and self._timing.wait:
            return self._not_now(track, error, now)
        elif kind is Verdict.GONE and track.tries <= self._timing.retries:
            # The machine, a disk, or a replica that lags: the look at the machine tells.
            track.tries += 1
            return self._again(track, now, self._backoff(track.tries))
        return self._refused_for_good(track, "api", error, now)

    def looked_for(
        self, track: AssetTrack, rows: Sequence[Image | Snapshot], now: float, pause: float, *, complete: bool = True
    ) -> float:
        """A read of all assets of the machine or disk, after a create that ended unclearly. Only a complete one can show none."""
        if track.accepted:
            return self._listed(track, rows, now, complete=complete)
        mine = next((row for row in rows if self._is_mine(track, row)), None)
        if mine is not None:
            track.asset_id = id_of(mine)
            # Only our call can have made it: nobody else knows the name, and it did not exist before.
            track.accepted = True
            return self.accepted(track, now, pause)
        track.doubts += complete
        if not complete and now - track.first_doubt_at >= LISTING_PATIENCE:
            message = f"The listings that would show whether {track.title} is being made contradict themselves."
            return self._fail(track, UNVERIFIED, message, now, track.last_error)
        error = track.last_error
        given_up = error is not None and verdict(error) is Verdict.UNCLEAR and track.tries > self._timing.retries
        ends = given_up or track.refusal is not None
        # Where no further call with the same token follows, nothing but the looks says that there is none.
        enough = DOUBT_SECONDS["image" if ends else track.plan.kind]
        if track.doubts < 2 or now - track.first_doubt_at < enough:
            return now + LOOK_GAP
        if track.refusal is not None:
            # No call took effect, as a complete listing shows.
            track.unsure = False
            track.failure = track.refusal
            track.stage = Stage.ENDED
            return now
        if given_up:
            track.unsure = False
            return self._fail(track, "api", str(error), now, error)
        return self._again(track, now, 0.0)

    def asset_seen(self, track: AssetTrack, asset: Image | Snapshot, now: float, next_look: float) -> float:
        """A look at the asset itself."""
        track.asset = asset
        track.status = asset.status
        track.absent_since = None
        if self.is_ready(asset):
            track.stage = Stage.ENDED
            return now
        if asset.status.startswith("error"):
            return self._fail(track, "backup_failed", f"{track.title} ended in '{asset.status}': {self._advice(track)}.", now)
        if asset.status == "deleting":
            return self._fail(track, "vanished", f"{track.title} is being deleted by somebody else.", now)
        if now - track.since >= self._timing.wait_timeout:
            waited = now - track.since
            message = f"{track.title} hangs in '{asset.status}' for {waited:.0f} s, longer than wait_timeout allows."
            return self._fail(track, "timeout", message, now)
        return min(next_look, track.since + self._timing.wait_timeout)

    def asset_absent(self, track: AssetTrack, now: float) -> float:
        """An answer by ids does not show the asset."""
        track.absent_since = now if track.absent_since is None else track.absent_since
        return LOST if now - track.absent_since >= ABSENCE_PATIENCE else now + 1.0

    def vanished(self, track: AssetTrack, now: float) -> float:
        """The service says that the asset does not exist. The listing of its machine or disk is asked, too."""
        if not track.accepted:
            return self._fail(track, "vanished", f"{track.title} disappeared before it was ready.", now)
        return self._doubt(track, now, 0.0)

    def _listed(self, track: AssetTrack, rows: Sequence[Image | Snapshot], now: float, *, complete: bool) -> float:
        """The listing after reads by id that do not show an accepted asset. It is never asked for again: that would be a second.

        What was just made may be shown by one kind of read and not by another, or by none, for some time.
        """
        track.stage = Stage.MAKING
        row = next((row for row in rows if id_of(row) == track.asset_id), None)
        if row is not None:
            return self.asset_seen(track, row, now, now + UNREAD_GAP)
        unread = now - (now if track.absent_since is None else track.absent_since)
        if track.asset is not None and complete:
            return self._fail(track, "vanished", f"{track.title} disappeared before it was ready.", now)
        if unread < min(UNREAD_PATIENCE, self._timing.wait_timeout):
            return now + UNREAD_GAP
        message = f"{track.title} was accepted, and no read shows it for {unread:.0f} s: it may exist, so run again to see."
        return self._fail(track, UNVERIFIED, message, now)

    def _is_mine(self, track: AssetTrack, row: Image | Snapshot) -> bool:
        """By its unique name, and only if machine or disk and mark fit and it was made after we asked (clocks differ)."""
        of = row.instance_id if isinstance(row, Image) else row.disk_id
        if row.name != track.name or of != track.plan.of:
            return False
        if row.description != str(self.mark(track)):
            return False
        return track.asked_at is None or row.created is None or row.created >= track.asked_at - CLOCK_TOLERANCE

    def stale(self, track: AssetTrack, now: float) -> float:
        """The look at the machine grew too old before the create left: look again, but not for ever."""
        track.stale_looks += 1
        if track.stale_looks > STALE_LOOKS:
            looks = f"{track.instance_id} was looked at {STALE_LOOKS} times"
            return self._fail(track, "timeout", f"{looks}, and no call for {track.title} left within seconds of that.", now)
        return self._again(track, now, 0.0)

    def _refused_for_good(self, track: AssetTrack, code: str, error: JdcloudError, now: float) -> float:
        if track.unsure:
            # Perhaps an earlier call, whose answer was lost, took effect after all, and this is why.
            track.refusal = Failure(code, str(error), error)
            return self._doubt(track, now, self._backoff(1))
        return self._fail(track, code, str(error), now, error)

    def _doubt(self, track: AssetTrack, now: float, pause: float) -> float:
        track.doubts = 0
        track.first_doubt_at = now
        track.stage = Stage.DOUBT
        return now + pause

    def _again(self, track: AssetTrack, now: float, pause: float) -> float:
        track.stage = Stage.GATE
        return now + pause

    def _not_now(self, track: AssetTrack, error: JdcloudError | None, now: float) -> float:
        """Refused for now, or a task runs: try again, bounded by wait_timeout."""
        track.refused_since = now if track.refused_since is None else track.refused_since
        waited = now - track.refused_since
        if waited >= self._timing.wait_timeout:
            status = track.machine.status if track.machine is not None else "unknown"
            told = str(error) if error is not None else "a task runs on its disks."
            message = f"{track.instance_id} is in '{status}', and no {track.plan.kind} could be begun for {waited:.0f} s: {told}"
            return self._fail(track, "timeout", message, now, error)
        track.tries += 1
        pause = min(self._backoff(track.tries), max(LAG, self._timing.poll_interval))
        # The task that runs may be the effect of an earlier call of ours, whose answer was lost.
        return self._doubt(track, now, pause) if track.unsure else self._again(track, now, pause)

    @staticmethod
    def _advice(track: AssetTrack) -> str:
        if track.plan.kind == "image":
            return "the service has removed its snapshots; delete it and run again"
        return "delete it and run again"

    @staticmethod
    def _fail(track: AssetTrack, code: str, message: str, now: float, error: JdcloudError | None = None) -> float:
        track.failure = track.failure or Failure(code, message, error)
        track.stage = Stage.ENDED
        return now


def id_of(asset: Image | Snapshot) -> str:
    """The id of an image or snapshot."""
    return asset.image_id if isinstance(asset, Image) else asset.snapshot_id


def disk_keys(machine: Instance) -> set[str]:
    """The disks of a machine, by id or device."""
    return {disk_key(disk.disk_id, disk.device) for disk in machine.disks}
