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
      - The most machines that the selection may match. If it matches more, the task fails before anything is changed.
      - If not set, it is the number of O(instance_ids), 1 with O(name), 10 with O(tags) or O(filters), and the smallest of
        these if several are given.
      - There is no value for "unlimited".
    type: int
  protect_tags:
    description:
      - A machine that carries any one of these tags is blocked, and no other option overrides that. So is one whose deletion
        would destroy a disk or release an elastic IP that carries one; the tags of what would outlive it do not matter.
      - A value is a text, a list of texts of which any one will do, or V("*") for any value. Numbers, booleans, dates and null
        are refused, since they might protect something else than was written. Quote them.
      - What is given replaces the default, so name V(jdcloud-protect) again beside tags of your own. V({}) switches the
        protection off.
    type: dict
    default:
      jdcloud-protect: "*"
"""
