#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Back up cloud disks of JD Cloud virtual machines as snapshots, or delete snapshots."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_snapshot
short_description: Back up cloud disks of JD Cloud VMs as snapshots, or delete snapshots
version_added: 0.2.0
description:
  - Makes a snapshot of each cloud disk of the selected JD Cloud VMs, or of the given disks, hundreds at a time, and waits until
    they are available.
  - With O(state=absent), deletes snapshots.
  - The most used options are O(state); O(instance_ids) or O(disk_ids) to select disks, or O(snapshot_ids) to select snapshots
    to delete; O(max_age) to use an existing snapshot again.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.selection
  - jdcloud.cloud.selection_guard
  - jdcloud.cloud.backup_making
  - jdcloud.cloud.attributes
attributes:
  check_mode:
    support: full
    details:
      - Sends no call that changes anything, and predicts what the run would do.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - An existing backup that is used again, see O(max_age), is not made a second time.
options:
  state:
    description:
      - The state to reach.
      - V(present) makes the missing snapshots and waits until they are available.
      - V(absent) deletes snapshots, selected by snapshot id or exact snapshot name, never by instance.
    type: str
    required: true
    choices:
      - present
      - absent
  disk_ids:
    description:
      - Ids of cloud disks to make snapshots of, instead of a selection of instances. The disks need not be attached to an
        instance.
    type: list
    elements: str
  snapshot_ids:
    description:
      - For O(state=absent), the ids of the snapshots to delete. A snapshot that belongs to an image is blocked; it is deleted
        with its image.
    type: list
    elements: str
  max_snapshots:
    description:
      - For O(state=absent), the maximum number of snapshots to delete. If more are selected, the task fails before anything is
        changed.
      - If not set, it is the number of O(snapshot_ids), or 1 with O(name).
    type: int
notes:
  - Snapshots of local disks are not possible.
  - With O(state=absent), O(name) is the exact name of a snapshot. If several snapshots have it, the task fails and lists their
    ids. If anything is blocked, nothing is deleted. Each snapshot is read again before its delete, and a snapshot that changed
    is not deleted.
  - The mark of a snapshot of a disk that is not attached to an instance contains C(instance=none). It covers no instance.
seealso:
  - module: jdcloud.cloud.jdcloud_image
  - module: jdcloud.cloud.jdcloud_snapshot_info
  - module: jdcloud.cloud.jdcloud_vm
  - module: jdcloud.cloud.jdcloud_vm_backup
"""

EXAMPLES = r"""
- name: Make a snapshot of every cloud disk of two instances
  jdcloud.cloud.jdcloud_snapshot:
    state: present
    instance_ids:
      - i-4x9q2m7kva
      - i-1kch0awxq9

- name: Make a snapshot of one disk, unless it has one of the last hour
  jdcloud.cloud.jdcloud_snapshot:
    state: present
    disk_ids: vol-2dat4dsk1b
    max_age: 1

- name: Delete a snapshot
  jdcloud.cloud.jdcloud_snapshot:
    state: absent
    snapshot_ids: snapshot-4sn4p0ma9d
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
# BEGIN shared: check_mode
check_mode:
  description: Whether this is a preview, in which nothing was changed.
  returned: in check mode
  type: bool
  sample: true
# END shared: check_mode
campaign:
  description: The campaign of this run, given or generated; null if the run ended before it began, and for O(state=absent).
  returned: always
  type: str
  sample: spring-2026
# BEGIN shared: quota
quota:
  description: The quotas that this run needs and what remains of them; null if nothing is to be made.
  returned: always
  type: dict
  contains:
    images:
      description: Private images.
      type: dict
      contains:
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
        needed:
          description: Number that this run needs.
          type: int
          sample: 3
    snapshots:
      description: Snapshots. An image uses one for each cloud disk.
      type: dict
      contains:
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
        needed:
          description: Number that this run needs.
          type: int
          sample: 3
    fits:
      description: Ids of the instances whose backups fit into the quotas, in the order in which they were checked.
      type: list
      elements: str
      sample: [i-4x9q2m7kva]
    does_not_fit:
      description: Ids of the instances whose backups do not fit.
      type: list
      elements: str
      sample: []
