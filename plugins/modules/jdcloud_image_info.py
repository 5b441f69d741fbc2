#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List JD Cloud images in full."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_image_info
short_description: List JD Cloud images, with the instance, disks and mark of each
version_added: 0.2.0
description:
  - Lists the private images of a region, or images of any kind by id, with all properties that the service returns.
  - Shows for each image the instance that it was made from, the snapshots that hold its disks, and whether this collection made
    it.
  - Fails instead of returning an incomplete list.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.attributes
  - jdcloud.cloud.attributes.info_module
options:
  image_ids:
    description:
      - Ids of images to list. Public and shared images can also be listed by their ids.
    type: list
    elements: str
  instance_ids:
    description:
      - List only images that were made from these instances, which need not exist any more.
    type: list
    elements: str
  name:
    description:
      - List only images with exactly this name. Images with the same name are all listed.
    type: raw
  status:
    description:
      - List only images with this status, for example V(ready), V(pending) or V(error). Upper and lower case are equal.
    type: str
notes:
  - An image must match all given selectors. Without a selector all private images of the region are listed.
  - An empty or blank selector is an error.
seealso:
  - module: jdcloud.cloud.jdcloud_image
  - module: jdcloud.cloud.jdcloud_snapshot_info
"""

EXAMPLES = r"""
- name: List all private images of a region
  jdcloud.cloud.jdcloud_image_info:
    region: cn-north-1
  register: backups

- name: Show the images of a campaign
  ansible.builtin.debug:
    msg: "{{ item.image_id }} of {{ item.instance_id }}, made {{ item.created }}"
  loop: "{{ backups.images | selectattr('mark') | selectattr('mark.campaign', 'equalto', 'spring-2026') | list }}"
  loop_control:
    label: "{{ item.image_id }}"

- name: List the finished images of an instance, which may be gone
  jdcloud.cloud.jdcloud_image_info:
    instance_ids: i-4x9q2m7kva
    status: ready
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
images:
  description:
    - The images, in the order of O(image_ids), otherwise by id. Each one also contains all other properties that the service
      returns, in snake case.
    - Ids that do not exist are left out, with a warning.
  returned: always
  type: list
  elements: dict
  contains:
    image_id:
      description: The id.
      type: str
      sample: img-5bk0u2p7im
    name:
      description: The name.
      type: str
      sample: bk-i-4x9q2m7kva-k3j5x7qa2m
    status:
      description: The status, in lower case.
      type: str
      sample: ready
    image_source:
      description: V(private), V(public), V(shared), V(community) or V(thirdparty); empty if the service does not return it.
      type: str
      sample: private
    instance_id:
      description: The instance that it was made from, or null.
      type: str
      sample: i-4x9q2m7kva
    description:
      description: The description of the image (C(desc) of the service); empty if there is none.
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
    disks:
      description: Its disks, the system disk first.
      type: list
      elements: dict
      contains:
        device:
          description: The device name, or null.
          type: str
          sample: vdb
        category:
          description: V(cloud) or V(local).
          type: str
          sample: cloud
        system:
          description: Whether it is the system disk.
          type: bool
          sample: false
        snapshot_id:
          description: The snapshot that holds its data; null for a local disk and for an empty one.
          type: str
          sample: snapshot-2sn4p0da7b
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
      description: Images in the result.
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

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.image_info import IMAGE_INFO_SPEC, early_end, work
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module


def main() -> None:
    """Run the module."""
    run_module(IMAGE_INFO_SPEC, work, early_end, reads_only=True)


if __name__ == "__main__":
    main()
