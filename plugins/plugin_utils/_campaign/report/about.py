# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who did what, to which machines and why: the facts of the page about a campaign and its runs, as plain values. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....module_utils._api.errors import first_of
from .messages import OUTCOMES
from .text import count, duration, moment, some

SHOWN_IDS = 5
SELECTORS = {"name": "name", "tags": "tags", "filters": "filters", "list_file": "list", "exclude": "without"}
"""Options that select machines, and how the page calls them."""


def facts_of(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The facts of the head of the page without its times: name and value. What is not known is left out."""
    account = report["account"]
    runs = len(report["runs"])
    key = f"key ends in {account['access_key_suffix']}" if account["access_key_suffix"] else ""
    last = report["runs"][-1] if report["runs"] else {}
    took = duration(report["seconds"]) + (f" in {count(runs, 'run')}" if runs > 1 else "")
    facts = [
        ("Selected", selection_of(report["options"])),
        ("Region", report["region"]),
        ("Account", ", ".join(filter(None, [account.get("pin") or account.get("account_id"), key]))),
        ("By", by_whom(last)),
        ("Reason", next((run["reason"] for run in reversed(report["runs"]) if run.get("reason")), "")),
        ("Took", took),
        ("Digest to approve", report["digest"] if report["outcome"] == "planned" else ""),
    ]
    return [(name, value) for name, value in facts if value]


def lead_of(report: Mapping[str, Any]) -> str:
    """The outcome in words. The digest, which a preview names at its end, has a place of its own among the facts."""
    return str(report["message"].removesuffix(f" Digest: {report['digest']}."))


def selection_of(options: Mapping[str, Any]) -> str:
    """What was selected, in words."""
    ids = options.get("instance_ids") or []
    parts = [f"{count(len(ids), 'id')} ({first_of(ids, SHOWN_IDS)})"] if ids else []
    parts += [f"tag {options['tag_key']} that is due"] if options.get("due_only") else []
    parts += [f"{word} {_words(options[name])}" for name, word in SELECTORS.items() if options.get(name)]
    return "; ".join(parts)


def by_whom(run: Mapping[str, Any]) -> str:
    """Who started a run, and where."""
    user, host = run.get("user"), run.get("host")
    job = f"AWX job {run['job']}" if run.get("job") else ""
    who = " on ".join(filter(None, [user, host]))
    return ", ".join(filter(None, [who, job]))


def runs_of(report: Mapping[str, Any]) -> list[str]:
    """Each run in words."""
    return [_run(run) for run in report["runs"]]


def options_of(options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The options by name, with their values as text."""
    return [(name, _value(value)) for name, value in sorted(options.items())]


def api_use_of(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The use of the API, the keys, and the digest."""
    api, account = report["api"], report["account"]
    calls = f"{count(api['calls'], 'call')}, {api['retries']:,} repeated, {api['throttled']:,} throttled"
    ending = f"ending in {account['access_key_suffix']}" if account["access_key_suffix"] else ""
    source = f"from {account['source']}" if account["source"] else ""
    facts = [
        ("API use", f"{calls}; {duration(api['seconds'])} in modules"),
        ("Keys", ", ".join(filter(None, [source, ending]))),
        ("Account id", account.get("account_id") or ""),
        ("Digest of the plan", report["digest"] or ""),
    ]
    return [(name, value) for name, value in facts if value]


def _run(run: Mapping[str, Any]) -> str:
    outcome = run["outcome"]
    word = "not ended" if not outcome else OUTCOMES[outcome][0].lower() if outcome in OUTCOMES else outcome
    ended = f" to {moment(run['ended'])}" if run["ended"] else ""
    who = f", by {by_whom(run)}" if by_whom(run) else ""
    why = f"; reason: {run['reason']}" if run.get("reason") else ""
    return f"{moment(run['began'])}{ended}: {word}{who}{why}"


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={' or '.join(map(str, _listed(each)))}" for key, each in value.items())
    return ", ".join(_words(each) if isinstance(each, Mapping) else str(each) for each in _listed(value))


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else [value]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return some([f"{key}={each}" for key, each in value.items()])
    return some(_listed(value))
