# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a server says, each read ends with a typed error, or with what was asked for: no traceback, nobody else's data."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import Connection
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.credentials import Credentials
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.dispatcher import Job, Outcome
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.pool import SystemClock, ThreadPool
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import JdcloudError, TransportError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.fields import Page
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import billing, disk, quotas, vm, vpc
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.transport import Transport
from support.api.server import Reset, Server, Torn, http_answer
from support.json_object import Json

PATIENCE = 20.0

SINGLES: dict[str, tuple[Call[Any], str, Json]] = {
    "machine": (vm.describe_instance("i-1"), "instance", {"instanceId": "i-1", "status": "stopped"}),
    "disk": (disk.describe_disk("vol-1"), "disk", {"diskId": "vol-1", "status": "available"}),
    "elastic ip": (vpc.describe_elastic_ip("fip-1"), "elasticIp", {"elasticIpId": "fip-1", "status": "ASSOCIATED"}),
    "image": (vm.describe_image("img-1"), "image", {"imageId": "img-1", "status": "ready"}),
    "snapshot": (disk.describe_snapshot("snapshot-1"), "snapshot", {"snapshotId": "snapshot-1", "status": "available"}),
}
PAGES: dict[str, tuple[Call[Page[Any]], str, Json]] = {
    "machines": (vm.describe_instances(ids=["i-1"]), "instances", SINGLES["machine"][2]),
    "machines in full": (vm.describe_instances_in_full(), "instances", SINGLES["machine"][2]),
    "disks": (disk.describe_disks(["vol-1"]), "disks", SINGLES["disk"][2]),
    "elastic ips": (vpc.describe_elastic_ips(["fip-1"]), "elasticIps", SINGLES["elastic ip"][2]),
    "images": (vm.describe_images(ids=["img-1"]), "images", SINGLES["image"][2]),
    "snapshots": (disk.describe_snapshots(ids=["snapshot-1"]), "snapshots", SINGLES["snapshot"][2]),
}
OTHERS: dict[str, tuple[Call[Any], Json]] = {
    "image quota": (quotas.describe_image_quota(), {"quotas": [{"resourceType": "image", "limit": 5, "used": 1}]}),
    "snapshot quota": (quotas.describe_snapshot_quota(), {"quota": {"limit": 5, "used": 1}}),
    "elastic ip quota": (quotas.describe_elastic_ip_quota(), {"quota": {"maxLimit": 5, "count": 1}}),
    "bill": (
        billing.describe_bill_details("cn-north-1", ["i-1"], date(2026, 1, 1)),
        {"pagination": {"currPageNo": 1, "numberPages": 1, "numberRecords": 1}, "result": [{"resourceId": "i-1"}]},
    ),
}
GOOD: dict[str, tuple[Call[Any], Json]] = {
    **{name: (call, {field: row}) for name, (call, field, row) in SINGLES.items()},
    **{name: (call, {field: [row], "totalCount": 1}) for name, (call, field, row) in PAGES.items()},
    **OTHERS,
}


class Hostile:
    """One server, one transport and one pool of threads, for all questions of the tests."""

    def __init__(self) -> None:
        self._server = Server()
        credentials = Credentials("AK", "SK", None, "options")
        connection = Connection(credentials, "cn-north-1", endpoint=self._server.url, timeout=1.0)
        self._transport = Transport(connection, "test")
        self._pool = ThreadPool(self._transport, SystemClock(), 1, 1.0)

    def close(self) -> None:
        self._pool.close()
        self._transport.close()
        self._server.close()

    def ask(self, call: Call[Any], reply: Any) -> Outcome:
        """What becomes of a read that is answered so. A bug is raised here, as in a module."""
        self._server.requests.clear()
        self._server.replies[:] = [reply]
        self._pool.submit(Job(call, lambda _outcome: None))
        for _try in range(10):
            for _job, outcome in self._pool.wait(PATIENCE):
                return outcome
        raise AssertionError("nothing came back")


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    """A server that says anything. One for all tests: whatever it said before does no harm to the next call."""
    made = Hostile()
    yield made
    made.close()


