#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List virtual machines of JD Cloud in full, and say of each whether it could be deleted."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_vm_info
short_description: List JD Cloud VMs, and what blocks their deletion
version_added: 0.1.0
description:
  - Lists the JD Cloud VMs of a region with all properties that the service returns.
  - For each instance, decides whether M(jdcloud.cloud.jdcloud_vm) would delete it, and lists all blockers if not.
  - Reads thousands of instances in parallel. Fails instead of returning an incomplete list.
  - The most used options are O(instance_ids), O(tags) and O(filters) to select instances; O(due_tag) and O(marked_only) to find
    marked instances; O(require_backup) to check their backups.
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
      - List only instances that carry the tag O(due_tag), whatever its value. Requires O(due_tag).
      - The service finds tags by key and value only, so the module filters the instances itself. Without a selector it reads
        all instances of the region, up to 100 in one call.
    type: bool
    default: false
    version_added: 0.3.0
notes:
  - O(require_backup) is checked as M(jdcloud.cloud.jdcloud_vm) does before a delete, and excludes O(stop_running=true).
  - Without a selector all instances of the region are listed, with O(marked_only=true) all marked instances. Instances with the
    same name are all listed.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: List all instances of a region
  jdcloud.cloud.jdcloud_vm_info:
    region: cn-north-1
  register: machines

- name: Show what blocks their deletion
  ansible.builtin.debug:
    msg: "{{ item.instance_id }} {{ item.name }}: {{ item.blockers | map(attribute='message') | join(' ') }}"
  loop: "{{ machines.instances | rejectattr('deletable') | list }}"
  loop_control:
    label: "{{ item.instance_id }}"

- name: List all marked instances of a region, with their dates and whether they are due
  jdcloud.cloud.jdcloud_vm_info:
    region: cn-north-1
    due_tag: decommission-after
    marked_only: true

- name: List the running instances of a project
  jdcloud.cloud.jdcloud_vm_info:
    tags:
      project: "spring-campaign"
    filters:
      status: running
"""

RETURN = r"""
# BEGIN shared: account
account:
  description: The account that was used, without secrets.
  returned: always
  type: dict
  contains:
    source:
      description: The source of the keys; null if the run ended before it was known.
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
      description: The pin of the user of the keys, as the service returned it; null unless O(expected_account) is set.
      type: str
      sample: shop-operations
    account_id:
      description: The account id, as the service returned it; null unless O(expected_account) is set.
      type: str
      sample: "100000000001"
# END shared: account
instances:
  description:
    - The instances, in the order of O(instance_ids), otherwise by id. Each one also contains all other properties that the
      service returns, in snake case. Names and sizes of disks are C(name) and C(size_gb), as in all other results.
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
      description: Keys that the service returned more than once, with all their values.
      type: dict
      sample: {}
    instance_type:
      description: The type.
      type: str
      sample: g.n2.large
    system_disk:
      description: The attached system disk.
      type: dict
      sample:
        device_name: vda
        disk_category: cloud
    data_disks:
      description: The attached data disks.
      type: list
      elements: dict
      sample:
        - device_name: vdb
          disk_category: cloud
    charge:
      description: How the instance is charged.
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
      description: All reasons that forbid its deletion, with the codes of M(jdcloud.cloud.jdcloud_vm).
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
          sample: "It is running: stop it first, or set stop_running to true."
    warnings:
      description: What you should know before you delete it, with the codes of M(jdcloud.cloud.jdcloud_vm).
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
          sample: It is a member of availability group ag-1kch0awxq9, which may replace it after its deletion.
    # END shared: deletable
    due_date:
      description:
        - The value of the tag O(due_tag), even if it is not a date; the last one if the service returns several. It is null for
          an instance without that tag, and without O(due_tag).
      type: str
      sample: "2026-01-14"
    backups:
      description: The backups that count for O(require_backup); empty if none is demanded.
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
        - Where the instance is, or was, a target of load balancers. Empty with O(load_balancers=ignore).
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
          description: The backends that send traffic to it.
          type: list
          elements: str
          sample: [backend-2m8x4k0sfe]
        target_id:
          description: The id of the target before the run; null for a target through an availability group.
          type: str
          sample: target-9b3n6w1yru
        availability_group_id:
          description: The availability group through which the instance is a target, or null.
          type: str
          sample: ag-1kch0awxq9
        address:
          description: The address of the target, or null.
          type: str
          sample: 10.0.16.5
        port:
          description: The port; 0 for the port of the backend, null if the service does not return it.
          type: int
          sample: 8080
        weight:
          description: The weight before the run; null for a target through an availability group.
          type: int
          sample: 10
        fate:
          description:
            - V(deregistered); V(registered) again after it was deregistered; V(left) if it still exists after the instance is
              gone; V(unverified); null if nothing was done.
          type: str
          sample: deregistered
    # END shared: load_balancer_targets
    # BEGIN shared: dns_records
    dns_records:
      description:
        - With O(look_up_dns), the DNS records that hold an address of the instance. An empty list does not prove that no record
          exists.
      type: list
      elements: dict
      contains:
        zone:
          description: The name of the private zone or of the public domain.
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
          description: The full name.
          type: str
          sample: www.example.com
        type:
          description: V(A) or V(AAAA).
          type: str
          sample: A
        value:
          description: The address in the record.
          type: str
          sample: 203.0.113.17
        status:
          description: V(resolving) or V(paused), another value as the service returns it, or null.
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
  description: Counts.
  returned: always
  type: dict
  contains:
    selected:
      description: Instances in the result.
      type: int
      sample: 3
    deletable:
      description: Instances that could be deleted.
      type: int
      sample: 2
    blocked:
      description: Instances that could not be deleted.
      type: int
      sample: 1
    not_found:
      description: Ids that do not exist.
      type: int
      sample: 0
    # BEGIN shared: api_use calls=1 seconds=0.4
    api_calls:
      description: Number of requests sent, including repeats.
      type: int
      sample: 1
    api_retries:
      description: Number of requests that were repeated.
      type: int
      sample: 0
    api_throttled:
      description: Number of responses that limited the request rate (C(429 RATE_LIMIT)).
      type: int
      sample: 0
    seconds:
      description: Duration of the run in seconds.
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
