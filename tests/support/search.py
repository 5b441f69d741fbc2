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


def some_always(cases: Iterable[Any], quick: int, *, first: int | None = None) -> list[Any]:
    """Parameters of a search: `quick` of the cases run always, the others only where it is thorough.

    `first`: how many of these run in `make check`, too; all of them if nothing is said.
    """
    always = quick if first is None else first

    def given(place: int, case: Any) -> Any:
        marks = [pytest.mark.slow] if always <= place < quick else [pytest.mark.thorough] if place >= quick else []
        return pytest.param(case, marks=marks)

    return [given(place, case) for place, case in enumerate(cases)]


def first_of(cases: Iterable[Any], first: int) -> list[Any]:
    """Parameters of which `make check` runs the first ones, and `make test` all."""
    listed = list(cases)
    return some_always(listed, len(listed), first=first)
