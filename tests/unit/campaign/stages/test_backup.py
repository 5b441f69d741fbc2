# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_backup without Ansible: what it refuses, what it does, and that a run that was killed is finished by the next."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common import session
from support.campaign.backups import DRILL, HARDWARE, BackedUp, CloudWithCopies, manifest_file
from support.json_object import Json
from support.module.runner import Runner
from support.search import first_of

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
IDS = [A, B]


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture
def cloud() -> CloudWithCopies:
    """A cloud with a machine that runs and has a data disk, and one that is stopped."""
    made = CloudWithCopies()
    fill(made)
    return made


def fill(cloud: CloudWithCopies) -> None:
    """Two machines."""
    cloud.add(A, "running", **HARDWARE)
    cloud.add(B, **HARDWARE)
    cloud.add_disk(A, "vol-data000001", auto_delete=True)


def add_older(cloud: CloudWithCopies) -> None:
    """Two images of earlier campaigns, with their snapshots."""
    for name in ("old", "older"):
        marker = f"jdcloud.cloud/1 campaign={name} instance={B} stopped=true"
        made = {"instanceId": B, "desc": marker, "createTime": "2025-12-01 08:00:00"}
        disk: Json = {"diskId": "vol-sysibbbb000002", "description": marker, "snapshotSizeGB": 40}
        cloud.add_snapshot(f"snapshot-{name}", **disk, createTime="2025-12-01T08:00:00+08:00")
        cloud.add_image(f"img-{name}", f"snapshot-{name}", **made)


