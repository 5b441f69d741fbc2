# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the page of a report says, and what it leaves out."""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.about import selection_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.page import FOLDER, render
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.text import pieces
from support.campaign.page import Page
from support.campaign.reports import mark_report, preview_of, resumed_report, sample_report
from support.json_object import Json


def _section(report: Json, name: str) -> str:
    """A section of the page; empty if there is none."""
    _before, found, rest = render(report).partition(f'<section id="{name}-section"')
    return rest.partition("</section>")[0] if found else ""


def _heads(text: str) -> list[str]:
    """The titles of the columns of the first table."""
    return re.findall(r"<th[^>]*>([^<]*)</th>", text.partition("</thead>")[0])


def _row(text: str, instance_id: str) -> str:
    """The text of the row of a machine."""
    row = next(row for row in text.split("<tr") if instance_id in row)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", f"<{row}"))


def test_a_preview_says_what_would_be() -> None:
    texts = Page(render(preview_of(sample_report(12)))).texts()
    assert "Preview" in texts
    assert "would be deleted" in texts
    assert "would be made" in texts
    assert "\ndeleted\n" not in texts


def test_every_write_is_in_the_data_with_time_outcome_and_request_id() -> None:
    report = sample_report(60)
    block = next(json.loads(script) for script in Page(render(report)).blocks["script"] if script.startswith("{"))
    assert len(block["rows"]) == len(report["writes"])
    first = report["writes"][0]
    text = (first["operation"], *first["resources"], "accepted", "200", first["request_id"], f"{first['seconds']:.2f}")
    assert block["rows"][0][1:] == [f"vm.{text[0]}", *text[1:]]
    assert first["at"] == "2026-11-25T08:00:45Z"
    assert block["rows"][0][0] == "2026-11-25 16:00:45"


def test_what_is_left_is_reported_with_what_it_costs() -> None:
    report = sample_report(30)
    texts = Page(render(report)).texts()
    disk = report["left"]["disks"][0]
    assert disk["disk_id"] in texts
    assert "70.00" in texts
    assert "From the account's bill of 2026-10." in texts
    assert f"The prices of {report['money']['unknown']} resources are unknown." in texts


def test_a_bill_that_could_not_be_read_is_reported() -> None:
    text = "The bill could not be read: no permission."
    money = {"source": "bill", "available": False, "message": text, "currency": "CNY"}
    report = sample_report(5, money={**money, "month": None, "saved": None, "left": None, "unknown": 0})
    texts = Page(render(report)).texts()
    assert text in texts
    assert "saved per month" not in texts


def test_a_run_that_was_interrupted_is_reported() -> None:
    texts = Page(render(resumed_report())).texts()
    assert "not ended" in texts
    assert "in 2 runs" in texts


def test_options_of_every_kind_are_readable() -> None:
    options: Json = {"a": True, "b": None, "c": [], "d": ["x", 2], "e": {"team": ["a", "b"]}, "f": 1.5}
    texts = Page(render(sample_report(3, options=options))).texts()
    for text in ("yes", "x", "team", "1.5"):
        assert text in texts
    assert "None" not in texts


def test_fields_of_the_account_and_the_disk_of_a_snapshot_may_be_unknown() -> None:
    report = sample_report(3, account=dict.fromkeys(("source", "access_key_suffix", "region")))
    report["left"]["snapshots"] = [{"snapshot_id": "snapshot-1", "instance_id": "i-1", "disk_id": None, "monthly": None}]
    assert "None" not in Page(render(report)).texts()


def test_the_head_says_what_was_selected_by_whom_why_and_in_which_zone() -> None:
    head = re.sub(r"<[^>]*>", " ", render(sample_report(5)).partition("<nav")[0])
    for text in ("tags project=harbor", "shop-operations, key ends in 3f9a", "lin.mei on ops-1", "CHG-4711: end of project"):
        assert text in head
    assert "Beijing time (UTC+8)" in head


def test_a_job_of_awx_and_the_reason_of_an_earlier_run_are_named() -> None:
    head = render(resumed_report()).partition("<nav")[0]
    assert "wang.wei on awx-7, AWX job 812" in head
    assert "CHG-4711" in head


def test_a_record_of_before_names_nobody() -> None:
    report = sample_report(3, runs=[{"began": "2026-11-25T08:00:00Z", "ended": None, "outcome": None}])
    assert "<dt>By</dt>" not in render(report)


def test_each_machine_is_shown_with_owner_address_zone_type_and_what_it_is_now() -> None:
    report = sample_report(30)
    row = next(row for row in report["machines"] if row["tags"] and row["action"] == "deleted" and row["wave"] == 3)
    row["tags"] = {"project": "harbor", "owner": "payments"}
    section = _section(report, "machines")
    assert _heads(section)[:6] == ["Instance", "Owner and tags", "Wave", "Before", "Now", "Outcome"]
    text = _row(section, row["instance_id"])
    facts = (row["name"], row["instance_id"], row["instance_type"], "cn-north-1a", row["private_ip_address"])
    wanted = " ".join([*facts, "owner=payments", "project=harbor", "3", row["status_before"], "gone"])
    assert wanted in text


