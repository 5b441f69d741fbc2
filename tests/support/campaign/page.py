# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a report taken apart."""

from __future__ import annotations

from html.parser import HTMLParser

KEPT_IN_ONE_LINE = ("span", {"class": "whole"})


class Page(HTMLParser):
    """A page taken apart. What stands in a noscript is read as a browser without scripts reads it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.blocks: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "rect", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.blocks:
            self.blocks[self.open[-1]].append(data)
        else:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")

    def shapes(self) -> list[tuple[str, list[str]]]:
        """The elements with the names of their attributes, in no order: options are sorted by their names.

        The elements that keep an id in one line are left out. The page makes them for each text that holds an id.
        """
        elements = (element for element in self.elements if element != KEPT_IN_ONE_LINE)
        return sorted((tag, sorted(attributes)) for tag, attributes in elements)

    def texts(self) -> str:
        """All text that is shown."""
        return "\n".join(self.text)
