# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every way in which an answer can fail to come or be wrong, against a real server."""

from __future__ import annotations

import base64
import gzip
import io
import json
import socket
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import requests
import urllib3

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.calls import Call
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import Connection
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.credentials import Credentials
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, InputError, JdcloudError, TransportError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import vm
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire import responses
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.responses import MAX_BODY_BYTES, MAX_VALUES
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.transport import Transport
from support.api.server import SECRET, TOKEN, Hang, Reset, Server, Torn, accepted, assert_no_secret, http_answer
from support.json_object import Json

MakeServer = Callable[..., Server]
MakeTransport = Callable[..., Transport]

READ = vm.describe_instance("i-1")
DELETE = vm.delete_instance("i-1")


def failure(transport: Transport, call: Call[Any] = READ) -> JdcloudError:
    with pytest.raises(JdcloudError) as caught:
        transport.send(call)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert_no_secret(caught.value)
    return caught.value


def transport_failure(transport: Transport, call: Call[Any] = READ) -> TransportError:
    error = failure(transport, call)
    assert isinstance(error, TransportError)
    assert error.operation == call.operation
    return error


GOOD = json.dumps({"requestId": "r", "result": {"instance": {"instanceId": "i-1", "status": "running"}}}).encode()
CUT_CHUNKS = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s" % (len(GOOD), GOOD[:20])
GARBLED: dict[str, bytes] = {
    "cut off": http_answer(GOOD[:-20], Content_Length=str(len(GOOD)), Connection="close"),
    "cut off after nothing": http_answer(b"", Content_Length="100", Connection="close"),
    "cut off chunks": CUT_CHUNKS,
    "cut off after the chunks": b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n"
    % (len(GOOD), GOOD),
    "cut off without length": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + GOOD[:-3],
    "damaged compression": http_answer(b"no gzip", Content_Encoding="gzip"),
    "cut off compression": http_answer(gzip.compress(GOOD)[:-12], Content_Encoding="gzip"),
    "garbage": http_answer(b"\x00\xff\xfe{{{"),
    "page": http_answer(b"<html>502 Bad Gateway</html>"),
    "empty": http_answer(b""),
    "list": http_answer([]),
    "text": http_answer('"requestId"'),
    "deep": http_answer(b"[" * 100_000),
    "no request id": http_answer({"result": {"instance": {"instanceId": "i-1", "status": "running"}}}),
    "blank request id": http_answer({"requestId": " ", "result": {"instance": {"instanceId": "i-1", "status": "running"}}}),
    "null request id": http_answer({"requestId": None, "result": {"instance": {"instanceId": "i-1", "status": "running"}}}),
    "error without request id": http_answer({"error": {"code": 404, "status": "NOT_FOUND", "message": "gone"}}, 404),
    "error that is not an object": http_answer({"requestId": "r", "error": "gone"}, 500),
    "result that is not an object": http_answer({"requestId": "r", "result": []}),
    "missing field": http_answer({"requestId": "r", "result": {}}),
    "field of wrong type": http_answer({"requestId": "r", "result": {"instance": {"instanceId": 5, "status": "running"}}}),
    "gateway 502": http_answer(b"<html>Bad Gateway</html>", 502),
    "gateway 429": http_answer(b"slow down", 429),
    "not HTTP": b"SSH-2.0-OpenSSH_9.6\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("reply", GARBLED.values(), ids=GARBLED.keys())
def test_garbled_answers(make_server: MakeServer, make_transport: MakeTransport, reply: bytes) -> None:
    server = make_server(reply, accepted({"instance": {"instanceId": "i-1", "status": "running"}}))
    transport = make_transport(server.url)
    error = transport_failure(transport)
    assert (error.kind, error.sent, error.unclear) == ("garbled", True, True)
    assert len(server.requests) == 1
    assert transport.requests_sent == 1
    # The transport is as good as before.
    assert transport.send(READ).value.instance_id == "i-1"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_gateways_page_keeps_its_number(make_server: MakeServer, make_transport: MakeTransport, status: int) -> None:
    error = transport_failure(make_transport(make_server(http_answer(b"<html>", status)).url))
    assert error.http == status
    assert error.is_retryable_read


def test_a_short_body_is_noticed_without_the_help_of_urllib3() -> None:
    response = requests.Response()
    response.status_code = 200
    response.headers["Content-Length"] = str(len(GOOD) + 1)
    response.raw = urllib3.HTTPResponse(io.BytesIO(GOOD), preload_content=False, enforce_content_length=False)
    with pytest.raises(TransportError, match="is cut off") as caught:
        responses.read_response(response, "vm.describeInstance", "vm.example.com", 5.0)
    assert caught.value.kind == "garbled"


BEYOND: dict[str, Callable[[], bytes]] = {
    "plain": lambda: http_answer(b" " * (MAX_BODY_BYTES + 1)),
    "chunks": lambda: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"4000\r\n" + b" " * 0x4000 + b"\r\n") * 200,
    "gzip": lambda: http_answer(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"),
    "deflate": lambda: http_answer(zlib.compress(b" " * 50_000_000), Content_Encoding="deflate"),
    "many gzips": lambda: http_answer(gzip.compress(b" " * 500_000) * 100, Content_Encoding="gzip"),
    "many values": lambda: http_answer(b'{"requestId":"r","result":[' + b"[]," * MAX_VALUES + b"[]]}"),
}


@pytest.mark.parametrize("name", BEYOND)
def test_a_body_beyond_the_bound(make_server: MakeServer, make_transport: MakeTransport, name: str) -> None:
    error = transport_failure(make_transport(make_server(BEYOND[name]()).url))
    assert (error.kind, error.is_retryable_read) == ("too_big", False)


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate", "raw deflate", "two gzips"])
def test_a_body_within_the_bound(make_server: MakeServer, make_transport: MakeTransport, encoding: str) -> None:
    within = GOOD + b" " * (MAX_BODY_BYTES - len(GOOD))
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed: dict[str, Callable[[], bytes]] = {
        "": lambda: within,
        "gzip": lambda: gzip.compress(within),
        "deflate": lambda: zlib.compress(within),
        "raw deflate": lambda: raw.compress(within) + raw.flush(),
        "two gzips": lambda: gzip.compress(within[:100]) + gzip.compress(within[100:]),
    }
    name = encoding.split(" ")[-1].rstrip("s")
    headers: Json = {"Content_Encoding": name} if name else {}
    server = make_server(http_answer(packed[encoding](), **headers))
    assert make_transport(server.url).send(READ).value.instance_id == "i-1"


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "compress"])
def test_an_encoding_that_was_not_asked_for_is_garbled(
    make_server: MakeServer, make_transport: MakeTransport, encoding: str
) -> None:
    assert transport_failure(make_transport(make_server(http_answer(GOOD, Content_Encoding=encoding)).url)).kind == "garbled"


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308])
def test_redirects_are_not_followed(make_server: MakeServer, make_transport: MakeTransport, status: int) -> None:
    elsewhere = make_server()
    server = make_server(http_answer(b"", status, Location=elsewhere.url + "/v1"))
    error = transport_failure(make_transport(server.url), DELETE)
    assert (error.kind, error.http, error.sent, error.is_retryable_read) == ("redirect", status, True, False)
    assert "endpoint_url" in str(error)
    assert elsewhere.requests == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("call", [READ, DELETE, vm.stop_instance("i-1")], ids=lambda call: call.operation)
