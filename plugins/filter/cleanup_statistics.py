# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook cleanup hands to a workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ..plugin_utils._campaign.output.statistics import cleanup_statistics

DOCUMENTATION = r"""
name: cleanup_statistics
short_description: Statistics that the playbook cleanup passes to a workflow
version_added: 1.0.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - Makes the statistics of the playbook C(jdcloud.cloud.cleanup), for C(ansible.builtin.set_stats).
positional: plan, whole
options:
  _input:
    description:
      - The reports of the role vm_decommission, one for each region.
    type: list
    elements: dict
    required: true
  plan:
    description:
      - The result of the stage V(cleanup) of M(jdcloud.cloud.jdcloud_campaign); empty if it failed.
    type: dict
    required: true
  whole:
    description:
      - Whether the playbook finished all of it without a problem.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Return the counts, failures and report paths
  ansible.builtin.set_stats:
    data:
      cleanup: "{{ [vm_decommission_report] | jdcloud.cloud.cleanup_statistics(plan, whole=true) }}"
"""

RETURN = r"""
_value:
  description:
    - The outcome, the numbers of due, blocked, deleted and failed instances, the ids of at most 100 failed instances, and the
      paths of the reports.
  type: dict
  sample: {"outcome": "complete", "due": 1, "blocked": 3, "deleted": 1, "failed": 0, "failed_ids": [], "reports": []}
"""


class FilterModule:
    """The filter of this file."""

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        """It by its name."""
        return {"cleanup_statistics": _filter}


def _filter(reports: Sequence[Mapping[str, Any]], plan: Mapping[str, Any], whole: Any = False) -> dict[str, Any]:
    return cleanup_statistics(reports, plan, whole=boolean(whole, strict=False))
