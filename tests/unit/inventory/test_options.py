# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the inventory: what is refused, where keys come from, and what is cached apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleParserError

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.options import Settings, is_inventory_file, parse_settings
from support.inventory import OTHER, REGION, Lister, Regions
from support.keys import ACCESS_KEY, SECRET

Refused = Callable[..., str]
KEYS = {"JDCLOUD_ACCESS_KEY": ACCESS_KEY, "JDCLOUD_SECRET_KEY": SECRET}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/x/jdcloud_vm.yml", True),
        ("/x/jdcloud_vm.yaml", True),
        ("shop.jdcloud_vm.yml", True),
        ("shop.jdcloud_vm.yaml", True),
        ("shop_jdcloud_vm.yml", False),
        ("jdcloud_vm.json", False),
        ("/x/jdcloud_vm.yml/hosts", False),
    ],
)
def test_a_file_is_recognised_by_its_name(path: str, expected: bool) -> None:
    assert is_inventory_file(path) is expected


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"tag": {"env": "test"}}, "'tag'"),
        ({"tags": {}}, "tags"),
        ({"tags": None}, "tags"),
        ({"tags": {"env": None}}, "tags.env"),
        ({"tags": {"env": ["a", True]}}, "tags.env"),
        ({"tags": {"": "x"}}, "tags"),
        ({"filters": {}}, "filters"),
        ({"filters": None}, "filters"),
        ({"filters": {"color": "red"}}, "filters.color"),
        ({"filters": {"name": "web"}}, "filters.name"),
        ({"filters": {"status": ""}}, "filters.status"),
        ({"regions": []}, "regions"),
        ({"regions": None}, "regions"),
        ({"regions": [""]}, "regions"),
        ({"regions": ["nowhere"]}, "'nowhere'"),
        ({"regions": [REGION], "region": REGION}, "regions"),
        ({"region": " "}, "region"),
        ({"hostnames": []}, "hostnames"),
        ({"hostnames": None}, "hostnames"),
        ({"hostnames": ["nome"]}, "'nome'"),
        ({"access_key": "AK"}, "secret_key"),
        ({"secret_key": SECRET}, "access_key"),
        ({"profile": "shop", "access_key": "AK"}, "profile"),
        ({"profile": "shop"}, "profile"),
        ({"endpoint_url": "http://cloud.example.org"}, "endpoint_url"),
        ({"validate_certs": False, "ca_bundle": "/x.pem"}, "validate_certs"),
        ({"api_timeout": 0}, "api_timeout"),
        ({"region": "{{ nowhere }}"}, "nowhere"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_sent(refused: Refused, options: dict[str, Any], named: str) -> None:
    assert named in refused(**options)


def test_an_error_does_not_show_the_lines_of_the_file(listing: Lister, tmp_path: Path) -> None:
    """Ansible prints the lines around the place that an error carries, and a key may stand there."""
    path = tmp_path / "jdcloud_vm.yml"
    lines = ("plugin: jdcloud.cloud.jdcloud_vm", "access_key: AK", f"secret_key: {SECRET}", 'region: "{{ nowhere }}"', "")
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Exception, match="nowhere") as failed:
        listing.parse(path)
    assert SECRET not in str(failed.value)
    assert getattr(failed.value, "obj", None) is None
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None


