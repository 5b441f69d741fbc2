# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook find_idle provides to a workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ..plugin_utils._campaign.output.statistics import find_idle_statistics

DOCUMENTATION = r"""
name: find_idle_statistics
short_description: What the playbook find_idle provides to a workflow
version_added: 1.0.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - Makes the statistics of the playbook C(jdcloud.cloud.find_idle), for C(ansible.builtin.set_stats).
positional: reports, whole
options:
  _input:
    description:
      - The result of the stage V(find_idle) of M(jdcloud.cloud.jdcloud_campaign); empty if it failed.
    type: dict
    required: true
  reports:
    description:
      - The reports of the role vm_decommission, one for each region in which instances were marked.
    type: list
    elements: dict
    required: true
  whole:
    description:
      - Whether all regions were judged and marked without a problem.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Provide counts, IDs and the path of the report
  ansible.builtin.set_stats:
    data: "{{ found | jdcloud.cloud.find_idle_statistics([vm_decommission_report], whole=true) }}"
"""

RETURN = r"""
_value:
  description:
    - C(find_idle) with the outcome, the counts, what the instances that can be deleted cost a month in CNY, their IDs (at most
      100), the path of the page, and how many instances were marked.
    - In check mode, if instances of one region are to be marked, also C(decommission_plan), which is what is to be approved.
  type: dict
  sample:
    find_idle:
      outcome: complete
      totals: {"judged": 120, "candidate": 15, "monthly_cost": 3411.0}
      candidate_ids: ["i-4x9q2m7kva"]
      marked: 0
      failed: 0
      report: /var/lib/jdcloud/idle/idle.html
"""


class FilterModule:
    """The filter of this file."""

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        """It by its name."""
        return {"find_idle_statistics": _filter}


def _filter(found: Mapping[str, Any], reports: Sequence[Mapping[str, Any]], whole: Any = False) -> dict[str, Any]:
    return find_idle_statistics(found, reports, whole=boolean(whole, strict=False))
