# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures that run the real `main()` of the modules in process, against a cloud in memory and in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils import basic

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common import session
from support.keys import use_test_keys
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner
from support.module.virtual_pool import VirtualPool
from support.run_module import signals_as_before


@pytest.fixture
def cloud() -> MemoryCloud:
    """An empty cloud."""
    return MemoryCloud()


@pytest.fixture
def run(
    cloud: MemoryCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Runner]:
    """Runs modules against `cloud`, with keys from the environment and an empty home."""
    monkeypatch.setattr(session, "Transport", cloud.transport)
    monkeypatch.setattr(session, "SystemClock", lambda: cloud.clock)
    monkeypatch.setattr(session, "ThreadPool", VirtualPool)
    # Thousands of runs would fill the log of the machine that runs the tests.
    monkeypatch.setattr(basic.AnsibleModule, "_log_to_syslog", lambda _module, _message: None)
    use_test_keys(monkeypatch, tmp_path, "cn-north-1")
    with signals_as_before():
        yield Runner(capsys)
