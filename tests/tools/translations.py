# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the Chinese documents in step with the English ones: python tests/tools/translations.py [--accept FILE …]

A page with `.zh-CN` in its name is the translation of the page without that: the same headings, and in each section the
same code, names in code and number of points. Below each heading stands the fingerprint of the English section::

    <!-- en: 2c26b46b68ff -->

When the English section changes, its translation is stale, and the check names it. Translate what changed, and write the new
fingerprints with --accept. The Chinese itself is held to the terms of Chinese documents (`TERMS`).
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
ENDING = ".zh-CN.md"
PLACES = (f"*{ENDING}", f"docs/*{ENDING}", f"roles/*/*{ENDING}", f"extensions/**/*{ENDING}")
COMMAND = ".venv/lint/bin/python tests/tools/translations.py --accept"

_HAN = "\u3400-\u9fff"
TERMS: Final = (
    (r"活动", "下线任务"),
    (r"(?<!备份)(?<!主机)清单", "备份清单 (manifest) or 主机清单 (inventory)"),
    (r"(?<!云)(?<!宿)(?<!Ansible )主机(?!清单|名|组)", "云主机, or Ansible 主机 for a host of Ansible"),
    (r"实例(?!规格|组)|虚拟机|机器(?!人)", "云主机"),
    (r"专用宿主机|专属宿主机|专有主机", "专有宿主机"),
    (r"磁盘|硬盘(?<!云硬盘)", "云硬盘, 系统盘, 数据盘 or 本地盘"),
    (r"弹性(?!公网IP|网卡|伸缩)|公网 IP", "弹性公网IP"),
    (r"阻碍|障碍|阻塞项|拦截项", "阻断项"),
    (r"证明|证实", "验证 (to prove), 确认 (to be sure)"),
    (r"临时命令|即席命令", "ad-hoc 命令"),
    (r"预付费", "包年包月"),
    (r"后付费|按量计费|按需计费", "按配置计费"),
    (r"区域", "地域"),
    (r"可用域", "可用区"),
    (r"负载均衡器", "负载均衡"),
    (r"您", "你, or no pronoun"),
    (r"文件夹", "目录"),
    (rf"[「」『』]|[\"'][^\"'\n]*[{_HAN}][^\"'\n]*[\"']", "the quotation marks \u201c \u201d"),
    (rf"[{_HAN}](?:[,;:?!]|\.(?!\S))", "the full-width mark after Chinese text"),
    (r"\*\*", "a blank at the outer side of the stars, which make nothing bold here"),
    (rf"[{_HAN}]\(|\)[{_HAN}]", "（ ） around a remark in Chinese text"),
)
"""What a Chinese text must not have, as a pattern, and what it has instead."""

_COMMENT = re.compile(r"(?:^|\s+)#.*$", re.MULTILINE)
_FINGERPRINT = re.compile(r"^<!-- en: ([0-9a-f]{12}) -->$", re.MULTILINE)
_PARSER = MarkdownIt("commonmark").enable("table")


class TranslationError(Exception):
    """A file that cannot be accepted; the text says why."""


@dataclass(frozen=True)
class Section:
    """A heading and what follows it, up to the next heading of any level."""

    heading: str
    text: str

    @property
    def level(self) -> int:
        """The level of the heading, 1 for a title."""
        return len(self.heading) - len(self.heading.lstrip("#"))

    @property
    def title(self) -> str:
        """The heading without its marks."""
        return self.heading.lstrip("# ").strip()

    @property
    def fingerprint(self) -> str:
        """What is another one when a word changes, and the same when lines are only broken in other places."""
        return hashlib.sha256(" ".join(self.text.split()).encode()).hexdigest()[:12]

    @property
    def accepted(self) -> str | None:
        """The fingerprint that a Chinese section carries."""
        found = _FINGERPRINT.search(self.text)
        return found[1] if found else None

    @cached_property
    def tokens(self) -> list[Token]:
        """The section as Markdown."""
        return _PARSER.parse(self.text)

    @cached_property
    def inner(self) -> list[Token]:
        """What stands in its paragraphs, headings, points and cells."""
        return [child for token in self.tokens for child in token.children or []]

    @property
    def code(self) -> list[str]:
        """Its code blocks without their comments, which are translated."""
        return [_COMMENT.sub("", token.content) for token in self.tokens if token.type in ("fence", "code_block")]

    @property
    def names(self) -> set[str]:
        """What stands in backticks."""
        return {token.content for token in self.inner if token.type == "code_inline"}

    @property
    def points(self) -> int:
        """How many points and rows its lists and tables have together."""
        return sum(token.type in ("list_item_open", "tr_open") for token in self.tokens)

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return [str(token.attrGet("href")) for token in self.inner if token.type == "link_open"]

    @property
    def prose(self) -> str:
        """Its words alone. Code is a blank there, and so is the end of a paragraph."""
        pieces = []
        for token in self.tokens:
            pieces += [child.content if child.type == "text" else _blank(child) for child in token.children or []]
            pieces.append("\n")
        return "".join(pieces)


def _blank(token: Token) -> str:
    """Marks such as the stars of bold words leave no trace in the prose."""
    return " " if token.type in ("code_inline", "softbreak", "hardbreak") else ""


