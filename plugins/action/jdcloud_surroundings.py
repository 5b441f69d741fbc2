# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks, without evaluating any of it, what a command line and a play hand to a playbook or role of this collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible import context
from ansible.parsing.splitter import parse_kv
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ..plugin_utils._actions import surroundings

try:
    from ansible.template import is_trusted_as_template
except ImportError:  # ansible-core 2.18, where every text is a template unless it is marked unsafe
    from ansible.utils.unsafe_proxy import AnsibleUnsafe

    def is_trusted_as_template(value: object) -> bool:
        """Whether Ansible would evaluate it."""
        return not isinstance(value, AnsibleUnsafe)


BECOME = (
    "This task would run as another user (become), who may have the keys of another account, so nothing was done: remove "
    "become and the variable ansible_become."
)


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core ships no type information
    """The whole of jdcloud_surroundings: it reads variables, and needs no module."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False
    _VALID_ARGS = frozenset({"extra_variables"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Fail with one sentence if anything is wrong. Changes nothing."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _spec, options = self.validate_argument_spec(
            {"extra_variables": {"type": "str", "choices": ["templates", "data"], "default": "templates"}}
        )
        problem = self._problem(task_vars or {}, only_data=options["extra_variables"] == "data")
        result.update(changed=False)
        if problem is not None:
            # Not raised: ansible-core 2.18 would speak of an exception and a traceback.
            result.update(failed=True, msg=problem)
        return result

    def _problem(self, task_vars: dict[str, Any], *, only_data: bool) -> str | None:
        run_tags, skip_tags = (tuple(context.CLIARGS.get(name) or ()) for name in ("tags", "skip_tags"))
        if only_data and _by_name():
            problem = surroundings.tags_problem(run_tags, skip_tags)
            if problem is not None:
                return problem
        elif surroundings.is_tagged_always_only(self._task.tags, run_tags):
            return None
        given = [str(text) for text in context.CLIARGS.get("extra_vars", ())]
        # As Ansible read them, before any of it is evaluated.
        extra: dict[str, Any] = load_extra_vars(self._loader)
        problem = surroundings.extra_variables_problem(given, self._read)
        if problem is None and only_data:
            problem = surroundings.template_problem(extra, is_trusted_as_template)
        if problem is None and (surroundings.asks_for_become(extra) or getattr(self._connection, "become", None) is not None):
            problem = BECOME
        problem = problem or surroundings.connection_problem(str(getattr(self._connection, "transport", "local")))
        return problem or surroundings.hosts_problem(
            task_vars.get("ansible_play_hosts_all", []),
            task_vars.get("ansible_play_batch", []),
            run_once=_is_once(self._task),
            strategy=str(self._task.play.strategy),
        )

    def _read(self, text: str) -> dict[str, Any]:
        """One argument of -e that is no file, as Ansible reads it."""
        read = self._loader.load(text) if text.startswith("{") else parse_kv(text)
        return read if isinstance(read, dict) else {}


def _is_once(task: Any) -> bool:
    """Whether a task runs for one host only: by itself or its blocks, or since a role or file is included for one host only."""
    while task is not None:
        if getattr(task, "run_once", False):
            return True
        task = getattr(task, "_parent", None)
    return False


def _by_name() -> bool:
    """Whether the command line names a playbook of this collection, and not one that imports it."""
    root = Path(__file__).resolve().parents[2]
    names = [str(name) for name in context.CLIARGS.get("args") or ()]
    return any(name.startswith("jdcloud.cloud.") or Path(name).resolve().is_relative_to(root) for name in names)
