# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the machines of several regions at the same time, all of them completely or none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from typing import Any

from ...module_utils._api.connection import Connection
from ...module_utils._api.dispatch.dispatcher import Dispatcher
from ...module_utils._api.dispatch.pool import THREADS, USER_AGENT, SystemClock, ThreadPool, dispatcher_for
from ...module_utils._api.dispatch.signals import signals_left_to_the_main_thread
from ...module_utils._api.errors import JdcloudError, first_of
from ...module_utils._api.fields import snake_name
from ...module_utils._api.model.instance import InstanceInFull
from ...module_utils._api.wire.transport import Transport
from ...module_utils._fleet.common.account import AccountError, account_problem, read_key_owner
from ...module_utils._fleet.common.selection import Selection
from ...module_utils._fleet.machines.find import read_in_full
from ...module_utils._fleet.planning.surroundings import BalancerFacts
from ...module_utils._fleet.surroundings.balancer_reads import read_registrations
from .names import SHOWN, Row
from .options import Settings

REGIONS_AT_ONCE = 8
UNREADABLE, UNDECIDED = "unreadable", "undecided"
"""What a row also holds if the service's response about the machine could not be read: where, and whether it is selected."""


class RegionError(JdcloudError):
    """A region could not be read, so there is no inventory at all."""


class _Ended(Exception):
    """The reading was given up, so the result is of no use."""


def read_machines(settings: Settings) -> list[Row]:
    """The selected machines of all regions, in the order of the regions and of their ids.

    Raises `RegionError` if only one region cannot be read completely; the others are then given up.
    """
    ended = threading.Event()

    def check() -> None:
        if ended.is_set():
            raise _Ended

    # A limit is the account's, so the regions share it.
    connections, share = settings.connections, len(settings.connections)
    with ThreadPoolExecutor(max_workers=min(share, REGIONS_AT_ONCE)) as executor:
        with signals_left_to_the_main_thread():
            futures = [executor.submit(_read_region, _slowed(each, share), settings, check) for each in connections]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            # Also at Ctrl-C: leaving the block waits for the threads, which notice this within a heartbeat.
            ended.set()
            raise
    return [row for future in futures for row in future.result()]


def certain_rows(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """The rows that are selected for sure, and warnings about machines of which the service gave responses that cannot be read.

    A selector is never widened: a machine that may lack the tag is left out. It does not take the others with it.
    """
    odd = [row for row in rows if UNREADABLE in row]
    skipped = [_flaw(row) for row in odd if row[UNDECIDED]]
    unclear = [_flaw(row) for row in odd if not row[UNDECIDED]]
    warnings = []
    if skipped:
        warnings.append(
            "Instances are left out, because the properties that select them are unreadable in the response: "
            f"{first_of(skipped, SHOWN)}. Run again; if this persists, give their ids to the support of JD Cloud."
        )
    if unclear:
        warnings.append(
            f"Instances are listed without the properties that are unreadable in the response: {first_of(unclear, SHOWN)}. No "
            f"module changes them (unknown_status); jdcloud_{UNREADABLE} is defined for them."
        )
    return [{name: row[name] for name in row if name != UNDECIDED} for row in rows if not row.get(UNDECIDED)], warnings


def _flaw(row: Row) -> str:
    return f"{row['instance_id']} ({', '.join(row[UNREADABLE])})"


def usable_cache(cached: Any) -> list[Row] | None:
    """What the cache holds, if it can be used; older versions may have cached something else."""
    if isinstance(cached, list) and all(isinstance(row, dict) and _is_row(row) for row in cached):
        return cached
    return None


def _is_row(row: Row) -> bool:
    return all(isinstance(row.get(name), str) for name in ("instance_id", "name", "region")) and isinstance(row.get("tags"), dict)


def _slowed(connection: Connection, share: int) -> Connection:
    limit = connection.rate_limit
    return connection if limit is None else replace(connection, rate_limit=limit / share)


def _read_region(connection: Connection, settings: Settings, check: Callable[[], None]) -> list[Row]:
    check()
    clock = SystemClock()
    transport = Transport(connection, USER_AGENT, pool_size=THREADS)
    pool = ThreadPool(transport, clock, THREADS, connection.timeout)
    try:
        dispatcher = dispatcher_for(connection, pool, clock, read_only=True, on_heartbeat=check)
        if connection.expected_account is not None:
            refusal = account_problem(read_key_owner(dispatcher, connection.expected_account), connection.expected_account)
            if refusal is not None:
                raise AccountError(refusal)
        machines, _missing = read_in_full(dispatcher, settings.selection)
        targets = _read_targets(dispatcher) if settings.balancer_targets else None
    except JdcloudError as error:
        raise RegionError(f"Region {connection.region} was not read, so there is no inventory: {error}") from None
    finally:
        pool.close()
        transport.close()
    rows = [_row(machine, connection.region, settings.selection) for machine in machines]
    if targets is not None:
        for row, machine in zip(rows, machines, strict=True):
            row["load_balancer_targets"] = [each.row() for each in targets.registrations(machine.instance)]
    return rows


def _read_targets(dispatcher: Dispatcher) -> BalancerFacts:
    """All targets of load balancers. Raises `JdcloudError` if not all can be read: an inventory is complete or fails."""
    facts, _targets = read_registrations(dispatcher)
    if facts.unread:
        raise JdcloudError(f"Its load balancers were not read, because {facts.unread}: run again, or remove the option.")
    return facts


def _row(machine: InstanceInFull, region: str, selection: Selection) -> Row:
    row: Row = {**machine.shown(region), "name": machine.instance.name}
    if machine.instance.unreadable:
        row[UNREADABLE] = [snake_name(name) for name in machine.instance.unreadable]
        row[UNDECIDED] = selection.undecided(machine.instance)
    return row
