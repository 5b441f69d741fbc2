# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes the pictures of the documentation: `make pictures`, with Chromium and its driver installed.

It runs the demo in colours, and shows the report of it, and a part of what the terminal showed.
"""

from __future__ import annotations

import base64
import html
import os
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
STEPS = ("1. Preview", "3. Waves")
"""The steps of the demo that are shown: their names, as it prints them."""
COLOURS = {"31": "#f38ba8", "32": "#a6e3a1", "33": "#f9e2af", "34": "#89b4fa", "35": "#f5c2e7", "36": "#94e2d5"}
PAGE = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 22px 26px; background: #1e1e2e; color: #cdd6f4; }
pre { margin: 0; font: 13px/1.5 "DejaVu Sans Mono", monospace; white-space: pre-wrap; }
</style>"""
_COLOUR = re.compile(r"\x1b\[([0-9;]*)m")
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
    """Run the demo, and return what it says, with its colours."""
    command = [sys.executable, str(ROOT / "demo" / "run.py")]
    colours = {**os.environ, "ANSIBLE_FORCE_COLOR": "1"}
    return subprocess.run(command, env=colours, stdout=subprocess.PIPE, text=True, check=True).stdout


def _page_of_run(output: str) -> str:
    """A page that looks like a terminal, with the steps that are shown."""
    steps = re.split(r"^={10,}\n", output, flags=re.MULTILINE)
    shown = [step.strip() for step in steps if step.startswith(STEPS)]
    lines = "\n\n\n".join("\n".join(_of_interest(step)) for step in shown)
    return f"{PAGE}<pre>{_coloured(lines)}</pre>"


def _of_interest(step: str) -> Iterator[str]:
    """The lines of a step without those that only include other tasks, or show where in a file an error arose."""
    held: list[str] = []
    hidden = False
    for line in step.replace(str(ROOT / ".venv" / "demo"), "/var/lib/decommission").splitlines():
        plain = _COLOUR.sub("", line)
        if plain.startswith("Origin: "):
            hidden = True
        if plain.startswith(("fatal: ", "TASK [", "PLAY ")):
            hidden = False
        if plain.startswith("TASK ["):
            held = [line.rstrip(" *")]
        elif plain.startswith("included: "):
            continue
        elif plain.startswith("PLAY "):
            held = []
            yield line.rstrip(" *")
        elif not hidden:
            yield from held
            yield line
            held = []


def _coloured(text: str) -> str:
    """A terminal's text as HTML."""
    parts = _COLOUR.split(text)
    found = [html.escape(parts[0])]
    for codes, piece in zip(parts[1::2], parts[2::2], strict=True):
        colour = COLOURS.get(codes.rpartition(";")[2])
        escaped = html.escape(piece)
        found.append(f'<span style="color:{colour}">{escaped}</span>' if colour else escaped)
    return "".join(found)


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
