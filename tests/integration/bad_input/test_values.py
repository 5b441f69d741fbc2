# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the wrong type, out of range, or that exclude each other."""

from __future__ import annotations

from typing import Any

import pytest

from support.integration.bad_input import Fleet

RANGES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"max_instances": 0}, ("max_instances is 0", "at least 1")),
    ({"max_instances": -1}, ("max_instances is -1", "at least 1")),
    ({"max_instances": "inf"}, ("whole number", "finite")),
    ({"max_instances": "nan"}, ("max_instances",)),
    ({"max_instances": 1.5}, ("max_instances", "int")),
    ({"max_instances": True}, ("max_instances is true", "whole number")),
    ({"max_instances": "many"}, ("max_instances", "int")),
    ({"wait_timeout": 0}, ("wait_timeout is 0.0", "seconds above 0")),
    ({"wait_timeout": -5}, ("wait_timeout is -5.0", "seconds above 0")),
    ({"wait_timeout": "nan"}, ("wait_timeout is nan", "finite")),
    ({"wait_timeout": "inf"}, ("wait_timeout is inf", "finite")),
    ({"wait_timeout": "1 h"}, ("wait_timeout", "float")),
    ({"poll_interval": 0}, ("poll_interval is 0.0", "seconds above 0")),
    ({"poll_interval": "-inf"}, ("poll_interval is -inf", "finite")),
    ({"api_timeout": 0}, ("api_timeout", "JDCLOUD_API_TIMEOUT", "above 0")),
    ({"api_timeout": "nan"}, ("api_timeout", "JDCLOUD_API_TIMEOUT", "above 0")),
    ({"api_timeout": 1e9}, ("api_timeout", "at most 86400")),
    ({"api_retries": -1}, ("api_retries", "JDCLOUD_API_RETRIES", "at least 0")),
    ({"api_retries": 2.5}, ("api_retries", "int")),
    ({"api_rate_limit": 0}, ("api_rate_limit", "JDCLOUD_API_RATE_LIMIT", "at least 0.5")),
    ({"api_rate_limit": "-inf"}, ("api_rate_limit", "JDCLOUD_API_RATE_LIMIT", "at least 0.5")),
]
TYPES: list[tuple[dict[str, Any], str]] = [
    ({"wait": "maybe"}, "wait"),
    ({"wait": None}, "wait"),
    ({"stop_running": 7}, "stop_running"),
    ({"allow_local_disk_loss": {}}, "allow_local_disk_loss"),
    ({"disks": "burn"}, "disks must be one of: as_configured, keep, delete"),
    ({"elastic_ips": True}, "elastic_ips must be one of: keep, release"),
    ({"on_blocked": "ignore"}, "on_blocked must be one of: fail, skip"),
    ({"return_instances": "none"}, "return_instances must be one of: all, changed, problems"),
    ({"charge_on_stopped": "stop"}, "charge_on_stopped must be one of: keepCharging, stopCharging"),
    ({"state": "gone"}, "state must be one of: absent, stopped, running"),
    ({"state": None}, "state must be one of: absent, stopped, running"),
    ({"stop_runing": True}, "stop_runing"),
    ({"require_backup": "images"}, "require_backup"),
    ({"validate_certs": "perhaps"}, "validate_certs"),
]
EXCLUSIVE: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"state": "absent", "wait": False, "stop_running": True}, ("wait=false", "stop_running=true", "remove one of them")),
    (
        {"state": "absent", "wait": False, "elastic_ips": "release"},
        ("wait=false", "elastic_ips=release", "remove one of them"),
    ),
    ({"state": "stopped", "stop_running": True}, ("stop_running=true", "state=absent only", "remove it")),
    ({"state": "stopped", "disks": "delete"}, ("disks=delete", "state=absent only", "remove it")),
    ({"state": "running", "elastic_ips": "release"}, ("elastic_ips=release", "state=absent only", "remove it")),
    ({"state": "running", "charge_on_stopped": "stopCharging"}, ("charge_on_stopped", "remove it")),
    ({"state": "absent", "validate_certs": False, "ca_bundle": __file__}, ("ca_bundle", "validate_certs", "exclude")),
]


@pytest.mark.parametrize(("options", "named"), RANGES, ids=str)
def test_numbers_out_of_range_are_an_error(fleet: Fleet, options: dict[str, Any], named: tuple[str, ...]) -> None:
    fleet.refused(*named, instance_ids=["i-one"], **options)


@pytest.mark.parametrize(("options", "named"), TYPES, ids=str)
def test_values_of_the_wrong_type_are_an_error(fleet: Fleet, options: dict[str, Any], named: str) -> None:
    fleet.refused(named, **{"instance_ids": ["i-one"], **options})


@pytest.mark.parametrize(("options", "named"), EXCLUSIVE, ids=lambda value: str(value)[:60])
def test_options_that_exclude_each_other_are_an_error(fleet: Fleet, options: dict[str, Any], named: tuple[str, ...]) -> None:
    fleet.refused(*named, instance_ids=["i-two"], **options)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("JDCLOUD_API_TIMEOUT", "soon"),
        ("JDCLOUD_API_RETRIES", "-1"),
        ("JDCLOUD_API_RETRIES", "1.5"),
        ("JDCLOUD_API_RATE_LIMIT", "inf"),
    ],
)
def test_wrong_numbers_in_the_environment_are_an_error_that_names_the_variable(fleet: Fleet, variable: str, value: str) -> None:
    fleet.refused(f"Environment variable {variable}", instance_ids=["i-one"], environment={variable: value})
    fleet.refused_info(f"Environment variable {variable}", environment={variable: value})
