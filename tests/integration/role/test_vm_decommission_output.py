# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role vm_decommission shows with the default callback: a few lines a stage, also without tasks that go well."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from support.integration.campaigns import campaign_tasks
from support.integration.cloud import Cloud, running, stopped, wait_until
from support.integration.commands import BIN, Ansible
from support.json_object import Json

IDS = [f"i-many{number:04}" for number in range(30)]
KEPT = "i-kept000001"
MANY = 12
"""The most lines of a stage, besides the table of its plan."""


def play(ansible: Ansible, variables: Json, *arguments: str, **environment: str) -> str:
    """The output of a run, with a command line as users have it."""
    path = ansible.write(campaign_tasks(variables)[:1])
    given = ansible.environment(ANSIBLE_PIPELINING="1", ANSIBLE_DISPLAY_OK_HOSTS="false", **environment)
    command = [str(BIN / "ansible-playbook"), path.name, *arguments]
    ended = subprocess.run(
        command, cwd=path.parent, env=given, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False
    )
    return ended.stdout + ended.stderr


def test_each_stage_says_what_it_did_in_a_few_lines(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    protected = {"tags": [{"key": "jdcloud-protect", "value": "yes"}]}
    cloud.seed(*[running(each) for each in IDS], stopped(KEPT, **protected))
    wanted: Json = {"instance_ids": [*IDS, KEPT], "stop_running": True, "backup": "none", "on_blocked": "skip"}
    wanted |= {"report_dir": str(tmp_path / "campaign"), "waves": "2,100%"}
    preview = play(ansible, wanted, "--check")
    assert "30 of 31 machines would be deleted in 2 waves (2, 28); 1 blocked and left alone. Nothing was changed." in preview
    assert f"and 11 more machines: {tmp_path}/campaign/plan/machines.csv" in preview
    digest = preview.partition("Digest: ")[2].split()[0]
    assert f"To do exactly this: ansible-playbook play.yml -e vm_decommission_digest={digest}" in preview

    output = play(ansible, wanted, "-e", f"vm_decommission_digest={digest}", JDCLOUD_PROGRESS="0.2")
    assert "Wave 1 of 2, " in output
    assert ": of 28 machines 28 deleted. Gone by now: 30 of 30." in output
    assert "wave 2 of 2, deleting: " in output
    assert "Deleted: 30 machines" in output
    assert f"Report: {tmp_path}/campaign/report.html" in output
    lines = [
        line for line in output.splitlines() if line.strip() and "elapsed" not in line and not line.startswith(("TASK", "PLAY"))
    ]
    assert len(lines) <= 22 + 4 * MANY


def test_a_ctrl_c_says_what_was_sent_and_how_to_go_on(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    cloud.seed(*[running(each) for each in IDS])
    wanted: Json = {"instance_ids": IDS, "stop_running": True, "backup": "none", "report_dir": str(tmp_path / "campaign")}
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
    wait_until(lambda: cloud.effects("vm.deleteInstance") >= 2, "the run deletes", timeout=300)
    os.killpg(process.pid, signal.SIGINT)
    output, _nothing = process.communicate(timeout=120)
    assert " is interrupted. Sent in this run: " in output
    assert "deletions of machines" in output
    assert "To go on: ansible-playbook play.yml" in output
    again = play(ansible, wanted)
    assert "Resumes campaign " in again
    assert "Deleted: 30 machines" in again
