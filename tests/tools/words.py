# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports words that docs/style.md replaces: `words.py [PATH…]`, without paths in the whole repository.

The words are in words.yaml, each with the better ones. Only text that a user reads is checked: guides, docs of options and
results, messages, role specs, surveys, patterns, the report page and changelog fragments. Code, keys and samples are ignored.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
WORDS = Path(__file__).with_suffix(".yaml")
KEYS = frozenset(
    {
        *("alternative", "description", "fail_msg", "msg", "name", "notes", "prompt", "question_description", "question_name"),
        *("short_description", "success_msg", "title", "why"),
    }
)
"""Keys of YAML and JSON whose values are text for users."""
DOCUMENTATION = frozenset({"DOCUMENTATION", "RETURN"})

_CODE = re.compile(r"`[^`\n]+`|\b(?:C|V|O|E|M|P|RV|U)\((?:[^()]|\([^()]*\))*\)|\bL\([^,()]*,|\{\{.*?\}\}|https?://\S+", re.DOTALL)
_SAID = re.compile(r"\S\s+\S|^[A-Z][a-z]+[.:]?$")
_EXAMPLE = re.compile(r"^ *(?:- name: |# )(.+)$", re.MULTILINE)
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_HTML = re.compile(r"<!--.*?-->|<(style|script)\b.*?</\1>|<[^<>]*>", re.DOTALL)
_IN_LINE = {"code_inline": "_", "softbreak": "\n", "hardbreak": "\n"}
_QUOTED = re.compile(r"\"([^\"\n]*)\"")


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text for users, and the line on which it begins."""

    kind: str
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words to avoid, the better ones, and the kinds of text and the paths in which they are avoided; empty: all."""

    avoid: re.Pattern[str]
    better: str
    kinds: frozenset[str]
    allowed: frozenset[str]

    def applies(self, kind: str, path: str) -> bool:
        """Whether the words are avoided in a kind of text of a file."""
        return (not self.kinds or kind in self.kinds) and not any(path.startswith(each) for each in self.allowed)


# --- what users read ------------------------------------------------------------------------------------------------


def of_markdown(source: str) -> Iterator[Text]:
    """The text of a guide: no code, no addresses."""
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type == "inline" and token.map is not None:
            yield Text("guide", token.map[0] + 1, "".join(_IN_LINE.get(each.type, each.content) for each in token.children or []))


def of_yaml(source: str, kind: str = "yaml", start: int = 0) -> Iterator[Text]:
    """The values of keys whose values are text; `start` is the line on which the source begins, minus one."""
    for document in yaml.compose_all(source, Loader=yaml.SafeLoader):
        yield from _of_node(document, source, kind, start, said=kind == "fragment")


def _of_node(node: yaml.Node | None, source: str, kind: str, start: int, *, said: bool) -> Iterator[Text]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value not in ("sample", "default", "choices"):
                # The names of options are keys of a mapping, though one of them may be called like a key of text.
                inside = key.value in KEYS and not isinstance(value, yaml.MappingNode)
                yield from _of_node(value, source, kind, start, said=said or inside)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _of_node(each, source, kind, start, said=said)
    elif isinstance(node, yaml.ScalarNode) and said:
        raw = source[node.start_mark.index : node.end_mark.index].rstrip()
        yield Text(kind, start + node.start_mark.line + 1, raw)


def of_fragment(source: str) -> Iterator[Text]:
    """The text of a changelog fragment."""
    return of_yaml(source, "fragment")


