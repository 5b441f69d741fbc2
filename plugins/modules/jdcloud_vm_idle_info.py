#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show which virtual machines of JD Cloud are idle."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_vm_idle_info
short_description: Show which JD Cloud VMs are idle, and what they cost
version_added: 1.0.0
description:
  - Uses the data of JD Cloud's monitoring to decide whether each JD Cloud VM is idle, and returns the figures and the threshold
    that led to the decision.
  - First reads a few values of all instances in bulk, 50 in one call. Then reads the data points only of instances that may be
    idle, to check that they cover the whole window.
  - An instance without data is never idle. An instance with no data, or not enough data, is V(unknown), with the reason.
  - Also returns the monthly cost of each instance, and whether M(jdcloud.cloud.jdcloud_vm) would delete it. Changes nothing.
  - The most used options are O(tags) to select instances; O(window_days) and the thresholds such as O(cpu_percent_max);
    O(stop_running) to check running instances for their deletion; O(prices) if you cannot read the bill.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.selection
  - jdcloud.cloud.verdict
  - jdcloud.cloud.due_tag
  - jdcloud.cloud.backup_demand
  - jdcloud.cloud.surroundings
  - jdcloud.cloud.attributes
  - jdcloud.cloud.attributes.info_module
options:
  window_days:
    description:
      - The number of days before now in which an instance must have been idle, V(1) to V(30). Monitoring keeps data for 30
        days.
    type: int
    default: 14
  cpu_percent_max:
    description:
      - Maximum CPU of an idle instance in the window, in percent of all its virtual CPUs.
    type: float
    default: 5.0
  cpu_percent_avg:
    description:
      - Maximum average CPU of an idle instance in the window, in percent of all its virtual CPUs.
    type: float
    default: 2.0
  network_kbps_avg:
    description:
      - Maximum average network traffic of an idle instance in the window, in kilobits (1000 bits) per second, in and out
        together, public and private.
    type: float
    default: 10.0
  disk_kbps_avg:
    description:
      - Maximum average disk traffic of an idle instance in the window, reads and writes together, in kilobytes (1000 bytes) per
        second.
    type: float
    default: 20.0
  minimum_age_days:
    description:
      - Minimum age of an instance in days; younger ones are V(too_young). If not set, it is O(window_days).
    type: float
  stopped_days:
    description:
      - Number of days without data after which a stopped instance is V(stopped_long), at most V(30).
    type: float
    default: 14.0
  allow_host_only:
    description:
      - Whether an instance without CPU data can count as idle by its network and disks alone. An agent inside the instance
        measures the CPU; imported and stripped images do not contain it.
      - With V(false) such an instance is V(unknown), since it may compute without network and disk traffic.
    type: bool
    default: false
  bill:
    description:
      - Whether to read the costs of instances from the bill of the account for the last complete month. Costs of instances that
        are V(busy) or V(too_young) are not read.
    type: bool
    default: true
  prices:
    description:
      - Monthly prices in CNY, from which RV(instances[].monthly_cost) is computed. The bill is then not read.
      - Members are C(instance_types) (a dictionary of prices by type), C(instance) (for all other types), C(disk_gb) (for each
        GB of a cloud disk) and C(elastic_ip).
    type: dict
notes:
  - O(require_backup) is checked as M(jdcloud.cloud.jdcloud_vm) does before a delete, and excludes O(stop_running=true).
  - A running instance is deletable only with O(stop_running=true).
  - Without a selector all instances of the region are checked. Instances with the same name are all listed.
  - The default thresholds are cautious estimates. An idle instance may still be needed; ask its owner before you delete it.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
  - module: jdcloud.cloud.jdcloud_vm_info
  - module: jdcloud.cloud.jdcloud_bill_info
"""

EXAMPLES = r"""
- name: Find idle instances of a region
  jdcloud.cloud.jdcloud_vm_idle_info:
    region: cn-north-1
    stop_running: true
  register: judged

- name: Show the idle instances, the most expensive first
  ansible.builtin.debug:
    msg: "{{ item.instance_id }} {{ item.name }}: CNY {{ item.monthly_cost }}. {{ item.reasons[0].message }}"
  loop: >-
    {{ judged.instances | selectattr('verdict', 'in', ['idle', 'stopped_long']) | rejectattr('monthly_cost', 'none')
       | sort(attribute='monthly_cost', reverse=true) }}
  loop_control:
    label: "{{ item.instance_id }}"

