# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long property tests search: `HYPOTHESIS_PROFILE=thorough`, or `--hypothesis-profile thorough`, searches longer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings

THOROUGH = "thorough"
"""The profile of `make test-all`."""


def is_thorough() -> bool:
    """Whether this run searches longer."""
    return settings.get_current_profile_name().startswith(THOROUGH)


def examples(quick: int, thorough: int) -> settings:
    """How many examples a test looks at, by profile. For what decides about deletions, `quick` is at least 100."""
    return settings(max_examples=thorough if is_thorough() else quick)


def some_always(cases: Iterable[Any], quick: int) -> list[Any]:
    """Parameters of a fuzz over seeds: the first `quick` cases run always, the others only where the search is thorough."""
    return [each if place < quick else pytest.param(each, marks=pytest.mark.thorough) for place, each in enumerate(cases)]
