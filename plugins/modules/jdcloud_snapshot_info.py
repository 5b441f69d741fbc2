#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List JD Cloud snapshots in full."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_snapshot_info
short_description: List JD Cloud snapshots, with the disk, images and mark of each
version_added: 0.2.0
description:
  - Lists the snapshots of a region that belong to the account, with all properties that the service returns.
  - Shows for each snapshot its disk, the images that it belongs to, and whether this collection made it.
  - Fails instead of returning an incomplete list.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.attributes
  - jdcloud.cloud.attributes.info_module
options:
  snapshot_ids:
    description:
      - Ids of snapshots to list.
    type: list
    elements: str
  disk_ids:
    description:
      - List only snapshots of these disks, which need not exist any more.
    type: list
    elements: str
  name:
    description:
      - List only snapshots with exactly this name. Snapshots with the same name are all listed.
    type: raw
  status:
    description:
      - List only snapshots with this status, for example V(available), V(creating) or V(error_create). Upper and lower case are
        equal.
    type: str
notes:
  - A snapshot must match all given selectors. Without a selector all snapshots of the region are listed.
  - An empty or blank selector is an error.
seealso:
  - module: jdcloud.cloud.jdcloud_snapshot
  - module: jdcloud.cloud.jdcloud_image_info
"""

EXAMPLES = r"""
- name: List all snapshots of a region
  jdcloud.cloud.jdcloud_snapshot_info:
    region: cn-north-1
  register: backups

- name: Show snapshots that belong to no image and were not made by this collection
  ansible.builtin.debug:
    msg: "{{ item.snapshot_id }} of {{ item.disk_id }}, made {{ item.created }}"
  loop: "{{ backups.snapshots | rejectattr('images') | rejectattr('mark') | list }}"
  loop_control:
    label: "{{ item.snapshot_id }}"

- name: List the snapshots of a disk that failed
  jdcloud.cloud.jdcloud_snapshot_info:
    disk_ids: vol-2dat4dsk1b
    status: error_create
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
service_time:
  description: The time by the clock of the service; null if no response contained it, or if the run ended before any read.
  returned: always
  type: str
  sample: "2026-11-28T02:30:00+00:00"
snapshots:
  description:
    - The snapshots, in the order of O(snapshot_ids), otherwise by id. Each one also contains all other properties that the
      service returns, in snake case.
    - Ids that do not exist are left out, with a warning.
  returned: always
  type: list
  elements: dict
  contains:
    snapshot_id:
      description: The id.
      type: str
      sample: snapshot-4sn4p0ma9d
    name:
      description: The name.
      type: str
      sample: bk-vol-2dat4dsk1b-k3j5x7qa2m
    status:
      description: The status, in lower case.
      type: str
      sample: available
    disk_id:
      description: The disk that it was made from, or null.
      type: str
      sample: vol-2dat4dsk1b
    images:
      description: The images that it belongs to. A snapshot that belongs to an image cannot be deleted separately.
      type: list
      elements: str
      sample: []
    description:
      description: The description of the snapshot; empty if there is none.
      type: str
      sample: jdcloud.cloud/1 campaign=spring-2026 instance=i-4x9q2m7kva stopped=true
    # BEGIN shared: marker
    mark:
      description:
        - The origin of the backup, from the mark in its description; null if it has no mark of this collection. This collection
          uses again, counts and removes only backups with such a mark.
      type: dict
      contains:
        campaign:
          description: The campaign.
          type: str
          sample: spring-2026
        instance_id:
          description: The instance, or V(none) for a disk that was not attached to an instance.
          type: str
          sample: i-4x9q2m7kva
        stopped:
          description: Whether the instance was stopped when the backup was made.
          type: bool
          sample: true
    created:
      description: When it was made; null if the time is unreadable.
      type: str
      sample: "2026-01-15T16:09:10+08:00"
    # END shared: marker
    unreadable:
      description: Members that could not be read, with the names that the service uses. Base no decision on them.
      type: list
      elements: str
      sample: []
    size_gb:
      description: The size in GB, or null.
      type: int
      sample: 100
summary:
  description: Counts.
  returned: always
  type: dict
  contains:
    selected:
      description: Snapshots in the result.
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

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.snapshot_info import (
    SNAPSHOT_INFO_SPEC,
    early_end,
    work,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module


def main() -> None:
    """Run the module."""
    run_module(SNAPSHOT_INFO_SPEC, work, early_end, reads_only=True)


if __name__ == "__main__":
    main()
