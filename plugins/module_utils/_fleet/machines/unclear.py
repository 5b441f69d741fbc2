# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stop, start or delete that was sent, ended without a clear answer, and about which no read has decided. Pure.

A machine that fails like this may have been changed, or be gone: the result says so, instead of what was read before.
"""

from __future__ import annotations

from ..common.failure import UNVERIFIED, in_full
from ..common.timing import LAG
from .state import Phase, Track

WORDS = {Phase.STOP: "stop", Phase.START: "start", Phase.DELETE: "delete"}


def note_unclear(track: Track, phase: Phase, now: float) -> None:
    """The call of `phase` ended without a clear answer."""
    if phase in WORDS:
        track.doubt, track.doubt_since = phase, now


def note_read(track: Track, sent_at: float) -> None:
    """A read shows the machine. One that was asked for late enough shows the effect of the call, or that there is none.

    A machine that is being deleted by then may be so by our call or by somebody else's.
    """
    going = track.doubt is Phase.DELETE and track.status == "deleting"
    if track.doubt is not None and sent_at >= decided_at(track) and not going:
        track.doubt = None


def decided_at(track: Track) -> float:
    """From when on a read decides."""
    return track.doubt_since + LAG


def tell(track: Track) -> None:
    """Let a failure say what was sent and may have taken effect. Once is enough."""
    if track.doubt is None or track.failure is None:
        return
    if track.failure.code != UNVERIFIED:
        track.failure = in_full(track.failure, f"The {WORDS[track.doubt]} of {track.instance_id}")
    if track.status != "deleting":
        track.status = UNVERIFIED
