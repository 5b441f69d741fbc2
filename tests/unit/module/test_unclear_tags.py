# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of tags whose answer was lost, and no read that tells what came of them."""

from __future__ import annotations

from typing import Any

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import ApiError, TransportError
from support.json_object import Json
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner


def tagged(cloud: MemoryCloud, run: Runner, *, reads: bool, effect: bool, lost: bool = True) -> Json:
    """What a run says of a machine whose tag was set; afterwards it can be read or not."""
    machine = cloud.add("i-a")
    response, sent = cloud.send, []

    def send(call: Any, *rest: Any) -> Any:
        if call.operation == "resourcetag.tagResources":
            sent.append(call)
            if effect:
                machine["tags"] = call.body["tagResources"]["tags"]
            if lost:
                raise TransportError("Lost.", operation=call.operation, kind="reset", sent=True)
            raise ApiError(call.operation, 403, "HTTP_FORBIDDEN", "no right", "req-403")
        if sent and not reads:
            raise ApiError(call.operation, 403, "HTTP_FORBIDDEN", "no right", "req-403")
        return response(call, *rest)

    cloud.send = send
    return run("jdcloud_tag", instance_ids=["i-a"], set={"team": "harbor"}, api_retries=1).only


def test_a_tag_that_cannot_be_read_after_a_lost_answer_may_be_set(cloud: MemoryCloud, run: Runner) -> None:
    row = tagged(cloud, run, reads=False, effect=True)
    assert (row["action"], row["changed"], row["error"]["code"]) == ("failed", True, "unverified")


def test_its_error_says_that_a_change_was_sent(cloud: MemoryCloud, run: Runner) -> None:
    message = tagged(cloud, run, reads=False, effect=True)["error"]["message"]
    assert "The change was sent, but the response was not clear, so it may have taken effect" in message


def test_a_tag_that_is_read_back_after_a_lost_answer_is_set(cloud: MemoryCloud, run: Runner) -> None:
    row = tagged(cloud, run, reads=True, effect=True)
    assert (row["action"], row["tags"]) == ("tagged", {"team": "harbor"})


def test_a_read_right_after_a_lost_answer_does_not_show_that_nothing_was_set(cloud: MemoryCloud, run: Runner) -> None:
    row = tagged(cloud, run, reads=True, effect=False)
    assert (row["action"], row["changed"], row["error"]["code"]) == ("failed", True, "unverified")


def test_a_refused_change_is_no_change(cloud: MemoryCloud, run: Runner) -> None:
    row = tagged(cloud, run, reads=True, effect=False, lost=False)
    assert (row["action"], row["changed"], row["error"]["code"]) == ("failed", False, "api")
