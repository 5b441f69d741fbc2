# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role `vm_decommission`, typed once. Pure. Raises `InputError`, one sentence that names the variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..._api.errors import InputError
from ..._fleet.evidence.marker import check_campaign
from .coerce import cap_of, choice_of, is_unset, mapping_of, name_of, seconds_of, switch_of, tags_of, text_of, whole_of, words_of
from .waves import Size, parse_waves

PREFIX = "vm_decommission_"
PROTECTION = {"jdcloud-protect": "*"}
KINDS = ("absent", "mark", "unmark")
FATES_OF_DISKS = ("as_configured", "keep", "delete")
FATES_OF_ADDRESSES = ("keep", "release")
BACKUPS = ("image", "none", "snapshots", "both")


@dataclass(frozen=True, slots=True)
class Options:
    """What a campaign wants. Hours for `backup_max_age`, days for `grace_days`, else seconds."""

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
    waves: tuple[Size, ...]
    max_failures: int
    tag_key: str
    due_only: bool
    grace_days: int
    report_dir: str
    campaign: str
    digest: str
    campaign_timeout: float
    wait_timeout: float
    backup_timeout: float
    poll_interval: float
    bill: bool
    prices: dict[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> dict[str, Any]:
        """What makes a campaign this one and no other: its kind and its selection.

        With `due_only` the marks select, and what is due changes from day to day.
        """
        if self.due_only:
            return {"kind": self.kind, "due_only": True, "tag_key": self.tag_key}
        return {
            "kind": self.kind,
            "instance_ids": None if self.instance_ids is None else sorted(self.instance_ids),
            "name": self.name,
            "tags": self.tags,
            "filters": self.filters,
        }

    @property
    def shown(self) -> dict[str, Any]:
        """For the record and the report."""
        values = {key: value for key, value in asdict(self).items() if value not in (None, "", {})}
        return {**values, "waves": [str(size) for size in self.waves]}

    @property
    def place(self) -> dict[str, Any]:
        """Where, if it was said. An argument that is left out lets the module defaults of the group decide."""
        return {"region": self.region} if self.region else {}

    @property
    def timing(self) -> dict[str, Any]:
        """How long and how often to look."""
        return {"wait_timeout": self.wait_timeout, "poll_interval": self.poll_interval}

    @property
    def selected(self) -> dict[str, Any]:
        """The arguments of a module that selects as the user said."""
        return {**self._narrowed(self.filters), **self._given("instance_ids", "max_instances")}

    @property
    def frozen(self) -> dict[str, Any]:
        """The arguments of a module that acts on some of the frozen ids, which must match still.

        A filter on the status made the choice; the status changes under our own hands.
        """
        filters = {key: value for key, value in (self.filters or {}).items() if key != "status"}
        return self._narrowed(filters or None)

    @property
    def fate(self) -> dict[str, Any]:
        """The arguments of a deletion beside its selection."""
        due = {"due_tag": self.tag_key} if self.due_only else {}
        chosen = {"disks": self.disks, "elastic_ips": self.elastic_ips, "allow_local_disk_loss": self.allow_local_disk_loss}
        return {**chosen, **self.timing, **due}

    @property
    def reuse_age(self) -> float:
        """Up to which age, in hours, a backup is used again. It grows older before the delete, and must be young enough then."""
        return self.backup_max_age - min(1.0, 0.1 * self.backup_max_age)

    def _narrowed(self, filters: dict[str, Any] | None) -> dict[str, Any]:
        narrowed = {**self.place, **self._given("name", "tags"), "protect_tags": self.protect_tags}
        return {**narrowed, "filters": filters} if filters else narrowed

    def _given(self, *names: str) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names if getattr(self, name) not in (None, "")}


def parse_options(given: Mapping[str, Any]) -> Options:
    """The typed options. `given` has the role's variables without their prefix, as they arrived."""

    def of(name: str) -> tuple[Any, str]:
        if name not in given:
            raise InputError(f"{PREFIX}{name} is missing: give all variables of the role, an empty text where none is meant.")
        return given[name], PREFIX + name

    protect_tags = tags_of(*of("protect_tags"), empty=True)
    due_only = switch_of(*of("due_only"))
    options = Options(
        kind=choice_of(*of("state"), KINDS),
        region=text_of(*of("region")),
        instance_ids=words_of(*of("instance_ids")),
        name=name_of(*of("name")),
        tags=tags_of(*of("tags")),
        filters=tags_of(*of("filters")),
        max_instances=cap_of(*of("max_instances")),
        protect_tags=dict(PROTECTION) if protect_tags is None else protect_tags,
        # What runs was taken back by whoever started it, so a mark never stops anything.
        stop_running=switch_of(*of("stop_running")) and not due_only,
        start_again=switch_of(*of("start_again")),
        on_blocked=choice_of(*of("on_blocked"), ("fail", "skip")),
        backup=choice_of(*of("backup"), BACKUPS),
        backup_max_age=seconds_of(*of("backup_max_age"), 24.0),
        allow_local_disk_loss=switch_of(*of("allow_local_disk_loss")),
        disks=choice_of(*of("disks"), FATES_OF_DISKS),
        elastic_ips=choice_of(*of("elastic_ips"), FATES_OF_ADDRESSES),
        waves=parse_waves(*of("waves")),
        max_failures=whole_of(*of("max_failures"), 0),
        tag_key=text_of(*of("tag_key"), "decommission-after"),
        due_only=due_only,
        grace_days=whole_of(*of("grace_days"), 7),
        report_dir=directory_of(*of("report_dir")),
        campaign="" if is_unset(of("campaign")[0]) else check_campaign(name_of(*of("campaign")), PREFIX + "campaign"),
        digest=text_of(*of("digest")).lower(),
        campaign_timeout=seconds_of(*of("campaign_timeout"), 0.0, zero=True),
        wait_timeout=seconds_of(*of("wait_timeout"), 600.0),
        backup_timeout=seconds_of(*of("backup_timeout"), 7200.0),
        poll_interval=seconds_of(*of("poll_interval"), 2.0),
        bill=switch_of(*of("bill")),
        prices=mapping_of(*of("prices"), empty=True) or {},
    )
    if options.instance_ids is None and not (options.name or options.tags or options.filters):
        names = ", ".join(f"{PREFIX}{name}" for name in ("instance_ids", "name", "tags", "filters"))
        raise InputError(f"Nothing is selected: give at least one of {names}.")
    return options


def directory_of(value: Any, name: str) -> str:
    path = text_of(value, name)
    # Relative paths would mean the playbook's folder for one and the current one for another.
    if path and not path.startswith("/"):
        raise InputError(f"{name} is {path!r}, but must be an absolute path on the controller.")
    return path
