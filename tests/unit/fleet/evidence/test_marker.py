# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The marker in descriptions, and names and tokens of what is made: they fit the service's rules and are never the same twice."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.evidence.marker import (
    DEFAULT_PATTERN,
    Marker,
    NameParts,
    asset_name,
    check_campaign,
    check_pattern,
    client_token,
    read_marker,
    unique_part,
)

MARKER = "jdcloud.cloud/1 campaign=c1 instance=i-one stopped=true"
IMAGE_NAME = re.compile(r"[\u4e00-\u9fffA-Za-z0-9_.-]{2,32}")
SNAPSHOT_NAME = re.compile(r"[\u4e00-\u9fffA-Za-z0-9_-]{1,32}")
CAMPAIGNS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", alphabet=st.characters(max_codepoint=127))
IDS = st.from_regex(r"\A(i|vol)-[a-z0-9]{1,12}\Z")
MACHINE_NAMES = st.one_of(
    st.text(max_size=128),
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=128),
    st.text(st.sampled_from("-_. 网站😀é\n\0{}[]"), max_size=128),
)
PIECES = st.sampled_from(
    ["{id}", "{name}", "{instance_id}", "{campaign}", "{unique}", "bk-", "-", ".", "_", "网", "😀", " ", "x" * 20]
)
PATTERNS = st.lists(PIECES, min_size=1, max_size=6).map("".join).filter(lambda pattern: bool(pattern.strip()))


def name_of(pattern: str = DEFAULT_PATTERN, *, dots: bool = True, attempt: int = 1, **more: str) -> str:
    values = {"asset_of": "i-one", "instance_id": "i-one", "machine_name": "web", "campaign": "c1", **more}
    return asset_name(pattern, NameParts(attempt=attempt, **values), dots=dots)


@pytest.mark.parametrize(
    "description",
    [
        "",
        "backup before deletion",
        "jdcloud.cloud/1",
        "jdcloud.cloud/2 campaign=c1 instance=i-one stopped=true",
        f"see {MARKER}",
        "jdcloud.cloud/1 instance=i-one stopped=true",
        "jdcloud.cloud/1 campaign=c1 stopped=true",
        "jdcloud.cloud/1 campaign=c1 instance=i-one",
        "jdcloud.cloud/1 campaign= instance=i-one stopped=true",
        "jdcloud.cloud/1 campaign=c1 instance= stopped=true",
        f"{MARKER} stopped=true",
        f"{MARKER} stopped=false",
        f"{MARKER} instance=i-two",
        f"{MARKER} campaign=c2",
        "jdcloud.cloud/1 campaign=c1 campaign=c2 stopped=true",
    ],
)
def test_a_description_that_is_no_whole_and_single_marker_is_none(description: str) -> None:
    assert read_marker(description) is None


@pytest.mark.parametrize("word", ["false", "True", "TRUE", "tru", "1", "yes", "true,", "truefalse"])
def test_stopped_is_only_what_says_exactly_true(word: str) -> None:
    marker = read_marker(MARKER.replace("stopped=true", f"stopped={word}"))
    assert marker is not None
    assert not marker.stopped


@pytest.mark.parametrize("more", [" kept for the audit", " owner=me", "\nline two", " stop=now = =="])
def test_more_words_behind_a_marker_do_not_matter(more: str) -> None:
    assert read_marker(MARKER + more) == Marker("c1", "i-one", stopped=True)


@given(CAMPAIGNS, IDS, st.booleans())
def test_a_marker_is_read_back_as_it_was_written_and_fits_a_description(campaign: str, instance_id: str, stopped: bool) -> None:
    marker = Marker(check_campaign(campaign, "campaign"), instance_id, stopped)
    assert len(str(marker)) <= 256
    assert read_marker(str(marker)) == marker


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader_or_becomes_a_marker_by_chance(text: str) -> None:
    marker = read_marker(text)
    assert marker is None or text.split()[0] == "jdcloud.cloud/1"


