# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options of modules that make backups."""

from __future__ import annotations


class ModuleDocFragment:
    """How backups are made."""

    DOCUMENTATION = r"""
options:
  campaign:
    description:
      - A name for the whole undertaking, which the mark of each backup carries. If not set, one is made up, see RV(campaign).
      - Running again with the same campaign finishes what is not there yet, and makes nothing twice, however the earlier run
        ended.
      - 1 to 64 letters, digits, dots, underscores and hyphens.
    type: str
  max_age:
    description:
      - A backup made by this collection that is ready, holds what is wanted and is not older than so many hours is used again.
        One that is still being made is waited for.
      - Of a stopped machine only backups made while it was stopped are used again.
    type: float
    default: 24.0
  reuse:
    description:
      - Which backups may be used again, those of V(any) campaign or only those of the same O(campaign).
      - If not set, V(campaign) with O(campaign), else V(any).
    type: str
    choices:
      - any
      - campaign
  name_pattern:
    description:
      - How backups are called. C({id}) is the machine or, for a snapshot, the disk; C({instance_id}) and C({name}) are the
        machine's; C({campaign}) is the campaign; C({unique}) is ten letters and digits that no other backup has, and stands at
        the end unless the pattern says otherwise.
      - Names are made to fit the service's rules. Characters that are not allowed become hyphens, and what is too long is cut,
        but for C({unique}).
    type: str
    default: "bk-{id}-{unique}"
  on_blocked:
    description:
      - What to do if something forbids the backup of some of the machines.
      - With V(fail) nothing at all is changed, and the task fails with all blockers of all machines.
      - With V(skip) the others are done, and the blocked ones are reported; that alone is no failure.
      - Modules that delete what was made treat a blocked image or snapshot in the same way.
    type: str
    default: fail
    choices:
      - fail
      - skip
  on_shortfall:
    description:
      - What to do if the quotas of images and snapshots have no room for all that is to be made. They are read before anything
        is changed. Room is never made by deleting something.
      - With V(fail) nothing at all is changed, and the task fails with the numbers, see RV(quota).
      - With V(fit) the machines that fit are done, in the given order, and the others are reported as blocked; that alone is no
        failure.
    type: str
    default: fail
    choices:
      - fail
      - fit
  wait:
    description:
      - Whether to wait for states in between, and until the backups are ready.
      - With V(false) nothing is proved; the backups are reported as they were accepted.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait for each backup, from the moment the service accepted it. Images of large disks take hours.
      - States in between, stops and starts of machines are waited for at most 600 seconds of that.
      - A wait that runs out is a failure that names the backup and its status.
    type: float
    default: 7200.0
  # BEGIN shared: poll_interval
  poll_interval:
    description:
      - Seconds between two looks at what is waited for, at most. All are looked at together, up to 100 in one call.
    type: float
    default: 2.0
  # END shared: poll_interval
notes:
  - Each backup carries a mark in its description, C(jdcloud.cloud/1 campaign=… instance=… stopped=true|false). Nothing else
    makes a backup one that this collection uses again, counts or removes.
  - C(stopped=true) is written only if the machine was seen stopped within five seconds before the backup was asked for. If it
    is found in another state when the backup is ready, the backup is reported as failed and its mark is changed to
    C(stopped=false).
  - Backups outlive their machine and are billed until they are deleted.
"""
