# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_tag`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from .._api.connection import CONNECTION_SPEC
from .._api.errors import InputError
from .._api.model.instance import Instance
from .._fleet.common.selection import parse_protect_tags
from .._fleet.common.texts import parse_ids
from .._fleet.tags.plan import TaggedKind, TagOptions, WantedTags, after_change, parse_wanted
from .._fleet.tags.record import TagRecord, TagRun
from .._fleet.tags.run import TagTargets, change_tags
from .common.arguments import GUARD_SPEC, SELECTION_SPEC, cap_of, selection_of
from .common.rows import error_of, failure_keys, finding_rows, list_some, repeated_tags_of
from .common.session import Result, Session, Spec

SERVICE_CODES: Mapping[TaggedKind, str] = {"instance": "vm", "disk": "disk", "elastic_ip": "ip"}
TAG_SPEC: Spec = {
    **CONNECTION_SPEC,
    **SELECTION_SPEC,
    **GUARD_SPEC,
    "disk_ids": {"type": "list", "elements": "str"},
    "elastic_ip_ids": {"type": "list", "elements": "str"},
    "set": {"type": "dict"},
    # Not a str: Ansible would make the key "True" of true.
    "remove": {"type": "list", "elements": "raw"},
    "on_blocked": {"type": "str", "default": "fail", "choices": ["fail", "skip"]},
    "service_codes": {"type": "dict", "default": dict(SERVICE_CODES)},
}
LISTS: Mapping[TaggedKind, str] = {"instance": "instances", "disk": "disks", "elastic_ip": "elastic_ips"}


def work(session: Session) -> Result:
    """Check the options, change the tags, and return the result; it has a `msg` if the task fails."""
    params = session.module.params
    targets = _targets(params)
    wanted = parse_wanted(params["set"], params["remove"])
    options = TagOptions(
        protect_tags=parse_protect_tags(params["protect_tags"]),
        service_codes=_service_codes(params["service_codes"]),
        skip_blocked=params["on_blocked"] == "skip",
        preview=bool(session.module.check_mode),
    )
    run = change_tags(session.connect(), targets, wanted, options)
    for warning in _warnings(run, targets, session):
        session.module.warn(warning)
    report = TagReport(run, wanted, session.region, preview=options.preview)
    return _result(session, report)


def _warnings(run: TagRun, targets: TagTargets, session: Session) -> Iterator[str]:
    missing = [record for record in run.records if record.before is None]
    if missing and len(missing) == len(run.records):
        yield session.none_exists(len(missing))
    if targets.selection is not None and not any(record.kind == "instance" for record in run.records):
        yield f"no instance in {session.region} matches the selection"


def early_end(session: Session) -> Result:
    """The result of a run that ended before it looked at anything."""
    return _result(session, TagReport(TagRun(), WantedTags(), "", preview=False))


def _result(session: Session, report: TagReport) -> Result:
    return {
        "changed": any(row["changed"] for rows in report.rows.values() for row in rows),
        "account": session.account,
        **report.rows,
        "summary": {**report.summary(), **session.api_use()},
        "diff": report.diff(),
        **failure_keys(report.message()),
    }


