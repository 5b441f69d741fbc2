# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module as Ansible does without an action plugin, but refuses before what the module could not tell from a text.

Options reach a module as JSON: a key 010 arrives as the text "8", and a date as a text that no one wrote. Only here it shows.
"""

from __future__ import annotations

from typing import Any

from ...module_utils._api.errors import InputError
from ...module_utils._fleet.common.texts import refuse_lost_texts
from .local_action import LocalAction

SECRETS = frozenset({"secret_key", "security_token"})
"""An error shows the value that it refuses, so these are left to the module, which hides them."""


class TextAction(LocalAction):
    """The action of every module whose options are texts."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module. Its result is not touched."""
        try:
            refuse_lost_texts({name: value for name, value in self._task.args.items() if name not in SECRETS})
        except InputError as error:
            return {"failed": True, "changed": False, "msg": str(error)}
        result: dict[str, Any] = super().run(tmp, task_vars)
        return result
