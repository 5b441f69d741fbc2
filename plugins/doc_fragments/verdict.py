# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options that say what a machine would be deleted with, where it is only asked whether it could be."""

from __future__ import annotations


class ModuleDocFragment:
    """Which deletion the verdict is for."""

    DOCUMENTATION = r"""
options:
  protect_tags:
    description:
      - Tags that protect an instance in this decision, as in M(jdcloud.cloud.jdcloud_vm). The module therefore reads the disks
        that would be deleted with their instances, up to 100 in one call.
      - A value is a text, a list of texts, one of which must match, or V("*") for any value. V({}) disables the protection.
    type: dict
    default:
      jdcloud-protect: "*"
  stop_running:
    description:
      - Whether the decision is for a delete that stops running instances first.
    type: bool
    default: false
  disks:
    description:
      - What the decision assumes for cloud data disks, as in M(jdcloud.cloud.jdcloud_vm).
    type: str
    default: as_configured
    choices:
      - as_configured
      - keep
      - delete
    version_added: 1.0.0
  elastic_ips:
    description:
      - What the decision assumes for elastic IPs, as in M(jdcloud.cloud.jdcloud_vm).
    type: str
    default: keep
    choices:
      - keep
      - release
    version_added: 1.0.0
"""
