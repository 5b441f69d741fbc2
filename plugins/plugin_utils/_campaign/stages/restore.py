# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook restore: read the manifest, make the machines, and say what came back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ....module_utils._api.errors import InputError
from ..input.other_variables import RestoreOptions
from ..steps import restore as steps
from .campaign import Modules, Result

HANDED_ON = ("changed", "failed", "msg", "account", "instances", "summary", "diff")
"""Members of the module's result that are those of the stage, too."""


def restore(options: RestoreOptions, modules: Modules, folder: str, *, preview: bool) -> Result:
    """The result of jdcloud_vm_restore, failed or not, with lines to show and counts to hand over.

    `folder` is where a relative path of the manifest begins. Raises `InputError`, before anything is sent, for a file that is
    no manifest, and for machines that are not in it.
    """
    manifest = _read(Path(folder) / options.path) if options.path else None
    arguments = steps.restore_arguments(options, manifest)
    result = modules.execute("jdcloud_vm_restore", arguments, check_mode=preview, journal_path="")
    return {
        **{name: result[name] for name in HANDED_ON if name in result},
        "lines": steps.restore_lines(result),
        "counts": steps.restore_counts(result),
    }


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The file restore_manifest cannot be read ({error.strerror or error}).") from error
    except (ValueError, RecursionError):
        # What is read of it says what it lacks.
        return None
