# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where one machine stands while its decision is carried out. Pure.

A stop, start or delete that was sent may end without a clear answer. A machine that fails while no read has decided about it may
have been changed, or be gone: the result says so, instead of what was read before.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from ..._api.model.instance import Instance
from ..common.failure import UNVERIFIED, Failure, with_unclear_call
from ..common.progress import Standing, standing_of
from ..common.timing import READ_LAG
from ..common.write_errors import Tries
from ..planning.policy import Action, Decision, Fate


class Phase(enum.Enum):
    """The next thing that happens to a machine. `LOOKED` phases wait for an observation, the others for a slot to send in."""

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
WORDS = {Phase.STOP: "stop", Phase.START: "start", Phase.DELETE: "delete"}
"""What the calls are called whose effect may stay unknown."""


@dataclass(slots=True)
class MachineState:
    """One machine's way. Times are monotonic seconds.

    `since` is when the service accepted the call (or the waiting began), `deadline` when waiting for it ends,
    `observed_at` when the newest usable observation was asked for. `unsure`: the last write ended without a clear answer, or
    was refused for now; `maybe_ours`: what a read shows next may be the effect of such a write;
    `delete_sent`: a delete with a lost answer was among these;
    `doubt`: the stop, start or delete of which no read has shown yet what came of it (see `report_unclear`), since `doubt_since`;
    `refusal`: what the machine fails with if it came to nothing. `sending`: a call of this phase is under way.
    `moving`: the transition was seen to have begun. `stuck`: it takes unusually long, or is refused.
    `shown_by_ids`: a bulk answer by ids has shown this machine, so its absence from another one means something.
    """

    decision: Decision
    machine: Instance
    phase: Phase
    observed_at: float
    since: float = 0.0
    deadline: float | None = None
    status: str = ""
    token: int = 0
    tries: Tries = field(default_factory=Tries)
    unsure: bool = False
    maybe_ours: bool = False
    moving: bool = False
    doubt: Phase | None = None
    doubt_since: float = 0.0
    refusal: Failure | None = None
    sending: Phase | None = None
    looks_back: int = 0
    stuck: bool = False
    shown_by_ids: bool = False
    asked_singly: bool = False
    stale_looks: int = 0
    doubts: int = 0
    absent_at: float | None = None
    stopped_by_us: bool = False
    started_by_us: bool = False
    delete_accepted: bool = False
    delete_sent: bool = False
    disks_set: bool = False
    put_back_tries: int = 0
    gone: bool = False
    failure: Failure | None = None
    disk_fates: dict[str, Fate] = field(default_factory=dict)
    address_fates: dict[str, Fate] = field(default_factory=dict)

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
        return self.doubt is not None and self.failure is not None

    @property
    def perhaps_deleted(self) -> bool:
        """Whether it may be gone by a delete of ours."""
        return self.in_doubt and self.doubt is Phase.DELETE

    def begin(self, phase: Phase) -> None:
        """Enter a phase with a fresh count of tries."""
        self.phase = phase
        self.tries = Tries()
        self.unsure = False
        self.maybe_ours = False
        self.moving = False
        self.looks_back = 0
        self.refusal = None
        self.absent_at = None
        self.stale_looks = 0
        self.doubts = 0
        self.deadline = None

    def look_between(self, phase: Phase) -> None:
        """Enter a phase between two tries of one call, or the call again after it: what bounds the tries goes on."""
        tries = self.tries
        self.begin(phase)
        self.tries = tries


def note_unclear(state: MachineState, phase: Phase, now: float) -> None:
    """The call of `phase` ended without a clear answer."""
    if phase in WORDS:
        state.doubt, state.doubt_since = phase, now


def note_read(state: MachineState, sent_at: float) -> None:
    """A read shows the machine. One that was asked for late enough shows the effect of the call, or that there is none.

    A machine that is being deleted by then may be so by our call or by somebody else's.
    """
    going = state.doubt is Phase.DELETE and state.status == "deleting"
    if state.doubt is not None and sent_at >= decided_at(state) and not going:
        state.doubt = None


def decided_at(state: MachineState) -> float:
    """From when on a read decides."""
    return state.doubt_since + READ_LAG


def report_unclear(state: MachineState) -> None:
    """Let a failure say what was sent and may have taken effect. Once is enough."""
    if state.doubt is None or state.failure is None:
        return
    if state.failure.code != UNVERIFIED:
        state.failure = with_unclear_call(state.failure, f"The {WORDS[state.doubt]} of {state.instance_id}")
    if state.status != "deleting":
        state.status = UNVERIFIED


def standing_of_machine(state: MachineState | None) -> Standing:
    """Of a machine that is stopped, started or deleted; without a state nothing was to be done."""
    if state is None:
        return Standing.DONE
    begun = state.changed or state.delete_sent or state.phase in UNDER_WAY
    return standing_of(failed=state.failure is not None, ended=state.phase is Phase.ENDED, begun=begun)
