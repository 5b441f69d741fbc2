# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook restore without Ansible: from the manifest of a backup to its machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.other_variables import VARIABLES, parse_restore
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages.restore import restore
from support.campaign.backups import HARDWARE, BackedUp, CloudWithCopies
from support.campaign.conducted import ModulesInProcess
from support.json_object import Json
from support.module.runner import Runner

A, B = "i-aaaa000001", "i-bbbb000002"
NETWORK: Json = {"subnet_id": "subnet-x", "security_group_ids": "sg-a, sg-b"}


@pytest.fixture
def cloud() -> CloudWithCopies:
    """A cloud with two machines."""
    made = CloudWithCopies()
    made.add(A, **HARDWARE)
    made.add(B, **HARDWARE)
    made.add_disk(A, "vol-data000001", auto_delete=True)
    return made


@pytest.fixture
def path(cloud: CloudWithCopies, run: Runner, tmp_path: Path) -> Path:
    """The manifest of both; then they are gone."""
    file = tmp_path / "m.json"
    BackedUp(run, instance_ids=[A, B], campaign="spring", manifest_path=str(file))()
    cloud.machines.clear()
    cloud.disks.clear()
    return file


def restored(run: Runner, folder: str = "/", *, check: bool = False, **variables: Any) -> Json:
    """Run the stage."""
    options = parse_restore({**dict.fromkeys(VARIABLES["restore"]), **variables})
    return restore(options, ModulesInProcess(run), folder, preview=check)


def counts(**numbers: int) -> Json:
    """Numbers as the playbook hands them over."""
    return {f"restore_{name}": numbers.get(name, 0) for name in ("selected", "created", "unchanged", "blocked", "failed")}


def test_a_machine_comes_back_and_only_once(cloud: CloudWithCopies, run: Runner, path: Path) -> None:
    preview = restored(run, manifest=str(path), instance_ids=A, **NETWORK, check=True)
    assert (preview["counts"], len(cloud.machines)) == (counts(selected=1, created=1), 0)
    done = restored(run, manifest=str(path), instance_ids=A, **NETWORK)
    assert not done.get("failed")
    assert done["changed"]
    assert done["counts"] == counts(selected=1, created=1)
    assert done["lines"] == [f"{A} -> i-made0 created, running"]
    assert len(cloud.disks) == 2
    again = restored(run, manifest=str(path), instance_ids=A, **NETWORK)
    assert (again["changed"], again["counts"]) == (False, counts(selected=1, unchanged=1))
    assert sorted(cloud.machines) == ["i-made0"]


def test_a_relative_path_begins_where_the_command_was_given(cloud: CloudWithCopies, run: Runner, path: Path) -> None:
    done = restored(run, str(path.parent), manifest=path.name, **NETWORK)
    assert done["counts"] == counts(selected=2, created=2)


def test_a_machine_without_its_backup_holds_all_back_and_leaves_the_numbers(
    cloud: CloudWithCopies, run: Runner, path: Path
) -> None:
    entry = json.loads(path.read_text(encoding="utf-8"))
    entry["machines"][0]["image"] = None
    path.write_text(json.dumps(entry), encoding="utf-8")
    ended = restored(run, manifest=str(path), **NETWORK)
    assert ended["failed"]
    assert "nothing was made" in ended["msg"]
    assert ended["counts"]["restore_blocked"] == 1
    assert cloud.machines == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "jdcloud.cloud/manifest/9"}', "[" * 100_000])
def test_a_file_that_is_no_manifest_is_refused(cloud: CloudWithCopies, run: Runner, tmp_path: Path, text: str) -> None:
    (tmp_path / "m.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is not a manifest of format"):
        restored(run, manifest=str(tmp_path / "m.json"))
    assert cloud.calls == []


def test_a_file_that_is_not_there_is_refused(cloud: CloudWithCopies, run: Runner, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        restored(run, manifest=str(tmp_path / "none.json"))
    assert cloud.calls == []
