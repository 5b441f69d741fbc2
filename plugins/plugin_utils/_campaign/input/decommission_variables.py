# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role `vm_decommission`, typed once. Pure. Raises `InputError`, one sentence that names the variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from ....module_utils._api.errors import InputError
from ....module_utils._fleet.evidence.marker import check_campaign
from ..._language.text import LANGUAGES
from .choice import Entry, ids_of, members_of, names_of
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
from .waves import Size, parse_waves

PREFIX = "vm_decommission_"
PROTECTION = {"jdcloud-protect": "*"}
REPORT_TAGS = ("owner",)
KINDS = ("absent", "mark", "unmark")
FATES_OF_DISKS = ("as_configured", "keep", "delete")
FATES_OF_ADDRESSES = ("keep", "release")
GROUP_CHOICES = ("block", "abandon", "ignore")
BALANCER_CHOICES = ("block", "deregister", "ignore")
SURROUNDINGS = ("group_members", "load_balancers", "drain_seconds", "allow_last_target")
"""What the roles and the clean-up hand on to modules that stop or delete machines."""
UNSURROUNDED = {"group_members": "ignore", "load_balancers": "ignore"}
"""For a look that another one follows, which judges by these."""
BACKUPS = ("image", "none", "snapshots", "both")
HOOKS = ("on_plan", "before_wave", "after_wave", "after_campaign")


