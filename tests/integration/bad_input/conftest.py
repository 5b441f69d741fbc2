# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet on which wrong input must leave no trace, and the check that it left none."""

from __future__ import annotations

import pytest

from support.integration.bad_input import Fleet
from support.integration.cloud import Cloud


@pytest.fixture
def fleet(cloud: Cloud) -> Fleet:
    """Two machines and twins, and an account with a temporary key that has expired."""
    return Fleet(cloud)
