# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may call, how often, and what the gateway says to the others."""

from __future__ import annotations

import re
import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from jdcloud_emulator.process import EmulatorProcess
from jdcloud_emulator.world import Bucket

ACCOUNTS: list[dict[str, Any]] = [
    {
        "name": "owner",
        "access_key": "OWNERKEY",
        "secret_key": "owner-secret",
        "tokens": [
            {"access_key": "TEMPKEY", "secret_key": "temp-secret", "token": "session", "expires": "+1h"},
            {"access_key": "OLDKEY", "secret_key": "old-secret", "token": "session", "expires": "-1h"},
        ],
    },
    {
        "name": "reader",
        "access_key": "READKEY",
        "secret_key": "read-secret",
        "denied": ["vm:delete*", {"operation": "vm:stopInstance", "resource": "i-keep*"}],
        "hidden": ["i-secret*"],
    },
    {"name": "careful", "access_key": "MFAKEY", "secret_key": "mfa-secret", "mfa": "123456"},
]
MACHINES = [{"id": "i-web"}, {"id": "i-keep1"}, {"id": "i-secret1"}]


def test_an_unsigned_call_is_unauthenticated(cloud: Any) -> None:
    answer = requests.get(f"{cloud.url}/v1/regions/cn-north-1/instances", timeout=10)
    assert answer.status_code == 401
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


def test_a_wrong_secret_gets_the_public_body_with_error_first(cloud: Any) -> None:
    cloud.keys = (cloud.keys[0], "wrong")
    answer = cloud.vm("GET", "instances")
    assert answer.body["error"] == {"code": 401, "status": "ACCESS_ERROR", "message": "sign result is not same [gw]"}
    assert list(answer.body) == ["error", "requestId"]
    assert re.fullmatch("[a-z0-9]{32}", answer.body["requestId"])


def test_an_unknown_access_key_is_refused_as_a_missing_secret(cloud: Any) -> None:
    cloud.keys = ("NOBODY", "secret")
    assert "secret key is nul" in cloud.vm("GET", "instances").error


def test_a_signature_for_another_region_is_refused(cloud: Any) -> None:
    url = f"{cloud.url}/v1/regions/cn-north-1/instances"
    headers = cloud.headers("GET", "vm", url, "", "cn-east-2")
    assert cloud.session.get(url, headers=headers, timeout=10).json()["error"]["status"] == "ACCESS_ERROR"


def test_an_old_signature_is_refused_and_the_window_can_be_set(cloud: Any) -> None:
    old = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - 1000))
    assert cloud.call("vm", "GET", "instances", **{"x-jdcloud-date": old}).http == 401
    cloud.control.configure(signature_window_seconds=2000)
    assert cloud.call("vm", "GET", "instances", **{"x-jdcloud-date": old}).http == 200


def test_a_nonce_is_good_for_one_call_unless_switched_off(cloud: Any) -> None:
    assert cloud.call("vm", "GET", "instances", **{"x-jdcloud-nonce": "n1"}).http == 200
    assert "ACCESS_ERROR" in cloud.call("vm", "GET", "instances", **{"x-jdcloud-nonce": "n1"}).error
    cloud.control.configure(check_nonce=False)
    assert cloud.call("vm", "GET", "instances", **{"x-jdcloud-nonce": "n1"}).http == 200


def test_temporary_keys_need_their_token_in_time(cloud: Any) -> None:
    cloud.seed(*MACHINES, accounts=ACCOUNTS)
    cloud.keys = ("TEMPKEY", "temp-secret")
    assert "401 ACCESS_ERROR" in cloud.vm("GET", "instances").error
    cloud.token = "session"
    assert cloud.vm("GET", "instances").http == 200
    cloud.token = "other"
    assert "invalid" in cloud.vm("GET", "instances").error
    cloud.keys, cloud.token = ("OLDKEY", "old-secret"), "session"
    assert "expired" in cloud.vm("GET", "instances").error


def test_assume_role_gives_keys_that_work(cloud: Any) -> None:
    url = f"{cloud.url}/v1/sessionToken:assumeRole"
    body = '{"assumeRoleInfo": {}}'
    headers = cloud.headers("POST", "sts", url, body, "jdcloud-api")
    given = cloud.session.post(url, data=body, headers=headers, timeout=10).json()["result"]["credentials"]
    cloud.keys, cloud.token = (given["accessKey"], given["secretKey"]), given["sessionToken"]
    assert cloud.vm("GET", "instances").http == 200


