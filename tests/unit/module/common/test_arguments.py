# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specification of each module is what its documentation says."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import CONNECTION_SPEC
from support.module.documentation import SPECS, documented_options, documented_returns, paths

DOCUMENTED = ("type", "elements", "required", "default", "choices")
SECRETS = {"secret_key", "security_token"}


@pytest.mark.parametrize("module", SPECS)
def test_the_specification_equals_the_documentation(module: str) -> None:
    documented = {
        name: {key: text[key] for key in DOCUMENTED if key in text} for name, text in documented_options(module).items()
    }
    specified = {name: {key: spec[key] for key in DOCUMENTED if key in spec} for name, spec in SPECS[module].items()}
    assert specified == documented


@pytest.mark.parametrize("module", SPECS)
def test_defaults_have_the_type_that_is_documented(module: str) -> None:
    python: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "dict": dict, "list": list}
    for name, spec in SPECS[module].items():
        if "default" in spec:
            assert spec["default"].__class__ is python[spec["type"]], name


@pytest.mark.parametrize("module", SPECS)
def test_rule_17_only_the_secrets_are_hidden(module: str) -> None:
    hidden = {name for name, spec in SPECS[module].items() if spec.get("no_log")}
    assert hidden == SECRETS
    # Without the explicit word Ansible warns about names that look like secrets.
    assert SPECS[module]["access_key"]["no_log"] is False


def test_no_connection_option_hides_where_its_value_came_from() -> None:
    """Rule 16: a default or fallback would be merged with what the user gave."""
    with_default = {name for name, spec in CONNECTION_SPEC.items() if {"default", "fallback"} & set(spec)}
    assert with_default == {"validate_certs", "allow_insecure_http"}


@pytest.mark.parametrize("module", SPECS)
def test_every_return_value_says_what_it_is(module: str) -> None:
    def check(returns: dict[str, Any], where: str) -> None:
        for name, text in returns.items():
            assert text["description"], where + name
            assert text["type"], where + name
            assert text["type"] != "list" or text["elements"], where + name
            check(text.get("contains", {}), f"{where}{name}.")

    returns = documented_returns(module)
    check(returns, "")
    assert len(list(paths(returns))) > len(returns)
    assert {text["returned"] for name, text in returns.items() if name != "check_mode"} == {"always"}
