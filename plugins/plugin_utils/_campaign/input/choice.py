# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Choosing by hand: members that mean machines by id, name or tag, and lists of which each line means one machine. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....module_utils._api.errors import InputError, first_of
from ....module_utils._fleet.common.selection import ANY_VALUE, holds_control
from ....module_utils._fleet.common.texts import parse_ids, require_text, shown
from .coerce import dict_of, is_unset, name_of, word_list_of

COLUMNS = ("instance_id", "name", "private_ip_address")
"""The columns of a CSV file that mean a machine, the surest first."""
_INSTANCE_ID = re.compile(r"i-[a-z0-9]+")
SHOWN_LINES = 20
"""How many lines an error names before it says "and N more"."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What means one machine: its id, its exact name or its private address. `where`: the line or variable that says so.

    `also`: what else the line says of the same machine. A table of which one column alone was sorted would mean others.
    `column`: which of the three it is, empty if it may be any. Machines are called like ids that are gone: clones, for example.
    """

    where: str
    text: str
    also: tuple[str, ...] = ()
    column: str = ""


def ids_of(value: Any, name: str) -> list[str] | None:
    """Ids of machines, None where they are not given. Raises `InputError` for a text that cannot be an id."""
    words = word_list_of(value, name)
    return None if words is None else list(parse_ids(words, name))


def names_of(value: Any, name: str) -> str | tuple[str, ...]:
    """The exact name of one machine, empty where it is not given, or several names as a list."""
    if not isinstance(value, list):
        return name_of(value, name)
    names = tuple(dict.fromkeys(_text(member, name) for member in value))
    if not names:
        raise InputError(f"{name} is an empty list, which selects nothing: set at least one instance, or remove the variable.")
    return names[0] if len(names) == 1 else names


def members_of(value: Any, name: str) -> tuple[str, ...]:
    """Ids, exact names and tags (key=value, also as a dictionary), as a list, or as a text with commas; none if not given."""
    if is_unset(value) or value in ([], {}):
        return ()
    return tuple(dict.fromkeys(_members(value, name)))


def is_member(members: Iterable[str], row: Mapping[str, Any]) -> bool:
    """Whether one of the members means a machine of a result."""
    # Those of `jdcloud_tag` are what its run makes of them.
    tags = row.get("tags_before", row.get("tags")) or {}
    repeated = row.get("repeated_tags") or {}
    carried = {f"{key}={each}" for key, value in tags.items() for each in (*repeated.get(key, ()), value, ANY_VALUE)}
    meant = {row["instance_id"], row.get("name"), *carried}
    return any(member in meant for member in members)


def entries_of(text: str, name: str) -> tuple[Entry, ...]:
    """The entries of a list: one a line, or a CSV file with a column of `COLUMNS`. Raises `InputError` if it holds none."""
    lines = [(number, line.strip()) for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if not lines:
        raise InputError(f"{name} contains no line, which selects nothing: list at least one instance, or remove the variable.")
    mark = max(",;\t", key=lines[0][1].count)
    header = [cell.strip().lower() for cell in _cells(lines[0][1], mark)]
    wanted = [column for column in COLUMNS if column in header]
    if not wanted:
        return tuple(Entry(f"line {number}", _unquoted(line)) for number, line in lines)
    if len(lines) == 1:
        raise InputError(f"{name} contains a header and no line, which selects nothing: list at least one instance.")
    twice = [column for column in wanted if header.count(column) > 1]
    if twice:
        raise InputError(f"{name} has the column {twice[0]} twice, so nothing was done: remove one of them.")
    return tuple(_row_entry(number, line, mark, header) for number, line in lines[1:])


def resolve(entries: Sequence[Entry], machines: Iterable[Mapping[str, Any]], name: str) -> list[str]:
    """The ids that the entries mean. Raises `InputError` with the entries that do not mean exactly one machine."""
    known = _known(machines)
    ids: dict[str, None] = {}
    bad = []
    for entry in entries:
        found = _meant(entry, known)
        others = [text for text in entry.also if found and found[0] not in _meant(Entry("", text), known)]
        if len(found) == 1 and not others:
            ids[found[0]] = None
            continue
        which = f"{len(found)} instances: {first_of(found, 3)}" if len(found) > 1 else "no instance"
        if len(found) == 1:
            which = f"{found[0]} has no {shown(others[0])}"
        bad.append(f"{entry.where} {shown(entry.text)} ({which})")
    if bad:
        raise InputError(
            f"{name}: {len(bad)} of {len(entries)} entries do not match exactly one instance, so nothing was done: "
            f"{first_of(bad, SHOWN_LINES)}. Use an id, an exact name or a private address for each, in the right region; a CSV "
            f"file needs a header with {', '.join(COLUMNS)}."
        )
    return [*ids]


def _known(machines: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], dict[str, None]]:
    """The machines by each column and what stands in it."""
    known: dict[tuple[str, str], dict[str, None]] = {}
    for row in machines:
        texts = [("instance_id", row["instance_id"]), ("name", row.get("name"))]
        for column, text in [*texts, *(("private_ip_address", each) for each in _addresses(row))]:
            if text:
                known.setdefault((column, str(text)), {})[row["instance_id"]] = None
    return known


