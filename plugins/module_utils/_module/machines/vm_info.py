# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_vm_info`."""

from __future__ import annotations

from ..._api.connection import CONNECTION_SPEC
from ..._api.errors import InputError
from ..._api.model.instance import InstanceInFull
from ..._fleet.machines.find import read_in_full
from ..._fleet.machines.gate_reads import gather_facts
from ..._fleet.planning.plan import decide
from ..._fleet.planning.policy import Facts, Policy
from ..._fleet.surroundings.dns import DnsLookup, dns_warnings
from ..._fleet.surroundings.dns_reads import look_up_dns
from ..common.arguments import DNS_SPEC, SELECTION_SPEC, selection_of
from ..common.rows import finding_rows, repeated_tags_of
from ..common.session import Result, Session, Spec
from .options import VERDICT_SPEC, policy_of_verdict
from .report import backups_of, dns_rows, targets_of

VM_INFO_SPEC: Spec = {
    **CONNECTION_SPEC,
    **SELECTION_SPEC,
    **VERDICT_SPEC,
    "marked_only": {"type": "bool", "default": False},
    **DNS_SPEC,
}


def work(session: Session) -> Result:
    """Read the machines and say of each whether `jdcloud_vm` would delete it."""
    params = session.module.params
    selection = selection_of(params)
    policy = policy_of_verdict(params, selection)
    if params["marked_only"] and policy.due_tag is None:
        raise InputError("marked_only requires due_tag: set both, or remove marked_only.")
    dispatcher = session.connect()
    machines, missing = read_in_full(dispatcher, selection)
    session.warn_of_missing(missing, found=len(machines))
    if params["marked_only"]:
        # The service finds tags by key and value only, so the choice is made here.
        machines = [machine for machine in machines if _due_date(machine, policy) is not None]
    listed = [machine.instance for machine in machines]
    dns = look_up_dns(dispatcher, listed) if params["look_up_dns"] else DnsLookup()
    if dns.warning:
        session.module.warn(dns.warning)
    facts = gather_facts(dispatcher, policy, listed)
    instances = [_with_dns(machine, dns, _decision_row(machine, policy, facts, session.region)) for machine in machines]
    return {
        "changed": False,
        "account": session.account,
        "instances": instances,
        "dns_unread": list(dns.unread),
        "summary": _summary(session, instances, len(missing)),
    }


def early_end(session: Session) -> Result:
    """The result of a run that ended before it read any machine."""
    return {"changed": False, "account": session.account, "instances": [], "dns_unread": [], "summary": _summary(session, [], 0)}


def _decision_row(machine: InstanceInFull, policy: Policy, facts: Facts, region: str) -> Result:
    decision = decide(machine.instance, policy, facts)
    shown = machine.shown(region)
    shown.update(
        repeated_tags=repeated_tags_of(machine.instance),
        deletable=decision.action == "deleted",
        blockers=finding_rows(decision.blockers),
        warnings=finding_rows(decision.warnings),
        backups=backups_of(decision),
        load_balancer_targets=targets_of(decision.registrations, {}),
        due_date=_due_date(machine, policy),
    )
    return shown


def _with_dns(machine: InstanceInFull, dns: DnsLookup, row: Result) -> Result:
    """A row with the DNS records that hold an address of its machine."""
    records = dns.records_of(machine.instance)
    return {**row, "warnings": [*row["warnings"], *finding_rows(dns_warnings(records))], "dns_records": dns_rows(records)}


def _due_date(machine: InstanceInFull, policy: Policy) -> str | None:
    """The due tag as it was read, None for a machine that carries none, and where no due tag is asked for."""
    tags = machine.instance.tags or {}
    return None if policy.due_tag is None else tags.get(policy.due_tag)


def _summary(session: Session, instances: list[Result], not_found: int) -> Result:
    deletable = sum(bool(instance["deletable"]) for instance in instances)
    return {
        "selected": len(instances),
        "deletable": deletable,
        "blocked": sum(bool(instance["blockers"]) for instance in instances),
        "not_found": not_found,
        **session.api_use(),
    }
