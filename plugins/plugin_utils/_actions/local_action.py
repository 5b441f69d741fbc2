# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module as Ansible does without an action plugin, but from the files of the collection where these are at hand.

Ansible reads, packs and sends all files that a module imports, for each task, and the module compiles them again each time: that
takes longer than most calls to the service. On the controller itself, the small module `jdcloud_local` finds them in the folder
of the collection instead, where Python keeps them compiled. Everything else stays as Ansible does it: a process of its own,
its interpreter, its environment, its arguments. On another host, as another user, or in the background the files are sent.

What starts it goes to the interpreter through its standard input, as pipelining does: a file for it on this host would take a
folder, two more shells and some small programs. `ANSIBLE_KEEP_REMOTE_FILES` gives the file all the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.plugins.action.normal import ActionModule as NormalAction

PLUGINS = Path(__file__).resolve().parents[2]
LOCAL_MODULE = "jdcloud.cloud.jdcloud_local"
FOLDER_VARIABLE = "JDCLOUD_PLUGINS"
MODULE_VARIABLE = "JDCLOUD_MODULE"


class LocalAction(NormalAction):  # type: ignore[misc]  # ansible-core ships no type information
    """The action of every module of this collection."""

    def _execute_module(self, module_name: str | None = None, **options: Any) -> dict[str, Any]:
        self._module_name = str(module_name or self._task.action)
        if not self._is_local():
            return self._executed(module_name=self._module_name, **options)
        before = self._task.environment
        given = before if isinstance(before, list) else [before]
        where = {FOLDER_VARIABLE: str(PLUGINS), MODULE_VARIABLE: self._module_name.rpartition(".")[2]}
        self._task.environment = [*given, where]
        try:
            return self._executed(module_name=LOCAL_MODULE, **options)
        finally:
            self._task.environment = before

    def _executed(self, **options: Any) -> dict[str, Any]:
        result: dict[str, Any] = super()._execute_module(**options)
        return result

    def _is_pipelining_enabled(self, module_style: str, wrap_async: bool = False) -> bool:
        """Whether a module needs no file. Here always, whatever the user set for other hosts: nothing is in its way."""
        here = module_style == "new" and self._is_local() and not C.DEFAULT_KEEP_REMOTE_FILES
        return here or bool(super()._is_pipelining_enabled(module_style, wrap_async))

    def _update_module_args(self, module_name: str, module_args: dict[str, Any], *more: Any, **named: Any) -> None:
        """Let messages name the module that the user called."""
        super()._update_module_args(self._module_name, module_args, *more, **named)

    def _is_local(self) -> bool:
        """Whether the module runs on this host, as this user, and Ansible waits for it."""
        return self._connection.transport == "local" and self._connection.become is None and not self._task.async_val