def of_python(source: str) -> Iterator[Text]:
    """Documentation, and all literals that read like a message. Docstrings and other keys are for developers."""
    tree = ast.parse(source)
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if node in skipped:
            skipped.update(ast.iter_child_nodes(node))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)
        elif isinstance(node, ast.Assign) and _is_documentation(node):
            skipped.update(ast.iter_child_nodes(node))
            yield from _of_documentation(node)
        elif isinstance(node, ast.JoinedStr):
            skipped.update(each for each in node.values if isinstance(each, ast.Constant))
            yield from _of_message(
                "".join(str(each.value) if isinstance(each, ast.Constant) else "…" for each in node.values), node
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _of_message(node.value, node)


def _is_documentation(node: ast.Assign) -> bool:
    names = {target.id for target in node.targets if isinstance(target, ast.Name)}
    return bool(names & {*DOCUMENTATION, "EXAMPLES"}) and isinstance(node.value, ast.Constant)


def _of_documentation(node: ast.Assign) -> Iterator[Text]:
    [name] = [target.id for target in node.targets if isinstance(target, ast.Name)]
    assert isinstance(node.value, ast.Constant)
    source = str(node.value.value)
    start = node.value.lineno - 1
    if name in DOCUMENTATION:
        yield from of_yaml(source, "docs", start)
    else:
        for found in _EXAMPLE.finditer(source):
            yield Text("docs", start + source.count("\n", 0, found.start(1)) + 1, found[1])


def _of_message(words: str, node: ast.expr) -> Iterator[Text]:
    if _SAID.search(words):
        yield Text("message", node.lineno, words)


def of_page(source: str) -> Iterator[Text]:
    """The text of a template, and the literals in its tags that read like text."""

    def said(found: re.Match[str]) -> str:
        literals = [] if found[0].startswith("{#") else [each for each in _QUOTED.findall(found[0]) if _SAID.search(each)]
        return " . ".join(literals) + "\n" * found[0].count("\n")

    without = _HTML.sub(lambda found: "\n" * found[0].count("\n") or " ", _JINJA.sub(said, source))
    for number, line in enumerate(without.splitlines(), start=1):
        yield Text("page", number, line)


def of_script(source: str) -> Iterator[Text]:
    """The literals of a script that read like text."""
    for number, line in enumerate(source.splitlines(), start=1):
        for literal in _QUOTED.findall(line):
            if _SAID.search(literal):
                yield Text("page", number, literal)


READERS: tuple[tuple[str, Callable[[str], Iterator[Text]]], ...] = (
    ("*.md", of_markdown),
    ("docs/**/*.md", of_markdown),
    ("extensions/**/*.md", of_markdown),
    ("roles/*/README.md", of_markdown),
    ("tests/emulator/README.md", of_markdown),
    ("changelogs/fragments/*.yml", of_fragment),
    ("plugins/**/*.py", of_python),
    ("plugins/**/*.html.j2", of_page),
    ("plugins/**/*.js", of_script),
    ("roles/*/meta/*.yml", of_yaml),
    ("roles/*/tasks/*.yml", of_yaml),
    ("playbooks/**/*.yml", of_yaml),
    ("extensions/**/*.yml", of_yaml),
    ("extensions/**/*.json", of_yaml),
    ("galaxy.yml", of_yaml),
)
"""Where text for users is, and what reads it."""
TRANSLATED = ".zh-CN.md"


# --- the check ------------------------------------------------------------------------------------------------------


def read_patterns(source: str) -> list[Pattern]:
    """The words to avoid. A blank in them matches any white space, so also the end of a line."""
    return [
        Pattern(
            avoid=re.compile(each["avoid"].replace(" ", r"\s+"), 0 if each.get("case") else re.IGNORECASE),
            better=each["better"],
            kinds=frozenset(each.get("kinds", ())),
            allowed=frozenset(each.get("allowed", {})),
        )
        for each in yaml.safe_load(source)
    ]


def flaws(path: str, texts: Iterator[Text], patterns: Collection[Pattern]) -> list[str]:
    """What is to be replaced in a file, as lines: place, the words found, the better ones."""
    found = []
    for text in texts:
        words = _CODE.sub(lambda code: re.sub(r"\S", "_", code[0]), text.words)
        for pattern in patterns:
            if pattern.applies(text.kind, path):
                for match in pattern.avoid.finditer(words):
                    line = text.line + words.count("\n", 0, match.start())
                    found.append((line, f"'{' '.join(match[0].split())}': {pattern.better}"))
    return [f"{path}:{line}: {flaw}" for line, flaw in sorted(found)]


def files(root: Path, chosen: Collection[Path]) -> Iterator[tuple[Path, Callable[[str], Iterator[Text]]]]:
    """The files with text for users, those in or below the chosen paths if there are any."""
    for pattern, reader in READERS:
        for path in sorted(root.glob(pattern)):
            inside = not chosen or any(path.is_relative_to(each) for each in chosen)
            if inside and not path.name.endswith(TRANSLATED):
                yield path, reader


def main(arguments: Collection[str], root: Path = ROOT) -> int:
    """Print what is to be replaced. Return 1 if there is anything, 2 if a path does not exist."""
    chosen = [Path(each).resolve() for each in arguments]
    if missing := [str(each) for each in chosen if not each.exists()]:
        print(f"no such file or directory: {', '.join(missing)}", file=sys.stderr)
        return 2
    patterns = read_patterns(WORDS.read_text(encoding="utf-8"))
    found = []
    for path, reader in files(root, chosen):
        source = path.read_text(encoding="utf-8")
        found += flaws(path.relative_to(root).as_posix(), reader(source), patterns)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
