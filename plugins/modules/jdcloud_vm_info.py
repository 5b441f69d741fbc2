#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List virtual machines of JD Cloud in full, and say of each whether it could be deleted."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_vm_info
short_description: List JD Cloud virtual machines, and what stands in the way of deleting them
version_added: 0.1.0
description:
  - Lists the virtual machines of a region with everything that the service says about them.
  - Says of each one whether M(jdcloud.cloud.jdcloud_vm) would delete it, and if not, everything that forbids it.
  - Reads thousands of machines in parallel, and fails rather than return an incomplete list.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.selection
  - jdcloud.cloud.verdict
  - jdcloud.cloud.due_tag
  - jdcloud.cloud.backup_demand
  - jdcloud.cloud.surroundings
  - jdcloud.cloud.dns
  - jdcloud.cloud.attributes
  - jdcloud.cloud.attributes.info_module
options:
  marked_only:
    description:
      - List and judge only machines that carry the tag O(due_tag), whatever its value. That option must then be set.
      - The service finds tags by key and value only, so the choice is made here. Without any selector all machines of the region
        are read, up to 100 in one call.
    type: bool
    default: false
    version_added: 0.3.0
notes:
  - O(require_backup) is judged as M(jdcloud.cloud.jdcloud_vm) does before a delete, and excludes O(stop_running=true).
  - Without any selector all machines of the region are listed, with O(marked_only=true) all marked ones. Machines that share a
    name are all listed.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: List all machines of a region
  jdcloud.cloud.jdcloud_vm_info:
    region: cn-north-1
  register: machines

- name: Say what forbids to delete them
  ansible.builtin.debug:
    msg: "{{ item.instance_id }} {{ item.name }}: {{ item.blockers | map(attribute='message') | join(' ') }}"
  loop: "{{ machines.instances | rejectattr('deletable') | list }}"
  loop_control:
    label: "{{ item.instance_id }}"

- name: List all marked machines of a region, with their dates and whether they are due
  jdcloud.cloud.jdcloud_vm_info:
    region: cn-north-1
    due_tag: decommission-after
    marked_only: true

- name: List the machines of a project that run
  jdcloud.cloud.jdcloud_vm_info:
    tags:
      project: "spring-campaign"
    filters:
      status: running
"""

RETURN = r"""
# BEGIN shared: account
account:
  description: Which account was used; no secrets.
  returned: always
  type: dict
  contains:
    source:
      description: Where the keys came from; null if the run ended before that was known.
      type: str
      sample: environment
    access_key_suffix:
      description: The last characters of the access key, or null.
      type: str
      sample: AK01
    region:
      description: The region, or null.
      type: str
      sample: cn-north-1
    pin:
      description: The pin of the keys' user, as the service tells it; null unless O(expected_account) is set.
      type: str
      sample: shop-operations
    account_id:
      description: The account id, as the service tells it; null unless O(expected_account) is set.
      type: str
      sample: "100000000001"
