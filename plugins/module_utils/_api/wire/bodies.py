# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies of answers, bounded in every way in which a few bytes can become many: unpacked bytes, values, and depth.

A large page of a real account, 100 machines with eight data disks and ten tags of usual length on everything, has 1.7 million
bytes, 70,000 values and eight levels; with two data disks and five tags it is a fourth of that. The limits (fact tags-limits)
allow tags that are eight times as long, on everything. A page of these is refused.
"""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Iterator
from typing import Any

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Most bytes of a body, packed and unpacked."""
MAX_VALUES = 100_000
"""Most values in a body. An empty list is two bytes, and becomes sixty."""
MAX_DEPTH = 32

# Read and unpacked in small pieces, so that what goes beyond the bound is never held.
PIECE_BYTES = 32 * 1024
# Python decodes one at a time anyway; so what that needs is there once, and not once for each thread.
_one_at_a_time = threading.Lock()
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_ZLIB_OR_GZIP = zlib.MAX_WBITS | 32
# Without backtracking, and to the end of the text where a string is not closed: linear, whatever the text.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)
_NOT_STRUCTURE = bytes(each for each in range(256) if each not in b"[]{},")


class BodyTooLarge(ValueError):
    """A body goes beyond the bounds."""


def decompress(pieces: Iterator[bytes], encoding: str) -> bytes:
    """Return the body of these pieces. Raises BodyTooLarge, or ValueError for one that is damaged, cut off or packed wrongly."""
    whole: list[bytes] = []
    size = 0
    for piece in _unpacked_pieces(_bounded(pieces), encoding.strip().lower()):
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise BodyTooLarge
        whole.append(piece)
    return b"".join(whole)


def _bounded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise BodyTooLarge
        yield piece


def _unpacked_pieces(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding in ("", "identity"):
        yield from pieces
        return
    if encoding not in _PACKED:
        raise ValueError(f"the encoding {encoding[:20]!r} was not asked for")
    decoder, begun = zlib.decompressobj(_ZLIB_OR_GZIP), False
    for piece in pieces:
        rest, more = piece, False
        while rest or more:
            if decoder.eof:
                # Packed in several parts, one after the other.
                decoder = zlib.decompressobj(_ZLIB_OR_GZIP)
            try:
                out = decoder.decompress(rest, PIECE_BYTES)
            except zlib.error as error:
                if begun or encoding != "deflate":
                    raise ValueError("damaged") from error
                # Some servers leave the frame of zlib out.
                decoder = zlib.decompressobj(-zlib.MAX_WBITS)
                begun = True
                continue
            yield out
            begun = True
            rest = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
            # Without a frame at its end, all that is packed may be taken in before all of it was given out.
            more = len(out) == PIECE_BYTES and not decoder.eof
    if begun and not decoder.eof:
        raise ValueError("cut off")


def parse_json_object(body: bytes) -> dict[str, Any] | None:
    """Return the object that a body holds, None if it holds none. Raises BodyTooLarge.

    A member that an object has twice becomes a list of its values, which no reader takes for what it expects: which of them is
    true is not known.
    """
    try:
        with _one_at_a_time:
            _check_structure(body)
            content = json.loads(body.decode(), object_pairs_hook=_members)
    except BodyTooLarge:
        raise
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _check_structure(body: bytes) -> None:
    """Raise BodyTooLarge for too many values, ValueError for too many levels of them, before anything is made of them."""
    # A value has a name at most: more texts than that are too many values, and are not looked at.
    stripped, texts = _STRING.subn(b"", body, count=2 * MAX_VALUES + 1)
    structure = stripped.translate(None, _NOT_STRUCTURE)
    brackets = structure.replace(b",", b"")
    if texts > 2 * MAX_VALUES or len(structure) - len(brackets) + len(brackets) // 2 > MAX_VALUES:
        raise BodyTooLarge
    for _level in range(MAX_DEPTH):
        if not brackets:
            return
        # One level less: what is innermost goes.
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    if brackets:
        raise ValueError("too deep, or cut off")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        for name in fields:
            values = [value for each, value in pairs if each == name]
            if len(values) > 1:
                fields[name] = values
    return fields
