#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delete cloud disks of JD Cloud that are attached to nothing"""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_disk
short_description: Delete cloud disks of JD Cloud that are not attached
version_added: 0.3.0
description:
  - Deletes unused cloud disks, hundreds at a time, one by one, and waits until they are gone.
  - Deletes only disks that are not attached. It never detaches a disk from an instance.
  - Moves disks to the recycle bin if the service allows it. The data of other disks is destroyed at once, see O(recycle).
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.unattached
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
options:
  disk_ids:
    description:
      - Ids of the disks to delete, for example V(vol-2dat4dsk1b). Blanks around an id and repeated ids are ignored.
      - An id that does not exist is not a failure; it gives the warning V(not_found).
    type: list
    elements: str
    required: true
  max_disks:
    description:
      - The maximum number of disks to delete. If more of the given disks exist, the task fails before anything is changed.
      - If not set, it is the number of O(disk_ids).
    type: int
  recycle:
    description:
      - Whether to move disks to the recycle bin if possible. The service reports for each disk whether it is possible.
      - If the service does not report that it is possible, the disk is deleted permanently and has the warning
        V(not_recyclable). Look for this warning in check mode first if you may still need the data.
      - With V(false) all disks are deleted permanently.
    type: bool
    default: true
  shared:
    description:
      - Whether to delete disks that can be attached to several instances as well. With V(false) such a disk is blocked.
    type: bool
    default: false
notes:
  - A disk can be deleted in the status V(available), and in V(error_create) and V(error_delete), in which it holds no data
    worth keeping. It must have the same status at the start and just before the delete.
  - A disk in the recycle bin counts as gone.
  - Manual snapshots of a disk outlive it and are billed.
seealso:
  - module: jdcloud.cloud.jdcloud_elastic_ip
  - module: jdcloud.cloud.jdcloud_snapshot
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: Move two unused disks to the recycle bin
  jdcloud.cloud.jdcloud_disk:
    state: absent
    disk_ids:
      - vol-2dat4dsk1b
      - vol-7q1x0k3m9z

- name: Permanently delete the disks that are not attached, and skip the others
  jdcloud.cloud.jdcloud_disk:
    state: absent
    disk_ids: "{{ retained.disks | map(attribute='disk_id') }}"
    recycle: false
    on_blocked: skip

- name: List which of them still exist
  jdcloud.cloud.jdcloud_disk:
    state: absent
    disk_ids: vol-2dat4dsk1b
    on_blocked: skip
  check_mode: true
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
disks:
  description: The disks, in the order of O(disk_ids).
  returned: always
  type: list
  elements: dict
  contains:
    disk_id:
      description: The id.
      type: str
      sample: vol-2dat4dsk1b
    name:
      description: The name, or null if it does not exist.
      type: str
      sample: web-old-01-data
    size_gb:
      description: The size in GB, or null if it is not known.
      type: int
      sample: 100
    status_before:
      description: The status at the start of the run; V(absent) if it did not exist.
      type: str
      sample: available
    status:
      description:
        - The last known status; V(absent) if it is gone; V(in-recyclebin) if it is in the recycle bin; V(unverified) if a
          delete was sent and no read shows the effect. In check mode, the expected status.
      type: str
      sample: in-recyclebin
    action:
      description:
        - One of V(deleted) (permanently), V(recycled), V(none), V(blocked), V(failed). In check mode, the expected action.
      type: str
      sample: recycled
    changed:
      description: Whether this run deleted it, or in check mode would delete it.
      type: bool
      sample: true
    fate:
      description:
        - V(deleted) if this run destroyed it; V(recycled) if this run moved it to the recycle bin; V(kept) if it still exists
          and is billed; V(unverified) if a delete was sent and no read shows the effect; null if it was already gone, or if
          this is not known.
      type: str
      sample: recycled
    attached_to:
      description: Ids of the instances that it is attached to.
      type: list
      elements: str
      sample: []
    blockers:
      description:
        - All reasons that forbid its deletion. Codes are V(disk_in_use), V(transitional), V(invalid_status) (an error status in
          which it may hold data), V(unknown_status), V(prepaid_unexpired) (with the date), V(shared_disk), V(protected),
          V(task_in_progress) (a snapshot of it is being made).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: disk_in_use
        message:
          description: One sentence.
          type: str
          sample: "It is attached to i-4x9q2m7kva, and this module does not detach: detach it first."
    warnings:
      description:
        - What you should know, although it blocks nothing. Codes are V(not_found), V(not_recyclable) (its data is destroyed at
          once although O(recycle) is set) and V(not_in_bin) (it is gone, but the service does not show it in the recycle bin).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: not_recyclable
        message:
          description: One sentence.
          type: str
          sample: "The service does not move it to the recycle bin: its data is destroyed at once."
    # BEGIN shared: deletion_error operation=disk.deleteDisk
    error:
      description: Why it failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(changed_meanwhile) (it changed since the check, or the service did not delete it), V(timeout), V(api) (the service
              refused the call or did not respond), V(unverified) (a call without a clear response may have taken effect, and no
              read could show it), V(internal) (a bug of this collection).
          type: str
          sample: changed_meanwhile
        operation:
          description: The API call that failed, or null if the failure was not a call.
          type: str
          sample: disk.deleteDisk
        http:
          description: The HTTP status of the response, or null.
          type: int
          sample: 400
        status:
          description: The status text of the service, or null.
          type: str
          sample: FAILED_PRECONDITION
    # END shared: deletion_error
        message:
          description: One sentence.
          type: str
          sample: "disk vol-2dat4dsk1b changed since it was checked: its status is now 'in-use' instead of 'available'."
        request_id:
          description: The service's request id, or null.
          type: str
          sample: c0ffee00c0ffee00c0ffee00c0ffee0b
summary:
  description: Counts.
  returned: always
  type: dict
  contains:
    selected:
      description: Ids in the result.
      type: int
      sample: 3
    changed:
      description: Disks that this run deleted, or whose delete it sent.
      type: int
      sample: 2
    deleted:
      description: Disks that this run deleted permanently.
      type: int
      sample: 0
    recycled:
      description: Disks that this run moved to the recycle bin.
      type: int
      sample: 2
    already_absent:
      description: Disks that were already gone or in the recycle bin.
      type: int
      sample: 1
    not_found:
      description: Ids that do not exist.
      type: int
      sample: 1
    blocked:
      description: Disks with blockers.
      type: int
      sample: 0
    failed:
      description: Disks for which something failed.
      type: int
      sample: 0
    # BEGIN shared: api_use calls=6 seconds=2.4
    api_calls:
      description: Number of requests sent, including repeats.
      type: int
      sample: 6
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
      sample: 2.4
    # END shared: api_use
diff:
  description: The disks that are deleted.
  returned: always
  type: dict
  contains:
    before:
      description: The disks before the run.
      type: dict
      sample:
        disks:
          vol-2dat4dsk1b: 100 GB, named web-old-01-data, available
    after:
      description: The disks after the run.
      type: dict
      sample:
        disks:
          vol-2dat4dsk1b: 100 GB, named web-old-01-data, in-recyclebin
"""

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.deletions.disk import DISK_SPEC, early_end, work


def main() -> None:
    """Run the module."""
    run_module(DISK_SPEC, work, early_end)


if __name__ == "__main__":
    main()
