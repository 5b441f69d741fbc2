# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module as a process of its own, as Ansible runs it.

The other tests of this folder run modules in their own process. These show that a module that runs alone ends alike: the same
exit status and the same result, which is all that it writes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.integration.cloud import QUICK, Cloud, stopped
from support.json_object import Json
from support.run_module import Output, run_alone, run_here

from ..examples.test_rights import RUNS, of_a_restore, seeded

ONE_OF_EACH = {module: options for _rows, module, options in RUNS.values()}


def both_ways(cloud: Cloud, module: str, options: Json) -> tuple[Output, Output]:
    """A module on a new cloud, alone and in this process."""
    waits: Json = {} if module.endswith(("_info", "_tag")) else QUICK
    ends = []
    for run in (run_alone, run_here):
        seeded(cloud, [])
        ends.append(run(module, {**waits, **options, **of_a_restore(module)}, cloud.environment(), cloud.home))
    return ends[0], ends[1]


def shape(value: Any) -> Any:
    """What two runs have in common: fields, counts, switches and actions, and of all other values the type."""
    if isinstance(value, dict):
        return {name: each if name in ("action", "state") else shape(each) for name, each in value.items() if name != "diff"}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return value if isinstance(value, bool) else type(value).__name__


@pytest.mark.parametrize("module", ONE_OF_EACH)
def test_a_module_that_runs_alone_ends_as_it_does_here(cloud: Cloud, module: str) -> None:
    alone, here = both_ways(cloud, module, ONE_OF_EACH[module])
    assert alone.status == here.status == 0, alone.stdout
    assert alone.stderr == ""
    assert shape(json.loads(alone.stdout)) == shape(json.loads(here.stdout))


def test_a_failure_alone_is_one_result_and_an_exit_status(cloud: Cloud) -> None:
    alone, here = both_ways(cloud, "jdcloud_vm", {"state": "absent", "instance_ids": ["i-runs"]})
    assert alone.status == here.status == 1
    assert alone.stderr == ""
    assert json.loads(alone.stdout)["msg"] == json.loads(here.stdout)["msg"]


def test_a_wrong_argument_alone_is_one_result_and_an_exit_status(cloud: Cloud) -> None:
    alone, here = both_ways(cloud, "jdcloud_vm", {"state": "gone", "instance_ids": ["i-runs"]})
    assert alone.status == here.status == 1
    assert alone.stderr == ""
    assert json.loads(alone.stdout)["msg"] == json.loads(here.stdout)["msg"]


def test_warnings_alone_are_those_of_this_process(cloud: Cloud) -> None:
    cloud.seed(stopped("i-a"))
    cloud.runs_as = run_alone
    alone = cloud.vm_info("i-a", "i-missing")
    cloud.runs_as = run_here
    assert alone.warnings == cloud.vm_info("i-a", "i-missing").warnings != []
    assert cloud.vm_info("i-a").warnings == [], "a module says nothing of the one before"


def test_without_a_service_a_module_fails_with_one_sentence(cloud: Cloud) -> None:
    nobody = {**cloud.environment(), "JDCLOUD_ENDPOINT_URL": "http://127.0.0.1:9", "JDCLOUD_API_RETRIES": "0"}
    alone = run_alone("jdcloud_vm_info", {}, nobody, cloud.home)
    assert alone.status == 1
    assert "Traceback" not in alone.stdout + alone.stderr
    assert "127.0.0.1" in json.loads(alone.stdout)["msg"]
