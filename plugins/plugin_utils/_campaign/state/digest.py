# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is approved: machines, what is lost with each, and the options that decide it; its digest; and what differs. Pure.

A digest alone holds nothing that could be read back. Where the plan of the approved digest is at hand, everything that differs is
known; where it is not, the likely differences are tried out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from ....module_utils._api.errors import first_of
from ..input.decommission_variables import (
    BACKUPS,
    BALANCER_CHOICES,
    FATES_OF_ADDRESSES,
    FATES_OF_DISKS,
    GROUP_CHOICES,
    PARSERS,
    PREFIX,
    Options,
)

COVERED: Mapping[str, tuple[str, ...]] = {
    "absent": (
        *("backup", "backup_max_age", "allow_local_disk_loss", "disks", "elastic_ips", "protect_tags", "stop_running"),
        *("on_blocked", "due_only", "tag_key", "max_instances", "max_failures", "waves", "canary"),
        *("group_members", "load_balancers", "allow_last_target"),
    ),
    "mark": (
        *("protect_tags", "stop_running", "on_blocked", "tag_key", "grace_days", "max_instances"),
        *("group_members", "load_balancers", "allow_last_target"),
    ),
    "unmark": ("start_again", "on_blocked", "tag_key", "max_instances"),
}
"""By the kind of a campaign, the options that decide what is lost, and how much at once."""
NOT_COVERED = (
    # The list and its region stand for these.
    *("kind", "region", "instance_ids", "name", "names", "list_file", "listed", "tags", "filters", "exclude", "empty_is_success"),
    *("campaign", "reason", "digest", "report_dir", "report_tags", "bill", "prices", "look_up_dns", "language"),
    *("on_plan", "before_wave", "after_wave", "after_campaign"),
    *("drain_seconds", "campaign_timeout", "wait_timeout", "backup_timeout", "poll_interval"),
)
"""The other options. A test holds that each option is in one of the two."""
MAX_HASHED_IDS = 2_000_000
"""The most ids that are hashed to find the difference: about a second."""
MAX_CHANGED = 3
"""Differences of more machines are not looked for, unless all that may not go make it."""
SHOWN_VALUE = 80
"""The most characters of the value of an option in a sentence."""
_TRIED: Mapping[str, tuple[Any, ...]] = {
    "backup": BACKUPS,
    "disks": FATES_OF_DISKS,
    "elastic_ips": FATES_OF_ADDRESSES,
    "on_blocked": ("fail", "skip"),
    "group_members": GROUP_CHOICES,
    "load_balancers": BALANCER_CHOICES,
    **dict.fromkeys(("allow_local_disk_loss", "stop_running", "due_only", "start_again", "allow_last_target"), (False, True)),
    **dict.fromkeys(("max_failures", "grace_days"), tuple(range(32))),
}
"""Values of options that may have been approved; the default of each is tried, too."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What is approved: exactly these machines with exactly these losses, under these options.

    `options` are those of `covered_options`, `losses` the disks and elastic IPs that go with a machine.
    """

    kind: str
    region: str
    options: Mapping[str, Any]
    instance_ids: tuple[str, ...]
    losses: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What stands for it, whatever the order of the machines."""
        return self.with_machines(_lines(self.instance_ids, self.losses))

    def as_json(self) -> dict[str, Any]:
        """For the record and the report, which have kind and region of their own."""
        losses = {each: sorted(self.losses[each]) for each in self.instance_ids if self.losses.get(each)}
        return {"options": dict(self.options), "instance_ids": list(self.instance_ids), "losses": losses}

    def with_machines(self, lines: Mapping[str, str], changed: Mapping[str, Any] | None = None) -> str:
        """The digest of other machines, as `_lines` has them, under the same options but for those that are `changed`."""
        return _digest(self._head({**self.options, **(changed or {})}), (lines[each] for each in sorted(lines)))

    def _head(self, options: Mapping[str, Any]) -> str:
        known = {name: plain(value) for name, value in options.items() if value is not None}
        return json.dumps([self.kind, self.region, known], sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@dataclass(frozen=True, slots=True)
class Difference:
    """`added`: machines that go now and were not approved. `removed`: approved ones that may not go now.

    `options`: the names of those that have another value, with what they are now and what was approved. `more` and `less`: what
    goes with a machine now and was not approved, and the other way round.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    options: Mapping[str, tuple[Any, Any]] | None = None
    more: Mapping[str, Sequence[str]] = field(default_factory=dict)
    less: Mapping[str, Sequence[str]] = field(default_factory=dict)


