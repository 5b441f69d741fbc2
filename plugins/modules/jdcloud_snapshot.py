#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Back up cloud disks of JD Cloud virtual machines as snapshots, or delete snapshots."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_snapshot
short_description: Back up cloud disks of JD Cloud virtual machines as snapshots, or delete snapshots
version_added: 0.2.0
description:
  - Makes a snapshot of each cloud disk of the selected machines, or of the given disks, hundreds at a time, and waits
    until they are available.
  - With O(state=absent), deletes snapshots.
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
      - A backup that serves again, see O(max_age), is not made a second time.
options:
  state:
    description:
      - V(present) makes what is missing and waits until it is ready.
      - V(absent) deletes snapshots that are named by id or by exact name, never by machine.
    type: str
    required: true
    choices:
      - present
      - absent
  disk_ids:
    description:
      - The cloud disks to make snapshots of, instead of a selection of machines. A disk that is on no machine is fine.
    type: list
    elements: str
  snapshot_ids:
    description:
      - For O(state=absent), the snapshots to delete. One that belongs to an image is a blocker; it goes with its image.
    type: list
    elements: str
  max_snapshots:
    description:
      - For O(state=absent), the most snapshots that may be deleted; if more are named, the task fails before anything is changed.
      - If not set, it is the number of O(snapshot_ids), or 1 with O(name).
    type: int
notes:
  - Local disks cannot be in a snapshot.
  - In O(state=absent), O(name) is the exact name of a snapshot. If several have it, the task fails and lists their ids. With
    any blocker nothing at all is deleted. Before each delete the snapshot is looked at once more, and one that changed is left
    alone.
  - The mark of a snapshot of a disk that is on no machine says C(instance=none). It covers no machine.
seealso:
  - module: jdcloud.cloud.jdcloud_image
  - module: jdcloud.cloud.jdcloud_snapshot_info
  - module: jdcloud.cloud.jdcloud_vm
  - module: jdcloud.cloud.jdcloud_vm_backup
"""

EXAMPLES = r"""
- name: Make a snapshot of every cloud disk of two machines
  jdcloud.cloud.jdcloud_snapshot:
    state: present
    instance_ids:
      - i-4x9q2m7kva
      - i-1kch0awxq9

- name: Make a snapshot of one disk, unless there is one of the last hour
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
# BEGIN shared: check_mode
check_mode:
  description: Whether this is only a preview, so that nothing was done.
  returned: in check mode
  type: bool
  sample: true
# END shared: check_mode
campaign:
  description: The campaign of this run, given or made up; null if the run ended before it began, and for O(state=absent).
  returned: always
  type: str
  sample: spring-2026
# BEGIN shared: quota
quota:
  description: What all that is to be made needs, and what is left; null if nothing is to be made.
  returned: always
  type: dict
  contains:
    images:
      description: Private images.
      type: dict
      contains:
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
        needed:
          description: How many this run needs.
          type: int
          sample: 3
    snapshots:
      description: Snapshots. An image takes one for each cloud disk.
      type: dict
      contains:
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
        needed:
          description: How many this run needs.
          type: int
          sample: 3
    fits:
      description: Ids of the machines for which there is room, in the order in which they were weighed.
      type: list
      elements: str
      sample: [i-4x9q2m7kva]
    does_not_fit:
      description: Ids of the machines for which there is none.
      type: list
      elements: str
      sample: []
