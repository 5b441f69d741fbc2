# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that say whose key is used (facts accounts-who-asks, accounts-pin-of-tags)."""

from __future__ import annotations

from dataclasses import dataclass

from ..calls import Call
from ..model.fields import Json


@dataclass(frozen=True, slots=True)
class Identity:
    """What the service tells of the user of a key: its name (pin) and the id of the account; None is not told."""

    pin: str | None = None
    account_id: str | None = None


def describe_user() -> Call[Identity]:
    """The user of the key that asks. The only call that is about no region."""
    return Call(
        operation="user.describeUser",
        service="user",
        method="GET",
        path="/describeUser",
        query=(),
        body=None,
        write=False,
        parse=lambda result: Identity(_word(result, "pin"), _word(result, "accountId")),
        regional=False,
    )


def describe_keys() -> Call[Identity]:
    """The keys of the tags of machines, a read that who tags may make; its answer tells a pin, too."""
    return Call(
        operation="resourcetag.describeKeys",
        service="resourcetag",
        method="POST",
        path="/tags:describeKeys",
        query=(),
        body={"tagKeysVo": {"serviceCodes": ["vm"]}},
        write=False,
        parse=_owner,
    )


def _owner(result: Json) -> Identity:
    data = result.get("data")
    return Identity(_word(data, "pin")) if isinstance(data, dict) else Identity()


def _word(source: Json, name: str) -> str | None:
    """A member as it was sent, None for everything that names nobody."""
    value = source.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value.strip() else None