def test_iam_denies_by_operation_and_by_resource(cloud: Any) -> None:
    cloud.seed(*MACHINES, accounts=ACCOUNTS)
    cloud.keys = ("READKEY", "read-secret")
    denied = "403 HTTP_FORBIDDEN: You are not authorized to perform (vm:{}) on resource ({}) [IAM] [gw]"
    assert cloud.vm("DELETE", "instances/i-web").error == denied.format("deleteInstance", "i-web")
    assert cloud.vm("POST", "instances/i-keep1:stopInstance", {}).error == denied.format("stopInstance", "i-keep1")
    assert cloud.vm("POST", "instances/i-web:stopInstance", {}).http == 200


def test_hidden_machines_vanish_from_lists_and_are_forbidden_when_read_alone(cloud: Any) -> None:
    cloud.seed(*MACHINES, accounts=ACCOUNTS)
    cloud.keys = ("READKEY", "read-secret")
    listed = cloud.vm("GET", "instances").result
    assert {one["instanceId"] for one in listed["instances"]} == {"i-web", "i-keep1"}
    assert listed["totalCount"] == 2
    assert "403 HTTP_FORBIDDEN" in cloud.vm("GET", "instances/i-secret1").error


def test_delete_needs_the_mfa_code_and_nothing_else_does(cloud: Any) -> None:
    cloud.seed(*MACHINES, accounts=ACCOUNTS)
    cloud.keys = ("MFAKEY", "mfa-secret")
    assert cloud.vm("GET", "instances").http == 200
    assert cloud.vm("DELETE", "instances/i-web").error == "403 HTTP_FORBIDDEN: MFA verification required"
    cloud.token = "123456"
    assert cloud.vm("DELETE", "instances/i-web").http == 200


def test_an_unknown_region_is_an_invalid_argument(cloud: Any) -> None:
    answer = cloud.call("vm", "GET", "instances", region="cn-moon-1")
    assert answer.error == "400 INVALID_ARGUMENT: Invalid region 'cn-moon-1'"


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("vm", "GET", "instances/"),
        ("vpc", "GET", "elasticIps"),
        ("vm", "GET", "disks"),
        ("vm", "PUT", "instances/i-web"),
        ("nosuch", "GET", "instances"),
        ("vm", "POST", "instances/i-web:noSuchAction"),
    ],
)
def test_an_unknown_path_is_not_found(cloud: Any, service: str, method: str, path: str) -> None:
    answer = cloud.call(service, method, path)
    assert (answer.http, answer.body["error"]["status"]) == (404, "NOT_FOUND")


def test_a_documented_operation_that_is_missing_here_is_not_implemented(cloud: Any) -> None:
    assert "501 NOT_IMPLEMENTED" in cloud.vm("POST", "instances/i-web:resizeInstance", {}).error


def test_a_path_with_an_escaped_colon_is_the_same_path(cloud: Any) -> None:
    cloud.seed({"id": "i-web"})
    assert cloud.vm("POST", "instances/i-web%3AstopInstance", {}).http == 200


@pytest.mark.parametrize("text", ["{", "[1]", '"x"'])
def test_a_body_that_is_no_json_object_is_an_invalid_argument(cloud: Any, text: str) -> None:
    cloud.seed({"id": "i-web"})
    url = f"{cloud.url}/v1/regions/cn-north-1/instances/i-web:stopInstance"
    headers = cloud.headers("POST", "vm", url, text, "cn-north-1")
    assert cloud.session.post(url, data=text, headers=headers, timeout=10).json()["error"]["status"] == "INVALID_ARGUMENT"


def test_a_hundred_long_ids_fit_into_a_query(cloud: Any) -> None:
    query = "&".join(f"filters.1.values.{number}=i-{'x' * 100}{number}" for number in range(1, 101))
    assert cloud.vm("GET", f"instances?filters.1.name=instanceId&{query}").result["totalCount"] == 0


def test_nonsense_inside_a_body_is_an_error_envelope(cloud: Any) -> None:
    spec = {"name": "data", "az": "cn-north-1a", "diskSizeGB": "many"}
    answer = cloud.disk("POST", "disks", {"diskSpec": spec, "maxCount": 1, "clientToken": "t"})
    assert answer.error == "500 INTERNAL: Internal server error"
    assert cloud.vm("GET", "instances").http == 200


def test_request_ids_have_the_form_of_their_service(cloud: Any) -> None:
    assert re.fullmatch("[0-9a-f]{32}", cloud.vm("GET", "instances").body["requestId"])
    uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(uuid, cloud.vpc("GET", "elasticIps/").body["requestId"])
    assert re.fullmatch(uuid, cloud.disk("GET", "disks").body["requestId"])


