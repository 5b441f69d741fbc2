# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which machines are meant. Pure: user input -> a checked selection; a machine -> whether it is selected.

An empty selector is an error and a selector is never widened: what the service's filters return is only a first
narrowing (some are fuzzy, two are ORed) and every condition is checked again here, exactly, all ANDed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..._api.errors import InputError
from ..._api.model.instance import Instance
from .failure import Finding
from .texts import member_of, parse_ids, require_key, require_text, shown, some_ids

DEFAULT_CAP_NAME = 1
DEFAULT_CAP_LOOSE = 10
"""The cap for tags and filters."""
ANY_VALUE = "*"


def _lower(values: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(value.lower() for value in values if value)


def _present(*values: str | None) -> tuple[str, ...]:
    return tuple(value for value in values if value)


CHECKABLE: Mapping[str, Callable[[Instance], tuple[str, ...]]] = {
    "instanceId": lambda machine: (machine.instance_id,),
    "privateIpAddress": lambda machine: tuple({*_present(machine.private_ip_address), *machine.private_ips}),
    "az": lambda machine: _present(machine.az),
    "vpcId": lambda machine: _present(machine.vpc_id),
    "status": lambda machine: _lower([machine.status]),
    "imageId": lambda machine: _present(machine.image_id),
    "networkInterfaceId": lambda machine: tuple(interface.network_interface_id for interface in machine.interfaces),
    "subnetId": lambda machine: _present(machine.subnet_id),
    "agId": lambda machine: _present(machine.group_id),
    "faultDomain": lambda machine: _present(machine.fault_domain),
    "dedicatedHostId": lambda machine: _present(machine.dedicated_host_id),
    "dedicatedPoolId": lambda machine: _present(machine.dedicated_pool_id),
    "instanceType": lambda machine: _present(machine.instance_type),
    "elasticIpAddress": lambda machine: tuple(address.address for address in machine.addresses if address.address),
}
"""Filter names of describeInstances whose value can be read off the instance itself."""
RESTS_ON: Mapping[str, frozenset[str]] = {
    "privateIpAddress": frozenset({"privateIpAddress", "networkInterfaces"}),
    "networkInterfaceId": frozenset({"networkInterfaces"}),
    "elasticIpAddress": frozenset({"networkInterfaces"}),
    "agId": frozenset({"ag"}),
}
"""The members of a machine that these filters compare with; the others compare with the member of their own name."""
IDENTIFYING = ("privateIpAddress", "elasticIpAddress", "networkInterfaceId")
"""Filters of which each value means one machine to its user, as a name does. A private address repeats from VPC to VPC."""
PLACES = frozenset({"instanceId", "vpcId", "subnetId"})
"""Filters that say which of several machines with one address is meant."""
SINGLE_VALUED = frozenset({"agId", "elasticIpAddress"})
"""Filters that take one value (fact requests-fuzzy-filters); with more values they are checked here alone."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A checked selection. `ids` is None when none were given; tag and filter values are alternatives of each other."""

    ids: tuple[str, ...] | None
    name: str | None
    tags: Mapping[str, tuple[str, ...]]
    filters: Mapping[str, tuple[str, ...]]

    @property
    def loose(self) -> bool:
        """Whether there are conditions other than ids."""
        return self.name is not None or bool(self.tags) or bool(self.filters)

    def default_cap(self) -> int:
        """The most machines that may match if the user sets no cap: the smallest that applies."""
        caps = []
        if self.ids is not None:
            caps.append(len(self.ids))
        if self.name is not None:
            caps.append(DEFAULT_CAP_NAME)
        if self.tags or self.filters:
            caps.append(DEFAULT_CAP_LOOSE)
        return min(caps)

    def mismatch(self, machine: Instance) -> str | None:
        """Why `machine` is not selected, or None if it is. The ids are the caller's business.

        What could not be read does not exclude it: it is reported as blocked, and not left out without a word.
        """
        if self.name is not None and machine.name != self.name and "instanceName" not in machine.unreadable:
            return f"its name is not '{self.name}'"
        for key, allowed in self.tags.items() if "tags" not in machine.unreadable else ():
            values = tag_values(key, machine.tags or {}, machine.repeated_tags)
            if not values or not set(values).issubset(allowed):
                times = f" is there {len(values)} times and" if len(values) > 1 else ""
                return f"its tag '{key}'{times} is not {'always ' if times else ''}{_alternatives(allowed)}"
        for key, allowed in self.filters.items():
            text = RESTS_ON.get(key, frozenset({key})).isdisjoint(machine.unreadable)
            if text and not set(CHECKABLE[key](machine)).intersection(allowed):
                return f"its {key} is not {_alternatives(allowed)}"
        return None

    def mismatch_findings(self, machine: Instance) -> Iterator[Finding]:
        """The blocker of a machine that was given by its id, but is not selected."""
        mismatch = self.mismatch(machine)
        if mismatch is not None:
            yield Finding("selector_mismatch", f"It exists, but the other selectors do not match: {mismatch}.")

    def undecided(self, machine: Instance) -> bool:
        """Whether a machine is only not excluded because something that selects could not be read."""
        rests_on = {member for key in self.filters for member in RESTS_ON.get(key, (key,))}
        rests_on |= {"instanceName"} if self.name is not None else set()
        rests_on |= {"tags"} if self.tags else set()
        return not rests_on.isdisjoint(machine.unreadable)

    def chosen(self) -> Selection:
        """The selection for machines that once matched: their status changes under our hands, so it decides the choice alone."""
        return replace(self, filters={key: values for key, values in self.filters.items() if key != "status"})

    @property
    def identifies(self) -> bool:
        """Whether a filter means single machines by an address or interface of theirs, and no id or name does."""
        return self.ids is None and self.name is None and any(key in self.filters for key in IDENTIFYING)

    def namesakes(self, machines: Iterable[Instance]) -> dict[tuple[str, str], list[str]]:
        """Filter and value -> the ids of the machines that have it, where that is more than one: no one knows which is meant.

        Only a VPC, a subnet or another address or interface can say so. The other selectors do not: a tag or a status that one of
        them has by chance would choose.
        """
        if not self.identifies:
            return {}
        where = {key: values for key, values in self.filters.items() if key in PLACES or key in IDENTIFYING}
        there = replace(self, tags={}, filters=where)
        found: dict[tuple[str, str], list[str]] = {}
        for machine in machines:
            for key in IDENTIFYING if there.mismatch(machine) is None else ():
                for value in set(CHECKABLE[key](machine)).intersection(where.get(key, ())):
                    found.setdefault((key, value), []).append(machine.instance_id)
        return {pair: sorted(ids) for pair, ids in sorted(found.items()) if len(ids) > 1}

    def narrowing_filters(self) -> list[tuple[str, tuple[str, ...]]]:
        """What the service is asked to narrow a listing with. A name goes alone, so that its twins are seen.

        So does what identifies a machine, with the place that it is in. A private address is not asked for at all: whether the
        service finds secondary ones is not known (fact requests-secondary-addresses), and it may leave out the one that is meant.
        """
        if self.name is not None:
            return [("name", (self.name,))]
        filters = [(key, values) for key, values in self.filters.items() if key not in SINGLE_VALUED or len(values) == 1]
        if self.identifies:
            telling = PLACES.union(IDENTIFYING) - {"privateIpAddress"}
            filters = [(key, values) for key, values in filters if key in telling]
        return [(key, _both_spellings(values) if key == "status" else values) for key, values in filters]

    def narrowing_tags(self) -> list[tuple[str, tuple[str, ...]]]:
        """The tags that the service is asked to narrow a listing with."""
        return [] if self.name is not None or self.identifies else list(self.tags.items())


def _both_spellings(statuses: Sequence[str]) -> tuple[str, ...]:
    """Statuses are to be compared without regard to case (fact states-spelling); the service's filter may not do that."""
    return tuple(spelling for status in statuses for spelling in (status, status.capitalize()))


def _alternatives(values: Sequence[str]) -> str:
    return " or ".join(f"'{value}'" for value in values)


def parse_selection(
    instance_ids: Sequence[str] | None, name: Any, tags: Mapping[str, Any] | None, filters: Mapping[str, Any] | None
) -> Selection:
    """Check the user's selectors. Raises `InputError` for an empty, blank or uncheckable one. May select nothing at all."""
    return Selection(
        ids=None if instance_ids is None else parse_ids(instance_ids, "instance_ids"),
        name=None if name is None else parse_name(name),
        tags={} if tags is None else parse_tags(tags, "tags"),
        filters={} if filters is None else _parse_filters(filters),
    )


def require_selector(selection: Selection) -> None:
    """Raise `InputError` if nothing selects."""
    if selection.ids is None and not selection.loose:
        raise InputError("Nothing is selected: set at least one of instance_ids, name, tags, filters.")


def parse_name(given: Any, what: str = "instance", ids: str = "instance_ids") -> str:
    """The exact name of one machine or other asset. Raises `InputError` for anything else; `ids` is the option for several."""
    if isinstance(given, list):
        raise InputError(f"name is a list: set it to the exact name of one {what} in quotes, or use {ids} for several {what}s.")
    name = require_text(given, "name")
    if not name.strip():
        raise InputError(f"name is blank, which selects nothing: set it to the exact name of one {what}, or remove the option.")
    # YAML blocks end with a line end. It would match nothing, and "nothing to delete" would read like success.
    if holds_control(name):
        raise InputError(f"name is {shown(name)}, but names cannot contain line ends or control characters: remove them.")
    return name


def holds_control(text: str) -> bool:
    """Whether a text holds line ends or other control characters."""
    return any(unicodedata.category(letter) == "Cc" for letter in text)


def parse_tags(tags: Mapping[str, Any], option: str) -> dict[str, tuple[str, ...]]:
    """Tag key -> the values that match. Raises `InputError` for an empty dict, blank keys and values that are no text."""
    if not tags:
        raise InputError(f"{option} is an empty dict, which selects nothing: set at least one tag, or remove the option.")
    return {_parse_key(key, option): _parse_values(value, member_of(option, key)) for key, value in tags.items()}


def parse_protect_tags(tags: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """As `parse_tags`; an empty dict switches the protection off."""
    return parse_tags(tags, "protect_tags") if tags else {}


def protecting_tag(machine: Instance, protect_tags: Mapping[str, tuple[str, ...]]) -> str | None:
    """The first tag of `machine` that protects it, as text. Raises `ValueError` on an answer type that carries no tags."""
    if machine.tags is None:
        raise ValueError(f"the protection of {machine.instance_id} cannot be checked: this response contains no tags")
    return find_protecting_tag(machine.tags, machine.repeated_tags, protect_tags)


def find_protecting_tag(
    tags: Mapping[str, str], repeated: Mapping[str, tuple[str, ...]], protect_tags: Mapping[str, tuple[str, ...]]
) -> str | None:
    """The first of the `tags` of a machine, disk or elastic IP that protects it, as text. One value of a repeated key will do."""
    for key, protected in protect_tags.items():
        for value in tag_values(key, tags, repeated):
            if ANY_VALUE in protected or value in protected:
                return f"{key}={value}"
    return None


def tag_values(key: str, tags: Mapping[str, str], repeated: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """All values of a tag key: none, one, or more if the service showed it more than once."""
    return repeated.get(key) or ((tags[key],) if key in tags else ())


def _parse_filters(filters: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    if not filters:
        raise InputError("filters is an empty dict, which selects nothing: set at least one filter, or remove the option.")
    parsed = {}
    for key, value in filters.items():
        if key == "name":
            raise InputError(
                "filters.name is refused, because the service does not compare it exactly: use the option name, which is exact."
            )
        if key not in CHECKABLE:
            raise InputError(
                f"{member_of('filters', key)} is refused, because it cannot be checked on the instance: use one of "
                f"{', '.join(sorted(CHECKABLE))}."
            )
        values = _parse_values(value, member_of("filters", key))
        parsed[key] = _lower(values) if key == "status" else values
    return parsed


def _parse_key(key: Any, option: str) -> str:
    if not require_key(key, option).strip():
        raise InputError(f"{option} has a blank key: remove it.")
    # Such a key would match nothing, and protect nothing.
    if "{{" in key or "{%" in key:
        raise InputError(
            f"{option} has the key {shown(key)}, but Ansible does not evaluate keys: write the whole dict as one template."
        )
    return str(key)


def _parse_values(value: Any, option: str) -> tuple[str, ...]:
    members = value if isinstance(value, list) else [value]
    if not members:
        raise InputError(f"{option} is an empty list, which selects nothing: set at least one value.")
    return tuple(dict.fromkeys(_parse_value(member, option) for member in members))


def _parse_value(value: Any, option: str) -> str:
    text = require_text(value, option)
    if not text.strip():
        raise InputError(f"{option} is blank, which selects nothing: set a value, or remove the option.")
    return text


class SelectionError(InputError):
    """The selection matches more than it may. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that a selection may match: `limit`, or `default` where the user sets none. `option` sets it."""

    limit: int | None
    default: int
    option: str = "max_instances"
    things: str = "instances"
    advice: str = "check the selection"


def check_cap(matched: Sequence[str], cap: Cap) -> None:
    """Raise `SelectionError` if more match than the cap allows."""
    limit = cap.default if cap.limit is None else cap.limit
    if len(matched) > limit:
        which = "the default limit for this selection" if cap.limit is None else cap.option
        raise SelectionError(
            f"The selection matches {len(matched)} {cap.things} ({some_ids(matched)}), but {which} is {limit}, so nothing was "
            f"changed: {cap.advice}, or set {cap.option} to {len(matched)} if you want all of them."
        )
