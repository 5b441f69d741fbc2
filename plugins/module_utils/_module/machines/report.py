# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the records of a run to the result of `jdcloud_vm`: plain dicts with the public keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._api.model.instance import Instance, Interface
from ..._fleet.common.failure import Failure, Finding
from ..._fleet.evidence.proof import Backup
from ..._fleet.machines.record import MachineRecord, MachineRun
from ..._fleet.planning.policy import Action, Decision, Fate, PlannedAddress, PlannedDisk
from ..._fleet.planning.surroundings import Registration
from ..._fleet.surroundings.dns import DnsRecord, dns_warnings
from ..common.rows import error_of, finding_rows, left_stopped, name_some, reasons_of, repeated_tags_of
from ..common.session import Result

PROBLEMS = ("blocked", "failed")


class MachineReport:
    """Reads the records of one run for the result. What a preview would do is reported as if it was done."""

    def __init__(self, run: MachineRun, region: str, state: str, *, may_stop: bool = True) -> None:
        """`may_stop`: the option stop_running is not excluded by others."""
        self._may_stop = may_stop
        self._run = run
        self._region = region
        self._state = state

    @property
    def changed(self) -> bool:
        """Whether anything changed, or would change."""
        return any(self._changed(record) for record in self._run.records)

    def instances(self, which: str) -> list[Result]:
        """The machines that are wanted in the result: `all`, `changed` or `problems`."""
        return [self._instance(record) for record in self._run.records if self._wanted(record, which)]

    def summary(self) -> Result:
        """How many of what. A machine can count more than once: deleted, and failed because its address was not released."""
        records = self._run.records
        actions = [self._action(record) for record in records]
        absent = self._state == "absent"
        return {
            "selected": len(records),
            "changed": sum(self._changed(record) for record in records),
            "deleted": sum(self._deleted(record) and not self._hangs(record) for record in records),
            "already_absent": sum(
                absent and self._status(record) == "absent" and not self._deleted(record) for record in records
            ),
            "not_found": len(self._run.missing),
            "stopped": actions.count("stopped"),
            "started": actions.count("started"),
            "unchanged": sum(
                action == "none" and not self._changed(record) for record, action in zip(records, actions, strict=True)
            ),
            "blocked": actions.count("blocked"),
            "failed": actions.count("failed"),
        }

    def retained(self) -> Result:
        """What outlives the deleted machines and is still billed, or may be; also of those that may be gone."""
        disks, elastic_ips = [], []
        for record in self._run.records:
            decision = record.decision
            if decision is None or not self._goes(record):
                continue
            for disk in decision.disks:
                fate = self._disk_fate(record, disk)
                if fate == "kept" or (fate == "unverified" and (disk.fate == "kept" or self._may_stay(record, disk))):
                    disks.append(
                        {"disk_id": disk.disk_id, "instance_id": record.instance_id, "size_gb": disk.size_gb, "fate": fate}
                    )
            for address in decision.addresses:
                fate = self._address_fate(record, address)
                if fate != "released":
                    elastic_ips.append(
                        {
                            "elastic_ip_id": address.elastic_ip_id,
                            "address": address.address,
                            "instance_id": record.instance_id,
                            "fate": fate,
                        }
                    )
        return {"disks": disks, "elastic_ips": elastic_ips}

    def diff(self, *, wanted: bool) -> Result:
        """Before and after of the machines that change, by id; empty if it is not wanted."""
        before, after = {}, {}
        for record in self._run.records if wanted else ():
            if record.machine and record.decision and self._changed(record):
                before[record.instance_id] = self._before(record, record.machine, record.decision)
                after[record.instance_id] = self._after(record, record.machine, record.decision)
        return {"before": {"instances": before}, "after": {"instances": after}}

    def message(self) -> str | None:
        """One sentence if the task failed, else None."""
        problems = [record for record in self._run.records if self._action(record) in PROBLEMS]
        if self._run.held_back:
            count = f"{len(problems)} of {len(self._run.records)} instances cannot be changed"
            advice = self._way_out(problems)
            if len(problems) < len(self._run.records):
                advice += ", or set on_blocked to skip to continue with the others"
            return f"{count}, so nothing was changed: {name_some(problems, self._reasons)}; {advice}."
        failed = [record for record in problems if self._action(record) == "failed"]
        if not failed:
            return None
        text = f"{len(failed)} of {len(self._run.records)} instances failed: {name_some(failed, self._reasons)}."
        stopped = [record.instance_id for record in self._run.records if self._left_stopped(record)]
        return text + left_stopped(stopped)

    def _left_stopped(self, record: MachineRecord) -> bool:
        """Whether this run stopped a machine to delete it, and it is still there."""
        state = record.state
        return self._state == "absent" and state is not None and state.stopped_by_us and state.status == "stopped"

    def _way_out(self, problems: Sequence[MachineRecord]) -> str:
        """What to do; where an option takes the one cause away, that is said, too."""
        codes = {reason for record in problems for reason in self._reasons(record)}
        if codes == {"running"}:
            return "stop the running instances first" + (", or set stop_running to true" if self._may_stop else "")
        # A backup of what runs cannot count, so nothing runs by chance only.
        if codes == {"running", "backup_missing"} and all("running" in self._reasons(record) for record in problems):
            return "stop and back up the running instances first (the role vm_backup does both)"
        return "remove the causes"

    def _reasons(self, record: MachineRecord) -> list[str]:
        return reasons_of(record.instance_id, _failure(record), record.decision.blockers if record.decision else ())

    def _wanted(self, record: MachineRecord, which: str) -> bool:
        if which == "changed":
            return self._changed(record)
        return which == "all" or self._action(record) in PROBLEMS

    def _action(self, record: MachineRecord) -> Action:
        if _failure(record) is not None:
            return "failed"
        if record.blocked:
            return "blocked"
        if record.decision is None or self._run.held_back:
            return "none"
        return record.state.action if record.state is not None else record.decision.action

    def _changed(self, record: MachineRecord) -> bool:
        if record.departure is not None and record.departure.changed:
            return True
        if record.state is not None:
            return record.state.changed
        return self._action(record) in ("deleted", "stopped", "started")

    def _deleted(self, record: MachineRecord) -> bool:
        return record.state.deleted if record.state is not None else self._action(record) == "deleted"

    def _goes(self, record: MachineRecord) -> bool:
        """Whether it was deleted, or may have been: its fates are of interest then."""
        return self._deleted(record) or (record.state is not None and record.state.perhaps_deleted)

    @staticmethod
    def _may_stay(record: MachineRecord, disk: PlannedDisk) -> bool:
        """Whether a disk that should go may have stayed: it was to be read, and was not."""
        state = record.state
        return bool(disk.disk_id) and state is not None and (state.gone or state.failure is not None)

    @staticmethod
    def _hangs(record: MachineRecord) -> bool:
        """Whether a delete was accepted, and its end was not seen although it was waited for."""
        return record.state is not None and not record.state.gone and record.state.failure is not None

    def _status(self, record: MachineRecord) -> str:
        if record.state is not None:
            return record.state.status
        if record.decision is None:
            return "absent"
        return record.decision.status if self._action(record) in ("failed", "blocked", "none") else record.decision.final_status

    def _instance(self, record: MachineRecord) -> Result:
        machine, decision = record.machine, record.decision
        return {
            "instance_id": record.instance_id,
            "name": machine.name if machine else None,
            "region": self._region,
            "az": machine.az if machine else None,
            "instance_type": machine.instance_type if machine else None,
            "private_ip_address": machine.private_ip_address if machine else None,
            "tags": dict(machine.tags or {}) if machine else {},
            "repeated_tags": repeated_tags_of(machine),
            "status_before": machine.status if machine else "absent",
            "status": self._status(record),
            "action": self._action(record),
            "changed": self._changed(record),
            "blockers": finding_rows(decision.blockers if decision else ()),
            "warnings": finding_rows(self._warnings(record)),
            "error": error_of(_failure(record)),
            "disks": [self._disk(record, disk) for disk in decision.disks] if decision else [],
            "elastic_ips": [self._address(record, address) for address in decision.addresses] if decision else [],
            "network_interfaces": interfaces_of(machine.interfaces if machine else ()),
            "backups": backups_of(decision),
            "load_balancer_targets": self._targets(record),
            "dns_records": dns_rows(self._run.dns.records_of(machine)),
        }

    def _warnings(self, record: MachineRecord) -> Sequence[Finding]:
        if record.machine is None:
            return (Finding("not_found", f"{record.instance_id} does not exist in {self._region}."),)
        dns = dns_warnings(self._run.dns.records_of(record.machine))
        return (*(record.decision.warnings if record.decision else ()), *dns, *record.found)

    def _targets(self, record: MachineRecord) -> list[Result]:
        decision = record.decision
        if decision is None:
            return []
        fates: dict[str, str] = {**(record.departure.fates if record.departure else {}), **record.target_fates}
        if record.state is None and self._action(record) in ("deleted", "stopped"):
            fates = dict.fromkeys((each.target_id or "" for each in decision.deregisters), "deregistered")
        return targets_of(decision.registrations, fates)

    def _disk(self, record: MachineRecord, disk: PlannedDisk) -> Result:
        return {
            "disk_id": disk.disk_id,
            "device": disk.device,
            "category": disk.category,
            "size_gb": disk.size_gb,
            "auto_delete": disk.auto_delete,
            "fate": self._disk_fate(record, disk),
        }

    def _address(self, record: MachineRecord, address: PlannedAddress) -> Result:
        return {
            "elastic_ip_id": address.elastic_ip_id,
            "address": address.address,
            "fate": self._address_fate(record, address),
        }

    def _disk_fate(self, record: MachineRecord, disk: PlannedDisk) -> Fate | None:
        if record.state is not None and disk.disk_id in record.state.disk_fates:
            return record.state.disk_fates[disk.disk_id]
        if not self._goes(record):
            return None
        if record.state is None:
            return disk.fate
        return disk.fate if disk.category == "local" and record.state.gone else "unverified"

    def _address_fate(self, record: MachineRecord, address: PlannedAddress) -> Fate | None:
        if not self._goes(record):
            return None
        if record.state is None:
            return address.fate
        return record.state.address_fates.get(address.elastic_ip_id, "unverified")

    def _before(self, record: MachineRecord, machine: Instance, decision: Decision) -> Result:
        before: Result = {"name": machine.name, "status": machine.status}
        if self._goes(record):
            before["disks"] = {_key(disk): f"auto_delete={str(bool(disk.auto_delete)).lower()}" for disk in decision.disks}
            before["elastic_ips"] = {address.elastic_ip_id: address.address for address in decision.addresses}
        return before

    def _after(self, record: MachineRecord, machine: Instance, decision: Decision) -> Result:
        after: Result = {"name": machine.name, "status": self._status(record)}
        if self._goes(record):
            after["disks"] = {_key(disk): self._disk_fate(record, disk) for disk in decision.disks}
            after["elastic_ips"] = {each.elastic_ip_id: self._address_fate(record, each) for each in decision.addresses}
        return after