def _meant(entry: Entry, known: Mapping[tuple[str, str], Mapping[str, None]]) -> list[str]:
    """The ids of the machines that an entry means. What looks like an id is looked up as one, and is no name of another."""
    columns = (entry.column,) if entry.column else COLUMNS
    by_id = known.get(("instance_id", entry.text), {})
    if not entry.column and not by_id and _INSTANCE_ID.fullmatch(entry.text):
        return []
    return sorted({each for column in columns for each in known.get((column, entry.text), ())})


def _members(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, str) and not value.strip().startswith(("[", "{")):
        parts = [part.strip() for part in value.split(",")]
        yield from (_text(part, name) for part in parts if part)
    elif isinstance(value, list):
        for member in value:
            yield from _members(member, name) if isinstance(member, Mapping) else [_text(member, name)]
    elif isinstance(value, str) and value.strip().startswith("["):
        yield from word_list_of(value, name) or ()
    else:
        for key, wanted in (dict_of(value, name) or {}).items():
            yield from (f"{key}={_text(each, name)}" for each in (wanted if isinstance(wanted, list) else [wanted]))


def _text(value: Any, name: str) -> str:
    text = "" if value is None else require_text(value, f"{name}: a member")
    if not text.strip():
        raise InputError(f"{name} has a blank or null member: remove it.")
    if holds_control(text):
        raise InputError(f"{name} contains {shown(text)}, but names cannot contain line ends or control characters: remove them.")
    return text


def _row_entry(number: int, line: str, mark: str, header: Sequence[str]) -> Entry:
    cells = [cell.strip() for cell in _cells(line, mark)]
    if any(cells[len(header) :]):
        # A mark in a cell without quotes: what stands in which column is not known.
        return Entry(f"line {number}", line)
    row = dict(zip(header, cells, strict=False))
    column = next((each for each in COLUMNS if row.get(each)), "")
    found = [row[each] for each in COLUMNS if row.get(each)] or [""]
    return Entry(f"line {number}", found[0], tuple(found[1:]), column)


def _cells(line: str, mark: str) -> list[str]:
    return next(iter(csv.reader(io.StringIO(line), delimiter=mark)), [])


def _unquoted(line: str) -> str:
    quoted = len(line) > 2 and line[0] == line[-1] == '"'
    return line[1:-1].replace('""', '"') if quoted else line


def _addresses(value: Any) -> Iterator[str]:
    """The private addresses of a machine, wherever they stand in what the service says of it."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            if key == "private_ip_address" and isinstance(member, str):
                yield member
            elif key != "tags":
                yield from _addresses(member)
    elif isinstance(value, list):
        for member in value:
            yield from _addresses(member)
