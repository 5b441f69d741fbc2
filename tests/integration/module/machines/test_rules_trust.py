# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules 16 to 19 of jdcloud_vm: trust; and what the account may do."""

from __future__ import annotations

import json

import pytest

from jdcloud_emulator.process import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY
from support.integration.cloud import Cloud, account, running, stopped
from support.json_object import Json

A, B, C = "i-aaaa000001", "i-bbbb000002", "i-cccc000003"
NO_KEYS: dict[str, str | None] = {"JDCLOUD_ACCESS_KEY": None, "JDCLOUD_SECRET_KEY": None}
TOKEN: Json = {"access_key": "TEMPORARYKEY0001", "secret_key": "TemporarySecret0001", "token": "tmp-token-0123456789"}
TOKEN_VARIABLES: dict[str, str | None] = {
    "JDCLOUD_ACCESS_KEY": TOKEN["access_key"],
    "JDCLOUD_SECRET_KEY": TOKEN["secret_key"],
    "JDCLOUD_SECURITY_TOKEN": TOKEN["token"],
}


def _profile(cloud: Cloud, text: str) -> None:
    folder = cloud.home / ".jdc"
    folder.mkdir()
    (folder / "config").write_text(text, encoding="utf-8")


def test_rule_16_keys_come_from_one_source_as_a_unit(cloud: Cloud) -> None:
    cloud.seed(stopped(A))
    half = cloud.vm("absent", A, access_key=DEFAULT_ACCESS_KEY)
    assert half.failed
    assert "secret_key" in half.msg
    assert cloud.calls() == []
    half = cloud.vm("absent", A, environment={"JDCLOUD_SECRET_KEY": None})
    assert half.failed
    assert "JDCLOUD_SECRET_KEY" in half.msg
    assert cloud.calls() == []
    whole = cloud.vm("absent", A, environment=NO_KEYS, access_key=DEFAULT_ACCESS_KEY, secret_key=DEFAULT_SECRET_KEY)
    known = {"source": "options", "access_key_suffix": "0001", "region": "cn-north-1"}
    assert whole.result["account"] == {**known, "pin": None, "account_id": None}


def test_rule_16_the_profile_of_the_command_line_tool(cloud: Cloud) -> None:
    cloud.seed(stopped(A))
    _profile(
        cloud,
        f"[default]\naccess_key = {DEFAULT_ACCESS_KEY}\nsecret_key = {DEFAULT_SECRET_KEY}\nregion_id = cn-north-1\n"
        "endpoint = www.jdcloud-api.com\nscheme = https\n[half]\naccess_key = AK\n",
    )
    ended = cloud.vm("absent", A, check=True, environment={**NO_KEYS, "JDCLOUD_REGION": None})
    assert not ended.failed
    assert ended.result["account"]["source"] == "profile:default"
    half = cloud.vm("absent", A, profile="half")
    assert half.failed
    assert "half" in half.msg
    assert half.summary["api_calls"] == 0


@pytest.mark.parametrize("check", [True, False])
def test_rule_17_secrets_are_in_no_result(cloud: Cloud, check: bool) -> None:
    """The invocation that Ansible echoes, errors with the secret in the service's text, names that hold it."""
    cloud.seed(stopped(A, name=f"box-{TOKEN['token']}"), stopped(B), accounts=[account(tokens=[TOKEN])])
    message = f"signature of {TOKEN['secret_key']} with {TOKEN['token']}"
    cloud.control.inject(
        "error", operation="vm.deleteInstance", resource=B, times=0, http=400, status="FAILED_PRECONDITION", message=message
    )
    ended = cloud.vm(
        "absent",
        A,
        B,
        check=check,
        wait_timeout=2,
        environment=NO_KEYS,
        access_key=TOKEN["access_key"],
        secret_key=TOKEN["secret_key"],
        security_token=TOKEN["token"],
    )
    text = json.dumps(ended.result)
    assert TOKEN["secret_key"] not in text
    assert TOKEN["token"] not in text
    assert ended.actions == {A: "deleted", B: "deleted" if check else "failed"}


