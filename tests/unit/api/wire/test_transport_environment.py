# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS, proxies and CA settings of the environment, against real servers."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import trustme

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError, JdcloudError, TransportError
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.services import vm
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.transport import Transport
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.transport_errors import sending_failure
from support.api.server import SECRET, Server, accepted, assert_no_secret

MakeServer = Callable[..., Server]
MakeTransport = Callable[..., Transport]
DELETE = vm.delete_instance("i-1")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def tls_server(make_server: MakeServer, authority: trustme.CA) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return make_server(tls=context)


def failure(transport: Transport) -> JdcloudError:
    with pytest.raises(JdcloudError) as caught:
        transport.send(DELETE)
    assert_no_secret(caught.value)
    return caught.value


def tls_failure(transport: Transport) -> TransportError:
    error = failure(transport)
    assert isinstance(error, TransportError)
    assert (error.kind, error.sent, error.is_retryable_read) == ("tls", False, False)
    assert "ca_bundle" in str(error)
    assert "JDCLOUD_CA_BUNDLE" in str(error)
    assert transport.requests_sent == 0
    return error


def test_a_certificate_of_the_given_ca_is_trusted(tls_server: Server, make_transport: MakeTransport, ca_file: str) -> None:
    transport = make_transport(tls_server.url, verify=ca_file)
    for _each in range(3):
        transport.send(DELETE)
    assert [request.connection for request in tls_server.requests] == [1, 1, 1]


def test_an_unknown_ca_is_refused_before_anything_is_sent(tls_server: Server, make_transport: MakeTransport) -> None:
    error = tls_failure(make_transport(tls_server.url))
    assert "validate_certs" in str(error)
    assert tls_server.requests == []


