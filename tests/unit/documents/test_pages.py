# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links lead somewhere, and the site has all guides."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("roles/*/README.md"), *ROOT.glob("extensions/**/*.md")]
)


def tokens(path: Path) -> list[Token]:
    """A Markdown file, read."""
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))


def links(path: Path) -> set[str]:
    """Where the links and pictures of a file lead."""
    inner = [child for token in tokens(path) for child in token.children or []]
    return {
        unquote(str(child.attrGet("href") or child.attrGet("src"))) for child in inner if child.type in ("link_open", "image")
    }


def slug(title: str) -> str:
    """The anchor of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    """The anchors of a file."""
    read = tokens(path)
    return {slug(text.content) for token, text in zip(read, read[1:], strict=False) if token.type == "heading_open"}


def test_links_between_files_lead_somewhere() -> None:
    lost = []
    for page in PAGES:
        for link in sorted(links(page)):
            path, mark, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if "://" in link or link.startswith("mailto:"):
                continue
            if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
                lost.append(f"{page.relative_to(ROOT)}: {link}")
    assert lost == []


def guides() -> list[str]:
    """The guides of the site."""
    read = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))
    return [name for section in read["sections"] for name in section["toctree"]]


def test_the_site_has_all_guides() -> None:
    assert sorted(guides()) == sorted(path.stem for path in (ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("name", guides())
def test_each_guide_has_a_stand_in_with_its_title(name: str) -> None:
    title = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    stand_in = (ROOT / "docs" / "docsite" / "rst" / f"{name}.rst").read_text(encoding="utf-8")
    assert f"\n{title}\n==" in stand_in
    assert f".. _ansible_collections.jdcloud.cloud.docsite.{name}:" in stand_in
