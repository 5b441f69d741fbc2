# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the vm service (API revision 1.6.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..calls import Call, accepted, action, read, remove
from ..fields import PAGE_SIZE, Page, one_of, page_of
from ..model.instance import Instance, InstanceInFull, parse_instance, parse_instance_in_full
from ..query import Query, filters, path_id, scalars
from ..query import tags as tag_query

CHARGE_ON_STOPPED = ("keepCharging", "stopCharging")

Filters = Sequence[tuple[str, Sequence[str]]]
Tags = Sequence[tuple[str, Sequence[str]]]


def describe_instances(
    *, ids: Sequence[str] | None = None, filters: Filters = (), tags: Tags = (), page: int = 1, page_size: int = PAGE_SIZE
) -> Call[Page[Instance]]:
    """One page of the region's machines, with tags, charge, disks and interfaces.

    The service's filters only narrow: 'name' and 'privateIpAddress' are fuzzy, 'elasticIpAddress' and
    'networkInterfaceId' are ORed (fact requests-fuzzy-filters). ``page_size`` is 10..100. Raises ValueError for empty ``ids``
    (that would be all machines), InputError for ids that are none.
    """
    query = _wanted(ids, filters, tags) + scalars(pageNumber=page, pageSize=page_size)
    return read("vm.describeInstances", "/instances", page_of("instances", "instanceId", parse_instance, page_size), query)


def describe_instances_in_full(
    *, ids: Sequence[str] | None = None, filters: Filters = (), tags: Tags = (), page: int = 1
) -> Call[Page[InstanceInFull]]:
    """As `describe_instances`, with everything that the answer says of a machine."""
    query = _wanted(ids, filters, tags) + scalars(pageNumber=page, pageSize=PAGE_SIZE)
    return read("vm.describeInstances", "/instances", page_of("instances", "instanceId", parse_instance_in_full), query)


def describe_instance(instance_id: str) -> Call[Instance]:
    """One machine; 404 NOT_FOUND with a request id says that it does not exist (fact deletions-end-with-404)."""
    parse = one_of("instance", "instanceId", parse_instance, instance_id)
    return read("vm.describeInstance", f"/instances/{path_id(instance_id)}", parse, resource=instance_id)


def stop_instance(instance_id: str, charge_on_stopped: str | None = None) -> Call[None]:
    """Stop a running machine: running -> stopping -> stopped. No token (fact deletions-without-token), no force.

    ``charge_on_stopped`` 'stopCharging' destroys local data disks (fact charges-stop-charging-frees). Raises ValueError for
    another value than 'keepCharging' and 'stopCharging'.
    """
    if charge_on_stopped is not None and charge_on_stopped not in CHARGE_ON_STOPPED:
        raise ValueError(f"charge_on_stopped is one of {', '.join(CHARGE_ON_STOPPED)}")
    body = {} if charge_on_stopped is None else {"chargeOnStopped": charge_on_stopped}
    return _action(instance_id, "stopInstance", body)


def start_instance(instance_id: str) -> Call[None]:
    """Start a stopped machine: stopped -> starting -> running."""
    return _action(instance_id, "startInstance", {})


def delete_instance(instance_id: str) -> Call[None]:
    """Delete a machine: -> deleting -> 404. A running one, too (fact deletions-of-running-machines).

    deletePrimaryNetworkInterfaceAllElasticIp is never sent (fact elastic-ips-delete-flag): elastic IPs outlive the machine.
    """
    return remove("vm.deleteInstance", f"/instances/{path_id(instance_id)}", instance_id)


def set_disk_auto_delete(instance_id: str, auto_delete: Mapping[str, bool]) -> Call[None]:
    """Say of each disk id whether it is deleted with its machine, where that can be set (fact disks-attribute-set).

    Raises ValueError if ``auto_delete`` is empty or holds anything but booleans.
    """
    if not auto_delete or not all(isinstance(value, bool) for value in auto_delete.values()):
        raise ValueError("auto_delete says true or false of at least one disk")
    disks = [{"diskId": path_id(disk_id), "autoDelete": value} for disk_id, value in auto_delete.items()]
    return _action(instance_id, "modifyInstanceDiskAttribute", {"dataDisks": disks})


def _wanted(ids: Sequence[str] | None, more: Filters, tags: Tags) -> Query:
    by_ids = [] if ids is None else [("instanceId", [path_id(instance_id) for instance_id in ids])]
    return filters([*by_ids, *more]) + tag_query(tags)


def _action(instance_id: str, name: str, body: Mapping[str, Any]) -> Call[None]:
    return action(f"vm.{name}", f"/instances/{path_id(instance_id)}:{name}", body, accepted, instance_id)
