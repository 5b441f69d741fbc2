# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module jdcloud_campaign, and hands it the variables of a role as they are.

A template would change them on their way: with native types the text 2026.10 becomes the number 2026.1, without them the text
True becomes a boolean, and the marks are lost that keep text of outside from being taken for a template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._campaign.input.other_variables import VARIABLES
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.texts import refuse_lost_texts
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions.text_options import TextAction


class ActionModule(TextAction):
    """The action of jdcloud_campaign."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module. Its result is not touched."""
        names = VARIABLES.get(str(self._task.args.get("reader")))
        if self._task.args.get("step") == "read" and names is not None:
            # Also where module defaults bring an input: within a campaign that is what the whole campaign was asked for,
            # and the role vm_backup is to take the machines of one wave.
            given = self._given(names, task_vars or {})
            try:
                # Here the whole name of the variable is known.
                refuse_lost_texts({names[name]: value for name, value in given.items()})
            except InputError as error:
                return {"failed": True, "changed": False, "msg": str(error)}
            self._task.args = {**self._task.args, "input": given}
        return super().run(tmp, task_vars)

    def _given(self, names: Mapping[str, str], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The values of the variables. What the user wrote as a template is one; marks of one in other text mean nothing."""
        omitted = task_vars.get("omit")
        values = {name: self._templar.template(task_vars[whole]) for name, whole in names.items() if whole in task_vars}
        return {name: _plain(value) for name, value in values.items() if value is not omitted and value != omitted}


def _plain(value: Any) -> Any:
    """Without what Ansible hangs on to values: it would not survive the way to the module, or be worked out once more."""
    if isinstance(value, Mapping):
        return {_plain(key): _plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    return str(value) if isinstance(value, str) else value
