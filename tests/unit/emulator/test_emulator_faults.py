# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand, another user at work, and what the log tells about them."""

from __future__ import annotations

import threading
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from jdcloud_emulator.control import ControlError

STOP = "instances/i-web:stopInstance"


@pytest.fixture(autouse=True)
def one_machine(cloud: Any) -> None:
    """All stories here are about a running machine and a friend of it."""
    cloud.seed({"id": "i-web", "disks": [{"id": "vol-a"}]}, {"id": "i-other"}, disks=[{"id": "vol-free"}])


def stop(cloud: Any, instance_id: str = "i-web") -> Any:
    return cloud.vm("POST", f"instances/{instance_id}:stopInstance", {})


def test_an_error_answer_without_effect(cloud: Any) -> None:
    cloud.control.inject("error", operation="vm.stopInstance", http=503, status="UNAVAILABLE", message="later")
    assert stop(cloud).error == "503 UNAVAILABLE: later"
    assert cloud.log("vm.stopInstance")[0]["effect"] == "none"
    assert cloud.status("i-web") == "running"
    assert stop(cloud).http == 200


def test_an_error_answer_after_the_effect(cloud: Any) -> None:
    cloud.control.inject("error", operation="vm.stopInstance", effect="before")
    assert stop(cloud).error == "500 UNKNOWN: Unknown server error"
    assert cloud.log("vm.stopInstance")[0]["effect"] == "applied"
    assert cloud.status("i-web") == "stopping"


@pytest.mark.parametrize(
    ("kind", "state", "effect"), [("close_before", "running", "none"), ("close_after", "stopping", "applied")]
)
def test_a_closed_connection_before_or_after_the_effect(cloud: Any, kind: str, state: str, effect: str) -> None:
    cloud.control.inject(kind, operation="vm.stopInstance")
    with pytest.raises(requests.ConnectionError):
        stop(cloud)
    entry = cloud.log("vm.stopInstance")[0]
    assert (entry["effect"], entry["fault"], entry["http"]) == (effect, kind, 0)
    assert cloud.status("i-web") == state


def test_time_leaps_for_transitions_dates_and_the_log(cloud: Any) -> None:
    before = cloud.vm("GET", "instances/i-web").headers["Date"]
    cloud.control.configure(stop_seconds=100)
    stop(cloud)
    assert cloud.control.leap(40) == 40
    assert cloud.status("i-web") == "stopping"
    assert cloud.control.leap(61) == 101
    assert cloud.status("i-web") == "stopped"
    after = cloud.vm("GET", "instances/i-web").headers["Date"]
    assert (parsedate_to_datetime(after) - parsedate_to_datetime(before)).total_seconds() >= 100
    first, *_others, last = cloud.log("vm.*")
    assert 101 < last["time"] - first["time"] < 200
    assert 101 < last["wall"] - first["wall"] < 200


def test_time_leaps_no_further_than_to_the_first_answer_that_is_kept_back(cloud: Any) -> None:
    cloud.control.inject("delay", operation="vm.stopInstance", seconds=500)
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(stop(cloud)))
    thread.start()
    assert cloud.control.requests(operation="vm.stopInstance", wait=30)
    assert cloud.control.leap(9, kept=0) == 0, "a call is kept waiting of which the client does not know"
    assert cloud.control.leap(9, kept=2) == 0, "the other call may be on its way"
    assert cloud.control.leap(9, kept=1) == 9
    assert 400 < cloud.control.leap(9999, kept=1) <= 500
    thread.join(30)
    assert answers[0].http == 200
    assert 500 <= cloud.log("vm.stopInstance")[0]["seconds"] < 600


def test_throttling_on_demand(cloud: Any) -> None:
    cloud.control.inject("throttle", method="POST", times=2)
    assert [stop(cloud).http for _each in range(3)] == [429, 429, 200]


def test_garbage_has_the_effect_and_no_json(cloud: Any) -> None:
    cloud.control.inject("garbage", operation="vm.stopInstance")
    answer = cloud.send("vm", "POST", STOP, {})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert "Bad Gateway" in answer.text
    assert cloud.status("i-web") == "stopping"


