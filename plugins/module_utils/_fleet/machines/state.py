# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where one machine stands while its decision is carried out, and what is known of an unclear call."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..._api.model.instance import Instance
from ..common.failure import UNVERIFIED, Failure, Tries, with_unclear_call
from ..common.progress import Standing, standing_of
from ..common.timing import READ_LAG
from ..planning.policy import Action, Decision, Fate


class Phase(enum.Enum):
    """The next thing that happens to a machine. `LOOKED` phases wait for an observation, the others for a slot to send in."""

    # That of Enum is slow, and the engine looks for phases in sets some hundred times a call.
    __hash__ = object.__hash__

    STOP = enum.auto()
    START = enum.auto()
    REFRESH = enum.auto()
    STOPPING = enum.auto()
    STARTING = enum.auto()
    GATE = enum.auto()
    SET_DISKS = enum.auto()
    CHECK_DISKS = enum.auto()
    DELETE = enum.auto()
    DELETING = enum.auto()
    PUT_BACK = enum.auto()
    CHECK_BACK = enum.auto()
    ENDED = enum.auto()


LOOKED = frozenset(
    {Phase.REFRESH, Phase.STOPPING, Phase.STARTING, Phase.GATE, Phase.CHECK_DISKS, Phase.DELETING, Phase.CHECK_BACK}
)
GATES = frozenset({Phase.GATE, Phase.CHECK_DISKS})
"""Phases whose look decides whether the delete may leave."""
AHEAD = frozenset({Phase.STOPPING, Phase.GATE, Phase.SET_DISKS, Phase.CHECK_DISKS, Phase.DELETE})
"""Phases between the stop and the accepted delete."""
UNDER_WAY = frozenset(
    {
        *(Phase.STOPPING, Phase.STARTING, Phase.SET_DISKS, Phase.CHECK_DISKS, Phase.DELETING),
        *(Phase.PUT_BACK, Phase.CHECK_BACK),
    }
)
"""Phases that follow a call that changes something, or belong to one."""
WAITED = {Phase.STOPPING: "stopping", Phase.STARTING: "starting", Phase.DELETING: "deleting"}
"""The phases in which the service works, and how the progress calls them."""
WORDS = {Phase.STOP: "stop", Phase.START: "start", Phase.DELETE: "delete"}
"""The calls that leave a machine unverified if no one knows what came of them."""


@dataclass(frozen=True, slots=True)
class UnclearCall:
    """A stop, start or delete that was sent, ended at `since` without a clear answer, and about which no read has decided."""

    phase: Phase
    since: float

    @property
    def decided_at(self) -> float:
        """From when on a read decides."""
        return self.since + READ_LAG


@dataclass(slots=True)
class Attempt:
    """What came of one call and of the wait for its effect, in monotonic seconds. Replaced as a whole when another begins.

    `since`: when the service accepted the call, or the waiting began; `deadline`: when waiting for it ends. `unsure`: the last
    write ended without a clear answer, or was refused for now; `maybe_ours`: what a read shows next may be the effect of such a
    write. `moving`: the transition was seen to have begun; `looks_back`: so many looks in a row show the machine where it was.
    `refusal`: what it fails with if an unclear call came to nothing. `absent_at`: when a bulk answer first left it out;
    `doubts`: how often a single read then showed it. `stale_looks`: how many looks grew too old to delete by.
    """

    tries: Tries = field(default_factory=Tries)
    since: float = 0.0
    deadline: float | None = None
    unsure: bool = False
    maybe_ours: bool = False
    moving: bool = False
    looks_back: int = 0
    refusal: Failure | None = None
    absent_at: float | None = None
    doubts: int = 0
    stale_looks: int = 0


