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
      - What to do with a machine that is a member of an availability group that scales by itself. Such a group may delete a
        managed machine, disks included, as soon as it stops, and it makes a new machine when it falls below its minimum or its
        desired number. Each group of the selection is read once.
      - With V(block) a managed member is blocked (C(group_managed)), and so is one whose deletion makes the group fall below
        these numbers (C(group_minimum)).
      - With V(abandon) the machine is taken out of its group before it is stopped or deleted. That cannot be undone. The group
        may make a new machine for it, which is a warning.
      - With V(ignore) groups are not read, and a warning of the machine says so.
      - Members of a group that does not scale are not touched.
    type: str
    choices:
      - block
      - abandon
      - ignore
    default: block
    version_added: 1.0.0
  load_balancers:
    description:
      - What to do with a machine that a load balancer sends traffic to. All target groups, backends and targets of the region
        are read once, whatever the number of machines. A machine is found by its id, by its private addresses, and through its
        availability group.
      - With V(block) it is blocked (C(load_balancer_target)).
      - With V(deregister) its targets are deregistered before it is stopped or deleted. On alb the weight is set to 0 first, and
        connections get O(drain_seconds). On nlb connections go on for as long as the backend says. On dnlb they get
        O(drain_seconds) after the target was deregistered. A machine that does not run is deregistered without a wait.
      - If the machine is not deleted or stopped after all, its targets are registered again, or the failure names them.
      - A member of an availability group that a backend names needs O(group_members=abandon), too.
      - With V(ignore) load balancers are not read.
      - A key that may not read load balancers needs V(ignore); otherwise the machines are blocked (C(surroundings_unknown)).
    type: str
    choices:
      - block
      - deregister
      - ignore
    default: block
    version_added: 1.0.0
  drain_seconds:
    description:
      - Seconds that open connections get to end, with O(load_balancers=deregister). All machines of the task are drained
        together.
    type: float
    default: 30.0
    version_added: 1.0.0
  allow_last_target:
    description:
      - Whether the last healthy target of a target group may be deregistered, and the last healthy member of an availability
        group that a backend names may leave it. If not, the machine is blocked (C(last_target)).
    type: bool
    default: false
    version_added: 1.0.0
"""
