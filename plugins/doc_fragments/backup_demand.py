# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options that demand proven backups before a delete."""

from __future__ import annotations


class ModuleDocFragment:
    """Which backups must exist."""

    DOCUMENTATION = r"""
options:
  require_backup:
    description:
      - Delete only machines whose data is proven to be backed up, for every disk that the delete destroys. With V(image) each
        such disk must be in a private image of the machine, with V(snapshots) it must have a snapshot of its own, with V(both)
        it must have both.
      - A backup counts only if it is ready, was made by this collection of this very machine and its very disks while the
        machine was stopped, is not imported, does not expire within 7 days, and is not older than O(backup_max_age). Images
        and snapshots made by hand or by a policy never count.
      - What is not covered is a C(backup_missing) blocker, which says why each candidate does not count. A running machine has
        no valid backup. An image that is still being made blocks, too.
      - The service does not tell when a machine was last started. One that was started after its backup and is stopped again
        cannot be told from one that stayed stopped, so back up shortly before the delete, and keep O(backup_max_age) short.
      - A local system disk can only be in an image. Local data disks are in no backup.
    type: str
    default: none
    choices:
      - none
      - image
      - snapshots
      - both
  backup_max_age:
    description:
      - With O(require_backup), the greatest age of a backup in hours, by the service's own clock.
    type: float
    default: 24.0
"""
