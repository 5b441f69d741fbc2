# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the quotas have room for a whole batch of backups. Pure. Room is never made by deleting something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._api.services.quotas import Quota
from .plan import BackupDecision


@dataclass(frozen=True, slots=True)
class QuotaCheck:
    """What a batch needs and what is left; ids of machines in the order in which they were weighed."""

    images: Quota
    snapshots: Quota
    images_needed: int
    snapshots_needed: int
    fits: tuple[str, ...]
    does_not_fit: tuple[str, ...]

    @property
    def short(self) -> bool:
        """Whether the batch as a whole does not fit."""
        return bool(self.does_not_fit)

    @property
    def numbers(self) -> str:
        """Needed and left, for a message."""
        text = []
        for name, needed, quota in (
            ("images", self.images_needed, self.images),
            ("snapshots", self.snapshots_needed, self.snapshots),
        ):
            if needed:
                text.append(f"{needed} {name} needed, {quota.left} left of {quota.limit}")
        return "; ".join(text)


def check_quota(decisions: Sequence[BackupDecision], images: Quota, snapshots: Quota) -> QuotaCheck:
    """Weigh all that is to be made against the quotas, in the given order; one that does not fit does not stop smaller ones."""
    left_images, left_snapshots = images.left, snapshots.left
    fits, out = [], []
    for decision in decisions:
        needed_images = sum(asset.images for asset in decision.assets)
        needed_snapshots = sum(asset.snapshots for asset in decision.assets)
        if needed_images <= left_images and needed_snapshots <= left_snapshots:
            left_images -= needed_images
            left_snapshots -= needed_snapshots
            fits.append(decision.instance_id)
        else:
            out.append(decision.instance_id)
    return QuotaCheck(
        images,
        snapshots,
        sum(asset.images for decision in decisions for asset in decision.assets),
        sum(asset.snapshots for decision in decisions for asset in decision.assets),
        tuple(fits),
        tuple(out),
    )