def answer_of(result: Any, **headers: Any) -> bytes:
    """An answer with this result."""
    return http_answer({"requestId": "r", "result": result}, **headers)


HEAD = b"HTTP/1.1 200 OK\r\n"
ENOUGH = json.dumps({"requestId": "r", "result": {"instance": {"instanceId": "i-1", "status": "stopped"}}}).encode()
NEVER: Json = {
    "reset": Reset(),
    "torn headers": Torn(HEAD + b"X-A"),
    "torn body": Torn(HEAD + b"Content-Length: 100\r\n\r\n{"),
    "no status": b"HTTP/1.1 abc OK\r\nConnection: close\r\n\r\n",
    "status of four digits": b"HTTP/1.1 2000 OK\r\nConnection: close\r\n\r\n",
    "another protocol": b"220 ftp.example.com ready\r\nConnection: close\r\n",
    "interim": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "many headers": HEAD + b"X-A: b\r\n" * 500 + b"\r\n",
    "long header": HEAD + b"X-A: " + b"b" * 100_000 + b"\r\n\r\n",
    "negative length": HEAD + b"Content-Length: -5\r\nConnection: close\r\n\r\n",
    "chunk that is none": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "negative chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n{}\r\n0\r\n\r\n",
    "page": http_answer(b"<html>Welcome</html>"),
    "not UTF-8": http_answer(b'{"requestId": "\xff"}'),
    "UTF-16": http_answer(ENOUGH.decode().encode("utf-16")),
    "byte order mark": http_answer(b"\xef\xbb\xbf" + ENOUGH),
    "two objects": http_answer(ENOUGH + ENOUGH),
    "huge number": http_answer(b'{"requestId": "r", "result": {"totalCount": ' + b"9" * 10_000 + b"}}"),
    "deep": http_answer(b'{"requestId": "r", "result": ' + b'{"a":' * 900 + b"1" + b"}" * 901),
    "bomb": http_answer(gzip.compress(b"[" * 30_000_000, 1), Content_Encoding="gzip"),
    "bomb of values": http_answer(gzip.compress(b'{"requestId":"r","result":[' + b"{}," * 600_000, 1), Content_Encoding="gzip"),
    "wrong packing": http_answer(ENOUGH, Content_Encoding="gzip"),
    "unknown packing": http_answer(ENOUGH, Content_Encoding="br"),
    "null": http_answer(b"null"),
    "list": http_answer(b"[]"),
    "text": http_answer(b'"requestId"'),
    "no request id": http_answer({"result": {}}),
    "request id twice": http_answer(b'{"requestId": "a", "requestId": "b", "result": {}}'),
    "result of null": answer_of(None),
    "result of a list": answer_of([]),
    "result of a text": answer_of("instance"),
    "result that is no number": answer_of(float("nan")),
    "empty result": answer_of({}),
    "error in success": http_answer({"requestId": "r", "error": {"code": 404, "status": "NOT_FOUND", "message": "gone"}}),
    "error of odd types": http_answer({"requestId": "r", "error": {"code": [], "status": {}, "message": [None]}}, 500),
    "error of a text": http_answer({"requestId": "r", "error": "gone"}, 404),
    "error of a list": http_answer({"requestId": "r", "error": []}, 400),
    "error without a body": http_answer(b"", 500),
    "status 999": http_answer({"requestId": "r", "result": {}}, 999),
    "foreign 404": http_answer(b"404 page not found", 404),
    "a date far away": answer_of({}, Date="Mon, 01 Jan 0001 00:00:00 +1400"),
    "a date that is none": answer_of({}, Date="Mon, 99 Foo 99999 99:99:99 +999999999999"),
    "an old date": answer_of({}, Date="Mon, 01 Jan 2001 00:00:00 GMT"),
}


