# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regions in memory, and the inventory plugin listed over them."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
from pathlib import Path
from typing import Any

import yaml
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.doc_fragments import constructed, inventory_cache

from ansible_collections.jdcloud.cloud.plugins.doc_fragments import jdcloud
from ansible_collections.jdcloud.cloud.plugins.inventory import jdcloud_vm
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import Connection
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.virtual_pool import VirtualClock, VirtualPool

NAME = jdcloud_vm.InventoryModule.NAME
REGION, OTHER = "cn-north-1", "cn-east-2"


class ClosingPool(VirtualPool):
    """A pool that lives in a process which goes on."""

    def close(self) -> None:
        """No more calls."""
        self.stop()


class Regions:
    """A cloud in memory for each region, all with one clock."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.clouds = {REGION: MemoryCloud(), OTHER: MemoryCloud()}
        for cloud in self.clouds.values():
            cloud.clock = self.clock

    @property
    def north(self) -> MemoryCloud:
        """The region of the environment."""
        return self.clouds[REGION]

    @property
    def east(self) -> MemoryCloud:
        """The other region."""
        return self.clouds[OTHER]

    @property
    def calls(self) -> int:
        """Calls to all of them."""
        return sum(len(cloud.calls) for cloud in self.clouds.values())

    def transport(self, connection: Connection, user_agent: str, pool_size: int) -> Any:
        """What the plugin makes instead of a transport."""
        return _Closing(self.clouds[connection.region].transport(connection, user_agent, pool_size))


class _Closing:
    def __init__(self, cloud: MemoryCloud) -> None:
        self.send = cloud.send

    def close(self) -> None:
        """Nothing is open."""


class Lister:
    """Parses files of the plugin."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = itertools.count()

    def file(self, options: Json) -> Path:
        """A file with these options."""
        path = self._folder / f"n{next(self._number)}.jdcloud_vm.yml"
        # JSON is YAML, and needs no library.
        path.write_text(json.dumps({"plugin": NAME, **options}), encoding="utf-8")
        return path

    def __call__(self, inventory: InventoryData | None = None, **options: Any) -> InventoryData:
        """The inventory of a new file."""
        return self.parse(self.file(options), inventory)

    def parse(self, path: Path, inventory: InventoryData | None = None, *, cache: bool = True) -> InventoryData:
        """The inventory of a file, as Ansible has it parsed; `cache` false is what --flush-cache gives."""
        inventory = InventoryData() if inventory is None else inventory
        plugin = jdcloud_vm.InventoryModule()
        # What Ansible's loader does.
        plugin._load_name = plugin.ansible_name = NAME
        plugin._redirected_names = [NAME]
        assert plugin.verify_file(str(path))
        plugin.parse(inventory, DataLoader(), str(path), cache)
        # As Ansible does: without a cache there is nothing to update.
        with contextlib.suppress(AttributeError):
            plugin.update_cache_if_changed()
        return inventory


@functools.cache
def documented_options() -> Json:
    """The options of the plugin, those of its fragments included."""
    texts = (
        jdcloud.ModuleDocFragment.CONNECTION,
        constructed.ModuleDocFragment.DOCUMENTATION,
        inventory_cache.ModuleDocFragment.DOCUMENTATION,
        jdcloud_vm.DOCUMENTATION,
    )
    return {name: words for text in texts for name, words in yaml.safe_load(text)["options"].items()}


def tags(**given: str) -> list[Json]:
    return [{"key": key, "value": value} for key, value in given.items()]


def variables(inventory: InventoryData, host: str) -> Json:
    found: Json = inventory.hosts[host].vars
    return {name: value for name, value in found.items() if not name.startswith("inventory_")}
