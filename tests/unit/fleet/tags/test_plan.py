# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tags change: what is wished is there afterwards, everything else stays, and nothing is sent that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import tags as calls
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.tags.plan import (
    TagChange,
    WantedTags,
    after_change,
    change_of,
    tag_blockers,
)

KEY = st.sampled_from(["env", "project", "owner", "due"])
VALUE = st.sampled_from(["", "a", "b", "c"])


@dataclass(frozen=True)
class Thing:
    """Something with tags."""

    tags: Mapping[str, str]
    repeated_tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


@st.composite
def any_wanted(draw: st.DrawFn) -> WantedTags:
    """Keys to set and other keys to remove."""
    wanted = draw(st.dictionaries(KEY, VALUE, max_size=3))
    remove = draw(st.lists(KEY.filter(lambda key: key not in wanted), unique=True, max_size=3))
    return WantedTags(wanted, tuple(remove))


@st.composite
def things(draw: st.DrawFn) -> Thing:
    """Tags, of which some keys are shown twice."""
    tags = draw(st.dictionaries(KEY, VALUE, max_size=4))
    doubled = draw(st.lists(st.sampled_from(sorted(tags)), unique=True)) if tags else []
    return Thing(tags, {key: (draw(VALUE), tags[key]) for key in doubled})


def sent(thing: Thing, change: TagChange) -> dict[str, str]:
    """What a service makes of the calls that replaces values: first what goes, then what comes."""
    rows = [(key, value) for key, values in thing.repeated_tags.items() for value in values]
    rows += [(key, value) for key, value in thing.tags.items() if key not in thing.repeated_tags]
    rows = [row for row in rows if row not in change.remove]
    return {**dict(rows), **dict(change.set)}


@given(things(), any_wanted(), st.booleans())
def test_what_is_sent_makes_the_wish_come_true(thing: Thing, wanted: WantedTags, insist: bool) -> None:
    change = change_of(thing, wanted, insist=insist)
    after = sent(thing, change)
    assert after == after_change(thing, wanted)
    assert change_of(Thing(after), wanted).empty


@given(things(), any_wanted())
def test_only_named_keys_are_touched(thing: Thing, wanted: WantedTags) -> None:
    change = change_of(thing, wanted)
    assert {key for key, _value in (*change.remove, *change.set)} <= set(wanted.set) | set(wanted.remove)


@given(things(), any_wanted())
def test_no_change_is_never_forbidden(thing: Thing, wanted: WantedTags) -> None:
    blockers = list(tag_blockers(thing, wanted, {"env": ("*",)}))
    assert not blockers or not change_of(thing, wanted).empty


@pytest.mark.parametrize(
    "wanted",
    [WantedTags(remove=("guard",)), WantedTags({"guard": "no"}), WantedTags({"env": "b"}), WantedTags({"due": "a"}, ("env",))],
    ids=str,
)
def test_whatever_is_to_change_of_a_protected_thing_is_forbidden(wanted: WantedTags) -> None:
    thing = Thing({"guard": "yes", "env": "a"})
    assert [each.code for each in tag_blockers(thing, wanted, {"guard": ("*",)})] == ["protected"]
    assert list(tag_blockers(thing, wanted, {"guard": ("no",)})) == []


@pytest.mark.parametrize(
    ("text", "failures"),
    [
        ({"i-a": "no"}, {"i-a": "no"}),
        ([{"resourceId": "i-a", "msg": "no"}], {"i-a": "no"}),
        ([{"resourceId": "i-a"}], {"i-a": "no reason given"}),
        (None, {}),
        ("none", {}),
        ([1, {}], {}),
    ],
)
def test_what_a_200_says_of_failures_is_read_in_every_form(text: object, failures: dict[str, str]) -> None:
    call = calls.tag_resources("vm", ["i-a"], {"env": "a"})
    assert call.parse({"data": {"failedResourcesMap": text, "successCount": 0}}) == failures
    assert call.resources == ("i-a",)
    assert call.write
