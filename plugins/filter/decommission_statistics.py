# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook decommission hands to a workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ..plugin_utils._campaign.output.statistics import decommission_statistics

DOCUMENTATION = r"""
name: decommission_statistics
short_description: Statistics that the role vm_decommission passes to a workflow
version_added: 1.0.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - Makes the statistics of the playbook C(jdcloud.cloud.decommission), for C(ansible.builtin.set_stats).
positional: whole
options:
  _input:
    description:
      - The fact C(vm_decommission_report); empty if the role failed before it had one.
    type: dict
    required: true
  whole:
    description:
      - Whether to include the report itself in base64, if it has at most 65536 characters.
      - A value that is not a boolean means V(false).
    type: raw
    default: false
"""

EXAMPLES = r"""
- name: Return the counts, failures and the plan to approve
  ansible.builtin.set_stats:
    data: "{{ vm_decommission_report | jdcloud.cloud.decommission_statistics }}"
"""

RETURN = r"""
_value:
  description:
    - C(decommission) with the campaign, digest, outcome, totals, path of the report, and the ids of at most 100 failed
      instances.
    - Its member C(money) holds what is or would be saved a month, what remains billed, and the cost of the backups, in CNY. It is
      empty unless a bill was read or prices were given.
    - In check mode also C(decommission_plan), the plan to approve; with O(whole) also C(decommission_report_base64), which is
      empty if the report is too large.
  type: dict
  sample: {"decommission": {"campaign": "spring", "outcome": "complete", "failed_ids": []}}
"""


class FilterModule:
    """The filter of this file."""

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        """It by its name."""
        return {"decommission_statistics": _filter}


def _filter(report: Mapping[str, Any], whole: Any = False) -> dict[str, Any]:
    return decommission_statistics(report, whole=boolean(str(whole).strip().lower(), strict=False))
