# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of `jdcloud_elastic_ip` and `jdcloud_disk`, and what they are run on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.module.documentation import check
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Ended, Runner

KINDS = ["elastic_ip", "disk"]
WORDS = {"elastic_ip": "elastic IP", "disk": "disk"}
DELETES = {"elastic_ip": "vpc.deleteElasticIp", "disk": "disk.deleteDisk"}
READS = {"elastic_ip": "vpc.describeElasticIps", "disk": "disk.describeDisks"}
SINGLES = {"elastic_ip": "vpc.describeElasticIp", "disk": "disk.describeDisk"}
DONE = {"elastic_ip": "released", "disk": "recycled"}
GONE = {"elastic_ip": "absent", "disk": "in-recyclebin"}
HELD: dict[str, dict[str, Any]] = {
    "elastic_ip": {"status": "ASSOCIATED", "instanceId": "i-a"},
    "disk": {"status": "in-use", "attachments": [{"instanceId": "i-a", "status": "attached"}]},
}
PROTECTED = {"tags": [{"key": "jdcloud-protect", "value": "yes"}]}
PREPAID = {"charge": {"chargeMode": "prepaid_by_duration", "chargeStatus": "normal", "chargeExpiredTime": "2026-03-01 23:59:59"}}


class Remover:
    """Runs either module, and checks what holds always."""

    def __init__(self, cloud: MemoryCloud, run: Runner) -> None:
        self.cloud = cloud
        self._run = run

    def __call__(self, kind: str, *ids: str, check_mode: bool = False, **options: Any) -> Ended:
        chosen = {f"{kind}_ids": list(ids)} if ids else {}
        ended = self._run(f"jdcloud_{kind}", check=check_mode, **{"state": "absent", **chosen, **options})
        check(ended.result, f"jdcloud_{kind}")
        assert ended.result["changed"] == any(row["changed"] for row in rows(ended))
        assert [row[f"{kind}_id"] for row in rows(ended)] in ([], list(dict.fromkeys(map(str.strip, ids))))
        if check_mode:
            assert self.cloud.writes == []
        return ended

    def at_look(self, kind: str, number: int, change: Callable[[], object]) -> None:
        """Change something just before the look in bulk of this number is answered; the first one is the plan's."""
        response, looks = self.cloud.send, [0]

        def send(call: Any, *rest: Any) -> Any:
            looks[0] += call.operation == READS[kind]
            if call.operation == READS[kind] and looks[0] == number:
                change()
            return response(call, *rest)

        self.cloud.send = send


def rows(ended: Ended) -> list[dict[str, Any]]:
    """The elastic IPs or disks of a result."""
    return list(ended.result["elastic_ips"] if "elastic_ips" in ended.result else ended.result["disks"])


def row_of(ended: Ended) -> dict[str, Any]:
    """The only one."""
    (row,) = rows(ended)
    return row


def actions(ended: Ended) -> list[str]:
    """What was done with each."""
    return [row["action"] for row in rows(ended)]


def codes_of(ended: Ended, what: str = "blockers") -> list[list[str]]:
    """Codes of the blockers or warnings of each."""
    return [[finding["code"] for finding in row[what]] for row in rows(ended)]


def add(cloud: MemoryCloud, kind: str, asset_id: str, **fields: Any) -> dict[str, Any]:
    """A free elastic IP or disk."""
    return cloud.add_free_elastic_ip(asset_id, **fields) if kind == "elastic_ip" else cloud.add_free_disk(asset_id, **fields)


def exists(cloud: MemoryCloud, asset_id: str) -> bool:
    """Whether it exists and is not in the recycle bin."""
    return asset_id in cloud.elastic_ips or cloud.disks.get(asset_id, {}).get("status", "in-recyclebin") != "in-recyclebin"
