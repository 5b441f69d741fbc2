# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the vm service (API revision 1.6.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar, overload

from ..calls import Call, accepted
from ..model.fields import Json, expect_id, required_object
from ..model.instance import Instance, InstanceInFull, parse_instance, parse_instance_in_full
from ..model.resources import Page, parse_page
from ..query import Query, filters, path_id, scalars
from ..query import tags as tag_query

SERVICE = "vm"
CHARGE_ON_STOPPED = ("keepCharging", "stopCharging")

T = TypeVar("T")
Filters = Sequence[tuple[str, Sequence[str]]]
Tags = Sequence[tuple[str, Sequence[str]]]


@overload
def describe_instances(
    *,
    ids: Sequence[str] | None = ...,
    filters: Filters = ...,
    tags: Tags = ...,
    page: int = ...,
    page_size: int = ...,
    in_full: Literal[False] = ...,
) -> Call[Page[Instance]]:
    """With what is always read."""


@overload
def describe_instances(
    *,
    ids: Sequence[str] | None = ...,
    filters: Filters = ...,
    tags: Tags = ...,
    page: int = ...,
    page_size: int = ...,
    in_full: Literal[True],
) -> Call[Page[InstanceInFull]]:
    """With everything that is told of a machine."""


def describe_instances(
    *,
    ids: Sequence[str] | None = None,
    filters: Filters = (),
    tags: Tags = (),
    page: int = 1,
    page_size: int = 100,
    in_full: bool = False,
) -> Call[Page[Instance]] | Call[Page[InstanceInFull]]:
    """One page of the region's machines, with tags, charge, disks and interfaces.

    The service's filters only narrow: 'name' and 'privateIpAddress' are fuzzy, 'elasticIpAddress' and
    'networkInterfaceId' are ORed (fact requests-fuzzy-filters). ``page_size`` is 10..100. Raises ValueError for empty ``ids``
    (that would be all machines), InputError for ids that are none.
    """
    parse: Callable[[Json], Any] = parse_instance_in_full if in_full else parse_instance
    query = _by_ids(ids, filters) + tag_query(tags)
    return _instances_page(query + scalars(pageNumber=page, pageSize=page_size), parse, page_size)


def describe_instance(instance_id: str) -> Call[Instance]:
    """One machine; 404 NOT_FOUND with a request id says that it does not exist (fact deletions-end-with-404)."""
    return Call(
        operation="vm.describeInstance",
        service=SERVICE,
        method="GET",
        path=f"/instances/{path_id(instance_id)}",
        query=(),
        body=None,
        write=False,
        parse=lambda result: _asked_for(result, instance_id),
        resource=instance_id,
    )


def _asked_for(result: Json, instance_id: str) -> Instance:
    machine = parse_instance(required_object(result, "instance"))
    expect_id(machine.instance_id, instance_id)
    return machine


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
    return Call(
        operation="vm.deleteInstance",
        service=SERVICE,
        method="DELETE",
        path=f"/instances/{path_id(instance_id)}",
        query=(),
        body=None,
        write=True,
        parse=accepted,
        resource=instance_id,
    )


def set_disk_auto_delete(instance_id: str, auto_delete: Mapping[str, bool]) -> Call[None]:
    """Say of each disk id whether it is deleted with its machine, where that can be set (fact disks-attribute-set).

    Raises ValueError if ``auto_delete`` is empty or holds anything but booleans.
    """
    if not auto_delete or not all(isinstance(value, bool) for value in auto_delete.values()):
        raise ValueError("auto_delete says true or false of at least one disk")
    disks = [{"diskId": path_id(disk_id), "autoDelete": value} for disk_id, value in auto_delete.items()]
    return _action(instance_id, "modifyInstanceDiskAttribute", {"dataDisks": disks})


def _by_ids(ids: Sequence[str] | None, more: Filters) -> Query:
    if ids is None:
        return filters(more)
    return filters([("instanceId", [path_id(instance_id) for instance_id in ids]), *more])


def _instances_page(query: Query, parse: Callable[[Json], T], size: int) -> Call[Page[T]]:
    return Call(
        operation="vm.describeInstances",
        service=SERVICE,
        method="GET",
        path="/instances",
        query=query,
        body=None,
        write=False,
        parse=lambda result: parse_page(result, "instances", "instanceId", parse, size),
    )


def _action(instance_id: str, action: str, body: Mapping[str, Any]) -> Call[None]:
    return Call(
        operation=f"vm.{action}",
        service=SERVICE,
        method="POST",
        path=f"/instances/{path_id(instance_id)}:{action}",
        query=(),
        body=body,
        write=True,
        parse=accepted,
        resource=instance_id,
    )
