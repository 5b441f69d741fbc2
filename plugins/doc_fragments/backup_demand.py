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
      - Require a proven backup of every disk that the delete destroys.
      - V(none) demands no backup. V(image) demands a private image of the instance that holds each of these disks. V(snapshots)
        demands a snapshot of each of these disks. V(both) demands both.
      - A backup counts only if it meets all these conditions. It is ready. This collection made it, from this instance and
        these disks, while the instance was stopped. It is not imported, does not expire within 7 days and is not older than
        O(backup_max_age). Images and snapshots that were made manually or by a policy never count.
      - An instance with a disk that is not covered has the blocker C(backup_missing), which names the reason for each backup
        that does not count. An image that is still being made does not count. A running instance has no valid backup.
      - The API records no starts, so a start and stop after the backup cannot be detected. Make the backup shortly before the
        delete, and keep O(backup_max_age) short.
      - Only an image can hold a local system disk. No backup can hold a local data disk.
    type: str
    default: none
    choices:
      - none
      - image
      - snapshots
      - both
  backup_max_age:
    description:
      - With O(require_backup), the maximum age of a backup in hours, measured by the clock of the service.
    type: float
    default: 24.0
"""
