# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings and quotas of the emulator, its clock, and the error that becomes an error answer.

What the vendor does not publish is a setting here, so that a client can be tested against each possibility: facts
deletions-recycle-bin, deletions-code-refused, disks-unknown-id, disks-new-attribute, elastic-ips-release-refused, states-unnamed,
requests-host-name, requests-booleans-accepted, requests-page-size-refused, requests-empty-members, tags-failure-form,
bills-fee-form, accounts-sub-users, accounts-pin-of-tags, signature-clock, errors-empty-answer, errors-rate-limit,
groups-health-check, groups-pace, groups-abandon-unknown, groups-list, surroundings-targets-left, load-balancers-weight-zero,
load-balancers-unchecked, dns-pages, monitor-batch, monitor-no-data, monitor-cpu-name, monitor-metric-object and
monitor-bulk-values.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

BEIJING = timezone(timedelta(hours=8))


class ApiError(Exception):
    """An error of the emulated service: HTTP code, status word and message of the error envelope.

    `gateway` tells that the gateway refused the call, not the service: body order and request id differ.
    """

    def __init__(self, http: int, status: str, message: str, gateway: bool = False) -> None:
        super().__init__(f"{http} {status}: {message}")
        self.http = http
        self.status = status
        self.message = message
        self.gateway = gateway


class UsageError(Exception):
    """The emulator itself was used wrongly: a bad seed, setting, fault or action."""


def setting(default: Any, text: str) -> Any:
    """One setting: its default and what it means."""
    return dataclasses.field(default=default, metadata={"text": text})  # pylint: disable=invalid-field-call


