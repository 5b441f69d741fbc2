# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the machines are called as hosts of an inventory, and what variables they have. Pure.

Names and tags in the cloud are text of any user, and neither unique nor harmless. A host's name is: no two machines ever become
one host, none takes the place of this computer, of a group or of another machine, and none means something in a host pattern,
a command line, a path or a template.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...module_utils._api.errors import InputError, JdcloudError, first_of
from ...module_utils._fleet.common.texts import require_text, shown
from .reserved_names import address_in, addresses_of, folded, means_this_computer

Row = dict[str, Any]
"""A machine as results show it, in snake case, with `name`, `region` and its tags as a dict."""

PREFIX = "jdcloud_"
ADDRESSES = ("private_ip_address", "elastic_ip_address")
FIELDS = ("name", "instance_id", *ADDRESSES)
TAG = "tag:"
SHOWN = 5
"""The most machines that a warning names."""
_PREFERENCE_FIELDS = frozenset({"name", "prefix", "separator"})
# Letters of any script, digits, and what stands inside of names. In front no '-' (an option of ssh) and no '.' (a folder).
_USABLE = re.compile(r"\w(?:[\w.-]*[\w-])?")
# The observed form of an instance's id. The machine that has it may be in another file, or in none.
_LIKE_AN_ID = re.compile(r"i-[a-z0-9]{10}")
_GROUPS_OF_ANSIBLE = frozenset({"all", "ungrouped"})


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

    @property
    def is_address(self) -> bool:
        """Whether the name is the address that the service shows, and not a text that a user chose."""
        return self.prefix is None and self.name in ADDRESSES


@dataclass(frozen=True, slots=True)
class Listing:
    """The machines of one file, and how it wants them called."""

    rows: Sequence[Row]
    preferences: Sequence[Preference]


