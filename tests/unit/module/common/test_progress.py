# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules tell about how far they are, through their real `main()`; and that telling never matters to the run."""

from __future__ import annotations

import stat
from collections.abc import Callable
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.progress import Ask, Counts, from_text, to_text
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common import progress
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

PROTECTED = [{"key": "jdcloud-protect", "value": "yes"}]


class Reported:
    """All counts that were written, in their order; each step's are checked for what holds always."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._ask: Ask | None = None

    def watch(self, ask: Ask) -> None:
        """A step begins: the one before, if any, has come to its end."""
        self.end()
        self._ask = ask

    def end(self) -> None:
        """Note how the step ended, which no heartbeat tells."""
        if self._ask is not None:
            self.texts.append(to_text(self._ask(), 0.0))
        self._ask = None

    @property
    def counts(self) -> list[Counts]:
        """As counts."""
        heard = [from_text(text) for text in self.texts]
        return [each[0] for each in heard if each is not None]

    @property
    def steps(self) -> list[Counts]:
        """How each step ended."""
        self.end()
        assert all(each.left >= each.in_flight >= 0 and each.total == self.counts[0].total for each in self.counts)
        ends = []
        for _step, group in groupby(self.counts, lambda each: each.step):
            fields = [*group]
            assert all(later.ended >= earlier.ended for earlier, later in pairwise(fields))
            ends.append(fields[-1])
        return ends


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> Reported:
    """Every heartbeat is written, into memory."""
    made = Reported()
    monkeypatch.setenv(progress.PATH_VARIABLE, "/nowhere/counts.json")
    monkeypatch.setattr(progress, "EVERY", 0.0)
    monkeypatch.setattr(progress, "_replace", lambda _path, text: made.texts.append(text))
    watch = progress.Progress.watch

    def watched(self: progress.Progress, ask: Ask) -> None:
        made.watch(ask)
        watch(self, ask)

    monkeypatch.setattr(progress.Progress, "watch", watched)
    return made


def test_nothing_is_shown_before_there_is_anything_to_do(cloud: MemoryCloud, run: Runner, reported: Reported) -> None:
    assert run.vm("absent", "i-a", tags={}).failed
    cloud.add("i-a", "running")
    assert run.vm("absent", "i-a").failed
    assert reported.texts == []


def test_check_mode_tells_nothing(cloud: MemoryCloud, run: Runner, reported: Reported) -> None:
    cloud.add("i-a")
    assert run.vm("absent", "i-a", check=True).result["changed"]
    assert reported.texts == []


def test_a_part_of_something_larger_tells_its_reads_too(
    cloud: MemoryCloud, run: Runner, reported: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(progress.READS_VARIABLE, "1")
    cloud.add("i-a")
    assert run.vm("absent", "i-a", check=True).result["changed"]
    told = reported.counts
    assert {(each.step, each.total) for each in told} >= {("reading", 0)}
    assert max(each.done for each in told) > 0


def test_a_deletion_tells_done_blocked_and_failed(cloud: MemoryCloud, run: Runner, reported: Reported) -> None:
    for number in range(5):
        cloud.add(f"i-run{number}", "running")
    cloud.add("i-kept", tags=PROTECTED)
    cloud.refuse("vm.deleteInstance", 400, "FAILED_PRECONDITION", "no", "i-run4")
    ids = [*(f"i-run{number}" for number in range(5)), "i-kept", "i-gone"]
    ended = run.vm("absent", *ids, stop_running=True, on_blocked="skip", wait_timeout=5)
    assert ended.failed
    # What does not exist is as wanted, and so it counts as done.
    assert reported.steps == [Counts(step="", total=7, done=5, in_flight=0, blocked=1, failed=1)]
    assert reported.counts[0].done == 1
    assert max(each.in_flight for each in reported.counts) >= 4


def test_machines_that_are_started_are_reported(cloud: MemoryCloud, run: Runner, reported: Reported) -> None:
    cloud.add("i-a")
    cloud.add("i-b", "running")
    assert not run.vm("running", "i-a", "i-b").failed
    assert reported.counts[0].done == 1
    assert reported.steps == [Counts(step="", total=2, done=2, in_flight=0, blocked=0, failed=0)]


def test_a_backup_tells_its_three_steps(cloud: MemoryCloud, run: Runner, reported: Reported) -> None:
    cloud.quotas.update(image=(50, 0), snapshot=(50, 0))
    cloud.add("i-a", "running")
    cloud.add("i-b")
    cloud.add("i-kept", "running", tags=PROTECTED)
    options: dict[str, Any] = {"stop_running": True, "start_again": True, "on_blocked": "skip"}
    ended = run("jdcloud_vm_backup", campaign="c1", method="both", instance_ids=["i-a", "i-b", "i-kept"], **options)
    assert not ended.failed, ended.result
    assert [each.step for each in reported.steps] == ["stopping", "backing up", "starting again"]
    assert all((each.done, each.blocked, each.left) == (2, 1, 0) for each in reported.steps)


def test_a_backup_that_failed_stays_failed_in_the_steps_after(cloud: MemoryCloud, run: Runner, reported: Reported) -> None:
    cloud.quotas.update(image=(50, 0), snapshot=(50, 0))
    cloud.add("i-a", "running")
    cloud.add("i-b", "running")
    cloud.refuse("vm.createImage", 403, "PERMISSION_DENIED", "no", "i-a")
    options: dict[str, Any] = {"stop_running": True, "start_again": True}
    ended = run("jdcloud_vm_backup", campaign="c1", instance_ids=["i-a", "i-b"], **options)
    assert ended.failed
    assert [(each.step, each.done, each.failed) for each in reported.steps] == [
        ("stopping", 2, 0),
        ("backing up", 1, 1),
        ("starting again", 1, 1),
    ]


def test_images_and_snapshots_that_are_made_are_reported(cloud: MemoryCloud, run: Runner, reported: Reported) -> None:
    cloud.quotas.update(image=(50, 0), snapshot=(50, 0))
    cloud.add("i-a")
    for module in ("jdcloud_image", "jdcloud_snapshot"):
        reported.texts.clear()
        assert not run(module, state="present", instance_ids=["i-a"], campaign="c1").failed
        assert reported.steps == [Counts(step="backing up", total=1, done=1, in_flight=0, blocked=0, failed=0)]


@pytest.mark.parametrize("kind", ["image", "snapshot", "disk", "elastic_ip"])
def test_things_that_are_deleted_are_reported(cloud: MemoryCloud, run: Runner, reported: Reported, kind: str) -> None:
    adders: dict[str, Callable[[str], object]] = {
        "image": cloud.add_image,
        "snapshot": cloud.add_snapshot,
        "disk": cloud.add_free_disk,
        "elastic_ip": cloud.add_free_elastic_ip,
    }
    add = adders[kind]
    prefix = {"image": "img", "snapshot": "snapshot", "disk": "vol", "elastic_ip": "fip"}[kind]
    ids = [f"{prefix}-number{number}" for number in range(3)]
    for each in ids:
        add(each)
    ended = run(f"jdcloud_{kind}", state="absent", **Json({f"{kind}_ids": [*ids, f"{prefix}-gone"]}))
    assert not ended.failed, ended.msg
    assert reported.steps == [Counts(step="", total=4, done=4, in_flight=0, blocked=0, failed=0)]
    assert reported.counts[0].done == 1


def test_the_result_is_the_same_with_and_without(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    results = []
    for _turn in range(2):
        cloud.add("i-a", "running")
        results.append(run.vm("absent", "i-a", stop_running=True).result)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(progress.PATH_VARIABLE, str(tmp_path / "counts.json"))
            cloud.add("i-a", "running")
            results.append(run.vm("absent", "i-a", stop_running=True).result)
    for result in results:
        result["summary"].pop("seconds")
    assert all(result == results[0] for result in results)


def test_the_file_is_private_and_replaced_as_a_whole(
    cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "folder" / "counts.json"
    path.parent.mkdir()
    monkeypatch.setenv(progress.PATH_VARIABLE, str(path))
    cloud.add("i-a")
    assert not run.vm("absent", "i-a").failed
    assert [each.name for each in path.parent.iterdir()] == ["counts.json"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    heard = from_text(path.read_text(encoding="utf-8"))
    assert heard is not None
    assert heard[0].total == 1


@pytest.mark.parametrize("wrong", ["no folder", "a folder", "a link"])
def test_a_file_that_cannot_be_written_does_not_matter(
    cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: str
) -> None:
    path = tmp_path / "counts.json"
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    if wrong == "no folder":
        path = tmp_path / "none" / "counts.json"
    elif wrong == "a folder":
        path.mkdir()
    else:
        Path(f"{path}.new").symlink_to(victim)
    monkeypatch.setenv(progress.PATH_VARIABLE, str(path))
    cloud.add("i-a", "running")
    ended = run.vm("absent", "i-a", stop_running=True)
    assert not ended.failed
    assert ended.actions == {"i-a": "deleted"}
    assert ended.warnings == []
    assert victim.read_text(encoding="utf-8") == "precious"


def test_a_bug_in_the_counting_does_not_matter(
    cloud: MemoryCloud, run: Runner, reported: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: Any) -> str:
        raise RuntimeError("broken")

    monkeypatch.setattr(progress, "to_text", broken)
    cloud.add("i-a")
    assert not run.vm("absent", "i-a").failed
    assert reported.texts == []
