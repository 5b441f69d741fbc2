# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the option that lets only machines go whose grace period is over."""

from __future__ import annotations


class ModuleDocFragment:
    """Which date must be over."""

    DOCUMENTATION = r"""
options:
  due_tag:
    description:
      - The key of the tag that marks a machine for deletion, for example V(decommission-after). Its value is the earliest
        deletion date, strictly as C(YYYY-MM-DD), in the year 2000 or later.
      - A machine may be deleted from 00:00 Beijing time (+08:00) of the day after that date, by the service's own clock.
      - Any other machine is blocked. C(not_marked) lacks the tag, C(mark_malformed) has something else than a date in it,
        C(mark_doubled) shows it more than once, and C(mark_not_due) names the first day on which it may go.
      - A marked machine that runs has been taken back by somebody (C(taken_back), in place of C(running)). It is not deleted,
        whatever O(stop_running) says.
    type: str
    version_added: 0.3.0
"""
