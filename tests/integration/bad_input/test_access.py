# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials, region and address that are missing, halved, doubled or wrong."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from jdcloud_emulator.process import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, EmulatorProcess
from support.integration.bad_input import EXPIRED, Fleet
from support.integration.cloud import Cloud, Ended, stopped

A_FEW_SECONDS = 8.0
NO_KEYS: dict[str, str | None] = {"JDCLOUD_ACCESS_KEY": None, "JDCLOUD_SECRET_KEY": None}
ONE: dict[str, Any] = {"instance_ids": ["i-one"]}


@pytest.fixture(scope="module")
def secure_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    """An emulator with TLS, whose certificate comes from an authority that nobody knows."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = trustme.CA().issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for place, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(folder / "cert.pem", append=place > 0)
    with EmulatorProcess(tls=(str(folder / "cert.pem"), str(folder / "key.pem"))) as emulator:
        yield emulator


def run_unreached(cloud: Cloud, module: str, **options: Any) -> Ended:
    """Run a module whose requests do not arrive, so that the emulator cannot vouch for their number."""
    return cloud._run(module, options, False, None)


def write_profiles(home: Path, text: str) -> None:
    """The official command line tool's file."""
    (home / ".jdc").mkdir()
    (home / ".jdc" / "config").write_text(text, encoding="utf-8")


# --- shown by the input alone -------------------------------------------------------------------------------------

CREDENTIALS: list[tuple[dict[str, Any], dict[str, str | None], tuple[str, ...]]] = [
    ({}, NO_KEYS, ("No credentials", "access_key", "JDCLOUD_ACCESS_KEY", "JDCLOUD_PROFILE", "jdc configure add")),
    ({}, {"JDCLOUD_SECRET_KEY": None}, ("without secret_key (JDCLOUD_SECRET_KEY)", "set both")),
    ({}, {"JDCLOUD_ACCESS_KEY": " "}, ("without access_key (JDCLOUD_ACCESS_KEY)", "set both")),
    ({}, {**NO_KEYS, "JDCLOUD_SECURITY_TOKEN": "T0KEN"}, ("without access_key", "secret_key", "set both")),
    ({"access_key": "AK"}, {}, ("options", "without secret_key (JDCLOUD_SECRET_KEY)")),
    ({"secret_key": "SK"}, {}, ("options", "without access_key (JDCLOUD_ACCESS_KEY)")),
    ({"access_key": "", "secret_key": "SK"}, {}, ("access_key is blank", "JDCLOUD_ACCESS_KEY")),
    ({"access_key": "AK", "secret_key": "SK\nSK"}, {}, ("secret_key", "copy it again")),
    (
        {"access_key": "AK", "secret_key": "SK", "profile": "shop"},
        {},
        ("profile", "access_key", "exclude each other", "one source"),
    ),
    ({"security_token": "T0KEN", "profile": "shop"}, {}, ("profile", "security_token", "exclude each other")),
    ({"profile": "shop"}, {}, (".jdc/config", "'shop'", "does not exist")),
    ({"profile": ""}, {}, ("profile is blank", "JDCLOUD_PROFILE")),
    ({}, {**NO_KEYS, "JDCLOUD_PROFILE": "shop"}, ("'shop'", "JDCLOUD_PROFILE")),
    ({}, {"JDCLOUD_REGION": None}, ("No region", "JDCLOUD_REGION", "cn-north-1")),
    ({"region": ""}, {}, ("region is blank", "JDCLOUD_REGION")),
    ({"region": "CN North 1"}, {}, ("'CN North 1'", "JDCLOUD_REGION", "cn-north-1")),
    ({"region": "../cn-north-1"}, {}, ("region", "JDCLOUD_REGION")),
    ({"endpoint_url": ""}, {}, ("endpoint_url is blank", "JDCLOUD_ENDPOINT_URL")),
    ({"endpoint_url": "vm.example.com"}, {}, ("endpoint_url", "JDCLOUD_ENDPOINT_URL", "https://")),
    ({"endpoint_url": "ftp://vm.example.com"}, {}, ("not an http or https URL", "JDCLOUD_ENDPOINT_URL")),
    ({"endpoint_url": "https://me:pw@vm.example.com"}, {}, ("user name or password", "JDCLOUD_ENDPOINT_URL")),
    ({"endpoint_url": "https://vm.example.com/{zone}"}, {}, ("unknown placeholder", "JDCLOUD_ENDPOINT_URL")),
    ({"endpoint_url": "http://vm.example.com"}, {}, ("plain HTTP", "use https", "allow_insecure_http")),
    ({}, {"JDCLOUD_ENDPOINT_URL": "http://192.0.2.7:8080"}, ("plain HTTP", "JDCLOUD_ENDPOINT_URL", "allow_insecure_http")),
    ({"ca_bundle": "/nowhere/ca.pem"}, {}, ("/nowhere/ca.pem", "ca_bundle", "JDCLOUD_CA_BUNDLE")),
    ({}, {"JDCLOUD_CA_BUNDLE": "/nowhere/ca.pem"}, ("/nowhere/ca.pem", "JDCLOUD_CA_BUNDLE")),
]


@pytest.mark.parametrize(("options", "environment", "named"), CREDENTIALS, ids=lambda value: str(value)[:50])
def test_rule_16_what_is_missing_halved_or_doubled_is_never_sent(
    fleet: Fleet, options: dict[str, Any], environment: dict[str, str | None], named: tuple[str, ...]
) -> None:
    ended = fleet.refused(*named, environment=environment, **ONE, **options)
    assert "pw" not in ended.msg.split(), "a password in an address is not repeated"
    assert ended.seconds < A_FEW_SECONDS


