# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small drawings of what an instance did: one bar for each value of a series. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._language.text import Text, say

WIDTH, HEIGHT = 112, 22
"""The size of a drawing, in the units of its path."""
LOWEST = 0.6
"""A value of zero is seen, and no value is not."""
GAP = 1.0
THRESHOLDS = {"cpu": "cpu_percent_max", "network": "network_kbps_avg", "disk": "disk_kbps_avg"}
"""By kind of metric, the threshold that a drawing is at least as high as."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The bars as an SVG path, and what they show in words."""

    path: str
    title: Text


def drawings_of(row: Mapping[str, Any], thresholds: Mapping[str, Any]) -> list[Drawing]:
    """The drawings of an instance of idle.json. A series without any value has none."""
    found = (_drawing(series, thresholds) for series in row["series"])
    return [drawing for drawing in found if drawing is not None]


def bars(values: Sequence[float | None], top: float) -> str:
    """The path of the bars; `top` is the value of a bar of full height. What has no value has no bar."""
    step = WIDTH / max(1, len(values))
    pieces = []
    for place, value in enumerate(values):
        if value is not None:
            height = max(LOWEST, HEIGHT * min(1.0, value / top))
            pieces.append(f"M{place * step:.1f} {HEIGHT}v-{height:.1f}h{step - GAP:.1f}v{height:.1f}z")
    return "".join(pieces)


def kind_of(metric: str) -> str:
    """Whether a metric is of the CPU, the network or the disks."""
    return next((kind for kind in ("network", "disk") if kind in metric), "cpu")


def _drawing(series: Mapping[str, Any], thresholds: Mapping[str, Any]) -> Drawing | None:
    most = max((value for value in series["points"] if value is not None), default=None)
    if most is None:
        return None
    kind = kind_of(series["metric"])
    top = max(float(thresholds[THRESHOLDS[kind]]), most) or 1.0
    words = {"title": say(f"metric.{kind}"), "days": series["days"], "most": f"{most:g}", "unit": series["unit"]}
    return Drawing(bars(series["points"], top), say("idle.line", **words))