def test_a_certificate_for_another_host_is_refused(
    make_server: MakeServer, make_transport: MakeTransport, authority: trustme.CA, ca_file: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example.com").configure_cert(context)
    server = make_server(tls=context)
    assert "cannot be verified" in str(tls_failure(make_transport(server.url, verify=ca_file)))
    assert server.requests == []


def test_validate_certs_false_connects_without_warnings(tls_server: Server, make_transport: MakeTransport) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_transport(tls_server.url, verify=False).send(DELETE)
    assert len(tls_server.requests) == 1


def test_requests_ca_bundle_is_honoured(
    tls_server: Server, make_transport: MakeTransport, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file)
    make_transport(tls_server.url).send(DELETE)
    assert len(tls_server.requests) == 1


def test_validate_certs_false_wins_over_requests_ca_bundle(
    tls_server: Server, make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/ca.pem")
    make_transport(tls_server.url, verify=False).send(DELETE)
    assert len(tls_server.requests) == 1


def test_ca_bundle_wins_over_requests_ca_bundle(
    tls_server: Server, make_transport: MakeTransport, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/ca.pem")
    make_transport(tls_server.url, verify=ca_file).send(DELETE)
    assert len(tls_server.requests) == 1


def test_a_missing_requests_ca_bundle_is_named(
    tls_server: Server, make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/ca.pem")
    assert "REQUESTS_CA_BUNDLE" in str(tls_failure(make_transport(tls_server.url)))


def test_a_ca_bundle_without_certificates(tls_server: Server, make_transport: MakeTransport, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate\n")
    tls_failure(make_transport(tls_server.url, verify=str(empty)))


def test_https_to_a_server_that_speaks_plain_http(make_server: MakeServer, make_transport: MakeTransport, ca_file: str) -> None:
    server = make_server(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    error = failure(make_transport(f"https://127.0.0.1:{server.port}", verify=ca_file))
    assert isinstance(error, TransportError)
    assert error.kind in ("tls", "reset")
    assert server.requests == []


def test_plain_http_to_a_server_that_speaks_tls(tls_server: Server, make_transport: MakeTransport) -> None:
    error = failure(make_transport(f"http://127.0.0.1:{tls_server.port}"))
    assert isinstance(error, TransportError)
    assert error.kind in ("reset", "garbled")
    assert tls_server.requests == []


def test_plain_http_on_this_machine_never_goes_through_a_proxy(
    make_server: MakeServer, make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = make_server(), make_server()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    make_transport(server.url).send(DELETE)
    assert proxy.requests == []
    assert len(server.requests) == 1


def test_a_proxy_is_used_for_other_hosts(
    make_server: MakeServer, make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = make_server(accepted())
    monkeypatch.setenv("http_proxy", proxy.url)
    make_transport("http://vm.jdcloud.invalid").send(DELETE)
    assert proxy.requests[0].target == "http://vm.jdcloud.invalid/v1/regions/cn-north-1/instances/i-1"
    assert proxy.requests[0].headers["host"] == "vm.jdcloud.invalid"


def test_https_asks_the_proxy_for_a_tunnel_and_shows_it_nothing(
    make_server: MakeServer, make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = make_server(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    monkeypatch.setenv("https_proxy", proxy.url.replace("http://", "http://somebody:proxy-password@"))
    transport = make_transport("https://vm.jdcloud.invalid")
    error = failure(transport)
    assert isinstance(error, TransportError)
    assert (error.kind, error.sent) == ("unreachable", False)
    assert "through the proxy (the proxy refuses)" in str(error)
    assert "proxy-password" not in str(error)
    assert transport.requests_sent == 0
    (request,) = proxy.requests
    assert (request.method, request.target) == ("CONNECT", "vm.jdcloud.invalid:443")
    assert "JDCLOUD3" not in str(request.headers)
    assert SECRET not in str(request.headers)


def test_no_proxy_is_honoured(make_server: MakeServer, make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = make_server()
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "jdcloud.invalid")
    assert "cannot be resolved" in str(failure(make_transport("http://vm.jdcloud.invalid")))
    assert proxy.requests == []


def test_a_proxy_that_is_down(make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
    error = failure(make_transport("https://vm.jdcloud.invalid"))
    assert isinstance(error, TransportError)
    assert (error.kind, error.sent) == ("unreachable", False)
    assert "through the proxy (connection refused)" in str(error)


def test_a_proxy_address_that_is_none(make_transport: MakeTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://")
    error = failure(make_transport("https://vm.jdcloud.invalid"))
    assert isinstance(error, InputError)
    assert "HTTPS_PROXY" in str(error)


def test_the_environment_is_read_once(
    tls_server: Server, make_transport: MakeTransport, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file)
    transport = make_transport(tls_server.url)
    transport.send(DELETE)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/ca.pem")
    transport.send(DELETE)
    assert len(tls_server.requests) == 2


def _refused(reason: str) -> str:
    """What is said of a certificate that OpenSSL refuses for this reason."""
    error = ssl.SSLCertVerificationError(1, f"certificate verify failed: {reason}")
    error.verify_message = reason
    failure = sending_failure(requests.exceptions.SSLError(error), "vm.x", "vm.example.com", timeout=1, connect_timeout=1)
    return str(failure)


@pytest.mark.parametrize(
    "reason",
    [
        *(
            "Missing Authority Key Identifier",
            "Missing Subject Key Identifier",
            "Basic Constraints of CA cert not marked critical",
        ),
        *("CA cert does not include key usage extension", "Subject name empty", "Authority Key Identifier marked critical"),
    ],
)
def test_the_strict_check_of_newer_pythons_gets_its_own_advice(reason: str) -> None:
    text = _refused(reason)
    assert reason in text
    assert "Python 3.12" in text
    assert "set ca_bundle (JDCLOUD_CA_BUNDLE) to the file of its CA" not in text


@pytest.mark.parametrize(
    "reason",
    ["unable to get local issuer certificate", "self-signed certificate", "certificate has expired", "Hostname mismatch"],
)
def test_other_refusals_of_a_certificate_do_not(reason: str) -> None:
    assert "set ca_bundle (JDCLOUD_CA_BUNDLE) to the file of its CA" in _refused(reason)