def file_of(path: Path) -> Json:
    """The manifest in a file, which nobody else may read."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    read: Json = json.loads(path.read_text(encoding="utf-8"))
    return read


def actions(done: Json) -> dict[str, str]:
    """Action by machine."""
    return {machine["instance_id"]: machine["action"] for machine in done["manifest"]["machines"]}


def test_a_plan_with_a_blocker_changes_nothing_and_names_the_variables(
    cloud: CloudWithCopies, run: Runner, tmp_path: Path
) -> None:
    cloud.machines[A]["tags"] = [{"key": "jdcloud-protect", "value": "yes"}]
    use = BackedUp(run, instance_ids=IDS, stop_running=True, manifest_path=str(tmp_path / "m.json"))
    with pytest.raises(InputError, match="1 of 2 instances cannot be backed up, .* set vm_backup_on_blocked to skip"):
        use()
    assert cloud.writes == []
    assert not (tmp_path / "m.json").exists()


def test_a_batch_without_room_changes_nothing_and_names_the_variables(cloud: CloudWithCopies, run: Runner) -> None:
    cloud.quotas = {**cloud.quotas, "image": (1, 0)}
    with pytest.raises(InputError, match="The quotas are too small .* set vm_backup_on_shortfall to fit"):
        BackedUp(run, instance_ids=IDS, stop_running=True)()
    assert cloud.writes == []


def test_a_preview_says_what_a_run_does_and_the_run_after_it_finds_it_done(
    cloud: CloudWithCopies, run: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "m.json"
    use = BackedUp(run, instance_ids=IDS, stop_running=True, campaign="spring", manifest_path=str(path))
    preview = use(check=True)
    assert cloud.writes == []
    assert not path.exists()
    assert (preview["changed"], preview["manifest"]["state"]) == (True, "planned")
    assert preview["summary"] == {}
    done = use()
    assert done["manifest"] == file_of(path)
    assert (done["changed"], done["problem"], done["manifest"]["state"]) == (True, "", "complete")
    assert actions(done) == actions(preview) == {A: "created", B: "created"}
    assert (done["manifest"]["reuse"], done["manifest"]["stop_running"]) == ("campaign", True)
    assert cloud.machines[A]["status"] == "stopped"
    writes = len(cloud.writes)
    again = use()
    assert (again["changed"], actions(again)) == (False, {A: "reused", B: "reused"})
    assert again["manifest"] == file_of(path)
    assert len(cloud.writes) == writes


def test_the_use_of_the_api_holds_that_of_the_plan(cloud: CloudWithCopies, run: Runner) -> None:
    done = BackedUp(run, instance_ids=B)()
    assert done["summary"]["api_calls"] == len(cloud.calls)


def test_the_message_is_short(cloud: CloudWithCopies, run: Runner, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    use = BackedUp(run, instance_ids=IDS, stop_running=True, campaign="spring", manifest_path=str(path))
    assert use(check=True)["lines"] == ["Backups of campaign spring: 2 to be made, of 2 instances. Nothing was changed."]
    assert use()["lines"] == [f"Backups of campaign spring: 2 made, of 2 instances. Manifest: {path}"]
    assert use()["lines"] == [f"Backups of campaign spring: 2 used again, of 2 instances. Manifest: {path}"]


def test_a_failed_backup_is_tried_again_by_the_next_run_which_starts_what_was_stopped(
    cloud: CloudWithCopies, run: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "m.json"
    use = BackedUp(run, instance_ids=IDS, stop_running=True, start_again=True, manifest_path=str(path))
    cloud.refuse("vm.createImage", 403, "HTTP_FORBIDDEN", "no rights", A)
    failed = use()
    assert (actions(failed), failed["manifest"]["state"]) == ({A: "failed", B: "created"}, "incomplete")
    assert failed["lines"][1].startswith("1 failed: The service refused a call (api vm.createImage 403 HTTP_FORBIDDEN), ")
    assert A in failed["lines"][1]
    assert "no rights" in failed["lines"][2]
    assert A in failed["problem"]
    assert failed["manifest"] == file_of(path)
    cloud.refusals.clear()
    done = use()
    assert done["campaign"] == failed["campaign"]
    assert (actions(done), done["problem"]) == ({A: "created", B: "reused"}, "")
    assert cloud.machines[A]["status"] == "running"
    assert list(tmp_path.glob("m.json.*")) == []


def test_a_blocked_machine_does_not_hold_the_next_run_to_the_old_list(
    cloud: CloudWithCopies, run: Runner, tmp_path: Path
) -> None:
    cloud.machines[A]["tags"] = [{"key": "jdcloud-protect", "value": "yes"}]
    use = BackedUp(run, filters={"az": "cn-north-1a"}, on_blocked="skip", manifest_path=str(tmp_path / "m.json"))
    first = use()
    assert (actions(first), first["problem"]) == ({A: "blocked", B: "created"}, "")
    cloud.add(C, **HARDWARE)
    assert actions(use()) == {A: "blocked", B: "reused", C: "created"}


def test_a_part_that_did_not_fit_is_done_by_the_next_run(cloud: CloudWithCopies, run: Runner, tmp_path: Path) -> None:
    cloud.quotas = {**cloud.quotas, "image": (1, 0)}
    whole: Json = {"instance_ids": IDS, "stop_running": True, "on_shortfall": "fit"}
    use = BackedUp(run, **whole, manifest_path=str(tmp_path / "m.json"))
    first = use()
    assert sorted(actions(first).values()) == ["blocked", "created"]
    cloud.quotas = {**cloud.quotas, "image": (2, 1)}
    second = use()
    assert sorted(actions(second).values()) == ["created", "reused"]
    assert second["campaign"] == first["campaign"]


def test_a_drill_passes_and_leaves_nothing_behind(cloud: CloudWithCopies, run: Runner, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    before = sorted(cloud.disks)
    done = BackedUp(run, instance_ids=IDS, stop_running=True, manifest_path=str(path), **DRILL)()
    assert done["problem"] == ""
    assert done["lines"][1:] == ["One instance was restored, ran, and was deleted again with its disks."]
    drill = done["manifest"]["drill"]
    assert (drill["outcome"], drill["source_instance_id"], drill["left_over"]) == ("passed", A, [])
    assert drill["instance_ids"] == ["i-made0"]
    assert len(drill["disks"]) == 2
    assert (sorted(cloud.machines), sorted(cloud.disks)) == ([A, B], before)
    assert done["manifest"] == file_of(path)


def test_a_copy_that_cannot_be_removed_fails_the_drill_keeps_all_backups_and_is_removed_by_the_next_run(
    cloud: CloudWithCopies, run: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "m.json"
    use = BackedUp(run, instance_ids=B, campaign="spring", keep=1, manifest_path=str(path), **DRILL)
    cloud.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "no rights")
    failed = use()
    assert failed["problem"].startswith("The backups are made, but the drill failed: ")
    assert "no rights" in failed["problem"]
    assert failed["manifest"]["drill"]["left_over"] == ["i-made0"]
    assert "removed" not in failed["manifest"]
    assert failed["manifest"] == file_of(path)
    cloud.refusals.clear()
    again = use()
    assert (again["problem"], again["manifest"]["drill"]["instance_ids"]) == ("", ["i-made0"])
    assert sorted(cloud.machines) == [A, B]
    assert len(cloud.tokens) == 1


def test_older_backups_go_when_newer_ones_are_proven(cloud: CloudWithCopies, run: Runner, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    add_older(cloud)
    done = BackedUp(run, instance_ids=B, keep=1, campaign="new", manifest_path=str(path))()
    assert done["problem"] == ""
    assert sorted(done["manifest"]["removed"]["image_ids"]) == ["img-old", "img-older"]
    assert "img-old" not in cloud.images
    assert "snapshot-old" not in cloud.snapshots
    assert done["manifest"] == file_of(path)


def test_no_older_backup_goes_in_a_batch_that_failed(cloud: CloudWithCopies, run: Runner) -> None:
    add_older(cloud)
    cloud.refuse("vm.createImage", 403, "HTTP_FORBIDDEN", "no rights", A)
    done = BackedUp(run, instance_ids=IDS, stop_running=True, keep=1, campaign="new")()
    assert actions(done) == {A: "failed", B: "created"}
    assert "removed" not in done["manifest"]
    assert {"img-old", "img-older"} <= set(cloud.images)


def test_the_manifest_of_another_campaign_is_kept_next_to_the_new_one(
    cloud: CloudWithCopies, run: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "m.json"
    BackedUp(run, instance_ids=B, campaign="spring", manifest_path=str(path))()
    before = path.read_text(encoding="utf-8")
    done = BackedUp(run, instance_ids=B, campaign="summer", manifest_path=str(path))()
    (copy,) = tmp_path.glob("m.json.*")
    assert copy.read_text(encoding="utf-8") == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert file_of(path) == done["manifest"]
    assert done["changed"]
    BackedUp(run, instance_ids=B, campaign="summer", manifest_path=str(path))()
    assert [*tmp_path.glob("m.json.*")] == [copy]


def test_a_machine_that_is_selected_no_more_keeps_the_old_manifest(cloud: CloudWithCopies, run: Runner, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    BackedUp(run, instance_ids=IDS, campaign="spring", manifest_path=str(path))()
    BackedUp(run, instance_ids=B, campaign="spring", manifest_path=str(path))()
    assert len([*tmp_path.glob("m.json.*")]) == 1


@pytest.mark.parametrize("text", ['{"format": "jdcloud.cloud/manif', '{"nothing": "of ours"}', "[]", "[" * 100_000])
def test_a_file_that_is_no_manifest_is_never_written_over(cloud: CloudWithCopies, run: Runner, tmp_path: Path, text: str) -> None:
    path = manifest_file(tmp_path, text)
    with pytest.raises(InputError, match="not a manifest of format"):
        BackedUp(run, instance_ids=B, manifest_path=str(path))()
    assert (path.read_text(encoding="utf-8"), cloud.calls) == (text, [])


ALL: Json = {"instance_ids": IDS, "stop_running": True, "start_again": True}
NAMED: Json = {"instance_ids": IDS, "stop_running": True, "campaign": "spring", "keep": 1}


@pytest.mark.parametrize("variables", [{**ALL, **DRILL}, {**ALL, "method": "both"}, NAMED], ids=["drill", "both", "keep"])
@pytest.mark.parametrize("after", first_of([False, True], 1), ids=["before", "after"])
def test_a_kill_at_any_call_and_a_rerun_end_as_one_run(
    run: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: Json, after: bool
) -> None:
    whole = full_cloud()
    calls = _run(whole, run, monkeypatch, {**variables, "manifest_path": str(tmp_path / "whole.json")})
    assert calls > 10
    assert ("img-old" in whole.images) == ("keep" not in variables)
    for number in range(1, calls + 1):
        cloud = full_cloud()
        given = {**variables, "manifest_path": str(tmp_path / f"{number}.json")}
        with pytest.raises(Killed):
            _run(cloud, run, monkeypatch, given, kill_at=number, after=after)
        _run(cloud, run, monkeypatch, given)
        assert cloud.of_machines() == whole.of_machines(), f"killed at call {number}"
        assert [*tmp_path.glob(f"{number}.json.*")] == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_any_write_of_the_manifest_and_a_rerun_end_as_one_run(
    run: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, after: bool
) -> None:
    variables = {**ALL, **DRILL}
    whole = full_cloud()
    _run(whole, run, monkeypatch, {**variables, "manifest_path": str(tmp_path / "whole.json")})
    replace = os.replace
    # Before the backups and after them, when the drill begins and when it ended.
    for number in range(1, 5):
        cloud = full_cloud()
        given = {**variables, "manifest_path": str(tmp_path / f"{number}-{after}.json")}
        left = iter(range(number - 1, -1, -1))

        def die(source: str, target: Path, left: Iterator[int] = left) -> None:
            more = next(left, -1)
            if more or after:
                replace(source, target)
            if not more:
                raise Killed

        monkeypatch.setattr(os, "replace", die)
        with pytest.raises(Killed):
            _run(cloud, run, monkeypatch, given)
        monkeypatch.setattr(os, "replace", replace)
        _run(cloud, run, monkeypatch, given)
        assert cloud.of_machines()["machines"] == whole.of_machines()["machines"], f"killed at write {number}"
        assert cloud.of_machines()["disks"] == whole.of_machines()["disks"], f"killed at write {number}"


def full_cloud() -> CloudWithCopies:
    """Two machines, and older images of one."""
    cloud = CloudWithCopies()
    fill(cloud)
    add_older(cloud)
    return cloud


def _run(
    cloud: CloudWithCopies,
    run: Runner,
    monkeypatch: pytest.MonkeyPatch,
    variables: Json,
    *,
    kill_at: int = 0,
    after: bool = False,
) -> int:
    """Use the role, dying at a call. Returns how many calls were made."""
    monkeypatch.setattr(session, "Transport", cloud.transport)
    monkeypatch.setattr(session, "SystemClock", lambda: cloud.clock)
    before = len(cloud.calls)

    def send(call: Call[Any], *given: Any, **named: Any) -> Any:
        dies = bool(kill_at) and len(cloud.calls) - before + 1 == kill_at
        if dies and not after:
            raise Killed
        try:
            return cloud._send(call, *given, **named)
        finally:
            if dies:
                raise Killed

    cloud.send = send
    done = BackedUp(run, **variables)()
    assert done["problem"] == ""
    assert done["manifest"]["state"] == "complete"
    assert file_of(Path(variables["manifest_path"])) == done["manifest"]
    return len(cloud.calls) - before
