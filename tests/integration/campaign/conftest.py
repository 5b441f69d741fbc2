# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles for one test, without Ansible."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.integration.cloud import Cloud
from support.integration.conductor import Conductor, conductor_of


@pytest.fixture
def conductor(cloud: Cloud, tmp_path: Path) -> Conductor:
    """Whoever uses the roles in a test."""
    home = tmp_path / "home"
    home.mkdir()
    return conductor_of(cloud, home)
