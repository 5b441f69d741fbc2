# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the vm service that make machines (API revision 1.6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls import Call, action
from ..fields import Json, MalformedResponse, required_id


def create_instances(spec: Mapping[str, Any], client_token: str) -> Call[str]:
    """Begin to make one machine after an instanceSpec; returns its id. -> pending -> running, or error and then gone.

    The service makes one machine for one ``client_token``, however often it is sent (fact limits-client-tokens).
    """
    body = {"instanceSpec": dict(spec), "maxCount": 1, "clientToken": client_token}
    return action("vm.createInstances", "/instances", body, _only_id)


def _only_id(result: Json) -> str:
    ids = result.get("instanceIds")
    if not isinstance(ids, list) or len(ids) != 1:
        raise MalformedResponse("instanceIds is no list of one id")
    return required_id({"instanceIds": ids[0]}, "instanceIds")
