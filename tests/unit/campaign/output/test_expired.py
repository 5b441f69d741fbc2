# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook expire_backups prints."""

from __future__ import annotations

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.expired import expired_lines

KEPT = {"too_young": 12, "last_backup": 5}


def test_counts_come_first_then_why_backups_stay_or_failed() -> None:
    lines = expired_lines(3, 21, KEPT, ["img-1 (no right)"], "/r/expired.json", preview=False, language="en")
    assert lines == [
        "3 of 21 backups of this collection were deleted.",
        "Kept: 5 last_backup, 12 too_young.",
        "Failed: img-1 (no right).",
        "Report: /r/expired.json",
    ]


def test_what_there_is_not_has_no_line() -> None:
    assert expired_lines(0, 1, {}, [], "", preview=True, language="en") == ["0 of 1 backup of this collection would be deleted."]


def test_in_chinese_reasons_have_chinese_words() -> None:
    lines = expired_lines(3, 20, {**KEPT, "brand_new": 1}, [], "", preview=True, language="zh")
    assert lines == ["本 collection 创建的 20 个备份中将删除 3 个。", "保留：brand_new 1，最后一个备份 5，未到期限 12。"]


def test_many_failures_are_cut_to_one_line() -> None:
    lines = expired_lines(
        0, 900, {}, [f"img-{number} ({'why ' * 40})" for number in range(900)], "", preview=False, language="en"
    )
    assert len(lines) == 2
    assert len(lines[1]) <= 480
