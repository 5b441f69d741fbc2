# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How values stand in the files of a campaign."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.store import Store, _in_lines
from support.json_object import Json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=12)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_is_written_is_read_again(value: Json) -> None:
    assert json.loads(_in_lines(value)) == value


def test_each_machine_has_a_line_of_its_own(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write_json(
        "record.json", {"kind": "absent", "machines": {"i-a": {"name": "数据库"}, "i-b": {"name": None}}, "notes": []}
    )
    assert store.path("record.json").read_text(encoding="utf-8").splitlines() == [
        "{",
        ' "kind": "absent",',
        ' "machines": {',
        '  "i-a": {"name": "数据库"},',
        '  "i-b": {"name": null}',
        " },",
        ' "notes": []',
        "}",
    ]
