# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the quotas allow a whole batch of backups. Pure. Nothing is ever deleted so that a batch fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._api.services.quotas import Quota
from .policy import BackupDecision


@dataclass(frozen=True, slots=True)
class QuotaCheck:
    """What a batch needs and what is left; ids of machines in the order in which they were compared."""

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
        parts = []
        for name, needed, quota in (
            ("images", self.images_needed, self.images),
            ("snapshots", self.snapshots_needed, self.snapshots),
        ):
            if needed:
                parts.append(f"{needed} {name} needed, {quota.left} left of {quota.limit}")
        return "; ".join(parts)


def check_quota(decisions: Sequence[BackupDecision], images: Quota, snapshots: Quota) -> QuotaCheck:
    """Compare all that is to be made with the quotas, in the given order; one that does not fit does not stop smaller ones."""
    left_images, left_snapshots = images.left, snapshots.left
    fits, out = [], []
    for decision in decisions:
        if decision.images <= left_images and decision.snapshots <= left_snapshots:
            left_images -= decision.images
            left_snapshots -= decision.snapshots
            fits.append(decision.instance_id)
        else:
            out.append(decision.instance_id)
    return QuotaCheck(
        images,
        snapshots,
        sum(decision.images for decision in decisions),
        sum(decision.snapshots for decision in decisions),
        tuple(fits),
        tuple(out),
    )
