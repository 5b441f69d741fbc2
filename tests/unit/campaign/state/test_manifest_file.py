# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest of the role vm_backup in its file."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.manifest_file import ManifestFile, earlier_manifest
from support.json_object import Json

NOW = datetime(2026, 11, 25, 8, 0, 0, tzinfo=UTC)
MACHINE: Json = {"instance_id": "i-a", "status_before": "running", "status": "stopped", "action": "created", "blockers": []}


def manifest(*machines: Json, **fields: Any) -> Json:
    """A manifest that is complete."""
    text = {"format": "jdcloud.cloud/manifest/1", "campaign": "spring", "region": "cn-north-1", "state": "complete"}
    return {**text, "machines": list(machines or [MACHINE]), **fields}


@pytest.mark.parametrize(
    "whole",
    [
        manifest(state="planned"),
        manifest({**MACHINE, "action": "failed"}),
        manifest({**MACHINE, "action": "blocked", "blockers": [{"code": "quota_shortfall"}]}),
        manifest(drill={"outcome": "begun"}),
    ],
)
def test_what_was_killed_failed_or_did_not_fit_is_unfinished(whole: Json) -> None:
    assert earlier_manifest(whole).unfinished


@pytest.mark.parametrize(
    "whole",
    [
        manifest(),
        manifest(state="incomplete"),
        manifest({**MACHINE, "action": "failed", "status": "absent"}),
        manifest({**MACHINE, "action": "blocked", "blockers": [{"code": "protected"}]}),
        manifest(drill={"outcome": "failed"}),
        manifest(drill=None),
        manifest({**MACHINE, "blockers": None}),
    ],
)
def test_what_was_blocked_is_over(whole: Json) -> None:
    assert not earlier_manifest(whole).unfinished


def test_an_older_manifest_has_the_terms_of_its_time() -> None:
    found = earlier_manifest(manifest())
    assert (found.reuse, found.stop_running, found.ran) == ("campaign", True, ["i-a"])


@pytest.mark.parametrize(
    "other",
    [
        *(None, [], "text", 7, {}),
        manifest(format="jdcloud.cloud/manifest/2"),
        manifest(campaign=None),
        manifest(state="unknown"),
        manifest(state=[]),
        manifest(machines=None),
        manifest({"instance_id": "i-a"}),
        manifest({**MACHINE, "instance_id": 7}),
        {**manifest(), "machines": ["i-a"]},
    ],
)
def test_anything_else_is_no_manifest(other: Any) -> None:
    with pytest.raises(ValueError, match="not a manifest"):
        earlier_manifest(other)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=4), lambda each: st.lists(each, max_size=3))


@given(fields=st.dictionaries(st.sampled_from([*manifest(), "drill", "reuse", "stop_running"]), JSON))
def test_a_manifest_that_was_changed_by_hand_is_read_or_refused(fields: Json) -> None:
    try:
        found = earlier_manifest({**manifest(), **fields})
    except ValueError:
        return
    assert found.unfinished in (True, False)


@pytest.mark.parametrize("place", ["", "none/m.json"])
def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(InputError, match="must be a file in an existing directory: create"):
        ManifestFile(str(tmp_path / place)).earlier()


def test_where_nothing_is_there_is_nothing(tmp_path: Path) -> None:
    assert ManifestFile(str(tmp_path / "m.json")).earlier() is None


@pytest.mark.parametrize("damage", [b"\xff\xfe", b"{", b'\xef\xbb\xbf{"format": 1}'])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "m.json").write_bytes(damage)
    with pytest.raises(InputError, match="not a manifest of format"):
        ManifestFile(str(tmp_path / "m.json")).earlier()


def test_a_link_to_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.json").symlink_to(tmp_path / "none")
    with pytest.raises(InputError, match="not a manifest of format"):
        ManifestFile(str(tmp_path / "m.json")).earlier()


def test_it_is_written_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text("before", encoding="utf-8")
    path.chmod(0o644)
    file = ManifestFile(str(path))
    file.write(manifest())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert file.earlier() == earlier_manifest(manifest())
    assert [each.name for each in tmp_path.iterdir()] == ["m.json"]


def test_a_copy_never_replaces_another_and_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    file = ManifestFile(str(path))
    path.write_bytes(b"first\r\n")
    first = file.keep_copy(NOW)
    assert file.keep_copy(NOW) == first
    path.write_text("second", encoding="utf-8")
    second = file.keep_copy(NOW)
    assert (Path(first).read_bytes(), Path(second).read_bytes()) == (b"first\r\n", b"second")
    assert [stat.S_IMODE(Path(each).stat().st_mode) for each in (first, second)] == [0o600, 0o600]
