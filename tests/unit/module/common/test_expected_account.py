# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 23 in every module: where an account is expected, nothing is done before the service has confirmed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from support.json_object import Json
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

ROOT = Path(__file__).resolve().parents[4]
WRITERS: list[tuple[str, Json]] = [
    ("jdcloud_vm", {"state": "absent", "instance_ids": ["i-a"]}),
    ("jdcloud_vm", {"state": "running", "instance_ids": ["i-a"]}),
    ("jdcloud_vm_backup", {"instance_ids": ["i-a"]}),
    ("jdcloud_image", {"state": "present", "instance_ids": ["i-a"]}),
    ("jdcloud_image", {"state": "absent", "image_ids": ["img-a"]}),
    ("jdcloud_snapshot", {"state": "present", "disk_ids": ["vol-a"]}),
    ("jdcloud_snapshot", {"state": "absent", "snapshot_ids": ["snapshot-a"]}),
    ("jdcloud_disk", {"state": "absent", "disk_ids": ["vol-a"]}),
    ("jdcloud_elastic_ip", {"state": "absent", "elastic_ip_ids": ["fip-a"]}),
    ("jdcloud_tag", {"instance_ids": ["i-a"], "set": {"a": "b"}}),
    (
        "jdcloud_vm_restore",
        {
            "image_id": "img-a",
            "instance_type": "g.n2.medium",
            "az": "cn-north-1a",
            "subnet_id": "subnet-a",
            "security_group_ids": ["sg-a"],
            "name": "one",
        },
    ),
]
READERS: list[tuple[str, Json]] = [
    ("jdcloud_vm_idle_info", {"instance_ids": ["i-a"]}),
    ("jdcloud_vm_info", {"instance_ids": ["i-a"]}),
    ("jdcloud_image_info", {"image_ids": ["img-a"]}),
    ("jdcloud_snapshot_info", {"snapshot_ids": ["snapshot-a"]}),
    ("jdcloud_quota_info", {}),
    ("jdcloud_bill_info", {"resource_ids": ["i-a"]}),
]
BY_IDS = [
    each for each in [*WRITERS, *READERS] if each[0] not in ("jdcloud_vm_restore", "jdcloud_bill_info", "jdcloud_quota_info")
]


def operations(cloud: MemoryCloud) -> list[str]:
    return [call.operation for call in cloud.calls]


def full(cloud: MemoryCloud) -> None:
    """One of everything, free to go."""
    cloud.add("i-a")
    cloud.add_free_disk("vol-a")
    cloud.add_free_elastic_ip("fip-a")
    cloud.add_image("img-a")
    cloud.add_snapshot("snapshot-a")


def test_every_module_that_reaches_the_cloud_is_among_these() -> None:
    """The campaign reaches it through the others."""
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["jdcloud"]
    assert {module for module, _options in [*WRITERS, *READERS]} == set(group) - {"jdcloud_campaign"}


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize(("module", "options"), [*WRITERS, *READERS])
def test_keys_of_another_account_do_nothing_in_any_module(
    cloud: MemoryCloud, run: Runner, module: str, options: Json, preview: bool
) -> None:
    full(cloud)
    ended = run(module, check=preview, expected_account="other", **options)
    assert ended.failed
    assert ended.msg == (
        "These keys belong to pin 'shop' and account id '100000000001', but expected_account (JDCLOUD_EXPECTED_ACCOUNT) is "
        "'other', so nothing was done: use keys of that account, or correct expected_account."
    )
    assert operations(cloud) == ["user.describeUser"]
    assert (ended.result["account"]["pin"], ended.result["account"]["account_id"]) == ("shop", "100000000001")


def test_the_result_of_a_refused_run_is_complete(cloud: MemoryCloud, run: Runner) -> None:
    check(run.vm("absent", "i-a", expected_account="other").result, "jdcloud_vm")


@pytest.mark.parametrize("expected", ["shop", "100000000001"])
def test_the_right_account_is_asked_for_once_and_reported(cloud: MemoryCloud, run: Runner, expected: str) -> None:
    full(cloud)
    ended = run.vm("absent", "i-a", expected_account=expected)
    assert ended.actions == {"i-a": "deleted"}
    assert operations(cloud)[0] == "user.describeUser"
    assert operations(cloud).count("user.describeUser") == 1
    assert (ended.result["account"]["pin"], ended.result["account"]["account_id"]) == ("shop", "100000000001")


def test_a_preview_of_the_right_account_predicts_the_run(cloud: MemoryCloud, run: Runner) -> None:
    full(cloud)
    assert run.vm("absent", "i-a", expected_account="shop", check=True).actions == {"i-a": "deleted"}


def test_where_no_account_is_expected_nobody_is_asked(cloud: MemoryCloud, run: Runner) -> None:
    full(cloud)
    ended = run.vm("absent", "i-a")
    assert "user.describeUser" not in operations(cloud)
    assert (ended.result["account"]["pin"], ended.result["account"]["account_id"]) == (None, None)


