# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the vm service about images (API revision 1.6.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..calls import Call, accepted
from ..model.backup_assets import Image, Quota, parse_image, parse_quota
from ..model.fields import Json, MalformedResponse, expect_id, required_id, required_object
from ..model.resources import Page, parse_page
from ..query import Query, filters, indexed, path_id, scalars
from .vm import SERVICE


def create_image(instance_id: str, name: str, description: str, left_out: Sequence[str] = ()) -> Call[str]:
    """Begin to make a private image of a machine; returns its id. There is no client token.

    All attached cloud data disks are snapshotted, but for those whose device names are in ``left_out``. ``name`` has 2 to 32
    characters, ``description`` at most 256. The machine carries a task meanwhile, which blocks other operations on it.
    """
    body: dict[str, Any] = {"name": name, "description": description}
    if left_out:
        body["dataDisks"] = [{"deviceName": device, "noDevice": True} for device in left_out]
    return Call(
        operation="vm.createImage",
        service=SERVICE,
        method="POST",
        path=f"/instances/{path_id(instance_id)}:createImage",
        query=(),
        body=body,
        write=True,
        parse=lambda result: required_id(result, "imageId"),
        resource=instance_id,
    )


def describe_images(
    *,
    ids: Sequence[str] | None = None,
    instance_ids: Sequence[str] | None = None,
    name: str | None = None,
    status: str | None = None,
    page: int = 1,
    page_size: int = 100,
) -> Call[Page[Image]]:
    """One page of images: those with these ids, or private ones, of these source machines if given. ``name`` is fuzzy there.

    Raises ValueError for an empty list, which the service would take for no restriction; InputError for ids that are none.
    """
    if (ids is not None and not ids) or (instance_ids is not None and not instance_ids):
        raise ValueError("an empty list of ids would list everything")
    query: Query = indexed("ids", [path_id(image_id) for image_id in ids or ()])
    query += indexed("instanceIds", [path_id(instance_id) for instance_id in instance_ids or ()])
    # A source is needed without ids (fact images-listed-by-source). Named together with ids it could hide what is asked for.
    query += scalars(imageSource=None if ids else "private", imageName=name, status=status, pageNumber=page, pageSize=page_size)
    return Call(
        operation="vm.describeImages",
        service=SERVICE,
        method="GET",
        path="/images",
        query=query,
        body=None,
        write=False,
        parse=lambda result: parse_page(result, "images", "imageId", parse_image, page_size),
    )


def describe_image(image_id: str) -> Call[Image]:
    """One image; 404 NOT_FOUND if it does not exist."""
    return Call(
        operation="vm.describeImage",
        service=SERVICE,
        method="GET",
        path=f"/images/{path_id(image_id)}",
        query=(),
        body=None,
        write=False,
        parse=lambda result: _asked_for(result, image_id),
        resource=image_id,
    )


def _asked_for(result: Json, image_id: str) -> Image:
    image = parse_image(required_object(result, "image"))
    expect_id(image.image_id, image_id)
    return image


def delete_image(image_id: str, *, with_snapshots: bool) -> Call[None]:
    """Delete an image that is ready or failed. Its snapshots stay unless ``with_snapshots`` (fact images-keep-snapshots)."""
    return Call(
        operation="vm.deleteImage",
        service=SERVICE,
        method="DELETE",
        path=f"/images/{path_id(image_id)}",
        query=scalars(deleteSnapshot=True if with_snapshots else None),
        body=None,
        write=True,
        parse=accepted,
        resource=image_id,
    )


def set_image_description(image_id: str, description: str) -> Call[None]:
    """Write another description on an image, at most 256 characters."""
    return Call(
        operation="vm.modifyImageAttribute",
        service=SERVICE,
        method="POST",
        path=f"/images/{path_id(image_id)}:modifyImageAttribute",
        query=(),
        body={"description": description},
        write=True,
        parse=accepted,
        resource=image_id,
    )


def create_image_from_snapshots(
    name: str, description: str, system: Mapping[str, str], cloud_disks: Sequence[Mapping[str, Any]], client_token: str
) -> Call[str]:
    """Begin to make an image of snapshots; returns its id. ``system`` names platform, architecture, bootMode, osVersion."""
    body = {"name": name, "description": description, **system, "cloudDisks": list(cloud_disks), "clientToken": client_token}
    return Call(
        operation="vm.createImageFromSnapshots",
        service=SERVICE,
        method="POST",
        path="/images:createImageFromSnapshots",
        query=(),
        body=body,
        write=True,
        parse=lambda result: required_id(result, "imageId"),
    )


def describe_image_quota() -> Call[Quota]:
    """How many private images the region may hold, and holds."""
    return Call(
        operation="vm.describeQuotas",
        service=SERVICE,
        method="GET",
        path="/quotas",
        query=filters([("resourceTypes", ["image"])]),
        body=None,
        write=False,
        parse=_image_quota,
    )


def _image_quota(result: Json) -> Quota:
    rows = result.get("quotas")
    for row in rows if isinstance(rows, list) else ():
        # The rows of other resources are not asked for, and may be whatever they are.
        if isinstance(row, dict) and row.get("resourceType") == "image":
            return parse_quota(row, "limit", "used")
    raise MalformedResponse("quotas has no row for images")
