# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines that say how far a task is, in real runs of Ansible: on standard error, and nothing else is different.

At a slow rate a fleet of a dozen takes two seconds, so that lines are due many times in a run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.integration.cloud import Cloud, running
from support.integration.commands import BIN, Ansible, vm
from support.json_object import Json

ENVIRONMENT = Path(__file__).resolve().parents[3] / ".venv" / "environment" / "bin"
RUNNER = next((each for each in (BIN, ENVIRONMENT) if (each / "ansible-runner").exists()), None)
"""Where ansible-runner is: with the ansible-core of these tests, else where that of an execution environment is."""

IDS = [f"i-many{number:04}" for number in range(12)]
COUNTS = r"jdcloud_vm: \d+ of 12 done, \d+ in flight, 0 blocked, 0 failed"
LINE = re.compile(COUNTS + r"(, [\d.]+ a (second|minute)(, about .* left)?)?")
OPTIONS: Json = {"stop_running": True, "api_rate_limit": 16}
LINES = {"JDCLOUD_PROGRESS": "0.15"}
CALLBACK = """
import json
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "all_json"

    def v2_playbook_on_stats(self, stats):
        row = stats.summarize("localhost")
        self._display.display(json.dumps({key: row[key] for key in ("ok", "failures", "changed")}))
"""
"""Like those that print the whole run as one JSON document at its end."""
CHANGES = re.compile(r'"(seconds|api_calls|api_retries|api_throttled)": [\d.]+')


class Stage:
    """A fleet that is the same every time, and commands whose two outputs are kept apart."""

    def __init__(self, cloud: Cloud, ansible: Ansible) -> None:
        self.cloud = cloud
        self.ansible = ansible
        self.machines = [running(each, disks=[{"id": f"vol-{each[2:]}"}]) for each in IDS]
        self.settings: Json = {}
        self.patience = 180.0

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command on a new fleet. It leaves nothing in the folders for temporary files."""
        self.cloud.seed(*self.machines, **self.settings)
        whole = self.ansible.environment(**{**LINES, **environment})
        process = subprocess.run(
            [str(BIN / words[0]), *words[1:]],
            env=whole,
            cwd=self.cloud.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self.patience,
            check=False,
        )
        assert list(Path(whole["ANSIBLE_LOCAL_TEMP"]).rglob("jdcloud-progress-*")) == []
        return process

    def play(self, task: Json, *arguments: str, play: Json | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        """A playbook with one task."""
        process = self.command("ansible-playbook", str(self.ansible.write([task], **(play or {}))), *arguments, **environment)
        assert process.returncode == 0, process.stdout + process.stderr
        return process


@pytest.fixture
def stage(cloud: Cloud, ansible: Ansible) -> Stage:
    """The stage of one test."""
    return Stage(cloud, ansible)


def lines(process: subprocess.CompletedProcess[str]) -> list[str]:
    """What standard error holds: nothing but lines."""
    shown = process.stderr.splitlines()
    assert all(LINE.fullmatch(each) for each in shown), process.stderr
    return shown


def delete(**options: Any) -> Json:
    return vm("done", "absent", *IDS, **OPTIONS, **options)


def test_lines_go_to_standard_error_and_standard_output_is_the_same(stage: Stage) -> None:
    silent = stage.play(delete(), "-v", JDCLOUD_PROGRESS="off")
    assert silent.stderr == ""
    loud = stage.play(delete(), "-v", ANSIBLE_LOG_PATH=str(stage.cloud.home / "log"))
    assert len(lines(loud)) >= 2
    one, other = (CHANGES.sub("", _without_names(each.stdout)) for each in (silent, loud))
    assert one == other
    assert "in flight" not in (stage.cloud.home / "log").read_text(encoding="utf-8")


def _without_names(output: str) -> str:
    """The emulator makes up new ids of interfaces and system disks for every fleet."""
    return re.sub(r'"(port|vol)-\w{10}"', '""', output)


@pytest.mark.thorough
def test_a_callback_that_prints_json_stays_readable(stage: Stage) -> None:
    plugins = stage.cloud.home / "callbacks"
    plugins.mkdir()
    (plugins / "all_json.py").write_text(CALLBACK, encoding="utf-8")
    process = stage.play(delete(), ANSIBLE_CALLBACK_PLUGINS=str(plugins), ANSIBLE_STDOUT_CALLBACK="all_json")
    assert lines(process)
    assert json.loads(process.stdout) == {"ok": 1, "failures": 0, "changed": 1}


@pytest.mark.thorough
def test_a_task_that_ends_before_the_first_line_is_due_shows_nothing(stage: Stage) -> None:
    process = stage.play(vm("done", "absent", IDS[0], stop_running=True), JDCLOUD_PROGRESS="120")
    assert process.stderr == ""


def test_check_mode_shows_nothing(stage: Stage) -> None:
    """One machine is being deleted by another user, and the preview waits for it longer than a line takes to be due."""
    stage.machines[0]["status"] = "deleting"
    stage.settings = {"delete_seconds": 1.0}
    assert stage.play(delete(), "--check").stderr == ""
    assert stage.cloud.writes() == []


@pytest.mark.thorough
def test_a_task_in_the_background_shows_nothing_and_works(stage: Stage) -> None:
    process = stage.play(delete(**{"async": 60, "poll": 1}))
    assert process.stderr == ""
    assert "changed=1" in process.stdout
    assert not any(stage.cloud.exists(each) for each in IDS)


@pytest.mark.thorough
def test_ad_hoc(stage: Stage) -> None:
    arguments = f"state=absent instance_ids={','.join(IDS)} stop_running=true api_rate_limit=16"
    process = stage.command(
        "ansible", "localhost", "-m", "jdcloud.cloud.jdcloud_vm", "-a", arguments, "-o", ANSIBLE_DEPRECATION_WARNINGS="0"
    )
    assert process.returncode == 0
    assert lines(process)
    assert re.match(r"localhost \| CHANGED => \{", process.stdout)
    assert len(process.stdout.splitlines()) == 1


@pytest.mark.thorough
def test_several_hosts_at_once_are_distinguished(stage: Stage) -> None:
    """With the strategy free, in a loop, delegated to this machine; the hosts themselves cannot be reached."""
    inventory = stage.cloud.home / "hosts"
    inventory.write_text("web1\nweb2\n", encoding="utf-8")
    task = vm("done", "absent", "{{ item }}", **{**OPTIONS, "api_rate_limit": 6})
    half = {"web1": IDS[:2], "web2": IDS[2:4]}
    task.update(loop="{{ halves[inventory_hostname] }}", delegate_to="localhost", vars={"halves": half})
    process = stage.play(
        task, "-i", str(inventory), "--forks", "2", play={"hosts": "all", "strategy": "ansible.builtin.free", "connection": "ssh"}
    )
    shown = process.stderr.splitlines()
    for host in half:
        assert any(each.startswith(f"jdcloud_vm [{host}]: ") and "of 1 done" in each for each in shown), process.stderr
    assert [stage.cloud.exists(each) for each in IDS] == [False] * 4 + [True] * 8


def test_module_defaults_apply_to_modules_with_an_action_plugin(stage: Stage) -> None:
    """Group, full name and short name in a list of collections; a task's own option goes first."""
    keys = stage.cloud.environment()
    group = {
        "access_key": keys["JDCLOUD_ACCESS_KEY"],
        "secret_key": keys["JDCLOUD_SECRET_KEY"],
        "region": "cn-north-1",
        "endpoint_url": stage.cloud.url,
        "api_rate_limit": 12,
    }
    defaults = {"group/jdcloud.cloud.jdcloud": group, "jdcloud.cloud.jdcloud_vm": {"stop_running": True, "poll_interval": 9}}
    task = vm("done", "absent", *IDS)
    task["jdcloud_vm"] = task.pop("jdcloud.cloud.jdcloud_vm")
    nothing = {name: "" for name in keys if name.startswith("JDCLOUD_") and name != "JDCLOUD_TEST_MARK"}
    play = {"module_defaults": defaults, "collections": ["jdcloud.cloud"]}
    # Since ansible-core 2.21 a result tells its options only if that is asked for.
    asked = {"ANSIBLE_INJECT_INVOCATION": "1"}
    process = stage.play(task, "-vvv", play=play, **{**nothing, **LINES, **asked})
    assert "changed=1" in process.stdout
    assert not any(stage.cloud.exists(each) for each in IDS)
    assert LINE.search(process.stderr)
    assert '"poll_interval": 0.2' in process.stdout
    assert '"source": "options"' in process.stdout
    assert keys["JDCLOUD_SECRET_KEY"] not in process.stdout + process.stderr


