#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell what JD Cloud resources cost in a month."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_bill_info
short_description: Show what JD Cloud resources cost in a month, from the bill of the account
version_added: 0.3.0
description:
  - Reads the rows of the bill for instances, disks, elastic IPs and other resources, and adds them up for each resource.
  - Includes resources that no longer exist in the bills of the months in which they existed.
  - Fails instead of returning a part of the bill.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.attributes
  - jdcloud.cloud.attributes.info_module
options:
  resource_ids:
    description:
      - The ids of the resources. They may be of different kinds. Their number is not limited; one call reads up to 500.
      - An empty list and blank members are errors.
    type: list
    elements: str
    required: true
  month:
    description:
      - The month as V(YYYY-MM), in Beijing time.
      - The current month can be read as well, with a warning.
      - If not set, it is the last complete month, by the clock of the host that runs the module.
    type: str
  on_denied:
    description:
      - What to do if the user of the key has no right to read the bill. This right is separate.
      - V(report) does not fail. RV(available) is V(false) and RV(reason) contains the reason.
      - V(fail) fails with the same result.
    type: str
    choices: [report, fail]
    default: report
notes:
  - The service does not return the currency of the bill. CNY is assumed.
  - The fee is the amount charged after discounts. Refunds are negative, so a fee can be below zero.
  - The fee is that of the month, however short the resource existed in it. The fee of a prepaid resource may cover several
    months, or be zero.
  - It is not known when the bill of a month is complete. In the first days of a month, also read the month before the last if
    this matters.
seealso:
  - module: jdcloud.cloud.jdcloud_vm_info
  - module: jdcloud.cloud.jdcloud_campaign
"""

EXAMPLES = r"""
- name: Read what an instance and its disk cost in the last complete month
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

- name: Read the bill of one month, or fail
  jdcloud.cloud.jdcloud_bill_info:
    resource_ids: "{{ manifest.machines | map(attribute='instance_id') }}"
    month: 2026-01
    on_denied: fail
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
available:
  description: Whether the bill was read.
  returned: always
  type: bool
  sample: true
reason:
  description: Why the user of the key cannot read the bill; null if nothing was denied.
  returned: always
  type: str
  sample: >-
    billing.describeBillDetails failed: no permission (403 HTTP_FORBIDDEN, request c1a6f4c2): grant the IAM right for this call to
    the user of the key.
month:
  description: The month of the bill; null if the run failed before it was known.
  returned: always
  type: str
  sample: 2026-01
resources:
  description:
    - The resources, in the order of O(resource_ids), each once. Resources that are not in the bill have no rows.
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
      description: The name of the product in the bill; null if the bill does not contain it.
      type: str
      sample: vm
    fee:
      description:
        - The amount charged in the month after discounts, rounded to two decimals.
        - It is null if the resource is not in the bill, or if one of its rows has no fee. This is not the same as zero.
      type: float
      sample: 180.4
    currency:
      description: The currency, which is assumed.
      type: str
      sample: CNY
    rows:
      description: Number of rows of the bill that were added up; V(0) if the resource is not in it.
      type: int
      sample: 2
total:
  description:
    - The sum of all known fees, added up before they are rounded; null if no fee is known.
    - If RV(summary.fee_unknown) is not V(0), the sum is incomplete, and a warning says so.
  returned: always
  type: float
  sample: 250.4
currency:
  description: The currency of RV(total), which is assumed.
  returned: always
  type: str
  sample: CNY
summary:
  description: Counts.
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
      description: Resources that are in the bill with a row that has no fee.
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

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.bill_info import BILL_INFO_SPEC, early_end, work
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module


def main() -> None:
    """Run the module."""
    run_module(BILL_INFO_SPEC, work, early_end, reads_only=True)


if __name__ == "__main__":
    main()
