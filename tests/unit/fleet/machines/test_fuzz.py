# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random campaigns with random faults and interference. A failure names its seed: `replay(SEED)` does it again, step by step."""

from __future__ import annotations

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import JdcloudError
from support.fleet.audit import Audit
from support.fleet.scenarios import scenario
from support.search import some_always

pytestmark = pytest.mark.no_cover
"""Measuring would double the time of so many runs, and their lines are covered elsewhere, too."""

BATCHES = 20
PER_BATCH = 40


def replay(seed: int) -> None:
    """One campaign and all its checks."""
    each = scenario(seed)
    try:
        campaign = each.cloud.run(each.policy, each.timing, cap=1000, skip_blocked=each.skip_blocked, rate=each.rate)
    except JdcloudError:
        assert not each.cloud.log.writes, "the run ended with an error after it had begun to change things"
        return
    Audit(each.cloud, each.policy, campaign, each.before, waited=each.timing.wait).check()


@pytest.mark.parametrize("batch", some_always(range(BATCHES), 10, first=3))
def test_whatever_happens_nothing_is_destroyed_that_should_not_be_and_the_result_is_true(batch: int) -> None:
    for seed in range(batch * PER_BATCH, (batch + 1) * PER_BATCH):
        try:
            replay(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
