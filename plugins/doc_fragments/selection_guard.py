# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options that limit what a module that writes may touch."""

from __future__ import annotations


class ModuleDocFragment:
    """How many machines at most, and which never."""

    DOCUMENTATION = r"""
options:
  max_instances:
    description:
      - The maximum number of instances that the selection may match. If it matches more, the task fails before anything is
        changed.
      - If not set, the limit is the number of O(instance_ids), 1 for O(name), and 10 for O(tags) or O(filters). With several
        selectors the smallest limit applies.
      - There is no value for "unlimited".
    type: int
  protect_tags:
    description:
      - An instance with any of these tags is blocked, and no other option overrides that. An instance is also blocked if the
        delete would destroy a disk or release an elastic IP with such a tag. The tags of resources that outlive the instance do
        not matter.
      - A value is a text, a list of texts, one of which must match, or V("*") for any value. Numbers, booleans, dates and null
        are refused, since they may protect something other than what you wrote. Quote them.
      - Your value replaces the default, so list V(jdcloud-protect) again together with your own tags. V({}) disables the
        protection.
    type: dict
    default:
      jdcloud-protect: "*"
"""
