# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs of AWX without AWX: the playbooks of the patterns, with exactly the variables that a survey and a workflow give them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.integration.awx import Awx
from support.integration.cloud import Cloud


@pytest.fixture
def awx(cloud: Cloud, tmp_path: Path) -> Iterator[Awx]:
    """Jobs with a folder of their own; nothing that they started outlives the test."""
    made = Awx(cloud, tmp_path)
    yield made
    made.ansible.kill_left_over()
