# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would become, or became, of each machine of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..plugin_utils._campaign.output.statistics import machine_lines

DOCUMENTATION = r"""
name: machine_lines
short_description: What would become, or became, of each machine of a report
version_added: 1.0.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - A line for each of the first 20 machines, with its id, what would become or became of it, and the codes of blockers and
    failures; then how many more there are.
  - The lines hold ids and words of this collection only, no text of the cloud.
options:
  _input:
    description:
      - The fact C(vm_decommission_report).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say what became of each machine
  ansible.builtin.debug:
    msg: "{{ vm_decommission_report | jdcloud.cloud.machine_lines }}"
"""

RETURN = r"""
_value:
  description:
    - The lines.
  type: list
  elements: str
  sample: ["i-4x9q2m7kva deleted", "i-8m2v5c1rtn blocked protected"]
"""


class FilterModule:
    """The filter of this file."""

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        """It by its name."""
        return {"machine_lines": _filter}


def _filter(report: Mapping[str, Any]) -> list[str]:
    return machine_lines(report)
