# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who runs a play: the user of AWX, else that of the process, and nobody where neither is known."""

from __future__ import annotations

import getpass
import socket

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._actions.started_by import started_by


def test_a_job_of_awx_names_who_launched_it() -> None:
    who = started_by({"awx_user_name": "lin.mei", "awx_job_id": 812})
    assert who == {"user": "lin.mei", "host": socket.gethostname(), "job": "812"}


def test_elsewhere_the_user_of_the_process_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ops")
    assert started_by({}) == {"user": "ops", "host": socket.gethostname(), "job": None}


@pytest.mark.parametrize("error", [KeyError("no uid"), OSError("No username set in the environment")])
def test_a_user_without_a_name_is_nobody(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", fail)
    assert started_by({})["user"] is None
