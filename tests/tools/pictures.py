# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes the pictures of the documentation: `make pictures`, with Chromium and its driver installed.

It runs the demo, and shows the report of it, and a part of what the terminal showed.
"""

from __future__ import annotations

import base64
import html
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv" / "demo"
REPORT = FOLDER / "harbor" / "report.html"
IMAGES = ROOT / "docs" / "images"
WIDTH, HEIGHT = 1160, 1620
RUN_WIDTH = 1160
STEPS = ("1. The plan", "3. A crash in the middle", "4. The rest")
"""The steps of the demo that are shown: their names, as it prints them."""
COLOURS = {"$ ": "#a6e3a1", "[": "#f38ba8"}
"""Of lines that begin so: what a user types, and what happens to it."""
_AROUND = re.compile(r"(PLAY|TASK) |(ok|changed|included|skipping): |localhost +: ok=")
TITLE = "#f9e2af"
PAGE = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 22px 26px; background: #1e1e2e; color: #cdd6f4; }
pre { margin: 0; font: 13px/1.5 "DejaVu Sans Mono", monospace; white-space: pre-wrap; }
</style>"""
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en")


def main() -> int:
    """Take them."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        return _refuse("Install Chromium first (on Debian: apt-get install chromium chromium-driver).")
    options = Options()
    options.binary_location = binary
    for argument in ARGUMENTS:
        options.add_argument(argument)
    chrome = Chrome(options=options, service=Service(driver))
    run = FOLDER / "run.html"
    try:
        run.write_text(_page_of_run(_demo()), encoding="utf-8")
        for page, size in ((REPORT, (WIDTH, HEIGHT)), (run, (RUN_WIDTH, None))):
            picture = _picture(chrome, page, *size)
            path = IMAGES / f"{page.stem}.png"
            path.write_bytes(picture)
            print(f"{path}: {len(picture):,} bytes")
    finally:
        chrome.quit()
    return 0


def _demo() -> str:
    """Run the demo, and return what it says."""
    command = [sys.executable, str(ROOT / "demo" / "run.py")]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def _page_of_run(output: str) -> str:
    """A page that looks like a terminal, with the steps that are shown."""
    steps = re.split(r"^={10,}\n", output.replace(str(FOLDER), "/var/lib/decommission"), flags=re.MULTILINE)
    shown = [step.strip().splitlines() for step in steps if step.startswith(STEPS)]
    texts = ["\n".join([_in_colour(title, TITLE), *map(_line, _of_interest(lines))]) for title, *lines in shown]
    whole = "\n\n\n".join(texts)
    return f"{PAGE}<pre>{whole}</pre>"


def _of_interest(lines: list[str]) -> Iterator[str]:
    """The lines without those that Ansible puts around them, and one blank line where there would be several."""
    blank = True
    for line in lines:
        if _AROUND.match(line):
            continue
        if line.strip() or not blank:
            yield line
        blank = not line.strip()


def _line(text: str) -> str:
    """A line as HTML, in the colour of its kind."""
    colour = next((colour for start, colour in COLOURS.items() if text.startswith(start)), None)
    return _in_colour(text, colour) if colour else html.escape(text)


def _in_colour(text: str, colour: str) -> str:
    return f'<span style="color:{colour}">{html.escape(text)}</span>'


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


def _picture(chrome: Chrome, page: Path, width: int, height: int | None) -> bytes:
    """The upper part of a page, or all of it, in its light colours, as a PNG."""
    size = {"width": width, "height": height or 600, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    light = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", light)
    chrome.get(page.as_uri())
    if height is None:
        whole = int(chrome.execute_script("return document.documentElement.scrollHeight"))
        chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**size, "height": whole})
    return base64.b64decode(chrome.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])


if __name__ == "__main__":
    raise SystemExit(main())