def covered_options(options: Options) -> dict[str, Any]:
    """The options that a digest covers, as JSON holds them; those without a value are left out."""
    values = {name: plain(getattr(options, name)) for name in COVERED[options.kind]}
    return {name: value for name, value in values.items() if value is not None}


def plain(value: Any) -> Any:
    """A value as it is after any way through JSON, YAML and templates: 24.0 is 24 there."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def approval_of(report: Any, digest: str) -> Approval | None:
    """What a report says that its digest covers; None unless that is exactly what this digest stands for."""
    try:
        covers = report["digest_covers"]
        found = approval_from({**covers, "kind": report["kind"], "region": report["region"]})
        return found if found.digest == digest else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def approval_from(raw: Mapping[str, Any], ids: Iterable[str] | None = None) -> Approval:
    """The approval of `Approval.as_json` with kind and region, or the part of it that some of its machines are.

    Raises `AttributeError`, `KeyError`, `TypeError` or `ValueError` if it is none.
    """
    losses = {str(each): frozenset(str(one) for one in names) for each, names in raw["losses"].items()}
    taken = tuple(str(each) for each in (raw["instance_ids"] if ids is None else ids))
    return Approval(str(raw["kind"]), str(raw["region"]), dict(raw["options"]), taken, losses)


def losses_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """By machine that is deleted, or would be, the disks and elastic IPs that go with it."""
    return {str(row["instance_id"]): frozenset(_going(row)) for row in rows if row["action"] == "deleted"}


def likely_losses(row: Mapping[str, Any], options: Mapping[str, Any]) -> frozenset[str]:
    """What would go with a machine that may not go. Only a guess: what is planned for it is not known."""
    disks = row["disks"] if options.get("disks") == "delete" else [disk for disk in row["disks"] if disk.get("auto_delete")]
    disks = [{**disk, "fate": "deleted"} for disk in (row["disks"][:1] if options.get("disks") == "keep" else disks)]
    fate = "released" if options.get("elastic_ips") == "release" else "kept"
    return frozenset(_going({"disks": disks, "elastic_ips": [{**each, "fate": fate} for each in row["elastic_ips"]]}))


def difference(
    approved: str, now: Approval, others: Mapping[str, frozenset[str]], plan: Approval | None = None
) -> Difference | None:
    """What turned the approved plan into this one. None if that cannot be found out.

    `others` are known, and may not go: what would go with each; `plan` is the approved one, where it is at hand.
    """
    if plan is not None:
        return _compared(now, plan)
    lines = _lines(now.instance_ids, now.losses)
    for name, value in _other_options(now):
        if now.with_machines(lines, {name: value}) == approved:
            return Difference(options={name: (now.options.get(name), value)})
    hashed = 0
    for lines, found in _guesses(now, others):
        hashed += len(lines)
        if hashed > MAX_HASHED_IDS:
            break
        if now.with_machines(lines) == approved:
            return found
    return None


def changed_options(now: Mapping[str, Any], approved: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The options whose values differ: what each is now, and what was approved."""
    pairs = {name: (plain(now.get(name)), plain(approved.get(name))) for name in sorted({*now, *approved})}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def options_text(changed: Mapping[str, tuple[Any, Any]]) -> str:
    """Half a sentence that names each option."""
    return " and ".join(
        f"{PREFIX}{name} is {_shown(now)}, but was {_shown(before)} when it was approved"
        for name, (now, before) in changed.items()
    )


