# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options about what surrounds a machine: its availability group and its load balancers."""

from __future__ import annotations


class ModuleDocFragment:
    """What happens to group memberships and load balancer targets before a machine is stopped or deleted."""

    DOCUMENTATION = r"""
options:
  group_members:
    description:
      - What to do with members of an availability group that scales automatically. Such a group may delete a managed instance,
        disks included, as soon as the instance stops. It makes a new instance when the group falls below its minimum or its
        desired number.
      - V(block) blocks a managed member (C(group_managed)), and a member whose deletion makes the group fall below these
        numbers (C(group_minimum)).
      - V(abandon) takes the instance out of its group before it is stopped or deleted. This cannot be undone. The group may
        make a new instance in its place; a warning reports that.
      - V(ignore) reads no groups; the instance has a warning.
      - Members of a group that does not scale stay in it.
    type: str
    choices:
      - block
      - abandon
      - ignore
    default: block
    version_added: 1.0.0
  load_balancers:
    description:
      - What to do with an instance that receives traffic from a load balancer. All target groups, backends and targets of the
        region are read once for all instances. An instance is found by its id, by its private addresses, and through its
        availability group.
      - V(block) blocks the instance (C(load_balancer_target)).
      - V(deregister) deregisters its targets before the instance is stopped or deleted. On alb the weight is set to 0 first,
        and open connections get O(drain_seconds). On nlb open connections continue for as long as the backend allows. On dnlb
        they get O(drain_seconds) after the target was deregistered. The targets of an instance that does not run are
        deregistered without a wait.
      - If the instance is then not stopped or deleted, its targets are registered again, or the failure names them.
      - With V(deregister), a member of an availability group that a backend uses also requires O(group_members=abandon).
      - V(ignore) reads no load balancers. Use it with a key that has no right to read them; with the other values such a key
        leads to the blocker C(surroundings_unknown).
    type: str
    choices:
      - block
      - deregister
      - ignore
    default: block
    version_added: 1.0.0
  drain_seconds:
    description:
      - With O(load_balancers=deregister), the number of seconds to wait for open connections to end. All instances of the task
        are drained together.
    type: float
    default: 30.0
    version_added: 1.0.0
  allow_last_target:
    description:
      - Whether the module can deregister the last healthy target of a target group, and take the last healthy member out of an
        availability group that a backend uses. With V(false) the instance is blocked (C(last_target)).
    type: bool
    default: false
    version_added: 1.0.0
"""