# --- where describeUser says less ---------------------------------------------------------------------------------


def refused(cloud: MemoryCloud) -> None:
    cloud.refuse("user.describeUser", 403, "HTTP_FORBIDDEN", "You are not authorized")


def empty(cloud: MemoryCloud) -> None:
    cloud.user = {}


def unknown(cloud: MemoryCloud) -> None:
    cloud.refuse("user.describeUser", 404, "NOT_FOUND", "No such API")


SILENT = [refused, empty, unknown]


@pytest.mark.parametrize("silent", SILENT)
def test_the_pin_that_tags_tell_confirms_the_account(cloud: MemoryCloud, run: Runner, silent: Any) -> None:
    full(cloud)
    silent(cloud)
    ended = run.vm("absent", "i-a", expected_account="shop")
    assert ended.actions == {"i-a": "deleted"}
    assert ended.result["account"]["pin"] == "shop"


@pytest.mark.parametrize("silent", SILENT)
def test_the_pin_that_tags_tell_refuses_another_account(cloud: MemoryCloud, run: Runner, silent: Any) -> None:
    full(cloud)
    silent(cloud)
    ended = run.vm("absent", "i-a", expected_account="100000000001")
    assert ended.failed
    assert "pin 'shop'" in ended.msg
    assert cloud.writes == []


@pytest.mark.parametrize("silent", SILENT)
def test_unknown_is_never_enough(cloud: MemoryCloud, run: Runner, silent: Any) -> None:
    full(cloud)
    silent(cloud)
    cloud.tag_pin = None
    ended = run.vm("absent", "i-a", expected_account="shop")
    assert ended.failed
    assert ended.msg.startswith("The service does not return the owner of these keys (")
    assert cloud.writes == []
    assert operations(cloud) == ["user.describeUser", "resourcetag.describeKeys"]


def test_a_refusal_of_both_calls_names_both(cloud: MemoryCloud, run: Runner) -> None:
    refused(cloud)
    cloud.refuse("resourcetag.describeKeys", 403, "HTTP_FORBIDDEN", "You are not authorized")
    ended = run.vm("absent", "i-a", expected_account="shop")
    assert "user.describeUser failed" in ended.msg
    assert "resourcetag.describeKeys failed" in ended.msg


def test_a_pin_that_is_known_is_not_asked_for_again(cloud: MemoryCloud, run: Runner) -> None:
    """A sub-user with a pin of its own is not taken for the main user because tags name that one."""
    cloud.user = {"pin": "shop-sub", "accountId": "7"}
    ended = run.vm("absent", "i-a", expected_account="shop")
    assert "pin 'shop-sub' and account id '7'" in ended.msg
    assert operations(cloud) == ["user.describeUser"]


# --- the option ---------------------------------------------------------------------------------------------------


def test_the_environment_is_used(cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JDCLOUD_EXPECTED_ACCOUNT", "商店")
    assert "'商店'" in run.vm("absent", "i-a").msg
    assert operations(cloud) == ["user.describeUser"]


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_variable_is_not_set(cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("JDCLOUD_EXPECTED_ACCOUNT", text)
    full(cloud)
    assert not run.vm("absent", "i-a").failed
    assert "user.describeUser" not in operations(cloud)


def test_the_option_goes_before_the_environment(cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JDCLOUD_EXPECTED_ACCOUNT", "other")
    full(cloud)
    assert not run.vm("absent", "i-a", expected_account="shop").failed


@pytest.mark.parametrize("number", [100000000001, 1.5, True])
def test_a_number_is_refused_since_yaml_may_have_changed_it(cloud: MemoryCloud, run: Runner, number: Any) -> None:
    ended = run.vm("absent", "i-a", expected_account=number)
    assert ended.failed
    assert "expected_account" in ended.msg
    assert "quote it" in ended.msg
    assert cloud.calls == []


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_option_is_an_error_and_not_the_environments_business(cloud: MemoryCloud, run: Runner, blank: str) -> None:
    ended = run.vm("absent", "i-a", expected_account=blank)
    assert ended.failed
    assert "expected_account is blank" in ended.msg
    assert cloud.calls == []


# --- ids that do not exist ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("module", "options"), BY_IDS)
def test_where_nothing_exists_a_foreign_account_is_named_as_a_reason(
    cloud: MemoryCloud, run: Runner, module: str, options: Json
) -> None:
    text = run(module, **options).warnings
    assert any("ids of another account look the same" in warning for warning in text), text


def test_of_a_confirmed_account_what_does_not_exist_does_not_exist(cloud: MemoryCloud, run: Runner) -> None:
    (warning,) = run.vm("absent", "i-a", expected_account="shop").warnings
    assert "none of 1 ids exists in cn-north-1" in warning
    assert "another account" not in warning


def test_where_some_exist_the_account_is_right(cloud: MemoryCloud, run: Runner) -> None:
    full(cloud)
    assert run.vm("absent", "i-a", "i-b").warnings == []
