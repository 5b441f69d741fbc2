# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 23 in the inventory: with keys of another account than the expected one there is no inventory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData

from support.inventory import Lister, Regions


def test_keys_of_another_account_make_no_inventory(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a")
    inventory = InventoryData()
    with pytest.raises(AnsibleParserError, match="These keys belong to pin 'shop'") as refused:
        listing(inventory, expected_account="other")
    assert not inventory.hosts
    assert str(refused.value).endswith(".")


def test_keys_of_the_expected_account_list_its_machines(listing: Lister, regions: Regions) -> None:
    regions.north.add("i-a")
    assert list(listing(expected_account="shop").hosts) == ["name-of-i-a"]


def test_the_environment_is_used(listing: Lister, regions: Regions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JDCLOUD_EXPECTED_ACCOUNT", "other")
    with pytest.raises(AnsibleParserError, match="'other'"):
        listing()


def test_it_may_be_a_template(listing: Lister) -> None:
    with pytest.raises(AnsibleParserError, match="'other'"):
        listing(expected_account="{{ 'oth' ~ 'er' }}")


def test_a_number_is_refused(refused: Any) -> None:
    assert "quote it" in refused(expected_account=100000000001)


def test_what_was_cached_for_anybody_is_read_again_for_an_expected_account(
    listing: Lister, regions: Regions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regions.north.add("i-a")
    path = listing.file({"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")})
    listing.parse(path)
    monkeypatch.setenv("JDCLOUD_EXPECTED_ACCOUNT", "other")
    with pytest.raises(AnsibleParserError, match="'other'"):
        listing.parse(path)
