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
      - The key of the tag that marks an instance for deletion, for example V(decommission-after). Its value is the earliest
        deletion date as C(YYYY-MM-DD), in the year 2000 or later.
      - The instance may be deleted from 00:00 Beijing time (+08:00) of the day after that date, by the clock of the service.
      - All other instances are blocked. C(not_marked) means that the tag is missing, C(mark_malformed) that its value is not a
        date, C(mark_doubled) that the service returned the tag more than once, and C(mark_not_due) that the date is not over;
        its message contains the first possible day.
      - A marked instance that runs was taken back into service. It has the blocker C(taken_back) instead of C(running) and is
        not deleted, whatever O(stop_running) says.
    type: str
    version_added: 0.3.0
"""
