# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys that tests in process use, and an environment that holds nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

SECRET = "Very/Secret+Key=0001"
ACCESS_KEY = "TESTACCESSKEY0000000000000000AK01"
OTHERS = (
    *("SECURITY_TOKEN", "PROFILE", "ENDPOINT_URL", "CA_BUNDLE", "EXPECTED_ACCOUNT"),
    *("API_TIMEOUT", "API_RETRIES", "API_RATE_LIMIT"),
)
"""Variables of the collection, without their prefix, that would change what a test sees."""


def use_test_keys(monkeypatch: pytest.MonkeyPatch, home: Path, region: str) -> None:
    """Take keys and region from the environment, and let the home be empty."""
    monkeypatch.setenv("HOME", str(home))
    for name in OTHERS:
        monkeypatch.delenv(f"JDCLOUD_{name}", raising=False)
    monkeypatch.setenv("JDCLOUD_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("JDCLOUD_SECRET_KEY", SECRET)
    monkeypatch.setenv("JDCLOUD_REGION", region)
