# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action of all modules refuses before Ansible makes texts of it, and what it never shows."""

from __future__ import annotations

import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions import text_options

DATE = datetime.date(2026, 1, 31)


def ended(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]) -> dict[str, Any]:
    """What the action answers; the module itself would answer `ran`."""
    monkeypatch.setattr(NormalAction, "run", lambda *_given: {"ran": True})
    action = text_options.TextAction(
        task=SimpleNamespace(args=options),
        connection=SimpleNamespace(_shell=None),
        play_context=SimpleNamespace(),
        loader=None,
        templar=None,
        shared_loader_obj=None,
    )
    return dict(action.run())


def test_a_date_in_an_option_is_refused_before_the_module_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "name is a date (2026-01-31)" in ended(monkeypatch, {"name": DATE})["msg"]


@pytest.mark.parametrize("secret", ["secret_key", "security_token"])
def test_a_secret_is_left_to_the_module_and_shown_in_no_error(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    assert ended(monkeypatch, {secret: DATE}) == {"ran": True}
