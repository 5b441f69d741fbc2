# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that say whose key is used (facts accounts-who-asks, accounts-pin-of-tags)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..calls import Call, posted_read, read
from ..fields import Json


@dataclass(frozen=True, slots=True)
class Identity:
    """What the service returns about the user of a key: its name (pin) and the id of the account; None is not returned."""

    pin: str | None = None
    account_id: str | None = None


def describe_user() -> Call[Identity]:
    """The user of the key that asks. The only call that is about no region."""
    return replace(read("user.describeUser", "/describeUser", _user), regional=False)


def describe_keys() -> Call[Identity]:
    """The keys of the tags of machines, a read that who tags may make; its answer tells a pin, too."""
    body = {"tagKeysVo": {"serviceCodes": ["vm"]}}
    return posted_read("resourcetag.describeKeys", "/tags:describeKeys", body, _owner)


def _user(result: Json) -> Identity:
    return Identity(_word(result, "pin"), _word(result, "accountId"))


def _owner(result: Json) -> Identity:
    data = result.get("data")
    return Identity(_word(data, "pin")) if isinstance(data, dict) else Identity()


def _word(source: Json, name: str) -> str | None:
    """A member as it was sent, None for everything that names no one."""
    value = source.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value.strip() else None
