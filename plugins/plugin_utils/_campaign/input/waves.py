# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waves: how a campaign grows, from one machine to all of them. Pure.

A size is a number of machines or a share of the whole campaign. Sizes are cumulative: with 300 machines, 1, 10% and 100% make
waves of 1, 29 and 270.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ....module_utils._api.errors import InputError
from ....module_utils._fleet.common.texts import shown

DEFAULT_WAVES = ("1", "10%", "100%")
_SIZE = re.compile(r"(\d{1,9})(?:\.0+)?(%?)", re.ASCII)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%", re.ASCII)


@dataclass(frozen=True, slots=True)
class Size:
    """How many machines a campaign has touched when a wave has ended."""

    number: float
    share: bool

    def of(self, machines: int) -> int:
        """As a number of machines, at least one, at most all."""
        wanted = math.ceil(round(machines * self.number / 100, 6)) if self.share else int(self.number)
        return max(1, min(machines, wanted))

    def __str__(self) -> str:
        # Never as 1e+06, which nothing reads; at most six places were read.
        return f"{self.number:.6f}".rstrip("0").rstrip(".") + ("%" if self.share else "")


def parse_waves(value: Any, name: str) -> tuple[Size, ...]:
    """The sizes of all waves, also from a text with commas. Raises `InputError` for anything else, and for falling sizes."""
    if value is None:
        return parse_waves("", name)
    if isinstance(value, str):
        text = value.strip().strip("[]").replace('"', "").replace("'", "")
        entries: list[Any] = [part.strip() for part in text.split(",")] if text else list(DEFAULT_WAVES)
    elif isinstance(value, list):
        entries = value
    else:
        entries = [value]
    sizes = tuple(_size(entry, name) for entry in entries)
    if not sizes:
        raise InputError(f"{name} is an empty list: set at least one size, for example 100%.")
    for before, after in pairwise(sizes):
        if before.share == after.share and after.number < before.number:
            raise InputError(f"{name} decreases from {before} to {after}, but the sizes are cumulative: use increasing sizes.")
    return sizes


def split_into_waves(ids: Sequence[str], sizes: Sequence[Size], first: int = 0) -> list[list[str]]:
    """The machines of each wave, in order. Sizes that add nothing to the wave before make no wave.

    No wave holds both some of the `first` machines and others.
    """
    waves: list[list[str]] = []
    done = 0
    for end in [size.of(len(ids)) for size in sizes] if ids else []:
        for cut in (first, end) if done < first < end else (end,):
            if cut > done:
                waves.append(list(ids[done:cut]))
                done = cut
    return waves


def _size(entry: Any, name: str) -> Size:
    text = str(entry).strip()
    share = _SHARE.fullmatch(text)
    match = _SIZE.fullmatch(text)
    if isinstance(entry, bool) or not (share or match):
        raise InputError(f"{name} contains {shown(text)}, but a size must be a number of instances, or a share such as 10%.")
    if share:
        number = float(share[1])
        if not 0 < number <= 100:
            raise InputError(f"{name} contains {text}, but a share must be above 0% and at most 100%.")
        return Size(number, share=True)
    count = int(match[1]) if match else 0
    if count < 1:
        raise InputError(f"{name} contains {text}, but a wave must have at least one instance.")
    return Size(float(count), share=False)
