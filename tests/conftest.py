# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for all tests: what they cost, that no property test fails on a busy machine, and that none leaves this machine."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from support import gears, network
from support.search import THOROUGH, is_thorough

YOUNG = 20_000
"""How many new objects make the garbage collector look at them: runs in virtual time make far more than the default of 700."""

settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(THOROUGH, settings.get_profile("quick"))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "quick")
network.stay_here()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Read the tests without looking for garbage, and never look through them later: they stay until the end.

    The thousands of collected tests would otherwise be searched again with each full collection, which is most of its time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(YOUNG, 20, 20)
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not read the folders that this run leaves out."""
    return True if gears.is_left_out(collection_path, config.option.markexpr) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what it uses, before the markers decide what runs."""
    for item in items:
        gears.mark(item)
        if is_thorough() and is_hypothesis_test(getattr(item, "obj", None)):
            # It looks at more examples now than in the gears that leave out what is thorough.
            item.add_marker(pytest.mark.thorough)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What `-n auto` means."""
    return gears.workers(config.option.markexpr, len(os.sched_getaffinity(0)))
