# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the machines are gone: read back what became of their disks and elastic IPs, and release the latter.

An elastic IP is released only if all of this holds: it was on the machine in the last read before its delete, that
delete was sent by us and accepted, and the address now reads NOT_ASSOCIATED without an instance. Fates are what a bulk
read shows afterwards; what could not be read is `unverified`.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher, Job, Outcome
from ..._api.errors import THROTTLE_PATIENCE, JdcloudError, TransportError
from ..._api.fields import PAGE_SIZE, Page
from ..._api.model.resources import Disk, ElasticIp
from ..._api.services import disk as disk_api
from ..._api.services import vpc
from ..common.failure import ErrorMeaning, Failure, classify
from ..common.selection import find_protecting_tag
from ..common.timing import FATE_PATIENCE, GATE_FRESH, Timing
from ..planning.policy import Fate, Policy
from .state import MachineState

RETRY = 0.5
PATIENCE = 2.0
"""Seconds that an asset waits for others to fill a bulk read."""


class DependentKind(enum.Enum):
    """What is read back, in which call."""

    DISK = "disk"
    ELASTIC_IP = "elastic_ip"


GONE: dict[DependentKind, Fate] = {DependentKind.DISK: "deleted", DependentKind.ELASTIC_IP: "released"}
"""How it is called when it does not exist any more."""


@dataclass(slots=True)
class Dependent:
    """A disk or an elastic IP of a machine that is gone. Times are monotonic seconds.

    `since`: when it was first read; `free_at`: when the read was asked for that showed the elastic IP free; `released`: the
    service accepted its release; `unclear`: one was sent whose answer was lost; `refusal`: how the last try to release it ended.
    """

    kind: DependentKind
    id: str
    state: MachineState
    expected: Fate
    look_at: float
    since: float | None = None
    tries: int = 0
    throttled_since: float | None = None
    refusal: JdcloudError | None = None
    free_at: float = float("-inf")
    released: bool = False
    unclear: bool = False


