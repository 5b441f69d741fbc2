# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks jdcloud.cloud.expire_backups and jdcloud.cloud.report, by name: backups are made, grow old, and go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.integration.cloud import Cloud, stopped
from support.integration.commands import Ansible
from support.integration.role_backups import FASTER

from .test_decommission import run, stats

A = "i-aaaa000001"
MARK = "jdcloud.cloud/1 campaign=spring instance=i-aaaa000001 stopped=true"


@pytest.mark.cores
def test_an_old_backup_goes_when_that_is_allowed(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> None:
    image = {"id": "img-aaaa000001", "of": A, "created": "-40d", "description": MARK}
    cloud.seed(stopped(A), images=[image], **FASTER)
    record, reports = tmp_path / "record", tmp_path / "expired"
    given = {"expire_backups_days": "30", "expire_backups_record_dirs": str(tmp_path), "expire_backups_report_dir": str(reports)}
    there = stats(run(ansible, "expire_backups", **given))["expire_backups"]
    assert there["kept"] == {"machine_exists": 1}
    variables = {"instance_ids": A, "report_dir": str(record), "backup": "none"}
    done = run(ansible, "decommission", **{f"vm_decommission_{name}": value for name, value in variables.items()})
    assert done.status == 0, done.output
    (record / "report.html").unlink()
    again = run(ansible, "report", report_dir=str(record))
    assert again.status == 0, again.output
    assert (record / "report.html").is_file()
    last = stats(run(ansible, "expire_backups", **given))["expire_backups"]
    assert last["kept"] == {"last_backup": 1}
    preview = stats(run(ansible, "expire_backups", "--check", expire_backups_last_days="35", **given))["expire_backups"]
    assert preview["deleted"] == 1
    assert Path(preview["report"]).parent == reports / "plan"
    assert cloud.control.resource("img-aaaa000001")
    gone = stats(run(ansible, "expire_backups", expire_backups_last_days="35", **given))["expire_backups"]
    assert (gone["outcome"], gone["deleted"]) == ("complete", 1)
    assert [row["action"] for row in json.loads(Path(gone["report"]).read_text(encoding="utf-8"))["backups"]] == ["deleted"]
    assert cloud.control.resource("img-aaaa000001") is None


def test_a_variable_that_is_misspelt_ends_the_night(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A))
    played = run(ansible, "expire_backups", expire_backups_campaign="spring")
    assert played.status == 2
    assert "expire_backups_campaign: the playbook expire_backups has no such variable" in played.output
    assert stats(played)["expire_backups"]["outcome"] == "failed"