@dataclass(frozen=True, slots=True)
class Options:
    """What a campaign wants. Hours for `backup_max_age`, days for `grace_days`, else seconds.

    `names` are several names, of which each means one machine, and `listed` what `list_file` holds.
    """

    kind: str
    region: str
    instance_ids: list[str] | None
    name: str
    tags: dict[str, Any] | None
    filters: dict[str, Any] | None
    max_instances: int | None
    protect_tags: dict[str, Any]
    stop_running: bool
    start_again: bool
    on_blocked: str
    backup: str
    backup_max_age: float
    allow_local_disk_loss: bool
    disks: str
    elastic_ips: str
    group_members: str
    load_balancers: str
    drain_seconds: float
    allow_last_target: bool
    waves: tuple[Size, ...]
    max_failures: int
    tag_key: str
    due_only: bool
    grace_days: int
    report_dir: str
    report_tags: tuple[str, ...]
    campaign: str
    reason: str
    digest: str
    campaign_timeout: float
    wait_timeout: float
    backup_timeout: float
    poll_interval: float
    bill: bool
    look_up_dns: bool
    language: str
    on_plan: str
    before_wave: str
    after_wave: str
    after_campaign: str
    exclude: tuple[str, ...]
    canary: tuple[str, ...]
    list_file: str
    empty_is_success: bool
    names: tuple[str, ...] = ()
    listed: tuple[Entry, ...] = ()
    prices: dict[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> dict[str, Any]:
        """What makes a campaign this one and no other: its kind and its selection.

        With `due_only` the marks select, and what is due changes from day to day.
        """
        by_hand: dict[str, Any] = {"exclude": sorted(self.exclude)} if self.exclude else {}
        if self.due_only:
            return {"kind": self.kind, "due_only": True, "tag_key": self.tag_key, **by_hand}
        by_hand |= {"names": sorted(self.names)} if self.names else {}
        by_hand |= {"listed": sorted(each.text for each in self.listed)} if self.listed else {}
        return {
            "kind": self.kind,
            "instance_ids": None if self.instance_ids is None else sorted(self.instance_ids),
            "name": self.name,
            "tags": self.tags,
            "filters": self.filters,
            **by_hand,
        }

    @property
    def shown(self) -> dict[str, Any]:
        """For the record and the report."""
        given = {**asdict(self), "listed": None, "names": None, "name": self.names or self.name}
        # No protection at all is no default, and must last.
        kept = {"protect_tags": self.protect_tags}
        values = {**{key: value for key, value in given.items() if value not in (None, "", {}, ())}, **kept}
        lists = {key: list(value) for key, value in values.items() if isinstance(value, tuple)}
        return {**values, **lists, "waves": [str(size) for size in self.waves]}

    @property
    def connection_arguments(self) -> dict[str, Any]:
        """Where: the region, if one is given. An argument that is left out lets the module defaults of the group decide."""
        return {"region": self.region} if self.region else {}

    @property
    def timing_arguments(self) -> dict[str, Any]:
        """How long and how often to look."""
        return {"wait_timeout": self.wait_timeout, "poll_interval": self.poll_interval}

    @property
    def selection_arguments(self) -> dict[str, Any]:
        """The arguments of a module that selects what the user asked for."""
        return {**self._narrowed(self.filters), **self._given("instance_ids", "max_instances")}

    @property
    def scope_arguments(self) -> dict[str, Any]:
        """The arguments of a module that acts on some of the frozen ids, which must match still.

        Without a filter on the status: it made the choice, and the campaign itself changes the status.
        """
        filters = {key: value for key, value in (self.filters or {}).items() if key != "status"}
        return self._narrowed(filters or None)

    @property
    def deletion_arguments(self) -> dict[str, Any]:
        """The arguments of a deletion without its selection."""
        due = {"due_tag": self.tag_key} if self.due_only else {}
        chosen = {"disks": self.disks, "elastic_ips": self.elastic_ips, "allow_local_disk_loss": self.allow_local_disk_loss}
        return {**chosen, **self.surroundings_arguments, **self.timing_arguments, **due}

    @property
    def surroundings_arguments(self) -> dict[str, Any]:
        """What becomes of group memberships and load balancer targets before a stop or a deletion."""
        return {name: getattr(self, name) for name in SURROUNDINGS}

    @property
    def planning_arguments(self) -> dict[str, Any]:
        """What only the look asks for that the plan is made of, once a campaign."""
        return {"look_up_dns": True} if self.look_up_dns else {}

    @property
    def hooks(self) -> dict[str, str]:
        """The paths of the user's own tasks, empty where there are none."""
        return {name: getattr(self, name) for name in HOOKS}

    @property
    def failing_actions(self) -> tuple[str, ...]:
        """What makes a machine a failure of the campaign; one that is blocked is none where those are skipped."""
        return ("failed", "blocked") if self.on_blocked == "fail" else ("failed",)

    @property
    def reuse_age(self) -> float:
        """Up to which age, in hours, a backup is used again. It grows older before the delete, and must be young enough then."""
        return self.backup_max_age - min(1.0, 0.1 * self.backup_max_age)

    def _narrowed(self, filters: dict[str, Any] | None) -> dict[str, Any]:
        narrowed = {**self.connection_arguments, **self._given("name", "tags"), "protect_tags": self.protect_tags}
        return {**narrowed, "filters": filters} if filters else narrowed

    def _given(self, *names: str) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names if getattr(self, name) not in (None, "")}


def directory_of(value: Any, name: str) -> str:
    """The absolute path of a folder on the controller, empty where it is not given."""
    path = text_of(value, name)
    # Relative paths would mean the playbook's folder for one and the current one for another.
    if path and not path.startswith("/"):
        raise InputError(f"{name} is {path!r}, but must be an absolute path on the controller.")
    return path


def file_of(value: Any, name: str) -> str:
    """The absolute path of a file on the controller, empty where it is not given."""
    path = text_of(value, name)
    if path and (not path.startswith("/") or path.endswith("/")):
        raise InputError(f"{name} is {path!r}, but must be the absolute path of a file on the controller.")
    return path


def campaign_of(value: Any, name: str) -> str:
    """The name of a campaign, empty where it is not given."""
    return "" if is_unset(value) else check_campaign(name_of(value, name), name)


def _reason_of(value: Any, name: str) -> str:
    """Why; the number of a ticket is a reason, too."""
    return text_of(str(value) if isinstance(value, int) and not isinstance(value, bool) else value, name)


