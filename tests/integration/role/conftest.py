# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible for one test of a role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.integration.cloud import Cloud
from support.integration.commands import Ansible


@pytest.fixture
def ansible(cloud: Cloud, tmp_path: Path) -> Iterator[Ansible]:
    """Ansible's commands, at home below the test's folder; nothing that they started outlives the test."""
    made = Ansible(cloud, tmp_path)
    yield made
    made.kill_left_over()
