# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specifications that modules share, and checks of single values. Raises `InputError`, one sentence each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..._api.errors import InputError
from ..._fleet.common.selection import Selection, parse_selection
from ..._fleet.common.texts import require_text
from ..._fleet.common.timing import Timing

Spec = dict[str, dict[str, Any]]

CONNECTION_SPEC: Spec = {
    # Not a secret: it is shown in results to tell accounts apart. Without the explicit word Ansible would guess one.
    "access_key": {"type": "str", "no_log": False},
    "secret_key": {"type": "str", "no_log": True},
    "security_token": {"type": "str", "no_log": True},
    "profile": {"type": "str"},
    "region": {"type": "str"},
    "endpoint_url": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "ca_bundle": {"type": "path"},
    "allow_insecure_http": {"type": "bool", "default": False},
    "expected_account": {"type": "str"},
    "api_timeout": {"type": "float"},
    "api_retries": {"type": "int"},
    "api_rate_limit": {"type": "float"},
}
SELECTION_SPEC: Spec = {
    "instance_ids": {"type": "list", "elements": "str"},
    # Not a str: Ansible would turn a list of names into one odd name that matches nothing, and that would read like success.
    "name": {"type": "raw"},
    "tags": {"type": "dict"},
    "filters": {"type": "dict"},
}
GUARD_SPEC: Spec = {
    "max_instances": {"type": "int"},
    "protect_tags": {"type": "dict", "default": {"jdcloud-protect": "*"}},
}


DUE_SPEC: Spec = {"due_tag": {"type": "str"}}
FATE_SPEC: Spec = {
    "disks": {"type": "str", "default": "as_configured", "choices": ["as_configured", "keep", "delete"]},
    "elastic_ips": {"type": "str", "default": "keep", "choices": ["keep", "release"]},
}


def check_texts(spec: Spec, given: Mapping[str, Any]) -> None:
    """Raise `InputError` for a number or boolean where a text is expected. `given`: the options before Ansible converts them.

    Ansible would make a text of it, but not the one that was written. Dictionaries are converted to nothing and checked later.
    """
    for option, message in spec.items():
        value = given.get(option)
        if value is None or "choices" in message:
            continue
        if message["type"] in ("str", "path"):
            _check_text(value, option, secret=bool(message.get("no_log")))
        elif message["type"] == "list" and message.get("elements") != "dict":
            if not isinstance(value, list):
                _check_text(value, option)
                continue
            if None in value:
                raise InputError(f"{option} has a blank or null member: remove it.")
            for member in value:
                _check_text(member, f"A member of {option}")


def _check_text(value: Any, where: str, *, secret: bool = False) -> None:
    if secret and not isinstance(value, str):
        raise InputError(f"{where} is not text: quote it.")
    require_text(value, where)


def due_tag_of(params: Mapping[str, Any]) -> str | None:
    """The checked key of the tag that holds the date, None if machines need no due tag."""
    given: str | None = params["due_tag"]
    if given is not None and not given.strip():
        raise InputError("due_tag is blank: give the key of the tag that holds the date, or leave it out.")
    return None if given is None else given.strip()


def selection_of(params: Mapping[str, Any]) -> Selection:
    """The checked selection options."""
    return parse_selection(params["instance_ids"], params["name"], params["tags"], params["filters"])


def positive_number(params: Mapping[str, Any], option: str, unit: str = "seconds") -> float:
    """A number that must be above zero and finite."""
    value = float(params[option])
    if not math.isfinite(value) or value <= 0:
        raise InputError(f"{option} is {params[option]}, but must be a finite number of {unit} above zero.")
    return value


def cap_of(params: Mapping[str, Any], option: str = "max_instances") -> int | None:
    """The checked cap, None if it is not set."""
    cap: int | None = params[option]
    # Ansible takes true for the whole number 1.
    if isinstance(cap, bool):
        raise InputError(f"{option} is {str(cap).lower()}, but must be a whole number, at least 1.")
    if cap is not None and cap < 1:
        raise InputError(f"{option} is {cap}, but must be at least 1; there is no value for unlimited.")
    return cap


def timing_of(params: Mapping[str, Any], retries: int) -> Timing:
    """The checked options about waiting."""
    return Timing(
        wait=params["wait"],
        wait_timeout=positive_number(params, "wait_timeout"),
        poll_interval=positive_number(params, "poll_interval"),
        retries=retries,
    )
