# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the machines are called as hosts of an inventory, and what variables they have. Pure.

Names and tags in the cloud are anybody's text, and neither unique nor harmless. A host's name is: no two machines ever become
one host, none takes the place of this computer, of a group or of another machine, and none means something in a host pattern,
a command line, a path or a template.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..module_utils._api.endpoints import is_loopback
from ..module_utils._api.errors import InputError, JdcloudError
from ..module_utils._fleet.texts import shown

Row = dict[str, Any]
"""A machine as results show it, in snake case, with `name`, `region` and its tags as a dict."""

PREFIX = "jdcloud_"
FIELDS = ("name", "instance_id", "private_ip_address", "elastic_ip_address")
TAG = "tag:"
_MEMBERS = frozenset({"name", "prefix", "separator"})
# Letters of any script, digits, and what stands inside of names. In front no '-' (an option of ssh) and no '.' (a folder).
_USABLE = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class Preference:
    """Where a name may come from: a field or a tag, and another one before it."""

    name: str
    prefix: str | None = None
    separator: str = "_"

    def of(self, row: Row) -> str | None:
        """The name of a machine, None if it lacks a part of it."""
        name = _value(row, self.name)
        if self.prefix is None or name is None:
            return name
        prefix = _value(row, self.prefix)
        return None if prefix is None else f"{prefix}{self.separator}{name}"


def parse_preferences(given: Any) -> tuple[Preference, ...]:
    """The checked option `hostnames`. Raises `InputError`."""
    if not given:
        raise InputError("hostnames is an empty list: name at least one, for example instance_id, or leave the option out.")
    return tuple(_preference(member) for member in given)


def host_names(
    rows: Sequence[Row], preferences: Sequence[Preference], groups: Collection[str], others: Mapping[str, str | None]
) -> list[str]:
    """A host name for each machine, all different: the first usable preference, else the id.

    Machines that would share a name are all called NAME_ID, so that none is taken for the other. `groups` are names that a
    host cannot have; `others` are the hosts of other sources that are machines, with their ids.
    Raises `JdcloudError` if a machine is in the listing twice.
    """
    ids = Counter(row["instance_id"] for row in rows)
    for instance_id, count in ids.items():
        if count > 1:
            raise JdcloudError(f"{instance_id} is listed in {count} regions: correct regions or endpoint_url.")
    chosen = [_chosen(row, preferences, groups, ids) for row in rows]
    shared = Counter(chosen)
    names = [_alone(name, row["instance_id"], shared[name], others) for name, row in zip(chosen, rows, strict=True)]
    for name in names:
        if name in groups:
            raise JdcloudError(f"A machine and a group are both called {shown(name)}: give the group another name.")
    return names


def variables_of(row: Row) -> Row:
    """The variables of a host."""
    return {f"{PREFIX}{name}": value for name, value in row.items()}


def _preference(given: Any) -> Preference:
    if isinstance(given, str):
        return Preference(_source(given))
    if not isinstance(given, Mapping) or "name" not in given or not _MEMBERS.issuperset(given):
        raise InputError("A member of hostnames is neither a text nor a dict of name, prefix and separator: correct it.")
    separator = given.get("separator", "_")
    if not isinstance(separator, str):
        raise InputError("The separator in hostnames is no text: quote it.")
    prefix = given.get("prefix")
    return Preference(_source(given["name"]), None if prefix is None else _source(prefix), separator)


def _source(given: Any) -> str:
    if isinstance(given, str) and (given in FIELDS or (given.startswith(TAG) and given.removeprefix(TAG).strip())):
        return given
    raise InputError(f"hostnames: {shown(str(given))} is none of {', '.join(FIELDS)} and tag:KEY.")


def _value(row: Row, source: str) -> str | None:
    value = row["tags"].get(source.removeprefix(TAG)) if source.startswith(TAG) else row.get(source)
    return value if isinstance(value, str) and value else None


def _chosen(row: Row, preferences: Sequence[Preference], groups: Collection[str], ids: Collection[str]) -> str:
    own: str = row["instance_id"]
    for preference in preferences:
        name = preference.of(row)
        if name is not None and (name == own or _usable(name, groups, ids)):
            return name
    return own


def _usable(name: str, groups: Collection[str], ids: Collection[str]) -> bool:
    if not _USABLE.fullmatch(name) or is_loopback(name.lower()) or name in groups:
        return False
    # Neither another machine's id, nor what a machine would be called that shares its name.
    return name not in ids and name.rpartition("_")[2] not in ids


def _alone(name: str, instance_id: str, sharing: int, others: Mapping[str, str | None]) -> str:
    is_another = name in others and others[name] != instance_id
    return f"{name}_{instance_id}" if is_another or sharing > 1 else name
