# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows what the roles and playbooks say, and why a task failed, without the lines that Ansible puts around it."""

from __future__ import annotations

from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: demo_lines
type: stdout
short_description: Only what the tasks say
description: Without headings, states and recap.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core ships no type information
    """What tasks show themselves appears as always; of a task that fails this shows the message, in a line."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "demo_lines"

    def v2_runner_on_ok(self, result: Any) -> None:
        """Show warnings."""
        self._show_warnings(result._result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Show warnings, and why it failed."""
        self._show_warnings(result._result)
        self._display.display(f"fatal: {result._result.get('msg', '')}", color="red")

    def _show_warnings(self, result: Any) -> None:
        for warning in result.get("warnings") or ():
            self._display.display(f"[WARNING]: {warning}", color="bright purple")
