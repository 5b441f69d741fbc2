# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_decommission through real playbooks: what it refuses, what check mode tells, the run, and the run again."""

from __future__ import annotations

from pathlib import Path

from ..playbook.commands import Ansible
from ..support import Cloud, Json, running, stopped
from .campaigns import FASTER, decommission, report_of, roomy

A, B, C, D = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-dddd000004"


def test_a_campaign_goes_from_a_canary_to_all_and_says_what_is_left(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    disk = {"size": 20, "auto_delete": True}
    cloud.seed(running(A, disks=[disk]), stopped(B), running(C), stopped(D), **FASTER)
    roomy(cloud)
    folder = tmp_path / "campaign"
    wanted: Json = {"instance_ids": [A, B, C, D], "stop_running": "true", "waves": "1,50%,100%", "report_dir": str(folder)}

    foreseen = decommission(ansible, "--check", **wanted, elastic_ips="release")
    assert foreseen.message == "" and foreseen.report["outcome"] == "planned"
    assert set(foreseen.actions.values()) == {"deleted"}
    assert cloud.writes() == [] and not folder.exists()

    done = decommission(ansible, **wanted, elastic_ips="release")
    assert done.message == "" and done.report["outcome"] == "complete", done.output
    assert done.actions == foreseen.actions
    assert done.waves == [(1, "complete"), (1, "complete"), (2, "complete")]
    assert {**report_of(folder), "path": done.report["path"]} == done.report
    assert done.totals["deleted"] == 4 and done.totals["backups_made"] == 4 
    assert len(done.left("images", "image_id")) == 4
    assert all(cloud.control.resource(each) is None for each in (A, B, C, D))

    again = decommission(ansible, **wanted, elastic_ips="release")
    assert again.message == "" and again.report["outcome"] == "nothing_to_do"