def difference_text(found: Difference | None, kind: str, machines: Mapping[str, Mapping[str, Any]]) -> str:
    """Half a sentence about it; `machines` are the rows of those that are known."""
    if found is None:
        names = ", ".join(f"{PREFIX}{name}" for name in COVERED[kind])
        return f"other instances are selected or other options are set, but a digest does not show which (it covers {names})"
    parts = []
    if found.options:
        parts.append(options_text(found.options))
    if found.removed:
        named = first_of([_with_reason(each, machines) for each in found.removed], 20)
        parts.append(f"{named} can no longer be deleted")
    if found.added:
        parts.append(f"{first_of(found.added, 20)} was added since")
    for word, losses in (("more", found.more), ("less", found.less)):
        if losses:
            named = first_of([f"{each} ({first_of(ids, 5)})" for each, ids in losses.items()], 20)
            parts.append(f"{word} would be lost with {named}")
    return " and ".join(parts)


def _compared(now: Approval, plan: Approval) -> Difference:
    ids, before = set(now.instance_ids), set(plan.instance_ids)
    options = changed_options(now.options, plan.options)
    if now.kind != plan.kind:
        options = {"state": (now.kind, plan.kind)}
    if now.region != plan.region:
        options = {**options, "region": (now.region, plan.region)}
    # With other options other things go, which says nothing more.
    both = [] if options else sorted(ids & before)
    more, less = _more(both, now.losses, plan.losses), _more(both, plan.losses, now.losses)
    return Difference(tuple(sorted(ids - before)), tuple(sorted(before - ids)), options, more, less)


def _more(ids: Iterable[str], first: Mapping[str, frozenset[str]], second: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    more = {each: sorted(first.get(each, frozenset()) - second.get(each, frozenset())) for each in ids}
    return {each: names for each, names in more.items() if names}


def _other_options(now: Approval) -> Iterator[tuple[str, Any]]:
    for name in COVERED[now.kind]:
        tried = [plain(value) for value in (*_TRIED.get(name, ()), PARSERS[name](None, name))]
        yield from ((name, value) for value in tried if value != now.options.get(name))


def _guesses(now: Approval, others: Mapping[str, frozenset[str]]) -> Iterator[tuple[dict[str, str], Difference]]:
    """Machines that may have been approved, as lines, and what then is the difference."""
    lines = _lines(now.instance_ids, now.losses)
    out = _lines((each for each in others if each not in lines), others)
    for changed in _changes(sorted(lines), sorted(out)):
        added, removed = ([each for each in changed if each in some] for some in (lines, out))
        kept = {each: line for each, line in lines.items() if each not in added}
        yield {**kept, **{each: out[each] for each in removed}}, Difference(tuple(added), tuple(removed))
    for each in sorted(lines):
        # What came by itself, and then all of it.
        whole = now.losses.get(each, frozenset())
        for came in [*([one] for one in sorted(whole)), sorted(whole)]:
            yield {**lines, **_lines([each], {each: whole - set(came)})}, Difference(more={each: came})


def _changes(now: Sequence[str], others: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield tuple(others)
    for size in range(1, MAX_CHANGED + 1):
        # What is blocked by now comes first: it is mostly that.
        yield from combinations([*others, *now], size)


def _lines(ids: Iterable[str], losses: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """What is hashed of each machine."""
    return {each: json.dumps([each, *sorted(losses.get(each, ()))]) for each in sorted(ids)}


def _going(row: Mapping[str, Any]) -> Iterator[str]:
    for disk in row["disks"]:
        if disk["fate"] in ("deleted", "lost"):
            yield disk["disk_id"] or f"local disk {disk['device']}"
    yield from (address["elastic_ip_id"] for address in row["elastic_ips"] if address["fate"] == "released")


def _digest(head: str, lines: Iterable[str]) -> str:
    text = "\n".join([head, *lines])
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _shown(value: Any) -> str:
    if value is None:
        return "not given"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_VALUE else f"{text[:SHOWN_VALUE]}…"


def _with_reason(instance_id: str, machines: Mapping[str, Mapping[str, Any]]) -> str:
    row = machines.get(instance_id) or {}
    codes = list(dict.fromkeys(str(blocker["code"]) for blocker in row.get("blockers", ())))
    error = row.get("error") or {}
    reasons = [str(error["code"])] if error.get("code") else codes or (["gone"] if row.get("status") == "absent" else [])
    return f"{instance_id} ({', '.join(reasons)})" if reasons else instance_id
