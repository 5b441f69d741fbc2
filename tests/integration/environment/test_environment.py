# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Execution environments: what is built into them, and a campaign with nothing else, run as AWX runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.integration.campaigns import QUICK
from support.integration.cloud import REGION, Cloud, stopped
from support.json_object import Json

pytestmark = pytest.mark.foreign

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
ENVIRONMENT = ROOT / ".venv" / "environment" / "bin"
"""Made from requirements/environment.txt alone."""
DEFINITIONS = [ROOT / "execution-environment.yml", *sorted(ROOT.glob("extensions/patterns/*/exec_env/execution-environment.yml"))]
PLAYBOOKS = Path("extensions", "patterns", "decommission_fleet", "playbooks")
A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"


def run(command: list[Any], folder: Path, **how: Any) -> str:
    """Run a command with an empty home and nothing of this checkout in its environment. Returns its output."""
    environment = {
        "PATH": f"{ENVIRONMENT}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOME": str(folder / "ansible-home"),
    }
    ended = subprocess.run(
        [str(word) for word in command],
        env={**environment, **how.pop("environment", {})},
        cwd=folder,
        capture_output=True,
        timeout=900,
        check=False,
        **how,
    )
    assert ended.returncode == 0, (ended.stdout + ended.stderr).decode(errors="replace")
    return str(ended.stdout, errors="replace")


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection as it is published."""
    folder = tmp_path_factory.mktemp("artifact")
    run([ENVIRONMENT / "ansible-galaxy", "collection", "build", ROOT, "--output-path", folder], folder)
    (archive,) = folder.glob("*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def collections(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection as it is installed, without any server."""
    folder = tmp_path_factory.mktemp("installed")
    run([ENVIRONMENT / "ansible-galaxy", "collection", "install", "--offline", artifact, "-p", folder], folder)
    return folder


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_a_definition_becomes_a_build_context(definition: Path, artifact: Path, tmp_path: Path) -> None:
    shutil.copy(definition, tmp_path)
    shutil.copy(artifact, tmp_path / "jdcloud-cloud.tar.gz")
    run(
        [BIN / "ansible-builder", "create", "-f", definition.name, "-c", "context", "--output-filename", "Containerfile"],
        tmp_path,
    )
    context = tmp_path / "context"
    (collection,) = yaml.safe_load((context / "_build" / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    (recipe,) = [path.read_text(encoding="utf-8") for path in context.glob("*file")]
    assert "ansible-core>=2.18,<2.22" in recipe
    assert "ansible-runner>=2.4" in recipe
    # requests alone would not see the CAs of the system, into which AWX mounts those of its node.
    assert "ENV REQUESTS_CA_BUNDLE=/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem" in recipe.rpartition("FROM")[2]
    if definition.parent == ROOT:
        assert collection["type"] == "file"
        assert (context / "_build" / collection["name"]).read_bytes() == artifact.read_bytes()
    else:
        assert collection == {"name": "jdcloud.cloud"}


def test_the_collection_asks_for_requests_and_nothing_else(collections: Path, tmp_path: Path) -> None:
    text = yaml.safe_load(run([BIN / "ansible-builder", "introspect", collections], tmp_path))
    assert [each.partition("#")[0].strip() for each in text["python"]] == ["requests>=2.28"]
    assert text["system"] == []
    wanted = (ROOT / "requirements" / "environment.txt").read_text(encoding="utf-8").split("\n")
    definition = yaml.safe_load(DEFINITIONS[0].read_text(encoding="utf-8"))["dependencies"]
    packages = [definition[name]["package_pip"] for name in ("ansible_core", "ansible_runner")]
    assert [line for line in wanted if line and not line.startswith("#")] == ["-r ../requirements.txt", *packages]


def private_data(folder: Path, cloud: Cloud, collections: Path, playbook: Path, variables: Json, *words: str) -> Path:
    """What AWX hands to a runner: the project that setup.yml makes, an inventory, variables, the credential."""
    project = folder / "project"
    shutil.copytree(collections / "ansible_collections/jdcloud/cloud", project)
    given = {name: value for name, value in cloud.environment().items() if name.startswith("JDCLOUD_")}
    files: Json = {
        "env/envvars": {**given, "ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_HOME": str(folder / "home")},
        "env/extravars": {**QUICK, "vm_decommission_backup": "none", "vm_decommission_waves": "100%", **variables},
        "inventory/hosts.json": {"all": {"hosts": {"lane-1": {"jdcloud_lane": 1, "jdcloud_lanes": 1}}}},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    (folder / "env" / "cmdline").write_text(" ".join(words), encoding="utf-8")
    assert (project / playbook).is_file()
    return folder


def artifacts_of(folder: Path) -> Json:
    """What set_stats left, from where AWX takes it: the events of the job."""
    # With the name of the job between them here, and without it there.
    for path in (folder / "artifacts").rglob("job_events/*.json"):
        event = json.loads(path.read_text(encoding="utf-8"))
        if event["event"] == "playbook_on_stats":
            return dict(event["event_data"]["artifact_data"])
    raise AssertionError("the job left no statistics")


def test_a_campaign_runs_on_this_node_and_on_another(cloud: Cloud, collections: Path, tmp_path: Path) -> None:
    """The plan with `run`, and what it hands over with `transmit`, `worker` and `process`, as through a mesh."""
    cloud.seed(stopped(A), stopped(B), stopped(C))
    runner = ENVIRONMENT / "ansible-runner"
    answers = {"decommission_instance_ids": f"{A},{B}", "vm_decommission_grace_days": 0}
    here = private_data(tmp_path / "here", cloud, collections, PLAYBOOKS / "plan.yml", answers, "--check")
    run([runner, "run", here, "-p", PLAYBOOKS / "plan.yml"], tmp_path)
    plan = artifacts_of(here)
    assert plan["decommission_plan"]["instance_ids"] == [A, B]
    assert plan["decommission_plan"]["region"] == REGION
    assert cloud.writes() == []

    sent, back = tmp_path / "sent", tmp_path / "back"
    there = private_data(tmp_path / "there", cloud, collections, PLAYBOOKS / "decommission.yml", plan)
    command = [runner, "transmit", there, "-p", PLAYBOOKS / "decommission.yml"]
    sent.write_text(run(command, tmp_path), encoding="utf-8")
    with sent.open("rb") as stream:
        worker = [runner, "worker", "--private-data-dir", tmp_path / "worker"]
        back.write_text(run(worker, tmp_path, stdin=stream), encoding="utf-8")
    with back.open("rb") as stream:
        run([runner, "process", tmp_path / "result"], tmp_path, stdin=stream)
    assert artifacts_of(tmp_path / "result")["decommission"]["totals"]["deleted"] == 2
    assert [cloud.control.resource(each) is None for each in (A, B, C)] == [True, True, False]
