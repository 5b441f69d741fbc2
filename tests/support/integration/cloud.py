# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cloud for one test: the emulator with its own fleet, the modules, and what the request log proves.

Every run of a module is checked for what holds always: exactly the documented keys, no secret and no traceback in its
output, as many requests as it says, and no delete without a fresh look at the machine before.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jdcloud_emulator.control import ControlClient
from jdcloud_emulator.process import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, EmulatorProcess
from support.json_object import Json
from support.leaps import Leaps
from support.run_module import Output, run_here

REGION = "cn-north-1"
COLLECTIONS = Path(__file__).resolve().parents[3] / ".venv" / "collections"
FAST: Json = {
    "stop_seconds": 0.15,
    "start_seconds": 0.15,
    "delete_seconds": 0.15,
    "reboot_seconds": 0.15,
    "create_seconds": 0.15,
    "attach_seconds": 0.1,
    "detach_seconds": 0.1,
}
"""Durations of transitions in seconds, short enough for hundreds of tests."""
QUICK: Json = {"poll_interval": 0.2, "wait_timeout": 20}
"""Options of jdcloud_vm that suit such durations."""
POSTED_READS = {"billing.describeBillDetails", "resourcetag.describeKeys"}
GATE_SECONDS = 5.0
"""Rule 6: the observation that a delete rests on is at most this old when the request leaves."""

RESULT_KEYS = {"changed", "account", "instances", "summary", "retained", "dns_unread", "diff"}
ACCOUNT_KEYS = {"source", "access_key_suffix", "region", "pin", "account_id"}
INSTANCE_KEYS = {
    *("instance_id", "name", "region", "status_before", "status", "action", "changed", "blockers", "warnings", "error"),
    *("disks", "elastic_ips", "network_interfaces", "backups", "az", "instance_type", "private_ip_address"),
    *("tags", "repeated_tags", "dns_records", "load_balancer_targets"),
}
SUMMARY_KEYS = {
    *("selected", "changed", "deleted", "already_absent", "not_found", "stopped", "started", "unchanged", "blocked", "failed"),
    *("api_calls", "api_retries", "api_throttled", "seconds"),
}
ERROR_KEYS = {"code", "operation", "http", "status", "message", "request_id"}
PARTS = {
    "blockers": {"code", "message"},
    "warnings": {"code", "message"},
    "disks": {"disk_id", "device", "category", "size_gb", "auto_delete", "fate"},
    "elastic_ips": {"elastic_ip_id", "address", "fate"},
    "network_interfaces": {"network_interface_id", "role", "auto_delete"},
    "backups": {"type", "id", "status", "created", "campaign"},
    "dns_records": {"zone", "zone_id", "zone_type", "name", "type", "value", "status"},
    "load_balancer_targets": {
        *("load_balancer_id", "load_balancer_name", "type", "target_group_id", "backend_ids", "target_id"),
        *("availability_group_id", "address", "port", "weight", "fate"),
    },
}
RETAINED = {
    "disks": {"disk_id", "instance_id", "size_gb", "fate"},
    "elastic_ips": {"elastic_ip_id", "address", "instance_id", "fate"},
}
ADDED_BY_ANSIBLE = {"invocation", "failed", "msg", "warnings", "deprecations", "exception"}


def wait_until(condition: Callable[[], bool], what: str, timeout: float = 120.0) -> None:
    """Return as soon as `condition` holds. Fails the test with `what` after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {timeout:g} s"
        time.sleep(0.01)


@dataclass(frozen=True)
class Ended:
    """A module run that has ended: its result, exit status and the seconds that passed, those that time leapt among them."""

    result: Json
    status: int
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether the task failed."""
        return self.status != 0

    @property
    def msg(self) -> str:
        """The one sentence of a failed task."""
        return str(self.result["msg"])

    @property
    def summary(self) -> Json:
        """Counts."""
        return dict(self.result["summary"])

    @property
    def warnings(self) -> list[str]:
        """Warnings of the task."""
        return [str(warning) for warning in self.result.get("warnings", [])]

    @property
    def actions(self) -> dict[str, str]:
        """Action by machine."""
        return {machine["instance_id"]: machine["action"] for machine in self.result["instances"]}

    @property
    def only(self) -> Json:
        """The one machine of the result."""
        (machine,) = self.result["instances"]
        return dict(machine)

    @property
    def error(self) -> Json:
        """The error of the one machine."""
        error = self.only["error"]
        assert error is not None, self.only
        return dict(error)

    def machine(self, instance_id: str) -> Json:
        """One machine of the result."""
        return next(dict(each) for each in self.result["instances"] if each["instance_id"] == instance_id)

    def blockers(self, instance_id: str | None = None) -> list[str]:
        """Codes of the blockers of a machine, or of the only one."""
        machine = self.only if instance_id is None else self.machine(instance_id)
        return [str(blocker["code"]) for blocker in machine["blockers"]]

    def fates(self, what: str = "disks") -> dict[str, str | None]:
        """Fates of `disks` or `elastic_ips` of the only machine, by id (a local disk by its device)."""
        key = {"disks": "disk_id", "elastic_ips": "elastic_ip_id"}[what]
        return {row[key] or row["device"]: row["fate"] for row in self.only[what]}


