# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of roles and playbooks: what is not given, and what YAML or a survey made of a text."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import READERS, VARIABLES

ROLES = Path(__file__).resolve().parents[4] / "roles"
SELECTED: dict[str, dict[str, Any]] = {
    "vm_decommission": {"instance_ids": "i-a"},
    "vm_backup": {"instance_ids": "i-a"},
    "restore": {"manifest": "/backup/one.json"},
    "cleanup": {},
    "expire_backups": {},
    "find_idle": {},
    "report": {"dir": "/var/lib/jdcloud/harbor"},
}
EACH = [(reader, name) for reader, names in VARIABLES.items() for name in names if name not in SELECTED[reader]]
TAGS = [(reader, name) for reader, name in EACH if name.endswith("tags") and name != "report_tags"]
FILTERS = [(reader, name) for reader, name in EACH if name == "filters"]
TEXTS = [
    *[("vm_decommission", name) for name in ("region", "name", "campaign", "tag_key", "report_dir", "digest")],
    *[("vm_backup", name) for name in ("region", "name", "campaign", "name_pattern", "manifest_path", "drill_subnet_id")],
    *[("restore", name) for name in ("manifest", "image_id", "region", "name", "subnet_id", "instance_type", "az")],
    *[("cleanup", name) for name in ("tag_key", "report_dir", "report_mount")],
    *[("expire_backups", name) for name in ("report_dir", "report_mount")],
    *[("find_idle", name) for name in ("report_dir", "report_mount", "vm_decommission_tag_key")],
]


def read(reader: str, **values: Any) -> Any:
    """What the reader makes of these variables and a selection."""
    return READERS[reader]({**SELECTED[reader], **values})


@pytest.mark.parametrize("nothing", [None, "", "  "])
@pytest.mark.parametrize(("reader", "name"), EACH)
def test_an_empty_answer_and_null_mean_not_given(reader: str, name: str, nothing: Any) -> None:
    text, default = read(reader, **{name: nothing}), read(reader)
    # The role's variables are handed on as they arrived.
    text.pop("input", None), default.pop("input", None)
    assert text == default


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_at_all_selects_nothing(nothing: Any) -> None:
    with pytest.raises(InputError, match="Nothing is selected"):
        READERS["vm_decommission"](dict.fromkeys(VARIABLES["vm_decommission"], nothing))


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_protection_that_is_not_given_is_the_default(nothing: Any) -> None:
    assert "protect_tags" not in read("vm_backup", protect_tags=nothing)["arguments"]


def test_a_protection_is_switched_off_by_an_empty_dictionary_alone() -> None:
    assert read("vm_backup", protect_tags={})["arguments"]["protect_tags"] == {}


@pytest.mark.parametrize("text", ["010", "12:30:00", "2026.10", "true", "2026-01-01"])
@pytest.mark.parametrize(("reader", "name"), TEXTS)
def test_rule_04_what_yaml_made_of_a_text_is_refused_by_the_name_of_the_variable(reader: str, name: str, text: str) -> None:
    given = {**SELECTED[reader], name: yaml.safe_load(text)}
    with pytest.raises(InputError, match="quote it") as refused:
        READERS[reader](given)
    assert str(refused.value).startswith(f"{VARIABLES[reader][name]} is a ")


@pytest.mark.parametrize(
    "tags", ["{build: 010}", "{build: [a, 2026.10]}", "{build: no}", "{build: ~}", "{build: 2026-01-01}", "{010: a}"]
)
@pytest.mark.parametrize(("reader", "name"), [*TAGS, *FILTERS])
def test_rule_04_the_same_in_tags_and_filters(reader: str, name: str, tags: str) -> None:
    with pytest.raises(InputError, match="quote it") as refused:
        read(reader, **{name: yaml.safe_load(tags)})
    assert str(refused.value).startswith(VARIABLES[reader][name])


@pytest.mark.parametrize(("reader", "name"), [*TAGS, *FILTERS])
def test_rule_04_the_same_in_json(reader: str, name: str) -> None:
    with pytest.raises(InputError, match=r"build is a number \(7\).* quote it"):
        read(reader, **{name: '{"build": 7}'})


