# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which campaign a run works on: the unfinished one in its folder, or a new one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import MANIFEST, Store
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps.begin import check_run, open_campaign, options_of
from support.campaign.records import new_record
from support.campaign.results import NOW, approval, options
from support.json_object import Json

DIGEST = approval("i-a").digest


def unfinished(folder: Path, **variables: Any) -> Store:
    """A folder with a campaign that was interrupted."""
    store = Store(str(folder))
    record, _resumed = open_campaign(store, options(report_dir=str(folder), **variables), NOW, "first", preview=False)
    record.frozen, record.region = True, "cn-north-1"
    record.digest, record.approval = approval().digest, approval().as_json()
    store.save(record)
    return store


def test_an_unfinished_campaign_is_gone_on_with(tmp_path: Path) -> None:
    store = unfinished(tmp_path)
    record, resumed = open_campaign(store, options(report_dir=str(tmp_path)), NOW, "second", preview=False)
    assert resumed
    assert record.run == "second"
    assert len(record.runs) == 2


def test_what_a_resumed_run_does_in_another_way_is_reported(tmp_path: Path) -> None:
    store = unfinished(tmp_path)
    changed = options(report_dir=str(tmp_path), backup="none", elastic_ips="release")
    record, resumed = open_campaign(store, changed, NOW, "second", preview=False)
    assert resumed
    assert "vm_decommission_backup was image and is none; vm_decommission_elastic_ips was keep and is release" in record.notes[-1]


def test_a_list_that_was_not_approved_is_not_gone_on_with(tmp_path: Path) -> None:
    store = unfinished(tmp_path)
    with pytest.raises(InputError, match="instead of the approved"):
        open_campaign(store, options(report_dir=str(tmp_path), digest=DIGEST), NOW, "second", preview=False)
    approved = options(report_dir=str(tmp_path), digest=approval().digest)
    assert open_campaign(store, approved, NOW, "third", preview=False)[1]


def test_an_option_that_was_not_approved_is_refused_by_its_name(tmp_path: Path) -> None:
    store = unfinished(tmp_path)
    other = options(report_dir=str(tmp_path), digest=approval().digest, elastic_ips="release")
    with pytest.raises(InputError, match="vm_decommission_elastic_ips is release, but was keep when it was approved"):
        open_campaign(store, other, NOW, "second", preview=False)


def test_another_selection_is_refused(tmp_path: Path) -> None:
    store = unfinished(tmp_path)
    with pytest.raises(InputError, match="another selection"):
        open_campaign(store, options(report_dir=str(tmp_path), instance_ids="i-b"), NOW, "second", preview=False)


def test_a_manifest_without_its_record_is_kept(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write(MANIFEST, "backups of instances that are gone")
    record, resumed = open_campaign(store, options(report_dir=str(tmp_path)), NOW, "first", preview=False)
    kept = tmp_path / f"before-{record.campaign}" / MANIFEST
    assert not resumed
    assert kept.read_text(encoding="utf-8") == "backups of instances that are gone"
    assert store.manifest() is None


def test_a_new_folder_has_nothing_but_the_record(tmp_path: Path) -> None:
    open_campaign(Store(str(tmp_path)), options(report_dir=str(tmp_path)), NOW, "first", preview=False)
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]


def test_of_two_runs_at_the_same_time_the_earlier_one_does_nothing_more(tmp_path: Path) -> None:
    """As where a job counts as failed while its pod goes on."""
    store = unfinished(tmp_path)
    record, _resumed = open_campaign(store, options(report_dir=str(tmp_path)), NOW, "second", preview=False)
    with pytest.raises(InputError, match=f"Another run has taken over campaign {record.campaign}"):
        check_run(store.load(), "first", preview=False)


def test_of_two_runs_at_the_same_time_the_later_one_goes_on(tmp_path: Path) -> None:
    store = unfinished(tmp_path)
    record, _resumed = open_campaign(store, options(report_dir=str(tmp_path)), NOW, "second", preview=False)
    assert check_run(store.load(), "second", preview=False).as_json() == record.as_json()


def test_a_stage_in_another_mode_than_its_plan_does_nothing(tmp_path: Path) -> None:
    """Predictions in a real record would say that machines are gone which run."""
    store = unfinished(tmp_path)
    with pytest.raises(InputError, match="planned without check mode, but this stage runs in it, so nothing was done"):
        check_run(store.load(), "first", preview=True)


def test_a_stage_after_the_end_of_its_run_does_nothing(tmp_path: Path) -> None:
    store = unfinished(tmp_path)
    record = store.load()
    assert record is not None
    record.runs[-1]["ended"] = record.began
    with pytest.raises(InputError, match="has ended, so nothing more is done: begin with the stage plan"):
        check_run(record, "first", preview=False)


ROUND_TRIPS: list[Json] = [
    {},
    {"protect_tags": {}},
    {"protect_tags": {"keep": "*"}},
    {"name": ["a b", "c"], "instance_ids": None},
    {"name": ["'web'"], "instance_ids": None},
    {"name": "\"'web'\"", "instance_ids": None},
    {"filters": {"status": ["stopped"]}, "instance_ids": None},
    {"tags": {"app": ["x", "y"]}, "exclude": "i-aaaaaaaaaa,team=red", "canary": ["web 1"]},
    {"waves": "1,10%,100%", "max_failures": 3, "campaign_timeout": 90.5, "grace_days": 0, "backup": "none"},
    {"state": "mark", "due_only": False, "reason": "CHG-1", "prices": {"elastic_ip": 1.5}},
    {"disks": "keep", "elastic_ips": "release", "empty_is_success": True, "bill": True, "stop_running": True},
]


@pytest.mark.parametrize("given", ROUND_TRIPS)
def test_the_record_gives_back_the_options_of_its_plan(given: Json) -> None:
    wanted = options(**given)
    record = new_record(wanted.kind, options=json.loads(json.dumps(wanted.shown)))
    assert options_of(record) == wanted


def test_a_campaign_with_a_damaged_manifest_is_not_gone_on_with(tmp_path: Path) -> None:
    store = unfinished(tmp_path)
    store.write(MANIFEST, "{")
    with pytest.raises(InputError, match="cannot be used, because it is not JSON, so nothing more is done"):
        open_campaign(store, options(report_dir=str(tmp_path)), NOW, "second", preview=False)
    store.check_run("first")
