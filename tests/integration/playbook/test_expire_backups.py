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
from support.integration.conductor import conductor_of
from support.integration.role_backups import FASTER

from .test_decommission import run, stats

A, IMAGE = "i-aaaa000001", "img-aaaa000001"
MARK = "jdcloud.cloud/1 campaign=spring instance=i-aaaa000001 stopped=true"


@pytest.fixture
def record(cloud: Cloud, tmp_path: Path) -> Path:
    """The folder of a finished campaign, whose machine left one old backup."""
    image = {"id": IMAGE, "of": A, "created": "-40d", "description": MARK}
    cloud.seed(stopped(A), images=[image], **FASTER)
    folder, home = tmp_path / "records" / "spring", tmp_path / "home"
    home.mkdir()
    folder.parent.mkdir()
    done = conductor_of(cloud, home).decommission(instance_ids=A, report_dir=str(folder), backup="none")
    assert done.actions == {A: "deleted"}, done.message
    return folder


@pytest.mark.cores
def test_an_old_backup_goes_when_that_is_allowed(cloud: Cloud, ansible: Ansible, record: Path, tmp_path: Path) -> None:
    given = {"days": "30", "last_days": "35", "record_dirs": str(record.parent), "report_dir": str(tmp_path / "expired")}
    gone = stats(run(ansible, "expire_backups", **_named(given)))["expire_backups"]
    assert (gone["outcome"], gone["deleted"]) == ("complete", 1)
    assert [row["action"] for row in json.loads(Path(gone["report"]).read_text(encoding="utf-8"))["backups"]] == ["deleted"]
    assert cloud.control.resource(IMAGE) is None


@pytest.mark.thorough
def test_a_preview_deletes_nothing_and_says_the_same(cloud: Cloud, ansible: Ansible, record: Path, tmp_path: Path) -> None:
    given = {"days": "30", "last_days": "35", "record_dirs": str(record.parent), "report_dir": str(tmp_path / "expired")}
    preview = stats(run(ansible, "expire_backups", "--check", **_named(given)))["expire_backups"]
    assert preview["deleted"] == 1
    assert Path(preview["report"]).parent == tmp_path / "expired" / "plan"
    assert cloud.control.resource(IMAGE)


@pytest.mark.thorough
def test_the_last_backup_stays_unless_that_is_allowed(cloud: Cloud, ansible: Ansible, record: Path) -> None:
    kept = stats(run(ansible, "expire_backups", **_named({"days": "30", "record_dirs": str(record.parent)})))["expire_backups"]
    assert kept["kept"] == {"last_backup": 1}
    assert cloud.control.resource(IMAGE)


def test_the_report_of_a_campaign_is_made_again(ansible: Ansible, record: Path) -> None:
    (record / "report.html").unlink()
    again = run(ansible, "report", report_dir=str(record))
    assert again.status == 0, again.output
    assert (record / "report.html").is_file()


def _named(variables: dict[str, str]) -> dict[str, str]:
    return {f"expire_backups_{name}": value for name, value in variables.items()}


def test_a_variable_that_is_misspelt_ends_the_night(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(stopped(A))
    played = run(ansible, "expire_backups", expire_backups_campaign="spring")
    assert played.status == 2
    assert "expire_backups_campaign: the playbook expire_backups has no such variable" in played.output
    assert stats(played)["expire_backups"]["outcome"] == "failed"