def sections(text: str) -> list[Section]:
    """The sections of a document, in their order."""
    lines = text.splitlines()
    starts = [token.map[0] for token in _PARSER.parse(text) if token.type == "heading_open" and token.map]
    ends = [*starts[1:], len(lines)]
    return [Section(lines[start], "\n".join(lines[start:end])) for start, end in zip(starts, ends, strict=True)]


# --- the checks -----------------------------------------------------------------------------------------------------


def other_heading(original: Sequence[Section], translation: Sequence[Section]) -> str | None:
    """Where the headings of two documents part ways, if they do."""
    for number in range(max(len(original), len(translation))):
        there = original[number] if number < len(original) else None
        here = translation[number] if number < len(translation) else None
        if there is None or here is None or there.level != here.level:
            found = "the end" if here is None else f"'{here.heading}'"
            expected = "the end" if there is None else f"a heading of level {there.level} for '{there.heading}'"
            return f"found {found}: expected {expected}"
    return None


def section_flaws(original: Section, translation: Section) -> Iterator[str]:
    """What the translation of one section has otherwise than its original."""
    if translation.accepted != original.fingerprint:
        state = "was never accepted" if translation.accepted is None else "is stale"
        yield f"{state}: compare it with the English section '{original.title}', then accept it"
    if translation.code != original.code:
        yield "the code blocks differ: expected those of the English section, but for comments"
    if translation.points != original.points:
        yield f"it has {translation.points} points and rows: expected {original.points}"
    for name in sorted(original.names - translation.names):
        yield f"`{name}` is missing"
    for name in sorted(translation.names - original.names):
        yield f"`{name}` is not in the English section"


def wrong_words(text: str) -> list[str]:
    """What a Chinese text has that the terms replace, each with what to write."""
    return [f"'{found[0]}': write {right}" for wrong, right in TERMS for found in re.finditer(wrong, text)]


def foreign_links(section: Section, folder: Path, own: str) -> list[str]:
    """Links of a Chinese page to English pages that exist in Chinese, but for the one to its own original."""
    wrong = []
    for link in section.links:
        path = link.partition("#")[0]
        chinese = path.removesuffix(".md") + ENDING
        if path.endswith(".md") and not path.endswith(ENDING) and path != own and (folder / chinese).is_file():
            wrong.append(f"it leads to {link}: expected {chinese}")
    return wrong


def page_flaws(page: Path) -> list[str]:
    """What is wrong with a Chinese page; each sentence names its section."""
    original = page.with_name(page.name.removesuffix(ENDING) + ".md")
    if not original.is_file():
        return [f"there is no {original.name} of which it is the translation"]
    english, chinese = (sections(path.read_text(encoding="utf-8")) for path in (original, page))
    apart = other_heading(english, chinese)
    if apart is not None:
        return [apart]
    found = []
    for there, here in zip(english, chinese, strict=True):
        wrong = [*section_flaws(there, here), *foreign_links(here, page.parent, original.name), *wrong_words(here.prose)]
        found += [f"{here.title}: {flaw}" for flaw in wrong]
    if english and page.name not in english[0].links:
        found.append(f"{original.name} does not lead to it at its top")
    if chinese and original.name not in chinese[0].links:
        found.append(f"it does not lead to {original.name} at its top")
    return found


# --- the command ----------------------------------------------------------------------------------------------------


def pages() -> list[Path]:
    """All Chinese pages."""
    return sorted(path for place in PLACES for path in ROOT.glob(place))


def with_fingerprints(original: str, translation: str) -> str:
    """A Chinese page with the fingerprints of the English one below its headings. Raises TranslationError."""
    english, chinese = sections(original), sections(translation)
    apart = other_heading(english, chinese)
    if apart is not None:
        raise TranslationError(apart)
    written = []
    for there, here in zip(english, chinese, strict=True):
        body = _FINGERPRINT.sub("", here.text.removeprefix(here.heading)).strip("\n")
        written.append(f"{here.heading}\n<!-- en: {there.fingerprint} -->\n" + (f"\n{body}\n" if body else ""))
    return "\n".join(written)


def accept(page: Path) -> None:
    """Write the fingerprints of a page whose translation a person has compared. Raises TranslationError."""
    if not page.name.endswith(ENDING) or not page.is_file():
        raise TranslationError(f"expected a file that ends with {ENDING}")
    original = page.with_name(page.name.removesuffix(ENDING) + ".md").read_text(encoding="utf-8")
    page.write_text(with_fingerprints(original, page.read_text(encoding="utf-8")), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Check all pages, or accept those that are named."""
    wrong = []
    if arguments[:1] == ["--accept"]:
        for name in arguments[1:]:
            try:
                accept(Path(name).resolve())
            except TranslationError as error:
                wrong.append(f"{name}: {error}")
    elif arguments:
        wrong.append(f"expected no argument, or --accept FILE, and not {' '.join(arguments)}")
    else:
        wrong += [f"{os.path.relpath(page, ROOT)}: {flaw}" for page in pages() for flaw in page_flaws(page)]
        wrong += [f"To accept: {COMMAND} FILE"] if wrong else []
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