def _failure(record: MachineRecord) -> Failure | None:
    return record.failure or (record.state.failure if record.state is not None else None)


def _key(disk: PlannedDisk) -> str:
    return disk.disk_id or f"local {disk.device}"


def interfaces_of(interfaces: Iterable[Interface]) -> list[Result]:
    """Network interfaces."""
    return [
        {
            "network_interface_id": interface.network_interface_id,
            "role": "primary" if interface.primary else "secondary",
            "auto_delete": interface.auto_delete,
        }
        for interface in interfaces
    ]


def backups_of(decision: Decision | None) -> list[Result]:
    """Backups that count. What is only planned has no id and no time."""
    backups: Sequence[Backup] = decision.backups if decision else ()
    return [
        {
            "type": each.type,
            "id": each.id or None,
            "status": each.status,
            "created": each.created or None,
            "campaign": each.campaign,
        }
        for each in backups
    ]


def targets_of(registrations: Iterable[Registration], fates: Mapping[str, str]) -> list[Result]:
    """Where a machine is, or was, a target of load balancers. `fates` by target; one that was left as it is has none."""
    return [each.row(fates.get(each.target_id or "")) for each in registrations]


def dns_rows(records: Iterable[DnsRecord]) -> list[Result]:
    """DNS records that hold an address of a machine."""
    return [
        {
            "zone": each.zone,
            "zone_id": each.zone_id,
            "zone_type": "public" if each.public else "private",
            "name": each.name,
            "type": each.type,
            "value": each.value,
            "status": each.status,
        }
        for each in records
    ]


def empty_result(account: Mapping[str, Any], api_use: Mapping[str, Any]) -> Result:
    """The result of a run that ended before it looked at any machine."""
    report = MachineReport(MachineRun(), "", "absent")
    return {
        "changed": False,
        "account": dict(account),
        "instances": [],
        "summary": {**report.summary(), **api_use},
        "retained": report.retained(),
        "dns_unread": [],
        "diff": report.diff(wanted=False),
    }
