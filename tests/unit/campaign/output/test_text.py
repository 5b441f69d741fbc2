# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command that resumes a campaign, and text of a known width."""

from __future__ import annotations

import shlex
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.again import Caller
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.text import cut, padded, spell, width_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._language.text import Speaker

ENGLISH, CHINESE = Speaker("en"), Speaker("zh")
PLAY = "/usr/bin/ansible-playbook"
AWX = {"JOB_ID": "7", "AWX_HOST": "https://awx.example"}


def test_the_command_is_the_one_that_was_entered() -> None:
    caller = Caller((PLAY, "site.yml", "-e", "vm_decommission_name=web 1", "--diff"))
    assert caller.resume(ENGLISH) == "ansible-playbook site.yml -e 'vm_decommission_name=web 1' --diff"


@pytest.mark.parametrize("check", ["--check", "-C"])
def test_what_was_previewed_is_done_without_check_mode_and_with_its_digest(check: str) -> None:
    caller = Caller((PLAY, check, "site.yml"))
    assert caller.approve("sha256:1", ENGLISH) == "ansible-playbook site.yml -e vm_decommission_digest=sha256:1"


@pytest.mark.parametrize("argv", [(PLAY, "-CD", "site.yml"), ("python", "-m", "pytest"), ()])
def test_where_the_command_is_not_known_well_enough_it_is_described(argv: tuple[str, ...]) -> None:
    wanted = "run the same play without check mode, with -e vm_decommission_digest=sha256:1"
    assert Caller(argv).approve("sha256:1", ENGLISH) == wanted


def test_in_awx_a_template_is_launched() -> None:
    caller = Caller((PLAY, "site.yml"), AWX)
    assert caller.resume(ENGLISH) == "launch the same job template again"
    assert caller.approve("d", ENGLISH) == "launch the job template as a run, with vm_decommission_digest=d"
    assert caller.resume(CHINESE) == "重新启动同一个作业模板"


@pytest.mark.parametrize(
    "words",
    [
        ("-e", "jdcloud_secret_key=hush"),
        ("--extra-vars", '{"api_token": "hush"}'),
        ("--extra-vars=my_password=hush",),
        ("-ejdcloud_sk=hush",),
        ("--extra", "db_password=hush"),
        ("--extra-var=db_password=hush",),
        ("--e=db_password=hush",),
        ("-ve", "db_password=hush"),
        ("-vvedb_password=hush",),
        ("-C", "db_password=hush"),
        ("-e", "vm_decommission_tag_key=due access_key=hush"),
    ],
)
def test_no_secret_is_shown(words: tuple[str, ...]) -> None:
    text = Caller((PLAY, "site.yml", *words)).resume(ENGLISH)
    assert "hush" not in text
    assert "(hidden)" in text


@pytest.mark.parametrize("word", ["@secrets.yml", "vm_decommission_tag_key=due"])
def test_a_file_and_a_tag_are_no_secrets(word: str) -> None:
    assert Caller((PLAY, "-e", word)).resume(ENGLISH) == f"ansible-playbook -e {word}"


@pytest.mark.parametrize("word", ["--vault-password-file=/etc/vault", "--private-key=/etc/keys/id", "--key-file=id"])
def test_the_path_of_a_key_is_no_secret(word: str) -> None:
    assert Caller((PLAY, word)).resume(ENGLISH) == f"ansible-playbook {word}"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20), max_size=6))
def test_the_command_can_be_entered_again(words: list[str]) -> None:
    text = Caller((PLAY, *words)).resume(ENGLISH)
    if "(hidden)" not in text:
        assert shlex.split(text) == ["ansible-playbook", *words]


# --- text -------------------------------------------------------------------------------------------------------------


@given(st.text(max_size=60), st.integers(2, 40))
def test_text_fits_its_column_and_every_letter_is_seen(text: str, width: int) -> None:
    found = cut(text, width)
    assert width_of(found) <= width
    assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & {category(letter) for letter in found}
    assert width_of(padded(found, width)) == width


def test_chinese_letters_take_two_columns() -> None:
    assert cut("\u8ba2\u5355-01", 6) == "\u8ba2\u5355-\u2026"
    assert width_of("\u8ba2\u5355-01") == 7


def test_zeroes_are_not_spelled() -> None:
    assert spell({"count.deleted": 2, "count.failed": 0, "count.blocked": 1}).en == "2 deleted, 1 blocked"
