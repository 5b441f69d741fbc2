#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell what JD Cloud resources cost in a month."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_bill_info
short_description: Tell what JD Cloud resources cost in a month, from the account's own bill
version_added: 0.3.0
description:
  - Reads the lines of the account's bill about machines, disks, elastic IPs and other resources, and adds them up for each.
  - Resources that do not exist any more are in the bill of the months in which they did.
  - Fails rather than return a part of the bill.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.attributes
  - jdcloud.cloud.attributes.info_module
options:
  resource_ids:
    description:
      - The ids of the resources. They may be of different kinds, and as many as you like; 500 are read with one call.
      - An empty list and blank members are errors.
    type: list
    elements: str
    required: true
  month:
    description:
      - The month as V(YYYY-MM), in Beijing time.
      - The month that is not over yet can be read, too, with a warning.
      - If not set, it is the last complete month, by the clock of the host that runs the module.
    type: str
  on_denied:
    description:
      - What to do if the user of the key may not read the bill, which is a right of its own.
      - With V(report) that is no failure. RV(available) is V(false) then, and RV(reason) says why.
      - With V(fail) the task fails, with the same result.
    type: str
    choices: [report, fail]
    default: report
notes:
  - The service does not say in which currency the bill is. CNY is assumed.
  - The fee is what was charged after discounts. Refunds count as negative, so a fee may be below zero.
  - The fee is that of the month, however short the resource existed in it. That of a prepaid resource may be for several months
    at once, or nothing.
  - How soon after its end the bill of a month is complete is not known. In the first days of a month, ask for the one before the
    last as well if it matters.
seealso:
  - module: jdcloud.cloud.jdcloud_vm_info
  - module: jdcloud.cloud.jdcloud_campaign
"""

EXAMPLES = r"""
- name: Read what a machine and its disk cost in the last complete month
  jdcloud.cloud.jdcloud_bill_info:
    region: cn-north-1
    resource_ids:
      - i-4x9q2m7kva
      - vol-7k2m9x4qpd
  register: bill

- name: Show it
  ansible.builtin.debug:
    msg: >-
      {{ bill.available | ternary('In ' ~ bill.month ~ ' both together cost CNY ' ~ bill.total, bill.reason) }}

- name: Read the bill of a certain month, or fail
  jdcloud.cloud.jdcloud_bill_info:
    resource_ids: "{{ manifest.machines | map(attribute='instance_id') }}"
    month: 2026-01
    on_denied: fail
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
available:
  description: Whether the bill was read.
  returned: always
  type: bool
  sample: true
reason:
  description: Why the key's user may not read the bill, in one sentence; null if nothing was denied.
  returned: always
  type: str
  sample: >-
    billing.describeBillDetails failed: no permission (403 HTTP_FORBIDDEN, request c1a6f4c2): grant the IAM right for this call to
    the key's user.
month:
  description: The month whose bill was asked for; null if the run failed before that.
  returned: always
  type: str
  sample: 2026-01
resources:
  description:
    - The resources, in the order of O(resource_ids), each once. Those that are not in the bill are there, too, with no rows.
    - Empty if the bill was not read.
  returned: always
  type: list
  elements: dict
  contains:
    resource_id:
      description: The id.
      type: str
      sample: i-4x9q2m7kva
    name:
      description: The name in the bill; null if it has none.
      type: str
      sample: web-01
    service_code:
      description: The product as the bill calls it; null if it does not tell.
      type: str
      sample: vm
    fee:
      description:
        - What was charged in the month after discounts, rounded to two decimals.
        - It is null if the resource is not in the bill, or if one of its lines does not tell its fee. That is not the same as
          nothing.
      type: float
      sample: 180.4
    currency:
      description: The currency, which is assumed.
      type: str
      sample: CNY
    rows:
      description: How many lines of the bill were added up; V(0) if the resource is not in it.
      type: int
      sample: 2
total:
  description:
    - The sum of all known fees, added up before they are rounded; null if no fee is known.
    - If RV(summary.fee_unknown) is not V(0), the true sum is another one, of which a warning tells.
  returned: always
  type: float
  sample: 250.4
currency:
  description: The currency of RV(total), which is assumed.
  returned: always
  type: str
  sample: CNY
summary:
  description: How many of what.
  returned: always
  type: dict
  contains:
    selected:
      description: Resources in the result.
      type: int
      sample: 2
    billed:
      description: Resources that are in the bill.
      type: int
      sample: 2
    not_billed:
      description: Resources that are not in the bill.
      type: int
      sample: 0
    fee_unknown:
      description: Resources that are in the bill with a line that does not tell its fee.
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

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.bill_info import BILL_INFO_SPEC, early_end, work
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module


def main() -> None:
    """Run the module."""
    run_module(BILL_INFO_SPEC, work, early_end, reads_only=True)


if __name__ == "__main__":
    main()
