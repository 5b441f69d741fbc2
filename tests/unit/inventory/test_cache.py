# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache of the inventory plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.read import usable_cache
from support.inventory import OTHER, REGION, Lister, Regions, tags, variables
from support.json_object import Json
from support.keys import ACCESS_KEY, SECRET

ROW = {"instance_id": "i-a", "name": "web", "region": REGION, "tags": {}}


@pytest.fixture
def cached(tmp_path: Path) -> Json:
    """Options of a cache that outlives the process."""
    return {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}


def test_what_is_cached_is_not_read_again(listing: Lister, regions: Regions, cached: Json) -> None:
    regions.north.add("i-a", tags=tags(env="test"))
    path = listing.file(cached)
    first = variables(listing.parse(path), "name-of-i-a")
    regions.north.add("i-b")
    again = listing.parse(path)
    assert list(again.hosts) == ["name-of-i-a"]
    assert variables(again, "name-of-i-a") == first
    assert regions.calls == 1


def test_a_flushed_cache_is_read_and_written_again(listing: Lister, regions: Regions, cached: Json) -> None:
    path = listing.file(cached)
    assert not listing.parse(path).hosts
    regions.north.add("i-a")
    assert list(listing.parse(path, cache=False).hosts) == ["name-of-i-a"]
    assert list(listing.parse(path).hosts) == ["name-of-i-a"]
    assert regions.calls == 2


@pytest.mark.parametrize("other", [{"region": OTHER}, {"tags": {"env": "test"}}, {"access_key": "AK", "secret_key": "SK"}])
def test_another_question_of_the_same_file_is_not_answered_from_the_cache(
    listing: Lister, regions: Regions, cached: Json, other: Json
) -> None:
    path = listing.file(cached)
    listing.parse(path)
    path.write_text(listing.file({**cached, **other}).read_text(encoding="utf-8"), encoding="utf-8")
    listing.parse(path)
    assert regions.calls == 2


def test_names_and_groups_may_change_without_a_new_listing(listing: Lister, regions: Regions, cached: Json) -> None:
    regions.north.add("i-a")
    path = listing.file(cached)
    listing.parse(path)
    path.write_text(listing.file({**cached, "hostnames": ["instance_id"]}).read_text(encoding="utf-8"), encoding="utf-8")
    assert list(listing.parse(path).hosts) == ["i-a"]
    assert regions.calls == 1


def test_rule_17_no_key_is_cached(listing: Lister, regions: Regions, cached: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JDCLOUD_SECURITY_TOKEN", "token-that-nobody-may-see")
    regions.north.add("i-a")
    listing(**cached)
    (file,) = Path(cached["cache_connection"]).iterdir()
    everything = file.name + file.read_text(encoding="utf-8")
    assert "i-a" in everything
    assert not any(secret in everything for secret in (SECRET, ACCESS_KEY, "token-that-nobody-may-see"))


@pytest.mark.parametrize("content", [None, {}, "i-a", [7], [{"instance_id": "i-a"}], [{**ROW, "tags": None}], [ROW, None]])
def test_a_cache_of_another_kind_is_not_believed(content: Any) -> None:
    assert usable_cache(content) is None
    assert usable_cache([ROW]) == [ROW]
