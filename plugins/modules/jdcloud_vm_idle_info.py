#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say which virtual machines of JD Cloud nobody uses."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_vm_idle_info
short_description: Tell which JD Cloud virtual machines are idle, and what they cost
version_added: 1.0.0
description:
  - Judges each machine by what JD Cloud's monitoring measured of it, and says whether it is idle, with the figures and the
    threshold that decided.
  - First reads a few values of all machines in bulk, 50 machines in one call; then the points of those alone that may be idle, to
    see that they cover the whole window.
  - No data is never idle. A machine of which monitoring tells nothing, or not enough, is V(unknown), and the reason is given.
  - Also says of each machine what it costs a month, and whether M(jdcloud.cloud.jdcloud_vm) would delete it. Changes nothing.
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
      - For how many days until now a machine must have been idle, V(1) to V(30). Monitoring keeps data no longer.
    type: int
    default: 14
  cpu_percent_max:
    description:
      - The most that the CPU of an idle machine reaches in the window, in percent of all its virtual CPUs.
    type: float
    default: 5.0
  cpu_percent_avg:
    description:
      - The most that the CPU of an idle machine does on average of the window, in percent.
    type: float
    default: 2.0
  network_kbps_avg:
    description:
      - The most that the network of an idle machine carries on average of the window, in kilobits (1000 bits) a second, in and
        out together, public and private.
    type: float
    default: 10.0
  disk_kbps_avg:
    description:
      - The most that the disks of an idle machine read and write on average of the window, together, in kilobytes (1000 bytes) a
        second.
    type: float
    default: 20.0
  minimum_age_days:
    description:
      - How many days ago a machine must have been made, at least; younger ones are V(too_young). By default O(window_days).
    type: float
  stopped_days:
    description:
      - For how many days a stopped machine must show no data to be V(stopped_long), at most V(30).
    type: float
    default: 14.0
  allow_host_only:
    description:
      - Whether a machine whose CPU monitoring does not show may be idle by its network and disks alone. The CPU is measured by an
        agent inside the machine, which imported and stripped images lack.
      - Without it such a machine is V(unknown), since it may compute without a word.
    type: bool
    default: false
  bill:
    description:
      - Whether to read from the account's bill of the last complete month what machines cost, unless they are V(busy) or
        V(too_young).
    type: bool
    default: true
  prices:
    description:
      - Prices a month in CNY, from which RV(instances[].monthly_cost) is computed; the bill is not read then.
      - C(instance_types) is a dictionary of types and their prices, C(instance) the price of all others, C(disk_gb) that of each
        GB of a cloud disk, C(elastic_ip) that of an elastic IP.
    type: dict
notes:
  - O(require_backup) is judged as M(jdcloud.cloud.jdcloud_vm) does before a delete, and excludes O(stop_running=true).
  - A machine that runs is deletable with O(stop_running=true) only.
  - Without any selector all machines of the region are judged. Machines that share a name are all listed.
  - The thresholds are careful guesses. Idle does not mean that nobody needs a machine; ask its owner before it goes.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
  - module: jdcloud.cloud.jdcloud_vm_info
  - module: jdcloud.cloud.jdcloud_bill_info
"""

EXAMPLES = r"""
- name: Judge all machines of a region
  jdcloud.cloud.jdcloud_vm_idle_info:
    region: cn-north-1
    stop_running: true
  register: judged

- name: Show those that are idle, the most expensive first
  ansible.builtin.debug:
    msg: "{{ item.instance_id }} {{ item.name }}: CNY {{ item.monthly_cost }}. {{ item.reasons[0].message }}"
  loop: >-
    {{ judged.instances | selectattr('verdict', 'in', ['idle', 'stopped_long']) | rejectattr('monthly_cost', 'none')
       | sort(attribute='monthly_cost', reverse=true) }}
  loop_control:
    label: "{{ item.instance_id }}"

- name: Judge the test machines by the last month, by prices of one's own
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
    - The machines, in the order of O(instance_ids), else by id. Ids that do not exist are left out, with a warning.
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
      description: When it was made; null if the service does not tell.
      type: str
      sample: "2025-06-01T10:12:30+08:00"
    verdict:
      description:
        - V(idle), it did no more than the thresholds all through the window; V(busy), it did more; V(stopped_long), it is stopped
          and has been for O(stopped_days); V(too_young); V(unknown), nothing of this is sure.
      type: str
      sample: idle
    confidence:
      description:
        - What the figures rest on. V(agent), the CPU is among them; V(host_only), network and disks alone; null if there are
          none.
      type: str
      sample: agent
    reasons:
      description: Why the verdict is what it is.
      type: list
      elements: dict
      contains:
        code:
          description:
            - The threshold that was exceeded (V(cpu_percent_max), V(cpu_percent_avg), V(network_kbps_avg), V(disk_kbps_avg)), or
              V(below_thresholds), V(stopped_long), V(too_young); and of unknown ones V(no_data), V(no_agent), V(gaps),
              V(stopped_recently), V(age_unknown), V(unsettled), V(monitor_unread).
          type: str
          sample: below_thresholds
        message:
          description: One sentence.
          type: str
          sample: "In 14 days it did no more than the thresholds in brackets: CPU at most 0.80 % (5), network 1.60 kbit/s (10)."
    metrics:
      description: What was measured in the window.
      type: dict
      contains:
        cpu_percent_max:
          description: The most that the CPU did, in percent; null if it is not known.
          type: float
          sample: 0.8
        cpu_percent_avg:
          description: What the CPU did on average, in percent; null if it is not known.
          type: float
          sample: 0.8
        network_kbps_avg:
          description: What the network carried on average, in kilobits a second; null if it is not known.
          type: float
          sample: 1.6
        disk_kbps_avg:
          description: What the disks read and wrote on average, in kilobytes a second; null if it is not known.
          type: float
          sample: 3.0
        points:
          description:
            - How many parts of the window have data, of the series that covers the least; of a stopped machine, of the last 30
              days. It is null if no series was read, since the values in bulk had decided.
          type: int
          sample: 112
        expected_points:
          description: How many there would be without gaps; or null.
          type: int
          sample: 112
        last_point:
          description: When data was last measured, or null.
          type: str
          sample: "2026-01-20T00:00:00+00:00"
    monthly_cost:
      description:
        - What it costs a month with its cloud disks and elastic IPs, in CNY, as far as that is known. It is null where nothing is
          known, and without O(prices) of machines that are V(busy) or V(too_young).
      type: float
      sample: 215.4
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
window:
  description: The time that was looked at.
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
  description: Why monitoring could not be read of some machines, or of all; empty if it was.
  returned: always
  type: list
  elements: str
  sample: []
costs:
  description: Where the costs come from.
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
      description: Why the bill could not be read; null if it was.
      type: str
      sample: >-
        billing.describeBillDetails failed: no permission (403 HTTP_FORBIDDEN, request c1a6f4c2): grant the IAM right for this
        call to the key's user.
summary:
  description: How many of what.
  returned: always
  type: dict
  contains:
    selected:
      description: Machines in the result.
      type: int
      sample: 12
    idle:
      description: Machines that are idle.
      type: int
      sample: 3
    busy:
      description: Machines that are used.
      type: int
      sample: 5
    stopped_long:
      description: Machines that have been stopped for long.
      type: int
      sample: 2
    too_young:
      description: Machines that are too young.
      type: int
      sample: 1
    unknown:
      description: Machines of which too little is known.
      type: int
      sample: 1
    deletable:
      description: Machines that could be deleted, whatever their verdict.
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
