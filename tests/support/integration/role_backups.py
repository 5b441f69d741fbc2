# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_backup in real playbooks, and what its tests ask of the cloud."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.integration.cloud import REGION, Cloud, wait_until
from support.integration.commands import Ansible, Played
from support.json_object import Json

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
QUICK: Json = {"vm_backup_poll_interval": "0.2", "vm_backup_wait_timeout": "20", "vm_backup_drill_timeout": "20"}
DRILL: Json = {"drill": True, "drill_subnet_id": "subnet-drill", "drill_security_group_ids": "sg-drill"}
UNANSWERED: Json = dict.fromkeys(
    (
        *("name", "tags", "filters", "campaign", "name_pattern", "protect_tags", "drill_subnet_id", "on_blocked"),
        *("drill_security_group_ids", "drill_timeout", "include_data_disks", "on_shortfall", "drill", "keep"),
    ),
    "",
)
"""Variables whose questions a survey leaves open."""
FASTER: Json = {
    "image_seconds": 0.3,
    "image_delete_seconds": 0.1,
    "snapshot_seconds": 0.3,
    "snapshot_delete_seconds": 0.1,
    "disk_create_seconds": 0.1,
    "disk_delete_seconds": 0.1,
}
"""Durations of the emulator that suit backups."""


@dataclass(frozen=True)
class Use:
    """One use of the role that has ended: the fact that it left, and its message if it failed."""

    manifest: Json
    message: str

    @property
    def actions(self) -> dict[str, str]:
        """Action by machine."""
        return {machine["instance_id"]: machine["action"] for machine in self.manifest["machines"]}

    @property
    def only(self) -> Json:
        """The one machine of the manifest."""
        (machine,) = self.manifest["machines"]
        return dict(machine)

    def machine(self, instance_id: str) -> Json:
        """One machine of the manifest."""
        return next(dict(each) for each in self.manifest["machines"] if each["instance_id"] == instance_id)


def role_variables(variables: Json) -> Json:
    """The role's variables from their names without the prefix."""
    return {**QUICK, **{f"vm_backup_{name}": value for name, value in variables.items()}}


def task(variables: Json) -> Json:
    """A task that uses the role."""
    return {
        "name": "Use the role",
        "ansible.builtin.include_role": {"name": "jdcloud.cloud.vm_backup"},
        "vars": role_variables(variables),
    }


def play(
    ansible: Ansible, *uses: Json, arguments: tuple[str, ...] = (), keywords: Json | None = None, **environment: str
) -> tuple[Played, list[Use]]:
    """Use the role so many times in one play, each time whatever the earlier use came to."""
    tasks: list[Json] = []
    for number, variables in enumerate(uses):
        note = {"name": "Note why", "ansible.builtin.set_fact": {f"why{number}": "{{ ansible_failed_result.msg }}"}}
        left = {"manifest": "{{ vm_backup_manifest | default({}) }}", "why": f"{{{{ why{number} | default('') }}}}"}
        tasks.append({"name": "Try", "block": [task(variables)], "rescue": [note]})
        tasks.append({"name": "Show", "ansible.builtin.debug": {"msg": left}, "register": f"use{number}"})
    played = ansible.play(tasks, *arguments, play=keywords, environment={"ANSIBLE_PIPELINING": "1", **environment})
    assert played.status == 0, played.output
    text = [played[f"use{number}"]["msg"] for number in range(len(uses))]
    return played, [Use(each["manifest"], each["why"]) for each in text]


def back_up(ansible: Ansible, *arguments: str, **variables: Any) -> Use:
    """Use the role once."""
    _played, (use,) = play(ansible, variables, arguments=arguments)
    return use


def file_of(path: Path) -> Json:
    """The manifest in a file, which nobody else may read."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    read: Json = json.loads(path.read_text(encoding="utf-8"))
    return read


def add(cloud: Cloud, **kinds: list[Json]) -> None:
    """More resources for the region."""
    cloud.control.add({"regions": {REGION: kinds}})


def resources(cloud: Cloud, kind: str) -> dict[str, Json]:
    """All that exists of `images`, `snapshots`, `instances`, `disks` or `elastic_ips`, by id."""
    found: dict[str, Json] = cloud.control.state(REGION)["regions"][REGION][kind]
    return found


def names(cloud: Cloud, kind: str) -> set[str]:
    """Names of all images or snapshots."""
    return {each["name"] for each in resources(cloud, kind).values()}


def marker(campaign: str, instance_id: str, *, was_stopped: bool = True) -> str:
    """A description that makes a backup ours."""
    return f"jdcloud.cloud/1 campaign={campaign} instance={instance_id} stopped={str(was_stopped).lower()}"


def kill_at(cloud: Cloud, ansible: Ansible, operation: str, variables: Json) -> None:
    """Start the role, and kill all its processes at once while this call hangs; the call then never took effect."""
    kill_tasks_at(cloud, ansible, operation, [task(variables)])


def kill_tasks_at(cloud: Cloud, ansible: Ansible, operation: str, tasks: list[Json], **where: Any) -> None:
    """Start the tasks, and kill all their processes at once while a call hangs. `where` says which one, and its effect."""
    number = cloud.control.inject("hang", operation=operation, **where)
    process = ansible.start(tasks)
    wait_until(lambda: process.poll() is not None or cloud.control.has_fired(number), "the call hangs", timeout=600)
    assert process.poll() is None, "the play ended before it came to this call"
    ansible.kill_left_over()
    process.wait(timeout=120)
    cloud.control.clear_faults(number)
