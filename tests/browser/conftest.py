# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Chromium without a window. Where there is none the tests are skipped, unless JDCLOUD_BROWSER=required."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from support.browser import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
# In a container Chromium has neither a sandbox nor much shared memory. --no-proxy-server: a page from disk needs none.
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server", "--lang=en")


@pytest.fixture(scope="session")
def _chrome() -> Iterator[Chrome]:
    binary = next((found for name in NAMES if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        text = "Chromium and its driver are not installed (on Debian: apt-get install chromium chromium-driver)"
        if os.environ.get("JDCLOUD_BROWSER") == "required":
            pytest.fail(text)
        pytest.skip(text)
    options = Options()
    options.binary_location = binary
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = Chrome(options=options, service=Service(driver))
    yield chrome
    chrome.quit()


@pytest.fixture
def browser(_chrome: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """The browser as wide as a desk's, with scripts, light, and nothing in its logs."""
    browser = Browser(_chrome, tmp_path_factory.mktemp("pages"))
    browser.reset()
    return browser
