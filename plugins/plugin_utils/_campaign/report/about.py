# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who did what, to which instances and why: the facts of the page about a campaign and its runs, as plain values. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..._language.text import Text, duration, join, listed, same, say, word_of
from .messages import ORDER, action_words
from .text import moment, sentence, some

SHOWN_IDS = 5
SELECTORS = ("name", "tags", "filters", "list_file", "exclude")
"""Options that select instances, in the order in which the page shows them."""
NOT_WELL = ("failed", "stopped", "blocked", "unfinished")
UNREAD = "The bill could not be read:"
Fact = tuple[Text, Text]


def facts_of(report: Mapping[str, Any]) -> list[Fact]:
    """The facts of the head of the page without its times: name and value. What is not known is left out."""
    account = report["account"]
    runs = len(report["runs"])
    key = say("fact.key", suffix=account["access_key_suffix"]) if account["access_key_suffix"] else same("")
    last = report["runs"][-1] if report["runs"] else {}
    took = duration(report["seconds"])
    facts = {
        "selected": selection_of(report["options"]),
        "region": same(report["region"]),
        "account": join([account.get("pin") or account.get("account_id") or "", key]),
        "by": by_whom(last),
        "reason": same(next((run["reason"] for run in reversed(report["runs"]) if run.get("reason")), "")),
        "took": say("fact.took_in", time=took, runs=say("n.runs", n=runs)) if runs > 1 else took,
        "digest": same(report["digest"] if report["outcome"] == "planned" else ""),
    }
    return [(say(f"fact.{name}"), value) for name, value in facts.items() if value.en]


def lead_of(report: Mapping[str, Any]) -> Text:
    """The outcome in words. The message of a report is English, so the Chinese page gives the numbers of its instances.

    The digest, which a preview names at its end, has a place of its own among the facts.
    """
    message = sentence(report["message"].removesuffix(f" Digest: {report['digest']}."))
    actions = Counter(row["action"] for row in report["machines"])
    words = [(action_words(each, preview=report["check_mode"]), actions[each]) for each in reversed(ORDER) if actions[each]]
    counts = join(say("lead.count", word=word, number=number) for word, number in words)
    every = say("lead.counts", all=say("n.instances", n=len(report["machines"])), counts=counts)
    return Text(message, every.zh if words else say("lead.nothing").zh)


def original_of(report: Mapping[str, Any]) -> Text:
    """What the Chinese page quotes below its lead: the message of a run that did not end well."""
    return Text("", lead_of(report).en if report["outcome"] in NOT_WELL else "")


def money_of(money: Mapping[str, Any] | None) -> Text:
    """Where prices come from, and how many are not known. Why a bill could not be read stays in English."""
    if not money:
        return same("")
    message = str(money["message"])
    text = same(message)
    if money["available"]:
        _prices, unread, why = message.partition(UNREAD)
        source = say("money.bill", month=money["month"]) if money["source"] == "bill" else say("money.prices")
        text = Text(message, f"{source.zh}{unread}{why}{' ' * bool(unread)}")
    return join([text, say("page.unpriced", n=money["unknown"]) if money["unknown"] else ""], "list.sentence")


def selection_of(options: Mapping[str, Any]) -> Text:
    """What was selected, in words."""
    ids = options.get("instance_ids") or []
    parts = [say("selected.ids", ids=say("n.ids", n=len(ids)), names=listed(ids, SHOWN_IDS))] if ids else []
    parts += [say("selected.due", tag=options["tag_key"])] if options.get("due_only") else []
    parts += [say(f"selected.{name}", value=_words(options[name])) for name in SELECTORS if options.get(name)]
    return join(parts, "list.semicolon")


def by_whom(run: Mapping[str, Any]) -> Text:
    """Who started a run, and where."""
    who = join([run.get("user") or "", run.get("host") or ""], "list.on")
    return join([who, say("fact.job", job=run["job"]) if run.get("job") else ""])


def runs_of(report: Mapping[str, Any]) -> list[Text]:
    """Each run in words."""
    return [_run(run) for run in report["runs"]]


def options_of(options: Mapping[str, Any]) -> list[tuple[str, Text]]:
    """The options by name, with their values as text."""
    return [(name, _value(value)) for name, value in sorted(options.items())]


def api_use_of(report: Mapping[str, Any]) -> list[Fact]:
    """The use of the API, the keys, and the digest."""
    api, account = report["api"], report["account"]
    calls = say("n.calls", n=api["calls"])
    use = say("api.calls", calls=calls, retries=api["retries"], throttled=api["throttled"], time=duration(api["seconds"]))
    ending = say("api.ending", suffix=account["access_key_suffix"]) if account["access_key_suffix"] else ""
    source = say("api.source", source=account["source"]) if account["source"] else ""
    facts = {
        "use": use,
        "keys": join([source, ending]),
        "account": same(account.get("account_id") or ""),
        "digest": same(report["digest"] or ""),
    }
    return [(say(f"api.{name}"), value) for name, value in facts.items() if value.en]


def _run(run: Mapping[str, Any]) -> Text:
    outcome = run["outcome"]
    word = word_of("outcome", outcome) if outcome else say("run.open")
    began = moment(run["began"])
    time = say("run.span", began=began, ended=moment(run["ended"])) if run["ended"] else same(began)
    who = by_whom(run)
    text = say("run.text", time=time, outcome=Text(word.en.lower(), word.zh))
    text = join([text, say("run.by", who=who) if who.en else ""])
    return join([text, say("run.reason", reason=run["reason"]) if run.get("reason") else ""], "list.semicolon")


def _words(value: Any) -> Text:
    if isinstance(value, Mapping):
        return join((_pair(key, each) for key, each in value.items()), "list.item")
    return join((_words(each) if isinstance(each, Mapping) else str(each) for each in _listed(value)), "list.item")


def _pair(key: Any, value: Any) -> Text:
    either = join(map(str, _listed(value)), "list.or")
    return Text(f"{key}={either.en}", f"{key}={either.zh}")


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else [value]


def _value(value: Any) -> Text:
    if isinstance(value, bool):
        return say("yes" if value else "no")
    if isinstance(value, Mapping):
        return some([f"{key}={each}" for key, each in value.items()])
    return some(_listed(value))
