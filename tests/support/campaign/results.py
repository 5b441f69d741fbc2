# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of modules, as the role hands them to the steps of a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.input.decommission_variables import Options, parse_options
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.digest import Approval, covered_options, losses_of
from support.json_object import Json

NOW = datetime(2026, 11, 25, 8, 0, 0, tzinfo=UTC)
ACCOUNT = {"source": "environment", "access_key_suffix": "0001", "region": "cn-north-1"}
SUMMARY = {"api_calls": 2, "api_retries": 0, "api_throttled": 0, "seconds": 0.5}
GIVEN: Json = {
    **dict.fromkeys(("state", "region", "instance_ids", "name", "tags", "filters", "max_instances", "protect_tags"), ""),
    **dict.fromkeys(("stop_running", "start_again", "on_blocked", "backup", "backup_max_age", "allow_local_disk_loss"), ""),
    **dict.fromkeys(("disks", "elastic_ips", "waves", "max_failures", "tag_key", "due_only", "grace_days", "report_dir"), ""),
    **dict.fromkeys(("report_tags", "reason", "look_up_dns", "language", "group_members", "load_balancers"), ""),
    **dict.fromkeys(("drain_seconds", "allow_last_target"), ""),
    **dict.fromkeys(("campaign", "digest", "campaign_timeout", "wait_timeout", "backup_timeout", "poll_interval", "bill"), ""),
    **dict.fromkeys(("on_plan", "before_wave", "after_wave", "after_campaign"), ""),
    **dict.fromkeys(("exclude", "canary", "list_file", "empty_is_success"), ""),
    "prices": {},
}
"""The variables of the role, none of them given."""


def later(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def options(**variables: Any) -> Options:
    """The options of a campaign over some ids."""
    return parse_options({**GIVEN, "instance_ids": "i-a", **variables})


def approval(*ids: str, region: str = "cn-north-1", losses: Json | None = None, **variables: Any) -> Approval:
    """What a plan of these machines has approved, under these variables of the role. `losses`: names by machine."""
    wanted = options(**variables)
    lost = {each: frozenset(names) for each, names in (losses or {}).items()}
    return Approval(wanted.kind, region, covered_options(wanted), ids, lost)


def approval_of_machines(*machines: Json, **variables: Any) -> Approval:
    """What a plan has approved that shows these machines of `jdcloud_vm`."""
    return approval(*(each["instance_id"] for each in machines), losses=losses_of(machines), **variables)


def machine(instance_id: str, action: str = "deleted", **fields: Any) -> Json:
    """A machine as `jdcloud_vm` tells it; by default stopped, and deleted or to be deleted, with a disk and an address."""
    short = instance_id.removeprefix("i-")
    gone = action == "deleted"
    return {
        "instance_id": instance_id,
        "name": f"web {short}",
        "region": "cn-north-1",
        "az": "cn-north-1a",
        "instance_type": "g.n2.medium",
        "private_ip_address": "10.0.0.7",
        "tags": {"owner": "payments", "project": "harbor"},
        "status_before": "stopped",
        "status": "absent" if gone else "stopped",
        "action": action,
        "changed": gone,
        "blockers": [],
        "warnings": [],
        "error": None,
        "disks": [disk(f"vol-{short}", "deleted" if gone else None), disk(f"vol-{short}k", "kept" if gone else None)],
        "elastic_ips": [{"elastic_ip_id": f"fip-{short}", "address": "203.0.113.7", "fate": "released" if gone else None}],
        "network_interfaces": [],
        "backups": [],
        **fields,
    }


def disk(disk_id: str, fate: str | None) -> Json:
    """A cloud disk."""
    return {"disk_id": disk_id, "device": "vda", "category": "cloud", "size_gb": 40, "auto_delete": True, "fate": fate}


def blocked(instance_id: str, *codes: str) -> Json:
    """A machine that may not go."""
    return machine(instance_id, "blocked", blockers=[{"code": code, "message": f"It is {code}."} for code in codes])


def failed(instance_id: str, code: str = "api", status: str = "stopped", **fields: Any) -> Json:
    """A machine whose deletion failed."""
    error = {"code": code, "operation": None, "http": None, "status": None, "message": "It failed.", "request_id": None}
    return machine(instance_id, "failed", error=error, status=status, **fields)


def not_found(instance_id: str) -> Json:
    """An id that does not exist."""
    warning = {"code": "not_found", "message": "It does not exist."}
    nothing: Json = {"disks": [], "elastic_ips": [], "name": None}
    return machine(instance_id, "none", status_before="absent", status="absent", warnings=[warning], **nothing)


def vm_result(instances: Sequence[Json], **fields: Any) -> Json:
    """A result of `jdcloud_vm`."""
    return {"account": ACCOUNT, "instances": list(instances), "summary": SUMMARY, **fields}


def entry(instance_id: str, action: str = "created", **fields: Any) -> Json:
    """A machine of a manifest."""
    image = {"image_id": f"img-{instance_id}", "status": "ready", "created": "2026-11-25T08:00:00+00:00", "campaign": "c"}
    return {
        "instance_id": instance_id,
        "status": "stopped",
        "stopped_by_us": False,
        "action": action,
        "specification": {"instance_type": "g.n2.medium"},
        "image": image if action in ("created", "reused") else None,
        "snapshots": [],
        "blockers": [],
        "warnings": [],
        "error": None,
        **fields,
    }


def manifest(*entries: Json) -> Json:
    """A manifest."""
    return {"format": "jdcloud.cloud/manifest/1", "campaign": "c", "state": "complete", "machines": list(entries)}


def release_results(disks: dict[str, str] | None = None, elastic_ips: dict[str, str] | None = None, **fields: Any) -> Json:
    """A result of `jdcloud_disk` or `jdcloud_elastic_ip`: the status of each now."""
    rows = [{"disk_id": key, "status_before": status, "status": status} for key, status in (disks or {}).items()]
    ips = [{"elastic_ip_id": key, "status_before": status, "status": status} for key, status in (elastic_ips or {}).items()]
    return {"disks": rows, "elastic_ips": ips, "summary": SUMMARY, **fields}