@pytest.mark.parametrize("name", NEVER)
@pytest.mark.parametrize("read", GOOD)
def test_an_answer_that_is_none_is_an_error_of_that_read(hostile: Hostile, read: str, name: str) -> None:
    outcome = hostile.ask(GOOD[read][0], NEVER[name])
    assert isinstance(outcome.error, JdcloudError)


@pytest.mark.parametrize("name", NEVER)
def test_no_such_answer_says_that_something_is_gone(hostile: Hostile, name: str) -> None:
    error = hostile.ask(vm.describe_instance("i-1"), NEVER[name]).error
    assert error is not None
    assert not error.is_not_found


@pytest.mark.parametrize("read", GOOD)
def test_a_good_answer_is_read(hostile: Hostile, read: str) -> None:
    call, result = GOOD[read]
    assert hostile.ask(call, answer_of(result)).error is None


@pytest.mark.parametrize("read", SINGLES)
def test_a_read_of_one_that_shows_another_is_an_error_of_that_read(hostile: Hostile, read: str) -> None:
    call, field, row = SINGLES[read]
    id_name = next(iter(row))
    error = hostile.ask(call, answer_of({field: {**row, id_name: f"{row[id_name]}0"}})).error
    assert isinstance(error, TransportError)
    assert "its id is not" in str(error)


WRONG_ROWS = [None, 5, "i-1", [], {}, [{"instanceId": "i-1"}], {"id": "i-1"}]


@pytest.mark.parametrize("row", WRONG_ROWS, ids=repr)
@pytest.mark.parametrize("read", SINGLES)
def test_a_read_of_one_that_shows_no_object_is_an_error_of_that_read(hostile: Hostile, read: str, row: Any) -> None:
    call, field, _row = SINGLES[read]
    assert isinstance(hostile.ask(call, answer_of({field: row})).error, TransportError)


@pytest.mark.parametrize("total", [None, -1, "1", 1.0, True, [], float("inf")], ids=repr)
@pytest.mark.parametrize("read", PAGES)
def test_a_page_without_a_count_is_an_error_of_that_read(hostile: Hostile, read: str, total: Any) -> None:
    call, field, row = PAGES[read]
    assert isinstance(hostile.ask(call, answer_of({field: [row], "totalCount": total})).error, TransportError)


@pytest.mark.parametrize("rows", [{}, "i-1", 5, {"0": {"instanceId": "i-1"}}], ids=repr)
@pytest.mark.parametrize("read", PAGES)
def test_a_page_whose_rows_are_no_list_is_an_error_of_that_read(hostile: Hostile, read: str, rows: Any) -> None:
    call, field, _row = PAGES[read]
    assert isinstance(hostile.ask(call, answer_of({field: rows, "totalCount": 1})).error, TransportError)


@pytest.mark.parametrize("read", PAGES)
def test_a_page_that_is_larger_than_asked_for_is_an_error_of_that_read(hostile: Hostile, read: str) -> None:
    call, field, row = PAGES[read]
    id_name = next(iter(row))
    rows = [{**row, id_name: f"{row[id_name]}{number}"} for number in range(101)]
    assert isinstance(hostile.ask(call, answer_of({field: rows, "totalCount": 101})).error, TransportError)


@pytest.mark.parametrize("row", WRONG_ROWS[:5], ids=repr)
@pytest.mark.parametrize("read", PAGES)
def test_a_row_without_an_id_is_counted_and_the_others_are_read(hostile: Hostile, read: str, row: Any) -> None:
    call, field, good = PAGES[read]
    page = hostile.ask(call, answer_of({field: [row, good], "totalCount": 2})).value
    assert (len(page.items), page.nameless, page.whole) == (1, 1, False)


@pytest.mark.parametrize("read", PAGES)
def test_a_row_that_stands_there_twice_is_not_believed(hostile: Hostile, read: str) -> None:
    call, field, good = PAGES[read]
    page = hostile.ask(call, answer_of({field: [{**good, "status": "running"}, good], "totalCount": 1})).value
    assert (page.items, page.whole) == ((), False)
