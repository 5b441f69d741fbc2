# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_decommission in real playbooks, and what its tests ask of the cloud."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.integration.cloud import Cloud
from support.integration.commands import Ansible, Played
from support.integration.role_backups import FASTER, kill_tasks_at
from support.json_object import Json

QUICK: Json = {
    "vm_decommission_poll_interval": "0.2",
    "vm_decommission_wait_timeout": "20",
    "vm_decommission_backup_timeout": "20",
}
ROOMY: Json = {"images": 100, "snapshots": 500}
"""Quotas that hold the backups of a test's machines."""
__all__ = ["FASTER", "QUICK", "ROOMY", "Campaign", "campaign_tasks", "decommission", "kill_campaign_at", "report_of", "roomy"]


@dataclass(frozen=True)
class Campaign:
    """One use of the role that has ended: the fact that it left, and its message if it failed."""

    report: Json
    message: str
    output: str

    @property
    def actions(self) -> dict[str, str]:
        """Action by machine."""
        return {machine["instance_id"]: machine["action"] for machine in self.report["machines"]}

    @property
    def waves(self) -> list[tuple[int, str]]:
        """Machines and state of each wave."""
        return [(wave["machines"], wave["state"]) for wave in self.report["waves"]]

    @property
    def totals(self) -> Json:
        """What was done, without what was not."""
        return {name: count for name, count in self.report["totals"].items() if count}

    def machine(self, instance_id: str) -> Json:
        """One machine of the report."""
        return next(dict(each) for each in self.report["machines"] if each["instance_id"] == instance_id)

    def codes(self, instance_id: str) -> set[str]:
        """The blockers of one machine."""
        return {blocker["code"] for blocker in self.machine(instance_id)["blockers"]}

    def left(self, kind: str, key: str) -> set[str]:
        """The ids of what is left."""
        return {each[key] for each in self.report["left"][kind]}


def role_variables(variables: Json) -> Json:
    """The role's variables from their names without the prefix."""
    return {**QUICK, **{f"vm_decommission_{name}": value for name, value in variables.items()}}


def campaign_tasks(variables: Json) -> list[Json]:
    """Tasks that use the role, and then show what it left."""
    use = {
        "name": "Use the role",
        "ansible.builtin.include_role": {"name": "jdcloud.cloud.vm_decommission"},
        "vars": role_variables(variables),
    }
    note = {"name": "Note why", "ansible.builtin.set_fact": {"why": "{{ ansible_failed_result.msg }}"}}
    left = {"report": "{{ vm_decommission_report | default({}) }}", "why": "{{ why | default('') }}"}
    return [
        {"name": "Try", "block": [use], "rescue": [note]},
        {"name": "Show", "ansible.builtin.debug": {"msg": left}, "register": "use"},
    ]


def decommission(ansible: Ansible, *arguments: str, environment: dict[str, str] | None = None, **variables: Any) -> Campaign:
    """Use the role once."""
    played = ansible.play(campaign_tasks(variables), *arguments, environment={"ANSIBLE_PIPELINING": "1", **(environment or {})})
    return used(played)


def used(played: Played) -> Campaign:
    """What a play with the role left."""
    assert played.status == 0, played.output
    text = played["use"]["msg"]
    return Campaign(text["report"], text["why"], played.output)


def report_of(folder: Path) -> Json:
    """The report that a campaign wrote."""
    return dict(json.loads((folder / "report.json").read_text(encoding="utf-8")))


def roomy(cloud: Cloud) -> None:
    """Quotas that hold the backups of all machines."""
    cloud.control.set_quotas(**ROOMY)


def kill_campaign_at(cloud: Cloud, ansible: Ansible, operation: str, variables: Json, **where: Any) -> None:
    """Start the role, and kill all its processes at once while this call hangs."""
    kill_tasks_at(cloud, ansible, operation, campaign_tasks(variables), **where)
