#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell the quotas that backups and elastic IPs of JD Cloud need."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_quota_info
short_description: Show the quotas of images, snapshots and elastic IPs in a JD Cloud region
version_added: 0.2.0
description:
  - Reads the current quotas of private images, snapshots and elastic IPs of a region. Fails if one of them cannot be read.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.attributes
  - jdcloud.cloud.attributes.info_module
options: {}
notes:
  - An image uses one from the quota of images, and one from the quota of snapshots for each cloud disk.
  - Default quotas are small. Have them raised before a large backup.
seealso:
  - module: jdcloud.cloud.jdcloud_image
  - module: jdcloud.cloud.jdcloud_snapshot
"""

EXAMPLES = r"""
- name: Read the quotas of a region
  jdcloud.cloud.jdcloud_quota_info:
    region: cn-north-1
  register: room

- name: Stop unless ten images fit into the quota
  ansible.builtin.assert:
    that: room.quotas.images.left >= 10
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
quotas:
  description: The quotas; null if the run ended before they were read.
  returned: always
  type: dict
  contains:
    images:
      description: Private images.
      type: dict
      contains:
        # BEGIN shared: quota_numbers limit=50 used=12 left=38
        limit:
          description: Maximum number in the region.
          type: int
          sample: 50
        used:
          description: Number that exists.
          type: int
          sample: 12
        left:
          description: Number that can still be made.
          type: int
          sample: 38
        # END shared: quota_numbers
    snapshots:
      description: Snapshots.
      type: dict
      contains:
        # BEGIN shared: quota_numbers limit=100 used=40 left=60
        limit:
          description: Maximum number in the region.
          type: int
          sample: 100
        used:
          description: Number that exists.
          type: int
          sample: 40
        left:
          description: Number that can still be made.
          type: int
          sample: 60
        # END shared: quota_numbers
    elastic_ips:
      description: Elastic IPs.
      type: dict
      contains:
        # BEGIN shared: quota_numbers limit=10 used=4 left=6
        limit:
          description: Maximum number in the region.
          type: int
          sample: 10
        used:
          description: Number that exists.
          type: int
          sample: 4
        left:
          description: Number that can still be made.
          type: int
          sample: 6
        # END shared: quota_numbers
summary:
  description: The use of the API.
  returned: always
  type: dict
  contains:
    # BEGIN shared: api_use calls=3 seconds=0.4
    api_calls:
      description: Number of requests sent, including repeats.
      type: int
      sample: 3
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
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.quota_info import QUOTA_INFO_SPEC, early_end, work


def main() -> None:
    """Run the module."""
    run_module(QUOTA_INFO_SPEC, work, early_end, reads_only=True)


if __name__ == "__main__":
    main()