def test_an_answer_without_its_request_id(cloud: Any) -> None:
    cloud.control.inject("no_request_id", operation="vm.describeInstance", times=2)
    answer = cloud.vm("GET", "instances/i-none")
    assert answer.http == 404
    assert "requestId" not in answer.body
    assert "x-jdcloud-request-id" not in answer.headers
    assert set(cloud.vm("GET", "instances/i-web").body) == {"result"}


def test_a_cut_off_body_is_shorter_than_it_says(cloud: Any) -> None:
    cloud.control.inject("cut_off", operation="vm.describeInstance")
    with pytest.raises(requests.exceptions.RequestException):
        cloud.vm("GET", "instances/i-web")


def test_a_huge_body_is_as_big_as_asked_for(cloud: Any) -> None:
    cloud.control.inject("huge", operation="vm.describeInstance", megabytes=3)
    assert len(cloud.send("vm", "GET", "instances/i-web").content) > 3 << 20


def test_a_redirect_has_no_effect(cloud: Any) -> None:
    cloud.control.inject("redirect", location="http://127.0.0.1:9/elsewhere")
    answer = cloud.send("vm", "POST", STOP, {})
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:9/elsewhere")
    assert cloud.status("i-web") == "running"


def test_a_call_that_hangs_ends_when_the_client_gives_up(cloud: Any) -> None:
    cloud.control.inject("hang", operation="vm.describeInstance")
    url = f"{cloud.url}/v1/regions/cn-north-1/instances/i-web"
    headers = cloud.headers("GET", "vm", url, "", "cn-north-1")
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(url, headers=headers, timeout=0.2)
    assert cloud.vm("GET", "instances/i-web").http == 200


def test_a_delay_before_the_effect_and_one_after_it(cloud: Any) -> None:
    """Whether the effect has come is seen from a second connection, while the first still waits."""
    for moment, expected in (("after", "stopping"), ("before", "running")):
        cloud.control.reset()
        cloud.seed({"id": "i-web"})
        cloud.control.inject("delay", operation="vm.stopInstance", seconds=30, moment=moment)
        url = f"{cloud.url}/v1/regions/cn-north-1/{STOP}"
        headers = cloud.headers("POST", "vm", url, "{}", "cn-north-1")
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.post(url, data="{}", headers=headers, timeout=0.3)
        assert cloud.status("i-web") == expected


def test_a_short_delay_answers_in_the_end(cloud: Any) -> None:
    cloud.control.inject("delay", operation="vm.describeInstance", seconds=0.2)
    assert cloud.vm("GET", "instances/i-web").http == 200
    assert cloud.log("vm.describeInstance")[0]["seconds"] >= 0.2


def test_lists_that_lie(cloud: Any) -> None:
    def listed() -> tuple[list[str], int]:
        result = cloud.vm("GET", "instances").result
        return [one["instanceId"] for one in result["instances"]], result["totalCount"]

    cloud.control.inject("wrong_total", operation="vm.describeInstances", by=-1)
    assert listed() == (["i-web", "i-other"], 1)
    cloud.control.inject("drop_rows", operation="vm.describeInstances")
    assert listed() == (["i-web"], 2)
    cloud.control.inject("drop_rows", operation="vm.describeInstances", ids=["i-web"])
    assert listed() == (["i-other"], 2)
    cloud.control.inject("drop_rows", operation="vm.describeInstances", count=0, repeat=1)
    assert listed() == (["i-web", "i-other", "i-web"], 2)
    cloud.control.inject("empty_list", operation="vm.describeInstances", total=0)
    assert listed() == ([], 0)
    assert listed() == (["i-web", "i-other"], 2)


def test_a_transition_that_hangs_until_another_user_ends_it(cloud: Any) -> None:
    cloud.control.inject("transition_hangs", operation="vm.stopInstance", resource="i-web")
    stop(cloud)
    cloud.control.advance(10_000)
    assert cloud.status("i-web") == "stopping"
    cloud.control.act("set_status", "i-web", status="stopped")
    assert cloud.status("i-web") == "stopped"


