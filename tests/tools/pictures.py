# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes the pictures of the documentation: `make pictures`, after `make demo`, with Chromium and its driver installed."""

from __future__ import annotations

import base64
import shutil
import sys
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

ROOT = Path(__file__).parents[2]
REPORT = ROOT / ".venv" / "demo" / "harbor" / "report.html"
IMAGES = ROOT / "docs" / "images"
WIDTH, HEIGHT = 1160, 1620
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en")


def main() -> int:
    """Take them."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        return _refuse("Install Chromium first (on Debian: apt-get install chromium chromium-driver).")
    if not REPORT.exists():
        return _refuse("There is no report to show: run make demo first.")
    options = Options()
    options.binary_location = binary
    for argument in ARGUMENTS:
        options.add_argument(argument)
    chrome = Chrome(options=options, service=Service(driver))
    try:
        picture = _picture(chrome, REPORT)
    finally:
        chrome.quit()
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / "report.png").write_bytes(picture)
    print(f"{IMAGES / 'report.png'}: {len(picture):,} bytes")
    return 0


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


def _picture(chrome: Chrome, page: Path) -> bytes:
    """The upper part of a page, in its light colours, as a PNG."""
    size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    light = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", light)
    chrome.get(page.as_uri())
    return base64.b64decode(chrome.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])


if __name__ == "__main__":
    raise SystemExit(main())
