# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bounds of bodies fit the largest real page, and no body needs much memory."""

from __future__ import annotations

import contextlib
import copy
import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import vm
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services.billing import MAX_ROWS
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.responses import (
    MAX_BODY_BYTES,
    MAX_DEPTH,
    MAX_VALUES,
    PIECE_BYTES,
    BodyTooLarge,
    decompress,
    parse_json_object,
)
from support.search import first_of

MIB = 1024 * 1024
TAGS = [{"key": f"cost-centre-of-team-{number:02}", "value": "department-of-engineering-00042"} for number in range(10)]
"""As many as a resource may carry."""


def largest_page(example: dict[str, Any]) -> bytes:
    """100 machines with eight data disks each, all fields, and ten tags on everything."""
    disk = {**example["systemDisk"]["cloudDisk"], "tags": TAGS, "description": "d" * 128, "snapshotPolicies": [], "trashTime": ""}
    attachment = {**example["systemDisk"], "cloudDisk": disk}
    row = {**example, "tags": TAGS, "description": "d" * 256, "systemDisk": attachment, "dataDisks": [attachment] * 8}
    return json.dumps({"requestId": "r", "result": {"instances": [copy.deepcopy(row)] * 100, "totalCount": 100}}).encode()


def test_the_largest_real_page_fits_with_a_margin(example: Callable[[str], Any]) -> None:
    body = largest_page(example("describeInstance.stopped.json")["result"]["instance"])
    assert MAX_BODY_BYTES / 2 < len(body) < MAX_BODY_BYTES * 0.9
    content = parse_json_object(body)
    assert content is not None
    assert len(content["result"]["instances"]) == 100


BOMBS: dict[str, Callable[[], bytes]] = {
    "lists": lambda: b'{"a":[' + b"[]," * 20_000_000 + b"[]]}",
    "dicts": lambda: b'{"a":[' + b"{}," * 20_000_000 + b"{}]}",
    "numbers": lambda: b"[" + b"1," * 20_000_000 + b"1]",
    "fields": lambda: b"{" + b'"a":1,' * 9_000_000 + b'"a":1}',
    "levels": lambda: b"[" * 30_000_000,
    "texts": lambda: b"[" + b'"ab",' * 10_000_000 + b'""]',
    "one text": lambda: b'{"a":"' + b"x" * 60_000_000 + b'"}',
    "escapes": lambda: b'{"a":"' + b"\\\\" * 30_000_000 + b'"}',
    "quotes": lambda: b'{"a":"' + b'\\"' * 30_000_000,
    "blanks": lambda: b" " * 60_000_000,
}
"""60 MB each, so they are made where they are used."""


def test_packed_bytes_that_unpack_to_nothing_are_bounded_too() -> None:
    # Blocks of no bytes: nothing ever comes out, and without a bound the answer would never end.
    head, block = gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff" * 6000

    def pieces() -> Iterator[bytes]:
        yield head
        for _each in range(MAX_BODY_BYTES // len(block) + 2):
            yield block

    with pytest.raises(BodyTooLarge):
        decompress(pieces(), "gzip")


@pytest.fixture
def traced() -> Iterator[None]:
    """Memory is measured."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("name", first_of(BOMBS, 3))
def test_a_packed_bomb_needs_little_memory(name: str) -> None:
    """60 MB of JSON in some dozens of KB."""
    packed = gzip.compress(BOMBS[name](), 1)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    with pytest.raises(BodyTooLarge):
        decompress(iter([packed[start : start + 32768] for start in range(0, len(packed), 32768)]), "gzip")
    assert tracemalloc.get_traced_memory()[1] - before < 4 * MAX_BODY_BYTES


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("name", first_of(BOMBS, 3))
def test_a_body_of_the_greatest_size_needs_little_memory(name: str) -> None:
    body = BOMBS[name]()[: MAX_BODY_BYTES - 2] + b"]}"
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    with contextlib.suppress(BodyTooLarge):
        parse_json_object(body)
    assert tracemalloc.get_traced_memory()[1] - before < 64 * MIB


@pytest.mark.parametrize("size", [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, PIECE_BYTES + 11, 2 * PIECE_BYTES + 1])
@pytest.mark.parametrize(("encoding", "frame"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_a_packed_body_is_read_to_its_end(encoding: str, frame: int, size: int) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, frame)
    packed = packer.compress(b"a" * size) + packer.flush()
    assert decompress(iter([packed]), encoding) == b"a" * size


def test_the_largest_page_of_a_bill_fits() -> None:
    """With all fields that the type of the answer has, and ten tags on each resource."""
    words = ("resourceName", "region", "az", "appCode", "serviceCode", "actionTypeName", "startTime", "endTime", "billTime")
    fees = ("totalFee", "discountFee", "realTotalFee", "cashCouponPayFee", "balancePayFee", "cashPayFee", "arrearFee")
    row = {"resourceId": "i-0123456789", "billingType": 1, "formula": "\u89c4" * 100, "tagDetails": TAGS}
    row |= dict.fromkeys(words, "x" * 32) | dict.fromkeys(fees, 1234.567891)
    body = json.dumps({"requestId": "r", "result": {"pagination": {}, "result": [row] * MAX_ROWS}}).encode()
    assert len(body) < MAX_BODY_BYTES * 0.9
    assert parse_json_object(body) is not None


def test_values_are_counted_and_not_the_commas_in_texts() -> None:
    assert parse_json_object(json.dumps({"a": "," * MAX_VALUES, "b": "[{" * MAX_VALUES}).encode()) is not None
    with pytest.raises(BodyTooLarge):
        parse_json_object(json.dumps({"a": [1] * (MAX_VALUES + 1)}).encode())


@pytest.mark.parametrize(
    ("depth", "is_read"), [(MAX_DEPTH - 1, True), (2 * MAX_DEPTH + 1, False), (900, False), (100_000, False)]
)
def test_levels_are_bounded(depth: int, is_read: bool) -> None:
    body = b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
    assert (parse_json_object(body) is not None) is is_read


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=3), each, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_every_ordinary_object_is_read_as_it_is(content: dict[str, Any]) -> None:
    assert parse_json_object(json.dumps(content).encode()) == content
    assert parse_json_object(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")) in (content, None)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"1", b"{", b'{"a":1', b'{"a"}', b"\xff\xfe{}", '{"a":1}'.encode("utf-16"), b"{}{}"]
)
def test_what_is_no_object_is_none(body: bytes) -> None:
    assert parse_json_object(body) is None


def test_a_field_that_stands_there_twice_is_not_believed() -> None:
    """A machine that is running and stopped: the last one would win."""
    body = b'{"instances":[{"instanceId":"i-1","status":"running","status":"stopped"}],"totalCount":1}'
    content = parse_json_object(body)
    assert content is not None
    (machine,) = vm.describe_instances().parse(content).items
    assert (machine.status, machine.unreadable) == ("", ("status",))
