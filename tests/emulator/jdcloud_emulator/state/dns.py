# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names: zones that only some networks see, public domains, and their records. They are in no region (fact dns-regions)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Record:
    """One record. `host` is the name without that of its zone or domain, `value` what it points to. Times are epoch seconds."""

    id: int
    host: str
    value: str
    kind: str = "A"
    ttl: int = 600
    paused: bool = False
    priority: int = 0
    port: int = 0
    weight: int = 1
    view: str = ""
    created: float = 0.0


@dataclass(slots=True)
class Zone:
    """A private zone. `vpcs` are the networks that see it: region and id."""

    id: str
    name: str
    kind: str = "PV"
    package: str = ""
    status: str = "NORMAL"
    locked: bool = False
    vpcs: list[tuple[str, str]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    created: float = 0.0


@dataclass(slots=True)
class Domain:
    """A public domain. `status` is a number as text: 2 resolves normally, 4 is paused."""

    id: int
    name: str
    status: str = "2"
    records: list[Record] = field(default_factory=list)
    created: float = 0.0
    expires: float = 0.0
