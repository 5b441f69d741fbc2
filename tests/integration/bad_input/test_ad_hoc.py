# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wrong input in ad-hoc commands, where all values begin as text."""

from __future__ import annotations

from pathlib import Path

from support.integration.bad_input import Fleet
from support.integration.commands import Ansible
from support.json_object import Json

MODULE = "jdcloud.cloud.jdcloud_vm"


WRONG = {
    "state=absent": "instance_ids, name, tags, filters",
    "state=absent instance_ids=": "instance_ids is empty",
    "state=absent instance_ids='i-one, ,i-two'": "instance_ids has a blank",
    "state=absent tags='{\"env\": true}'": "tags.env is a boolean",
    "state=absent instance_ids=i-one wait_timeout=-1": "wait_timeout is -1.0",
    "instance_ids=i-one": "state",
}


def check(fleet: Fleet, result: Json, named: str) -> None:
    """It failed and says so well."""
    assert result["changed"] is False
    assert result["summary"]["api_calls"] == 0
    fleet.check_message(result["msg"], (named,))


def test_a_wrong_ad_hoc_command_says_what_to_do(fleet: Fleet, tmp_path: Path) -> None:
    words, named = next(iter(WRONG.items()))
    ended = Ansible(fleet.cloud, tmp_path).ad_hoc(MODULE, words)
    assert ended.status == 2
    assert "Traceback" not in ended.output
    check(fleet, ended["localhost"], named)
    fleet.check_untouched(sends=False)


def test_wrong_words_say_what_to_do(fleet: Fleet, tmp_path: Path) -> None:
    """Ansible takes the words of a task apart as those of an ad-hoc command, and one play has all of them."""
    tasks: list[Json] = [
        {"name": words, MODULE: words, "register": f"wrong{number}", "ignore_errors": True} for number, words in enumerate(WRONG)
    ]
    ended = Ansible(fleet.cloud, tmp_path).play(tasks)
    assert "Traceback" not in ended.output
    for number, named in enumerate(WRONG.values()):
        assert ended[f"wrong{number}"]["failed"] is True
        check(fleet, ended[f"wrong{number}"], named)
    fleet.check_untouched(sends=False)


def test_ids_with_blanks_and_commas_are_understood(fleet: Fleet, tmp_path: Path) -> None:
    """The counterpart: what is only written loosely is no bad input."""
    arguments = "state=absent instance_ids='i-one , i-two ,i-one' stop_running=yes"
    ended = Ansible(fleet.cloud, tmp_path).ad_hoc(MODULE, arguments, "--check")
    result = ended["localhost"]
    assert ended.status == 0, ended.output
    assert [machine["instance_id"] for machine in result["instances"]] == ["i-one", "i-two"]
    fleet.check_untouched(sends=True)