class Cloud:
    """The emulator as one test sees it."""

    def __init__(self, emulator: EmulatorProcess, home: Path) -> None:
        self.control: ControlClient = emulator.control
        self.url = emulator.url
        self.home = home
        self.leaps = Leaps(emulator.control)
        self.runs_as: Callable[..., Output] = partial(run_here, leaps=self.leaps)
        """How modules run: in this process, without waiting, or by `run_alone` in one of their own."""
        self._environment = emulator.environment()

    # --- the fleet ------------------------------------------------------------------------------------------------

    def seed(
        self,
        *machines: Json,
        accounts: list[Json] | None = None,
        disks: list[Json] | None = None,
        elastic_ips: list[Json] | None = None,
        images: list[Json] | None = None,
        snapshots: list[Json] | None = None,
        groups: list[Json] | None = None,
        load_balancers: list[Json] | None = None,
        zones: list[Json] | None = None,
        domains: list[Json] | None = None,
        **settings: Any,
    ) -> None:
        """Start again with these machines and whatever else is given; `settings` are the emulator's."""
        given = {"disks": disks, "elastic_ips": elastic_ips, "snapshots": snapshots, "images": images}
        given |= {"groups": groups, "load_balancers": load_balancers}
        region = {"instances": list(machines), **{kind: rows or [] for kind, rows in given.items()}}
        names = {"zones": zones or [], "domains": domains or []}
        seed: Json = {"regions": {REGION: region}, "dns": names, "settings": {**FAST, **settings}}
        if accounts is not None:
            seed["accounts"] = accounts
        self.control.reset(seed)

    def exists(self, resource_id: str) -> bool:
        """Whether a machine, disk or elastic IP exists."""
        return self.control.resource(resource_id) is not None

    def status(self, resource_id: str) -> str | None:
        """The true status of a resource, None when it is gone."""
        found = self.control.resource(resource_id)
        return None if found is None else str(found["status"])

    def auto_delete(self, instance_id: str, disk_id: str) -> bool:
        """The true delete attribute of a data disk of a machine."""
        found = self.control.resource(instance_id)
        assert found is not None
        slots = {slot["cloudDisk"]["diskId"]: slot for slot in found["dataDisks"] if slot.get("cloudDisk")}
        return bool(slots[disk_id].get("autoDelete"))

    # --- the request log ------------------------------------------------------------------------------------------

    def calls(self, operation: str | None = None, resource: str | None = None) -> list[Json]:
        """Requests that arrived, oldest first; both may be globs."""
        return self.control.requests(operation=operation, resource=resource)

    def writes(self) -> list[str]:
        """Operations of all requests that could change something, in their order."""
        changing = [entry for entry in self.calls() if entry["method"] != "GET" and entry["operation"] not in POSTED_READS]
        return [str(entry["operation"]) for entry in changing]

    def effects(self, operation: str | None = None, resource: str | None = None) -> int:
        """How many requests took effect."""
        return sum(entry["effect"] == "applied" for entry in self.calls(operation, resource))

    # --- runs -----------------------------------------------------------------------------------------------------

    def environment(self, changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """The environment of a module: keys of the emulator, an empty home, nothing of the caller's keys or proxies."""
        inherited = {name: value for name, value in os.environ.items() if not _is_foreign(name)}
        environment: dict[str, str | None] = {
            **inherited,
            **self._environment,
            "HOME": str(self.home),
            "PYTHONPATH": str(COLLECTIONS),
            **(changes or {}),
        }
        return {name: value for name, value in environment.items() if value is not None}

    def vm(
        self,
        state: str,
        *ids: str,
        check: bool = False,
        environment: Mapping[str, str | None] | None = None,
        **options: Any,
    ) -> Ended:
        """Run jdcloud_vm; `options` beat QUICK ones."""
        chosen = {"instance_ids": list(ids)} if ids else {}
        before = self._count()
        ended = self._run("jdcloud_vm", {**QUICK, **chosen, "state": state, **options}, check, environment)
        check_result(ended.result)
        # A run that ended in its arguments does not know yet that it is a preview.
        assert ("check_mode" in ended.result) == check or (check and ended.failed)
        assert ended.summary["api_calls"] == self._count() - before, "api_calls counts every request sent"
        self.check_deletes()
        if check:
            assert self.writes() == [], "check mode sends no write"
        return ended

    def vm_info(self, *ids: str, environment: Mapping[str, str | None] | None = None, **options: Any) -> Ended:
        """Run jdcloud_vm_info."""
        chosen = {"instance_ids": list(ids)} if ids else {}
        ended = self._run("jdcloud_vm_info", {**chosen, **options}, False, environment)
        assert self.writes() == []
        return ended

    def check_deletes(self) -> None:
        """Rule 6: before each delete a bulk read by ids that began after the previous try, at most 5 s earlier; no flag."""
        log = self.calls()
        for place, entry in enumerate(log):
            if entry["operation"] != "vm.deleteInstance":
                continue
            assert entry["query"] == "", "elastic IPs are never deleted by the flag"
            (instance_id, *_more) = entry["resources"]
            look = last_look(log[:place], instance_id, "vm.deleteInstance", "vm.describeInstances")
            assert look is not None, f"{instance_id} was deleted without a look since the last try"
            assert entry["time"] - look["time"] <= GATE_SECONDS

    def _count(self) -> int:
        return int(self.control.health()["requests"])

    def _run(self, module: str, options: Json, check: bool, environment: Mapping[str, str | None] | None) -> Ended:
        arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": True}
        began = self.leaps.now()
        ended = self.runs_as(module, arguments, self.environment(environment), self.home)
        seconds = self.leaps.now() - began
        text = ended.stdout + ended.stderr
        assert "Traceback" not in text, text
        assert DEFAULT_SECRET_KEY not in text
        result: Json = json.loads(ended.stdout)
        assert bool(result.get("failed")) == (ended.status != 0)
        if "msg" in result:
            check_sentence(str(result["msg"]))
        return Ended(result, ended.status, seconds)


def _is_foreign(name: str) -> bool:
    return name.startswith(("JDCLOUD_", "ANSIBLE_")) or name.lower().endswith("_proxy") or name.endswith("_CA_BUNDLE")


def last_look(log: list[Json], resource: str, delete: str, read: str) -> Json | None:
    """The newest bulk read by ids that names the machine or other resource, unless a delete of it was tried since."""
    for entry in reversed(log):
        if entry["operation"] == delete and resource in entry["resources"]:
            return None
        # The value ends at the next parameter or at the end, so that i-a does not match i-ab.
        named = f"={resource}&" in f"{unquote(entry['query'])}&"
        if entry["operation"] == read and named and entry["http"] == 200:
            return entry
    return None


def check_sentence(text: str) -> None:
    """A message for people: one line that ends with a full stop."""
    assert "\n" not in text, text
    assert text.endswith("."), text


def check_result(result: Json) -> None:
    """Exactly the documented keys of jdcloud_vm, at every level."""
    assert set(result) - ADDED_BY_ANSIBLE - {"check_mode"} == RESULT_KEYS
    assert set(result["account"]) == ACCOUNT_KEYS
    assert set(result["summary"]) == SUMMARY_KEYS
    for machine in result["instances"]:
        assert set(machine) == INSTANCE_KEYS
        assert machine["error"] is None or set(machine["error"]) == ERROR_KEYS
        for part, keys in PARTS.items():
            assert all(set(row) == keys for row in machine[part]), machine[part]
    assert set(result["retained"]) == set(RETAINED)
    for part, keys in RETAINED.items():
        assert all(set(row) == keys for row in result["retained"][part])
    assert set(result["diff"]) == {"before", "after"}
    assert all(set(side) == {"instances"} for side in result["diff"].values())


def account(**fields: Any) -> Json:
    """The emulator's default account with more fields: denied, hidden, mfa, pin, account_id, tokens."""
    return {"name": "main", "access_key": DEFAULT_ACCESS_KEY, "secret_key": DEFAULT_SECRET_KEY, **fields}


def stopped(instance_id: str, **fields: Any) -> Json:
    """A stopped machine of a seed."""
    return {"id": instance_id, "name": instance_id, "status": "stopped", **fields}


def allowing_stops(state: str) -> Json:
    """Options with which a running machine is no blocker; other states than `absent` refuse the option."""
    return {"stop_running": True} if state == "absent" else {}


def running(instance_id: str, **fields: Any) -> Json:
    """A running machine of a seed."""
    return {"id": instance_id, "name": instance_id, "status": "running", **fields}
