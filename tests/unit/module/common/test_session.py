# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What surrounds the work of each module: arguments that Ansible refuses, a missing library, warnings, secrets, bugs."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common import session
from support.keys import SECRET
from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

TOKEN = "session-token-that-nobody-may-see"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"state": "gone", "instance_ids": ["i-a"]}, "state"),
        ({"instance_ids": ["i-a"]}, "state"),
        ({"state": "absent", "instance_ids": ["i-a"], "wait_timeout": "long"}, "wait_timeout"),
        ({"state": "absent", "instance_ids": ["i-a"], "stop_runing": True}, "stop_runing"),
        ({"state": "absent", "instance_ids": ["i-a"], "disks": "a\nb"}, "disks"),
        ({"state": "absent", "instance_ids": ["i-a"], "protect_tags": None}, "protect_tags"),
    ],
)
def test_what_ansible_itself_refuses_has_the_same_shape(
    cloud: MemoryCloud, run: Runner, options: dict[str, Any], named: str
) -> None:
    ended = run("jdcloud_vm", **options)
    assert ended.failed
    assert named in ended.msg
    assert ended.msg.endswith(".")
    assert "\n" not in ended.msg
    check(ended.result, "jdcloud_vm")
    assert cloud.calls == []


@pytest.mark.parametrize("option", ["max_instances", "api_retries"])
def test_an_infinite_whole_number_is_an_error_without_traceback_or_secret(cloud: MemoryCloud, run: Runner, option: str) -> None:
    """Ansible's own check breaks on it before it knows what is secret; the runner looks for the secret."""
    options: dict[str, Any] = {option: "inf"}
    ended = run.vm("absent", "i-a", access_key="AK", secret_key=SECRET, **options)
    assert ended.failed
    assert "finite" in ended.msg
    assert ended.msg.endswith(".")
    check(ended.result, "jdcloud_vm")
    assert cloud.calls == []


@pytest.mark.parametrize("module", ["jdcloud_vm", "jdcloud_vm_info"])
def test_a_missing_library_is_named(cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setattr(session, "REQUESTS_IMPORT_ERROR", "ModuleNotFoundError: No module named 'requests'")
    ended = run.vm("absent", "i-a") if module == "jdcloud_vm" else run.vm_info()
    assert ended.failed
    assert "requests" in ended.msg
    assert ended.msg.endswith(".")
    check(ended.result, module)
    assert cloud.calls == []


def test_rule_17_unverified_certificates_are_a_warning(cloud: MemoryCloud, run: Runner) -> None:
    assert run.vm_info().warnings == []
    (warning,) = run.vm_info(validate_certs=False).warnings
    assert "validate_certs" in warning
    assert cloud.connection is not None
    assert cloud.connection.verify is False


def test_rule_17_secrets_from_a_profile_do_not_reach_the_result(cloud: MemoryCloud, run: Runner, tmp_path: Path) -> None:
    """A machine is named like the secret, so that it would be in the result if it were not hidden."""
    folder = tmp_path / ".jdc"
    folder.mkdir()
    profile = f"[shop]\naccess_key = AKSHOP0001\nsecret_key = {SECRET}\nregion_id = cn-east-2\n"
    (folder / "config").write_text(profile, encoding="utf-8")
    cloud.add("i-a", instanceName=f"web {SECRET}")
    ended = run.vm("absent", "i-a", profile="shop", check=True)
    assert not ended.failed
    assert ended.result["account"]["source"] == "profile:shop"
    assert ended.result["account"]["access_key_suffix"] == "0001"


def test_rule_17_a_token_is_hidden_also_as_it_is_sent(cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JDCLOUD_SECURITY_TOKEN", TOKEN)
    sent = base64.b64encode(TOKEN.encode()).decode()
    cloud.add("i-a", instanceName=TOKEN, description=sent)
    ended = run.vm_info()
    assert not ended.failed
    assert TOKEN not in ended.text
    assert sent not in ended.text


def test_limits_are_taken_from_the_environment(cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JDCLOUD_API_RATE_LIMIT", "7.5")
    monkeypatch.setenv("JDCLOUD_API_RETRIES", "2")
    monkeypatch.setenv("JDCLOUD_API_TIMEOUT", "4")
    assert not run.vm_info().failed
    connection = cloud.connection
    assert connection is not None
    assert (connection.rate_limit, connection.retries, connection.timeout) == (7.5, 2, 4.0)


def test_a_profile_next_to_exported_keys_is_a_warning(cloud: MemoryCloud, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JDCLOUD_PROFILE", "shop")
    (warning,) = run.vm_info().warnings
    assert "JDCLOUD_PROFILE names the profile 'shop'" in warning