# END shared: quota
snapshots:
  description:
    - The snapshots, machine by machine, or as O(snapshot_ids) or O(disk_ids) has them; and a row without a snapshot for each
      machine that has none.
  returned: always
  type: list
  elements: dict
  contains:
    snapshot_id:
      description: The id; null before it is made, and in a row without a snapshot.
      type: str
      sample: snapshot-4sn4p0ma9d
    disk_id:
      description: The disk that it is of; null in a row without a snapshot.
      type: str
      sample: vol-2dat4dsk1b
    device:
      description: The device name of the disk, or null.
      type: str
      sample: vdb
    instance_id:
      description: The machine that it is of, or null.
      type: str
      sample: i-4x9q2m7kva
    name:
      description: Its name; null in a row without one.
      type: str
      sample: bk-vol-2dat4dsk1b-k3j5x7qa2m
    status:
      description:
        - The last known status; null before it is made; V(unverified) if it was asked for, or its delete was sent, and no read
          shows what came of that.
      type: str
      sample: available
    # BEGIN shared: backup_row
    action:
      description:
        - One of V(created), V(reused), V(deleted), V(none), V(blocked), V(failed). In check mode what it would be.
      type: str
      sample: created
    changed:
      description: Whether this run made or deleted it, or in check mode would.
      type: bool
      sample: true
    campaign:
      description: The campaign of its mark; null if it has none.
      type: str
      sample: spring-2026
    stopped:
      description: Whether its mark says that the machine was stopped; null if there is no mark.
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
        - Everything that forbids it. Codes are
          V(protected), V(selector_mismatch), V(transitional), V(unknown_status), V(invalid_status), V(task_in_progress),
          V(running) (a local system disk of a running machine), V(charge_overdue), V(nothing_to_back_up),
          V(quota_shortfall), and for O(state=absent) V(belongs_to_image), V(not_private), V(selector_mismatch),
          V(task_in_progress), V(invalid_status).
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
        - What should be known beside. Codes are V(not_stopped) (made while the machine was not stopped) and V(not_found).
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
          sample: "It is backed up while it is not stopped: nothing promises consistent data."
    # END shared: backup_warnings
    error:
      description: Why it failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(changed_meanwhile) (its machine is not as planned any more), V(timeout), V(api) (the service refused, or did not
              answer), V(backup_failed) (it ended in an error), V(incomplete) (a disk is missing in it), V(quota_exceeded)
              (somebody else took the room), V(not_made), V(unverified) (it could not be read back), V(vanished),
              V(not_found), V(internal) (a bug of this collection).
          type: str
          sample: timeout
        # BEGIN shared: backup_error_call
        operation:
          description: The call that failed, or null if it was none.
          type: str
          sample: vm.createImage
        http:
          description: The HTTP status of the answer, or null.
          type: int
          sample: 429
        status:
          description: The service's status word, or null.
          type: str
          sample: QUOTA_EXCEEDED
        message:
          description: One sentence.
          type: str
          sample: "image img-5bk0u2p7im of i-4x9q2m7kva hangs in 'pending' for 7200 s, longer than wait_timeout allows."
        request_id:
          description: The service's request id, or null.
          type: str
          sample: c0ffee00c0ffee00c0ffee00c0ffee0b
        # END shared: backup_error_call
summary:
  description: How many of what.
  returned: always
  type: dict
  contains:
    # BEGIN shared: backup_counts
    selected:
      description: Machines and ids in the result.
      type: int
      sample: 3
    changed:
      description: Machines for which something was changed.
      type: int
      sample: 2
    created:
      description: Backups that this run made.
      type: int
      sample: 2
    reused:
      description: Backups that existed, or were being made, and serve again.
      type: int
      sample: 1
    not_found:
      description: Ids that do not exist.
      type: int
      sample: 0
    blocked:
      description: Machines with blockers.
      type: int
      sample: 0
    failed:
      description: Machines for which something failed.
      type: int
      sample: 0
    # END shared: backup_counts
    # BEGIN shared: backup_deletion_counts
    deleted:
      description: For O(state=absent), what this run deleted.
      type: int
      sample: 0
    already_absent:
      description: For O(state=absent), what is gone without this run.
      type: int
      sample: 0
    # END shared: backup_deletion_counts
    # BEGIN shared: api_use calls=12 seconds=8.5
    api_calls:
      description: All requests sent, repeated ones included.
      type: int
      sample: 12
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
      sample: 8.5
    # END shared: api_use
# BEGIN shared: backup_diff
diff:
  description: What comes into being or goes, and power states that change.
  returned: always
  type: dict
  contains:
    before:
      description: How it was.
      type: dict
      sample:
        backups: {}
        status: {}
    after:
      description: How it is afterwards.
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
