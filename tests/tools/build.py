# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the collection twice, compares what is inside, installs it, and reads the documentation of all it holds."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / ".venv" / "build"
BIN = ROOT / ".venv" / "bin"
PATTERNS = ("decommission_fleet", "scheduled_cleanup", "scheduled_expiry", "find_idle")
NEEDED = {
    *("README.md", "LICENSE", "meta/runtime.yml", "meta/execution-environment.yml", "requirements.txt", "bindep.txt"),
    *("extensions/audit/event_query.yml", "extensions/eda/rulebooks/cleanup_when_due.yml", "plugins/action/jdcloud_vm.py"),
    *(f"plugins/plugin_utils/_campaign/{name}" for name in ("report/page.html.j2", "report/page.css", "report/page.js")),
    *(f"plugins/plugin_utils/_campaign/{name}" for name in ("report/lists.html.j2", "report/timeline.html.j2")),
    *(f"plugins/plugin_utils/_campaign/{name}" for name in ("idle/idle.html.j2", "idle/idle.css")),
    *(f"extensions/patterns/{name}/meta/pattern.json" for name in PATTERNS),
}
"""What a user of the archive looks for."""
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "1767225600"))
"""The time of all files in the archive, in seconds: the beginning of 2026 unless the environment says otherwise."""
UNWANTED = {
    *(".venv", ".git", ".github", ".ci", "tests", "demo", "context", "__pycache__"),
    *("Makefile", "noxfile.py", "antsibull-nox.toml", "pyproject.toml"),
}
"""First or inner parts of paths that belong to a checkout alone."""


def main() -> int:
    """Return 0 when both archives hold the same right files and the installed collection documents itself."""
    shutil.rmtree(PLACE, ignore_errors=True)
    first, second = built("first"), built("second")
    if first.read_bytes() != second.read_bytes():
        return complain("two builds of the same files differ")
    names = set(contents(first))
    missing = NEEDED - names
    if missing:
        return complain(f"the archive lacks {', '.join(sorted(missing))}")
    stray = sorted(name for name in names if any(part in UNWANTED for part in Path(name).parts))
    if stray:
        return complain(f"the archive holds {stray[0]} and {len(stray) - 1} more that belong to the checkout alone")
    modules = sorted(Path(name).stem for name in names if name.startswith("plugins/modules/"))
    roles = sorted({Path(name).parts[1] for name in names if name.startswith("roles/")})
    folder = installed(first)
    read_documentation(folder, "module", modules)
    read_documentation(folder, "role", roles)
    kilobytes = first.stat().st_size // 1024
    documented = f"{len(modules)} modules and {len(roles)} roles documented"
    print(f"{first.name}: {len(names)} files, {kilobytes} KiB, two builds alike, {documented}")
    return 0


def built(name: str) -> Path:
    """Return a freshly built archive, the same to the byte for the same files."""
    galaxy("build", str(ROOT), "--output-path", str(PLACE / name))
    archive = next((PLACE / name).glob("*.tar.gz"))
    make_reproducible(archive)
    return archive


def make_reproducible(archive: Path) -> None:
    """Write an archive again without what depends on when, where and by whom it was built. Its files and their sums stay."""
    with tarfile.open(archive) as tar:
        members = sorted(((member, read_member(tar, member)) for member in tar), key=lambda each: each[0].name)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, data in members:
            plain = tarfile.TarInfo(member.name)
            plain.type, plain.size, plain.mtime = member.type, len(data), EPOCH
            plain.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            tar.addfile(plain, io.BytesIO(data))
    with open(archive, "wb") as file, gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=EPOCH) as packed:
        packed.write(stream.getvalue())


def read_member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """Return what a file holds; nothing for a folder."""
    file = tar.extractfile(member)
    return b"" if file is None else file.read()


def contents(archive: Path) -> dict[str, bytes]:
    """Return the files of an archive; owners and times of its members are no part of the comparison."""
    with tarfile.open(archive) as tar:
        return {member.name: read.read() for member in tar if (read := tar.extractfile(member)) is not None}


def installed(archive: Path) -> Path:
    """Install without any server, check the files against their sums, and return the collections folder."""
    folder = PLACE / "installed"
    galaxy("install", str(archive), "--offline", "-p", str(folder), "--force", found_in=folder)
    galaxy("verify", "jdcloud.cloud", "--offline", found_in=folder)
    return folder


def galaxy(*words: str, found_in: Path | None = None) -> None:
    """Run ansible-galaxy; it sees only the collections in `found_in`, not the link to the checkout."""
    quietly([str(BIN / "ansible-galaxy"), "collection", *words], found_in)


def read_documentation(folder: Path, kind: str, plugins: list[str]) -> None:
    """Let the installed collection document itself; a missing fragment would show here."""
    quietly([str(BIN / "ansible-doc"), "--type", kind, *(f"jdcloud.cloud.{name}" for name in plugins)], folder)


def quietly(command: list[str], collections: Path | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if collections is not None:
        environment["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)


def complain(sentence: str) -> int:
    print(f"build: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
