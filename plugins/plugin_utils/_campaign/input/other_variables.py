# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role `vm_backup` and of the playbooks, typed once, before any template touches them. Pure.

A text that goes through a template alone can come out as something else: with native types 2026.10 becomes 2026.1. So what is
read here stays in dictionaries, and these are handed to modules as a whole. Raises `InputError` that names the variable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ....module_utils._api.errors import InputError
from ..._language.text import LANGUAGES
from .choice import members_of
from .coerce import (
    boolean_of,
    cap_of,
    choice_of,
    dict_of,
    integer_of,
    is_unset,
    name_of,
    number_of,
    tags_of,
    text_of,
    word_list_of,
)
from .decommission_variables import (
    FATES_OF_ADDRESSES,
    FATES_OF_DISKS,
    PARSERS,
    PREFIX,
    SURROUNDINGS,
    SURROUNDINGS_PARSERS,
    campaign_of,
    directory_of,
    parse_options,
)


@dataclass(frozen=True, slots=True)
class GivenVariables:
    """Variables without their prefix, as they arrived; one that was not given is null."""

    prefix: str
    values: Mapping[str, Any]

    def __call__(self, name: str) -> tuple[Any, str]:
        """What was given, and how errors call it."""
        return self.values.get(name), self.prefix + name


@dataclass(frozen=True, slots=True)
class BackupOptions:
    """What the role vm_backup wants, as arguments of the modules that do it.

    `lasting` are the arguments of a run that goes on, `place` is where all modules work, `path` is where the manifest goes, and
    `drill` how one machine is tried out. Empty where it is not given.
    """

    arguments: dict[str, Any]
    lasting: dict[str, Any]
    place: dict[str, Any]
    region: str
    instance_ids: list[str] | None
    campaign: str
    timing: dict[str, Any]
    path: str
    drill: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """What the playbook restore wants: machines of the manifest at `path` (all, if no ids are given), else one of an image."""

    path: str
    instance_ids: list[str]
    region: str
    arguments: dict[str, Any]


BACKUP = (
    *("region", "instance_ids", "name", "tags", "filters", "max_instances", "protect_tags", "method", "include_data_disks"),
    *("stop_running", "start_again", "on_blocked", "on_shortfall", "max_age", "campaign", "reuse", "name_pattern"),
    *("manifest_path", "keep", "drill", "drill_subnet_id", "drill_security_group_ids", "drill_timeout"),
    *("wait_timeout", "poll_interval"),
    *SURROUNDINGS,
)
RESTORE = (
    *("manifest", "image_id", "instance_ids", "region", "name", "subnet_id", "security_group_ids", "instance_type", "az"),
    *("drill", "keep_private_ip", "wait_timeout", "poll_interval"),
)
READ_BY_CLEANUP = tuple(
    f"{PREFIX}{name}" for name in ("protect_tags", "disks", "elastic_ips", "exclude", "language", *SURROUNDINGS)
)
"""Variables of the role vm_decommission that the playbook cleanup reads, too, by their whole name."""
CLEANUP = ("regions", "tag_key", "max_instances", "on_too_many", "empty_is_failure", "report_dir", "report_mount")


EXPIRE_BACKUPS = (
    *("regions", "days", "last_days", "max", "on_too_many", "campaigns", "record_dirs", "report_dir", "report_mount"),
    "language",
)

READ_BY_FIND_IDLE = (*READ_BY_CLEANUP, f"{PREFIX}tag_key", f"{PREFIX}stop_running")
"""Those that the playbook find_idle reads: what the role would do decides which instances can be deleted."""
IDLE_THRESHOLDS = (
    *("window_days", "cpu_percent_max", "cpu_percent_avg", "network_kbps_avg", "disk_kbps_avg"),
    *("minimum_age_days", "stopped_days"),
)
FIND_IDLE = (
    *("regions", "tags", "filters", "exclude", *IDLE_THRESHOLDS, "allow_host_only", "bill", "prices"),
    *("mark", "max_instances", "on_too_many", "report_dir", "report_mount"),
)

