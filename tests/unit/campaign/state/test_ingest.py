# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What results of modules say, in the words of the role."""

from __future__ import annotations

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.ingest import error_of, with_time_outs


@pytest.mark.parametrize(
    ("option", "variable"),
    [("wait_timeout", "vm_decommission_backup_timeout"), ("stop_timeout", "vm_decommission_wait_timeout")],
)
def test_a_time_out_of_a_backup_names_the_variable_that_bounds_it(option: str, variable: str) -> None:
    error = error_of("timeout", f"i-a is still in 'stopping' after 600 s, longer than {option} allows.")
    assert with_time_outs(error) == {
        **error,
        "message": (f"i-a is still in 'stopping' after 600 s, longer than {variable} allows."),
    }
