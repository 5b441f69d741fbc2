# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of the expressions and templates of an inventory file, the same with every ansible-core, and what may be shown of them.

ansible-core 2.18 turns results that look like a boolean, a list or a number into one: a tag's text `True` would be no text any
more. Newer ones do not. Here a text stays a text, and whatever an expression itself makes keeps its type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MappingView
from typing import Any

from ansible import context
from ansible import template as ansible_template
from ansible.utils.unsafe_proxy import wrap_var
from jinja2 import Undefined, pass_context

MARKS = ("{{", "{%", "{#")
"""What begins a template anywhere in a text."""


class Evaluator:
    """Evaluates for one file. An error of an expression is whatever Ansible and Jinja raise."""

    def __init__(self, templar: Any) -> None:
        self._newer = hasattr(templar, "evaluate_expression")
        self._templar = templar if self._newer else _with_values_kept(templar)

    def template(self, value: Any, variables: Mapping[str, Any]) -> Any:
        """A value of the file, its templates replaced by their values."""
        self._templar.available_variables = variables
        return self._templar.template(value, fail_on_undefined=True)

    def expression(self, expression: str, variables: Mapping[str, Any]) -> Any:
        """The value of an expression. What comes from a variable that no one may template is not templated later, either."""
        self._templar.available_variables = variables
        if self._newer:
            return self._templar.evaluate_expression(expression)
        # In brackets, or a single name would be looked up another way, with other types.
        return self._templar.template("{{ (" + expression + ") }}", fail_on_undefined=True, escape_backslashes=False)


def is_printing() -> bool:
    """Whether the inventory is only read to be printed, by ansible-inventory, which runs no play."""
    return "graph" in context.CLIARGS


def mark_unsafe(value: Any) -> Any:
    """A value from the cloud, which Ansible is not to template. From ansible-core 2.19 on it would not do so anyway."""
    return wrap_var(value)


def printable(value: Any) -> Any:
    """A protected value as it may be printed: texts that hold no template stand plain.

    Not for plays. There a text without any mark may do harm as well, as a bare condition (`when: "{{ a_tag }}"`) or joined to
    another one.
    """
    if isinstance(value, Mapping):
        return {plain(key): printable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [printable(each) for each in value]
    if not isinstance(value, str) or any(mark in value for mark in MARKS):
        return value
    # Newer ones print a text as it is if it is trusted, which without marks is harmless.
    trust = getattr(ansible_template, "trust_as_template", None)
    return plain(value) if trust is None else trust(plain(value))


def plain(value: Any) -> Any:
    """A text without what Ansible marks it with, anything else as it is."""
    # str() would return the same object, marks included.
    return str.__str__(value) if isinstance(value, str) else value


def _with_values_kept(templar: Any) -> Any:
    """A templar of ansible-core 2.18 that returns the value of a single expression as it is, and joins others to a text."""

    class Environment(ansible_template.AnsibleEnvironment):  # type: ignore[misc]  # ansible-core ships no types
        concat = staticmethod(_joined)

    made = templar.copy_with_new_env(environment_class=Environment, finalize=_defined)
    # Those of the original know the variables of the original, and mark what they return there.
    lookups = {"lookup": made._lookup, "query": made._query_lookup, "q": made._query_lookup}
    made.environment.globals = {**made.environment.globals, **lookups}
    return made


def _joined(nodes: Any) -> Any:
    found = list(nodes)
    return found[0] if len(found) == 1 else "".join(map(str, found))


@pass_context
def _defined(_context: Any, value: Any) -> Any:
    """What a template puts out. With the context as an argument, Jinja does not make a text of constants beforehand."""
    _refuse_undefined(value)
    if isinstance(value, MappingView):
        value = iter(value)  # type: ignore[call-overload]
    return list(value) if isinstance(value, (range, Iterator)) else value


def _refuse_undefined(value: Any) -> None:
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    elif isinstance(value, Mapping):
        for each in value.values():
            _refuse_undefined(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            _refuse_undefined(each)
