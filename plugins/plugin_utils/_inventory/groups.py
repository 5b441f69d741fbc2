# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the expressions of an inventory file make of each host: variables and groups. Pure, but for the evaluation handed in.

A group that is there to keep machines out of a play must not vanish without a word. So an expression that has no value for any
host, or a condition that gives anything but true or false, is an error; one that has no value for some hosts is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...module_utils._api.errors import InputError, JdcloudError
from ...module_utils._fleet.common.texts import member_of, require_key, require_text, shown

Variables = Mapping[str, Any]
Evaluate = Callable[[str, Variables], Any]
"""The value of an expression, or of a template, with these variables."""

IDENTITY = "jdcloud_instance_id"
"""The variable that tells a play which machine a host is."""
_KEYED_FIELDS = ("key", "prefix", "separator", "parent_group", "default_value", "trailing_separator")
_EMPTY: tuple[Any, ...] = (None, "", [], {}, False)


@dataclass(frozen=True, slots=True)
class KeyedGroup:
    """An entry of `keyed_groups`."""

    place: str
    key: str
    prefix: str = ""
    separator: str = "_"
    parent_group: str | None = None
    default_value: str | None = None
    trailing_separator: bool = True

    def names(self, value: Any, leading_separator: bool) -> list[str]:
        """The raw names of the groups for a value of the key. Raises `ValueError` for a value that is no name."""
        in_front = self.prefix + ("" if not self.prefix and not leading_separator else self.separator)
        return [in_front + name for name in self._bare_names(value)]

    def _bare_names(self, value: Any) -> list[str]:
        if value in (None, "") and self.default_value is not None:
            return [self.default_value]
        if value in _EMPTY:
            return []
        if isinstance(value, Mapping):
            return [self._pair(key, each) for key, each in value.items()]
        if isinstance(value, (list, tuple)):
            return [self.default_value if each in (None, "") and self.default_value is not None else f"{each}" for each in value]
        if isinstance(value, (str, int, float)):
            return [f"{value}"]
        raise ValueError(f"its value is of the type {type(value).__name__}, which cannot be the name of a group")

    def _pair(self, key: Any, value: Any) -> str:
        if value in (None, ""):
            if self.default_value is not None:
                return f"{key}{self.separator}{self.default_value}"
            if not self.trailing_separator:
                return f"{key}"
        return f"{key}{self.separator}{value}"


@dataclass(frozen=True, slots=True)
class Constructs:
    """The checked options `compose`, `groups` and `keyed_groups`."""

    compose: Mapping[str, str]
    groups: Mapping[str, str | bool]
    keyed_groups: Sequence[KeyedGroup]
    leading_separator: bool
    strict: bool


@dataclass(slots=True)
class FailureTally:
    """Where expressions failed: place -> the hosts, and what the first one said."""

    failures: dict[str, list[str]] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, place: str, host: str, error: Exception) -> None:
        """Another failure."""
        self.failures.setdefault(place, []).append(host)
        self.first.setdefault(place, " ".join(str(error).split()).rstrip("."))

    def judge(self, hosts: int, *, strict: bool) -> list[str]:
        """Warnings. Raises `JdcloudError` for what failed everywhere, or anywhere if `strict`."""
        warnings = []
        for place, failed in self.failures.items():
            which = (
                f"{len(failed)} of {hosts} hosts" if len(failed) < hosts else "any host" if hosts > 1 else f"the host {failed[0]}"
            )
            what = f"{place} has no value for {which}: {self.first[place]}"
            advice = "Correct the expression, or add default(…) for properties that a host may lack."
            if strict or len(failed) == hosts:
                raise JdcloudError(f"{what}. {advice}")
            warnings.append(f"{what} (the first is {failed[0]}). Those hosts do not get it. {advice}")
        return warnings


def parse_constructs(options: Mapping[str, Any]) -> Constructs:
    """The checked options. Raises `InputError`."""
    compose, groups = options["compose"] or {}, options["groups"] or {}
    for option, expressions in (("compose", compose), ("groups", groups)):
        for name, expression in expressions.items():
            if not require_key(name, option).strip():
                raise InputError(f"{option} has a blank name: remove it.")
            if option == "groups" and isinstance(expression, bool):
                continue
            _check_expression(expression, member_of(option, name))
    if IDENTITY in compose:
        raise InputError(f"compose cannot replace {IDENTITY}, which identifies the instance of a host: use another name.")
    return Constructs(
        compose=compose,
        groups=groups,
        keyed_groups=[_keyed_group(given, place) for place, given in enumerate(options["keyed_groups"] or [])],
        leading_separator=options["leading_separator"],
        strict=options["strict"],
    )


