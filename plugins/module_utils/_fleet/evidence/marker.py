# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The marker in a backup's description, which alone makes it ours, and names and tokens of what we make. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from ..._api.errors import InputError
from ..common.texts import shown

PREFIX = "jdcloud.cloud/1"
DESCRIPTION_LENGTH = 256
"""The service's limit (fact limits-descriptions)."""
NAME_LENGTH = 32
"""The service's limit; image names have at least 2 characters (facts limits-image-names, limits-snapshot-names)."""
NO_INSTANCE = "none"
"""What the marker names for a disk that is on no machine."""
DEFAULT_PATTERN = "bk-{id}-{unique}"
PLACEHOLDERS = ("id", "name", "instance_id", "campaign", "unique")
_CAMPAIGN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_UNIQUE_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Marker:
    """Who made a backup, of which machine, and whether that was stopped then."""

    campaign: str
    instance_id: str
    stopped: bool

    def __str__(self) -> str:
        text = f"{PREFIX} campaign={self.campaign} instance={self.instance_id} stopped={str(self.stopped).lower()}"
        return text[:DESCRIPTION_LENGTH]


def marked_words(description: str) -> list[str]:
    """The words of a description behind the prefix of this collection, none of one that does not begin with that."""
    words = description.split()
    return words[1:] if words[:1] == [PREFIX] else []


def read_marker(description: str) -> Marker | None:
    """The marker of a description, None if it carries none. More words behind it do not matter; a doubled one voids it."""
    pairs = [word.split("=", 1) for word in marked_words(description) if "=" in word]
    wanted = [(name, value) for name, value in pairs if name in ("campaign", "instance", "stopped")]
    values = dict(wanted)
    if len(wanted) != 3 or len(values) != 3 or not all(values.values()):
        return None
    return Marker(values["campaign"], values["instance"], values["stopped"] == "true")


def check_campaign(campaign: str, option: str) -> str:
    """The campaign's name, trimmed. Raises `InputError` for one that a marker cannot carry."""
    name = campaign.strip()
    if not _CAMPAIGN.fullmatch(name):
        raise InputError(
            f"{option} is {shown(campaign)}, but must be 1 to 64 letters, digits, '.', '_' or '-', and begin with a letter or "
            "digit."
        )
    return name


def check_pattern(pattern: str) -> str:
    """A pattern for names. Raises `InputError` for an empty one or an unknown placeholder."""
    if not pattern.strip():
        raise InputError(f"name_pattern is blank: remove it, or set it for example to {DEFAULT_PATTERN}.")
    unknown = [name for name in _PLACEHOLDER.findall(pattern) if name not in PLACEHOLDERS]
    if unknown or "{" in _PLACEHOLDER.sub("", pattern) or "}" in _PLACEHOLDER.sub("", pattern):
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise InputError(f"name_pattern is {shown(pattern)}, but may contain only text and {known}.")
    return pattern


@dataclass(frozen=True, slots=True)
class NameParts:
    """What the name of an asset is made of. `asset_of`: the machine or disk that it is made of."""

    asset_of: str
    instance_id: str
    machine_name: str
    campaign: str
    attempt: int


def asset_name(pattern: str, parts: NameParts, *, dots: bool) -> str:
    """A name after the pattern that fits the service's rules, whatever the machine is called, and that nothing else has.

    `{unique}` is where the pattern has it, else at the end; it differs with campaign, asset and attempt, and is never cut.
    `dots`: image names may hold them, snapshot names may not.
    """
    values = {"id": parts.asset_of, "instance_id": parts.instance_id, "name": parts.machine_name, "campaign": parts.campaign}
    before, found, after = pattern.partition("{unique}")
    if not found and before:
        before += "-"
    after = _PLACEHOLDER.sub(lambda match: values.get(match[1], ""), after)
    before = _PLACEHOLDER.sub(lambda match: values.get(match[1], ""), before)
    free = NAME_LENGTH - _UNIQUE_LENGTH
    before, after = safe_name(before, dots=dots).lstrip(".-"), safe_name(after, dots=dots).rstrip(".-")
    after = after[: max(free - len(before), free // 2)].rstrip(".-")
    before = _shortened(before, free - len(after))
    return before + unique_part(parts.campaign, parts.asset_of, parts.attempt) + after


def unique_part(campaign: str, asset_of: str, attempt: int) -> str:
    """Letters and digits that stand for this asset of this campaign in this attempt; 50 bits."""
    digest = hashlib.sha256(f"{campaign}\0{asset_of}\0{attempt}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_UNIQUE_LENGTH]


def client_token(campaign: str, asset_of: str, attempt: int) -> str:
    """The token of a call that makes something: the same when it is sent again. At most 32 characters."""
    return hashlib.sha256(f"token\0{campaign}\0{asset_of}\0{attempt}".encode()).hexdigest()[:32]


def _shortened(text: str, length: int) -> str:
    """The text cut to a length. A separator at its end stays, since it parts the text from what follows."""
    if len(text) <= length:
        return text
    return text[: length - 1] + text[-1] if text.endswith(("-", "_")) else text[:length]


def safe_name(text: str, *, dots: bool) -> str:
    """Chinese characters, letters, digits, '_', '-' and perhaps '.'; anything else becomes '-'."""
    allowed = r"[^\u4e00-\u9fffA-Za-z0-9_.-]" if dots else r"[^\u4e00-\u9fffA-Za-z0-9_-]"
    return re.sub(allowed, "-", text)


def marker_row(description: str) -> dict[str, Any] | None:
    """The marker of a description, None if it has none."""
    marker = read_marker(description)
    return None if marker is None else {"campaign": marker.campaign, "instance_id": marker.instance_id, "stopped": marker.stopped}