@pytest.mark.parametrize("form", ['{"build": "007"}', "{'build': '007'}", "build=007", {"build": "007"}])
def test_a_text_survives_in_json_and_in_pairs(form: Any) -> None:
    assert read("vm_backup", tags=form)["arguments"]["tags"] == {"build": "007"}


@pytest.mark.parametrize("typed", ['"007"', "'007'", "007", " 007 "])
def test_a_name_may_be_typed_in_quotes(typed: str) -> None:
    """In a survey, which asks for no quotes, these are all that keeps it a text."""
    assert read("vm_backup", name=typed)["arguments"]["name"] == "007"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stop_running", True),
        ("stop_running", 1),
        ("max_instances", 3),
        ("backup_max_age", 1.5),
        ("waves", 1),
        ("waves", [1, "100%"]),
        ("grace_days", 7),
        ("prices", {"disk_gb": 0.5, "instance_types": {"g.n2.large": 100}}),
    ],
)
def test_switches_and_numbers_need_no_quotes(name: str, value: Any) -> None:
    read("vm_decommission", **{name: value})


def test_the_key_of_a_price_is_a_text() -> None:
    with pytest.raises(InputError, match="vm_decommission_prices has a key that is a number"):
        read("vm_decommission", prices={8: 1})


@pytest.mark.parametrize("value", [8, True, datetime.date(2026, 1, 1), ["i-a", None], ["i-a", 8]])
@pytest.mark.parametrize(("reader", "name"), [("vm_decommission", "instance_ids"), ("restore", "security_group_ids")])
def test_ids_are_texts(reader: str, name: str, value: Any) -> None:
    with pytest.raises(InputError, match=VARIABLES[reader][name]):
        read(reader, **{name: value})


@pytest.mark.parametrize("role", ["vm_decommission", "vm_backup"])
def test_every_variable_of_a_role_is_read(role: str) -> None:
    documented = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    assert set(VARIABLES[role].values()) == set(documented["argument_specs"]["main"]["options"])


def test_a_filter_on_the_status_makes_the_choice_only() -> None:
    text = read("vm_backup", filters="status=running,az=a")
    assert (text["arguments"]["filters"], text["lasting"]["filters"]) == ({"status": "running", "az": "a"}, {"az": "a"})


@pytest.mark.parametrize("reader", ["vm_decommission", "cleanup", "report", "expire_backups", "find_idle"])
def test_a_language_is_one_of_two(reader: str) -> None:
    name = "vm_decommission_language" if reader in ("cleanup", "find_idle") else "language"
    read(reader, **{name: "zh"})
    with pytest.raises(InputError, match=rf"{VARIABLES[reader][name]}.*zh"):
        read(reader, **{name: "de"})


def test_without_a_language_playbooks_print_english_and_a_report_keeps_its_own() -> None:
    assert (read("cleanup")["language"], read("expire_backups")["language"], read("report")["language"]) == ("en", "en", "")


# --- find_idle ------------------------------------------------------------------------------------------------------


def test_marking_needs_a_cap() -> None:
    with pytest.raises(InputError, match="^find_idle_mark is true, but find_idle_max_instances is missing, so nothing was done"):
        read("find_idle", mark="true")
    assert read("find_idle", mark=True, max_instances="5")["max_instances"] == 5
    assert read("find_idle", max_instances="5")["max_instances"] is None


def test_only_thresholds_that_are_given_reach_the_module() -> None:
    look = read("find_idle", cpu_percent_avg="0.5", window_days="7", stopped_days="")["look"]
    assert (look["cpu_percent_avg"], look["window_days"]) == (0.5, 7)
    assert not {"cpu_percent_max", "stopped_days", "minimum_age_days"} & set(look)


@pytest.mark.parametrize(("name", "value"), [("cpu_percent_max", "much"), ("window_days", "1.5"), ("on_too_many", "oldest")])
def test_a_threshold_that_is_none_is_named(name: str, value: str) -> None:
    with pytest.raises(InputError, match=f"^find_idle_{name} is"):
        read("find_idle", **{name: value})


def test_exclusions_of_both_names_count() -> None:
    given = read("find_idle", exclude="i-a,role=backup", vm_decommission_exclude=["web 9", "i-a"])
    assert given["exclude"] == ["i-a", "role=backup", "web 9"]