def _report_tags_of(value: Any, name: str) -> tuple[str, ...]:
    return tuple(word_list_of(value, name) or REPORT_TAGS)


def _protect_tags_of(value: Any, name: str) -> dict[str, Any]:
    tags = tags_of(value, name, empty=True)
    return dict(PROTECTION) if tags is None else tags


SURROUNDINGS_PARSERS: Mapping[str, Callable[[Any, str], Any]] = {
    "group_members": partial(choice_of, choices=GROUP_CHOICES),
    "load_balancers": partial(choice_of, choices=BALANCER_CHOICES),
    "drain_seconds": partial(number_of, default=30.0, zero=True),
    "allow_last_target": boolean_of,
}
"""The readers of `SURROUNDINGS`, for each role."""
PARSERS: Mapping[str, Callable[[Any, str], Any]] = {
    "protect_tags": _protect_tags_of,
    "due_only": boolean_of,
    "state": partial(choice_of, choices=KINDS),
    "region": text_of,
    "instance_ids": ids_of,
    "name": names_of,
    "tags": tags_of,
    "filters": tags_of,
    "max_instances": cap_of,
    "stop_running": boolean_of,
    "start_again": boolean_of,
    "on_blocked": partial(choice_of, choices=("fail", "skip")),
    "backup": partial(choice_of, choices=BACKUPS),
    "backup_max_age": partial(number_of, default=24.0),
    "allow_local_disk_loss": boolean_of,
    "disks": partial(choice_of, choices=FATES_OF_DISKS),
    "elastic_ips": partial(choice_of, choices=FATES_OF_ADDRESSES),
    **SURROUNDINGS_PARSERS,
    "waves": parse_waves,
    "max_failures": partial(integer_of, default=0),
    "tag_key": partial(text_of, default="decommission-after"),
    "grace_days": partial(integer_of, default=7),
    "report_dir": directory_of,
    "report_tags": _report_tags_of,
    "campaign": campaign_of,
    "reason": _reason_of,
    "digest": lambda value, name: text_of(value, name).lower(),
    "campaign_timeout": partial(number_of, default=0.0, zero=True),
    "wait_timeout": partial(number_of, default=600.0),
    "backup_timeout": partial(number_of, default=7200.0),
    "poll_interval": partial(number_of, default=2.0),
    "bill": boolean_of,
    "look_up_dns": boolean_of,
    "language": partial(choice_of, choices=LANGUAGES),
    **dict.fromkeys(HOOKS, file_of),
    "exclude": members_of,
    "canary": members_of,
    "list_file": file_of,
    "empty_is_success": boolean_of,
    "prices": lambda value, name: dict_of(value, name, empty=True) or {},
}
"""The variables of the role without their prefix, and what reads each. A reader gets what was given, and the whole name."""


def parse_options(given: Mapping[str, Any]) -> Options:
    """The typed options. `given` has the role's variables without their prefix, as they arrived."""
    missing = next((name for name in PARSERS if name not in given), None)
    if missing is not None:
        raise InputError(
            f"{PREFIX}{missing} is missing: set all variables of the role, with an empty text for those that are not needed."
        )
    values = {name: parse(given[name], PREFIX + name) for name, parse in PARSERS.items()}
    # What runs was taken back by whoever started it, so a mark never stops anything.
    values["stop_running"] = values["stop_running"] and not values["due_only"]
    if isinstance(values["name"], tuple):
        values.update(names=values["name"], name="")
    options = Options(kind=values.pop("state"), **values)
    ways = (options.instance_ids is not None, bool(options.names), bool(options.list_file))
    if sum(ways) > 1:
        raise InputError(f"{PREFIX}instance_ids, several names and {PREFIX}list_file exclude each other: use one of them.")
    if not any(ways) and not (options.name or options.tags or options.filters):
        names = ", ".join(f"{PREFIX}{name}" for name in ("instance_ids", "list_file", "name", "tags", "filters"))
        raise InputError(f"Nothing is selected: set at least one of {names}.")
    return options