class TagReport:
    """Reads the records of one run. What a preview would do is shown as if it had been done."""

    def __init__(self, run: TagRun, wanted: WantedTags, region: str, *, preview: bool) -> None:
        self._run = run
        self._wanted = wanted
        self._region = region
        self._preview = preview
        self.rows: dict[str, list[Result]] = {name: [] for name in LISTS.values()}
        for record in run.records:
            self.rows[LISTS[record.kind]].append(self._row(record))

    def summary(self) -> Result:
        """How many of what, machines, disks and elastic IPs together."""
        rows = [row for rows in self.rows.values() for row in rows]
        actions = [row["action"] for row in rows]
        return {
            "selected": len(rows),
            "changed": sum(row["changed"] for row in rows),
            "tagged": actions.count("tagged"),
            "unchanged": actions.count("none"),
            "not_found": sum(record.before is None for record in self._run.records),
            "blocked": actions.count("blocked"),
            "failed": actions.count("failed"),
        }

    def diff(self) -> Result:
        """Tags before and after of what changes, by id."""
        changed = [(record, self._tags(record)) for record in self._run.records if self._changed(record)]
        return {
            "before": {"tags": {record.resource_id: _tags_of(record.before) for record, _after in changed}},
            "after": {"tags": {record.resource_id: after for record, after in changed}},
        }

    def message(self) -> str | None:
        """One sentence if the task failed, else None."""
        problems = [record for record in self._run.records if self._action(record) in ("blocked", "failed")]
        count = f"{len(self._run.records)} instances, disks and elastic IPs"
        if self._run.held_back:
            text = list_some([(record.resource_id, _reasons(record)) for record in problems])
            advice = "remove the causes, or set on_blocked to skip to continue with the others"
            return f"{len(problems)} of {count} cannot be tagged, so nothing was changed: {text}; {advice}."
        failed = [record for record in problems if record.failure is not None]
        if not failed:
            return None
        return f"{len(failed)} of {count} failed: {list_some([(record.resource_id, _reasons(record)) for record in failed])}."

    def _row(self, record: TagRecord) -> Result:
        before = record.before
        row: Result = {
            f"{record.kind}_id": record.resource_id,
            "region": self._region,
            "action": self._action(record),
            "changed": self._changed(record),
            "tags_before": _tags_of(before),
            "tags": self._tags(record),
            "repeated_tags": repeated_tags_of(before),
            "blockers": finding_rows(record.blockers),
            "warnings": [],
            "error": error_of(record.failure),
        }
        if record.kind != "instance":
            return row
        machine = before if isinstance(before, Instance) else None
        return {
            **row,
            "name": machine.name if machine is not None else None,
            "az": machine.az if machine is not None else None,
            "instance_type": machine.instance_type if machine is not None else None,
            "private_ip_address": machine.private_ip_address if machine is not None else None,
            "status": machine.status if machine is not None else "absent",
        }

    def _action(self, record: TagRecord) -> str:
        if record.failure is not None:
            return "failed"
        if record.blockers:
            return "blocked"
        return "tagged" if record.to_change and not self._run.held_back else "none"

    def _changed(self, record: TagRecord) -> bool:
        if self._preview:
            return self._action(record) == "tagged"
        if record.failure is not None and record.failure.code == "unverified" and record.touched:
            return True
        return record.seen is not None and _repeated_tags(record.before) != _repeated_tags(record.seen)

    def _tags(self, record: TagRecord) -> dict[str, str]:
        if self._preview and self._action(record) == "tagged":
            return after_change(record.before, self._wanted) if record.before is not None else {}
        return _tags_of(record.seen)


def _targets(params: Mapping[str, Any]) -> TagTargets:
    selection = selection_of(params)
    selects = selection.ids is not None or selection.loose
    disk_ids, elastic_ip_ids = params["disk_ids"], params["elastic_ip_ids"]
    if not selects and disk_ids is None and elastic_ip_ids is None:
        raise InputError(
            "Nothing is selected: set at least one of instance_ids, name, tags, filters, disk_ids and elastic_ip_ids."
        )
    return TagTargets(
        selection if selects else None,
        () if disk_ids is None else parse_ids(disk_ids, "disk_ids", example="vol-2k0w8q7n1d"),
        () if elastic_ip_ids is None else parse_ids(elastic_ip_ids, "elastic_ip_ids", example="fip-8wz1t5c0rn"),
        cap_of(params),
    )


def _service_codes(given: Mapping[str, Any]) -> dict[TaggedKind, str]:
    unknown = sorted(set(given) - set(SERVICE_CODES))
    if unknown or not all(isinstance(code, str) and code.strip() for code in given.values()):
        raise InputError("service_codes may contain only texts for instance, disk and elastic_ip: correct it.")
    return {**SERVICE_CODES, **{cast(TaggedKind, kind): str(code) for kind, code in given.items()}}


def _tags_of(tagged: Any) -> dict[str, str]:
    return dict(tagged.tags or {}) if tagged is not None else {}


def _repeated_tags(tagged: Any) -> tuple[dict[str, str], Any]:
    return _tags_of(tagged), dict(tagged.repeated_tags) if tagged is not None else {}


def _reasons(record: TagRecord) -> list[str]:
    if record.failure is not None:
        return [record.failure.message.rstrip(".")]
    return list(dict.fromkeys(blocker.code for blocker in record.blockers))
