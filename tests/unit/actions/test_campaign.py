# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action jdcloud_campaign: variables of a role or playbook as they are, typed once, and what a stage shows."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants

from ansible_collections.jdcloud.cloud.plugins.action import jdcloud_campaign
from support.json_object import Json


def read(monkeypatch: pytest.MonkeyPatch, reader: str, variables: Json, *, check: bool = False) -> Json:
    """The result of the stage `read`."""
    return stage(monkeypatch, {"stage": "read", "reader": reader}, variables, check=check)


def stage(monkeypatch: pytest.MonkeyPatch, options: Json, variables: Json, *, check: bool = False) -> Json:
    """The result of a stage."""
    task = SimpleNamespace(args=options, check_mode=check, environment=[])
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


class Encrypted:
    """What ansible-core 2.18 makes of an encrypted variable: no str, but it knows its text."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return "i-aaaa000001"


def test_encrypted_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, "vm_backup", {"vm_backup_instance_ids": Encrypted()})["next"]["instance_ids"] == ["i-aaaa000001"]


@pytest.mark.parametrize("check", [False, True])
def test_it_says_whether_the_task_is_in_check_mode(monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    assert read(monkeypatch, "vm_backup", {"vm_backup_name": "web"}, check=check)["next"]["check_mode"] is check


def test_a_wrong_value_fails_with_the_name_of_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = read(monkeypatch, "vm_backup", {"vm_backup_name": "web", "vm_backup_keep": "many"})
    assert ended["failed"]
    assert "vm_backup_keep" in ended["msg"]


def test_a_backup_without_a_selection_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = stage(monkeypatch, {"stage": "backup"}, {"vm_backup_instance_ids": []})
    assert ended["failed"]
    assert "vm_backup_instance_ids is empty" in ended["msg"]


def test_a_variable_that_the_role_does_not_know_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    left: Json = {"vm_backup_manifest": {}, "vm_backup_summary": {}}
    ended = stage(monkeypatch, {"stage": "backup"}, {"vm_backup_name": "web", "vm_backup_max_instance": 2, **left})
    assert ended["failed"]
    assert ended["msg"].startswith("vm_backup_max_instance: the role vm_backup has no such variable")


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(("lines", "shown"), [(["a", "b"], ["\na\nb"]), ([], [])])
def test_a_stage_shows_its_lines_in_one_piece_on_standard_output(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, check: bool, lines: list[str], shown: list[str]
) -> None:
    said: list[str] = []
    monkeypatch.setattr(jdcloud_campaign, "Display", lambda: SimpleNamespace(display=said.append))
    monkeypatch.setattr(jdcloud_campaign, "plan", lambda _campaign: {"waves": [], "lines": lines})
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    variables = {"vm_decommission_instance_ids": ["i-aaaa000001"], "vm_decommission_report_dir": str(tmp_path / "record")}
    ended = stage(monkeypatch, {"stage": "plan", "wave": None, "folder": "", "run": ""}, variables, check=check)
    assert ended["lines"] == lines
    assert said == shown


def test_warnings_of_the_modules_are_those_of_the_stage_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Json] = []

    def execute(_action: Any, **named: Any) -> Json:
        given.append(named)
        return {"changed": False, "failed": True, "msg": "It failed.", "warnings": ["One.", "Two.", "One."]}

    monkeypatch.setattr(jdcloud_campaign.ActionModule, "_execute_module", execute)
    monkeypatch.setattr(jdcloud_campaign.ActionModule, "_line_interval", lambda _action, _default: None)
    ended = stage(monkeypatch, {"stage": "restore"}, {"restore_image_id": "img-one", "restore_region": "cn-east-2"}, check=True)
    assert ended["warnings"] == ["One.", "Two."]
    assert (ended["failed"], ended["msg"]) == (True, "It failed.")
    (named,) = given
    assert named["module_name"] == "jdcloud.cloud.jdcloud_vm_restore"
    assert (named["module_args"]["image_id"], named["module_args"]["region"]) == ("img-one", "cn-east-2")


def test_what_is_gone_already_is_no_warning_of_a_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = {"changed": False, "warnings": ["none of 260 ids exists in cn-north-1: they are gone already."]}
    monkeypatch.setattr(jdcloud_campaign.ActionModule, "_execute_module", lambda _action, **_named: dict(gone))
    monkeypatch.setattr(jdcloud_campaign.ActionModule, "_line_interval", lambda _action, _default: None)

    def restored(_wanted: Any, modules: Any, _folder: str, *, preview: bool) -> Json:
        for module in ("jdcloud_disk", "jdcloud_elastic_ip"):
            modules.execute(module, {}, check_mode=preview, journal_path="")
        return {"changed": False, "lines": []}

    monkeypatch.setattr(jdcloud_campaign, "restore", restored)
    assert "warnings" not in stage(monkeypatch, {"stage": "restore"}, {"restore_image_id": "img-one"}, check=True)


@pytest.mark.parametrize(("stage_name", "variable"), [("restore", "restore_machines"), ("cleanup", "cleanup_max_machines")])
def test_a_choice_that_is_misspelt_on_the_command_line_is_refused(
    monkeypatch: pytest.MonkeyPatch, stage_name: str, variable: str
) -> None:
    monkeypatch.setattr(jdcloud_campaign, "load_extra_vars", lambda _loader: {variable: "i-one", "restore_created": 3})
    ended = stage(monkeypatch, {"stage": stage_name}, {})
    assert ended["failed"]
    assert ended["msg"].startswith(f"{variable}: the playbook {stage_name} has no such variable")


def test_the_machines_of_a_restore_that_fails_are_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {"changed": True, "failed": True, "msg": "It failed.", "counts": {}, "lines": ["i-a -> -"], "instances": [{}] * 300}
    monkeypatch.setattr(jdcloud_campaign, "restore", lambda *_given, preview: dict(whole))
    ended = stage(monkeypatch, {"stage": "restore"}, {"restore_image_id": "img-one"})
    assert ended == {"changed": True, "failed": True, "msg": "It failed.", "counts": {}}


def test_a_variable_that_the_playbook_does_not_know_ends_a_night(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = stage(monkeypatch, {"stage": "expire"}, {"expire_backups_campaign": "spring"})
    assert ended["failed"]
    assert ended["msg"].startswith("expire_backups_campaign: the playbook expire_backups has no such variable")


def test_why_a_wave_was_refused_is_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, str, str]] = []
    monkeypatch.setattr(
        jdcloud_campaign, "write_meanwhile", lambda store, run, problem: said.append((str(store.folder), run, problem))
    )
    options = {"stage": "wave", "wave": 1, "folder": "/nowhere", "run": "token"}
    ended = stage(monkeypatch, options, {"vm_decommission_instance_ids": ["i-aaaa000001"]})
    assert ended["failed"]
    assert said == [("/nowhere", "token", ended["msg"])]


def test_a_report_is_made_again_without_a_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ended = stage(monkeypatch, {"stage": "report", "folder": str(tmp_path), "prices": {}, "language": ""}, {})
    assert "contains no record.json" in ended["msg"]
    wrong = stage(monkeypatch, {"stage": "report", "folder": str(tmp_path), "prices": {"machine": 1}, "language": ""}, {})
    assert "prices has no member 'machine'" in wrong["msg"]
