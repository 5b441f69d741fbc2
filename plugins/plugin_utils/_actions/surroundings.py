# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a command line and a play would silently make of a campaign. Pure; each `…_problem` gives one sentence, or None.

Nothing here is ever templated: the values come from outside, and are looked at as they arrived.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import yaml

OURS = ("vm_decommission_", "vm_backup_", "cleanup_", "restore_", "decommission_", "expire_backups_", "report_", "find_idle_")
"""How the variables of the roles and playbooks begin."""
SELECTING = (
    *("instance_ids", "name", "tags", "filters", "regions", "region", "image_id", "group_ids", "manifest"),
    *("exclude", "canary", "list_file", "waves", "campaigns", "record_dirs"),
)
"""How those end that choose or spare something: given twice, one of the two choices would be dropped."""
TEMPLATE_MARKS = ("{{", "{%", "{#")
FALSE = frozenset({"", "0", "false", "f", "no", "n", "off", "none", "null"})
SHOWN = 80
"""The most characters of a given text that a message shows."""

QUOTE = """quote the whole value (-e "name='one two'"), or use JSON (-e '{"name": "one two"}')"""


def extra_variables_problem(given: Sequence[str], read: Callable[[str], Mapping[str, Any]]) -> str | None:
    """Words of the extra variables that Ansible drops, or takes for another variable than was meant.

    `given` are the arguments of -e, `read` is Ansible's own reader of them. It splits key=value at each blank, and puts what
    has no equals sign aside, where no one looks.
    """
    seen: set[str] = set()
    for text in given:
        # A file may hold what is usual, and the command line what is different this time.
        if not text or text.startswith("@"):
            continue
        pairs = read(text)
        problem = _repeated_choice(text, pairs, seen) or (
            _repeated_key(text) if text.startswith("{") else _left_over_words(pairs)
        )
        if problem is not None:
            return problem
    return None


def repeated_option_problem(words: Sequence[str]) -> str | None:
    """An option that an ad-hoc call (ansible -a) gives twice; Ansible takes the last one."""
    names = [name for name, sign, _value in (word.partition("=") for word in words) if sign]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not twice:
        return None
    return (
        f"{twice[0]} is given twice, and Ansible would drop one of the two values, so nothing was done: set it once, with "
        "commas between its members."
    )


def template_problem(variables: Mapping[str, Any], evaluated: Callable[[str], bool]) -> str | None:
    """Extra variables that hold a template. `evaluated` says of a text whether Ansible would evaluate it."""
    for name, value in variables.items():
        if _has_mark(str(name)) or any(evaluated(text) and _has_mark(text) for text in _texts(value)):
            return (
                f"The extra variable {_quoted(str(name))} contains a template, and extra variables may come from an event or a "
                "survey, so it was not evaluated and nothing was done: set the value itself, or set the variable in an "
                "inventory or in your own playbook."
            )
    return None


def connection_problem(transport: str) -> str | None:
    """A connection to another computer, with other keys; an extra variable or a fact beats what a play or a role says of it."""
    if transport == "local":
        return None
    return (
        f"This task would use a connection of the type {_quoted(transport)}, to a host that may have the keys of another "
        "account, so nothing was done: remove the variable ansible_connection."
    )


def asks_for_become(variables: Mapping[str, Any]) -> bool:
    """Whether the extra variables make every task run as another user; no keyword of a play stands against that."""
    return str(variables.get("ansible_become", "")).strip().lower() not in FALSE


def tags_problem(run_tags: Sequence[str], skip_tags: Sequence[str]) -> str | None:
    """Tags of the command line, where a playbook has none: most of its tasks would be skipped."""
    if _runs_untagged(run_tags) and not skip_tags:
        return None
    return "This playbook has no tags, and --tags and --skip-tags would skip parts of it, so nothing was done: remove both."


def is_tagged_always_only(task_tags: Sequence[str], run_tags: Sequence[str]) -> bool:
    """Whether a task runs merely because it is tagged always, in a run that is about other things."""
    own = set(task_tags) - {"always"}
    return not _runs_untagged(run_tags) and not own & set(run_tags) and not (own and "tagged" in run_tags)


