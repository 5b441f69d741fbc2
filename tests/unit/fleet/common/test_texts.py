# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What YAML made of a text, before Ansible makes a text of it again."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import (
    parse_name,
    parse_protect_tags,
    parse_tags,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.texts import refuse_lost_texts, require_text


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("010", "a number (8)"),
        ("12:30:00", "a number (45000)"),
        ("0x10", "a number (16)"),
        ("1_0", "a number (10)"),
        ("2026.10", "a decimal number (2026.1)"),
        (".inf", "a decimal number (inf)"),
        ("no", "a boolean (false)"),
        ("2026-01-01", "a date (2026-01-01)"),
        ("2026-01-01 10:00:00", "a date (2026-01-01 10:00:00)"),
        ("~", "null"),
        ("", "null"),
    ],
)
def test_the_sentence_says_what_yaml_made_of_a_text(written: str, named: str) -> None:
    with pytest.raises(InputError, match="quote it") as refused:
        require_text(yaml.safe_load(written), "tags.build")
    assert str(refused.value).startswith(f"tags.build is {named}")


def test_a_number_without_end_makes_a_sentence_too() -> None:
    with pytest.raises(InputError, match="quote it"):
        require_text(10**6000, "name")


@pytest.mark.parametrize("tags", ["{010: a}", "{true: a}", "{~: a}", "{2026-01-01: a}", "{1.10: a}"])
@pytest.mark.parametrize("parse", [lambda tags: parse_tags(tags, "tags"), parse_protect_tags])
def test_a_key_is_a_text(parse: Any, tags: str) -> None:
    with pytest.raises(InputError, match="tags has a key that is .* quote it"):
        parse(yaml.safe_load(tags))


@pytest.mark.parametrize("parse", [lambda tags: parse_tags(tags, "tags"), parse_protect_tags])
def test_a_key_that_ansible_would_have_to_evaluate_is_refused(parse: Any) -> None:
    """Ansible evaluates values, not keys: this one would protect nothing."""
    with pytest.raises(InputError, match="does not evaluate keys"):
        parse({"{{ key }}": "*"})


def test_a_name_is_a_text() -> None:
    with pytest.raises(InputError, match=r"name is a number \(8\).* quote it"):
        parse_name(0o10)


@pytest.mark.parametrize(
    "options",
    [
        "{tags: {010: a}}",
        "{tags: {window: 2026-01-01}}",
        "{filters: {az: [a, 2026-01-01 10:00:00]}}",
        "{name: 2026-01-01}",
        "{image_ids: [2026-01-01]}",
    ],
)
def test_what_a_module_could_not_tell_from_a_text_is_refused_before(options: str) -> None:
    with pytest.raises(InputError, match="quote it"):
        refuse_lost_texts(yaml.safe_load(options))


def test_what_a_module_can_tell_is_left_to_it() -> None:
    refuse_lost_texts({"tags": {"a": 8}, "wait": True, "max_instances": 3, "name": None, "planned_backups": [{"a": 1}]})
