# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which machines the queries of extensions/audit count, with the real jq, over results of the real modules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common import session
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.restores import OF_IMAGE, Backups
from support.module.runner import Ended, Runner
from support.search import examples

ROOT = Path(__file__).resolve().parents[4]
QUERIES: dict[str, Json] = yaml.safe_load((ROOT / "extensions" / "audit" / "event_query.yml").read_text(encoding="utf-8"))
PREFIX = "jdcloud.cloud."
COMPILED = {name.removeprefix(PREFIX): jq.compile(row["query"]) for name, row in QUERIES.items()}
CANONICAL = {"instance_id": "i-a", "region": "cn-north-1"}
PROTECTED = [{"key": "jdcloud-protect", "value": "yes"}]


class TaggingCloud(MemoryCloud):
    """A cloud that sets tags of machines."""

    @property
    def _replies(self) -> Any:
        return {**super()._replies, "resourcetag.tagResources": self._tag}

    def _tag(self, call: Any) -> Json:
        wanted = call.body["tagResources"]
        for resource_id in wanted["resources"][0]["resourceId"]:
            self.machines[resource_id]["tags"] = wanted["tags"]
        return {"data": {}}


def outputs(module: str, result: Any) -> list[Any]:
    """All that a query makes of a result, as Automation Platform asks for it: the result has been through JSON."""
    return list(COMPILED[module].input_value(json.loads(json.dumps(result))).all())


def counted(module: str, ended: Ended) -> list[str]:
    """The ids of the machines that count, in the order of their names."""
    found = outputs(module, ended.result)
    for node in found:
        assert set(node) == {"name", "canonical_facts", "facts"}
        assert node["name"]
        assert set(node["canonical_facts"]) == {"instance_id", "region"}
        assert node["canonical_facts"]["region"] == "cn-north-1"
        assert node["facts"]["device_type"] == "virtual_machine"
    return sorted(node["canonical_facts"]["instance_id"] for node in found)


def test_every_query_is_for_a_module_that_exists_and_changes_machines() -> None:
    names = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    assert {name.removeprefix(PREFIX) for name in QUERIES} <= names
    assert not any(name.endswith("_info") for name in QUERIES)
    assert all(set(row) == {"query"} for row in QUERIES.values())


# --- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", COMPILED)
@pytest.mark.parametrize(
    "result",
    [
        {},
        None,
        [],
        "text",
        {"changed": False, "msg": "MODULE FAILURE", "failed": True},
        {"censored": "the output has been hidden due to the fact that 'no_log: true' was specified for this result"},
        {"skipped": True, "skip_reason": "Conditional result was False"},
        {"ansible_job_id": "j1.2", "started": 1, "finished": 0, "results_file": "/tmp/x"},
        {"results": [{"instances": [{"instance_id": "i-a", "changed": True}], "account": {"region": "r"}}], "changed": True},
        {"account": {"region": None}, "instances": [{"instance_id": "i-a", "changed": True}]},
        {"account": "x", "instances": None, "images": 1, "snapshots": {"a": 1}, "manifest": [1]},
        {"account": {"region": "r"}, "campaign": "c", "manifest": None, "instances": None, "images": None, "snapshots": None},
    ],
)
def test_a_result_without_machines_counts_none(module: str, result: Any) -> None:
    assert outputs(module, result) == []


SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
KEYS = st.sampled_from(
    ["account", "region", "instances", "instance_id", "images", "snapshots", "manifest", "machines", "action", "changed"]
    + ["name", "status", "status_before", "campaign", "failed", "check_mode", "image", "stopped_by_us"]
)
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6))


@pytest.mark.parametrize("module", COMPILED)
@examples(20, 60)
@given(result=ANYTHING)
def test_whatever_a_result_holds_no_query_fails_and_all_outputs_can_be_counted(module: str, result: Any) -> None:
    """An error, or an output that is no object, would cost the whole job its count; a null fact would not be counted."""
    for node in outputs(module, result):
        assert isinstance(node, dict)
        assert set(node) == {"name", "canonical_facts", "facts"}
        assert all(isinstance(value, str) for value in node["canonical_facts"].values())


