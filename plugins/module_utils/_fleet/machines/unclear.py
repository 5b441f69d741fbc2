# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stop, start or delete that was sent, ended without a clear answer, and about which no read has decided. Pure.

A machine that fails like this may have been changed, or be gone: the result says so, instead of what was read before.
"""

from __future__ import annotations

from ..common.failure import UNVERIFIED, with_unclear_call
from ..common.timing import READ_LAG
from .state import MachineState, Phase

WORDS = {Phase.STOP: "stop", Phase.START: "start", Phase.DELETE: "delete"}


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