REPORT = ("dir", "prices", "language")


def read_decommission(values: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of the role vm_decommission, checked, and still as they arrived: each step reads them again."""
    given = {name: values.get(name) for name in PARSERS}
    return {"input": given, "report_dir": parse_options(given).report_dir}


def parse_backup(values: Mapping[str, Any]) -> BackupOptions:
    """The variables of the role vm_backup, typed."""
    of = GivenVariables("vm_backup_", values)
    campaign = campaign_of(*of("campaign"))
    reuse = choice_of(of("reuse")[0] or ("campaign" if campaign else "any"), of("reuse")[1], ("any", "campaign"))
    region, ids, filters = text_of(*of("region")), word_list_of(*of("instance_ids")), tags_of(*of("filters"))
    timing = {"wait_timeout": number_of(*of("wait_timeout"), 7200.0), "poll_interval": number_of(*of("poll_interval"), 2.0)}
    arguments = {
        **_given(instance_ids=ids, name=name_of(*of("name")), tags=tags_of(*of("tags")), filters=filters),
        **_given(max_instances=cap_of(*of("max_instances")), campaign=campaign, name_pattern=name_of(*of("name_pattern"))),
        **_protection(of("protect_tags")),
        "method": choice_of(*of("method"), ("image", "snapshots", "both")),
        "include_data_disks": boolean_of(*of("include_data_disks"), default=True),
        "stop_running": boolean_of(*of("stop_running")),
        "start_again": boolean_of(*of("start_again")),
        **_surroundings(of(name) for name in SURROUNDINGS),
        "on_blocked": choice_of(*of("on_blocked"), ("fail", "skip")),
        "on_shortfall": choice_of(*of("on_shortfall"), ("fail", "fit")),
        "max_age": number_of(*of("max_age"), 24.0),
        "reuse": reuse,
        "keep": integer_of(*of("keep"), 0),
        **timing,
    }
    lasting = {key: value for key, value in (filters or {}).items() if key != "status"}
    return BackupOptions(
        arguments=arguments,
        # The status made the choice once, and changes by our own hands.
        lasting={**{key: value for key, value in arguments.items() if key != "filters"}, **_given(filters=lasting)},
        place=_given(region=region),
        region=region,
        instance_ids=ids,
        campaign=campaign,
        timing=timing,
        path=_file(of),
        drill=_drill(of, timing),
    )


def read_backup(values: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of the role vm_backup, for who shows them."""
    return asdict(parse_backup(values))


def parse_restore(values: Mapping[str, Any]) -> RestoreOptions:
    """The variables of the playbook restore, typed."""
    of = GivenVariables("restore_", values)
    path, image, ids = text_of(*of("manifest")), name_of(*of("image_id")), word_list_of(*of("instance_ids"))
    if bool(path) == bool(image) or (ids and not path):
        raise InputError(
            "Set either restore_manifest (the path of a manifest; restore_instance_ids selects instances of it) or "
            "restore_image_id (then also restore_name, restore_instance_type, restore_az, restore_subnet_id and "
            "restore_security_group_ids)."
        )
    return RestoreOptions(
        path=path,
        instance_ids=ids or [],
        region=text_of(*of("region")),
        arguments={
            **_given(image_id=image, name=name_of(*of("name")), subnet_id=text_of(*of("subnet_id")), az=text_of(*of("az"))),
            **_given(instance_type=text_of(*of("instance_type")), security_group_ids=word_list_of(*of("security_group_ids"))),
            "drill": boolean_of(*of("drill")),
            "keep_private_ip": boolean_of(*of("keep_private_ip")),
            "wait_timeout": number_of(*of("wait_timeout"), 1800.0),
            "poll_interval": number_of(*of("poll_interval"), 2.0),
        },
    )


def read_restore(values: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of the playbook restore, for who shows them."""
    return asdict(parse_restore(values))


def read_cleanup(values: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of the playbook cleanup."""
    of = GivenVariables("cleanup_", values)
    tag_key = text_of(*of("tag_key"), "decommission-after")
    protection, disks, elastic_ips, exclude, language, *around = ((values.get(name), name) for name in READ_BY_CLEANUP)
    return {
        "regions": word_list_of(*of("regions")) or [""],
        # What would be destroyed with a machine may protect it, too.
        "look": {
            "due_tag": tag_key,
            "marked_only": True,
            **_fates(disks, elastic_ips),
            **_surroundings(around),
            **_protection(protection),
        },
        "tag_key": tag_key,
        "exclude": members_of(*exclude),
        "language": choice_of(*language, LANGUAGES),
        "max_instances": integer_of(*of("max_instances"), 10, at_least=1),
        "on_too_many": choice_of(*of("on_too_many"), ("fail", "oldest")),
        "empty_is_failure": boolean_of(*of("empty_is_failure")),
        "report_dir": directory_of(*of("report_dir")),
        "report_mount": text_of(*of("report_mount")),
    }


def read_expire_backups(values: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of the playbook expire_backups. `last_days` is None where the last backup of a machine stays."""
    of = GivenVariables("expire_backups_", values)
    days = integer_of(*of("days"), 90, at_least=1)
    last_days = None if is_unset(of("last_days")[0]) else integer_of(*of("last_days"), 0, at_least=1)
    if last_days is not None and last_days < days:
        raise InputError(
            f"expire_backups_last_days is {last_days}, but must be at least expire_backups_days ({days}): the last backup of "
            "an instance is kept longer than earlier ones."
        )
    return {
        "regions": word_list_of(*of("regions")) or [""],
        "days": days,
        "last_days": last_days,
        "max": integer_of(*of("max"), 10, at_least=1),
        "on_too_many": choice_of(*of("on_too_many"), ("fail", "oldest")),
        "campaigns": [campaign_of(each, of("campaigns")[1]) for each in word_list_of(*of("campaigns")) or ()],
        "record_dirs": [directory_of(each, of("record_dirs")[1]) for each in word_list_of(*of("record_dirs")) or ()],
        "report_dir": directory_of(*of("report_dir")),
        "report_mount": text_of(*of("report_mount")),
        "language": choice_of(*of("language"), LANGUAGES),
    }


def read_find_idle(values: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of the playbook find_idle. `look` are the arguments of the module that judges; without a threshold the
    module's default counts. `max_instances` is None where nothing is marked."""
    of = GivenVariables("find_idle_", values)
    of_role = ((values.get(name), name) for name in READ_BY_FIND_IDLE)
    protection, disks, elastic_ips, exclude, language, *around, tag_key, stop_running = of_role
    mark, cap = boolean_of(*of("mark")), cap_of(*of("max_instances"))
    if mark and cap is None:
        raise InputError(
            "find_idle_mark is true, but find_idle_max_instances is missing, so nothing was done: give the most instances that "
            "one run may mark."
        )
    return {
        "regions": list(dict.fromkeys(word_list_of(*of("regions")) or [""])),
        "look": {
            **_given(tags=tags_of(*of("tags")), filters=tags_of(*of("filters"))),
            **_given(prices=dict_of(*of("prices"), empty=True)),
            **{name: _threshold(name, *of(name)) for name in IDLE_THRESHOLDS if not is_unset(of(name)[0])},
            "allow_host_only": boolean_of(*of("allow_host_only")),
            "bill": boolean_of(*of("bill"), default=True),
            # A mark stops what is running, and only a stopped instance is deleted when its time is over.
            "stop_running": True,
            **_fates(disks, elastic_ips),
            **_surroundings(around),
            **_protection(protection),
        },
        "exclude": list(dict.fromkeys([*members_of(*of("exclude")), *members_of(*exclude)])),
        "mark": mark,
        "max_instances": cap if mark else None,
        "on_too_many": choice_of(*of("on_too_many"), ("fail", "dearest")),
        "tag_key": text_of(*tag_key, "decommission-after"),
        "stop_running": boolean_of(*stop_running),
        "language": choice_of(*language, LANGUAGES),
        "report_dir": directory_of(*of("report_dir")),
        "report_mount": text_of(*of("report_mount")),
    }


def read_report(values: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of the playbook report. Without `prices` and `language` those of the campaign count."""
    of = GivenVariables("report_", values)
    folder = directory_of(*of("dir"))
    if not folder:
        raise InputError("report_dir is missing: set it to the directory of the record of the campaign.")
    given, name = of("language")
    language = "" if is_unset(given) else choice_of(given, name, LANGUAGES)
    return {"dir": folder, "prices": dict_of(*of("prices"), empty=True) or {}, "language": language}


def _given(**values: Any) -> dict[str, Any]:
    """Those that have a value. An argument that is left out lets the module defaults of the group decide."""
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def _protection(given: tuple[Any, str]) -> dict[str, Any]:
    """Left out where it is not given, so that the module's default protects; {} was said, and switches it off."""
    tags = tags_of(*given, empty=True)
    return {} if tags is None else {"protect_tags": tags}


def _fates(disks: tuple[Any, str], elastic_ips: tuple[Any, str]) -> dict[str, Any]:
    """What becomes of disks and elastic IPs, with the role's defaults."""
    return {"disks": choice_of(*disks, FATES_OF_DISKS), "elastic_ips": choice_of(*elastic_ips, FATES_OF_ADDRESSES)}


def _surroundings(given: Iterable[tuple[Any, str]]) -> dict[str, Any]:
    """What becomes of group memberships and load balancer targets; `given` in the order of `SURROUNDINGS`."""
    return {name: SURROUNDINGS_PARSERS[name](*value) for name, value in zip(SURROUNDINGS, given, strict=True)}


def _threshold(name: str, value: Any, whole_name: str) -> float:
    """A threshold of the look for idle instances. The module checks how large it may be."""
    if name == "window_days":
        return integer_of(value, whole_name, 0, at_least=1)
    return number_of(value, whole_name, 0.0, zero=True)


def _file(of: GivenVariables) -> str:
    path = text_of(*of("manifest_path"))
    if path and (not path.startswith("/") or path.endswith("/")):
        raise InputError("vm_backup_manifest_path must be the absolute path of a file on the controller.")
    return path


def _drill(of: GivenVariables, timing: dict[str, Any]) -> dict[str, Any]:
    """How one machine is tried out, {} if it is not."""
    subnet, groups = text_of(*of("drill_subnet_id")), word_list_of(*of("drill_security_group_ids"))
    patience = {**timing, "wait_timeout": number_of(*of("drill_timeout"), 1800.0)}
    if not boolean_of(*of("drill")):
        return {}
    if not subnet or not groups:
        raise InputError(
            "vm_backup_drill requires vm_backup_drill_subnet_id and vm_backup_drill_security_group_ids, which have no default: "
            "set both."
        )
    return {"arguments": {"drill": True, "subnet_id": subnet, "security_group_ids": groups, **patience}, "timing": patience}


READERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "vm_decommission": read_decommission,
    "vm_backup": read_backup,
    "restore": read_restore,
    "cleanup": read_cleanup,
    "expire_backups": read_expire_backups,
    "find_idle": read_find_idle,
    "report": read_report,
}
"""By role or playbook, what reads its variables."""
VARIABLES: Mapping[str, Mapping[str, str]] = {
    "vm_decommission": {name: PREFIX + name for name in PARSERS},
    "vm_backup": {name: f"vm_backup_{name}" for name in BACKUP},
    "restore": {name: f"restore_{name}" for name in RESTORE},
    "cleanup": {**{name: f"cleanup_{name}" for name in CLEANUP}, **{name: name for name in READ_BY_CLEANUP}},
    "expire_backups": {name: f"expire_backups_{name}" for name in EXPIRE_BACKUPS},
    "find_idle": {**{name: f"find_idle_{name}" for name in FIND_IDLE}, **{name: name for name in READ_BY_FIND_IDLE}},
    "report": {name: f"report_{name}" for name in REPORT},
}
"""Their whole names by what the readers call them."""
