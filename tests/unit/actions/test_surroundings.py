# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a command line and a play hand over: nothing is dropped, evaluated or done more often without a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from ansible.parsing.splitter import parse_kv

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions import surroundings

IDS = "vm_decommission_instance_ids"
TAGS = "vm_decommission_tags"


def _read(text: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.safe_load(text) if text.startswith("{") else parse_kv(text)
    return read


def _left_over(*given: str) -> str:
    return surroundings.extra_variables_problem(given, _read) or ""


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([f"{TAGS}=project=big data"], "'data'"),
        ([f"{IDS}=m1, m2"], "'m2'"),
        ([f"{IDS}= m1"], "'m1'"),
        ([f"{IDS}=[m1, m2]"], "'m2]'"),
        (["cleanup_regions=R1, R2"], "'R2'"),
        (["restore_name=new machine"], "'machine'"),
        ([f"{TAGS}=a=b", f"{IDS}=m1, m2", "x=1"], "'m2'"),
        ([f"{TAGS}=project=big data", '{"_raw_params": ""}'], "'data'"),
        ([f"{TAGS}=project=x env=test"], "'env=test'"),
        ([f"{TAGS}=project=big data,env=test"], "'data,env=test'"),
    ],
)
@pytest.mark.cores
def test_words_behind_a_blank_are_refused_and_named(given: list[str], named: str) -> None:
    assert named in _left_over(*given)


@pytest.mark.parametrize(
    "given",
    [
        [f"{TAGS}='project=big data'"],
        [f'{{"{TAGS}": "project=big data"}}'],
        [f"{{{TAGS}: project=big data}}"],
        [f"{IDS}=m1,m2", "vm_decommission_max_instances=2"],
        [f"mine=1 {IDS}=m1 vm_decommission_backup=none ansible_verbosity=1"],
        ["@some file.yml", ""],
        ["@usual.yml", f"{IDS}=m1"],
        ["mine=1", f"{IDS}=m1", "yours=2"],
    ],
)
@pytest.mark.cores
def test_what_ansible_reads_as_it_was_meant_passes(given: list[str]) -> None:
    assert _left_over(*given) == ""


@pytest.mark.parametrize(
    "given",
    [
        [f"{TAGS}=project=x {TAGS}=env=test"],
        [f"{TAGS}=project=x", f"{TAGS}=env=test"],
        [f"{TAGS}=project=x", f'{{"{TAGS}": "env=test"}}'],
        [f"{IDS}=m1", f"{IDS}=m2"],
        ["cleanup_regions=R1", "cleanup_regions=R2"],
        *([f"vm_decommission_{name}=a", f"vm_decommission_{name}=b"] for name in ("exclude", "canary", "list_file", "waves")),
        ["vm_decommission_protect_tags=keep=*", "vm_decommission_protect_tags=hold=*"],
        *([f"expire_backups_{name}=a", f"expire_backups_{name}=b"] for name in ("campaigns", "record_dirs")),
    ],
)
def test_a_choice_that_is_given_twice_is_refused(given: list[str]) -> None:
    assert "is given twice" in _left_over(*given)


@pytest.mark.parametrize(
    "given",
    [
        f'{{"{IDS}": "m1", "{IDS}": "m2"}}',
        f'{{"{TAGS}": {{"project": "x", "project": "y"}}}}',
        f"{{{TAGS}: {{project: x, project: y}}}}",
        '{"mine": [{"a": 1, "a": 2}]}',
    ],
)
def test_a_name_that_stands_twice_in_one_dictionary_is_refused(given: str) -> None:
    assert "is given twice" in _left_over(given)


@pytest.mark.parametrize(
    "given",
    [
        f'{{"{TAGS}": {{"project": "x"}}, "mine": {{"project": "x"}}}}',
        f"{{{TAGS}: {{a: x}}, mine: [{{a: 1}}, {{a: 2}}]}}",
    ],
)
def test_a_name_that_stands_in_two_dictionaries_is_given_once(given: str) -> None:
    assert _left_over(given) == ""


@pytest.mark.parametrize("mark", ['"', "'"])
@pytest.mark.cores
def test_an_assignment_whose_quotes_hold_its_name_too_is_refused_since_it_sets_nothing(mark: str) -> None:
    assert "the left-over words" in _left_over(f"{TAGS}=env=test", f"{mark}vm_decommission_name=m1{mark}")