@dataclass(slots=True)
class MachineState:
    """One machine's way. Times are monotonic seconds.

    `observed_at`: when the newest usable observation was asked for. `unclear`: of which call it is not known what came of it.
    `sending`: a call of this phase is under way. `delete_sent`: the answer to a delete was lost. `shown_by_ids`: a bulk answer by
    ids has shown the machine, so its absence from another one means something. `token`, `filed`, `stuck` and `asked_singly` are
    the engine's: its newest appointment, the phase under which it is filed, whether it takes unusually long or is refused, and
    whether it was asked for by itself.
    """

    decision: Decision
    machine: Instance
    phase: Phase
    observed_at: float
    status: str = ""
    attempt: Attempt = field(default_factory=Attempt)
    unclear: UnclearCall | None = None
    sending: Phase | None = None
    shown_by_ids: bool = False
    stopped_by_us: bool = False
    started_by_us: bool = False
    disks_set: bool = False
    put_back_tries: int = 0
    delete_sent: bool = False
    delete_accepted: bool = False
    gone: bool = False
    failure: Failure | None = None
    disk_fates: dict[str, Fate] = field(default_factory=dict)
    address_fates: dict[str, Fate] = field(default_factory=dict)
    token: int = 0
    filed: Phase = Phase.ENDED
    stuck: bool = False
    asked_singly: bool = False

    @property
    def instance_id(self) -> str:
        """The machine's id."""
        return self.decision.instance_id

    @property
    def action(self) -> Action:
        """What was done with the machine."""
        if self.failure is not None:
            return "failed"
        if self.deleted:
            return "deleted"
        if self.started_by_us:
            return "started"
        return "stopped" if self.stopped_by_us and self.decision.action == "stopped" else "none"

    @property
    def deleted(self) -> bool:
        """Whether it counts as deleted by us: the delete was accepted; or its answer was lost, and the machine is gone."""
        return self.delete_accepted or (self.delete_sent and self.gone)

    @property
    def changed(self) -> bool:
        """Whether anything in the cloud is different because of us, or may be."""
        return self.stopped_by_us or self.started_by_us or self.deleted or self.disks_set or self.in_doubt

    @property
    def in_doubt(self) -> bool:
        """Whether it failed while it was not known what came of a call."""
        return self.unclear is not None and self.failure is not None

    @property
    def perhaps_deleted(self) -> bool:
        """Whether it may be gone by a delete of ours."""
        return self.unclear is not None and self.failure is not None and self.unclear.phase is Phase.DELETE

    @property
    def disks_to_put_back(self) -> Mapping[str, bool]:
        """The delete attributes as they were before we set them, by disk id. One that the service left out counts as false.

        As long as a delete may have taken effect, only what keeps a disk is put back: the rest could still destroy one.
        """
        before = {disk.disk_id: bool(disk.auto_delete) for disk in self.decision.disks}
        return {
            disk_id: before[disk_id]
            for disk_id, value in self.decision.disk_changes.items()
            if before[disk_id] is not value and not (self.perhaps_deleted and before[disk_id])
        }

    def begin(self, phase: Phase, *, since: float = 0.0, deadline: float | None = None) -> None:
        """Enter a phase, with nothing tried yet."""
        self.phase = phase
        self.attempt = Attempt(since=since, deadline=deadline)

    def look_between(self, phase: Phase) -> None:
        """Enter a phase between two tries of one call, or the call again after it: what bounds the tries goes on."""
        self.phase = phase
        self.attempt = Attempt(self.attempt.tries)

    def note_accepted(self, phase: Phase) -> None:
        """The service accepted the call of `phase`: remember that it was us, whatever comes next."""
        if self.unclear is not None and self.unclear.phase is phase:
            self.unclear = None
        if phase is Phase.STOP:
            self.stopped_by_us, self.status = True, "stopping"
        elif phase is Phase.START:
            self.started_by_us, self.status = True, "starting"
        elif phase is Phase.SET_DISKS:
            self.disks_set = True
        elif phase is Phase.DELETE:
            self.delete_accepted, self.status = True, "deleting"

    def note_unclear(self, phase: Phase, now: float) -> None:
        """The call of `phase` ended without a clear answer."""
        if phase in WORDS:
            self.unclear = UnclearCall(phase, now)

    def note_effect(self) -> None:
        """A read shows that the call with the unclear end took effect."""
        self.unclear = None
        self.attempt.unsure, self.attempt.maybe_ours, self.attempt.refusal = False, False, None

    def note_read(self, sent_at: float) -> None:
        """A read shows the machine. One that was asked for late enough shows the effect of the call, or that there is none.

        A machine that is being deleted by then may be so by our call or by another user's.
        """
        if self.unclear is None or sent_at < self.unclear.decided_at:
            return
        if self.unclear.phase is not Phase.DELETE or self.status != "deleting":
            self.unclear = None

    def report_unclear(self) -> None:
        """Let a failure say what was sent and may have taken effect. Once is enough."""
        if self.unclear is None or self.failure is None:
            return
        if self.failure.code != UNVERIFIED:
            self.failure = with_unclear_call(self.failure, f"The {WORDS[self.unclear.phase]} of {self.instance_id}")
        if self.status != "deleting":
            self.status = UNVERIFIED

    def end(self) -> None:
        """Nothing more happens to it."""
        self.report_unclear()
        self.phase = Phase.ENDED


def waited_for(states: Iterable[MachineState | None]) -> Iterator[tuple[float, str]]:
    """Since when the service works on which machine, and at what."""
    for state in states:
        if state is not None and state.phase in WAITED:
            yield state.attempt.since, f"{state.instance_id}, {WAITED[state.phase]}"


def standing_of_machine(state: MachineState | None) -> Standing:
    """Of a machine that is stopped, started or deleted, for the count of progress; without a state nothing was to be done."""
    if state is None:
        return Standing.DONE
    begun = state.changed or state.delete_sent or state.phase in UNDER_WAY
    return standing_of(failed=state.failure is not None, ended=state.phase is Phase.ENDED, begun=begun)