def hosts_problem(hosts: Sequence[str], batch: Sequence[str], *, run_once: bool, strategy: str) -> str | None:
    """A play over several hosts would do everything once for each of them."""
    # A free strategy does not know run_once, and with serial it means once for each batch.
    if len(hosts) <= 1 or (run_once and len(batch) == len(hosts) and not strategy.endswith("free")):
        return None
    return (
        f"This play has {len(hosts)} hosts and would do the same for each of them, so nothing was done: use a play with hosts: "
        "localhost, which processes all instances at once."
    )


def _runs_untagged(run_tags: Sequence[str]) -> bool:
    return not run_tags or bool({"all", "untagged"} & set(run_tags))


def _left_over_words(pairs: Mapping[str, Any]) -> str | None:
    """What key=value would lose: words without an equals sign, and names that kept a quote of their value and so are no one's."""
    quoted = [f"{name}={value}" for name, value in pairs.items() if name[:1] in "\"'"]
    words = " ".join([str(pairs.get("_raw_params") or ""), *quoted]).strip()
    if words:
        return (
            f"The extra variables contain the left-over words {_quoted(words)}, which Ansible would drop, so nothing was done: "
            f"{QUOTE}."
        )
    strays = _strays(pairs)
    if strays:
        return (
            f"The extra variables contain {_quoted(strays[0])} directly after a variable of this collection, and it looks like "
            f"a part of its value, so nothing was done: {QUOTE}; put your own variables into a separate -e."
        )
    return None


def _strays(pairs: Mapping[str, Any]) -> list[str]:
    """Assignments behind one of our variables that are none of ours and none of Ansible's."""
    names = [name for name in pairs if name != "_raw_params"]
    first = next((place for place, name in enumerate(names) if name.startswith(OURS)), len(names))
    return [f"{name}={pairs[name]}" for name in names[first:] if not name.startswith((*OURS, "ansible_"))]


def _repeated_choice(text: str, pairs: Mapping[str, Any], seen: set[str]) -> str | None:
    """A choice that is given twice; Ansible takes the last one."""
    for name in pairs:
        if not (name.startswith(OURS) and name.endswith(SELECTING)):
            continue
        if name in seen or (not text.startswith("{") and text.count(f"{name}=") > 1):
            return (
                f"{name} is given twice in the extra variables, and Ansible would drop one of the two values, so nothing was "
                "done: set it once, with commas between its members."
            )
        seen.add(name)
    return None


def _repeated_key(text: str) -> str | None:
    """A name that stands twice in one dictionary of JSON or YAML; Ansible takes the last one, of JSON without a word."""
    found: list[str] = []

    def note(items: Sequence[tuple[Any, Any]]) -> None:
        names = [str(name) for name, _value in items]
        found.extend(name for place, name in enumerate(names) if name in names[:place])

    try:
        json.loads(text, object_pairs_hook=note)
    except ValueError:
        _walk(yaml.compose(text, Loader=yaml.SafeLoader), note)
    if not found:
        return None
    return (
        f"{_quoted(found[0])} is given twice in one dictionary of the extra variables, and Ansible would drop one of the two "
        "values, so nothing was done: set it once, with a list of its values."
    )


def _walk(node: yaml.Node | None, note: Callable[[Sequence[tuple[Any, Any]]], None]) -> None:
    if isinstance(node, yaml.MappingNode):
        note([(key.value, value) for key, value in node.value])
    for member in node.value if isinstance(node, yaml.CollectionNode) else ():
        for each in member if isinstance(member, tuple) else (member,):
            _walk(each, note)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _texts(key)
            yield from _texts(member)
    elif isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        for member in value:
            yield from _texts(member)


def _has_mark(text: str) -> bool:
    return any(mark in text for mark in TEMPLATE_MARKS)


def _quoted(text: str) -> str:
    """A given text for a message: short, on one line, and without anything that could be taken for a template."""
    plain = " ".join(text.split()).replace("{", "(").replace("}", ")")
    return "'" + (plain if len(plain) <= SHOWN else plain[:SHOWN] + "…") + "'"