def test_a_lost_region_names_what_to_set(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JDCLOUD_REGION")
    assert "JDCLOUD_REGION" in refused()


def test_the_environment_completes_no_keys_of_the_file(refused: Refused) -> None:
    """Rule 16: access key and secret key come from one source."""
    assert "another source cannot complete them" in refused(access_key="AK")


def test_keys_of_the_file_go_before_those_of_the_environment(listing: Lister, regions: Regions) -> None:
    listing(access_key="AKFILE", secret_key="SKFILE")
    connection = regions.north.connection
    assert connection is not None
    assert connection.credentials.access_key == "AKFILE"
    assert connection.credentials.source == "options"


def test_a_profile_is_a_source_of_keys_and_region(listing: Lister, regions: Regions, tmp_path: Path) -> None:
    (tmp_path / ".jdc").mkdir()
    profile = f"[shop]\naccess_key = AKSHOP\nsecret_key = {SECRET}\nregion_id = {OTHER}\n"
    (tmp_path / ".jdc" / "config").write_text(profile, encoding="utf-8")
    listing(profile="shop", regions=[OTHER])
    connection = regions.east.connection
    assert connection is not None
    assert connection.credentials.source == "profile:shop"


def test_values_may_be_templates_of_the_one_who_wrote_the_file(
    listing: Lister, regions: Regions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", "AKSHOP")
    regions.east.add("i-a", tags=[{"key": "env", "value": "test"}])
    regions.east.add("i-b", tags=[{"key": "env", "value": "prod"}])
    found = listing(
        access_key="{{ lookup('env', 'SHOP_KEY') }}",
        secret_key="{{ 'secret' ~ '-key' }}",
        endpoint_url="https://{{ 'cloud' }}.example.org",
        regions=["{{ ['cn', 'east', '2'] | join('-') }}"],
        tags={"env": "{{ 'te' ~ 'st' }}"},
    )
    connection = regions.east.connection
    assert connection is not None
    assert connection.credentials.access_key == "AKSHOP"
    assert connection.credentials.secret_key == "secret-key"
    assert connection.endpoint == "https://cloud.example.org"
    assert list(found.hosts) == ["name-of-i-a"]


TEXT_OPTIONS = [
    *("tags: {build: WRONG}", "tags: {build: [a, WRONG]}", "tags: {WRONG: x}", "filters: {imageId: WRONG}"),
    *("regions: [WRONG]", "region: WRONG", "profile: WRONG", "expected_account: WRONG", "endpoint_url: WRONG"),
    *("hostnames: [WRONG]", "hostnames: [{name: name, prefix: name, separator: WRONG}]", "hostnames: [{name: WRONG}]"),
    *(
        "groups: {g: WRONG}",
        "groups: {WRONG: 'true'}",
        "compose: {x: WRONG}",
        "compose: {WRONG: x}",
        "keyed_groups: [{key: WRONG}]",
    ),
    *("keyed_groups: [{key: x, prefix: WRONG}]", "keyed_groups: [{key: x, default_value: WRONG}]"),
]
NO_TEXTS = ["true", "no", "1.10", "12:30:00", "~"]


@pytest.mark.parametrize(
    ("option", "value"),
    [(option, "010") for option in TEXT_OPTIONS]
    + [(option, "2026-01-31") for option in TEXT_OPTIONS]
    + [("tags: {build: WRONG}", value) for value in NO_TEXTS],
)
def test_rule_04_what_yaml_makes_of_a_text_is_refused_with_what_to_do(
    listing: Lister, regions: Regions, tmp_path: Path, option: str, value: str
) -> None:
    path = tmp_path / "jdcloud_vm.yml"
    path.write_text(f"plugin: jdcloud.cloud.jdcloud_vm\n{option.replace('WRONG', value)}\n", encoding="utf-8")
    with pytest.raises(AnsibleParserError, match="quote it"):
        listing.parse(path)
    assert regions.calls == 0


@pytest.mark.parametrize("option", ["access_key", "secret_key", "security_token"])
def test_a_key_that_yaml_made_a_number_of_is_refused_without_being_shown(refused: Refused, option: str) -> None:
    text = refused(**{"access_key": "AK", "secret_key": "SK", option: 27182818})
    assert "quote it" in text
    assert "27182818" not in text


def test_what_a_template_makes_of_a_text_is_refused_too(refused: Refused) -> None:
    assert "quote it" in refused(tags={"build": "{{ 8 }}"})


@pytest.mark.cores
@pytest.mark.parametrize(
    "given",
    [
        "{{ lookup('env', 'SHOP_REGIONS') }}",
        ["{{ lookup('env', 'SHOP_REGION') }}", "{{ ['cn', 'east', '2'] | join('-') }}"],
        "{{ lookup('env', 'SHOP_REGIONS').split(', ') }}",
        "{{ ['cn-north-1', 'cn-east-2'] }}",
        "{{ lookup('env', 'SHOP_REGION') }},cn-east-2",
        "cn-north-1, cn-east-2",
    ],
)
def test_regions_may_be_a_template_or_a_text(
    listing: Lister, regions: Regions, monkeypatch: pytest.MonkeyPatch, given: Any
) -> None:
    monkeypatch.setenv("SHOP_REGIONS", "cn-north-1, cn-east-2")
    monkeypatch.setenv("SHOP_REGION", REGION)
    listing(regions=given)
    assert [len(regions.north.calls), len(regions.east.calls)] == [1, 1]


@pytest.mark.cores
@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("{{ lookup('env', 'NO_SUCH_VARIABLE_HERE') }}", "regions is empty"),
        (["{{ lookup('env', 'NO_SUCH_VARIABLE_HERE') }}"], "regions has a blank"),
        ("{{ nowhere }}", "The template of regions has no value"),
        ("{{ {'a': 'b'} }}", "regions is neither a list nor a text"),
        ("cn-north-1,,cn-east-2", "regions has a blank"),
        (["cn-north-1,cn-east-2"], "'cn-north-1,cn-east-2'"),
    ],
)
def test_regions_that_are_no_names_are_refused_in_fitting_words(refused: Refused, given: Any, named: str) -> None:
    assert named in refused(regions=given)


@pytest.mark.parametrize(
    "option", ["region", "profile", "access_key", "endpoint_url", "api_timeout", "groups", "keyed_groups", "strict"]
)
def test_an_option_without_a_value_is_refused_and_not_taken_for_one_that_is_not_given(refused: Refused, option: str) -> None:
    assert refused(**{option: None}).startswith(f"{option} has no value")


def test_regions_share_the_limit_of_the_account(listing: Lister, regions: Regions) -> None:
    listing(regions=[REGION, OTHER], api_rate_limit=10)
    limits = [cloud.connection.rate_limit for cloud in regions.clouds.values() if cloud.connection is not None]
    assert limits == [5.0, 5.0]


def settings(environ: dict[str, str] | None = None, **options: Any) -> Settings:
    names = ("access_key", "secret_key", "security_token", "profile", "region", "endpoint_url", "regions", "tags", "filters")
    plain = {"hostnames": ["name"], "load_balancer_targets": False, "region": None if "regions" in options else REGION}
    given = {**dict.fromkeys(names), **plain, **options}
    return parse_settings(given, {**KEYS, **(environ or {})}, Path("/nonexistent"))


def test_the_cache_is_the_same_for_the_same_question() -> None:
    assert settings(tags={"b": "2", "a": "1"}).fingerprint == settings(tags={"a": "1", "b": "2"}).fingerprint
    assert settings().fingerprint == settings(hostnames=["instance_id"]).fingerprint


@pytest.mark.parametrize(
    "other",
    [
        {"environ": {"JDCLOUD_ACCESS_KEY": "ANOTHER"}},
        {"load_balancer_targets": True},
        {"region": OTHER},
        {"regions": [REGION, OTHER]},
        {"endpoint_url": "https://cloud.example.org"},
        {"tags": {"a": "1"}},
        {"tags": {"a": ["1", "2"]}},
        {"filters": {"az": "1"}},
    ],
)
def test_another_question_is_cached_apart(other: dict[str, Any]) -> None:
    assert settings(**other).fingerprint != settings().fingerprint
