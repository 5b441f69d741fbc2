# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a template writes texts into the page: in the language of the page, with the other language next to it. Pure.

An element whose text has another form in the other language carries that form in its attribute data-t, and in data-t-NAME the
other form of its attribute NAME. The script of the page swaps the two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from ..._language.text import Text, say
from .text import pieces, plain, some

Filter = Callable[..., Any]


def writer(language: str) -> Callable[[Any], Any]:
    """What writes a value into the page: markup that a template made, and any other text with every letter seen."""

    def write(value: Any) -> Any:
        return value if isinstance(value, Markup) else plain(_in(value, language))

    return write


def filters(language: str) -> dict[str, Filter]:
    """The filters of the templates for texts in both languages."""

    def swap(text: Any, attribute: str = "") -> Markup:
        """The attribute with the other form of a text; nothing where both are the same."""
        if not isinstance(text, Text) or text.en == text.zh:
            return Markup("")
        name = f"data-t-{attribute}" if attribute else "data-t"
        return Markup(' {}="{}"').format(Markup(name), plain(text.en if language == "zh" else text.zh))

    def said(text: Text) -> Markup:
        """A text within other text."""
        shown = escape(plain(text.said(language)))
        return Markup("<span{}>{}</span>").format(swap(text), shown) if text.en != text.zh else shown

    return {
        "swap": swap,
        "said": said,
        "pieces": lambda text: pieces(_in(text, language)),
        "continued": lambda text: say("list.continued", caption=text),
        "some": some,
    }


def _in(value: Any, language: str) -> Any:
    return value.said(language) if isinstance(value, Text) else value