def test_what_is_not_known_of_a_machine_is_an_empty_cell() -> None:
    report = sample_report(1)
    report["machines"][0].update(az=None, instance_type=None, private_ip_address=None, tags={}, backups=[], wave=None)
    section = _section(report, "machines")
    assert '<td class="tags"></td>' in section
    assert '<td class="number" data-label="Wave"></td>' in section
    assert '<td class="parts" data-label="Backups" data-key="0"></td>' in section
    assert "\u2013" not in section
    assert "None" not in section


def test_prices_have_columns_only_where_there_is_money() -> None:
    report = sample_report(30)
    for name in ("machines", "backups", "left"):
        assert "CNY per month" in _heads(_section(report, name))
    report["machines"][0].update(monthly_cost=1234.5, monthly_saved=1200.0)
    assert "1,234.50 1,200.00" in _row(_section(report, "machines"), report["machines"][0]["instance_id"])
    for money in (None, {**report["money"], "available": False, "saved": None, "left": None}):
        assert "CNY" not in render({**report, "money": money})


def test_times_within_sentences_are_those_of_the_clock_of_the_page() -> None:
    report = sample_report(250, notes=["Resumed: campaign x, begun at 2026-11-25T08:00:00Z."])
    text = re.sub("</?(?:span|bdi)[^>]*>", "", render(report))
    assert "begun at 2026-11-25 16:00:00." in text
    assert "prepaid until 2027-01-31 23:59:59, and" in text
    assert not re.search(r">[^<]*T\d\d:\d\d:\d\dZ", text.partition('<script type="application/json"')[0])


def _local(report: Json, **backup: object) -> str:
    """The row of a machine whose system disk is local, with one image."""
    row = report["machines"][0]
    disk = {"disk_id": None, "device": "vda", "category": "local", "size_gb": 40, "auto_delete": True, "fate": "lost"}
    image = {"type": "image", "id": "img-1", "status": "ready", "created": None, "campaign": None, "usable": True}
    row.update(disks=[disk, {**disk, "device": "vdb"}], backups=[{**image, **backup}] if backup else [])
    return _section(report, "machines")


def test_a_system_disk_that_is_in_the_image_is_not_lost() -> None:
    section = _local(sample_report(1), id="img-1")
    assert (
        '<code>local vda</code> <bdi>40 GB</bdi> ·&#160;<i class="kept" data-t="已删除，镜像中有备份">gone, and in the image</i>'
        in section
    )
    assert '<code>local vdb</code> <bdi>40 GB</bdi> ·&#160;<i class="bad" data-t="已丢失">lost</i>' in section


@pytest.mark.parametrize("backup", [{"status": "error"}, {"usable": False}, {"type": "snapshot"}, {}])
def test_a_system_disk_without_a_good_image_is_lost(backup: Json) -> None:
    assert _local(sample_report(1), **backup).count('<i class="bad" data-t="已丢失">lost</i>') == 2


@pytest.mark.parametrize("flaw", [{"status": "error"}, {"usable": False}])
def test_an_image_that_failed_is_called_no_backup(flaw: Json) -> None:
    report = sample_report(30)
    row = next(row for row in report["machines"] if row["backups"])
    row["backups"][0].update(flaw)
    assert f"{row['backups'][0]['id']} image ·&#160; failed, no backup" in _row(_section(report, "machines"), row["instance_id"])
    assert "1 image or snapshot is no backup" in re.sub("<[^>]*>", "", _section(report, "totals"))
    assert '<span class="bad" data-t="创建失败，不能作为备份">failed, no backup</span>' in _section(report, "backups")


def test_a_mark_says_from_when_on_machines_may_be_deleted() -> None:
    report = mark_report()
    section = _section(report, "machines")
    assert _heads(section) == ["Instance", "Owner and tags", "Before", "Now", "Outcome", "May be deleted from"]
    assert section.count('data-label="May be deleted from">2026-12-02</td>') == 4
    assert 'class="bad"' not in section
    assert "\u2013" not in render(report)


def test_a_preview_shows_the_status_that_machines_have_now() -> None:
    report = preview_of(sample_report(12))
    section = _section(report, "machines")
    assert "Before" not in _heads(section)
    assert ">gone<" not in section


def test_a_preview_has_waves_without_times_and_no_story_of_what_happened() -> None:
    report = preview_of(sample_report(12))
    section = _section(report, "timeline")
    assert '<h2 id="timeline-title" data-t="批次">Waves</h2>' in section
    assert _heads(section) == ["Wave", "State", "Instances", "To delete", "Blocked", "Would fail"]
    assert "<svg" not in section
    assert "<details" not in section
    marks = preview_of(mark_report(3))
    assert _section(marks, "timeline") == ""