@given(CAMPAIGNS, st.integers(0, 80))
def test_a_marker_that_was_cut_off_never_says_stopped(campaign: str, missing: int) -> None:
    text = str(Marker(campaign, "i-one", stopped=True))
    marker = read_marker(text[: len(text) - 1 - missing])
    assert marker is None or not marker.stopped


@pytest.mark.parametrize("campaign", ["", " ", "-a", ".a", "a b", "a=b", "网", "x" * 65, "a/b", "{{ a }}"])
def test_a_campaign_that_a_marker_cannot_carry_is_refused_with_the_option_named(campaign: str) -> None:
    with pytest.raises(InputError, match="backup_campaign is .* must be 1 to 64"):
        check_campaign(campaign, "backup_campaign")


def test_a_campaign_is_trimmed() -> None:
    assert check_campaign(" 2026-01.a_b\n", "campaign") == "2026-01.a_b"


@pytest.mark.parametrize("pattern", ["", "  ", "{oops}", "{id", "id}", "{}", "{{ id }}", "{id}{", "{name!r}"])
def test_a_pattern_that_cannot_be_filled_in_is_refused(pattern: str) -> None:
    with pytest.raises(InputError, match="name_pattern"):
        check_pattern(pattern)


@given(PATTERNS, MACHINE_NAMES, IDS, CAMPAIGNS, st.integers(1, 99))
def test_names_fit_the_rules_of_the_service_whatever_the_machine_is_called(
    pattern: str, machine: str, asset_of: str, campaign: str, attempt: int
) -> None:
    words = {"machine_name": machine, "asset_of": asset_of, "campaign": campaign}
    for dots, rule in ((True, IMAGE_NAME), (False, SNAPSHOT_NAME)):
        name = name_of(check_pattern(pattern), dots=dots, attempt=attempt, **words)
        assert rule.fullmatch(name), name
        assert unique_part(campaign, asset_of, attempt) in name, "what makes it unique is never cut"
        assert not name.startswith(".")
        assert not name.endswith(".")


@given(st.tuples(CAMPAIGNS, IDS, st.integers(1, 99)), st.tuples(CAMPAIGNS, IDS, st.integers(1, 99)), MACHINE_NAMES)
def test_names_and_tokens_differ_if_campaign_asset_or_attempt_differ(
    one: tuple[str, str, int], two: tuple[str, str, int], machine: str
) -> None:
    names = [
        name_of("{name}", machine_name=machine, campaign=campaign, asset_of=asset_of, attempt=attempt)
        for campaign, asset_of, attempt in (one, two)
    ]
    assert (names[0] == names[1]) is (one == two)
    assert (client_token(*one) == client_token(*two)) is (one == two)
    assert len(client_token(*one)) <= 64


def test_thousands_of_machines_and_attempts_have_as_many_names() -> None:
    names = {
        name_of("网站😀" * 20, campaign=campaign, asset_of=f"i-{number:05d}", attempt=attempt)
        for campaign in ("c1", "c2")
        for number in range(3000)
        for attempt in (1, 2)
    }
    assert len(names) == 12000


@pytest.mark.parametrize(
    ("pattern", "begins", "ends"),
    [
        (DEFAULT_PATTERN, "bk-i-one-", ""),
        ("{unique}-{name}", "", "-web"),
        ("{name}.{campaign}", "web.c1-", ""),
        ("..{name}", "web-", ""),
        ("{unique}{unique}", "", ""),
    ],
)
def test_a_name_follows_its_pattern(pattern: str, begins: str, ends: str) -> None:
    assert name_of(pattern) == f"{begins}{unique_part('c1', 'i-one', 1)}{ends}"


def test_a_long_name_is_cut_and_what_parts_it_from_the_unique_part_stays() -> None:
    assert name_of("{name}-{unique}", machine_name="生产" * 40) == "生产" * 10 + "生-" + unique_part("c1", "i-one", 1)


def test_a_name_that_is_cut_never_ends_with_a_dot() -> None:
    assert name_of("{unique}{name}", machine_name="x" * 21 + ".yz") == unique_part("c1", "i-one", 1) + "x" * 21