def test_wrong_arguments_count_nothing(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    for module in COMPILED:
        ended = run(module, instance_ids=[])
        assert ended.failed
        assert counted(module, ended) == []


# --- check mode ---------------------------------------------------------------------------------------------------


def test_check_mode_counts_nothing(cloud: MemoryCloud, run: Runner) -> None:
    cloud.quotas.update(image=(50, 0), snapshot=(50, 0))
    cloud.add("i-a")
    cloud.add("i-b")
    every: list[tuple[str, Json]] = [
        ("jdcloud_vm", {"state": "absent"}),
        ("jdcloud_vm", {"state": "stopped"}),
        ("jdcloud_vm_backup", {"method": "both"}),
        ("jdcloud_image", {"state": "present"}),
        ("jdcloud_snapshot", {"state": "present"}),
        ("jdcloud_tag", {"set": {"a": "b"}}),
    ]
    for module, options in every:
        ended = run(module, check=True, instance_ids=["i-a", "i-b"], **options)
        assert not ended.failed
        assert ended.result["check_mode"] is True
        assert counted(module, ended) == []


def test_a_failing_preview_says_that_it_is_one(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a", tags=PROTECTED)
    ended = run.vm("absent", "i-a", check=True)
    assert ended.failed
    assert ended.result["check_mode"] is True


def test_modules_that_only_read_say_nothing_of_check_mode(cloud: MemoryCloud, run: Runner) -> None:
    assert "check_mode" not in run("jdcloud_vm_info", check=True).result


# --- machines -----------------------------------------------------------------------------------------------------


def test_machines_that_are_changed_or_as_wished_count_and_others_do_not(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-stop", "running")
    cloud.add("i-idle", "stopped")
    cloud.add("i-safe", "running", tags=PROTECTED)
    ended = run.vm("stopped", "i-stop", "i-idle", "i-safe", on_blocked="skip")
    assert ended.actions == {"i-stop": "stopped", "i-idle": "none", "i-safe": "blocked"}
    assert counted("jdcloud_vm", ended) == ["i-idle", "i-stop"]


def test_deleted_machines_count_and_ids_that_do_not_exist_do_not(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    ended = run.vm("absent", "i-a", "i-none")
    assert not ended.failed
    assert counted("jdcloud_vm", ended) == ["i-a"]
    assert counted("jdcloud_vm", run.vm("absent", "i-a", "i-none")) == []


def test_what_a_blocker_held_back_does_not_count(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    cloud.add("i-safe", tags=PROTECTED)
    ended = run.vm("absent", "i-a", "i-safe")
    assert ended.failed
    assert ended.actions == {"i-a": "none", "i-safe": "blocked"}
    assert counted("jdcloud_vm", ended) == []


def test_a_failed_machine_counts_only_if_it_was_changed(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a", "running")
    cloud.add("i-b", "stopped")
    for instance_id in ("i-a", "i-b"):
        cloud.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "not authorized", instance_id)
    ended = run.vm("absent", "i-a", "i-b", stop_running=True)
    assert ended.actions == {"i-a": "failed", "i-b": "failed"}
    assert counted("jdcloud_vm", ended) == ["i-a"]


def test_a_machine_without_a_name_is_called_by_its_id(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a", instanceName="")
    cloud.add("i-b", instanceName="web 01")
    names = [node["name"] for node in outputs("jdcloud_vm", run.vm("stopped", "i-a", "i-b").result)]
    assert names == ["i-a", "web 01"]


def test_tagged_machines_count_and_their_disks_do_not(run: Runner, monkeypatch: pytest.MonkeyPatch, cloud: MemoryCloud) -> None:
    tagging = TaggingCloud()
    tagging.clock = cloud.clock
    monkeypatch.setattr(session, "Transport", tagging.transport)
    tagging.add("i-a")
    tagging.add("i-b", tags=[{"key": "env", "value": "test"}])
    tagging.add("i-safe", tags=PROTECTED)
    wanted: Json = {"instance_ids": ["i-a", "i-b", "i-safe", "i-none"], "set": {"env": "test"}, "on_blocked": "skip"}
    ended = run("jdcloud_tag", **wanted)
    assert ended.actions == {"i-a": "tagged", "i-b": "none", "i-safe": "blocked", "i-none": "failed"}
    assert counted("jdcloud_tag", ended) == ["i-a"], "a machine that was unchanged in a failed task is not counted"
    again = run("jdcloud_tag", instance_ids=["i-a", "i-b"], set={"env": "test"})
    assert not again.result["changed"]
    assert counted("jdcloud_tag", again) == ["i-a", "i-b"]


# --- backups ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("jdcloud_vm_backup", {"method": "both"}),
        ("jdcloud_image", {"state": "present"}),
        ("jdcloud_snapshot", {"state": "present"}),
    ],
)
def test_machines_that_are_backed_up_count_once_also_by_what_exists(
    cloud: MemoryCloud, run: Runner, module: str, options: Json
) -> None:
    cloud.quotas.update(image=(50, 0), snapshot=(50, 0))
    cloud.add("i-a")
    cloud.add_disk("i-a", "vol-a", auto_delete=False)
    cloud.add("i-safe", tags=PROTECTED)
    wanted: Json = {"instance_ids": ["i-a", "i-safe"], "campaign": "c1", "on_blocked": "skip", **options}
    first, second = run(module, **wanted), run(module, **wanted)
    assert not first.failed
    assert first.result["changed"]
    assert not second.result["changed"]
    assert counted(module, first) == counted(module, second) == ["i-a"]


def test_a_machine_that_was_only_stopped_for_a_failed_backup_counts(cloud: MemoryCloud, run: Runner) -> None:
    cloud.quotas.update(image=(50, 0), snapshot=(50, 0))
    cloud.add("i-a", "running")
    cloud.add("i-b")
    cloud.refuse("vm.createImage", 403, "HTTP_FORBIDDEN", "not authorized")
    ended = run("jdcloud_vm_backup", instance_ids=["i-a", "i-b"], campaign="c1", stop_running=True)
    assert ended.failed
    assert counted("jdcloud_vm_backup", ended) == ["i-a"]


def test_deleting_an_image_manages_no_machine(cloud: MemoryCloud, run: Runner) -> None:
    cloud.add("i-a")
    cloud.add_image("img-a", "snapshot-a", instanceId="i-a")
    ended = run("jdcloud_image", state="absent", image_ids=["img-a"])
    assert ended.result["changed"]
    assert counted("jdcloud_image", ended) == []


# --- restores -----------------------------------------------------------------------------------------------------


def test_a_restore_counts_the_new_machine(run: Runner, monkeypatch: pytest.MonkeyPatch, cloud: MemoryCloud) -> None:
    backups = Backups()
    backups.clock = cloud.clock
    monkeypatch.setattr(session, "Transport", backups.transport)
    preview = run("jdcloud_vm_restore", check=True, **OF_IMAGE)
    assert not preview.failed
    assert counted("jdcloud_vm_restore", preview) == []
    done = run("jdcloud_vm_restore", **OF_IMAGE)
    again = run("jdcloud_vm_restore", **OF_IMAGE)
    assert not done.failed
    assert done.only["action"] == "created"
    assert again.only["action"] == "none"
    assert counted("jdcloud_vm_restore", done) == counted("jdcloud_vm_restore", again) == [done.only["instance_id"]]


def test_the_same_machine_has_the_same_canonical_facts_everywhere(cloud: MemoryCloud, run: Runner) -> None:
    cloud.quotas.update(image=(50, 0), snapshot=(50, 0))
    cloud.add("i-a", "running")
    every: list[tuple[str, Json]] = [
        ("jdcloud_vm", {"state": "stopped"}),
        ("jdcloud_vm_backup", {"campaign": "c1"}),
        ("jdcloud_image", {"state": "present", "campaign": "c2"}),
        ("jdcloud_snapshot", {"state": "present", "campaign": "c3"}),
        ("jdcloud_vm", {"state": "absent"}),
    ]
    for module, options in every:
        (node,) = outputs(module, run(module, instance_ids=["i-a"], **options).result)
        assert node["canonical_facts"] == CANONICAL, module
