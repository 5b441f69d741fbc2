# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role vm_decommission shows with the default callback: a few lines a stage, also without tasks that go well."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.integration.campaigns import campaign_tasks
from support.integration.cloud import Cloud, running, stopped, wait_until
from support.integration.commands import BIN, Ansible
from support.json_object import Json

IDS = [f"i-many{number:04}" for number in range(30)]
KEPT = "i-kept000001"
MANY = 12
"""The most lines of a stage, besides the table of its plan."""


def stages_of(output: str) -> dict[str, list[str]]:
    """What each task of the role shows with the default callback, its title and its result included, by its title."""
    shown: dict[str, list[str]] = {}
    title = ""
    for line in filter(str.strip, output.splitlines()):
        if line.startswith(("TASK [", "PLAY ")):
            title = line.partition(" : ")[2].partition("] ***")[0]
            shown[title] = []
        shown.setdefault(title, []).append(line)
    shown.pop("")
    return shown


def play(ansible: Ansible, variables: Json, *arguments: str, **environment: str) -> str:
    """The output of a run, with a command line as users have it."""
    path = ansible.write(campaign_tasks(variables)[:1])
    given = ansible.environment(**{"ANSIBLE_PIPELINING": "1", "ANSIBLE_DISPLAY_OK_HOSTS": "false", **environment})
    command = [str(BIN / "ansible-playbook"), path.name, *arguments]
    ended = subprocess.run(
        command, cwd=path.parent, env=given, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False
    )
    return ended.stdout + ended.stderr


@pytest.fixture
def wanted(cloud: Cloud, tmp_path: Path) -> Json:
    """A campaign of thirty machines in two waves, and one that is protected."""
    protected = {"tags": [{"key": "jdcloud-protect", "value": "yes"}]}
    cloud.seed(*[running(each) for each in IDS], stopped(KEPT, **protected))
    chosen: Json = {"instance_ids": [*IDS, KEPT], "stop_running": True, "backup": "none", "on_blocked": "skip"}
    return {**chosen, "report_dir": str(tmp_path / "campaign"), "waves": "2,100%"}


def test_a_preview_says_what_would_be_done_and_how_to_do_it(cloud: Cloud, ansible: Ansible, tmp_path: Path, wanted: Json) -> None:
    # A look that takes many times as long as the distance of two lines.
    cloud.control.inject("delay", operation="vm.describeInstances", seconds=1.5, times=1)
    preview = play(ansible, wanted, "--check", JDCLOUD_PROGRESS="0.2")
    assert "\nplan, looking: " in preview
    assert "30 of 31 instances would be deleted in 2 waves (2, 28); 1 blocked and not changed. Nothing was changed." in preview
    assert f"and 11 more instances: {tmp_path}/campaign/plan/machines.csv" in preview
    digest = preview.partition("Digest: ")[2].split()[0]
    assert f"To run exactly this plan: ansible-playbook play.yml -e vm_decommission_digest={digest}" in preview


def test_each_stage_says_what_it_did_in_a_few_lines(ansible: Ansible, tmp_path: Path, wanted: Json) -> None:
    output = play(ansible, wanted, JDCLOUD_PROGRESS="0.2")
    assert "Wave 1 of 2, " in output
    assert ": 28 deleted of 28 instances. Gone so far: 30 of 30." in output
    assert "wave 2 of 2, deleting: " in output
    assert "Deleted: 30 instances" in output
    assert f"Report: {tmp_path}/campaign/report.html" in output
    lines = [
        line for line in output.splitlines() if line.strip() and "elapsed" not in line and not line.startswith(("TASK", "PLAY"))
    ]
    assert len(lines) <= 22 + 4 * MANY


@pytest.mark.thorough
def test_no_task_is_shown_for_what_is_not_there_and_none_takes_more_than_twelve_lines(
    cloud: Cloud, ansible: Ansible, tmp_path: Path
) -> None:
    cloud.seed(*[running(each) for each in IDS[:8]])
    for place, reason in enumerate(("PERMISSION_DENIED", "HTTP_FORBIDDEN", "INVALID_ARGUMENT", "OUT_OF_RANGE")):
        http = 403 if place < 2 else 400
        cloud.control.inject("error", operation="vm.deleteInstance", resource=IDS[place], times=0, http=http, status=reason)
    wanted: Json = {"instance_ids": IDS[:8], "stop_running": True, "backup": "none", "report_dir": str(tmp_path / "campaign")}
    output = play(ansible, {**wanted, "waves": "2,50%,100%", "max_failures": 8}, ANSIBLE_DISPLAY_OK_HOSTS="true")
    assert "skipping" not in output
    shown = stages_of(output)
    *_check, begin, plan, todo, waves, finish, hand_over, judge = shown
    assert [begin, plan] == ["Reset the report", "Plan the campaign"]
    assert [todo, waves, finish] == ["Run the planned steps", "Run waves 1 to 3", "Finish the campaign"]
    assert [hand_over, judge] == ["Return the report", "Check the outcome of the campaign"]
    assert len(shown) == 9
    assert all(len(shown[title]) <= MANY for title in (todo, finish, hand_over, judge))
    assert len(shown[waves]) <= 2 + 3 * (MANY - 2)
    assert len(shown[plan]) <= MANY + 1 + 8
    assert "Not changed" not in output
    assert "Stopped by this campaign, still stopped: 4 instances: " in output


def accepted_deletes(journal: Path) -> int:
    """How many deletions of instances were accepted so far, as the journal of a campaign says."""
    text = journal.read_text(encoding="utf-8") if journal.exists() else ""
    lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    sent = {line["n"] for line in lines if line["event"] == "sent" and line["operation"] == "deleteInstance"}
    return sum(line["event"] == "answered" and line["outcome"] == "accepted" and line["n"] in sent for line in lines)


def test_a_ctrl_c_says_what_was_sent_and_how_to_go_on(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    # Many more than are deleted by then, so that the run is at work for some more seconds.
    cloud.seed(*[running(each) for each in IDS])
    wanted: Json = {
        "instance_ids": IDS,
        "stop_running": True,
        "max_instances": 30,
        "backup": "none",
        "report_dir": str(tmp_path / "campaign"),
    }
    path = ansible.write(campaign_tasks(wanted)[:1])
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    given = ansible.environment(ANSIBLE_PIPELINING="1", JDCLOUD_API_RATE_LIMIT="10")
    process = subprocess.Popen(
        [str(BIN / "ansible-playbook"), path.name],
        cwd=path.parent,
        env=given,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    signal.signal(signal.SIGINT, before)
    # What the emulator has done is known here only once its answer is written down.
    wait_until(lambda: accepted_deletes(tmp_path / "campaign" / "journal.jsonl") >= 2, "the run deletes", timeout=300)
    os.killpg(process.pid, signal.SIGINT)
    output, _nothing = process.communicate(timeout=120)
    assert " is interrupted. Sent in this run: " in output
    assert "deletions of instances" in output
    assert "To resume: ansible-playbook play.yml" in output
