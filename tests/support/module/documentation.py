# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules document, and whether a result is as documented."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import yaml

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.image import IMAGE_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.image_info import IMAGE_INFO_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.snapshot import SNAPSHOT_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.snapshot_info import SNAPSHOT_INFO_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.vm_backup import VM_BACKUP_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.bill_info import BILL_INFO_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.deletions.disk import DISK_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.deletions.elastic_ip import ELASTIC_IP_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.machines.options import VM_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.machines.vm_idle_info import VM_IDLE_INFO_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.machines.vm_info import VM_INFO_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.quota_info import QUOTA_INFO_SPEC
from support.json_object import Json

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
    "jdcloud_vm_idle_info": VM_IDLE_INFO_SPEC,
    "jdcloud_vm_info": VM_INFO_SPEC,
}


COLLECTION = "ansible_collections.jdcloud.cloud.plugins"
COMMON_RETURNS = {"invocation", "failed", "msg", "warnings", "deprecations", "exception"}
"""What Ansible itself adds and documents."""
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "dict": (dict,),
    "list": (list,),
    "raw": (object,),
}


def documented_options(module: str) -> dict[str, Json]:
    """The options of a module with those of its documentation fragments."""
    words = yaml.safe_load(_module(module).DOCUMENTATION)
    options: dict[str, Json] = {}
    for fragment in words["extends_documentation_fragment"]:
        _namespace, _collection, name, *part = fragment.split(".")
        source = importlib.import_module(f"{COLLECTION}.doc_fragments.{name}").ModuleDocFragment
        text = getattr(source, part[0].upper() if part else "DOCUMENTATION")
        options.update(yaml.safe_load(text).get("options", {}))
    options.update(words["options"])
    return options


def documented_returns(module: str) -> dict[str, Json]:
    """The documented return values of a module."""
    returns: dict[str, Json] = yaml.safe_load(_module(module).RETURN)
    return returns


def paths(returns: dict[str, Json], where: str = "") -> Iterator[str]:
    """All documented keys of every result, those of lists and dicts as `outer.inner`."""
    for name, text in returns.items():
        if not _always(text):
            continue
        yield where + name
        yield from paths(text.get("contains", {}), f"{where}{name}.")


def check(result: Json, module: str) -> set[str]:
    """Assert that a whole result is as documented, and return the paths that were in it."""
    returned = {name: value for name, value in result.items() if name not in COMMON_RETURNS and name != "changed"}
    assert isinstance(result.get("changed"), bool)
    return set(_checked(returned, documented_returns(module), "", is_open=False))


def _checked(returned: Json, documented: dict[str, Json], where: str, *, is_open: bool) -> Iterator[str]:
    always = {name for name, text in documented.items() if _always(text)}
    assert always <= set(returned), f"{where}: not returned: {always - set(returned)}"
    assert is_open or set(returned) <= set(documented), f"{where}: not documented: {set(returned) - set(documented)}"
    for name, text in documented.items():
        path = where + name
        if name not in returned:
            continue
        seen = list(_checked_value(returned[name], text, path))
        if _always(text):
            yield path
            yield from seen


def _always(text: Json) -> bool:
    """Whether each result has this key; what has no word on that is as its surroundings."""
    return bool(text.get("returned", "always") == "always")


def _checked_value(value: Any, text: Json, path: str) -> Iterator[str]:
    description = " ".join([*text["description"]] if isinstance(text["description"], list) else [text["description"]])
    if value is None:
        assert "null" in description, f"{path} is null, which its description does not say"
        return
    fits = isinstance(value, TYPES[text["type"]]) and (text["type"] == "bool" or not isinstance(value, bool))
    assert fits, f"{path} is {value!r}, documented as {text['type']}"
    members = value if text["type"] == "list" else [value]
    for member in members:
        if text["type"] == "list":
            assert isinstance(member, TYPES[text["elements"]]), f"{path} has the member {member!r}"
        if "contains" in text:
            yield from _checked(member, text["contains"], f"{path}.", is_open="all other properties" in description)


def _module(name: str) -> Any:
    return importlib.import_module(f"{COLLECTION}.modules.{name}")
