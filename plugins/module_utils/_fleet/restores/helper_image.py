# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The helper image: made of the snapshot of a system disk where no image of the machine exists, and deleted afterwards.

Its snapshot is a backup and always stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import list_all
from ..._api.errors import JdcloudError
from ..._api.model.backup_assets import Image
from ..._api.services.vm import create_image_from_snapshots, delete_image, describe_image
from ..common.failure import ErrorMeaning, Failure, classify
from ..common.timing import Timing
from ..evidence.existing_backups import IMAGES
from ..evidence.marker import NameParts, asset_name
from ..evidence.proof import asset_id_of
from .create_once import CreateRequest
from .lookup import token_of
from .marker import read_restore_marker
from .plan import HelperImage, RestorePlan
from .wait import is_missing, looks, never_shown

PATTERN = "restore-{instance_id}-{unique}"


def _helper_name(plan: RestorePlan) -> str:
    """The same for the same restore, so that the next run finds it."""
    source = plan.marker.instance_id
    return asset_name(PATTERN, NameParts(source, source, "", f"{plan.marker.origin}\0{plan.name}", attempt=1), dots=True)


def find_helpers(dispatcher: Dispatcher, plans: Sequence[RestorePlan]) -> list[str | None]:
    """For each plan the id of the helper image that an earlier run left, if it can still be of use."""
    return [next(iter(_find(dispatcher, plan)), None) if plan.helper is not None else None for plan in plans]


def _find(dispatcher: Dispatcher, plan: RestorePlan) -> list[str]:
    name = _helper_name(plan)
    images = list_all(dispatcher, IMAGES.pages_of(None, name), asset_id_of)
    ours = [image for image in images if image.name == name and read_restore_marker(image.description) == plan.marker]
    return [image.image_id for image in ours if image.status not in ("error", "deleting")]


def helper_request(dispatcher: Dispatcher, plan: RestorePlan, found: str | None, run: str) -> CreateRequest:
    """The helper image as something to be made once."""
    helper = plan.helper
    if helper is None:
        raise ValueError("this instance needs no helper image")
    name, rows = _helper_name(plan), [_row(helper)]
    what = json.dumps([name, helper.system, rows], sort_keys=True)

    def create() -> Call[str]:
        return create_image_from_snapshots(name, helper.description, helper.system, rows, token_of(plan, what, run))

    return CreateRequest(
        title=f"the helper image {name}",
        create=create,
        find=lambda: _find(dispatcher, plan),
        made_id=found,
    )


def _row(helper: HelperImage) -> dict[str, Any]:
    disk = helper.disk
    row = {
        "snapshotId": disk.snapshot_id,
        "deviceName": disk.device,
        "diskType": disk.disk_type,
        "diskSizeGB": disk.size_gb,
        "autoDelete": True,
    }
    return {key: value for key, value in row.items() if value is not None}


def wait_for_helpers(dispatcher: Dispatcher, helpers: Mapping[str, RestorePlan], timing: Timing) -> Mapping[str, Failure]:
    """Wait until the images are ready. `helpers`: for what each is made, by its id. Returns the failures, by id.

    What was just made may be left out by reads by id, or by the listing, for some time.
    """
    failures: dict[str, Failure] = {}
    waiting, began = list(helpers), dispatcher.clock.now()
    images: dict[str, Image] = {}
    shown_at: dict[str, float] = {}
    for _look in looks(dispatcher, timing) if waiting else ():
        images = _read(dispatcher, {image_id: helpers[image_id] for image_id in waiting})
        now = dispatcher.clock.now()
        shown_at.update(dict.fromkeys(images, now))
        for image_id in waiting:
            failure = _flaw(image_id, images.get(image_id), began, shown_at.get(image_id), now)
            failures.update({image_id: failure} if failure is not None else {})
        waiting = [each for each in waiting if each not in failures and not (each in images and images[each].status == "ready")]
        if not waiting:
            break
    waited = dispatcher.clock.now() - began
    for image_id in waiting:
        status = images[image_id].status if image_id in images else "not shown"
        failures[image_id] = Failure(
            "timeout", f"The helper image {image_id} is still in '{status}' after {waited:.0f} s: run again later."
        )
    return failures


def _read(dispatcher: Dispatcher, helpers: Mapping[str, RestorePlan]) -> dict[str, Image]:
    """The images by id; those that are left out by name."""
    found = IMAGES.read(dispatcher, [*helpers])
    for image_id, plan in helpers.items():
        if image_id not in found:
            listed = list_all(dispatcher, IMAGES.pages_of(None, _helper_name(plan)), asset_id_of)
            found.update({image.image_id: image for image in listed if image.image_id == image_id})
    return found


def _flaw(image_id: str, image: Image | None, began: float, shown_at: float | None, now: float) -> Failure | None:
    """Why an image will not become ready. It is missing only if no read has shown it for some time."""
    if image is not None:
        wrong = image.status in ("error", "deleting")
        return Failure("helper_image_failed", f"The helper image {image_id} became '{image.status}'.") if wrong else None
    if not is_missing(began, shown_at, now):
        return None
    if shown_at is None:
        return never_shown("The helper image", image_id, now - began)
    return Failure("helper_image_failed", f"The helper image {image_id} became 'absent'.")


def delete_helpers(dispatcher: Dispatcher, ids: Sequence[str], timing: Timing) -> Mapping[str, str]:
    """Delete the images and keep their snapshots. Returns by id why one was not deleted."""
    reasons: dict[str, str] = {}
    todo = list(ids)
    for attempt in range(timing.retries + 1):
        if not todo:
            break
        if attempt:
            dispatcher.pause(min(timing.poll_interval, dispatcher.backoff(attempt)))
        outcomes = dispatcher.gather([delete_image(image_id, with_snapshots=False) for image_id in todo])
        again = []
        for image_id, outcome in zip(todo, outcomes, strict=True):
            error = outcome.error
            if error is None or error.is_not_found or (image_id in reasons and _goes(dispatcher, image_id)):
                reasons.pop(image_id, None)
                continue
            reasons[image_id] = str(error)
            if classify(error) in (ErrorMeaning.UNCLEAR, ErrorMeaning.THROTTLED, ErrorMeaning.BUSY):
                again.append(image_id)
        todo = again
    return reasons


def _goes(dispatcher: Dispatcher, image_id: str) -> bool:
    """Whether an earlier call with an unclear end did delete it."""
    try:
        return dispatcher.read(describe_image(image_id)).status == "deleting"
    except JdcloudError as error:
        return error.is_not_found
