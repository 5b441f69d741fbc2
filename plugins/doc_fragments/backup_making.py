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
      - The name of the campaign. The mark of each backup contains it. If not set, a name is generated and returned in
        RV(campaign).
      - A second run with the same campaign makes the backups that are missing and makes nothing twice, however the first run
        ended.
      - 1 to 64 letters, digits, dots, underscores and hyphens; the first character is a letter or a digit.
    type: str
  max_age:
    description:
      - The maximum age in hours of an existing backup that is used again. The backup must have the mark of this collection, be
        ready, and hold all required disks. The module waits for a backup that is still being made.
      - If the instance is stopped, only backups that were made while it was stopped are used again.
    type: float
    default: 24.0
  reuse:
    description:
      - Which existing backups are used again. V(any) accepts backups of any campaign, V(campaign) only those of the same
        O(campaign).
      - If not set, the default is V(campaign) with O(campaign), otherwise V(any).
    type: str
    choices:
      - any
      - campaign
  name_pattern:
    description:
      - The pattern for names of backups. C({id}) is the id of the instance or, for a snapshot, of the disk. C({instance_id})
        and C({name}) are those of the instance. C({campaign}) is the campaign. C({unique}) is a sequence of ten letters and
        digits that no other backup has; it is appended unless the pattern contains it.
      - Names are adapted to the rules of the service. Characters that are not allowed become hyphens, and a name that is too
        long is cut; C({unique}) is never cut.
    type: str
    default: "bk-{id}-{unique}"
  on_blocked:
    description:
      - What to do if blockers forbid the backup of some instances.
      - V(fail) changes nothing and fails with all blockers of all instances.
      - V(skip) continues with the other instances and reports the blocked ones, which is not a failure.
      - Modules that delete backups treat blocked images and snapshots in the same way.
    type: str
    default: fail
    choices:
      - fail
      - skip
  on_shortfall:
    description:
      - What to do if the quotas of images and snapshots are too small for this run. The quotas are read before anything is
        changed. The module never deletes anything to make room.
      - V(fail) changes nothing and fails with the numbers of RV(quota).
      - V(fit) backs up the instances that fit, in the given order, and reports the others as blocked, which is not a failure.
    type: str
    default: fail
    choices:
      - fail
      - fit
  wait:
    description:
      - Whether to wait until transitional states end and until the backups are ready.
      - With V(false) no backup is verified; the result lists the backups that the service accepted.
    type: bool
    default: true
  wait_timeout:
    description:
      - Maximum seconds to wait for each backup, from the moment the service accepted it. Images of large disks take hours.
      - For transitional states, stops and starts of instances, the module waits at most 600 seconds of this time.
      - If the time runs out, the task fails and names the backup and its status.
    type: float
    default: 7200.0
  # BEGIN shared: poll_interval
  poll_interval:
    description:
      - Maximum seconds between two reads of the resources for which the module waits. One call reads up to 100 of them.
    type: float
    default: 2.0
  # END shared: poll_interval
notes:
  - Each backup carries a mark in its description, C(jdcloud.cloud/1 campaign=… instance=… stopped=true|false). This collection
    uses again, counts and removes only backups with this mark.
  - C(stopped=true) is written only if a read within the five seconds before the call showed the instance as stopped. If the
    instance has another status when the backup is ready, the backup fails and its mark is changed to C(stopped=false).
  - Backups outlive their instance and are billed until they are deleted.
"""