def test_a_transition_that_fails_and_one_that_takes_long(cloud: Any) -> None:
    cloud.control.inject("transition_fails", operation="vm.stopInstance", resource="i-web")
    cloud.control.inject("transition_takes", operation="vm.stopInstance", resource="i-other", seconds=500)
    stop(cloud)
    stop(cloud, "i-other")
    cloud.control.advance(499)
    assert (cloud.status("i-web"), cloud.status("i-other")) == ("error", "stopping")
    cloud.control.advance(2)
    assert cloud.status("i-other") == "stopped"


def test_a_fault_waits_for_its_turn_and_ends(cloud: Any) -> None:
    number = cloud.control.inject("throttle", operation="vm.describe*", after=1, times=2)
    assert [cloud.vm("GET", "instances").http for _each in range(5)] == [200, 429, 429, 200, 200]
    fault = cloud.control.faults()[0]
    assert (fault["number"], fault["matched"], fault["fired"]) == (number, 5, 2)
    cloud.control.inject("throttle", times=0)
    assert [cloud.vm("GET", "instances").http for _each in range(3)] == [429] * 3
    cloud.control.clear_faults()
    assert cloud.vm("GET", "instances").http == 200
    assert cloud.control.faults() == []


def test_a_fault_is_about_one_resource_only(cloud: Any) -> None:
    cloud.control.inject("error", resource="i-o*", times=0)
    assert [cloud.vm("GET", f"instances/{one}").http for one in ("i-web", "i-other")] == [200, 500]
    cloud.control.clear_faults()
    cloud.control.inject("error", resource="vol-free")
    assert cloud.vm("POST", "instances/i-web:attachDisk", {"diskId": "vol-free"}).http == 500


def test_a_probability_is_met_the_same_way_each_time(cloud: Any) -> None:
    def story() -> list[int]:
        cloud.seed({"id": "i-web"})
        cloud.control.inject("throttle", probability=0.5, times=0)
        return [cloud.vm("GET", "instances/i-web").http for _each in range(20)]

    first = story()
    assert {200, 429} == set(first)
    assert story() == first


@pytest.mark.parametrize("wanted", [{"kind": "nonsense"}, {"kind": "delay", "colour": "red"}])
def test_a_fault_that_makes_no_sense_is_refused(cloud: Any, wanted: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match="nonsense|colour"):
        cloud.control.inject(**wanted)


# --- the log ------------------------------------------------------------------------------------------------------


def test_the_log_tells_what_was_called_and_what_came_of_it(cloud: Any) -> None:
    cloud.vm("GET", "instances?pageSize=10")
    answer = stop(cloud)
    stop(cloud)
    entries = cloud.log()
    text = [(one["operation"], one["method"], one["http"], one["status"], one["effect"]) for one in entries]
    assert text == [
        ("vm.describeInstances", "GET", 200, "", "read"),
        ("vm.stopInstance", "POST", 200, "", "applied"),
        ("vm.stopInstance", "POST", 400, "FAILED_PRECONDITION", "refused"),
    ]
    assert entries[0]["query"] == "pageSize=10"
    assert entries[1]["resources"] == ["i-web"]
    assert entries[1]["request_id"] == answer.body["requestId"]
    assert entries[0]["connection"] == entries[1]["connection"]
    assert cloud.control.requests(since=entries[1]["number"]) == entries[2:]
    assert len(cloud.control.requests(resource="i-*")) == 2
    cloud.control.clear_requests()
    assert cloud.log() == []


def test_calls_at_the_same_time_use_connections_of_their_own(cloud: Any) -> None:
    cloud.control.configure(latency_seconds=0.2)
    threads = [threading.Thread(target=type(cloud)(cloud.url).vm, args=("GET", "instances")) for _each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one["connection"] for one in cloud.log()}) == 3
