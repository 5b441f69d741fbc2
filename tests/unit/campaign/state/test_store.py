# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How values stand in the files of a campaign."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import MANIFEST, Store, _in_lines
from support.campaign.records import new_record
from support.json_object import Json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=12)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_is_written_is_read_again(value: Json) -> None:
    assert json.loads(_in_lines(value)) == value


def test_each_machine_has_a_line_of_its_own(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write_json(
        "record.json", {"kind": "absent", "machines": {"i-a": {"name": "数据库"}, "i-b": {"name": None}}, "notes": []}
    )
    assert store.path("record.json").read_text(encoding="utf-8").splitlines() == [
        "{",
        ' "kind": "absent",',
        ' "machines": {',
        '  "i-a": {"name": "数据库"},',
        '  "i-b": {"name": null}',
        " },",
        ' "notes": []',
        "}",
    ]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_record_is_known_by_its_run_however_it_is_laid_out(tmp_path: Path, indent: int | None) -> None:
    store = Store(str(tmp_path))
    store.write("record.json", json.dumps({"campaign": ' "run": "b"\n "run": "b"', "run": "a"}, indent=indent))
    store.check_run("a")
    with pytest.raises(InputError, match="another run has taken it over, so this one ends"):
        store.check_run("b")


def test_the_run_of_a_saved_record_is_found(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    record = new_record(run="a", notes=[' "run": "b",'])
    store.save(record)
    store.check_run("a")


@pytest.mark.parametrize("text", ["", "{", "[]", '"run"'])
def test_a_record_without_a_run_is_that_of_none(tmp_path: Path, text: str) -> None:
    store = Store(str(tmp_path))
    store.write("record.json", text)
    with pytest.raises(InputError, match="is gone, or another run"):
        store.check_run("a")


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_damaged_manifest_is_never_replaced(tmp_path: Path, text: str) -> None:
    """It may be all that leads to the backups of machines that are gone."""
    store = Store(str(tmp_path))
    store.write(MANIFEST, text)
    with pytest.raises(InputError, match=r"manifest\.json cannot be used, because it"):
        store.add_manifest({"campaign": "c", "machines": [{"instance_id": "i-a", "action": "created"}]})
    assert store.path(MANIFEST).read_text(encoding="utf-8") == text


def test_an_attempt_that_makes_no_backup_takes_no_earlier_one_out_of_the_manifest(tmp_path: Path) -> None:
    """Its machine may go by other hands, and the file may be all that leads to what was made."""
    store = Store(str(tmp_path))
    made = {"instance_id": "i-a", "action": "created", "specification": {"az": "x"}, "disks": [{"disk_id": "vol-a"}]}
    image = {"image_id": "img-a"}
    store.add_manifest({"campaign": "c", "machines": [{**made, "image": image, "snapshots": []}]})
    failed: dict[str, Any] = {
        "instance_id": "i-a",
        "action": "failed",
        "specification": None,
        "disks": [],
        "image": None,
        "snapshots": [],
    }
    store.add_manifest({"campaign": "c", "machines": [failed, {"instance_id": "i-b", "action": "blocked", "image": None}]})
    manifest = store.manifest() or {}
    assert manifest["state"] == "incomplete"
    assert manifest["machines"][0] == {**made, "action": "failed", "image": image, "snapshots": []}
    newer = {**made, "image": {"image_id": "img-b"}, "snapshots": []}
    store.add_manifest({"campaign": "c", "machines": [newer]})
    assert (store.manifest() or {})["machines"][0] == newer


def test_a_file_is_replaced_whole_and_never_written_over(tmp_path: Path) -> None:
    """Whoever reads it meanwhile, or finds it after a crash, has the old one or the new one."""
    store = Store(str(tmp_path))
    store.write("report.html", "old")
    (tmp_path / "still.open").hardlink_to(tmp_path / "report.html")
    store.write("report.html", "new")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "new"
    assert (tmp_path / "still.open").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "still.open"]
