# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One emulator for all integration tests of a process; each test starts it again with a fleet of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jdcloud_emulator.process import EmulatorProcess
from support.integration.cloud import Cloud


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[EmulatorProcess]:
    """The emulator of this test process. Tests reset it: use `cloud`."""
    with EmulatorProcess() as process:
        yield process


@pytest.fixture
def cloud(shared_emulator: EmulatorProcess, tmp_path: Path) -> Cloud:
    """An empty cloud, and an empty home for those who use it."""
    made = Cloud(shared_emulator, tmp_path)
    made.seed()
    return made
