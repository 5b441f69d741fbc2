# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All examples of the documentation: code blocks of Markdown files, and EXAMPLES of plugins. What stands twice is one."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[3]
LANGUAGES = {"": "shell", "bash": "shell", "sh": "shell", "console": "shell", "yml": "yaml", "py": "python"}
"""Names of languages that mean another one. A block that is only indented holds commands."""
_FILE = re.compile(r"`([\w.-]+\.ya?ml)`")


@dataclass(frozen=True, slots=True)
class Example:
    """A code block. `where` is file and line, for people; `name` is the file that the sentence before wants it to be saved as."""

    where: str
    language: str
    text: str
    name: str | None = None


def all_examples() -> list[Example]:
    """Every example once, in the order of the files."""
    found: dict[tuple[str, str], Example] = {}
    for path in markdown_files():
        for example in in_markdown(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))):
            found.setdefault((example.language, example.text), example)
    for path in sorted((ROOT / "plugins").glob("*/jdcloud_*.py")):
        for example in in_plugin(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))):
            found.setdefault((example.language, example.text), example)
    return list(found.values())


def markdown_files() -> list[Path]:
    """All that a reader may see: of the root, the guides, the roles, the patterns, and the emulator.

    Translations are left out: tests/tools/translations.py holds that they have the same code.
    """
    patterns = ("*.md", "docs/*.md", "roles/*/README.md", "extensions/**/*.md", "tests/emulator/README.md")
    found = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    return [path for path in found if not path.name.endswith(".zh-CN.md")]


def in_markdown(text: str, where: str) -> Iterator[Example]:
    """The code blocks of a Markdown text."""
    before = ""
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "inline":
            before = token.content
        elif token.type in ("fence", "code_block"):
            words = token.info.split()
            language = words[0] if words else ""
            name = _FILE.search(before)
            place = f"{where}:{token.map[0] + 1 if token.map else 0}"
            yield Example(place, LANGUAGES.get(language, language), token.content, name[1] if name else None)


def in_plugin(text: str, where: str) -> Iterator[Example]:
    """The EXAMPLES of a plugin, one for each YAML document."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["EXAMPLES"]:
            for document in re.split(r"^---$", ast.literal_eval(node.value), flags=re.MULTILINE):
                if any(line and not line.startswith("#") for line in map(str.strip, document.splitlines())):
                    yield Example(f"{where}:{node.lineno}", "yaml", textwrap.dedent(document))