def test_every_answer_carries_the_services_date(cloud: Any) -> None:
    def skew() -> float:
        return parsedate_to_datetime(cloud.vm("GET", "instances").headers["Date"]).timestamp() - time.time()

    assert abs(skew()) < 5
    cloud.control.configure(clock_skew_seconds=700)
    assert 695 < skew() < 705


def test_the_services_clock_can_go_ahead_with_all_that_is_under_way(cloud: Any) -> None:
    cloud.seed({"id": "i-a", "status": "running"}, settings={"stop_seconds": 100, "signature_window_seconds": 0})

    def days() -> float:
        date = parsedate_to_datetime(cloud.vm("GET", "instances").headers["Date"]).timestamp()
        return (date - time.time()) / 86400

    cloud.vm("POST", "instances/i-a:stopInstance")
    cloud.control.advance(50)
    assert abs(days()) < 0.001
    assert cloud.control.resource("i-a")["status"] == "stopping"
    cloud.control.advance(8 * 86400, wall=True)
    assert abs(days() - 8) < 0.001
    assert cloud.control.resource("i-a")["status"] == "stopped"


def test_a_moved_clock_refuses_clients_whose_own_was_not_moved(cloud: Any) -> None:
    cloud.control.advance(86400, wall=True)
    assert cloud.vm("GET", "instances").http == 401


def test_it_can_be_waited_for_a_call(cloud: Any) -> None:
    assert cloud.control.requests(operation="vm.describeInstances", wait=0.01) == []
    number = cloud.control.inject("throttle", operation="vm.describeInstances")
    timer = threading.Timer(0.2, lambda: cloud.vm("GET", "instances"))
    timer.start()
    (found,) = cloud.control.requests(operation="vm.*", fault="throttle", wait=30)
    timer.join()
    assert found["operation"] == "vm.describeInstances"
    assert cloud.control.requests(fault="hang") == []
    cloud.control.clear_faults(number)


def test_too_many_calls_are_throttled_per_account(cloud: Any) -> None:
    cloud.seed(*MACHINES, accounts=ACCOUNTS, settings={"rate_limit": 0.001, "burst": 3})
    cloud.keys = ("OWNERKEY", "owner-secret")
    answers = [cloud.vm("GET", "instances/i-web") for _each in range(4)]
    assert [answer.http for answer in answers] == [200, 200, 200, 429]
    assert answers[3].error == "429 RATE_LIMIT: Request rate limit exceeded"
    assert "Retry-After" not in answers[3].headers
    cloud.keys = ("READKEY", "read-secret")
    assert cloud.vm("GET", "instances/i-web").http == 200


def test_a_throttled_answer_may_say_when_to_come_back(cloud: Any) -> None:
    cloud.control.configure(rate_limit=0.001, retry_after_seconds=7)
    cloud.vm("GET", "instances")
    assert cloud.vm("GET", "instances").headers["Retry-After"] == "7"


def test_the_bucket_fills_at_its_rate_up_to_its_burst() -> None:
    bucket = Bucket()
    assert [bucket.take(0.0, 10, 2) for _each in range(3)] == [True, True, False]
    assert bucket.take(0.1, 10, 2)
    assert not bucket.take(0.1, 10, 2)
    assert [bucket.take(100.0, 10, 2) for _each in range(3)] == [True, True, False]


def test_the_burst_is_a_tenth_of_the_rate_at_least_one() -> None:
    bucket = Bucket()
    assert sum(bucket.take(0.0, 100, 0) for _each in range(50)) == 10
    slow = Bucket()
    assert sum(slow.take(0.0, 2, 0) for _each in range(50)) == 1


def test_latency_makes_every_call_take_so_long(cloud: Any) -> None:
    cloud.control.configure(latency_seconds=0.1)
    cloud.vm("GET", "instances")
    assert cloud.log()[-1]["seconds"] >= 0.1


def test_more_connections_than_allowed_are_closed() -> None:
    with EmulatorProcess(settings={"max_connections": 1}) as emulator, requests.Session() as first, requests.Session() as second:
        url = f"{emulator.url}/v1/regions/cn-north-1/instances"
        assert first.get(url, timeout=10).status_code == 401
        with pytest.raises(requests.ConnectionError):
            second.get(url, timeout=10)
        assert first.get(url, timeout=10).status_code == 401


def test_the_log_never_holds_secrets(cloud: Any) -> None:
    cloud.token = "secret-token"
    cloud.vm("GET", "instances")
    cloud.token = ""
    cloud.vm("GET", "instances")
    text = str(cloud.log())
    assert cloud.keys[1] not in text
    assert cloud.keys[0] not in text
    assert "secret-token" not in text
    assert cloud.log()[-1]["account"] == cloud.keys[0][-4:]