- name: Find idle test instances of the last month, with your own prices
  jdcloud.cloud.jdcloud_vm_idle_info:
    tags:
      env: test
    window_days: 30
    prices:
      instance_types:
        g.n2.medium: 120
      instance: 200
      disk_gb: 0.7
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
    - The instances, in the order of O(instance_ids), otherwise by id. Ids that do not exist are left out, with a warning.
  returned: always
  type: list
  elements: dict
  contains:
    instance_id:
      description: The id.
      type: str
      sample: i-4x9q2m7kva
    name:
      description: The name, or null.
      type: str
      sample: web-old-01
    region:
      description: The region.
      type: str
      sample: cn-north-1
    status:
      description: The status, in lower case.
      type: str
      sample: running
    instance_type:
      description: The type, or null.
      type: str
      sample: g.n2.large
    tags:
      description: The tags.
      type: dict
      sample:
        env: test
    launched:
      description: When it was made; null if the service does not return it.
      type: str
      sample: "2025-06-01T10:12:30+08:00"
    verdict:
      description:
        - V(idle) if it did not exceed the thresholds in the whole window; V(busy) if it exceeded one; V(stopped_long) if it has
          been stopped for at least O(stopped_days); V(too_young); V(unknown) if the data does not suffice.
      type: str
      sample: idle
    confidence:
      description:
        - The source of the figures. V(agent) if they include the CPU; V(host_only) for network and disks only; null if there
          are no figures.
      type: str
      sample: agent
    reasons:
      description: The reasons of the verdict.
      type: list
      elements: dict
      contains:
        code:
          description:
            - The threshold that was exceeded (V(cpu_percent_max), V(cpu_percent_avg), V(network_kbps_avg), V(disk_kbps_avg)),
              or V(below_thresholds), V(stopped_long), V(too_young); for V(unknown) one of V(no_data), V(no_agent), V(gaps),
              V(stopped_recently), V(age_unknown), V(unsettled), V(monitor_unread).
          type: str
          sample: below_thresholds
        message:
          description: One sentence.
          type: str
          sample: "In 14 days it did not exceed the thresholds in brackets: CPU at most 0.80 % (5), network 1.60 kbit/s (10)."
    metrics:
      description: The data of the window.
      type: dict
      contains:
        cpu_percent_max:
          description: The maximum CPU in percent; null if it is unknown.
          type: float
          sample: 0.8
        cpu_percent_avg:
          description: The average CPU in percent; null if it is unknown.
          type: float
          sample: 0.8
        network_kbps_avg:
          description: The average network traffic in kilobits per second; null if it is unknown.
          type: float
          sample: 1.6
        disk_kbps_avg:
          description: The average disk traffic in kilobytes per second; null if it is unknown.
          type: float
          sample: 3.0
        points:
          description:
            - Number of parts of the window with data, in the series that covers the least; for a stopped instance, of the last
              30 days. It is null if no series was read, because the values that were read in bulk decided.
          type: int
          sample: 112
        expected_points:
          description: Number of parts of a window without gaps, or null.
          type: int
          sample: 112
        last_point:
          description: When the last data was measured, or null.
          type: str
          sample: "2026-01-20T00:00:00+00:00"
    series:
      description:
        - The series that were read, for a small drawing; empty unless the verdict is V(idle) or V(stopped_long).
      type: list
      elements: dict
      contains:
        metric:
          description: The metric of the service.
          type: str
          sample: vm.cpu.util
        unit:
          description: V(%), V(kbit/s), 1000 bits a second, or V(kB/s), 1000 bytes a second.
          type: str
          sample: "%"
        days:
          description: The days until now that the points cover. They are 30 for a stopped instance.
          type: int
          sample: 14
        points:
          description: The largest value of each of 28 equal parts of these days, the oldest first; null without data.
          type: list
          elements: raw
          sample: [0.8, 0.8, null, 0.8]
    monthly_cost:
      description:
        - The known monthly cost of the instance with its cloud disks and elastic IPs, in CNY. It is null if no cost is known,
          and without O(prices) for instances that are V(busy) or V(too_young).
      type: float
      sample: 215.4
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
window:
  description: The window.
  returned: always
  type: dict
  contains:
    start:
      description: Its start; null if the run ended early.
      type: str
      sample: "2026-01-06T00:00:00+00:00"
    end:
      description: Its end; null if the run ended early.
      type: str
      sample: "2026-01-20T00:00:00+00:00"
monitor_unread:
  description: Why monitoring data could not be read, for all or some instances; empty if everything was read.
  returned: always
  type: list
  elements: str
  sample: []
costs:
  description: The source of the costs.
  returned: always
  type: dict
  contains:
    source:
      description: V(bill), V(prices) or V(none).
      type: str
      sample: bill
    month:
      description: The month of the bill, or null.
      type: str
      sample: 2025-12
    currency:
      description: The currency.
      type: str
      sample: CNY
    problem:
      description: Why the bill could not be read; null if it was read.
      type: str
      sample: >-
        billing.describeBillDetails failed: no permission (403 HTTP_FORBIDDEN, request c1a6f4c2): grant the IAM right for this
        call to the user of the key.
summary:
  description: Counts.
  returned: always
  type: dict
  contains:
    selected:
      description: Instances in the result.
      type: int
      sample: 12
    idle:
      description: Instances that are idle.
      type: int
      sample: 3
    busy:
      description: Instances that are busy.
      type: int
      sample: 5
    stopped_long:
      description: Instances that have been stopped for a long time.
      type: int
      sample: 2
    too_young:
      description: Instances that are too young.
      type: int
      sample: 1
    unknown:
      description: Instances whose data does not suffice.
      type: int
      sample: 1
    deletable:
      description: Instances that could be deleted, whatever their verdict.
      type: int
      sample: 4
    not_found:
      description: Ids that do not exist.
      type: int
      sample: 0
    # BEGIN shared: api_use calls=18 seconds=1.4
    api_calls:
      description: Number of requests sent, including repeats.
      type: int
      sample: 18
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
      sample: 1.4
    # END shared: api_use
"""

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.machines.vm_idle_info import (
    VM_IDLE_INFO_SPEC,
    early_end,
    work,
)


def main() -> None:
    """Run the module."""
    run_module(VM_IDLE_INFO_SPEC, work, early_end, reads_only=True)


if __name__ == "__main__":
    main()
