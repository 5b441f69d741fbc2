# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that modules for fleets share, and checks of single values. Raises `InputError`, one sentence each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.errors import InputError
from ..._fleet.common.selection import Selection, parse_selection
from ..._fleet.common.timing import Timing
from .session import Session, Spec

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
DNS_SPEC: Spec = {"look_up_dns": {"type": "bool", "default": False}}
FATE_SPEC: Spec = {
    "disks": {"type": "str", "default": "as_configured", "choices": ["as_configured", "keep", "delete"]},
    "elastic_ips": {"type": "str", "default": "keep", "choices": ["keep", "release"]},
}
SURROUNDINGS_SPEC: Spec = {
    "group_members": {"type": "str", "default": "block", "choices": ["block", "abandon", "ignore"]},
    "load_balancers": {"type": "str", "default": "block", "choices": ["block", "deregister", "ignore"]},
    "drain_seconds": {"type": "float", "default": 30.0},
    "allow_last_target": {"type": "bool", "default": False},
}


def surroundings_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """The checked options about groups and load balancers, as a policy takes them."""
    seconds = float(params["drain_seconds"])
    if not math.isfinite(seconds) or seconds < 0:
        raise InputError(f"drain_seconds is {params['drain_seconds']}, but must be a finite number of seconds, at least 0.")
    choices = {name: params[name] for name in ("group_members", "load_balancers", "allow_last_target")}
    return {**choices, "drain_seconds": seconds}


def due_tag_of(params: Mapping[str, Any]) -> str | None:
    """The checked key of the tag that holds the date, None if machines need no due tag."""
    given: str | None = params["due_tag"]
    if given is not None and not given.strip():
        raise InputError("due_tag is blank: set it to the key of the tag with the date, or remove the option.")
    return None if given is None else given.strip()


def selection_of(params: Mapping[str, Any]) -> Selection:
    """The checked selection options."""
    return parse_selection(params["instance_ids"], params["name"], params["tags"], params["filters"])


def positive_number(params: Mapping[str, Any], option: str, unit: str = "seconds") -> float:
    """A number that must be above zero and finite."""
    value = float(params[option])
    if not math.isfinite(value) or value <= 0:
        raise InputError(f"{option} is {params[option]}, but must be a finite number of {unit} above 0.")
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


def connect_with_timing(session: Session) -> tuple[Dispatcher, Timing]:
    """Check the options about waiting, then connect; the number of retries is the connection's. Raises `JdcloudError`."""
    params = session.module.params
    timing = Timing(
        wait=params["wait"],
        wait_timeout=positive_number(params, "wait_timeout"),
        poll_interval=positive_number(params, "poll_interval"),
        stop_timeout=None if params.get("stop_timeout") is None else positive_number(params, "stop_timeout"),
    )
    dispatcher = session.connect()
    return dispatcher, replace(timing, retries=dispatcher.retries)
