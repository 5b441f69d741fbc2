# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of `list_file`, read at the beginning of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ....module_utils._api.errors import InputError
from ..input.choice import entries_of
from ..input.decommission_variables import PREFIX, Options

MOST_BYTES = 4 * 1024 * 1024
"""The largest list that is read."""


def with_list(options: Options) -> Options:
    """The options with the entries of the list file. Raises `InputError` if it cannot be read."""
    if not options.list_file:
        return options
    name = f"{PREFIX}list_file"
    path = Path(options.list_file)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{name} is larger than {MOST_BYTES} bytes, so nothing was done: check the path of the list.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{name} cannot be read ({error.strerror or error}), so nothing was done: correct the path.") from error
    except UnicodeError as error:
        raise InputError(f"{name} is not a UTF-8 text, so nothing was done: save it as UTF-8.") from error
    return replace(options, listed=entries_of(text, name))