def test_a_connection_to_another_computer_is_refused() -> None:
    assert "'ssh'" in (surroundings.connection_problem("ssh") or "")


def test_a_local_connection_is_fine() -> None:
    assert surroundings.connection_problem("local") is None


def test_an_option_that_an_ad_hoc_call_gives_twice_is_refused() -> None:
    assert "tags is given twice" in (
        surroundings.repeated_option_problem(["state=absent", "tags=project=x", "tags=env=test"]) or ""
    )


def test_an_option_whose_value_holds_its_own_name_is_given_once() -> None:
    assert surroundings.repeated_option_problem(["state=absent", "name=name=x", "tags=a=b"]) is None


def test_what_a_message_shows_of_left_over_words_is_no_template_and_short() -> None:
    message = _left_over(IDS + "=m1, {{ lookup('pipe', 'id') }} " + "x" * 500)
    assert "{{" not in message
    assert len(message) < 400


TEMPLATE = "{{ lookup('ansible.builtin.pipe', 'id') }}"


@pytest.mark.parametrize(
    "variables",
    [
        {"cleanup_regions": TEMPLATE},
        {"cleanup_regions": "{% raw %}x"},
        {"cleanup_regions": "{# x #}"},
        {"decommission_plan": {"instance_ids": ["m1", TEMPLATE]}},
        {"decommission_plan": {"digest": TEMPLATE}},
        {TAGS: {TEMPLATE: "x"}},
        {"region_of_the_event": TEMPLATE},
        {TEMPLATE: "x"},
    ],
)
def test_a_template_is_refused_wherever_it_stands_in_extra_variables(variables: dict[str, Any]) -> None:
    assert "contains a template" in (surroundings.template_problem(variables, lambda _text: True) or "")


def test_a_text_that_ansible_never_evaluates_may_hold_braces() -> None:
    assert surroundings.template_problem({TAGS: {"note": TEMPLATE}}, lambda _text: False) is None


@pytest.mark.parametrize("value", [True, "true", "yes", 1, "{{ x }}"])
def test_become_of_the_extra_variables_is_seen(value: object) -> None:
    assert surroundings.asks_for_become({"ansible_become": value})


@pytest.mark.parametrize("variables", [{}, {"ansible_become": False}, {"ansible_become": "no"}, {"ansible_become": None}])
def test_become_that_is_off_is_no_hindrance(variables: dict[str, Any]) -> None:
    assert not surroundings.asks_for_become(variables)


THREE = ["h1", "h2", "h3"]


@pytest.mark.parametrize(
    ("batch", "run_once", "strategy"),
    [
        (THREE, False, "linear"),
        (["h1"], False, "linear"),
        (["h1"], True, "linear"),
        (THREE, True, "free"),
        (THREE, False, "free"),
    ],
)
def test_a_play_over_several_hosts_is_refused(batch: list[str], run_once: bool, strategy: str) -> None:
    message = surroundings.hosts_problem(THREE, batch, run_once=run_once, strategy=strategy) or ""
    assert "has 3 hosts" in message


def test_once_for_all_hosts_is_once() -> None:
    assert surroundings.hosts_problem(THREE, THREE, run_once=True, strategy="linear") is None


def test_one_host_is_one() -> None:
    assert surroundings.hosts_problem(["h1"], ["h1"], run_once=False, strategy="free") is None


@pytest.mark.parametrize(("run", "skip"), [(["x"], []), (["all"], ["x"]), (["tagged"], [])])
def test_tags_that_a_playbook_does_not_have_are_refused(run: list[str], skip: list[str]) -> None:
    assert "has no tags" in (surroundings.tags_problem(run, skip) or "")


def test_no_tags_on_the_command_line_are_fine() -> None:
    assert surroundings.tags_problem(["all"], []) is None


@pytest.mark.parametrize(
    ("own", "run", "only_always"),
    [
        (["always"], ["web"], True),
        (["always"], ["all"], False),
        (["always", "web"], ["web"], False),
        (["always"], ["tagged"], True),
    ],
)
def test_a_check_that_is_merely_tagged_always_leaves_other_runs_alone(own: list[str], run: list[str], only_always: bool) -> None:
    assert surroundings.is_tagged_always_only(own, run) is only_always
