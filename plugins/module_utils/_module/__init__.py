# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: arguments, results and the frame of a module run; the only code that knows AnsibleModule."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

NEEDED = (3, 11)
"""The oldest Python that modules run on; the collection's meta data cannot say it, since it is about the host of the task."""


def refusal(version: Sequence[int], program: str) -> str | None:
    """One sentence if this Python is too old for the modules, else None."""
    if tuple(version[:2]) >= NEEDED:
        return None
    wanted = ".".join(map(str, NEEDED))
    found = ".".join(map(str, version[:3]))
    return (
        f"The modules of jdcloud.cloud need Python {wanted} or newer, but this task runs with Python {found} ({program}): set "
        'ansible_python_interpreter to a newer version, on localhost to "{{ ansible_playbook_python }}".'
    )


def _check_interpreter() -> None:
    text = refusal(tuple(sys.version_info[:3]), sys.executable)
    if text is not None:
        sys.stdout.write(json.dumps({"failed": True, "changed": False, "msg": text}) + "\n")
        raise SystemExit(1)


# This is imported before all other modules of the package, which an older Python cannot even read. So it is here, and in words
# that such a Python understands.
_check_interpreter()