def test_the_digest_of_a_preview_stands_apart_from_its_outcome() -> None:
    report = preview_of(sample_report(12))
    digest = report["digest"]
    head = render({**report, "message": f"12 machines would be deleted. Digest: {digest}."}).partition("<nav")[0]
    assert ">12 machines would be deleted.</bdi></p>" in head
    assert f">Digest to approve</dt><dd><bdi>{digest}</bdi></dd>" in head
    assert "Digest" not in render(sample_report(12)).partition("<nav")[0]


def test_what_a_preview_would_not_begin_is_not_called_a_result() -> None:
    report = preview_of(sample_report(3))
    report["machines"][0]["action"] = "not_started"
    assert "would not be started" in _row(_section(report, "machines"), report["machines"][0]["instance_id"])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Of i-4x9q2m7kva and vol-4x9q2m7kvb.", ["i-4x9q2m7kva", "vol-4x9q2m7kvb"]),
        ("No room in cn-north-1 since 2026-11-25 16:00:00.", ["cn-north-1", "2026-11-25"]),
        ("harbor-production-1 stays, as does <i-4x9q2m7kva>", ["i-4x9q2m7kva"]),
        ("Nothing.", []),
        ("", []),
    ],
)
def test_ids_dates_and_regions_stay_in_one_line(text: str, kept: list[str]) -> None:
    parts = pieces(text)
    assert [piece for piece, whole in parts if whole] == kept
    assert "".join(piece for piece, _whole in parts) == text


def test_an_id_within_a_sentence_of_the_page_stays_in_one_line() -> None:
    report = sample_report(1, message="i-4x9q2m7kva failed.", notes=["i-4x9q2m7kvb was left."], options={"ids": ["i-4x9q2m7kvc"]})
    text = render(report)
    for name in ("a", "b", "c"):
        assert f'<span class="whole">i-4x9q2m7kv{name}</span>' in text
    assert ".whole, time { white-space: nowrap; }" in text


def test_a_machine_without_a_name_is_called_by_its_id() -> None:
    report = sample_report(1, names=[""])
    section = _section(report, "machines")
    assert "no name" not in section
    assert re.search(r'<td class="name"[^>]*>\s*<code data-csv="id">', section)


def test_phases_of_two_runs_are_told_apart() -> None:
    report = resumed_report()
    text = _section(report, "timeline")
    begun = re.findall(r"<title[^>]*>Run (\d), started ([^<]*)</title>", text)
    assert begun == [("1", "2026-11-25 16:00:00"), ("2", "2026-11-27 16:00:00")]
    numbers = re.findall(r'data-label="Run">(\d)<', text)
    assert numbers == sorted(numbers)
    assert set(numbers) == {"1", "2"}
    assert "Run" not in _heads(_section(sample_report(30), "timeline").partition('id="phases"')[2])


def test_lists_can_be_saved_and_their_filters_reset() -> None:
    text = render(sample_report(30))
    for name in ("machines", "backups", "left", "writes"):
        controls = text.partition(f'data-list="{name}"')[2].partition("</div>")[0]
        assert 'class="csv">CSV</button>' in controls
        assert 'class="reset" hidden' in controls
        assert f'role="group" aria-labelledby="{name}-title"' in text


def test_the_list_of_writes_is_on_paper_only_where_it_is_asked_for() -> None:
    text = render(sample_report(3))
    assert "html:not(.print-writes) #writes-section { display: none; }" in text
    assert 'id="writes-paper"' in text


@pytest.mark.parametrize("name", ["page.html.j2", "page.css", "page.js", "lists.html.j2", "timeline.html.j2"])
def test_the_files_of_the_page_lie_beside_its_code(name: str) -> None:
    assert (FOLDER / name).is_file()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"instance_ids": ["i-1"]}, "1 ID (i-1)"),
        ({"instance_ids": [f"i-{number}" for number in range(7)]}, "7 IDs (i-0, i-1, i-2, i-3, i-4 and 2 more)"),
        ({"name": ["web-1", "web-2"], "exclude": ["i-9"]}, "name web-1, web-2; without i-9"),
        ({"tags": {"team": ["a", "b"]}, "filters": {"status": "stopped"}}, "tags team=a or b; filters status=stopped"),
        ({"list_file": "/srv/list.csv"}, "list /srv/list.csv"),
        ({"due_only": True, "tag_key": "decommission-after"}, "tag decommission-after that is due"),
        ({}, ""),
    ],
)
def test_what_was_selected_is_said_in_words(options: Json, words: str) -> None:
    assert selection_of(options).en == words
