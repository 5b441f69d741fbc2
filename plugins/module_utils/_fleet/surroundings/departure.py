# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was done to take one machine out of its load balancers and its availability group, before its stop or delete."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..common.failure import Failure
from ..planning.surroundings import Registration

TargetFate = Literal["deregistered", "registered", "unverified", "left"]
"""`registered`: again, after it was taken away. `left`: it was still there after the delete."""


@dataclass(slots=True)
class Departure:
    """One machine on its way out. `registrations` are those that are taken away, `leaving` the group that it leaves, if any.
    One that is not `running` has no connections to wait for.

    `weightless` are targets whose weight we set to 0, or may have; `gone` those that we deregistered, or may have. `left_group`:
    it is out of its group by our call, or will be; `seen_out`: a read shows it out. `failure` ends the machine before its stop.
    `fates` is what the result says of each target, by its id when it was found.
    """

    instance_id: str
    registrations: tuple[Registration, ...] = ()
    leaving: str | None = None
    running: bool = True
    weightless: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    left_group: bool = False
    seen_out: bool = False
    failure: Failure | None = None
    fates: dict[str, TargetFate] = field(default_factory=dict)

    @property
    def touched(self) -> set[str]:
        """The targets that we changed, or may have."""
        return self.weightless | self.gone

    @property
    def changed(self) -> bool:
        """Whether anything is different because of us, or may be."""
        return self.left_group or bool(self.touched)

    def fail(self, failure: Failure) -> None:
        """The first failure counts."""
        self.failure = self.failure or failure
