# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to enter to go on with a campaign, or to do what its preview showed. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from ..input.decommission_variables import PREFIX

_SECRET = re.compile(r"pass|pwd|secret|token|key(?!s?_?file)|cred|auth|(?<![a-z])[as]k(?![a-z])", re.IGNORECASE)
"""What a variable on the command line may be called whose value no log is to hold."""
_HARMLESS = ("tag_key",)
_CHECK = ("--check", "-C")
_EXTRA = re.compile(r"-[A-Za-z]*e|--e[a-z-]*")
"""After such a word comes a variable. Options may be cut short, and short ones joined (-vve)."""
_JOINED = re.compile(r"(-[A-Za-z]*?e|--e[a-z-]*=)(.+)", re.DOTALL)
"""A word that holds a variable itself."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who runs the campaign: the words of a command line, and the environment."""

    argv: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def go_on(self) -> str:
        """How to run the same thing again, to follow the words "To go on:"."""
        if _in_awx(self.environ):
            return "launch the same job template again"
        return _command(self.argv) or "run the same play again"

    def approve(self, digest: str) -> str:
        """How to do exactly what a preview showed, to follow the words "To do exactly this:"."""
        variable = f"{PREFIX}digest={digest}"
        if _in_awx(self.environ):
            return f"launch the job template as a run, with {variable}"
        rest = [word for word in self.argv if word not in _CHECK]
        command = _command(rest)
        if not command or len(rest) == len(self.argv):
            return f"run the same play without check mode, with -e {variable}"
        return f"{command} -e {variable}"


def _in_awx(environ: Mapping[str, str]) -> bool:
    return "JOB_ID" in environ and ("AWX_HOST" in environ or "AWX_PRIVATE_DATA_DIR" in environ)


def _command(argv: Sequence[str]) -> str:
    """The command line as it was entered, without values that may be secret; empty if it is no playbook's."""
    if not argv or PurePath(argv[0]).name != "ansible-playbook":
        return ""
    words, extra = ["ansible-playbook"], False
    for word in argv[1:]:
        words.append(_shown(word, extra=extra))
        extra = _EXTRA.fullmatch(word) is not None
    return " ".join(words)


def _shown(word: str, *, extra: bool) -> str:
    joined = None if extra else _JOINED.fullmatch(word)
    option, value = joined.groups() if joined else ("", word)
    names = value
    for name in _HARMLESS:
        names = names.replace(f"{PREFIX}{name}", "")
    # What else begins with a hyphen is an option: a path, such as that of a key, and no secret.
    holds_variable = extra or joined or ("=" in word and not word.startswith("-"))
    if holds_variable and not value.startswith("@") and _SECRET.search(names):
        return f"{option}'(hidden)'"
    return option + shlex.quote(value)