@dataclass
class Settings:
    """All settings. Durations are simulated seconds; `time_scale` of them pass in one real second."""

    time_scale: float = setting(1.0, "simulated seconds per real second; makes transitions faster, not the wall clock")
    rate_limit: float = setting(0.0, "calls per second and account before 429 RATE_LIMIT; 0 is no limit")
    burst: float = setting(0.0, "calls that may come at once under rate_limit; 0 is a tenth of rate_limit, at least 1")
    retry_after_seconds: int = setting(0, "header Retry-After of a throttled answer; 0 leaves it out")
    latency_seconds: float = setting(0.0, "real seconds that every call takes, half before and half after its effect")
    max_connections: int = setting(0, "connections served at once, more are closed; 0 is no limit")
    clock_skew_seconds: float = setting(0.0, "seconds by which the service's clock, Date included, is ahead")
    create_seconds: float = setting(5.0, "instance pending -> running")
    start_seconds: float = setting(5.0, "instance starting -> running")
    stop_seconds: float = setting(5.0, "instance stopping -> stopped")
    reboot_seconds: float = setting(5.0, "instance rebooting -> running")
    delete_seconds: float = setting(5.0, "instance deleting -> gone")
    image_seconds: float = setting(30.0, "image pending -> ready")
    image_delete_seconds: float = setting(1.0, "image deleting -> gone")
    snapshot_seconds: float = setting(10.0, "snapshot creating -> available")
    snapshot_delete_seconds: float = setting(1.0, "snapshot deleting -> gone")
    disk_create_seconds: float = setting(1.0, "disk creating -> available")
    disk_delete_seconds: float = setting(1.0, "disk deleting -> gone")
    disk_change_seconds: float = setting(1.0, "disk extending or restoring -> available")
    attach_seconds: float = setting(1.0, "disk attaching -> attached")
    detach_seconds: float = setting(1.0, "disk detaching -> gone from the machine")
    disk_deletion_lag_seconds: float = setting(0.0, "a disk that dies with its machine stays deleting for so long after it")
    jitter: float = setting(0.0, "each duration varies by up to this share, 0 to 1, reproducibly")
    random_seed: int = setting(1, "seed of jitter, fault probabilities and request ids")
    signature_window_seconds: float = setting(900.0, "a signature's date may be off by so much; 0 accepts any date")
    check_nonce: bool = setting(True, "a repeated x-jdcloud-nonce is refused")
    page_size_check: str = setting("all", "who refuses an unfit page size: all, vm or none; the others cut it")
    unknown_disk_delete: str = setting("not_found", "deleteDisk of an unknown id: 'not_found' or 'ignored'")
    hostname_key: str = setting("hostname", "field of an instance for its host name: hostname or hostName")
    booleans: str = setting("any", "query booleans: 'any' case is accepted, or 'lower' case only")
    image_middle_state: str = setting("", "a state of images between pending and ready; empty: there is none")
    image_progress: bool = setting(True, "images carry progress while pending")
    omit_false_auto_delete: bool = setting(False, "vm leaves autoDelete out when it is false")
    vm_empty_fields: str = setting("missing", "empty fields of vm answers: 'missing' or 'null'")
    disk_empty_lists: str = setting("null", "empty lists of disk answers: 'null' or 'empty'")
    empty_result: str = setting("object", "result of an operation without data: 'object' ({}) or 'missing'")
    failed_resources: str = setting("list", "failedResourcesMap: 'list' of {resourceId, msg} or 'object' {id: msg}")
    tag_failures: str = setting("", "resource ids, separated by blanks, whose tags cannot be changed")
    instance_recycle_bin: bool = setting(False, "deleted instances stay, in state recycle_state, instead of answering 404")
    recycle_state: str = setting("recycled", "state of an instance in the recycle bin")
    elastic_ip_in_use_message: str = setting("elasticIp is associated, can not be deleted", "deleteElasticIp of one in use")
    prepaid_white_list: bool = setting(False, "prepaid instances may not be deleted even when expired")
    charge_record_lag_seconds: float = setting(0.0, "a new instance has no charge record for so long")
    created_data_disk_auto_delete: bool = setting(True, "autoDelete of data disks made with their instance")
    fees_as_text: bool = setting(False, "fees of the bill are strings")
    monthly_fee: float = setting(0.0, "fee of each resource and month; 0: made up from kind, size and id")
    bill_lines: int = setting(1, "lines of the bill for each resource; its fee is divided among them")
    owner_pin: str = setting("demo-account", "the main user's pin: ownerPin of private images, and who tags")
    account_id: str = setting("100000000001", "accountId of the main user")
    sub_user_pin: str = setting("own", "the pin that describeUser tells a key with a pin of its own: 'own' or 'main'")
    described_user: str = setting("full", "answer of describeUser: 'full', 'pin' or 'id' only, 'null' or 'empty'")
    tag_pin: str = setting(
        "always", "when answers of resourcetag tell the main user's pin: 'always', 'tagged' (something is), 'never'"
    )
    group_health_check_seconds: float = setting(
        0.0, "a group that scales deletes a managed member that has been stopped for so long; 0: never"
    )
    group_refill_seconds: float = setting(
        0.0, "a group that scales makes the machines that are missing in its minimum or desired number after so long; 0: never"
    )
    group_shrink_seconds: float = setting(
        0.0, "a group that scales deletes managed members above its maximum or desired number after so long; 0: never"
    )
    group_managed: str = setting("shown", "isManaged of group members: 'shown', 'missing' or 'null'")
    group_lists_members: bool = setting(True, "describeAgs fills instances and autoscalingSpec, as describeAg does")
    group_rests: bool = setting(True, "disableAutoScaling is refused while an activity runs and during the cool-down")
    abandon_seconds: float = setting(0.0, "abandonInstances: so long until the machine is out of its group")
    abandon_strangers: str = setting(
        "refused",
        "abandonInstances that names an instance outside the group, too: 'refused' (404, nothing happens), "
        "'partial' (404, the members are out) or 'ignored' (the members are out)",
    )
    balancer_targets_left: bool = setting(True, "the targets of a machine that is deleted stay in their groups")
    balancer_weight_zero: str = setting("refused", "weight 0 outside of alb: 'refused' (400) or 'ignored' (the weight stays)")
    balancer_unchecked_health: str = setting("N/A", "status of targets whose backend has no health check")
    public_dns_rows: int = setting(100, "the largest page of domainservice; a larger one is 400")
    monitor_no_data: str = setting(
        "empty",
        "how monitor says that there is no data: 'empty' (no item, no series), 'missing' (no list at all), 'null' (an item or a "
        "series without values) or 'error' (404)",
    )
    monitor_units: str = setting("shown", "unit of the items of lastDownsample: 'shown' or 'missing'")
    monitor_cpu_metric: str = setting("cpu_util", "what the account calls the metric of the CPU")
    monitor_metric_model: str = setting("seen", "the metric of a series: as 'seen' in answers, or as the 'newest' model has it")
    monitor_ids: int = setting(0, "the most ids of one lastDownsample; 0 is no limit")
    monitor_ids_over: str = setting("refused", "a lastDownsample of more ids is 'refused' (400) or 'cut' to the first ones")
    monitor_unknown_id: str = setting("left_out", "an unknown or hidden id at monitor is 'left_out' or 'refused' (400)")
    monitor_old_start: str = setting("refused", "a series that begins over 30 days ago is 'refused' (400) or 'moved'")
    token_seconds: int = setting(3600, "life of the keys that sts:assumeRole gives")

    def update(self, changes: Mapping[str, Any]) -> None:
        """Change settings by name; text is converted. Raises UsageError for unknown names and unfit values."""
        known = {item.name: item for item in fields(self)}
        converted = {}
        for name, value in changes.items():
            if name not in known:
                raise UsageError(f"unknown setting {name!r}; known are {', '.join(sorted(known))}")
            converted[name] = _converted(name, value, type(known[name].default))
        if converted.get("time_scale", 1.0) <= 0:
            raise UsageError("time_scale must be above 0")
        for name, value in converted.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """All settings by name."""
        return dataclasses.asdict(self)


