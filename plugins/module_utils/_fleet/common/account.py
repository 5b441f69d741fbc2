# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose key this is, and whether it is the account that is expected.

What belongs to another account answers like what is gone (fact accounts-foreign-ids), so keys of a wrong account make every id
look deleted already. Nothing counts but a name or an id that the service itself tells for the key.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.errors import ClockSkewError, InputError, JdcloudError
from ..._api.services.user import Identity, describe_keys, describe_user
from .texts import shown

FOREIGN = "ids of another account look the same, and expected_account (JDCLOUD_EXPECTED_ACCOUNT) is not set"
"""Why "does not exist" may be wrong."""


class AccountError(JdcloudError):
    """The service does not confirm that the keys are those of the expected account; nothing was changed."""


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Who the service says asks, and why it says no more; `trouble` is for people."""

    identity: Identity = Identity()
    trouble: tuple[str, ...] = ()


def read_key_owner(dispatcher: Dispatcher, expected: str) -> KeyOwner:
    """Ask whose keys these are. A second call is made only if the first one cannot tell the user's name.

    Raises `InputError` and `ClockSkewError`, which no other call would mend; every other failure is part of the answer.
    """
    first, trouble = _ask(dispatcher, describe_user())
    if first.pin is not None or _confirms(first, expected):
        return KeyOwner(first)
    second, more = _ask(dispatcher, describe_keys())
    return KeyOwner(Identity(second.pin, first.account_id), trouble + more)


def account_problem(seen: KeyOwner, expected: str) -> str | None:
    """Why the run must not go on, one sentence; None if the service confirms the account. Pure."""
    if _confirms(seen.identity, expected):
        return None
    wanted = f"expected_account (JDCLOUD_EXPECTED_ACCOUNT) is {shown(expected)}"
    names = [("pin", seen.identity.pin), ("account id", seen.identity.account_id)]
    text = " and ".join(f"{name} {shown(value)}" for name, value in names if value is not None)
    trouble = f" ({'; '.join(seen.trouble)})" if seen.trouble else ""
    if text:
        return (
            f"These keys belong to {text}{trouble}, but {wanted}, so nothing was done: use keys of that account, or correct "
            "expected_account."
        )
    return (
        f"The service does not return the owner of these keys{trouble}, but {wanted}, so nothing was done: grant the right "
        "user:describeUser or resourcetag:describeKeys to the user of the key, or do not set expected_account."
    )


def _confirms(identity: Identity, expected: str) -> bool:
    return expected in (identity.pin, identity.account_id)


def _ask(dispatcher: Dispatcher, call: Call[Identity]) -> tuple[Identity, tuple[str, ...]]:
    try:
        identity = dispatcher.read(call)
    except (InputError, ClockSkewError):
        raise
    except JdcloudError as error:
        return Identity(), (str(error).rstrip("."),)
    text = identity.pin is not None or identity.account_id is not None
    return identity, () if text else (f"the response of {call.operation} contains no user",)
