# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_backup without Ansible, and a cloud in memory that makes machines of images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.progress import Part
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import VARIABLES, parse_backup
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.backup import back_up
from support.campaign.conducted import ModulesInProcess
from support.campaign.results import NOW
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

DRILL: Json = {"drill": True, "drill_subnet_id": "subnet-drill", "drill_security_group_ids": "sg-drill"}
HARDWARE: Json = {
    "az": "cn-north-1a",
    "instanceType": "g.n2.medium",
    "subnetId": "subnet-one",
    "platform": "Ubuntu",
    "architecture": "x86_64",
}
"""What a restore must know of a machine."""


class CloudWithCopies(MemoryCloud):
    """A cloud that also makes machines of images, running and with the disks of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.quotas = {**self.quotas, "image": (100, 0), "snapshot": (100, 0)}
        self.tokens: dict[str, str] = {}

    @property
    def _replies(self) -> Any:
        return {**super()._replies, "vm.createInstances": self._create_instances}

    def _create_instances(self, call: Call[Any]) -> Json:
        assert call.body is not None
        spec, token = call.body["instanceSpec"], call.body["clientToken"]
        if token not in self.tokens:
            made = self.tokens[token] = f"i-made{len(self.tokens)}"
            image = self.images[spec["imageId"]]
            fields = {"instanceName": spec["name"], "description": spec["description"], "imageId": spec["imageId"]}
            machine = self.add(made, "running", **fields)
            machine["systemDisk"]["cloudDisk"]["snapshotId"] = image["systemDisk"]["cloudDisk"]["snapshotId"]
            for place, part in enumerate(image["dataDisks"]):
                slot = self._slot(made, f"vol-{made[2:]}{place}", part["deviceName"], 100, auto_delete=True)
                slot["cloudDisk"]["snapshotId"] = part["cloudDisk"]["snapshotId"]
                machine["dataDisks"].append(slot)
        return {"instanceIds": [self.tokens[token]]}

    def of_machines(self) -> dict[str, Any]:
        """What matters at the end: machines with their status, disks, and how many backups there are of which machine."""
        images = sorted(image["instanceId"] for image in self.images.values())
        statuses = {instance_id: machine["status"] for instance_id, machine in sorted(self.machines.items())}
        return {"machines": statuses, "disks": sorted(self.disks), "images": images, "snapshots": len(self.snapshots)}


class BackedUp:
    """The role as a play uses it."""

    def __init__(self, run: Runner, **variables: Any) -> None:
        self.modules = ModulesInProcess(run)
        self._variables = {"poll_interval": 2, **variables}

    def __call__(self, *, check: bool = False, **more: Any) -> Json:
        """Use it once. Raises `InputError` where the role fails before anything was changed."""
        return back_up(options(**{**self._variables, **more}), self.modules, lambda: NOW, preview=check)


def options(**variables: Any) -> Any:
    """The options of the role from its variables without their prefix."""
    return parse_backup({**dict.fromkeys(VARIABLES["vm_backup"]), **variables})


class ModulesByHand:
    """Modules of which the results are given, by name. Those that are asked for twice give the second one then."""

    def __init__(self, **results: Json | list[Json]) -> None:
        self._results = {name: [*given] if isinstance(given, list) else [given] for name, given in results.items()}
        self.given: list[tuple[str, Json]] = []

    def execute(
        self, module: str, arguments: Mapping[str, Any], *, check_mode: bool, journal_path: str, part: Part | None = None
    ) -> Json:
        """See `Modules`."""
        self.given.append((f"({module})" if check_mode else module, dict(arguments)))
        left = self._results[module]
        return left.pop(0) if len(left) > 1 else left[0]

    def arguments(self, module: str) -> Json:
        """What a module was given the last time."""
        return next(arguments for name, arguments in reversed(self.given) if name == module)


def manifest_file(folder: Path, text: str) -> Path:
    """A file with this text where a manifest would be."""
    path = folder / "manifest.json"
    path.write_text(text, encoding="utf-8")
    return path
