# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Members that mean machines, and lists of which each line means exactly one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.choice import (
    Entry,
    entries_of,
    is_member,
    members_of,
    resolve,
)
from support.campaign.results import options
from support.json_object import Json

WEB: Json = {"instance_id": "i-a", "name": "web 1", "tags": {"env": "prod"}, "private_ip_address": "10.0.0.4"}
DB: Json = {
    "instance_id": "i-b",
    "name": "db, main",
    "tags": {},
    "private_ip_address": "10.0.0.5",
    "primary_network_interface": {"network_interface": {"secondary_ips": [{"private_ip_address": "10.0.0.6"}]}},
}
TWIN: Json = {"instance_id": "i-c", "name": "web 1", "tags": None, "private_ip_address": "10.0.0.7"}


@pytest.mark.parametrize(
    ("value", "members"),
    [
        ("", ()),
        (None, ()),
        ([], ()),
        ("i-a, web 1,env=prod", ("i-a", "web 1", "env=prod")),
        (["i-a", "db, main"], ("i-a", "db, main")),
        ({"env": ["prod", "test"]}, ("env=prod", "env=test")),
        (["i-a", {"env": "prod"}], ("i-a", "env=prod")),
        ('{"env": "prod"}', ("env=prod",)),
        ('["i-a", "i-b"]', ("i-a", "i-b")),
    ],
)
def test_members_are_read_in_every_form(value: Any, members: tuple[str, ...]) -> None:
    assert members_of(value, "exclude") == members


@pytest.mark.parametrize("value", [[None], [""], [8], [True], {"env": 8}, ["a\nb"], 8])
def test_members_that_are_no_texts_are_refused(value: Any) -> None:
    with pytest.raises(InputError, match="exclude"):
        members_of(value, "exclude")


@pytest.mark.parametrize(
    ("member", "meant"),
    [("i-a", True), ("web 1", True), ("env=prod", True), ("env=*", True), ("env=test", False), ("web", False), ("i-b", False)],
)
def test_a_member_means_a_machine_by_id_name_or_tag(member: str, meant: bool) -> None:
    assert is_member([member], WEB) is meant


def test_each_value_of_a_tag_that_is_there_twice_counts() -> None:
    row = {**WEB, "repeated_tags": {"env": ["prod", "test"]}}
    assert is_member(["env=test"], row)
    assert not is_member(["env=test"], {"instance_id": "i-x"})


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("i-a\n\n# gone\n 10.0.0.4 \r\nweb 1\n", ["i-a", "10.0.0.4", "web 1"]),
        ("\ufeffname\nweb 1\n", ["web 1"]),
        ("owner,name,instance_id\nx,web 1,i-a\ny,db,\n", ["i-a", "db"]),
        ('"Name";"Owner"\n"db, main";"x"\n', ["db, main"]),
        ("private_ip_address\tname\n10.0.0.4\t\n", ["10.0.0.4"]),
        ('"db, main"\n', ["db, main"]),
    ],
)
def test_a_list_is_text_or_csv(text: str, texts: list[str]) -> None:
    assert [each.text for each in entries_of(text, "list_file")] == texts


TWO = "name,instance_id\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{TWO}web 1,i-a\nweb 1,i-c\n", ["i-a", "i-c"]),
        (f"{TWO}web 1,i-a\n,i-a\nweb 1,i-a,\n", ["i-a"]),
        ('instance_id,private_ip_address,name\ni-b,10.0.0.6,"db, main"\n', ["i-b"]),
        ("i-a\n10.0.0.4\ni-a\n", ["i-a"]),
    ],
)
def test_lines_that_mean_the_same_machine_mean_it_once(text: str, found: list[str]) -> None:
    assert resolve(entries_of(text, "list_file"), [WEB, DB, TWIN], "list_file") == found


@pytest.mark.parametrize(
    ("text", "part"),
    [
        # One column was sorted, and the other was not.
        (f'{TWO}"db, main",i-a\nweb 1,i-b\n', r"2 of 2 .* line 2 'i-a' \(i-a has no 'db, main'\), line 3 'i-b' \(i-b has no"),
        ("instance_id,private_ip_address\ni-a,10.0.0.5\n", r"line 2 'i-a' \(i-a has no '10.0.0.5'\)"),
        # A comma in a name moves all that follows.
        (f"{TWO}db, main,i-b\n", r"line 2 'db, main,i-b' \(no instance\)"),
        (f"{TWO}web,i-a,i-b\n", r"line 2 'web,i-a,i-b' \(no instance\)"),
        # A cell over two lines.
        ('note,instance_id\n"a\nb",i-b\n', "1 of 2 .* line 2 '' "),
        ("instance_id,name,instance_id\ni-a,,i-b\n", "has the column instance_id twice"),
        ("ID,Owner\ni-a,me\n", "2 of 2 .* line 1 'ID,Owner'"),
        ("i-a i-b\n", r"line 1 'i-a i-b' \(no instance\)"),
    ],
)
def test_a_line_of_which_it_is_not_clear_what_it_means_begins_nothing(text: str, part: str) -> None:
    with pytest.raises(InputError, match=part):
        resolve(entries_of(text, "list_file"), [WEB, DB, TWIN], "list_file")


