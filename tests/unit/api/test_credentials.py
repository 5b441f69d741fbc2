# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 16: keys come from the first source that exists, as a unit, and never show."""

from __future__ import annotations

import itertools
import os
import traceback
from pathlib import Path

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.credentials import Credentials, resolve_credentials
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError

CONFIG = """
[default]
access_key = AKDEFAULT
secret_key = s%dk-default
region_id = cn-north-1

[other]
access_key = AKOTHER
secret_key = sk-other

[half]
access_key = AKHALF

[empty]
access_key =
secret_key =

[DEFAULT]
secret_key = sk-nobody
"""
OPTIONS = {"access_key": "AKOPTION", "secret_key": "sk-option"}
ENVIRON = {"JDCLOUD_ACCESS_KEY": "AKENVIRON", "JDCLOUD_SECRET_KEY": "sk-environ"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".jdc").mkdir()
    (tmp_path / ".jdc" / "config").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def refusal(options: dict[str, str], environ: dict[str, str], home: Path) -> str:
    with pytest.raises(InputError) as caught:
        resolve_credentials(options, environ, home)
    printed = "".join(traceback.format_exception(caught.value))
    for secret in ("sk-", "s%dk", "tok-"):
        assert secret not in str(caught.value)
        assert secret not in printed
    return str(caught.value)


@pytest.mark.parametrize(
    ("with_options", "with_profile", "with_keys", "with_named", "with_current"), list(itertools.product([False, True], repeat=5))
)
def test_first_source_that_exists(
    home: Path, with_options: bool, with_profile: bool, with_keys: bool, with_named: bool, with_current: bool
) -> None:
    options = (OPTIONS if with_options else {}) | ({"profile": "other"} if with_profile else {})
    environ = (ENVIRON if with_keys else {}) | ({"JDCLOUD_PROFILE": "other"} if with_named else {})
    if with_current:
        (home / ".jdc" / "current").write_text("other\n")
    if with_options and with_profile:
        assert "exclude each other" in refusal(options, environ, home)
        return
    credentials, profile = resolve_credentials(options, environ, home)
    expected = "profile:other" if with_profile else "environment" if with_keys else "profile:default"
    if not (with_profile or with_keys) and (with_named or with_current):
        expected = "profile:other"
    expected = "options" if with_options else expected
    assert credentials.source == expected
    assert (profile is not None) == expected.startswith("profile:")


@pytest.mark.parametrize("part", ["access_key", "secret_key", "security_token"])
def test_a_part_of_the_options_is_never_completed(home: Path, part: str) -> None:
    text = refusal({part: "tok-part"}, ENVIRON, home)
    assert "The options contain credentials without" in text


@pytest.mark.parametrize("part", ["JDCLOUD_ACCESS_KEY", "JDCLOUD_SECRET_KEY", "JDCLOUD_SECURITY_TOKEN"])
def test_a_part_of_the_environment_is_never_completed(home: Path, part: str) -> None:
    text = refusal({}, {part: "tok-part", "JDCLOUD_PROFILE": "other"}, home)
    assert "The environment variables contain credentials without" in text


def test_a_half_profile_is_never_completed(home: Path) -> None:
    assert "profile 'half'" in refusal({"profile": "half"}, ENVIRON, home)
    assert "profile 'empty'" in refusal({"profile": "empty"}, ENVIRON, home)


def test_a_profile_option_and_a_key_option_exclude_each_other(home: Path) -> None:
    for name in ("access_key", "secret_key", "security_token"):
        assert "exclude each other" in refusal({"profile": "other", name: "tok-x"}, {}, home)


def test_token_comes_from_the_source_of_the_keys_only(home: Path) -> None:
    environ = {"JDCLOUD_SECURITY_TOKEN": "tok-environ"}
    assert resolve_credentials(OPTIONS, environ, home)[0].security_token is None
    assert resolve_credentials({"profile": "other"}, environ, home)[0].security_token is None
    assert resolve_credentials({}, ENVIRON | environ, home)[0].security_token == "tok-environ"
    assert resolve_credentials(OPTIONS | {"security_token": "tok-option"}, environ, home)[0].security_token == "tok-option"


