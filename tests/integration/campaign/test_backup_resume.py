# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_backup after a run that was killed, and next to manifests of other campaigns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.integration.cloud import REGION, Cloud, running, stopped
from support.integration.conductor import Conductor, kill_at
from support.integration.role_backups import FASTER, A, B, C, file_of, names, resources
from support.json_object import Json

FORMAT = "jdcloud.cloud/manifest/1"


def manifest(path: Path, *ids: str, **fields: object) -> str:
    """A manifest of an earlier campaign in a file; its text."""
    machines = [
        {"instance_id": each, "status_before": "running", "status": "stopped", "action": "created", "blockers": []}
        for each in ids
    ]
    text = {"format": FORMAT, "campaign": "earlier", "region": REGION, "state": "complete", "machines": machines, **fields}
    path.write_text(json.dumps(text), encoding="utf-8")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("operation", "selection"),
    [
        ("vm.stopInstance", {"tags": "project=harbor"}),
        ("vm.createImage", {"filters": {"status": "running"}}),
        ("disk.describeSnapshots", {"tags": {"project": "harbor"}, "filters": "status=running"}),
        ("vm.startInstance", {"instance_ids": f"{A},{B}"}),
    ],
)
def test_a_killed_run_is_finished_by_the_next_one(
    cloud: Cloud, conductor: Conductor, tmp_path: Path, operation: str, selection: Json
) -> None:
    """It is killed while a call hangs. Meanwhile a third machine gets what the selection asks for, and is left alone."""
    harbor = {"tags": {"project": "harbor"}}
    cloud.seed(running(A, **harbor), running(B, **harbor), stopped(C), **FASTER)
    path = tmp_path / "manifest.json"
    wanted = {"stop_running": True, "start_again": True, "manifest_path": str(path), **selection}
    kill_at(cloud, tmp_path, operation, "back_up", wanted)
    killed = file_of(path)
    assert killed["state"] == "planned"
    assert {machine["status_before"] for machine in killed["machines"]} == {"running"}
    cloud.control.act("retag", C, set=harbor["tags"])
    cloud.control.act("start", C, instantly=True)

    done = conductor.back_up(**wanted)
    assert done.message == ""
    assert done.manifest == file_of(path)
    assert done.manifest["campaign"] == killed["campaign"]
    assert done.manifest["state"] == "complete"
    assert set(done.actions) == {A, B}
    assert {machine["status_before"] for machine in done.manifest["machines"]} == {"running"}
    assert cloud.status(A) == cloud.status(B) == "running"
    assert len(resources(cloud, "images")) == 2
    assert len(resources(cloud, "snapshots")) == 2
    assert names(cloud, "images") == {machine["image"]["name"] for machine in killed["machines"]}
    assert not any(entry["method"] != "GET" for entry in cloud.calls(resource=C))
    assert not list(tmp_path.glob("manifest.json.*"))


def test_manifests_that_do_not_fit_are_refused_or_kept(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    cloud.seed(stopped(A), stopped(B), **FASTER)
    damaged, strange, unfinished, finished, same = (tmp_path / f"{name}.json" for name in ("a", "b", "c", "d", "e"))
    damaged.write_text('{"format": "jdcloud.cloud/manif', encoding="utf-8")
    strange.write_text('{"nothing": "of ours"}', encoding="utf-8")
    other = manifest(unfinished, B, state="planned")
    finished_text = manifest(finished, A)
    same_text = manifest(same, B)
    refused: list[tuple[Path, str]] = [
        (damaged, "not a manifest of format"),
        (strange, "not a manifest of format"),
        (unfinished, "belongs to an unfinished campaign of other instances"),
    ]
    before = [path.read_text(encoding="utf-8") for path, _part in refused]
    *wrong, kept, named, more = conductor.back_up_each(
        *[{"instance_ids": A, "manifest_path": str(path)} for path, _part in refused],
        {"instance_ids": A, "manifest_path": str(finished)},
        {"instance_ids": A, "manifest_path": str(unfinished), "campaign": "later"},
        {"instance_ids": A, "manifest_path": str(same), "campaign": "earlier"},
    )
    for use, (_path, part) in zip(wrong, refused, strict=True):
        assert part in use.message
        assert use.manifest == {}
    assert [damaged.read_text(encoding="utf-8"), strange.read_text(encoding="utf-8")] == before[:2]
    assert kept.message == named.message == more.message == ""
    for path, text, use in ((finished, finished_text, kept), (unfinished, other, named), (same, same_text, more)):
        (copy,) = tmp_path.glob(f"{path.name}.*")
        assert copy.read_text(encoding="utf-8") == text
        assert file_of(path) == use.manifest
    assert kept.manifest["campaign"] != "earlier"
    assert named.manifest["campaign"] == "later"


def test_a_blocked_machine_does_not_hold_the_next_run_to_the_old_list(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    """Nothing failed, so the campaign is over: the next run looks at all that carries the tag then."""
    harbor = {"project": "harbor"}
    cloud.seed(stopped(A, tags=harbor), stopped(B, tags={**harbor, "jdcloud-protect": "yes"}), stopped(C), **FASTER)
    path = tmp_path / "manifest.json"
    wanted: Json = {"tags": harbor, "on_blocked": "skip", "manifest_path": str(path)}
    cloud.control.act("retag", C, set=harbor, when={"operation": "vm.createImage", "resource": A, "moment": "after"})
    first, second = conductor.back_up_each(wanted, wanted)
    assert first.message == ""
    assert first.actions == {A: "created", B: "blocked"}
    assert first.manifest["state"] == "incomplete"
    assert second.message == ""
    assert second.actions == {A: "reused", B: "blocked", C: "created"}


def test_a_part_that_did_not_fit_is_done_by_the_next_run(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    cloud.seed(running(A), running(B), **FASTER)
    cloud.control.set_quotas(images=1)
    more_room = {"operation": "vm.startInstance", "resource": A, "moment": "after"}
    cloud.control.act("set_quotas", A, images=2, when=more_room)
    whole: Json = {"instance_ids": [A, B], "stop_running": True, "start_again": True, "on_shortfall": "fit"}
    wanted = {**whole, "manifest_path": str(tmp_path / "manifest.json")}
    first, second = conductor.back_up_each(wanted, wanted)
    assert first.message == ""
    assert first.actions == {A: "created", B: "blocked"}
    assert second.message == ""
    assert second.actions == {A: "reused", B: "created"}
    assert second.manifest["campaign"] == first.manifest["campaign"]
    assert second.manifest["state"] == "complete"
    assert cloud.status(A) == cloud.status(B) == "running"
    assert len(resources(cloud, "images")) == 2
