# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deliberate faults, as the YAML files of this folder list them: slips that would harm a user, and the tests that notice them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
LISTS = Path(__file__).resolve().parent
KEYS = ("name", "file", "from", "to", "tests")
"""What each entry of a list has; it may have a `rule`, too."""


class FaultError(Exception):
    """A list, or a name of a fault, that cannot be used; the text says why."""


@dataclass(frozen=True)
class Fault:
    """A fault. `subject` is the name of its list, `name` says in plain words what goes wrong, and `rule` which rule it breaks.

    `before` stands once in `file`, a path from the root of the checkout, and becomes `after`. `tests` are paths of tests, or
    single tests (file::test) of a file that takes long.
    """

    subject: str
    name: str
    rule: int | None
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    def is_meant(self, word: str) -> bool:
        """Whether a word of the command line means it: its list, a part of its name, or a part of the path of its file."""
        return word == self.subject or word in self.name or word in self.file

    def planted_in(self, text: str) -> str:
        """The text of its file with the fault in it. Raises `FaultError` if it does not fit."""
        found = text.count(self.before)
        if found != 1:
            raise FaultError(f"The fault '{self.name}' does not fit: its text stands {found} times in {self.file}.")
        return text.replace(self.before, self.after)


def read_faults(folder: Path = LISTS) -> list[Fault]:
    """All faults of all lists. Raises `FaultError` for one that is not whole."""
    faults = []
    for path in sorted(folder.glob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            missing, unknown = (
                [each for each in KEYS if each not in entry],
                [each for each in entry if each not in (*KEYS, "rule")],
            )
            if missing or unknown:
                raise FaultError(f"{path.name}: '{entry.get('name')}' lacks {missing} and has {unknown}, which nobody reads.")
            name, file, before, after, tests = (entry[key] for key in KEYS)
            faults.append(Fault(path.stem, name, entry.get("rule"), file, before, after, tuple(tests)))
    return faults


def choose(faults: Sequence[Fault], words: Sequence[str]) -> list[Fault]:
    """The faults that one of the words means; all without any. Raises `FaultError` for a word that means none."""
    for word in words:
        if not any(fault.is_meant(word) for fault in faults):
            raise FaultError(f"No fault is meant by '{word}': give the name of a list, or a part of a fault's name or file.")
    return [fault for fault in faults if not words or any(map(fault.is_meant, words))]
