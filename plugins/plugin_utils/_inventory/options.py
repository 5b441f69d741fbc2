# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the inventory, checked: which regions, which machines, which names. Pure, but for the files of the keys.

Ansible itself ignores options that it does not know, and takes an empty one for one that is not given. Here both are errors:
a misspelt or empty selector would widen the inventory to all machines.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from ...module_utils._api.connection import Connection, resolve_connection
from ...module_utils._api.errors import InputError
from ...module_utils._fleet.common.selection import Selection, parse_selection
from ...module_utils._fleet.common.texts import require_text, shown
from .names import Preference, parse_preferences

FILE_NAMES = ("jdcloud_vm.yml", "jdcloud_vm.yaml")
MAY_BE_TEMPLATES = (
    *("access_key", "secret_key", "security_token", "profile", "region", "regions", "endpoint_url"),
    "expected_account",
    *("tags", "filters"),
)
"""Options whose values may be expressions of the one who wrote the file."""
_TEXTS = ("profile", "region", "endpoint_url", "ca_bundle", "expected_account")
_SECRETS = ("access_key", "secret_key", "security_token")
CACHE_VERSION = 2
"""The version of what is cached."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is to be read, and how the hosts are called. There is a connection for each region.

    `balancer_targets`: also where machines are targets of load balancers.
    """

    connections: tuple[Connection, ...]
    selection: Selection
    preferences: tuple[Preference, ...]
    balancer_targets: bool = False

    @property
    def fingerprint(self) -> str:
        """The same for the same account, addresses, regions and selection only; tells nothing about any of them.

        What was read without a look at whose keys these are does not do where an account is expected.
        """
        source = [[each.region, each.endpoint, each.credentials.access_key, each.expected_account] for each in self.connections]
        selectors = [sorted(part.items()) for part in (self.selection.tags, self.selection.filters)]
        return hashlib.sha256(json.dumps([CACHE_VERSION, source, selectors, self.balancer_targets]).encode()).hexdigest()[:20]


def is_inventory_file(path: str) -> bool:
    """Whether a file is meant for this inventory: jdcloud_vm.yml, or a name that ends with .jdcloud_vm.yml (or .yaml)."""
    name = PurePath(path).name
    return name in FILE_NAMES or name.endswith(tuple(f".{each}" for each in FILE_NAMES))


def refuse_unknown_options(given: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise `InputError` for an option that does not exist, and for one without a value."""
    for option, value in given.items():
        if option not in known:
            raise InputError(f"The option {shown(str(option))} does not exist: correct its name, or remove it.")
        # Ansible would take it for one that is not given: other keys, another region, more machines.
        if value is None:
            raise InputError(f"{option} has no value: set a value, or remove the option.")


def require_texts(options: Mapping[str, Any]) -> None:
    """Raise `InputError` for a number, a date and so on where a text is meant: in the file, or as a template gives it."""
    for option in _TEXTS:
        if options.get(option) is not None:
            require_text(options[option], option)
    for option in _SECRETS:
        if not isinstance(options.get(option, ""), str | None):
            raise InputError(f"{option} is not a text: quote it, since YAML reads texts such as 0123 and 12e5 as numbers.")


def parse_regions(given: Any) -> list[Any] | None:
    """The option `regions` as a list, also if a text, for example of a template, names them. Raises `InputError`."""
    if given is None or isinstance(given, list):
        return given
    if not isinstance(given, str):
        raise InputError("regions is neither a list nor a text: set a list of names, each in quotes.")
    if not given.strip():
        raise InputError("regions is empty: set at least one region, or remove the option.")
    return re.split(r"\s*,\s*|\s+", given.strip())


def parse_settings(options: Mapping[str, Any], environ: Mapping[str, str], home: Path) -> Settings:
    """The checked settings. Raises `InputError`, one sentence each; sends nothing."""
    require_texts(options)
    filters = options["filters"]
    if filters and "name" in filters:
        raise InputError(
            "filters.name is refused, because the service does not compare it exactly: make a group with an exact condition "
            "such as jdcloud_name == 'web-01' in groups."
        )
    return Settings(
        connections=tuple(_connections(options, environ, home)),
        selection=parse_selection(None, None, options["tags"], filters),
        preferences=parse_preferences(options["hostnames"]),
        balancer_targets=bool(options["load_balancer_targets"]),
    )


def _connections(options: Mapping[str, Any], environ: Mapping[str, str], home: Path) -> Sequence[Connection]:
    regions = options["regions"]
    if regions is None:
        return [resolve_connection(options, environ, home)]
    if options["region"] is not None:
        raise InputError("The options region and regions exclude each other: list all regions in regions.")
    if not regions:
        raise InputError("regions is an empty list: set at least one region, or remove the option.")
    if any(region is None or (isinstance(region, str) and not region.strip()) for region in regions):
        raise InputError("regions has a blank or null member: remove it.")
    names = [require_text(region, "A member of regions").strip() for region in regions]
    return [resolve_connection({**options, "region": region}, environ, home) for region in dict.fromkeys(names)]