class HostConstructor:
    """Evaluates the constructs for one host after the other, and counts where that fails.

    A filter may raise anything, and Ansible takes all of it for "no value".
    """

    def __init__(self, constructs: Constructs, evaluate: Evaluate, template: Evaluate) -> None:
        self._constructs = constructs
        self._evaluate = evaluate
        self._template = template
        self._tally = FailureTally()

    def compose(self, host: str, variables: Variables) -> dict[str, Any]:
        """The variables that `compose` makes for a host."""
        made = {}
        for name, expression in self._constructs.compose.items():
            try:
                made[name] = self._evaluate(expression, variables)
            except Exception as error:  # noqa: BLE001  # see the class
                self._tally.add(member_of("compose", name), host, error)
        return made

    def conditional_groups(self, host: str, variables: Variables) -> list[str]:
        """The names in `groups` whose condition holds for a host. Raises `JdcloudError` for a value that is no boolean."""
        found = []
        for name, expression in self._constructs.groups.items():
            try:
                holds = expression if isinstance(expression, bool) else self._evaluate(expression, variables)
            except Exception as error:  # noqa: BLE001  # see the class
                self._tally.add(member_of("groups", name), host, error)
                continue
            if not isinstance(holds, bool):
                raise JdcloudError(
                    f"{member_of('groups', name)} gives {_kind(holds)} for the host {host} instead of true or false: compare "
                    "it, for example with == 'yes', or use a test such as is defined."
                )
            if holds:
                found.append(name)
        return found

    def keyed_groups(self, host: str, variables: Variables) -> list[tuple[str, str | None]]:
        """The raw names of the groups that `keyed_groups` gives a host, with their parents.

        Raises `JdcloudError` for an empty value where `strict` is set.
        """
        constructs = self._constructs
        found: list[tuple[str, str | None]] = []
        for entry in constructs.keyed_groups:
            try:
                value = self._evaluate(entry.key, variables)
                names = entry.names(value, constructs.leading_separator)
                parent = self._template(entry.parent_group, variables) if names and entry.parent_group is not None else None
            except Exception as error:  # noqa: BLE001  # see the class
                self._tally.add(entry.place, host, error)
                continue
            if constructs.strict and not names and value not in ([], {}):
                raise JdcloudError(f"{entry.place} gives no group for the host {host}: its value is empty.")
            found.extend((name, None if parent is None else f"{parent}") for name in names)
        return found

    def warnings(self, hosts: int) -> list[str]:
        """What failed for some hosts. Raises `JdcloudError` for what failed for all, or with `strict` for any."""
        return self._tally.judge(hosts, strict=self._constructs.strict)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "a text"
    return "null" if value is None else f"a value of the type {type(value).__name__}"


def _check_expression(given: Any, place: str) -> None:
    if not require_text(given, place).strip():
        raise InputError(f"{place} is blank: set an expression in quotes.")
    # Between quotes the braces are plain characters: '{{ jdcloud_name }}' == 'web-01' would be false for every machine.
    if "{{" in given:
        raise InputError(f"{place} contains a template, but it is an expression already: remove the braces.")


def _keyed_group(given: Any, number: int) -> KeyedGroup:
    place = f"keyed_groups[{number}]"
    if not isinstance(given, Mapping):
        raise InputError(f"{place} is not a dict: use a dict with key, and optionally prefix.")
    for name, value in given.items():
        if name not in _KEYED_FIELDS:
            raise InputError(f"{place}: {shown(str(name))} does not exist: use {', '.join(_KEYED_FIELDS)}.")
        if name == "trailing_separator":
            if not isinstance(value, bool):
                raise InputError(f"{place}.{name} is neither true nor false: set one of them, without quotes.")
        elif name != "key" and value is not None:
            require_text(value, f"{place}.{name}")
    _check_expression(given.get("key"), f"{place}.key")
    if given.get("trailing_separator") is not None and given.get("default_value") is not None:
        raise InputError(f"{place}: default_value and trailing_separator exclude each other: remove one of them.")
    return KeyedGroup(f"{place} ({shown(given['key'])})", **{name: value for name, value in given.items() if value is not None})