def _converted(name: str, value: Any, kind: type) -> Any:
    if kind is bool:
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
    elif kind is str:
        return "" if value is None else str(value)
    elif not isinstance(value, bool):
        try:
            return kind(value)
        except (TypeError, ValueError):
            pass
    raise UsageError(f"setting {name} must be {kind.__name__}, not {value!r}")


@dataclass
class Quotas:
    """Limits per region, with their defaults (fact limits-quotas)."""

    instances: int = 20
    disks: int = 15
    snapshots: int = 15
    elastic_ips: int = 10
    images: int = 5
    image_shares: int = 20
    key_pairs: int = 20
    instance_templates: int = 20
    disks_per_instance: int = 8

    def update(self, changes: Mapping[str, Any]) -> None:
        """Change quotas by name; raises UsageError for unknown names and values that are no whole numbers."""
        for name, value in changes.items():
            if name not in self.as_dict():
                raise UsageError(f"unknown quota {name!r}; known are {', '.join(sorted(self.as_dict()))}")
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise UsageError(f"quota {name} must be a whole number, not {value!r}")
            setattr(self, name, value)

    def as_dict(self) -> dict[str, int]:
        """All limits by name."""
        return dataclasses.asdict(self)


class Clock:
    """Two times: the wall clock that the service shows, and the simulated seconds in which transitions run.

    Only transitions are scaled. The wall clock runs at its normal pace, since clients compare the service's `Date` with
    their own clock; `move_wall` lets it jump, for clients whose own clock is moved as far, and `leap` lets all time jump.
    `monotonic` and `wall` are arguments so that tests can stop the time.
    """

    def __init__(
        self,
        settings: Settings,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._wall = wall
        self._scale = settings.time_scale
        self._real = monotonic()
        self._simulated = 0.0
        self._moved = 0.0
        self.leapt = 0.0
        """Seconds that all time has jumped ahead."""

    def simulated(self) -> float:
        """Simulated seconds since the start. A change of time_scale holds from the moment it is seen."""
        real = self.real()
        self._simulated += (real - self._real) * self._scale
        self._real = real
        self._scale = self._settings.time_scale
        return self._simulated

    def advance(self, seconds: float) -> None:
        """Jump ahead by so many simulated seconds."""
        self._simulated = self.simulated() + seconds

    def move_wall(self, seconds: float) -> None:
        """Let the service's own clock jump ahead. Transitions take as long as before."""
        self._moved += seconds

    def leap(self, seconds: float) -> None:
        """Let all time jump ahead, as if so many real seconds had passed."""
        self.leapt += seconds

    def real(self) -> float:
        """Monotonic real seconds, for throttling and durations."""
        return self._monotonic() + self.leapt

    def wall(self) -> float:
        """The service's own clock, in seconds of the Unix epoch."""
        return self._wall() + self._settings.clock_skew_seconds + self._moved + self.leapt


def parse_time(text: str) -> float:
    """Seconds of the epoch for any form of time, Beijing time without a zone (fact times-beijing). Raises ValueError."""
    moment = datetime.fromisoformat(text.strip().replace(" ", "T", 1).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=BEIJING)
    return moment.timestamp()


def vm_time(moment: float) -> str:
    """`YYYY-MM-DD HH:MM:SS` in Beijing: times of instances and images, and of charges in vpc."""
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def utc_time(moment: float) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`: charges in vm, createdTime in vpc."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def disk_time(moment: float) -> str:
    """`YYYY-MM-DDTHH:MM:SS+08:00`: times of the disk service."""
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y-%m-%dT%H:%M:%S+08:00")