def test_blank_variables_count_as_not_given(home: Path) -> None:
    environ = {"JDCLOUD_ACCESS_KEY": "", "JDCLOUD_SECRET_KEY": "  ", "JDCLOUD_PROFILE": "\t"}
    assert resolve_credentials({}, environ, home)[0].source == "profile:default"


def test_secrets_may_hold_percent_signs(home: Path) -> None:
    assert resolve_credentials({}, {}, home)[0].secret_key == "s%dk-default"


def test_blank_current_file_means_default(home: Path) -> None:
    (home / ".jdc" / "current").write_text("\n")
    assert resolve_credentials({}, {}, home)[0].source == "profile:default"


def test_no_source_at_all_says_what_to_do(tmp_path: Path) -> None:
    text = refusal({}, {}, tmp_path)
    for word in ("access_key", "profile", "JDCLOUD_ACCESS_KEY", "JDCLOUD_SECRET_KEY", "JDCLOUD_PROFILE"):
        assert word in text


@pytest.mark.parametrize("name", ["nobody", "DEFAULT ", "default\n"])
def test_unknown_profile(home: Path, name: str) -> None:
    text = refusal({"profile": name}, {}, home)
    assert "does not exist in" in text
    assert str(home / ".jdc" / "config") in text


def test_an_unknown_profile_is_refused_with_the_names_of_those_that_exist(home: Path) -> None:
    text = refusal({}, {"JDCLOUD_PROFILE": "nobody"}, home)
    assert "has 'default', 'other'" in text
    assert "sk-" not in text


def test_of_many_profiles_the_first_are_named(home: Path) -> None:
    (home / ".jdc" / "config").write_text("".join(f"[p{number:02}]\n" for number in range(13)), encoding="utf-8")
    assert "'p09' and 3 more" in refusal({"profile": "nobody"}, {}, home)


def test_a_file_without_profiles_says_so(home: Path) -> None:
    (home / ".jdc" / "config").write_text("\n", encoding="utf-8")
    assert "which has none" in refusal({"profile": "nobody"}, {}, home)


def test_a_missing_file_of_a_named_profile(tmp_path: Path) -> None:
    assert "does not exist" in refusal({"profile": "other"}, {}, tmp_path)
    assert "does not exist" in refusal({}, {"JDCLOUD_PROFILE": "other"}, tmp_path)


@pytest.mark.parametrize("content", ["secret_key = sk-x\n", "[default]\nsk-x without equals\n", "[default]\na=sk-1\n[default]\n"])
def test_a_damaged_file_is_named_and_not_quoted(home: Path, content: str) -> None:
    (home / ".jdc" / "config").write_text(content)
    text = refusal({}, {}, home)
    assert "not a valid INI file" in text
    assert "'default'" in text


def test_a_file_that_is_no_text(home: Path) -> None:
    (home / ".jdc" / "config").write_bytes(b"[default]\naccess_key = \xff\xfe\n")
    assert "cannot be read" in refusal({}, {}, home)


def test_a_folder_in_place_of_a_file(home: Path) -> None:
    os.mkdir(home / ".jdc" / "current")
    assert "cannot be read" in refusal({}, {}, home)


@pytest.mark.parametrize("value", ["sk- x", "sk-x\n", " sk-x", "sk-\x00", "sk-密", "sk-\u00a0"])
@pytest.mark.parametrize("name", ["access_key", "secret_key", "security_token"])
def test_keys_with_impossible_characters(home: Path, name: str, value: str) -> None:
    text = refusal(OPTIONS | {name: value}, {}, home)
    assert name in text
    assert "JDCLOUD_" in text
    variable = f"JDCLOUD_{name.upper()}"
    assert variable in refusal({}, ENVIRON | {variable: value}, home)


@pytest.mark.parametrize("name", ["access_key", "secret_key", "security_token", "profile"])
def test_blank_options_are_errors(home: Path, name: str) -> None:
    assert f"Option {name} is blank" in refusal({name: "  "}, ENVIRON, home)


def test_repr_hides_the_secrets() -> None:
    shown = repr(Credentials("AK", "sk-1", "tok-1", "options"))
    assert "sk-1" not in shown
    assert "tok-1" not in shown
    assert "AK" in shown
