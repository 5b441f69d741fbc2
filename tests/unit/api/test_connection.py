# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Region, address, TLS and numbers: from options, environment and profile, checked before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import Connection, resolve_connection
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.credentials import Credentials
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError

KEYS = {"access_key": "AKOPTION0001", "secret_key": "sk-option", "region": "cn-north-1"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def resolve(home: Path, environ: dict[str, str] | None = None, **options: Any) -> Connection:
    return resolve_connection(KEYS | options, environ or {}, home)


def refusal(home: Path, environ: dict[str, str] | None = None, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        resolve(home, environ, **options)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def write_profile(home: Path, *lines: str) -> None:
    folder = home / ".jdc"
    folder.mkdir()
    (folder / "config").write_text("\n".join(["[default]", "access_key = AKPROFILE", "secret_key = sk-profile", *lines]))


def test_defaults(home: Path) -> None:
    connection = resolve(home)
    assert connection == Connection(Credentials("AKOPTION0001", "sk-option", None, "options"), "cn-north-1")
    assert connection.base_url("vm") == "https://vm.jdcloud-api.com"
    assert (connection.verify, connection.timeout, connection.retries, connection.rate_limit) == (True, 30.0, 8, None)


def test_account_shows_the_end_of_the_access_key_only(home: Path) -> None:
    known = {"source": "options", "access_key_suffix": "0001", "region": "cn-north-1"}
    assert resolve(home).account == {**known, "pin": None, "account_id": None}


def test_secrets_are_key_token_and_sent_token(home: Path) -> None:
    assert resolve(home).secrets == ("sk-option",)
    with_token = resolve(home, security_token="session-token-example-001")
    assert with_token.secrets == ("sk-option", "session-token-example-001", "c2Vzc2lvbi10b2tlbi1leGFtcGxlLTAwMQ==")


def test_repr_holds_no_secret(home: Path) -> None:
    connection = resolve(home, security_token="tok-1")
    assert "sk-option" not in repr(connection)
    assert "tok-1" not in repr(connection)


def test_region_option_before_environment_before_profile(home: Path) -> None:
    write_profile(home, "region_id = cn-south-1")
    environ = {"JDCLOUD_REGION": "cn-east-1"}
    without_keys: dict[str, Any] = {"access_key": None, "secret_key": None}
    assert resolve(home, environ).region == "cn-north-1"
    assert resolve(home, environ, region=None).region == "cn-east-1"
    # Also where the profile gives the keys.
    assert resolve(home, environ, **without_keys).region == "cn-north-1"
    assert resolve(home, environ, region=None, **without_keys).region == "cn-east-1"
    assert resolve(home, region=None, **without_keys).region == "cn-south-1"
    assert resolve(home, {"JDCLOUD_REGION": " "}, region=None, **without_keys).region == "cn-south-1"


def test_region_and_address_of_a_profile_belong_to_its_keys(home: Path) -> None:
    write_profile(home, "region_id = cn-south-1", "endpoint = cloud.example.com")
    assert "No region" in refusal(home, region=None)
    assert resolve(home).base_url("vm") == "https://vm.jdcloud-api.com"


@pytest.mark.parametrize(
    "region", ["cn", "CN-NORTH-1", "cn-north-1/..", "cn north 1", "-cn", "cn-", "cn_north_1", "中-1", "cn-north-1\n"]
)
def test_region_of_impossible_shape(home: Path, region: str) -> None:
    text = refusal(home, region=region)
    assert "region" in text
    assert "JDCLOUD_REGION" in text


@pytest.mark.parametrize(
    ("endpoint", "base"),
    [
        ("https://{service}.jdcloud-api.com", "https://disk.jdcloud-api.com"),
        ("https://{service}.internal.{region}.jdcloud-api.com/", "https://disk.internal.cn-north-1.jdcloud-api.com"),
        ("https://gateway.example.com:8443/jd/cloud/", "https://gateway.example.com:8443/jd/cloud"),
        ("http://127.0.0.1:8080/{service}", "http://127.0.0.1:8080/disk"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_endpoints(home: Path, endpoint: str, base: str) -> None:
    assert resolve(home, endpoint_url=endpoint).base_url("disk") == base
    assert resolve(home, {"JDCLOUD_ENDPOINT_URL": endpoint}).base_url("disk") == base


@pytest.mark.parametrize(
    "endpoint",
    [
        "vm.jdcloud-api.com",
        "ftp://vm.jdcloud-api.com",
        "https://",
        "https://:8443",
        "https://host:",
        "https://host:0",
        "https://host:99999",
        "https://host:port",
        "https://user:pass-word@host",
        "https://host?x=1",
        "https://host?",
        "https://host/#part",
        "https://{zone}.example.com",
        "https://{service.example.com",
        "https://ho st",
        "https://host/a b",
        "https://host/\n",
        "\x01https://host",
        "https://höst.example.com",
        "https://host/a/../b",
        "https://host/a%2Fb",
        "https://host//a",
        "https://[::1",
        "https://" + "a" * 64 + ".example.com",
        "https://" + "a.example." * 40 + "com",
        "https://[fe80::zz]",
        "https://[fe80::1%25eth0]",
    ],
)
def test_unusable_endpoints(home: Path, endpoint: str) -> None:
    text = refusal(home, endpoint_url=endpoint)
    assert "option endpoint_url" in text
    assert "JDCLOUD_ENDPOINT_URL" in text
    assert "pass-word" not in text


@pytest.mark.parametrize("host", ["10.0.0.1", "vm.jdcloud-api.com", "localhost.example.com", "127.0.0.1.example.com", "[::2]"])
def test_plain_http_leaves_this_machine_only_on_demand(home: Path, host: str) -> None:
    text = refusal(home, endpoint_url=f"http://{host}")
    assert "plain HTTP" in text
    assert "allow_insecure_http" in text
    assert resolve(home, endpoint_url=f"http://{host}", allow_insecure_http=True).endpoint == f"http://{host}"


def test_plain_http_from_environment_and_profile_is_refused_too(home: Path) -> None:
    assert "environment variable JDCLOUD_ENDPOINT_URL" in refusal(home, {"JDCLOUD_ENDPOINT_URL": "http://10.0.0.1"})
    write_profile(home, "endpoint = 10.0.0.1", "scheme = HTTP")
    assert "profile 'default'" in refusal(home, access_key=None, secret_key=None)


@pytest.mark.parametrize(
    ("lines", "base"),
    [
        (["endpoint = www.jdcloud-api.com", "scheme = https"], "https://vm.jdcloud-api.com"),
        (["endpoint = WWW.jdcloud-api.com"], "https://vm.jdcloud-api.com"),
        (["endpoint ="], "https://vm.jdcloud-api.com"),
        ([], "https://vm.jdcloud-api.com"),
        (["endpoint = cloud.example.com", "scheme = https", "timeout = 20"], "https://cloud.example.com"),
        (["endpoint = cloud.example.com"], "https://cloud.example.com"),
        (["endpoint = 127.0.0.1:8080", "scheme = http"], "http://127.0.0.1:8080"),
    ],
)
def test_profile_endpoint(home: Path, lines: list[str], base: str) -> None:
    write_profile(home, *lines)
    connection = resolve(home, access_key=None, secret_key=None)
    assert connection.base_url("vm") == base
    assert connection.timeout == 30.0


def test_endpoint_option_before_environment_before_profile(home: Path) -> None:
    write_profile(home, "endpoint = profile.example.com")
    environ = {"JDCLOUD_ENDPOINT_URL": "https://environment.example.com"}
    options: dict[str, Any] = {"access_key": None, "secret_key": None}
    assert resolve(home, environ, endpoint_url="https://option.example.com", **options).endpoint == "https://option.example.com"
    assert resolve(home, environ, **options).endpoint == "https://environment.example.com"
    assert resolve(home, {"JDCLOUD_ENDPOINT_URL": ""}, **options).endpoint == "https://profile.example.com"


NUMBERS = [
    ("api_timeout", "JDCLOUD_API_TIMEOUT", "timeout", "2.5", 2.5),
    ("api_timeout", "JDCLOUD_API_TIMEOUT", "timeout", "86400", 86400.0),
    ("api_retries", "JDCLOUD_API_RETRIES", "retries", "0", 0),
    ("api_retries", "JDCLOUD_API_RETRIES", "retries", "12", 12),
    ("api_rate_limit", "JDCLOUD_API_RATE_LIMIT", "rate_limit", "0.5", 0.5),
]


@pytest.mark.parametrize(("option", "variable", "attribute", "text", "value"), NUMBERS)
def test_numbers(home: Path, option: str, variable: str, attribute: str, text: str, value: float) -> None:
    assert getattr(resolve(home, {variable: text}), attribute) == value
    assert getattr(resolve(home, {variable: "7"}, **{option: value}), attribute) == value


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "-inf", "many", "1e999", "0x10"])
@pytest.mark.parametrize(("option", "variable"), sorted({(row[0], row[1]) for row in NUMBERS}))
def test_impossible_numbers(home: Path, option: str, variable: str, text: str) -> None:
    from_environment = refusal(home, {variable: text})
    assert f"Environment variable {variable}" in from_environment
    from_option = refusal(home, {variable: "5"}, **{option: text})
    assert f"Option {option}" in from_option
    assert variable in from_option


@pytest.mark.parametrize(
    ("option", "value"), [("api_timeout", 0), ("api_timeout", 86401), ("api_rate_limit", 0.0), ("api_retries", 1.5)]
)
def test_numbers_out_of_range(home: Path, option: str, value: float) -> None:
    assert option in refusal(home, None, **{option: value})


@pytest.mark.parametrize("value", [True, [1], {}])
def test_what_is_no_number(home: Path, value: object) -> None:
    assert "api_retries" in refusal(home, api_retries=value)


def test_ca_bundle_is_an_absolute_path(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "ca.pem").write_text("")
    (home / "certs").mkdir()
    monkeypatch.chdir(home)
    expected = str(home / "ca.pem")
    assert resolve(home, ca_bundle=expected).verify == expected
    assert resolve(home, ca_bundle="ca.pem").verify == expected
    assert resolve(home, ca_bundle="~/ca.pem").verify == expected
    assert resolve(home, {"JDCLOUD_CA_BUNDLE": expected}).verify == expected
    assert resolve(home, {"JDCLOUD_CA_BUNDLE": expected}, ca_bundle="certs").verify == str(home / "certs")


def test_ca_bundle_must_exist(home: Path) -> None:
    for text in (refusal(home, ca_bundle="/no/such/ca.pem"), refusal(home, {"JDCLOUD_CA_BUNDLE": "/no/such/ca.pem"})):
        assert "ca_bundle" in text
        assert "JDCLOUD_CA_BUNDLE" in text


def test_ca_bundle_and_no_verification_exclude_each_other(home: Path) -> None:
    (home / "ca.pem").write_text("")
    assert "exclude each other" in refusal(home, ca_bundle=str(home / "ca.pem"), validate_certs=False)
    assert "exclude each other" in refusal(home, {"JDCLOUD_CA_BUNDLE": "~/ca.pem"}, validate_certs=False)
    assert resolve(home, validate_certs=False).verify is False


@pytest.mark.parametrize("option", ["validate_certs", "allow_insecure_http"])
def test_switches_are_booleans(home: Path, option: str) -> None:
    assert option in refusal(home, None, endpoint_url="http://127.0.0.1", **{option: "maybe"})


@pytest.mark.parametrize("option", ["region", "endpoint_url", "ca_bundle"])
@pytest.mark.parametrize("value", ["", "  ", 5])
def test_blank_options_are_errors(home: Path, option: str, value: object) -> None:
    text = refusal(home, None, **{option: value})
    assert f"Option {option}" in text
    assert "JDCLOUD_" in text


# --- settings that look as if they counted ------------------------------------------------------------------------

EXPORTED = {"JDCLOUD_ACCESS_KEY": "AK0001", "JDCLOUD_SECRET_KEY": "SK", "JDCLOUD_REGION": "cn-north-1"}


def test_a_profile_of_the_environment_that_is_not_used_is_a_warning(home: Path) -> None:
    (warning,) = resolve_connection({}, {**EXPORTED, "JDCLOUD_PROFILE": "shop"}, home).warnings
    assert "'shop'" in warning
    assert "JDCLOUD_ACCESS_KEY" in warning
    assert "SK" not in warning.replace("JDCLOUD", "")


@pytest.mark.parametrize("profile", ["", " "])
def test_an_empty_profile_of_the_environment_is_none(home: Path, profile: str) -> None:
    assert resolve_connection({}, {**EXPORTED, "JDCLOUD_PROFILE": profile}, home).warnings == ()


def test_keys_of_the_task_go_before_a_profile_without_a_warning(home: Path) -> None:
    options = {"access_key": "AK0001", "secret_key": "SK", "region": "cn-north-1"}
    assert resolve_connection(options, {"JDCLOUD_PROFILE": "shop"}, home).warnings == ()
