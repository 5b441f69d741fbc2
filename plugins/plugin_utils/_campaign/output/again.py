# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to enter to resume a campaign, or to do what its preview showed. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from ..._language.text import Speaker
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

    def resume(self, speak: Speaker) -> str:
        """How to run the same thing again, to follow the words "To resume:"."""
        if _in_awx(self.environ):
            return speak("again.awx")
        return _command(self.argv) or speak("again.play")

    def approve(self, digest: str, speak: Speaker) -> str:
        """How to run exactly the plan of a preview, to follow the words "To run exactly this plan:"."""
        variable = f"{PREFIX}digest={digest}"
        if _in_awx(self.environ):
            return speak("approve.awx", variable=variable)
        rest = [word for word in self.argv if word not in _CHECK]
        command = _command(rest)
        if not command or len(rest) == len(self.argv):
            return speak("approve.play", variable=variable)
        return f"{command} -e {variable}"


def _in_awx(environ: Mapping[str, str]) -> bool:
    return "JOB_ID" in environ and ("AWX_HOST" in environ or "AWX_PRIVATE_DATA_DIR" in environ)


def _command(argv: Sequence[str]) -> str:
    """The command line as it was entered, without values that may be secret; empty if it does not start a playbook."""
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
