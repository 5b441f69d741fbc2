# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action of jdcloud_campaign hands to the module: the variables of the role, whatever module defaults say."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.jdcloud.cloud.plugins.action import jdcloud_campaign
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions.text_options import TextAction
from support.json_object import Json

OF_THE_CAMPAIGN = {"instance_ids": ["i-aaaa000001", "i-bbbb000002"]}


def handed_over(monkeypatch: pytest.MonkeyPatch, arguments: Json, variables: Json) -> Json:
    """The arguments with which the module is run."""
    task = SimpleNamespace(args=arguments)
    monkeypatch.setattr(TextAction, "run", lambda *_given: {})
    action = jdcloud_campaign.ActionModule(
        task=task,
        connection=SimpleNamespace(_shell=None),
        play_context=SimpleNamespace(),
        loader=None,
        templar=SimpleNamespace(template=lambda value: value),
        shared_loader_obj=None,
    )
    assert action.run(None, variables) == {}
    return dict(task.args)


def test_a_backup_within_a_campaign_reads_the_machines_of_its_wave(monkeypatch: pytest.MonkeyPatch) -> None:
    """The role vm_decommission gives its own input as a module default, and its waves include the role vm_backup."""
    arguments = {"step": "read", "reader": "vm_backup", "input": OF_THE_CAMPAIGN}
    wave = {"vm_backup_instance_ids": ["i-aaaa000001"], "vm_backup_method": "image"}
    read = handed_over(monkeypatch, arguments, wave)["input"]
    assert read == {"instance_ids": ["i-aaaa000001"], "method": "image"}


def test_a_step_of_a_campaign_keeps_the_input_of_the_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = {"step": "begin_wave", "reader": None, "input": OF_THE_CAMPAIGN}
    read = handed_over(monkeypatch, arguments, {"vm_backup_instance_ids": ["i-aaaa000001"]})["input"]
    assert read == OF_THE_CAMPAIGN