def test_a_reset_after_the_request_is_unclear_and_not_repeated(
    make_server: MakeServer, make_transport: MakeTransport, call: Call[Any]
) -> None:
    server = make_server(Reset())
    transport = make_transport(server.url)
    error = transport_failure(transport, call)
    assert (error.kind, error.sent, error.is_retryable_read) == ("reset", True, True)
    assert len(server.requests) == 1
    assert transport.requests_sent == 1


def test_a_reset_of_a_kept_connection_is_not_repeated(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(accepted(), Reset())
    transport = make_transport(server.url)
    transport.send(DELETE)
    assert transport_failure(transport, DELETE).kind == "reset"
    assert len(server.requests) == 2


def test_an_older_error_that_is_being_handled_does_not_count(make_server: MakeServer, make_transport: MakeTransport) -> None:
    transport = make_transport(make_server(Reset()).url)
    try:
        raise socket.gaierror(socket.EAI_NONAME, "an older trouble")
    except socket.gaierror:
        with pytest.raises(TransportError) as caught:
            transport.send(DELETE)
        assert (caught.value.kind, caught.value.sent) == ("reset", True)


def test_a_reset_within_the_body(make_server: MakeServer, make_transport: MakeTransport) -> None:
    server = make_server(Torn(http_answer(b"x" * 10, Content_Length="1000000")))
    error = transport_failure(make_transport(server.url), DELETE)
    # The reset may overtake the bytes before it.
    assert (error.kind, error.sent) == ("reset", True)
    assert error.http in (200, None)


def test_a_read_timeout(make_server: MakeServer, make_transport: MakeTransport) -> None:
    for reply in (Hang(), http_answer(b"{", Content_Length="100")):
        transport = make_transport(make_server(reply).url, timeout=0.05)
        error = transport_failure(transport, DELETE)
        assert (error.kind, error.sent, error.is_retryable_read) == ("timeout", True, True)
        assert "within 0.05 s" in str(error)
        assert "JDCLOUD_API_TIMEOUT" in str(error)
        assert transport.requests_sent == 1


def test_a_refused_connection_was_not_sent(make_transport: MakeTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    transport = make_transport(f"http://127.0.0.1:{port}")
    error = transport_failure(transport, DELETE)
    assert (error.kind, error.sent, error.unclear, error.is_retryable_read) == ("unreachable", False, False, True)
    assert "connection refused" in str(error)
    assert f"127.0.0.1:{port}" in str(error)
    assert transport.requests_sent == 0


def test_a_connect_timeout_was_not_sent(make_transport: MakeTransport) -> None:
    # The queue of a listener that accepts nobody is full after a few connections; the next ones wait.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = [socket.socket() for _each in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        transport = make_transport(f"http://127.0.0.1:{address[1]}")
        with pytest.raises(TransportError) as caught:
            transport.send(DELETE, connect_timeout=0.05)
        for one in waiting:
            one.close()
    assert (caught.value.kind, caught.value.sent) == ("unreachable", False)
    assert "no connection within 0.05 s" in str(caught.value)


def test_an_unknown_name_was_not_sent(make_transport: MakeTransport) -> None:
    error = transport_failure(make_transport("https://{service}.jdcloud.invalid"), DELETE)
    assert (error.kind, error.sent) == ("unreachable", False)
    assert "vm.jdcloud.invalid cannot be reached (its name cannot be resolved)" in str(error)
    assert "JDCLOUD_ENDPOINT_URL" in str(error)


def test_a_host_that_is_no_host(make_transport: MakeTransport) -> None:
    error = failure(make_transport("http://" + "a" * 70 + ".example", timeout=1.0))
    assert isinstance(error, InputError)
    assert "JDCLOUD_ENDPOINT_URL" in str(error)


@pytest.mark.parametrize(
    "name", ["not_found", "prepaid_not_expired", "image_quota", "rate_limited", "bad_signature", "iam_denied", "server_error"]
)
def test_service_errors(make_server: MakeServer, make_transport: MakeTransport, example: Callable[[str], Any], name: str) -> None:
    body = example("errors.json")[name]
    server = make_server(http_answer(body, body["error"]["code"]))
    error = failure(make_transport(server.url), DELETE)
    assert isinstance(error, ApiError)
    assert (error.operation, error.http, error.status, error.message, error.request_id) == (
        "vm.deleteInstance",
        body["error"]["code"],
        body["error"]["status"],
        body["error"]["message"],
        body["requestId"],
    )
    assert str(error).startswith("vm.deleteInstance of i-1 failed: ")
    assert len(server.requests) == 1


def refused(status: int, word: str, message: str) -> bytes:
    return http_answer({"requestId": "r", "error": {"code": status, "status": word, "message": message}}, status)


@pytest.mark.parametrize(
    ("reply", "words", "with_token"),
    [
        (refused(401, "ACCESS_ERROR", "secret key is nul"), ["access key is unknown", "JDCLOUD_ACCESS_KEY"], False),
        (
            refused(401, "ACCESS_ERROR", "sign result is not same [gw]"),
            ["secret key does not belong", "JDCLOUD_SECRET_KEY"],
            False,
        ),
        (refused(401, "ACCESS_ERROR", "sign result is not same [gw]"), ["JDCLOUD_SECURITY_TOKEN", "expired"], True),
        (refused(401, "UNAUTHENTICATED", "token expired"), ["JDCLOUD_SECURITY_TOKEN", "renew"], True),
        (refused(401, "UNAUTHENTICATED", "Unauthenticated user pin 'x'"), ["JDCLOUD_ACCESS_KEY", "enabled"], False),
        (refused(403, "HTTP_FORBIDDEN", "You are not authorized to perform (vm:deleteInstance)"), ["IAM"], False),
        (refused(403, "HTTP_FORBIDDEN", "MFA verification required"), ["one-time code"], False),
        (refused(400, "INVALID_ARGUMENT", "Invalid region 'cn-nowhere-1'"), ["JDCLOUD_REGION"], False),
        (refused(429, "RATE_LIMIT", "Request rate limit exceeded"), ["JDCLOUD_API_RATE_LIMIT"], False),
    ],
)
def test_refusals_say_what_to_do(make_server: MakeServer, reply: bytes, words: list[str], with_token: bool) -> None:
    credentials = Credentials("AK", SECRET, TOKEN if with_token else None, "options")
    transport = Transport(Connection(credentials, "cn-north-1", make_server(reply).url), "test")
    text = str(failure(transport))
    transport.close()
    for word in words:
        assert word in text


def test_the_http_number_counts_and_the_status_word_stays(make_server: MakeServer, make_transport: MakeTransport) -> None:
    body = {"requestId": "r", "error": {"code": 404, "status": "NOT_FOUND", "message": "gone"}}
    error = failure(make_transport(make_server(http_answer(body, 500)).url))
    assert (error.http, error.status, error.is_not_found) == (500, "NOT_FOUND", False)


def test_an_error_inside_a_success(make_server: MakeServer, make_transport: MakeTransport) -> None:
    body = {"requestId": "r", "error": {"code": 404, "status": "NOT_FOUND", "message": "gone"}, "result": {}}
    error = failure(make_transport(make_server(http_answer(body)).url), DELETE)
    assert isinstance(error, ApiError)
    assert (error.http, error.is_not_found, error.unclear) == (200, False, True)


@pytest.mark.parametrize(
    "content", [{"requestId": "r"}, {"requestId": "r", "error": {}}, {"requestId": "r", "error": {"code": "x", "status": 5}}]
)
def test_an_error_of_which_little_is_known(
    make_server: MakeServer, make_transport: MakeTransport, content: dict[str, Any]
) -> None:
    error = failure(make_transport(make_server(http_answer(content, 503)).url))
    assert isinstance(error, ApiError)
    assert (error.http, error.status, error.message, error.is_retryable_read) == (503, "", "", True)


def test_what_the_service_writes_is_shown_without_secrets_and_control_characters(
    make_server: MakeServer, make_transport: MakeTransport
) -> None:
    token = base64.b64encode(TOKEN.encode()).decode()
    message = f"bad\r\n\x1b[31m key {SECRET} token {TOKEN} {token} " + "x" * 2000
    error = failure(make_transport(make_server(refused(400, SECRET, message)).url))
    assert error.message is not None
    assert error.message.startswith("bad   [31m key ******** token ******** ******** x")
    assert len(error.message) <= 500
    assert error.status == "********"


def test_repr_of_the_connection_shows_no_secret(make_transport: MakeTransport) -> None:
    transport = make_transport("http://127.0.0.1:1")
    assert SECRET not in repr(transport)
    assert SECRET not in repr(vars(transport))
