# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook restore: what it refuses, and texts for everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.integration.cloud import REGION, Cloud
from support.integration.conductor import Conductor
from support.integration.restores import IMAGE, WEB, backed_up, machines, manifest_file, only_machine

OTHER = "i-othr000002"


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"manifest": "", "image_id": " "},
        {"manifest": "/some.json", "image_id": IMAGE},
        {"image_id": IMAGE, "instance_ids": WEB},
    ],
)
def test_without_a_clear_order_nothing_is_sent(cloud: Cloud, conductor: Conductor, variables: dict[str, str]) -> None:
    cloud.seed()
    done = conductor.restore(**variables)
    assert done["failed"]
    assert "Set either restore_manifest" in done["msg"]
    assert cloud.calls() == []


def test_a_file_that_is_no_manifest_is_refused(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    entry = backed_up(cloud)
    done = conductor.restore(manifest=str(manifest_file(tmp_path, entry, format="jdcloud.cloud/manifest/9")))
    assert done["failed"]
    assert "is not a manifest of format" in done["msg"]
    assert cloud.calls() == []


def test_a_machine_that_is_not_in_the_manifest_is_refused(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    entry = backed_up(cloud)
    done = conductor.restore(manifest=str(manifest_file(tmp_path, entry)), instance_ids=f"{WEB}, {OTHER}")
    assert done["failed"]
    assert "not in the manifest" in done["msg"]
    assert cloud.calls() == []


def test_check_mode_makes_nothing(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    entry = backed_up(cloud)
    done = conductor.restore("--check", manifest=str(manifest_file(tmp_path, entry)))
    assert (done["changed"], done["counts"]["restore_created"]) == (True, 1)
    assert machines(cloud) == {}
    assert cloud.writes() == []


def test_one_machine_of_an_image_with_texts_for_everything(cloud: Cloud, conductor: Conductor) -> None:
    backed_up(cloud)
    network = {"subnet_id": "subnet-x", "security_group_ids": "sg-a sg-b", "az": "cn-north-1a"}
    done = conductor.restore(
        image_id=IMAGE,
        name="2026",
        instance_type="g.n2.medium",
        region=REGION,
        wait_timeout="20",
        drill="false",
        **network,
    )
    assert not done.get("failed"), done["msg"]
    assert only_machine(cloud)["instanceName"] == "2026"


def test_a_drill_by_texts(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    entry = backed_up(cloud, leave=True)
    path = manifest_file(tmp_path, entry)
    refused = conductor.restore(manifest=str(path), drill="yes")
    assert refused["failed"]
    assert "subnet_id, security_group_ids must be set" in refused["msg"]
    done = conductor.restore(manifest=str(path), drill="yes", subnet_id="subnet-x", security_group_ids="['sg-a']")
    assert not done.get("failed"), done["msg"]
    assert {machine["instanceName"] for machine in machines(cloud).values()} == {"web-01", "drill-web-01"}
