# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_vm_backup`."""

from __future__ import annotations

from .create import back_up_machines as work
from .create import backup_early_end as early_end
from .options import VM_BACKUP_SPEC

__all__ = ["VM_BACKUP_SPEC", "early_end", "work"]
