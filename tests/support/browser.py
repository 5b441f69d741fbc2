# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a reader does with the page of a report: opens it from disk, finds, sorts, prints, turns the phone."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.page import render
from support.json_object import Json

DESKTOP, PHONE = 1280, 360


class Browser:
    """One browser with one page in it."""

    def __init__(self, chrome: Chrome, folder: Path) -> None:
        self.chrome = chrome
        self.folder = folder

    def reset(self) -> None:
        """As a new one."""
        self.chrome.get("about:blank")
        self.width(DESKTOP)
        self.scripts(True)
        self.languages("en")
        self.forget()
        self.chrome.get_log("browser")
        self.chrome.get_log("performance")

    def width(self, pixels: int) -> None:
        """How wide the window is; a narrow one is a phone."""
        size = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": pixels < 500}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def scripts(self, allowed: bool) -> None:
        """Whether pages that are opened from now on may run scripts."""
        self.chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not allowed})

    def languages(self, *names: str) -> None:
        """Which languages a reader prefers, the first one most."""
        agent = self.run("navigator.userAgent")
        self.chrome.execute_cdp_cmd("Network.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": ",".join(names)})

    def forget(self) -> None:
        """As if no language was ever chosen."""
        path = self.folder / "empty.html"
        path.write_text("<!DOCTYPE html><title>Empty</title>", encoding="utf-8")
        self.chrome.get(path.as_uri())
        self.run("localStorage.clear()")
        self.chrome.get("about:blank")

    def turn(self, language: str) -> None:
        """Choose a language."""
        self.one(f'[data-language="{language}"]').click()

    def open(self, report: Json) -> None:
        """Write the page and open it, as from a folder of reports."""
        path = self.folder / "report.html"
        path.write_text(render(report), encoding="utf-8")
        self.chrome.get(path.as_uri())

    def complaints(self) -> list[str]:
        """What the browser says about the page: errors of scripts, refusals of its policy."""
        return [entry["message"] for entry in self.chrome.get_log("browser")]

    def requests(self) -> list[str]:
        """Every address that was asked for, other than those within the page."""
        events = [json.loads(entry["message"])["message"] for entry in self.chrome.get_log("performance")]
        sent = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [url for url in sent if not url.startswith(("data:", "about:"))]

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        return self.chrome.execute_script(f"return {script}")

    def one(self, selector: str) -> WebElement:
        """The element."""
        return self.chrome.find_element(By.CSS_SELECTOR, selector)

    def rows(self, table: str = "machines") -> list[str]:
        """The text of every row that a list shows."""
        rows: list[str] = self.run(f"Array.from(document.querySelectorAll('#{table} > tbody > tr'), (row) => row.innerText)")
        return rows

    def cells(self, table: str, column: int) -> list[str]:
        """The text of one column of a list."""
        rows = f"document.querySelectorAll('#{table} > tbody > tr')"
        cells: list[str] = self.run(f"Array.from({rows}, (row) => row.cells[{column}].innerText)")
        return cells

    def count_text(self, table: str = "machines") -> str:
        """What stands above a list about its number of rows."""
        return self.one(f'.controls[data-list="{table}"] output').text

    def find(self, words: str, table: str = "machines") -> None:
        """Type words into the field above a list, and wait until the list has followed."""
        before = self.count_text(table)
        field = self.one(f"#{table}-find")
        field.clear()
        field.send_keys(words)
        WebDriverWait(self.chrome, 10).until(lambda chrome: self.count_text(table) != before)

    def choose(self, value: str, table: str = "machines") -> None:
        """Choose an outcome."""
        Select(self.one(f"#{table}-choice")).select_by_value(value)

    def press(self, words: str, within: str = "body") -> None:
        """Press the button that says so."""
        buttons = self.chrome.find_elements(By.CSS_SELECTOR, f"{within} button")
        next(button for button in buttons if button.text == words and button.is_displayed()).click()

    def keys(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self.chrome).send_keys(*keys).perform()

    def saved(self, table: str, folder: Path) -> bytes:
        """What the button above a list saves."""
        own = Path(mkdtemp(dir=folder))
        self.chrome.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(own)})
        self.press("CSV", within=f'.controls[data-list="{table}"]')
        # Until the file is whole it has another name.
        [file] = WebDriverWait(self.chrome, 60, 0.05).until(lambda chrome: [*own.glob("*.csv")])
        return file.read_bytes()

    def pdf(self, folder: Path) -> Path:
        """The page as it is printed on A4."""
        path = folder / "report.pdf"
        size = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": False}
        path.write_bytes(base64.b64decode(self.chrome.execute_cdp_cmd("Page.printToPDF", size)["data"]))
        return path
