# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tags of a resource are to change, and what forbids it. Pure. Limits: fact tags-limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ..._api.errors import InputError
from ..._api.services.tags import RESERVED_PREFIXES
from ..common.failure import Finding, unreadable_finding
from ..common.selection import find_protecting_tag, holds_control, parse_tags, tag_values
from ..common.texts import member_of, require_text, shown

TaggedKind = Literal["instance", "disk", "elastic_ip"]

MAX_TAGS = 10
MAX_KEY, MAX_VALUE = 127, 255


class HasTags(Protocol):
    """A machine, disk or elastic IP."""

    @property
    def tags(self) -> Mapping[str, str] | None:
        """Its tags, None while they are not known."""
        raise NotImplementedError

    @property
    def repeated_tags(self) -> Mapping[str, tuple[str, ...]]:
        """Keys that it shows more than once, with all their values."""
        raise NotImplementedError

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The names of the fields that could not be read."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class WantedTags:
    """Tags that are to be there, with their values, and keys that are not."""

    set: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TagOptions:
    """How tags are changed. `service_codes`: what the tag service calls each kind of resource. `preview`: nothing is changed.

    `skip_blocked`: what is not blocked is changed in any case; without it nothing at all is if one is blocked.
    """

    protect_tags: Mapping[str, tuple[str, ...]]
    service_codes: Mapping[TaggedKind, str]
    skip_blocked: bool
    preview: bool


@dataclass(frozen=True, slots=True)
class TagChange:
    """What is to be sent for one resource: tags that go, with their values, and then tags that come."""

    remove: tuple[tuple[str, str], ...] = ()
    set: tuple[tuple[str, str], ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the resource is as it is wanted."""
        return not self.remove and not self.set


def parse_wanted(wanted: Mapping[str, Any] | None, remove: Sequence[Any] | None) -> WantedTags:
    """What is wanted, checked. Raises `InputError` for nothing, values that are no text, and what the service does not take."""
    if wanted is None and remove is None:
        raise InputError("There is nothing to change: set the option set or remove.")
    tags = _tags(wanted) if wanted is not None else {}
    keys = _keys(remove) if remove is not None else ()
    for key in (*tags, *keys):
        if key.lower().startswith(RESERVED_PREFIXES):
            raise InputError(f"The tag key {shown(key)} begins with a prefix that the service reserves: use another key.")
        if len(key) > MAX_KEY:
            raise InputError(f"The tag key {shown(key)} is longer than {MAX_KEY} characters: use a shorter one.")
    both = sorted(set(tags) & set(keys))
    if both:
        raise InputError(f"set and remove both name {', '.join(both)}: use only one of them for each key.")
    return WantedTags(tags, keys)


def change_of(tagged: HasTags, wanted: WantedTags, *, insist: bool = False) -> TagChange:
    """What is to be sent. A key that the service shows twice loses all its values first.

    `insist`: setting a value over another one was tried and did not show, so the old one is removed first.
    """
    tags, repeated = tagged.tags or {}, tagged.repeated_tags
    remove, set_ = [], []
    for key in wanted.remove:
        remove += [(key, value) for value in tag_values(key, tags, repeated)]
    for key, value in wanted.set.items():
        values = tag_values(key, tags, repeated)
        if values == (value,):
            continue
        if len(values) > 1 or (values and insist):
            remove += [(key, old) for old in dict.fromkeys(values)]
        set_.append((key, value))
    return TagChange(tuple(dict.fromkeys(remove)), tuple(set_))


def after_change(tagged: HasTags, wanted: WantedTags) -> dict[str, str]:
    """The tags as they are wanted."""
    kept = {key: value for key, value in (tagged.tags or {}).items() if key not in wanted.remove}
    return {**kept, **wanted.set}


def tag_blockers(tagged: HasTags, wanted: WantedTags, protect_tags: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    """Everything that forbids the change; nothing where nothing would change."""
    if tagged.unreadable:
        yield from unreadable_finding(tagged)
        return
    if change_of(tagged, wanted).empty:
        return
    protection = find_protecting_tag(tagged.tags or {}, tagged.repeated_tags, protect_tags)
    if protection is not None:
        yield Finding("protected", f"Its tag {protection} protects it: set protect_tags to {{}} to change its tags.")
    count = len(after_change(tagged, wanted))
    if count > MAX_TAGS and count > len(tagged.tags or {}):
        yield Finding("too_many_tags", f"It would have {count} tags, and the service allows {MAX_TAGS}: remove some first.")


def later_blockers(tagged: HasTags, wanted: WantedTags, protect_tags: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    """As `tag_blockers`, for a change that has begun: a protection that the change itself sets may show already."""
    return tag_blockers(tagged, wanted, {key: values for key, values in protect_tags.items() if key not in wanted.set})


def old_values(before: HasTags, now: HasTags, taken: Collection[str]) -> dict[str, str]:
    """Tags as they were before, of the keys that were removed to be set again and now are missing."""
    return {key: (before.tags or {})[key] for key in sorted(taken) if key in (before.tags or {}) and key not in (now.tags or {})}


def _tags(wanted: Mapping[str, Any]) -> dict[str, str]:
    if not wanted:
        raise InputError("set is an empty dict: set at least one tag, or remove the option.")
    for key, value in wanted.items():
        if isinstance(value, list):
            raise InputError(f"{member_of('set', key)} is a list, but a tag has one value: set one text.")
        if isinstance(value, str) and not value.strip():
            raise InputError(f"{member_of('set', key)} is blank: set a value, or list the key in remove.")
    tags = {key: value for key, (value,) in parse_tags(wanted, "set").items()}
    for key, value in tags.items():
        # Whether the service trims is not known; a value that is stored otherwise would be set again in every run.
        if any(text != text.strip() or holds_control(text) for text in (key, value)):
            raise InputError(
                f"{member_of('set', key)} begins or ends with white space, or contains line ends or control characters: remove "
                "them."
            )
        if len(value) > MAX_VALUE:
            raise InputError(f"{member_of('set', key)} is longer than {MAX_VALUE} characters: use a shorter value.")
    return tags


def _keys(remove: Sequence[Any]) -> tuple[str, ...]:
    if not remove:
        raise InputError("remove is an empty list: set at least one key, or remove the option.")
    for key in remove:
        if key is None or (isinstance(key, str) and not key.strip()):
            raise InputError("remove has a blank or null member: remove it.")
    return tuple(dict.fromkeys(require_text(key, "A member of remove") for key in remove))
