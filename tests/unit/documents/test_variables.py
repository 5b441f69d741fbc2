# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of variables say what there is: every variable with its default, and no variable that does not exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.decommission_variables import PARSERS
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import READERS, VARIABLES
from support.json_object import Json

ROOT = Path(__file__).resolve().parents[3]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md"), *ROOT.glob("extensions/**/*.md")])
HANDED_OVER = {
    "vm_decommission": {"event", "report"},
    "vm_backup": {"manifest", "summary"},
}
"""What the roles hand over, by the names of variables."""
PLAYBOOKS = {
    "cleanup": "decommission.md",
    "expire_backups": "backups.md",
    "find_idle": "find-idle.md",
    "report": "decommission.md",
    "restore": "restore.md",
}
"""By playbook, the guide with the table of its variables."""
REFERENCE = {"decommission": "vm_decommission", **{name: name for name in PLAYBOOKS}}
"""By section of docs/variables.md, whose variables it lists."""
REQUIRED = {"restore": {"manifest": "/m"}, "report": {"dir": "/r"}, "find_idle": {"max_instances": "5"}}
"""By playbook, what its reader cannot do without."""
SAMPLES: dict[str, tuple[list[Any], list[Any]]] = {
    "text": (["a-b"], [True]),
    "path": (["/a/b"], ["a/b", True]),
    "list": ([["1"], "1"], [True]),
    "list of ids": ([["i-a"], "i-a, i-b"], ["a b", True]),
    "list of paths": ([["/a"], "/a,/b"], ["a", True]),
    "text or list": (["a", ["a", "b"]], [True]),
    "tags": ([{"a": "b"}, "a=b,c=d"], ["a", True]),
    "dictionary": ([{"instance": 1}, '{"instance": 1}'], ["a", True]),
    "boolean": ([True, "false"], ["maybe", 7]),
    "integer": ([100, "100"], ["1.5", "a"]),
    "number": ([1.5, "100"], ["a", True]),
}
"""By type of docs/variables.md, values that fit and values that do not."""
NO_DEFAULT = "none"
WORDS = {NO_DEFAULT: "", "number of ids, 1 for a name, 10 for tags or filters": "", "`any`, with a campaign `campaign`": ""}
"""How a table puts a default into words."""
_NAME = re.compile(r"`([a-z_]+)`")


def options_of(role: str) -> dict[str, Json]:
    """The variables of a role."""
    read = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return dict(read["argument_specs"]["main"]["options"])


def defaults_in_table(role: str) -> dict[str, Any]:
    """What the table of the README says of each variable."""
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    _before, _found, table = text.partition("| variable | default | meaning |\n")
    found: dict[str, Any] = {}
    for line in table.partition("\n\n")[0].splitlines()[1:]:
        names, defaults, _meaning = (cell.strip() for cell in line.strip("|").split("|"))
        several = _NAME.findall(names)
        shown = [defaults] if len(several) == 1 else defaults.split(", ")
        found.update(zip(several, (_value(each) for each in shown), strict=True))
    return found


def _value(shown: str) -> Any:
    return WORDS[shown] if shown in WORDS else yaml.safe_load(shown.strip("`"))


def variables() -> set[str]:
    """All variables of roles and playbooks, and the facts that roles hand over."""
    read = {name for names in VARIABLES.values() for name in names.values()}
    return read | {f"{role}_{name}" for role, names in HANDED_OVER.items() for name in names} | {"vm_decommission", "vm_backup"}


@pytest.mark.parametrize("role", ROLES)
def test_the_table_of_a_role_has_every_variable_with_its_default(role: str) -> None:
    assert defaults_in_table(role) == {name: option["default"] for name, option in options_of(role).items()}


@pytest.mark.parametrize("role", ROLES)
def test_the_defaults_of_a_role_are_those_that_it_declares(role: str) -> None:
    defaults = yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert json.dumps(defaults) == json.dumps({name: option["default"] for name, option in options_of(role).items()})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_no_variable_that_does_not_exist(page: Path) -> None:
    named = set(re.findall(r"\bvm_(?:decommission|backup)(?:_[a-z]+)*\b", page.read_text(encoding="utf-8")))
    assert named - variables() == set()


@pytest.mark.parametrize(("playbook", "guide"), PLAYBOOKS.items())
def test_the_guide_of_a_playbook_names_every_variable(playbook: str, guide: str) -> None:
    text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
    own = {name for name in VARIABLES[playbook].values() if name.startswith(f"{playbook}_")}
    assert {name for name in own if f"`{name}`" not in text} == set()


# --- the reference page ---------------------------------------------------------------------------------------------


def reference(section: str) -> dict[str, tuple[str, str]]:
    """The type and the default of each variable in a section of docs/variables.md, as they stand there."""
    text = (ROOT / "docs" / "variables.md").read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")]
    return {name.strip("`"): (kind, default) for name, kind, default, _meaning in cells}


def read(owner: str, name: str, value: Any) -> Any:
    """What the code makes of a variable, by its name without the prefix. Raises InputError."""
    if owner == "vm_decommission":
        return PARSERS[name](value, VARIABLES[owner][name])
    needed = {} if name == "image_id" else REQUIRED.get(owner, {})
    return READERS[owner]({**needed, name: value})


def cases(*, required: bool) -> list[Any]:
    """Each variable of the page: whose it is, its name without the prefix, its type and its default."""
    return [
        pytest.param(owner, short, *shown[whole], id=f"{section}-{whole}")
        for section, owner in REFERENCE.items()
        for shown in [reference(section)]
        for short, whole in VARIABLES[owner].items()
        if whole in shown and (required or short not in {"image_id", *REQUIRED.get(owner, {})})
    ]


@pytest.mark.parametrize(("section", "owner"), REFERENCE.items())
def test_the_reference_has_every_variable_of_a_playbook_and_no_other(section: str, owner: str) -> None:
    assert set(reference(section)) == set(VARIABLES[owner].values())


@pytest.mark.parametrize(("owner", "name", "kind", "default"), cases(required=False))
def test_the_default_in_the_reference_is_what_a_variable_means_that_is_not_given(
    owner: str, name: str, kind: str, default: str
) -> None:
    assert read(owner, name, _value(default)) == read(owner, name, None)


@pytest.mark.parametrize(("owner", "name", "kind", "default"), cases(required=True))
def test_the_type_in_the_reference_is_what_the_code_reads(owner: str, name: str, kind: str, default: str) -> None:
    choices = re.findall(r"`([a-z_]+)`", kind)
    good, bad = (choices, ["nonsense", True]) if choices else SAMPLES[kind]
    for value in good:
        read(owner, name, value)
    for value in bad:
        with pytest.raises(InputError):
            read(owner, name, value)