def test_rule_17_a_netrc_never_replaces_our_signature(cloud: Cloud) -> None:
    cloud.seed(stopped(A))
    (cloud.home / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    (cloud.home / ".netrc").chmod(0o600)
    assert not cloud.vm("absent", A).failed
    assert not cloud.exists(A)


def test_rule_17_plain_http_goes_to_loopback_only(cloud: Cloud) -> None:
    cloud.seed(stopped(A))
    ended = cloud.vm("absent", A, endpoint_url="http://jdcloud.example.test")
    assert ended.failed
    assert "plain HTTP" in ended.msg
    assert ended.summary["api_calls"] == 0
    # A proxy would take the signed request off this machine.
    ended = cloud.vm("absent", A, environment={"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"})
    assert not ended.failed


def test_rule_18_text_of_the_cloud_is_data(cloud: Cloud) -> None:
    name = "{{ 7*7 }} <script>alert(1)</script> $(id) %s \u202e"
    cloud.seed(stopped(A, name=name, tags={"k": "{{ 1 }}"}), stopped(B, tags={"jdcloud-protect": "{% raw %}"}))
    ended = cloud.vm("absent", A, B, on_blocked="skip", protect_tags={"jdcloud-protect": "*"})
    assert ended.machine(A)["name"] == name
    assert "{% raw %}" in ended.machine(B)["blockers"][0]["message"]
    cloud.seed(stopped(A))
    cloud.control.inject(
        "error", operation="vm.deleteInstance", http=400, status="DUPLICATE", message="line\nbreak\u2028 <b>{{ lookup }}</b>"
    )
    ended = cloud.vm("absent", A)
    assert "\n" not in ended.error["message"]
    assert "<b>{{ lookup }}</b>" in ended.error["message"]


@pytest.mark.parametrize("skew", [700, -700, 86400])
def test_rule_19_clocks_that_differ_by_more_than_ten_minutes_are_an_error(cloud: Cloud, skew: float) -> None:
    cloud.seed(running(A), clock_skew_seconds=skew, signature_window_seconds=0)
    ended = cloud.vm("absent", A, stop_running=True)
    assert ended.failed
    assert "clock" in ended.msg
    assert "NTP" in ended.msg
    assert cloud.writes() == []
    assert len(cloud.calls()) == 1


@pytest.mark.parametrize("skew", [500, -500])
def test_rule_19_smaller_differences_are_borne(cloud: Cloud, skew: float) -> None:
    cloud.seed(stopped(A), clock_skew_seconds=skew)
    assert cloud.vm("absent", A).actions == {A: "deleted"}


def test_rule_19_prepaid_expiry_is_judged_by_the_clock_of_the_service(cloud: Cloud) -> None:
    """Both clocks differ by 9 minutes; by ours the first would be expired, by the service's only the second is."""
    cloud.seed(
        stopped(A, charge="prepaid", expires="+10m"), stopped(B, charge="prepaid", expires="-30m"), clock_skew_seconds=-540
    )
    ended = cloud.vm("absent", A, B, on_blocked="skip")
    assert ended.actions == {A: "blocked", B: "deleted"}
    assert ended.blockers(A) == ["prepaid_unexpired"]


@pytest.mark.parametrize(
    ("denied", "operation"),
    [("vm:stopInstance", "vm.stopInstance"), ("vm:deleteInstance", "vm.deleteInstance"), ("vm:modify*", "vm.modifyInstance")],
)
def test_a_denied_write_is_reported_with_the_advice_to_grant_it(cloud: Cloud, denied: str, operation: str) -> None:
    cloud.seed(running(A, disks=[{"id": "vol-a"}]), accounts=[account(denied=[denied])])
    ended = cloud.vm("absent", A, stop_running=True, disks="delete")
    assert ended.failed
    assert ended.error["status"] == "HTTP_FORBIDDEN"
    assert ended.error["http"] == 403
    assert ended.error["operation"].startswith(operation)
    assert "IAM" in ended.error["message"]
    assert cloud.exists(A)
    assert cloud.auto_delete(A, "vol-a") is False


def test_a_denied_read_ends_the_task(cloud: Cloud) -> None:
    cloud.seed(stopped(A), accounts=[account(denied=["vm:describeInstances"])])
    ended = cloud.vm("absent", A)
    assert ended.failed
    assert "IAM" in ended.msg
    assert len(cloud.calls()) == 1


@pytest.mark.parametrize(("denied", "options"), [("vpc:*", {}), ("disk:*", {"protect_tags": {}})], ids=["vpc:*", "disk:*"])
def test_denied_services_leave_fates_unverified(cloud: Cloud, denied: str, options: Json) -> None:
    cloud.seed(stopped(A, elastic_ip={"id": "fip-a"}, disks=[{"id": "vol-a"}]), accounts=[account(denied=[denied])])
    ended = cloud.vm("absent", A, **options)
    fates = ended.fates("elastic_ips" if denied == "vpc:*" else "disks")
    assert not ended.failed
    assert set(fates.values()) == {"unverified"}


def test_a_denied_disk_service_does_not_show_what_protects(cloud: Cloud) -> None:
    cloud.seed(stopped(A, disks=[{"id": "vol-a", "auto_delete": True}]), accounts=[account(denied=["disk:*"])])
    ended = cloud.vm("absent", A)
    assert ended.failed
    assert set(ended.blockers()) == {"surroundings_unknown"}
    assert cloud.writes() == []
    assert "disk.describeDisks (403 HTTP_FORBIDDEN)" in ended.only["blockers"][0]["message"]


def test_a_disk_that_is_hidden_from_the_key_blocks_its_machine_alone(cloud: Cloud) -> None:
    cloud.seed(stopped(A, disks=[{"id": "vol-a", "auto_delete": True}]), stopped(B), accounts=[account(hidden=["vol-a"])])
    ended = cloud.vm("absent", A, B, on_blocked="skip")
    assert ended.actions == {A: "blocked", B: "deleted"}
    assert ended.blockers(A) == ["surroundings_unknown"]


def test_an_elastic_ip_that_is_hidden_from_the_key_blocks_its_machine_alone(cloud: Cloud) -> None:
    cloud.seed(
        stopped(A, elastic_ip={"id": "fip-a"}), stopped(B, elastic_ip={"id": "fip-b"}), accounts=[account(hidden=["fip-a"])]
    )
    ended = cloud.vm("absent", A, B, elastic_ips="release", on_blocked="skip")
    assert ended.actions == {A: "blocked", B: "deleted"}
    assert ended.blockers(A) == ["elastic_ip_not_releasable"]
    assert cloud.exists("fip-a")
    assert not cloud.exists("fip-b")


def test_elastic_ips_that_vpc_does_not_show_are_not_releasable(cloud: Cloud) -> None:
    cloud.seed(stopped(A, elastic_ip={"id": "fip-hidden"}), accounts=[account(hidden=["fip-*"])])
    ended = cloud.vm("absent", A, elastic_ips="release")
    assert ended.failed
    assert ended.blockers() == ["elastic_ip_not_releasable"]
    assert cloud.writes() == []


def test_rule_09_a_hidden_machine_is_not_absent(cloud: Cloud) -> None:
    """Left out of lists, 403 when read alone: that is no proof of anything, and certainly no success."""
    cloud.seed(stopped(A), stopped(B), accounts=[account(hidden=[A])])
    for ids in ((A,), (B, A)):
        ended = cloud.vm("absent", *ids)
        assert ended.failed
        assert "HTTP_FORBIDDEN" in ended.msg
        assert ended.summary["already_absent"] == 0
    assert cloud.writes() == []


def test_the_operation_protection_that_asks_for_a_code_is_explained(cloud: Cloud) -> None:
    cloud.seed(stopped(A), accounts=[account(mfa="123456")])
    ended = cloud.vm("absent", A)
    assert ended.failed
    assert "one-time code" in ended.error["message"]
    assert cloud.status(A) == "stopped"


def test_a_security_token_is_used(cloud: Cloud) -> None:
    cloud.seed(stopped(A), accounts=[account(tokens=[{**TOKEN, "expires": "+1h"}])])
    assert cloud.vm("absent", A, environment=TOKEN_VARIABLES).actions == {A: "deleted"}


def test_an_expired_token_says_what_to_renew(cloud: Cloud) -> None:
    cloud.seed(stopped(A), accounts=[account(tokens=[{**TOKEN, "expires": "-1h"}])])
    ended = cloud.vm("absent", A, environment=TOKEN_VARIABLES)
    assert ended.failed
    assert "security_token" in ended.msg
    assert "renew" in ended.msg
    assert len(cloud.calls()) == 1
    assert TOKEN["token"] not in json.dumps(ended.result)


@pytest.mark.parametrize(
    "operation", ["vm.stopInstance", "vm.describeInstances", "vm.modifyInstanceDiskAttribute", "vm.deleteInstance"]
)
def test_keys_that_are_refused_in_the_middle_end_the_run_at_once(cloud: Cloud, operation: str) -> None:
    cloud.seed(*[running(each, disks=[{"id": f"vol-{each[2:6]}"}]) for each in (A, B, C)])
    after = 1 if operation == "vm.describeInstances" else 0
    cloud.control.inject(
        "error", operation=operation, after=after, http=401, status="ACCESS_ERROR", message="sign result is not same [gw]"
    )
    ended = cloud.vm("absent", A, B, C, stop_running=True, disks="delete", api_rate_limit=20)
    assert ended.failed
    assert set(ended.actions.values()) == {"failed"}
    refused = next(entry for entry in cloud.calls() if entry["http"] == 401)
    later = [entry for entry in cloud.calls() if entry["number"] > refused["number"] and entry["method"] != "GET"]
    assert len(later) <= 1, "what was on its way, and nothing after it"
    assert all(each["error"]["http"] == 401 for each in ended.result["instances"])
    for each in ended.result["instances"]:
        left_behind = cloud.exists(each["instance_id"]) and cloud.auto_delete(each["instance_id"], each["disks"][1]["disk_id"])
        assert not left_behind or each["disks"][1]["disk_id"] in each["error"]["message"], "a changed attribute is named"
        assert each["changed"] or cloud.status(each["instance_id"]) == "running"


@pytest.mark.parametrize("given", [None, 20])
def test_the_rate_adapts_to_throttling(cloud: Cloud, given: float | None) -> None:
    ids = [f"i-rate{number:04}" for number in range(40)]
    cloud.seed(*[stopped(instance_id) for instance_id in ids], rate_limit=25, burst=2)
    limit: Json = {} if given is None else {"api_rate_limit": given}
    ended = cloud.vm("absent", *ids, **limit)
    assert not ended.failed
    assert ended.summary["deleted"] == 40
    throttled = sum(entry["http"] == 429 for entry in cloud.calls())
    assert ended.summary["api_throttled"] == throttled
    assert cloud.effects("vm.deleteInstance") == 40
    assert throttled == 0 if given else throttled > 0


def test_throttling_does_not_use_up_api_retries(cloud: Cloud) -> None:
    cloud.seed(stopped(A))
    cloud.control.inject("throttle", operation="vm.describeInstances", times=3)
    cloud.control.inject("throttle", operation="vm.deleteInstance", times=3)
    ended = cloud.vm("absent", A, api_retries=0)
    assert not ended.failed
    assert ended.summary["api_throttled"] == 6
