# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules `jdcloud_elastic_ip` and `jdcloud_disk` have in common: options, one run, the end of one that did nothing."""

from __future__ import annotations

from ..._api.connection import CONNECTION_SPEC
from ..._fleet.common.failure import UNVERIFIED
from ..._fleet.common.selection import parse_protect_tags
from ..._fleet.common.texts import parse_ids
from ..._fleet.deletions.resource_kind import D
from ..._fleet.deletions.run import DeletionRecord, DeletionRun
from ..._fleet.deletions.unattached import UnattachedKind, delete_unattached
from ..._fleet.deletions.unattached_rules import UnattachedPolicy
from ..common.arguments import GUARD_SPEC
from ..common.session import Result, Session, Spec
from ..machines.options import VM_SPEC
from .options import connect_for_deletion
from .report import DeletionReport

ADVICE = "remove the causes, or set on_blocked to skip to continue with the others"


def unattached_spec(ids: str, cap: str) -> Spec:
    """The options; `ids` and `cap` are the names of those that differ."""
    return {
        **CONNECTION_SPEC,
        "state": {"type": "str", "required": True, "choices": ["absent"]},
        ids: {"type": "list", "elements": "str", "required": True},
        cap: {"type": "int"},
        "protect_tags": GUARD_SPEC["protect_tags"],
        **{name: VM_SPEC[name] for name in ("on_blocked", "wait", "wait_timeout", "poll_interval")},
    }


def run_unattached(session: Session, kind: type[UnattachedKind[D]]) -> DeletionRun[D]:
    """Check the options, then delete. Raises `JdcloudError` before anything is changed."""
    params = session.module.params
    ids = parse_ids(params[f"{kind.key}_ids"], f"{kind.key}_ids", example=kind.example)
    policy = UnattachedPolicy(
        protect_tags=parse_protect_tags(params["protect_tags"]),
        recycle=params.get("recycle", False),
        shared=params.get("shared", False),
    )
    dispatcher, options = connect_for_deletion(session, kind.key)
    return delete_unattached(dispatcher, kind(policy, dispatcher.service_time), ids, options)


def early_result(session: Session, report: type[DeletionReport[D]], kind: type[UnattachedKind[D]]) -> Result:
    """The result of a run that ended before it looked at anything."""
    run = DeletionRun([], kind(UnattachedPolicy(), lambda: None), preview=False, waits=True)
    return report(run, session.region).result(session)


def fate_of(report: DeletionReport[D], record: DeletionRecord[D], gone_as: str | None) -> str | None:
    """What became of it: `gone_as` if this run saw it go, `kept` if it still exists, None if that is not known or older."""
    if record.in_doubt:
        return UNVERIFIED
    if report.went(record):
        seen = record.gone or (report.run.waits and record.state is None)
        return gone_as if seen else None
    if record.gone or record.going or (record.failure is not None and record.state is not None and record.state.unsure):
        return None
    return "kept"
