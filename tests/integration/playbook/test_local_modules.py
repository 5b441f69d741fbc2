# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules that run from the files of the collection end as those whose files Ansible sends."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from support.integration.cloud import Cloud, running, stopped
from support.integration.commands import Ansible
from support.json_object import Json

pytestmark = pytest.mark.cores

A, B = "i-aaaa000001", "i-bbbb000002"
VERSIONS = Path(os.environ.get("PYENV_ROOT", Path(pwd.getpwuid(os.getuid()).pw_dir) / ".pyenv"), "versions")
OLD = [path for minor in (10, 9, 8) for path in sorted(VERSIONS.glob(f"3.{minor}.*/bin/python"))[:1]]
TIMES = {"seconds", "api_calls"}
OF_ASYNC = {"started", "finished", "ansible_job_id", "results_file", "stderr", "stderr_lines", "stdout", "stdout_lines"}
SENT: Json = {"async": 60, "poll": 1}
"""In the background Ansible sends the files of a module."""


def look(module: str, options: Json, **task: object) -> Json:
    """A task that is kept, failed or not."""
    return {f"jdcloud.cloud.{module}": options, "failed_when": False, **task}


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("jdcloud_vm_info", {"instance_ids": [A, B]}),
        ("jdcloud_vm", {"state": "stopped", "instance_ids": [B]}),
        ("jdcloud_vm", {"state": "absent", "instance_ids": [A]}),
        ("jdcloud_vm", {"state": "absent", "instance_ids": [A], "force": True}),
    ],
    ids=["a read", "a task that changes nothing", "a refusal", "an unknown option"],
)
def test_modules_end_alike_either_way(cloud: Cloud, ansible: Ansible, module: str, options: Json) -> None:
    cloud.seed(running(A), stopped(B))
    played = ansible.play([look(module, options, register="here"), look(module, options, register="sent", **SENT)])
    assert played.status == 0, played.output
    assert _comparable(played["here"]) == _comparable(played["sent"])


def test_an_unknown_option_is_refused_with_the_name_of_the_module(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A))
    ended = ansible.ad_hoc("jdcloud.cloud.jdcloud_vm", "state=absent instance_ids=i-aaaa000001 force=true")
    assert "jdcloud.cloud.jdcloud_vm" in ended["localhost"]["msg"]
    assert "jdcloud_local" not in ended["localhost"]["msg"]


def test_the_module_for_this_host_says_what_to_call_instead(ansible: Ansible) -> None:
    ended = ansible.ad_hoc("jdcloud.cloud.jdcloud_local", "")
    assert ended["localhost"]["msg"] == (
        "jdcloud_local only runs for the actions of this collection, so nothing was done: call the module itself."
    )


@pytest.mark.skipif(not OLD, reason="needs an older Python of pyenv")
def test_a_python_that_is_too_old_is_refused_with_one_sentence(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A))
    ended = ansible.ad_hoc("jdcloud.cloud.jdcloud_vm_info", "", "-e", f"ansible_python_interpreter={OLD[0]}")
    assert "need Python 3.11 or newer" in ended["localhost"]["msg"]


def _comparable(result: Json) -> Json:
    """A result without its times, and without what Ansible adds to a task in the background."""
    ours = {key: value for key, value in result.items() if key not in OF_ASYNC}
    if "summary" in ours:
        ours["summary"] = {key: value for key, value in ours["summary"].items() if key not in TIMES}
    return ours
