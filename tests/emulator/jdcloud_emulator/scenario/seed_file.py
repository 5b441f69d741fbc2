# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of seed files: reading, times, accounts, repetition. What they describe is made by the seeder."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from jdcloud_emulator.process import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY
from jdcloud_emulator.signature import Account, Credential, Gate
from jdcloud_emulator.state.settings import UsageError, parse_time

Entry = dict[str, Any]
DAY = 86400.0
_AGE = re.compile(r"([+-]\d+(?:\.\d+)?)\s*([smhd])")
_NUMBER = re.compile(r"\{n(?::([^{}]*))?\}")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}


def read(path: str) -> Entry:
    """The mapping in a seed file. Raises UsageError when it is none."""
    try:
        found = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"cannot read seed {path}: {error}") from None
    if found is not None and not isinstance(found, dict):
        raise UsageError(f"seed {path} must hold a mapping")
    return found or {}


def moment(value: Any, now: float) -> float:
    """A time of a seed: `-3d` from now, or any form of the service."""
    match = _AGE.fullmatch(str(value).strip())
    if match:
        return now + float(match[1]) * _UNITS[match[2]]
    try:
        return parse_time(str(value))
    except ValueError:
        raise UsageError(f"unreadable time {value!r}: write -3d, +12h or 2027-01-01T00:00:00+08:00") from None


def tag_rows(tags: Any) -> list[tuple[str, str]]:
    """Tags of a seed: a mapping, or a list of {key, value} in which a key may occur more than once."""
    pairs = tags.items() if isinstance(tags, dict) else [(row["key"], row["value"]) for row in tags]
    return [(str(key), str(value)) for key, value in pairs]


def add_accounts(gate: Gate, entries: list[Entry], now: float) -> None:
    """Make keys known; without any there is the documented default account."""
    for entry in entries or [{"access_key": DEFAULT_ACCESS_KEY, "secret_key": DEFAULT_SECRET_KEY}]:
        take = Taker(entry, "account")
        name = take("name", entry.get("access_key", ""))
        account = Account(name, [_denial(item) for item in take("denied", [])], list(take("hidden", [])), str(take("mfa", "")))
        account.pin, account.account_id = str(take("pin", "")), str(take("account_id", ""))
        gate.add(Credential(take.required("access_key"), take.required("secret_key"), account))
        for token in take("tokens", []):
            expires = moment(token.get("expires", "+1h"), now)
            gate.add(Credential(token["access_key"], token["secret_key"], account, token["token"], expires))
        take.end()


def _denial(item: str | Entry) -> tuple[str, str]:
    if isinstance(item, str):
        return item, "*"
    return str(item["operation"]), str(item.get("resource", "*"))


class Taker:
    """Takes fields out of an entry and complains about what nobody wanted: a misspelt field is an error."""

    def __init__(self, entry: Entry, what: str) -> None:
        if not isinstance(entry, dict):
            raise UsageError(f"{what} must be a mapping, not {entry!r}")
        self._left = dict(entry)
        self._what = what

    def __call__(self, name: str, default: Any = None) -> Any:
        return self._left.pop(name, default)

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def required(self, name: str) -> str:
        if self._left.get(name) in (None, ""):
            raise UsageError(f"{self._what} needs {name}")
        return str(self._left.pop(name))

    def end(self) -> None:
        if self._left:
            raise UsageError(f"unknown fields in {self._what}: {', '.join(map(str, self._left))}")


def repeated(entries: list[Any]) -> Iterator[Entry]:
    """`count: 3` makes three of an entry; `{n}` (or `{n:04}`) in its texts is the number, from `start` or 1."""
    for entry in entries:
        if not isinstance(entry, dict) or "count" not in entry:
            yield entry if isinstance(entry, dict) else {"id": entry}
            continue
        pattern = {key: value for key, value in entry.items() if key not in ("count", "start")}
        for number in itertools.islice(itertools.count(entry.get("start", 1)), entry["count"]):
            yield _numbered(pattern, number)


def _numbered(value: Any, number: int) -> Any:
    if isinstance(value, str):
        return _NUMBER.sub(lambda match: format(number, match[1] or ""), value)
    if isinstance(value, dict):
        return {key: _numbered(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbered(item, number) for item in value]
    return value
