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
  - Lists the snapshots of a region that belong to the account, with everything that the service says about them.
  - Says of each which disk it is of, which images it belongs to, and whether this collection made it.
  - Fails rather than return an incomplete list.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.attributes
  - jdcloud.cloud.attributes.info_module
options:
  snapshot_ids:
    description:
      - The snapshots to list.
    type: list
    elements: str
  disk_ids:
    description:
      - Only snapshots of these disks, which need not exist any more.
    type: list
    elements: str
  name:
    description:
      - Only snapshots with exactly this name. Snapshots that share a name are all listed.
    type: raw
  status:
    description:
      - Only snapshots in this status, for example V(available), V(creating) or V(error_create), without regard to case.
    type: str
notes:
  - All selectors that are given must fit. Without any selector all snapshots of the region are listed.
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

- name: Show those that no image needs and that this collection did not make
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
service_time:
  description: The time by the service's own clock; null if no answer told it, and if the run ended before it read anything.
  returned: always
  type: str
  sample: "2026-11-28T02:30:00+00:00"
snapshots:
  description:
    - The snapshots, in the order of O(snapshot_ids), else by id. Beside what is listed here, each one holds everything else
      that the service says about it, in snake case.
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
      description: The disk that it is of, or null.
      type: str
      sample: vol-2dat4dsk1b
    images:
      description: The images that it belongs to. As long as there is one, it cannot be deleted by itself.
      type: list
      elements: str
      sample: []
    description:
      description: What its maker wrote; empty if nothing.
      type: str
      sample: jdcloud.cloud/1 campaign=spring-2026 instance=i-4x9q2m7kva stopped=true
    # BEGIN shared: marker
    mark:
      description:
        - Who made it, as its description tells; null if it carries no mark of this collection. Only what carries one is used
          again, counted or removed by this collection.
      type: dict
      contains:
        campaign:
          description: The campaign.
          type: str
          sample: spring-2026
        instance_id:
          description: The machine, or V(none) for a disk that was on no machine.
          type: str
          sample: i-4x9q2m7kva
        stopped:
          description: Whether the machine was stopped when it was made.
          type: bool
          sample: true
    created:
      description: When it was made; null if that cannot be read.
      type: str
      sample: "2026-01-15T16:09:10+08:00"
    # END shared: marker
    unreadable:
      description: Members that could not be read, as the service calls them. No decision may rest on them.
      type: list
      elements: str
      sample: []
    size_gb:
      description: The size in GB, or null.
      type: int
      sample: 100
summary:
  description: How many of what.
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
