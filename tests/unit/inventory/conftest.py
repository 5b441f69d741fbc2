# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the real inventory plugin in process, against clouds in memory, one for each region."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData

from ansible_collections.jdcloud.cloud.plugins.inventory import jdcloud_vm
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory import read
from support.inventory import NAME, REGION, ClosingPool, Lister, Regions, documented_options
from support.keys import SECRET, use_test_keys


@pytest.fixture
def regions() -> Regions:
    """Two empty regions."""
    return Regions()


@pytest.fixture
def listing(regions: Regions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lister:
    """Parses files of the plugin, with keys from the environment and an empty home."""
    constants.config.initialize_plugin_configuration_definitions("inventory", NAME, documented_options())
    monkeypatch.setattr(read, "Transport", regions.transport)
    monkeypatch.setattr(read, "SystemClock", lambda: regions.clock)
    monkeypatch.setattr(read, "ThreadPool", ClosingPool)
    monkeypatch.setattr(jdcloud_vm, "names_of_this_computer", lambda: frozenset({"controller"}))
    use_test_keys(monkeypatch, tmp_path, REGION)
    return Lister(tmp_path)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings."""
    texts: list[str] = []
    monkeypatch.setattr("ansible.utils.display.Display.warning", lambda _self, text, *_more, **_options: texts.append(str(text)))
    return texts


@pytest.fixture
def refused(listing: Lister, regions: Regions) -> Callable[..., str]:
    """The sentence of a file that is refused before anything is sent."""

    def refusal(**options: Any) -> str:
        inventory = InventoryData()
        with pytest.raises(AnsibleParserError) as refused:
            listing(inventory, **options)
        text = str(refused.value)
        assert text.endswith(".")
        assert "\n" not in text
        assert SECRET not in text
        assert regions.calls == 0
        assert not inventory.hosts
        return text

    return refusal
