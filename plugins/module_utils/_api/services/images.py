# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the vm service about images (API revision 1.6.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..calls import Call, accepted, action, read, remove
from ..fields import PAGE_SIZE, Json, Page, one_of, page_of, required_id
from ..model.backup_assets import Image, parse_image
from ..query import Query, indexed, path_id, scalars


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