# END shared: account
instances:
  description:
    - The machines, in the order of O(instance_ids), else by id. Beside what is listed here, each one holds everything else
      that the service says about it, in snake case. Names and sizes of disks are called C(name) and C(size_gb), as in all
      other results.
    - Ids that do not exist are left out, with a warning.
  returned: always
  type: list
  elements: dict
  contains:
    instance_id:
      description: The id.
      type: str
      sample: i-4x9q2m7kva
    name:
      description: The name.
      type: str
      sample: web-old-01
    region:
      description: The region.
      type: str
      sample: cn-north-1
    status:
      description: The status, in lower case.
      type: str
      sample: stopped
    tags:
      description: The tags.
      type: dict
      sample:
        env: test
    repeated_tags:
      description: Keys that the service showed more than once, with all their values.
      type: dict
      sample: {}
    instance_type:
      description: The type.
      type: str
      sample: g.n2.large
    system_disk:
      description: The system disk as it is attached.
      type: dict
      sample:
        device_name: vda
        disk_category: cloud
    data_disks:
      description: The data disks as they are attached.
      type: list
      elements: dict
      sample:
        - device_name: vdb
          disk_category: cloud
    charge:
      description: How the machine is paid for.
      type: dict
      sample:
        charge_mode: postpaid_by_duration
        charge_status: normal
    # BEGIN shared: deletable
    deletable:
      description: Whether M(jdcloud.cloud.jdcloud_vm) would delete it with the same options.
      type: bool
      sample: false
    blockers:
      description: Everything that forbids to delete it, with the codes of M(jdcloud.cloud.jdcloud_vm).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: running
        message:
          description: One sentence.
          type: str
          sample: "It runs: stop it first, or set stop_running to true."
    warnings:
      description: What should be known before it is deleted, with the codes of M(jdcloud.cloud.jdcloud_vm).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: group_member
        message:
          description: One sentence.
          type: str
          sample: It is a member of availability group ag-1kch0awxq9, which may replace it when it goes.
    # END shared: deletable
    due_date:
      description:
        - The value of the tag O(due_tag) as it was read, also if it is no date; the last one if the service shows several. It is
          null for a machine without that tag, and without O(due_tag).
      type: str
      sample: "2026-01-14"
    backups:
      description: The backups that count for O(require_backup); empty where none is demanded.
      type: list
      elements: dict
      contains:
        type:
          description: V(image) or V(snapshot).
          type: str
          sample: image
        id:
          description: The id.
          type: str
          sample: img-5bk0u2p7im
        status:
          description: V(ready) for an image, V(available) for a snapshot.
          type: str
          sample: ready
        created:
          description: When it was made.
          type: str
          sample: "2026-01-15T16:09:10+08:00"
        campaign:
          description: The campaign that made it.
          type: str
          sample: spring-2026
    # BEGIN shared: load_balancer_targets
    load_balancer_targets:
      description:
        - Where the machine is, or was, a target of load balancers. Empty with O(load_balancers=ignore).
      type: list
      elements: dict
      contains:
        load_balancer_id:
          description: The load balancer.
          type: str
          sample: alb-5kq0m2x8na
        load_balancer_name:
          description: Its name, or null.
          type: str
          sample: shop-front
        type:
          description: V(alb), V(nlb) or V(dnlb).
          type: str
          sample: alb
        target_group_id:
          description: The target group; null for a target through an availability group.
          type: str
          sample: tg-7c1v9zq4hd
        backend_ids:
          description: The backends that send to it.
          type: list
          elements: str
          sample: [backend-2m8x4k0sfe]
        target_id:
          description: The target as it was found; null for a target through an availability group.
          type: str
          sample: target-9b3n6w1yru
        availability_group_id:
          description: The availability group through which the machine is a target, or null.
          type: str
          sample: ag-1kch0awxq9
        address:
          description: The address of the target, or null.
          type: str
          sample: 10.0.16.5
        port:
          description: The port; 0 for that of the backend, null if the service does not tell it.
          type: int
          sample: 8080
        weight:
          description: The weight as it was found; null for a target through an availability group.
          type: int
          sample: 10
        fate:
          description:
            - V(deregistered); V(registered) again after it was deregistered; V(left) behind by a machine that is gone;
              V(unverified); null if nothing was done.
          type: str
          sample: deregistered
    # END shared: load_balancer_targets
    # BEGIN shared: dns_records
    dns_records:
      description:
        - With O(look_up_dns), the DNS records that hold an address of the machine. An empty list is no proof that there is none.
      type: list
      elements: dict
      contains:
        zone:
          description: The zone or the domain.
          type: str
          sample: example.com
        zone_id:
          description: Its id.
          type: str
          sample: "4711"
        zone_type:
          description: V(private) for a private zone, V(public) for a public domain.
          type: str
          sample: public
        name:
          description: The whole name.
          type: str
          sample: www.example.com
        type:
          description: V(A) or V(AAAA).
          type: str
          sample: A
        value:
          description: The address, as it stands in the record.
          type: str
          sample: 203.0.113.17
        status:
          description: V(resolving) or V(paused), the service's own word where it is another one, or null.
          type: str
          sample: resolving
    # END shared: dns_records
# BEGIN shared: dns_unread
dns_unread:
  description: With O(look_up_dns), what could not be read, so that records may be missing; empty if everything was read.
  returned: always
  type: list
  elements: str
  sample: []
# END shared: dns_unread
summary:
  description: How many of what.
  returned: always
  type: dict
  contains:
    selected:
      description: Machines in the result.
      type: int
      sample: 3
    deletable:
      description: Machines that could be deleted.
      type: int
      sample: 2
    blocked:
      description: Machines that could not.
      type: int
      sample: 1
    not_found:
      description: Ids that do not exist.
      type: int
      sample: 0
    # BEGIN shared: api_use calls=1 seconds=0.4
    api_calls:
      description: All requests sent, repeated ones included.
      type: int
      sample: 1
    api_retries:
      description: Requests that were repeated.
      type: int
      sample: 0
    api_throttled:
      description: Answers that said "too fast".
      type: int
      sample: 0
    seconds:
      description: How long the run took.
      type: float
      sample: 0.4
    # END shared: api_use
"""

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.machines.vm_info import VM_INFO_SPEC, early_end, work


def main() -> None:
    """Run the module."""
    run_module(VM_INFO_SPEC, work, early_end, reads_only=True)


if __name__ == "__main__":
    main()
