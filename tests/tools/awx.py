# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes the collection awx.awx out of the package `ansible`, in its last version that holds it, for Python 3.11."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / ".venv" / "awx" / "collections"
WANTED = "ansible_collections/awx/awx/"


def main() -> int:
    """Fetch, take out, and forget the rest, which is a hundred times as much."""
    (ROOT / ".venv" / "tmp").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".venv" / "tmp") as folder:
        # One wheel for all Pythons, which says that it wants 3.11 or newer.
        what = ["--no-deps", "--only-binary=:all:", "--python-version=3.11", "-r", str(ROOT / "requirements" / "awx.txt")]
        command = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-input", "-d", folder]
        subprocess.run([*command, *what], check=True)
        (wheel,) = Path(folder).glob("ansible-*.whl")
        shutil.rmtree(PLACE, ignore_errors=True)
        with zipfile.ZipFile(wheel) as content:
            content.extractall(PLACE, [name for name in content.namelist() if name.startswith(WANTED)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
