# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the attributes that modules have in common. Each module states its own support."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of modules."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description:
      - Can run in C(check_mode) and return what the run would do, without changing anything.
  diff_mode:
    description:
      - In diff mode, returns details of what changes, or in check mode would change.
  idempotent:
    description:
      - When the task runs twice with the same options and no one else changes the resources in the meantime, the second run
        changes nothing.
"""

    # For modules that only read: jdcloud.cloud.attributes.info_module
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    description:
      - Can run in C(check_mode) and return what the run would do, without changing anything.
    support: full
    details:
      - This module never changes anything.
  diff_mode:
    description:
      - In diff mode, returns details of what changes, or in check mode would change.
    support: N/A
    details:
      - This module never changes anything.
  idempotent:
    description:
      - When the task runs twice with the same options and no one else changes the resources in the meantime, the second run
        changes nothing.
    support: full
    details:
      - This module never changes anything.
"""
