# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the shared pieces of documentation into the modules: Ansible has fragments for options, and nothing for results.

The pieces stand in docs_blocks.yaml, by name. In a module a piece stands between two comments, as far indented as they are::

    # BEGIN shared: api_use calls=12 seconds=8.5
    # END shared: api_use

Words in pointed brackets are replaced by the values behind the name, which are quoted as in a shell if they have blanks. A piece
may have another in it: `# shared: api_use calls=12 seconds=8.5`.
"""

from __future__ import annotations

import re
import shlex
import sys
import textwrap
from collections.abc import Collection, Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PIECES = Path(__file__).with_suffix(".yaml")
FOLDERS = ("plugins/modules", "plugins/doc_fragments")

BLOCK = re.compile(r"^( *)# BEGIN shared: (.+)\n((?:(?! *# (?:BEGIN|END) shared).*\n)*) *# END shared: (.+)\n", re.MULTILINE)
_MARKER = re.compile(r"^ *# (BEGIN|END) shared", re.MULTILINE)
_PART = re.compile(r"^( *)# shared: (.+)\n", re.MULTILINE)
_VALUE = re.compile(r"<(\w+)>")


class BlockError(Exception):
    """A marker that cannot be followed; the text says why."""


def read_pieces(path: Path = PIECES) -> dict[str, str]:
    """The shared pieces by name."""
    pieces: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return pieces


def files() -> list[Path]:
    """The files that may have blocks."""
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))]


def fill(marker: str, pieces: Mapping[str, str]) -> str:
    """The piece that a marker names, with its values. Raises BlockError."""
    name, *settings = shlex.split(marker)
    if name not in pieces:
        raise BlockError(f"'{name}' is no piece of {PIECES.name}; it has {', '.join(sorted(pieces))}")
    values = dict(each.split("=", 1) for each in settings if "=" in each)
    wanted = set(_VALUE.findall(pieces[name]))
    if len(values) < len(settings) or set(values) != wanted:
        raise BlockError(f"'{marker}': expected {', '.join(f'{each}=…' for each in sorted(wanted)) or 'no values'}")
    return _with_parts(_VALUE.sub(lambda found: values[found[1]], pieces[name]), pieces)


def _with_parts(piece: str, pieces: Mapping[str, str]) -> str:
    """A piece may have others in it."""
    return _PART.sub(lambda found: textwrap.indent(fill(found[2], pieces), found[1]), piece)


def with_blocks(text: str, pieces: Mapping[str, str]) -> str:
    """A file with its blocks written afresh. Raises BlockError."""

    def block(found: re.Match[str]) -> str:
        indent, marker, _body, end = found.groups()
        name = marker.split()[0]
        if end != name:
            raise BlockError(f"'BEGIN shared: {marker}' ends with 'END shared: {end}': expected 'END shared: {name}'")
        piece = textwrap.indent(fill(marker, pieces), indent)
        return f"{indent}# BEGIN shared: {marker}\n{piece}{indent}# END shared: {name}\n"

    written, blocks = BLOCK.subn(block, text)
    if len(_MARKER.findall(text)) != 2 * blocks:
        raise BlockError("a marker has no partner: expected '# BEGIN shared: NAME' and '# END shared: NAME' in turn")
    return written


def main(arguments: Collection[str]) -> int:
    """Write the blocks; with --check only say which files differ."""
    check = "--check" in arguments
    pieces = read_pieces()
    wrong = []
    for path in files():
        text = path.read_text(encoding="utf-8")
        try:
            written = with_blocks(text, pieces)
        except BlockError as error:
            wrong.append(f"{path.relative_to(ROOT)}: {error}")
            continue
        if written != text and check:
            wrong.append(f"{path.relative_to(ROOT)}: differs from {PIECES.name}: call nox -s docs-blocks")
        elif written != text:
            path.write_text(written, encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: written")
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
