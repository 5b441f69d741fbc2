# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of a backup manifest, each about one machine. Pure. Raises `InputError` for what is no such entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from ..._api.errors import InputError
from ..._api.fields import Json, MalformedResponse, optional_text
from ..common.texts import ID_SHAPE, shown


class Entry(Protocol):
    """A machine of a manifest, or what was made of it."""

    @property
    def instance_id(self) -> str | None:
        """The machine's id."""
        raise NotImplementedError


E = TypeVar("E", bound=Entry)


def parse_entries(entries: Sequence[Any], option: str, parse: Callable[[Json, str], E]) -> list[E]:
    """Each machine of a manifest as `parse` reads it. Raises `InputError` for a repeated machine, and for a wrong form."""
    machines = [_parse_entry(entry, f"{option}[{place}]", parse) for place, entry in enumerate(entries)]
    seen = set()
    for machine in machines:
        if machine.instance_id in seen:
            raise InputError(f"{option} contains {machine.instance_id} more than once: list each instance once.")
        seen.add(machine.instance_id)
    return machines


def _parse_entry(entry: Any, where: str, parse: Callable[[Json, str], E]) -> E:
    if not isinstance(entry, dict):
        raise InputError(f"{where} is not an instance of a manifest: use unchanged members of its list machines.")
    try:
        return parse(entry, where)
    except MalformedResponse as error:
        raise InputError(f"{where} is damaged ({error}): use an unchanged member of the list machines of a manifest.") from error


def instance_id_of(entry: Json, where: str) -> str:
    """The id of a machine of a manifest. Raises `InputError` if it has none."""
    instance_id = optional_text(entry, "instance_id") or ""
    if not ID_SHAPE.fullmatch(instance_id):
        raise InputError(
            f"{where}.instance_id is {shown(instance_id)}, which is not an id: use an unchanged member of the list machines of "
            "a manifest."
        )
    return instance_id