def test_a_backup_tells_its_steps(stage: Stage) -> None:
    stage.settings = {name: 1.0 for name in ("stop_seconds", "start_seconds", "image_seconds")}
    options = {"instance_ids": IDS[:2], "campaign": "c1", "stop_running": True, "start_again": True, "poll_interval": 0.2}
    process = stage.play({"name": "Back up", "jdcloud.cloud.jdcloud_vm_backup": options}, JDCLOUD_PROGRESS="0.1")
    for step in ("stopping", "backing up", "starting again"):
        assert f"jdcloud_vm_backup, {step}: " in process.stderr
    assert all(stage.cloud.status(each) == "running" for each in IDS)


@pytest.mark.cores
@pytest.mark.foreign
@pytest.mark.skipif(RUNNER is None, reason="needs ansible-runner (make foreign, make oldest)")
def test_below_ansible_runner_lines_are_output_of_the_job(stage: Stage) -> None:
    """Its callback changes the class Display, and takes a lock that a worker inherits; versions up to 2.4.1 hung here."""
    assert RUNNER is not None
    job = stage.cloud.home / "job"
    (job / "project").mkdir(parents=True)
    stage.ansible.write([delete()]).rename(job / "project" / "play.yml")
    stage.patience = 60
    command = [str(RUNNER / "ansible-runner"), "run", str(job), "-p", "play.yml"]
    process = stage.command(*command, PATH=f"{RUNNER}{os.pathsep}{os.environ['PATH']}")
    assert process.returncode == 0, process.stdout + process.stderr
    assert len([each for each in process.stdout.splitlines() if LINE.fullmatch(each)]) >= 2, process.stdout
    assert "WARNING" not in process.stdout, process.stdout
