# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module jdcloud_vm_idle_info after a look at its options."""

from __future__ import annotations

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions.text_options import TextAction


class ActionModule(TextAction):
    """The action of jdcloud_vm_idle_info."""
