#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell the quotas that backups and elastic IPs of JD Cloud need."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_quota_info
short_description: Tell how many images, snapshots and elastic IPs a JD Cloud region may hold, and holds
version_added: 0.2.0
description:
  - Reads the live quotas of private images, snapshots and elastic IPs of a region, all of them or none.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.attributes
  - jdcloud.cloud.attributes.info_module
options: {}
notes:
  - An image takes one from the quota of images, and one from the quota of snapshots for each cloud disk.
  - Quotas are small by default. Have them raised before a large undertaking.
seealso:
  - module: jdcloud.cloud.jdcloud_image
  - module: jdcloud.cloud.jdcloud_snapshot
"""

EXAMPLES = r"""
- name: Read the quotas of a region
  jdcloud.cloud.jdcloud_quota_info:
    region: cn-north-1
  register: room

- name: Stop here unless ten images fit
  ansible.builtin.assert:
    that: room.quotas.images.left >= 10
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
          description: How many the region may hold.
          type: int
          sample: 50
        used:
          description: How many it holds.
          type: int
          sample: 12
        left:
          description: How many more may be made.
          type: int
          sample: 38
        # END shared: quota_numbers
    snapshots:
      description: Snapshots.
      type: dict
      contains:
        # BEGIN shared: quota_numbers limit=100 used=40 left=60
        limit:
          description: How many the region may hold.
          type: int
          sample: 100
        used:
          description: How many it holds.
          type: int
          sample: 40
        left:
          description: How many more may be made.
          type: int
          sample: 60
        # END shared: quota_numbers
    elastic_ips:
      description: Elastic IPs.
      type: dict
      contains:
        # BEGIN shared: quota_numbers limit=10 used=4 left=6
        limit:
          description: How many the region may hold.
          type: int
          sample: 10
        used:
          description: How many it holds.
          type: int
          sample: 4
        left:
          description: How many more may be made.
          type: int
          sample: 6
        # END shared: quota_numbers
summary:
  description: What it took.
  returned: always
  type: dict
  contains:
    # BEGIN shared: api_use calls=3 seconds=0.4
    api_calls:
      description: All requests sent, repeated ones included.
      type: int
      sample: 3
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
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.quota_info import QUOTA_INFO_SPEC, early_end, work


def main() -> None:
    """Run the module."""
    run_module(QUOTA_INFO_SPEC, work, early_end, reads_only=True)


if __name__ == "__main__":
    main()
