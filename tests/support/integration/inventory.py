# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory as ansible-inventory and ansible-playbook list it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from support.integration.cloud import FAST, Cloud
from support.integration.commands import Ansible
from support.json_object import Json

FILE = "test.jdcloud_vm.yml"
STRICT = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}


class Inventory:
    """One file, which every call writes again unless it has no options."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.cloud = cloud
        self.folder = folder
        self.ansible = Ansible(cloud, folder)
        self.warns = False

    def seed(self, **regions: list[Json]) -> None:
        """Start again with these machines; an underscore in the name of a region stands for a dash."""
        by_name = {region.replace("_", "-"): {"instances": machines} for region, machines in regions.items()}
        self.cloud.control.reset({"regions": by_name, "settings": FAST})

    def write(self, **options: Any) -> None:
        """The file."""
        # JSON is YAML, and needs no library.
        content = json.dumps({"plugin": "jdcloud.cloud.jdcloud_vm", **options})
        (self.folder / FILE).write_text(content, encoding="utf-8")

    def run(self, command: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """An Ansible command with the file as its inventory. If it succeeds, it must warn if a test said so, else not."""
        ended = self.ansible._run([command, "-i", FILE, *words], environment)
        assert "Traceback" not in ended.stdout + ended.stderr
        assert ended.returncode or self.warns is ("WARNING" in ended.stderr), ended.stderr
        return ended

    def listed(self, *words: str, **environment: str) -> Json:
        """What ansible-inventory --list says."""
        ended = self.run("ansible-inventory", "--list", *words, **{**STRICT, **environment})
        assert ended.returncode == 0, ended.stderr
        listed: Json = json.loads(ended.stdout)
        return listed

    def play(self, *tasks: Json, **play: Any) -> subprocess.CompletedProcess[str]:
        """Run the tasks for the hosts of the file."""
        path = self.ansible.write(list(tasks), **play)
        return self.run("ansible-playbook", str(path), **STRICT)
