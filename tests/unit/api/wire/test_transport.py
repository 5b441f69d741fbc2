# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sent and how good answers are read, against a real server."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import Connection
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.credentials import Credentials
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ClockSkewError, NotSentError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import domainservice, vm, vpc
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire import signature
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.transport import Transport
from support.api.server import SECRET, Request, Server, accepted, http_answer

MakeServer = Callable[..., Server]
MakeTransport = Callable[..., Transport]


ONE_INSTANCE = {"requestId": "req-1", "result": {"instance": {"instanceId": "i-1", "status": "running"}}}


def instance_answer() -> bytes:
    return http_answer(ONE_INSTANCE)


def verify(request: Request, service: str, url: str) -> None:
    """Check the signature the way the service does: from the request as it arrived."""
    _algorithm, credential, signed, given = request.headers["authorization"].replace(",", "").split(" ")
    names = signed.removeprefix("SignedHeaders=").split(";")
    headers = {name: request.headers[name] for name in names}
    text, rebuilt = signature.canonical_request(request.method, url + request.target, headers, request.body)
    assert rebuilt == ";".join(names)
    scope = credential.removeprefix("Credential=AK0001/")
    day = request.headers["x-jdcloud-date"][:8]
    assert scope == f"{day}/cn-north-1/{service}/jdcloud3_request"
    key = signature.signing_key(SECRET, day, "cn-north-1", service)
    to_sign = signature.string_to_sign(request.headers["x-jdcloud-date"], scope, text)
    assert given == "Signature=" + hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def test_a_read_arrives_signed_and_its_answer_is_read(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(http_answer(ONE_INSTANCE, Date="Thu, 15 Jan 2026 08:09:10 GMT"))
    transport = make_transport(server.url + "/{service}")
    transport._utcnow = lambda: datetime(2026, 1, 15, 8, 9, 30, tzinfo=UTC)
    response = transport.send(vm.describe_instance("i-1"))
    assert (response.value.instance_id, response.value.status, response.request_id) == ("i-1", "running", "req-1")
    assert response.date == datetime(2026, 1, 15, 8, 9, 10, tzinfo=UTC)
    assert response.sent_at <= response.received_at
    (request,) = server.requests
    assert (request.method, request.target, request.body) == ("GET", "/vm/v1/regions/cn-north-1/instances/i-1", b"")
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "jdcloud.cloud/test"
    assert "content-length" not in request.headers
    assert "cookie" not in request.headers
    verify(request, "vm", server.url)


def test_writes_send_json_or_nothing(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server()
    transport = make_transport(server.url)
    transport.send(vm.stop_instance("i-1", "keepCharging"))
    transport.send(vm.start_instance("i-1"))
    transport.send(vm.delete_instance("i-1"))
    stop, start, delete = server.requests
    assert (stop.method, stop.target) == ("POST", "/v1/regions/cn-north-1/instances/i-1:stopInstance")
    assert json.loads(stop.body) == {"chargeOnStopped": "keepCharging"}
    assert json.loads(start.body) == {}
    assert (delete.method, delete.target, delete.body) == ("DELETE", "/v1/regions/cn-north-1/instances/i-1", b"")
    assert delete.headers["content-length"] == "0"
    for request in server.requests:
        verify(request, "vm", server.url)


def test_awkward_text_is_encoded_once_and_signed(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(http_answer({"requestId": "r", "result": {"instances": [], "totalCount": 0}}))
    value = "测试 a+b/c:d&e=f?%2F#~"
    make_transport(server.url).send(vm.describe_instances(filters=[("name", [value])], tags=[("k&", ["v="])]))
    (request,) = server.requests
    assert (
        "filters.1.values.1=%E6%B5%8B%E8%AF%95%20a%2Bb%2Fc%3Ad%26e%3Df%3F%252F%23~&tags.1.key=k%26&tags.1.values.1=v%3D"
        in request.target
    )
    verify(request, "vm", server.url)


def test_the_listing_path_of_elastic_ips_keeps_its_slash(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(http_answer({"requestId": "r", "result": {"elasticIps": [], "totalCount": 0}}))
    make_transport(server.url).send(vpc.describe_elastic_ips(["fip-1"]))
    assert server.requests[0].target.startswith("/v1/regions/cn-north-1/elasticIps/?filters")
    verify(server.requests[0], "vpc", server.url)


def test_the_version_of_a_service_stands_in_its_path(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(http_answer({"requestId": "r", "result": {"dataList": [], "totalCount": 0}}))
    make_transport(server.url).send(domainservice.describe_domains())
    assert server.requests[0].target == "/v2/regions/cn-north-1/domain?pageNumber=1&pageSize=100"
    verify(server.requests[0], "domainservice", server.url)


def test_nonces_differ(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server()
    transport = make_transport(server.url)
    for _each in range(3):
        transport.send(vm.start_instance("i-1"))
    assert len({request.headers["x-jdcloud-nonce"] for request in server.requests}) == 3


def test_many_calls_share_one_connection(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(
        instance_answer(), accepted(), http_answer({"requestId": "r", "error": {"code": 404}}, 404), instance_answer()
    )
    transport = make_transport(server.url)
    transport.send(vm.describe_instance("i-1"))
    transport.send(vm.stop_instance("i-1"))
    with pytest.raises(Exception, match="404"):
        transport.send(vm.describe_instance("i-1"))
    for _each in range(20):
        transport.send(vm.describe_instance("i-1"))
    assert {request.connection for request in server.requests} == {1}
    assert transport.requests_sent == len(server.requests) == 23


def test_an_answer_without_body_keeps_the_connection(make_server: MakeServer, make_transport: MakeTransport) -> None:
    no_content = b"HTTP/1.1 204 No Content\r\nx-jdcloud-request-id: req-header\r\n\r\n"
    empty = http_answer(b"", x_jdcloud_request_id="req-empty")
    server = make_server(no_content, empty)
    transport = make_transport(server.url)
    assert transport.send(vm.stop_instance("i-1")).request_id == "req-header"
    assert transport.send(vm.stop_instance("i-1")).request_id == "req-empty"
    assert {request.connection for request in server.requests} == {1}


def test_a_connection_that_the_server_closed_is_replaced(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(http_answer({"requestId": "r", "result": {}}, Connection="close"))
    transport = make_transport(server.url)
    for _each in range(3):
        transport.send(vm.start_instance("i-1"))
    assert [request.connection for request in server.requests] == [1, 2, 3]


def test_threads_share_the_transport(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(instance_answer())
    transport = make_transport(server.url)
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: transport.send(vm.describe_instance("i-1")), range(200)))
    assert {response.value.instance_id for response in responses} == {"i-1"}
    assert transport.requests_sent == len(server.requests) == 200
    assert len({request.connection for request in server.requests}) <= 8


@pytest.mark.parametrize("encoding", ["gzip", "chunked"])
def test_encoded_bodies(make_server: MakeServer, make_transport: MakeTransport, encoding: str) -> None:
    body = json.dumps({"requestId": "r", "result": {"instance": {"instanceId": "i-1", "status": "running"}}}).encode()
    if encoding == "gzip":
        reply = http_answer(gzip.compress(body), Content_Encoding="gzip")
    else:
        reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    server = make_server(reply)
    transport = make_transport(server.url)
    assert transport.send(vm.describe_instance("i-1")).value.instance_id == "i-1"
    assert transport.send(vm.describe_instance("i-1")).value.instance_id == "i-1"
    assert {request.connection for request in server.requests} == {1}


@pytest.mark.parametrize(
    "content", [{"requestId": "r"}, {"requestId": "r", "result": None}, {"requestId": "r", "result": {}, "error": None}]
)
def test_calls_without_result(make_server: MakeServer, make_transport: MakeTransport, content: dict[str, Any]) -> None:
    assert make_transport(make_server(http_answer(content)).url).send(vm.delete_instance("i-1")).request_id == "r"


def test_error_code_zero_is_success(make_server: MakeServer, make_transport: MakeTransport) -> None:
    content = {"requestId": "r", "error": {"code": 0, "status": "", "message": ""}, "result": {}}
    assert make_transport(make_server(http_answer(content)).url).send(vm.delete_instance("i-1")).request_id == "r"


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Jan 2026 08:09:10 GMT"])
def test_unreadable_date_is_none(make_server: MakeServer, make_transport: MakeTransport, date: str) -> None:
    server = make_server(http_answer({"requestId": "r"}, Date=date))
    assert make_transport(server.url).send(vm.start_instance("i-1")).date is None


@pytest.mark.parametrize("status", [200, 401])
@pytest.mark.parametrize("seconds", [-601, 601])
def test_clocks_that_differ_are_an_error(
    make_server: MakeServer, make_transport: MakeTransport, status: int, seconds: int
) -> None:
    content = {"requestId": "r"} if status == 200 else {"requestId": "r", "error": {"code": 401, "status": "ACCESS_ERROR"}}
    server = make_server(http_answer(content, status, Date="Thu, 15 Jan 2026 08:00:00 GMT"))
    transport = make_transport(server.url)
    transport._utcnow = lambda: datetime(2026, 1, 15, 8, 0, tzinfo=UTC) - timedelta(seconds=seconds)
    with pytest.raises(ClockSkewError) as caught:
        transport.send(vm.start_instance("i-1"))
    assert caught.value.seconds == seconds
    assert "2026-01-15 08:00:00 UTC" in str(caught.value)
    assert "NTP" in str(caught.value)


def test_ten_minutes_of_difference_are_borne(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(http_answer({"requestId": "r"}, Date="Thu, 15 Jan 2026 08:00:00 GMT"))
    transport = make_transport(server.url)
    transport._utcnow = lambda: datetime(2026, 1, 15, 8, 10, tzinfo=UTC)
    assert transport.send(vm.start_instance("i-1")).request_id == "r"


def test_rule_06_before_send_is_asked_again_on_a_connection_that_had_to_be_opened(
    make_server: MakeServer, make_transport: MakeTransport
) -> None:
    """Opening a connection may have taken long: what the delete rests on may be too old by then."""
    server = make_server(accepted())
    transport = make_transport(server.url)
    responses = iter([True, False])
    with pytest.raises(NotSentError):
        transport.send(vm.delete_instance("i-1"), before_send=lambda: next(responses))
    assert server.requests == []
    assert transport.requests_sent == 0
    assert list(responses) == []
    transport.send(vm.delete_instance("i-1"), before_send=lambda: True)
    assert len(server.requests) == 1


def test_before_send_can_hold_a_call_back(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server()
    transport = make_transport(server.url)
    with pytest.raises(NotSentError, match=r"vm\.deleteInstance"):
        transport.send(vm.delete_instance("i-1"), before_send=lambda: False)
    assert server.requests == []
    assert transport.requests_sent == 0
    transport.send(vm.delete_instance("i-1"), before_send=lambda: True)
    assert len(server.requests) == 1


@pytest.mark.parametrize("connect_timeout", [0.0, -1.0])
def test_a_call_without_time_to_leave_is_held_back(
    make_server: MakeServer, make_transport: MakeTransport, connect_timeout: float
) -> None:
    server = make_server()
    with pytest.raises(NotSentError, match="last read is too old"):
        make_transport(server.url).send(vm.delete_instance("i-1"), connect_timeout=connect_timeout)
    assert server.requests == []


def test_cookies_are_not_sent_back(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(http_answer({"requestId": "r"}, Set_Cookie="session=1; Path=/"))
    transport = make_transport(server.url)
    transport.send(vm.start_instance("i-1"))
    transport.send(vm.start_instance("i-1"))
    assert "cookie" not in server.requests[1].headers


def test_netrc_never_replaces_the_signature(
    make_server: MakeServer, make_transport: MakeTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    server = make_server()
    make_transport(server.url).send(vm.start_instance("i-1"))
    assert server.requests[0].headers["authorization"].startswith("JDCLOUD3-HMAC-SHA256 Credential=AK0001/")


def test_clock_arguments_are_used(make_server: MakeServer) -> None:
    ticks = iter([10.0, 10.5])
    connection = Connection(Credentials("AK", "SK", None, "options"), "cn-north-1", make_server().url)
    transport = Transport(connection, "test", monotonic=lambda: next(ticks))
    response = transport.send(vm.start_instance("i-1"))
    assert (response.sent_at, response.received_at) == (10.0, 10.5)
    transport.close()


def test_closing_ends_the_connections(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server()
    transport = make_transport(server.url)
    transport.send(vm.start_instance("i-1"))
    transport.close()
    transport.send(vm.start_instance("i-1"))
    assert [request.connection for request in server.requests] == [1, 2]


def test_a_slow_call_does_not_hold_up_the_others(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server()
    transport = make_transport(server.url)
    reached, may_go = threading.Event(), threading.Event()

    def hold() -> bool:
        reached.set()
        return may_go.wait(5)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(transport.send, vm.stop_instance("i-1"), None, hold)
        assert reached.wait(5)
        transport.send(vm.start_instance("i-2"))
        may_go.set()
        assert held.result().request_id == "req-0001"
    assert [request.target[-13:] for request in server.requests] == ["startInstance", ":stopInstance"]


def test_everything_imports_without_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    package = vm.__name__.rpartition(".services.")[0]
    for name in [name for name in sys.modules if name.startswith(package)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "requests", None)
    module = __import__(f"{package}.wire.transport", fromlist=["Transport"])
    assert "ModuleNotFoundError" in module.REQUESTS_IMPORT_ERROR
    with pytest.raises(Exception, match="requests is missing"):
        module.Transport(Connection(Credentials("AK", "SK", None, "options"), "cn-north-1"), "test")