@pytest.mark.parametrize(
    ("text", "profile", "named"),
    [
        ("[shop]\naccess_key = AK\nsecret_key = SK\n", "other", ("The profile 'other' does not exist", "JDCLOUD_PROFILE")),
        ("[shop]\naccess_key = AK\n", "shop", ("'shop'", "lacks access_key or secret_key", "jdc configure add")),
        ("secret_key = SpareSecretKey000000000000000001\n", "shop", ("not a valid INI file", "correct it")),
        ("[shop]\naccess_key = AK\nsecret_key = SK\n", "shop", ("No region", "JDCLOUD_REGION")),
    ],
    ids=["unknown", "half", "damaged", "without a region"],
)
def test_rule_16_a_profile_that_cannot_be_used_is_named(
    fleet: Fleet, tmp_path: Path, text: str, profile: str, named: tuple[str, ...]
) -> None:
    write_profiles(tmp_path, text)
    fleet.refused(*named, environment={**NO_KEYS, "JDCLOUD_REGION": None}, profile=profile, **ONE)


def test_the_info_module_refuses_them_too(fleet: Fleet) -> None:
    fleet.refused_info("No credentials", environment=NO_KEYS)
    fleet.refused_info("plain HTTP", endpoint_url="http://vm.example.com")


# --- refused by the service ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"JDCLOUD_SECRET_KEY": "WrongSecretKey"}, ("401", "secret key does not belong", "JDCLOUD_SECRET_KEY")),
        ({"JDCLOUD_ACCESS_KEY": "UNKNOWNKEY"}, ("401", "access key is unknown", "JDCLOUD_ACCESS_KEY")),
        (
            {
                "JDCLOUD_ACCESS_KEY": EXPIRED["access_key"],
                "JDCLOUD_SECRET_KEY": EXPIRED["secret_key"],
                "JDCLOUD_SECURITY_TOKEN": EXPIRED["token"],
            },
            ("401", "expired", "JDCLOUD_SECURITY_TOKEN", "renew"),
        ),
        ({"JDCLOUD_REGION": "cn-nowhere-1"}, ("cn-nowhere-1", "check region", "JDCLOUD_REGION")),
    ],
    ids=["wrong secret", "unknown key", "expired token", "unknown region"],
)
def test_what_only_the_service_can_know_is_refused_at_the_first_call(
    fleet: Fleet, keys: dict[str, str | None], named: tuple[str, ...]
) -> None:
    ended = fleet.refused(*named, sends=True, environment=keys, **ONE)
    assert len(fleet.cloud.calls()) == 1, "asking again would not help"
    assert "WrongSecretKey" not in str(ended.result)
    fleet.refused_info(*named, sends=True, environment=keys)


# --- no way to the service ----------------------------------------------------------------------------------------


def test_an_endpoint_where_nobody_listens_is_reported_quickly(fleet: Fleet) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    # The port is free again, and nobody listens there.
    ended = run_unreached(fleet.cloud, "jdcloud_vm", state="absent", endpoint_url=f"http://{address}", **ONE)
    fleet.check(ended, (address, "connection refused", "endpoint_url (JDCLOUD_ENDPOINT_URL)"), sends=False)
    assert ended.seconds < A_FEW_SECONDS
    assert ended.summary["api_retries"] == 2, "three tries, as nothing ever answered"


def test_an_answer_that_is_not_the_service_s_names_the_address(fleet: Fleet) -> None:
    fleet.cloud.control.inject("redirect", times=0)
    fleet.refused("redirects", "JDCLOUD_ENDPOINT_URL", sends=True, **ONE)


def test_rule_17_a_certificate_of_an_unknown_authority_is_refused(secure_emulator: EmulatorProcess, tmp_path: Path) -> None:
    cloud = Cloud(secure_emulator, tmp_path)
    cloud.seed(stopped("i-one"))
    before = cloud.control.state()
    for ended in (
        run_unreached(cloud, "jdcloud_vm", state="absent", **ONE),
        run_unreached(cloud, "jdcloud_vm_info"),
    ):
        assert ended.failed
        assert ended.seconds < A_FEW_SECONDS
        for word in ("certificate", "ca_bundle (JDCLOUD_CA_BUNDLE)", "validate_certs"):
            assert word in ended.msg, ended.msg
    assert cloud.calls() == []
    assert cloud.control.state() == before


def test_rule_17_unverified_tls_works_only_when_asked_for_and_warns(secure_emulator: EmulatorProcess, tmp_path: Path) -> None:
    cloud = Cloud(secure_emulator, tmp_path)
    cloud.seed(stopped("i-one"))
    ended = cloud.vm("absent", "i-one", validate_certs=False, check=True)
    assert not ended.failed
    assert ended.actions == {"i-one": "deleted"}
    assert any("validate_certs" in warning for warning in ended.warnings)


def test_rule_17_secrets_given_as_options_are_hidden_in_every_answer(fleet: Fleet) -> None:
    for secret in (DEFAULT_SECRET_KEY, "WrongSecretKey"):
        ended = fleet.cloud.vm("absent", **ONE, check=True, access_key=DEFAULT_ACCESS_KEY, secret_key=secret, security_token=None)
        assert secret not in str(ended.result)
        assert ended.failed == (secret != DEFAULT_SECRET_KEY)