# END shared: quota
snapshots:
  description:
    - The snapshots, by instance, or in the order of O(snapshot_ids) or O(disk_ids). An instance without a snapshot has a row
      without a snapshot.
  returned: always
  type: list
  elements: dict
  contains:
    snapshot_id:
      description: The id; null before it is made, and in a row without a snapshot.
      type: str
      sample: snapshot-4sn4p0ma9d
    disk_id:
      description: The disk of the snapshot; null in a row without a snapshot.
      type: str
      sample: vol-2dat4dsk1b
    device:
      description: The device name of the disk, or null.
      type: str
      sample: vdb
    instance_id:
      description: The instance of the disk, or null.
      type: str
      sample: i-4x9q2m7kva
    name:
      description: Its name; null in a row without a snapshot.
      type: str
      sample: bk-vol-2dat4dsk1b-k3j5x7qa2m
    status:
      description:
        - The last known status; null before it is made; V(unverified) if its creation or its delete was sent and no read shows
          the effect.
      type: str
      sample: available
    # BEGIN shared: backup_row
    action:
      description:
        - One of V(created), V(reused), V(deleted), V(none), V(blocked), V(failed). In check mode, the expected action.
      type: str
      sample: created
    changed:
      description: Whether this run made or deleted it, or in check mode would do so.
      type: bool
      sample: true
    campaign:
      description: The campaign in its mark; null if it has no mark.
      type: str
      sample: spring-2026
    stopped:
      description: Whether its mark says that the instance was stopped; null if it has no mark.
      type: bool
      sample: true
    created:
      description: When it was made; null if it does not exist yet.
      type: str
      sample: "2026-01-15T16:09:10+08:00"
    # END shared: backup_row
    size_gb:
      description: The size in GB, or null.
      type: int
      sample: 100
    blockers:
      description:
        - All reasons that forbid the action. Codes are V(protected), V(selector_mismatch), V(transitional), V(unknown_status),
          V(invalid_status), V(task_in_progress), V(running) (a local system disk of a running instance), V(charge_overdue),
          V(nothing_to_back_up), V(quota_shortfall), and for O(state=absent) V(belongs_to_image), V(not_private),
          V(selector_mismatch), V(task_in_progress), V(invalid_status).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: protected
        message:
          description: One sentence.
          type: str
          sample: "Its tag jdcloud-protect=yes protects it: remove the tag first, or change protect_tags."
    # BEGIN shared: backup_warnings
    warnings:
      description:
        - What you should know, although it blocks nothing. Codes are V(not_stopped) (made while the instance was not stopped) and
          V(not_found).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: not_stopped
        message:
          description: One sentence.
          type: str
          sample: "It is backed up while it is not stopped: its data may be inconsistent."
    # END shared: backup_warnings
    error:
      description: Why it failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(changed_meanwhile) (its instance is no longer as planned), V(timeout), V(api) (the service refused the call or
              did not respond), V(backup_failed) (it ended in an error status), V(incomplete) (a disk is missing in it),
              V(quota_exceeded) (the quota was used up in the meantime), V(not_made), V(unverified) (it could not be read back),
              V(vanished), V(not_found), V(internal) (a bug of this collection).
          type: str
          sample: timeout
        # BEGIN shared: backup_error_call
        operation:
          description: The API call that failed, or null if the failure was not a call.
          type: str
          sample: vm.createImage
        http:
          description: The HTTP status of the response, or null.
          type: int
          sample: 429
        status:
          description: The status text of the service, or null.
          type: str
          sample: QUOTA_EXCEEDED
        message:
          description: One sentence.
          type: str
          sample: "image img-5bk0u2p7im of i-4x9q2m7kva is still in 'pending' after 7200 s, longer than wait_timeout allows."
        request_id:
          description: The service's request id, or null.
          type: str
          sample: c0ffee00c0ffee00c0ffee00c0ffee0b
        # END shared: backup_error_call
summary:
  description: Counts.
  returned: always
  type: dict
  contains:
    # BEGIN shared: backup_counts
    selected:
      description: Instances and ids in the result.
      type: int
      sample: 3
    changed:
      description: Instances for which something was changed.
      type: int
      sample: 2
    created:
      description: Backups that this run made.
      type: int
      sample: 2
    reused:
      description: Backups that existed, or were being made, and were used again.
      type: int
      sample: 1
    not_found:
      description: Ids that do not exist.
      type: int
      sample: 0
    blocked:
      description: Instances with blockers.
      type: int
      sample: 0
    failed:
      description: Instances for which something failed.
      type: int
      sample: 0
    # END shared: backup_counts
    # BEGIN shared: backup_deletion_counts
    deleted:
      description: For O(state=absent), what this run deleted.
      type: int
      sample: 0
    already_absent:
      description: For O(state=absent), what was already gone.
      type: int
      sample: 0
    # END shared: backup_deletion_counts
    # BEGIN shared: api_use calls=12 seconds=8.5
    api_calls:
      description: Number of requests sent, including repeats.
      type: int
      sample: 12
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
      sample: 8.5
    # END shared: api_use
# BEGIN shared: backup_diff
diff:
  description: Backups that are made or deleted, and instances that are stopped or started.
  returned: always
  type: dict
  contains:
    before:
      description: The state before the run.
      type: dict
      sample:
        backups: {}
        status: {}
    after:
      description: The state after the run.
      type: dict
      sample:
        backups:
          bk-i-4x9q2m7kva-k3j5x7qa2m: image of i-4x9q2m7kva
        status: {}
# END shared: backup_diff
"""

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.snapshot import SNAPSHOT_SPEC, early_end, work
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module


def main() -> None:
    """Run the module."""
    run_module(SNAPSHOT_SPEC, work, early_end)


if __name__ == "__main__":
    main()