def test_a_machine_that_is_called_like_the_id_of_another_means_neither() -> None:
    with pytest.raises(InputError, match="2 instances: i-a, i-b"):
        resolve(entries_of("i-b\n", "list_file"), [{**WEB, "name": "i-b"}, DB], "list_file")


@pytest.mark.parametrize("text", ["i-gone\n", "instance_id\ni-gone\n", "instance_id\ndb\n", "name\ni-b\n", "name\n10.0.0.6\n"])
def test_a_name_is_no_id_and_an_id_that_is_gone_is_no_name(text: str) -> None:
    # A clone is often called like what it was made of.
    with pytest.raises(InputError, match="no instance"):
        resolve(entries_of(text, "list_file"), [{**WEB, "name": "i-gone"}, {**DB, "name": "db"}], "list_file")


def test_a_machine_that_is_called_like_an_id_is_meant_by_its_name() -> None:
    assert resolve(entries_of("name\ni-gone\n", "list_file"), [{**WEB, "name": "i-gone"}, DB], "list_file") == ["i-a"]


@pytest.mark.parametrize("text", ["", "\n# x\n", "instance_id,name\n"])
def test_a_list_without_lines_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="list_file contains"):
        entries_of(text, "list_file")


@pytest.mark.parametrize(("text", "found"), [("i-b", "i-b"), ("db, main", "i-b"), ("10.0.0.4", "i-a"), ("10.0.0.6", "i-b")])
def test_an_entry_means_one_machine(text: str, found: str) -> None:
    assert resolve([Entry("line 1", text)], [WEB, DB, TWIN], "list_file") == [found]


def test_lines_that_do_not_mean_one_machine_are_all_named() -> None:
    entries = [Entry("line 1", "i-a"), Entry("line 2", "web 1"), Entry("line 5", ""), Entry("line 7", "10.9.9.9")]
    with pytest.raises(InputError) as caught:
        resolve(entries, [WEB, DB, TWIN], "list_file")
    text = str(caught.value)
    assert "3 of 4 entries do not match exactly one instance, so nothing was done" in text
    assert "line 2 'web 1' (2 instances: i-a, i-c)" in text
    assert "line 5 '' (no instance)" in text
    assert "line 7 '10.9.9.9' (no instance)" in text


NAMES = st.sampled_from(["i-a", "i-b", "i-c", "web", "db", "10.0.0.4", "10.0.0.5", ""])


@given(
    st.lists(NAMES, min_size=1, max_size=6),
    st.dictionaries(st.sampled_from(["i-a", "i-b", "i-c"]), st.tuples(NAMES, NAMES), max_size=3),
)
def test_what_is_resolved_is_meant_by_exactly_one_entry_or_nothing_is(
    texts: list[str], fleet: dict[str, tuple[str, str]]
) -> None:
    machines = [{"instance_id": each, "name": name, "private_ip_address": ip} for each, (name, ip) in fleet.items()]
    # What looks like an id is one, or nothing.
    sought = ["" if text.startswith("i-") and text not in fleet else text for text in texts]
    meant = [{row["instance_id"] for row in machines if text and text in row.values()} for text in sought]
    entries = [Entry(f"line {number}", text) for number, text in enumerate(texts, 1)]
    if all(len(each) == 1 for each in meant):
        assert set(resolve(entries, machines, "x")) == set.union(*meant)
    else:
        with pytest.raises(InputError):
            resolve(entries, machines, "x")


@pytest.mark.parametrize("ids", ["web-1.example", "10.0.0.4", "i_a", "I-A", ["i-a", "web 1"]])
def test_a_text_that_cannot_be_an_id_is_refused(ids: Any) -> None:
    with pytest.raises(InputError, match="vm_decommission_instance_ids: .* is not an id"):
        options(instance_ids=ids)


def test_machines_are_named_one_by_one_in_one_way() -> None:
    assert options(instance_ids="", name=["web", "db"]).names == ("web", "db")
    assert options(instance_ids="", name=["web"]).name == "web"
    for more in ({"list_file": "/x"}, {"name": ["web", "db"]}):
        with pytest.raises(InputError, match="use one of them"):
            options(**more)
    with pytest.raises(InputError, match="Nothing is selected"):
        options(instance_ids="", exclude="i-b")


def test_what_is_chosen_by_hand_makes_a_campaign_this_one() -> None:
    plain = options(instance_ids="", tags="a=b").identity
    assert options(instance_ids="", tags="a=b", exclude="i-b").identity != plain
    assert options(instance_ids="", tags="a=b", canary="i-b").identity == plain
