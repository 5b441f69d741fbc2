# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stage `read` of jdcloud_campaign: the variables of a role or playbook as they are, typed once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.action import jdcloud_campaign
from support.json_object import Json


def read(monkeypatch: pytest.MonkeyPatch, reader: str, variables: Json, *, check: bool = False) -> Json:
    """The result of the stage."""
    task = SimpleNamespace(args={"stage": "read", "reader": reader}, check_mode=check)
    options = {"stage": "read", "reader": reader}
    monkeypatch.setattr(jdcloud_campaign.ActionModule, "validate_argument_spec", lambda *_given, **_more: (None, options))
    action = jdcloud_campaign.ActionModule(
        task=task,
        connection=SimpleNamespace(_shell=None),
        play_context=SimpleNamespace(),
        loader=None,
        templar=SimpleNamespace(template=lambda value: value),
        shared_loader_obj=None,
    )
    result: dict[str, Any] = action.run(None, variables)
    return result


def test_the_variables_of_the_reader_count_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"vm_backup_instance_ids": ["i-aaaa000001"], "vm_backup_method": "image", "vm_decommission_name": "web"}
    assert read(monkeypatch, "vm_backup", variables)["next"]["instance_ids"] == ["i-aaaa000001"]


@pytest.mark.parametrize("check", [False, True])
def test_it_says_whether_the_task_is_in_check_mode(monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    assert read(monkeypatch, "vm_backup", {"vm_backup_name": "web"}, check=check)["next"]["check_mode"] is check


def test_a_wrong_value_fails_with_the_name_of_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = read(monkeypatch, "vm_backup", {"vm_backup_name": "web", "vm_backup_keep": "many"})
    assert ended["failed"]
    assert "vm_backup_keep" in ended["msg"]
