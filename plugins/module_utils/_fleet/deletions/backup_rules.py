# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What forbids to delete an image or snapshot, and in what it has changed since. Pure.

Facts states-image-ready, states-image-others and states-snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from ..._api.errors import ApiError, JdcloudError
from ..._api.model.backup_assets import Image, Snapshot
from ..common.failure import Failure, Finding, unreadable_finding
from .resource_kind import DELETING

IMAGE_DELETABLE = frozenset({"ready", "error"})
SNAPSHOT_DELETABLE = frozenset({"available", "error_create", "error_delete"})
SNAPSHOT_IN_USE = "in-use"

KEPT_BY_SERVICE = {
    "delete shared image": "it is shared with other accounts: stop sharing it, or exclude it",
    "delete protected image": "it is protected in JD Cloud: remove the protection, or exclude it",
    "delete community image": "it is published as a community image: end the publication, or exclude it",
    "delete this image": "JD Cloud uses it: exclude it",
    "to create instance": "instances with local disks were made from it: delete them first, or exclude it",
}
"""By words of the refusal, in lower case (fact images-not-deletable). No later try succeeds, until the cause ends."""

Snapshots = Mapping[str, Snapshot]
"""The snapshots of images, by id; one that does not exist is missing."""


@dataclass(frozen=True, slots=True)
class BackupDeletionPolicy:
    """What is wanted. `name`: what is deleted must have it; `ids`: all that is to be deleted in this run."""

    name: str | None = None
    delete_snapshots: bool = False
    ids: Set[str] = field(default_factory=frozenset)


def snapshot_ids_of(image: Image) -> tuple[str, ...]:
    """The snapshots that belong to an image, in the order of its disks."""
    return tuple(dict.fromkeys(disk.snapshot_id for disk in image.disks if disk.snapshot_id))


def backup_blockers(asset: Image | Snapshot, policy: BackupDeletionPolicy, snapshots: Snapshots) -> tuple[Finding, ...]:
    """Everything that forbids to delete it. One that is being deleted already is only waited for."""
    reasons = [*unreadable_finding(asset)] or [*_mismatch(asset, policy)]
    if asset.unreadable:
        return tuple(reasons)
    reasons += _image_reasons(asset, policy, snapshots) if isinstance(asset, Image) else _snapshot_reasons(asset)
    return tuple(reasons)


def backup_differences(before: Image | Snapshot, now: Image | Snapshot) -> list[str]:
    """In what an asset is not the one any more that the plan was made of."""
    pairs = {"name": (before.name, now.name), "status": (before.status, now.status), "source": (before.source, now.source)}
    text = [f"its {what} is now '{pair[1]}' instead of '{pair[0]}'" for what, pair in pairs.items() if pair[0] != pair[1]]
    if isinstance(before, Image) and isinstance(now, Image) and set(snapshot_ids_of(before)) != set(snapshot_ids_of(now)):
        text.append(f"its snapshots are now {_listed(snapshot_ids_of(now))} instead of {_listed(snapshot_ids_of(before))}")
    if isinstance(before, Snapshot) and isinstance(now, Snapshot) and set(before.images) != set(now.images):
        text.append(f"it now belongs to {_listed(now.images)} instead of {_listed(before.images)}")
    return text


def kept_by_service(asset: Image | Snapshot, error: JdcloudError) -> Failure | None:
    """Why the service will not delete an image however often it is asked; None for any other refusal."""
    if not isinstance(asset, Image) or not isinstance(error, ApiError) or error.status != "FAILED_PRECONDITION":
        return None
    text = error.message.lower()
    for words, reason in KEPT_BY_SERVICE.items():
        if words in text:
            return Failure("kept_by_service", f"image {asset.image_id} cannot be deleted, because {reason}.", error)
    return None


def _mismatch(asset: Image | Snapshot, policy: BackupDeletionPolicy) -> Iterator[Finding]:
    if policy.name is not None and asset.name != policy.name:
        yield Finding("selector_mismatch", f"Its name is '{asset.name}', not '{policy.name}': correct the name, or use its id.")


def _image_reasons(image: Image, policy: BackupDeletionPolicy, snapshots: Snapshots) -> Iterator[Finding]:
    if image.source != "private":
        what = f"'{image.source}'" if image.source else "of unknown source"
        yield Finding("not_private", f"It is not a private image of the account but {what}: exclude it.")
    if image.status not in IMAGE_DELETABLE | {DELETING}:
        yield _busy(image.status)
    if policy.delete_snapshots:
        yield from _shared_snapshots(image, policy, snapshots)


def _shared_snapshots(image: Image, policy: BackupDeletionPolicy, snapshots: Snapshots) -> Iterator[Finding]:
    """Whether the service would leave alone a snapshot that another image needs is only inferred (fact snapshots-of-images)."""
    for snapshot_id in snapshot_ids_of(image):
        snapshot = snapshots.get(snapshot_id)
        others = [other for other in snapshot.images if other not in policy.ids] if snapshot is not None else []
        if snapshot is not None and snapshot.unreadable:
            yield from unreadable_finding(snapshot)
        if others:
            yield Finding(
                "belongs_to_image",
                f"Its snapshot {snapshot_id} also belongs to {_listed(others)}: set delete_snapshots to false, or delete those "
                "images as well.",
            )


def _snapshot_reasons(snapshot: Snapshot) -> Iterator[Finding]:
    if snapshot.source != "self":
        yield Finding("not_private", "It is not a snapshot of this account: exclude it.")
    if snapshot.images:
        yield Finding(
            "belongs_to_image",
            f"It belongs to {_listed(snapshot.images)}: delete that image, with delete_snapshots to delete the snapshot as well.",
        )
    if snapshot.status == SNAPSHOT_IN_USE:
        yield Finding(
            "invalid_status",
            (f"Its status is '{SNAPSHOT_IN_USE}', which does not allow its deletion: wait until it is no longer in use."),
        )
    elif snapshot.status not in SNAPSHOT_DELETABLE | {DELETING}:
        yield _busy(snapshot.status)


def _busy(status: str) -> Finding:
    # Names of transitional states are not all known.
    return Finding("task_in_progress", f"It is in the transitional state '{status}': wait until it is stable.")


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids) or "none"