@dataclass(frozen=True, slots=True)
class TakenNames:
    """What else has a name: groups, this computer, and the hosts of other sources that are machines, with their ids."""

    groups: Collection[str] = ()
    own: Collection[str] = ()
    others: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about names that the user has to know; `about` are machines or a tag, in a fixed order."""

    kind: str
    about: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Naming:
    """The host names of each listing, in the order of its rows."""

    names: tuple[tuple[str, ...], ...]
    notices: tuple[Notice, ...]


def parse_preferences(given: Any) -> tuple[Preference, ...]:
    """The checked option `hostnames`. Raises `InputError`."""
    if not given:
        raise InputError("hostnames is an empty list: set at least one member, for example instance_id, or remove the option.")
    return tuple(_preference(member) for member in given)


def host_names(listings: Sequence[Listing], taken: TakenNames) -> Naming:
    """A host name for each machine, the same in whatever order the files and regions come: the first usable one, else the id.

    Machines that would share a name are all called NAME_ID, so that none is taken for the other.
    Raises `JdcloudError` if a machine is in one listing twice, or if a group is called like a host.
    """
    for listing in listings:
        _refuse_repeated(listing.rows)
    fleet = _fleet_of(listings)
    chosen = [[_choose(row, listing.preferences, taken, fleet) for row in listing.rows] for listing in listings]
    bases = [[choice.name for choice in choices] for choices in chosen]
    holders: dict[str, set[str]] = {}
    for listing, each in zip(listings, bases, strict=True):
        for row, base in zip(listing.rows, each, strict=True):
            holders.setdefault(folded(base), set()).add(row["instance_id"])
    for name, instance_id in taken.others.items():
        holders.setdefault(folded(name), set()).add(str(instance_id))
    names = tuple(
        tuple(_alone(base, row["instance_id"], holders[folded(base)]) for row, base in zip(listing.rows, each, strict=True))
        for listing, each in zip(listings, bases, strict=True)
    )
    _refuse_groups(names, taken.groups)
    refused = (notice for choices in chosen for choice in choices for notice in choice.refused)
    notices = {*refused, *_twins(bases, holders), *_doubles(listings, names), *_tags_of_nobody(listings)}
    return Naming(names, tuple(sorted(notices, key=lambda notice: (notice.kind, notice.about))))


def variables_of(row: Row) -> Row:
    """The variables of a host; what the service calls by no name of a variable is not among them."""
    return {f"{PREFIX}{name}": value for name, value in row.items() if f"{PREFIX}{name}".isidentifier()}


def warnings_of(notices: Iterable[Notice]) -> list[str]:
    """One sentence or two for each kind of notice."""
    texts: dict[str, list[str]] = {}
    for notice in notices:
        texts.setdefault(notice.kind, []).append(notice.text)
    return [_WARNINGS[kind].format(first_of(each, SHOWN)) for kind, each in texts.items()]


_WARNINGS = {
    "double": (
        "Instances have two names in the inventory, because the files set different hostnames: {}. Use the same hostnames in "
        "all files; otherwise a play runs on them twice."
    ),
    "refused": (
        "The names of these instances cannot be used as host names: {}. The hosts get the next choice of hostnames, at last "
        "the id."
    ),
    "tag": "No instance has this member of hostnames: {}. Correct the key of the tag, or remove it.",
    "twins": (
        "Instances have the same name, so the names of their hosts are NAME_ID: {}. A play, a limit or a group with the name "
        "alone does not match them: give them different names, or set hostnames to instance_id."
    ),
}


@dataclass(frozen=True, slots=True)
class _Fleet:
    """The ids of all machines, and whose addresses are whose."""

    ids: Collection[str]
    owners: Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class _Choice:
    """What a machine is called, before others that share its name are known, and the names that it cannot have."""

    name: str
    refused: tuple[Notice, ...]


def _fleet_of(listings: Sequence[Listing]) -> _Fleet:
    owners: dict[str, set[str]] = {}
    ids = set()
    for listing in listings:
        for row in listing.rows:
            ids.add(row["instance_id"])
            for address in addresses_of(row.get(each) for each in ADDRESSES):
                owners.setdefault(address, set()).add(row["instance_id"])
    return _Fleet(ids, owners)


def _refuse_repeated(rows: Sequence[Row]) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        seen[row["instance_id"]] = seen.get(row["instance_id"], 0) + 1
    for instance_id, count in seen.items():
        if count > 1:
            raise JdcloudError(f"{instance_id} is listed in {count} regions: correct regions or endpoint_url.")


def _refuse_groups(names: Iterable[Iterable[str]], groups: Collection[str]) -> None:
    for each in names:
        for name in each:
            if name in groups:
                raise JdcloudError(f"An instance and a group have the same name {shown(name)}: give the group another name.")


def _preference(given: Any) -> Preference:
    if not isinstance(given, (Mapping, list)):
        return Preference(_source(given))
    if isinstance(given, list) or "name" not in given or not _PREFERENCE_FIELDS.issuperset(given):
        raise InputError("A member of hostnames is neither a text nor a dict of name, prefix and separator: correct it.")
    separator = require_text(given.get("separator", "_"), "The separator in hostnames")
    prefix = given.get("prefix")
    return Preference(_source(given["name"]), None if prefix is None else _source(prefix), separator)


def _source(given: Any) -> str:
    source = require_text(given, "A member of hostnames")
    if source in FIELDS or (source.startswith(TAG) and source.removeprefix(TAG).strip()):
        return source
    raise InputError(f"hostnames: {shown(source)} is none of {', '.join(FIELDS)} and tag:KEY.")


def _value(row: Row, source: str) -> str | None:
    value = row["tags"].get(source.removeprefix(TAG)) if source.startswith(TAG) else row.get(source)
    return value if isinstance(value, str) and value else None


def _choose(row: Row, preferences: Sequence[Preference], taken: TakenNames, fleet: _Fleet) -> _Choice:
    """The first preferred name that a machine has and that can be used, else its id."""
    own: str = row["instance_id"]
    refused: list[Notice] = []
    for preference in preferences:
        name = preference.of(row)
        if name is None:
            continue
        obstacle = None if name == own else _obstacle(name, preference, row, taken, fleet)
        if obstacle is None:
            return _Choice(name, tuple(refused))
        refused.append(Notice("refused", (own, name), f"{own} ({shown(name)} {obstacle})"))
    return _Choice(own, tuple(refused))


def _obstacle(name: str, preference: Preference, row: Row, taken: TakenNames, fleet: _Fleet) -> str | None:
    """Why a machine cannot be called like this, None if it can."""
    if means_this_computer(name, taken.own):
        return "means this host"
    if folded(name) in _GROUPS_OF_ANSIBLE or name in taken.groups:
        return "is the name of a group"
    if not _USABLE.fullmatch(name):
        return "has characters that host names do not have"
    if address_in(name) is not None:
        return _not_its_address(name, preference, row, fleet)
    # Neither an id, nor what a machine would be called that shares its name.
    for part in (folded(name), folded(name).rpartition("_")[2]):
        if part in fleet.ids or _LIKE_AN_ID.fullmatch(part):
            return "contains the id of an instance"
    return None


def _not_its_address(name: str, preference: Preference, row: Row, fleet: _Fleet) -> str | None:
    # In two networks machines may have one address. A name that a user chose means either of them then.
    is_alone = preference.is_address or len(fleet.owners.get(name, ())) < 2
    return (
        None
        if is_alone and name in (row.get(each) for each in ADDRESSES)
        else ("is an address that is not only of this instance")
    )


def _alone(base: str, instance_id: str, holders: Collection[str]) -> str:
    return f"{base}_{instance_id}" if len(holders) > 1 else base


def _twins(bases: Iterable[Iterable[str]], holders: Mapping[str, Collection[str]]) -> Iterable[Notice]:
    for base in sorted({base for each in bases for base in each}):
        ids = tuple(sorted(holders[folded(base)]))
        if len(ids) > 1:
            yield Notice("twins", (base, *ids), f"{base} ({first_of(ids, SHOWN)})")


def _doubles(listings: Sequence[Listing], names: Sequence[Sequence[str]]) -> Iterable[Notice]:
    found: dict[str, set[str]] = {}
    for listing, each in zip(listings, names, strict=True):
        for row, name in zip(listing.rows, each, strict=True):
            found.setdefault(row["instance_id"], set()).add(name)
    for instance_id, double in found.items():
        if len(double) > 1:
            yield Notice("double", (instance_id, *sorted(double)), f"{instance_id} ({', '.join(sorted(double))})")


def _tags_of_nobody(listings: Sequence[Listing]) -> Iterable[Notice]:
    """A misspelt key of a tag would go unnoticed, since every machine has an id to be called by."""
    for listing in listings:
        if not listing.rows:
            continue
        sources = {source for each in listing.preferences for source in (each.name, each.prefix) if source is not None}
        for source in sorted(sources):
            if source.startswith(TAG) and not any(_value(row, source) for row in listing.rows):
                yield Notice("tag", (source,), source)
