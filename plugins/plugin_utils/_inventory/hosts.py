# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machines of all files of this plugin in Ansible's inventory, which is filled file by file.

A later file may show that a name of an earlier one means two machines. So what each file brought is remembered as long as the
inventory lives, and its hosts are renamed: what a host is called must not depend on the order of the files.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .expressions import plain
from .groups import IDENTITY
from .names import PREFIX, Listing, Naming, Notice, Row, TakenNames, host_names, variables_of

_OF_ANSIBLE = ("inventory_file", "inventory_dir")
_GROUPS_OF_ANSIBLE = frozenset({"all", "ungrouped"})


@dataclass(slots=True)
class AddedHost:
    """What a file brought for one machine: its host, the names of its variables and of its groups."""

    host: str
    variables: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Source:
    """A file that was read: its machines, and what it brought for each, in the order of its rows."""

    listing: Listing
    brought: list[AddedHost]


@dataclass(slots=True)
class _Memory:
    sources: list[Source] = field(default_factory=list)
    shown: set[Notice] = field(default_factory=set)


_MEMORIES: weakref.WeakKeyDictionary[Any, _Memory] = weakref.WeakKeyDictionary()
"""By the group `all` of an inventory: Ansible hands over the inventory itself in another wrapper for each file."""


class Hosts:
    """The hosts of one inventory that are machines."""

    def __init__(self, inventory: Any) -> None:
        self._inventory = inventory
        self._memory = _MEMORIES.setdefault(inventory.groups["all"], _Memory())
        self._renamed: list[tuple[AddedHost, str]] = []
        self._new: list[str] = []

    def name_hosts(self, listing: Listing, groups: Iterable[str], own: Iterable[str]) -> Naming:
        """The names of all machines, those of a new file at the end."""
        mine = {brought.host for source in self._memory.sources for brought in source.brought}
        others = {
            name: plain(host.vars[IDENTITY])
            for name, host in self._inventory.hosts.items()
            if IDENTITY in host.vars and name not in mine
        }
        listings = [*(source.listing for source in self._memory.sources), listing]
        return host_names(listings, TakenNames(frozenset(groups), frozenset(own), others))

    def rename(self, naming: Naming) -> None:
        """Give the machines of earlier files the names that they have now."""
        for source, names in zip(self._memory.sources, naming.names, strict=False):
            for brought, name in zip(source.brought, names, strict=True):
                if brought.host != name:
                    self._renamed.append((brought, brought.host))
                    self._move(brought, name)

    def add(self, name: str, row: Row) -> AddedHost:
        """A host with the variables of a machine, of which an earlier reading leaves nothing."""
        if name not in self._inventory.hosts:
            self._new.append(name)
            self._inventory.add_host(name)
        variables = self._inventory.hosts[name].vars
        for variable in [each for each in variables if each.startswith(PREFIX)]:
            del variables[variable]
        brought = AddedHost(name)
        self.set(brought, variables_of(row))
        return brought

    def set(self, brought: AddedHost, variables: Mapping[str, Any]) -> None:
        """Set variables of a host."""
        for name, value in variables.items():
            self._inventory.set_variable(brought.host, name, value)
            brought.variables.add(name)

    def add_to_group(self, brought: AddedHost, group: str, parent: str | None = None) -> None:
        """Put a host into a group, which is made if it is not there."""
        group = self._inventory.add_group(group)
        self._inventory.add_child(group, brought.host)
        brought.groups.add(group)
        if parent is not None and parent != group:
            self._inventory.add_child(self._inventory.add_group(parent), group)

    def remember(self, source: Source, naming: Naming) -> list[Notice]:
        """Remember a file that was read; the notices that no earlier one led to."""
        self._memory.sources.append(source)
        notices = [notice for notice in naming.notices if notice not in self._memory.shown]
        self._memory.shown.update(notices)
        return notices

    def undo(self) -> None:
        """Take back everything, so that no hosts stay without the groups that keep them out of a play."""
        for name in self._new:
            if name in self._inventory.hosts:
                self._inventory.remove_host(self._inventory.hosts[name])
        for brought, old in reversed(self._renamed):
            self._move(brought, old)

    def _move(self, brought: AddedHost, name: str) -> None:
        """Another name for what a file brought. What other sources say of the old name stays with the old name."""
        old = self._inventory.hosts.get(brought.host)
        self._inventory.add_host(name)
        new = self._inventory.hosts[name]
        if old is not None:
            new.vars.update({each: old.vars[each] for each in _OF_ANSIBLE if each in old.vars})
            new.vars.update({each: old.vars.pop(each) for each in brought.variables if each in old.vars})
        for group in brought.groups:
            self._inventory.add_child(group, name)
            if old is not None:
                self._inventory.groups[group].remove_host(old)
        brought.host = name
        if old is not None and not set(old.vars).difference(_OF_ANSIBLE) and not _groups_of(old):
            self._inventory.remove_host(old)


def _groups_of(host: Any) -> set[str]:
    return {group.name for group in host.get_groups()} - _GROUPS_OF_ANSIBLE
