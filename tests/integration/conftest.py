# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all integration tests share: see `support.integration.shared`."""

from __future__ import annotations

from support.integration.shared import cloud, nothing_is_left, pytest_runtest_call, shared_emulator

__all__ = ["cloud", "nothing_is_left", "pytest_runtest_call", "shared_emulator"]
