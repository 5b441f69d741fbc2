# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of the inventory plugin, and Ansible's own commands that read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.integration.cloud import Cloud
from support.integration.inventory import Inventory


@pytest.fixture
def inventory(cloud: Cloud, tmp_path: Path) -> Iterator[Inventory]:
    """A file of the plugin; nothing that Ansible's commands started outlives the test."""
    made = Inventory(cloud, tmp_path)
    yield made
    made.ansible.kill_left_over()
