# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebook in a real ansible-rulebook: an event starts the clean-up, and nothing but the due tags says what goes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.integration.cloud import COLLECTIONS, Cloud, stopped
from support.integration.commands import Ansible
from support.json_object import Json

ROOT = Path(__file__).parents[3]
RULEBOOK = ROOT / "extensions" / "eda" / "rulebooks" / "cleanup_when_due.yml"
COMMAND = ROOT / ".venv" / "eda" / "bin" / "ansible-rulebook"

pytestmark = [
    pytest.mark.foreign,
    pytest.mark.skipif(
        not COMMAND.exists() or shutil.which("java") is None, reason="ansible-rulebook (make foreign) or Java is not installed"
    ),
]


def _heard(folder: Path, events: list[dict[str, Any]]) -> Path:
    """The rulebook with events in the place of its webhook; everything else is as it is."""
    [ruleset] = yaml.safe_load(RULEBOOK.read_text(encoding="utf-8"))
    ruleset["sources"] = [{"name": "Events", "eda.builtin.generic": {"payload": events, "shutdown_after": 240}}]
    ruleset["rules"].append(
        {"name": "All was heard", "condition": "event.last == true", "action": {"shutdown": {"delay": 0.5, "kind": "graceful"}}}
    )
    path = folder / "rulebook.yml"
    path.write_text(yaml.safe_dump([ruleset]), encoding="utf-8")
    return path


def _listen(cloud: Cloud, ansible: Ansible, folder: Path, events: list[dict[str, Any]]) -> str:
    """Run it on these events. Returns all that it printed."""
    inventory = folder / "inventory.yml"
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"localhost": local}}}), encoding="utf-8")
    play = {"name": "Delete due instances", "ansible.builtin.import_playbook": "jdcloud.cloud.cleanup"}
    (folder / "cleanup.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    rulebook = _heard(folder, [*events, {"last": True}])
    process = subprocess.run(
        [str(COMMAND), "--rulebook", str(rulebook), "--inventory", str(inventory), "--execution-strategy", "sequential"],
        env={**ansible.environment(), "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "PATH": f"{COMMAND.parent}:/usr/bin:/bin"},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def _due(instance_id: str, days: int) -> dict[str, Any]:
    date = f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"
    return stopped(instance_id, tags={"decommission-after": date})


def test_an_event_starts_the_cleanup_of_its_region_and_only_what_is_due_goes(
    cloud: Cloud,
    ansible: Ansible,
    tmp_path: Path,
) -> None:
    cloud.seed(_due("i-due0000001", -3), _due("i-later00001", +30), stopped("i-unmarked01"))
    event = {"payload": {"kind": "decommission_due", "region": "cn-north-1"}}
    output = _listen(cloud, ansible, tmp_path, [event, event])
    assert [cloud.exists(each) for each in ("i-due0000001", "i-later00001", "i-unmarked01")] == [False, True, True], output


def test_other_events_start_nothing(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    cloud.seed(_due("i-due0000001", -3))
    made = tmp_path / "made"
    # ansible-rulebook evaluates the arguments of a source itself; what a webhook hears it does not.
    evil = "{% raw %}{{ lookup('ansible.builtin.pipe', 'touch " + str(made) + "') }}{% endraw %}"
    regions = [
        evil,
        f"cn-north-1{evil}",
        f"cn-north-1\n{evil}",
        "cn-north-1, cn-east-2",
        "",
        None,
        7,
        ["cn-north-1"],
        {"a": evil},
    ]
    strange: list[Json] = [{"payload": {"kind": "decommission_due", "region": region}} for region in regions]
    others: list[Json] = [{"payload": {"kind": "other", "region": "cn-north-1"}}, {"payload": "decommission_due"}]
    output = _listen(cloud, ansible, tmp_path, [*others, *strange])
    assert "PLAY [" not in output
    assert not made.exists()
    assert cloud.calls() == []