class Dependents:
    """Collects what outlived the machines and settles its fate. Gives the engine one job at a time."""

    def __init__(self, dispatcher: Dispatcher, policy: Policy, timing: Timing) -> None:
        self._wait_timeout = timing.wait_timeout
        self._grace = min(FATE_PATIENCE, timing.wait_timeout)
        self._backoff = dispatcher.backoff
        self._clock = dispatcher.clock.now
        self._explicit_disks = policy.disks != "as_configured"
        self._protect_tags = policy.protect_tags
        self._open: dict[DependentKind, list[Dependent]] = {DependentKind.DISK: [], DependentKind.ELASTIC_IP: []}
        self._to_release: list[Dependent] = []
        self._to_prove: list[tuple[Dependent, Sequence[Dependent]]] = []
        self._under_way = 0
        self._abandoned = False

    @property
    def finished(self) -> bool:
        """Whether every fate is known, or known to be unknowable."""
        return not (self._under_way or self._to_release or self._to_prove or any(self._open.values()))

    def add(self, state: MachineState, now: float) -> None:
        """A machine is gone that we deleted, or whose disks' delete attribute we had set.

        Only after an accepted delete are its elastic IPs ours to release. After one whose answer was lost, and that a read
        then showed not to have taken effect, another user may as well have deleted it.
        """
        decision = state.decision
        assets = [
            Dependent(DependentKind.DISK, disk.disk_id, state, disk.fate, now)
            for disk in decision.disks
            if disk.disk_id and disk.fate
        ]
        if state.deleted:
            for address in decision.addresses:
                expected: Fate = "kept" if not state.delete_accepted else address.fate or "kept"
                assets.append(Dependent(DependentKind.ELASTIC_IP, address.elastic_ip_id, state, expected, now))
        if state.deleted and not state.delete_accepted and "release" in decision.steps and state.failure is None:
            message = (
                f"{state.instance_id} is gone, but it is not clear whether this run deleted it, so its elastic IPs were not "
                "released."
            )
            state.failure = Failure("elastic_ip_not_released", message)
        for asset in assets:
            self._open[asset.kind].append(asset)

    def next_job(self, now: float, *, flush: bool) -> Job | None:
        """A release that may leave, a proof, or a bulk read that is full or overdue; with `flush`, whatever is due."""
        if self._abandoned:
            self._close_all()
        while self._to_release:
            asset = self._to_release.pop(0)
            if now - asset.free_at <= GATE_FRESH:
                return self._job(vpc.delete_elastic_ip(asset.id), partial(self._release_answered, asset))
            self._look_again(asset, now)
        if self._to_prove:
            asset, same = self._to_prove.pop(0)
            single: Call[Any] = (
                disk_api.describe_disk(asset.id) if asset.kind is DependentKind.DISK else vpc.describe_elastic_ip(asset.id)
            )
            return self._job(single, partial(self._proof_answered, asset, same))
        for kind, assets in self._open.items():
            due = [asset for asset in assets if asset.look_at <= now][:PAGE_SIZE]
            if len(due) == PAGE_SIZE or (due and (flush or now - due[0].look_at >= PATIENCE)):
                chosen = {id(asset) for asset in due}
                self._open[kind] = [asset for asset in assets if id(asset) not in chosen]
                ids = list(dict.fromkeys(asset.id for asset in due))
                bulk: Call[Any] = disk_api.describe_disks(ids) if kind is DependentKind.DISK else vpc.describe_elastic_ips(ids)
                return self._job(bulk, partial(self._bulk_answered, due))
        return None

    def wake_at(self, *, flush: bool) -> float | None:
        """The next time at which `next_job` may have something."""
        times = (asset.look_at + (0.0 if flush else PATIENCE) for assets in self._open.values() for asset in assets)
        return min(times, default=None)

    def abandon(self) -> None:
        """No further call can be made: what is open stays unverified, and what comes back later, too."""
        self._abandoned = True
        self._close_all()

    def _close_all(self) -> None:
        proofs = [asset for first, same in self._to_prove for asset in (first, *same)]
        for asset in [*self._open[DependentKind.DISK], *self._open[DependentKind.ELASTIC_IP], *self._to_release, *proofs]:
            self._close(asset, "unverified")
        self._open = {DependentKind.DISK: [], DependentKind.ELASTIC_IP: []}
        self._to_release, self._to_prove = [], []

    def _job(self, call: Call[Any], done: Callable[[Outcome], None]) -> Job:
        self._under_way += 1

        def answered(outcome: Outcome) -> None:
            self._under_way -= 1
            done(outcome)

        # A read that keeps failing must not take longer than what it is to show may take.
        return Job(call, answered, repeat_until=math.inf if call.write else self._clock() + self._grace)

    def _bulk_answered(self, assets: Sequence[Dependent], outcome: Outcome) -> None:
        if outcome.response is None:
            garbled = isinstance(outcome.error, TransportError) and outcome.error.kind == "garbled"
            if garbled:
                # What spoils the answer about all may be the row of one.
                self._to_prove += [(asset, ()) for asset in assets]
                return
            for asset in assets:
                self._close(asset, "unverified")
            return
        page: Page[Disk | ElasticIp] = outcome.response.value
        now = self._clock()
        rows = {row.disk_id if isinstance(row, Disk) else row.elastic_ip_id: row for row in page.items}
        missing = []
        for asset in assets:
            asset.since = now if asset.since is None else asset.since
            row = rows.get(asset.id)
            if row is None:
                missing.append(asset)
            else:
                self._seen(asset, row, outcome.response.sent_at, now)
        if page.whole:
            self._missing(missing, bool(rows))
            return
        for asset in missing:
            # The answer contradicts itself, so the absence means nothing: read again, and in the end one by one.
            if self._waited_out(asset, now):
                self._to_prove.append((asset, ()))
            else:
                self._look_again(asset, now)

    def _missing(self, missing: Sequence[Dependent], others_shown: bool) -> None:
        """An empty answer may come from missing rights: one 404 must vouch for it. What should still exist is an alarm if it
        is missing, a disk that was to be kept or an elastic IP that we did not release: it is asked for by itself."""
        alarms = [
            asset
            for asset in missing
            if asset.expected == "kept" or (asset.kind is DependentKind.ELASTIC_IP and not asset.released)
        ]
        gone = [asset for asset in missing if asset not in alarms]
        self._to_prove += [(asset, ()) for asset in alarms]
        if others_shown:
            for asset in gone:
                self._close(asset, GONE[asset.kind])
        elif gone:
            self._to_prove.append((gone[0], gone[1:]))

    def _proof_answered(self, asset: Dependent, same: Sequence[Dependent], outcome: Outcome) -> None:
        now = self._clock()
        if outcome.response is None:
            proved = outcome.error is not None and outcome.error.is_not_found
            for each in (asset, *same):
                self._close(each, GONE[each.kind] if proved else "unverified")
            return
        for each in same:
            self._look_again(each, now)
        self._seen(asset, outcome.response.value, outcome.response.sent_at, now)

    def _seen(self, asset: Dependent, row: Disk | ElasticIp, sent_at: float, now: float) -> None:
        if isinstance(row, Disk):
            self._disk_seen(asset, row, now)
        else:
            self._elastic_ip_seen(asset, row, sent_at, now)

    def _disk_seen(self, asset: Dependent, disk: Disk, now: float) -> None:
        waited_out = self._waited_out(asset, now)
        # What cannot be read may say that it is still attached, or being deleted.
        leaving = disk.status == "deleting" or asset.state.instance_id in disk.attached_to or bool(disk.unreadable)
        if disk.status == "deleted" or (disk.status == "in-recyclebin" and asset.expected == "deleted"):
            self._close(asset, "deleted")
        elif (leaving or asset.expected == "deleted") and not waited_out:
            self._look_again(asset, now)
        else:
            self._close(asset, "unverified" if leaving else "kept")

    def _elastic_ip_seen(self, asset: Dependent, elastic_ip: ElasticIp, sent_at: float, now: float) -> None:
        free = elastic_ip.status == "NOT_ASSOCIATED" and not elastic_ip.instance_id and not elastic_ip.unreadable
        protection = find_protecting_tag(elastic_ip.tags, elastic_ip.repeated_tags, self._protect_tags)
        if asset.expected == "kept":
            self._close(asset, "kept")
        elif elastic_ip.instance_id and elastic_ip.instance_id != asset.state.instance_id:
            self._close(asset, "failed", f"it is now associated with {elastic_ip.instance_id}")
        elif protection is not None and not asset.released:
            self._close(asset, "failed", f"its tag {protection} now protects it")
        elif free and not asset.released and (asset.refusal is None or not self._refused_for_too_long(asset, now)):
            asset.free_at = sent_at
            self._to_release.append(asset)
        elif self._waited_out(asset, now):
            reason = f"its status is still {elastic_ip.status or 'missing'} after {self._grace:.0f} s"
            self._close(asset, "failed", str(asset.refusal or reason), asset.refusal)
        else:
            self._look_again(asset, now)

    def _release_answered(self, asset: Dependent, outcome: Outcome) -> None:
        now = self._clock()
        asset.tries += 1
        error = asset.refusal = outcome.error
        asset.unclear = asset.unclear or (error is not None and classify(error) is ErrorMeaning.UNCLEAR)
        if error is None:
            asset.released = True
        elif error.is_throttled:
            asset.throttled_since = now if asset.throttled_since is None else asset.throttled_since
            # A request to wait is no reason to give up; it only has a bound of its own.
            asset.refusal = error if now - asset.throttled_since >= THROTTLE_PATIENCE else None
        elif classify(error) in (ErrorMeaning.FINAL, ErrorMeaning.NO_ACCESS):
            self._close(asset, "failed", str(error), error)
            return
        asset.look_at = now if asset.released else now + self._backoff(asset.tries)
        self._open[asset.kind].append(asset)

    def _waited_out(self, asset: Dependent, now: float) -> bool:
        return asset.since is not None and now - asset.since >= self._grace

    def _refused_for_too_long(self, asset: Dependent, now: float) -> bool:
        return asset.since is not None and now - asset.since >= self._wait_timeout

    def _look_again(self, asset: Dependent, now: float) -> None:
        asset.look_at = now + RETRY
        self._open[asset.kind].append(asset)

    def _close(self, asset: Dependent, fate: Fate, reason: str = "", error: JdcloudError | None = None) -> None:
        state = asset.state
        if asset.kind is DependentKind.DISK:
            state.disk_fates[asset.id] = fate
            wrong = (asset.expected, fate) == ("kept", "deleted") or (
                self._explicit_disks and (asset.expected, fate) == ("deleted", "kept")
            )
            if wrong and state.failure is None:
                message = f"Disk {asset.id} of {state.instance_id} should be {asset.expected}, but is {fate}."
                state.failure = Failure("fate_mismatch", message)
            return
        state.address_fates[asset.id] = fate
        if asset.expected == "released" and fate != "released" and state.failure is None:
            message = f"{state.instance_id} is deleted, but its elastic IP {asset.id} {_why_not_released(asset, fate, reason)}"
            state.failure = Failure("elastic_ip_not_released", message if message.endswith(".") else message + ".", error)


def _why_not_released(asset: Dependent, fate: Fate, reason: str) -> str:
    if fate != "unverified":
        return f"was not released and is still billed: {reason}"
    sent = ""
    if asset.released:
        sent = "; its release was accepted"
    elif asset.unclear:
        sent = "; its release was sent, but the response was not clear, so it may have taken effect"
    return f"may still exist and be billed, because its state could not be read{sent}: run again to check"
