# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specification of each module is what its documentation says."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.image import IMAGE_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.image_info import IMAGE_INFO_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.snapshot import SNAPSHOT_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.snapshot_info import SNAPSHOT_INFO_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.vm_backup import VM_BACKUP_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.bill_info import BILL_INFO_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.arguments import CONNECTION_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.deletions.disk import DISK_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.deletions.elastic_ip import ELASTIC_IP_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.machines.options import VM_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.machines.vm_info import VM_INFO_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.quota_info import QUOTA_INFO_SPEC

from .documentation import documented_options, documented_returns, paths

SPECS = {
    "jdcloud_bill_info": BILL_INFO_SPEC,
    "jdcloud_disk": DISK_SPEC,
    "jdcloud_elastic_ip": ELASTIC_IP_SPEC,
    "jdcloud_image": IMAGE_SPEC,
    "jdcloud_image_info": IMAGE_INFO_SPEC,
    "jdcloud_quota_info": QUOTA_INFO_SPEC,
    "jdcloud_snapshot": SNAPSHOT_SPEC,
    "jdcloud_snapshot_info": SNAPSHOT_INFO_SPEC,
    "jdcloud_vm": VM_SPEC,
    "jdcloud_vm_backup": VM_BACKUP_SPEC,
    "jdcloud_vm_info": VM_INFO_SPEC,
}
DOCUMENTED = ("type", "elements", "required", "default", "choices")
SECRETS = {"secret_key", "security_token"}


@pytest.mark.parametrize("module", SPECS)
def test_the_specification_equals_the_documentation(module: str) -> None:
    documented = {
        name: {key: told[key] for key in DOCUMENTED if key in told} for name, told in documented_options(module).items()
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
        for name, told in returns.items():
            assert told["description"] and told["type"], where + name
            assert told["type"] != "list" or told["elements"], where + name
            check(told.get("contains", {}), f"{where}{name}.")

    returns = documented_returns(module)
    check(returns, "")
    assert len(list(paths(returns))) > len(returns)
    assert {told["returned"] for name, told in returns.items() if name != "check_mode"} == {"always"}
