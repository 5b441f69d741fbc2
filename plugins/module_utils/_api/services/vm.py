# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the vm service, about machines and images (API revision 1.6.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..calls import Call, Query, accepted, action, filters, indexed, path_id, read, remove, scalars
from ..calls import tags as tag_query
from ..fields import PAGE_SIZE, Json, MalformedResponse, Page, one_of, page_of, required_id
from ..model.backup_assets import Image, parse_image
from ..model.instance import Instance, InstanceInFull, parse_instance, parse_instance_in_full

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


def create_image(instance_id: str, name: str, description: str, left_out: Sequence[str] = ()) -> Call[str]:
    """Begin to make a private image of a machine; returns its id. There is no client token.

    All attached cloud data disks are snapshotted, but for those whose device names are in ``left_out``. ``name`` has 2 to 32
    characters, ``description`` at most 256. The machine carries a task meanwhile, which blocks other operations on it.
    """
    body: dict[str, Any] = {"name": name, "description": description}
    if left_out:
        body["dataDisks"] = [{"deviceName": device, "noDevice": True} for device in left_out]
    return action("vm.createImage", f"/instances/{path_id(instance_id)}:createImage", body, _image_id, instance_id)


def describe_images(
    *,
    ids: Sequence[str] | None = None,
    instance_ids: Sequence[str] | None = None,
    name: str | None = None,
    status: str | None = None,
    page: int = 1,
) -> Call[Page[Image]]:
    """One page of images: those with these ids, or private ones, of these source machines if given. ``name`` is fuzzy there.

    Raises ValueError for an empty list, which the service would take for no restriction; InputError for ids that are none.
    """
    if (ids is not None and not ids) or (instance_ids is not None and not instance_ids):
        raise ValueError("an empty list of ids would list everything")
    query: Query = indexed("ids", [path_id(image_id) for image_id in ids or ()])
    query += indexed("instanceIds", [path_id(instance_id) for instance_id in instance_ids or ()])
    # A source is needed without ids (fact images-listed-by-source). Named together with ids it could hide what is asked for.
    query += scalars(imageSource=None if ids else "private", imageName=name, status=status, pageNumber=page, pageSize=PAGE_SIZE)
    return read("vm.describeImages", "/images", page_of("images", "imageId", parse_image), query)


def describe_image(image_id: str) -> Call[Image]:
    """One image; 404 NOT_FOUND if it does not exist."""
    parse = one_of("image", "imageId", parse_image, image_id)
    return read("vm.describeImage", f"/images/{path_id(image_id)}", parse, resource=image_id)


def delete_image(image_id: str, *, with_snapshots: bool) -> Call[None]:
    """Delete an image that is ready or failed. Its snapshots stay unless ``with_snapshots`` (fact images-keep-snapshots)."""
    query = scalars(deleteSnapshot=True if with_snapshots else None)
    return remove("vm.deleteImage", f"/images/{path_id(image_id)}", image_id, query)


def set_image_description(image_id: str, description: str) -> Call[None]:
    """Write another description on an image, at most 256 characters."""
    path = f"/images/{path_id(image_id)}:modifyImageAttribute"
    return action("vm.modifyImageAttribute", path, {"description": description}, accepted, image_id)


def create_image_from_snapshots(
    name: str, description: str, system: Mapping[str, str], cloud_disks: Sequence[Mapping[str, Any]], client_token: str
) -> Call[str]:
    """Begin to make an image of snapshots; returns its id. ``system`` names platform, architecture, bootMode, osVersion."""
    body = {"name": name, "description": description, **system, "cloudDisks": list(cloud_disks), "clientToken": client_token}
    return action("vm.createImageFromSnapshots", "/images:createImageFromSnapshots", body, _image_id)


def _image_id(result: Json) -> str:
    return required_id(result, "imageId")


def create_instances(spec: Mapping[str, Any], client_token: str) -> Call[str]:
    """Begin to make one machine after an instanceSpec; returns its id. -> pending -> running, or error and then gone.

    The service makes one machine for one ``client_token``, however often it is sent (fact limits-client-tokens).
    """
    body = {"instanceSpec": dict(spec), "maxCount": 1, "clientToken": client_token}
    return action("vm.createInstances", "/instances", body, _only_id)


def _only_id(result: Json) -> str:
    ids = result.get("instanceIds")
    if not isinstance(ids, list) or len(ids) != 1:
        raise MalformedResponse("instanceIds is not a list of one id")
    return required_id({"instanceIds": ids[0]}, "instanceIds")
