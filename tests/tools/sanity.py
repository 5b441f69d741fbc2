# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs `ansible-test sanity` in a real copy of the collection, with the ansible-core of the Python that runs this.

`ansible-test` resolves symbolic links, so the link below .venv does not do: it wants a folder that is called
ansible_collections/jdcloud/cloud. More words are passed on: `sanity.py --test validate-modules`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

PRIVATE = Path(__file__).resolve().parent.parent.parent / ".venv"
SHIM = Path(__file__).with_name("get_pip.py")
SNAPSHOT = Path(__file__).with_name("snapshot.py")


def main() -> int:
    """Return the exit code of ansible-test."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    place_shim()
    copy = copied_collection(version)
    ansible_test = str(Path(sys.executable).with_name("ansible-test"))
    command = [ansible_test, "sanity", "--python", version, "--color", "no", *sys.argv[1:]]
    print(f"ansible-test sanity, Python {version}", flush=True)
    return subprocess.run(command, cwd=copy, env=plain_environment(), check=False).returncode


def plain_environment() -> dict[str, str]:
    """Return the environment with the linters' programs, and without the paths that lead to the checkout."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "ANSIBLE_COLLECTIONS_PATH")}
    # ansible-test takes shellcheck from the path, and skips that test without a failure when it finds none.
    environment["PATH"] = os.pathsep.join([str(PRIVATE / "lint" / "bin"), environment["PATH"]])
    return environment


def place_shim() -> None:
    """Put the stand-in where ansible-test keeps its download, so that it needs no host but the package index."""
    spec = importlib.util.find_spec("ansible_test")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("ansible-test is not installed next to this Python: run it through make sanity")
    source = Path(spec.submodule_search_locations[0]) / "_internal" / "python_requirements.py"
    lines = [line.strip() for line in source.read_text(encoding="utf-8").splitlines()]
    cache = Path.home() / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    # The versions of pip that ansible-test knows stand there as pip='24.2', and the file's name ends in 24_2.
    for version in {line.split("'")[1] for line in lines if line.startswith("pip='")}:
        shutil.copyfile(SHIM, cache / f"get_pip_{version.replace('.', '_')}.py")


def copied_collection(version: str) -> Path:
    """Return a fresh copy of all files that git tracks or would track."""
    copy = PRIVATE / "sanity" / version / "ansible_collections" / "jdcloud" / "cloud"
    subprocess.run([sys.executable, str(SNAPSHOT), str(copy)], check=True)
    return copy


if __name__ == "__main__":
    sys.exit(main())
