# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the documentation site: `make docs`, without network. Any warning fails it.

The pages of modules, roles and plugins come from antsibull-docs. The guides are the Markdown files in docs/: the pages in
docs/docsite/rst/ only stand for them, and are replaced here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / ".venv" / "docs" / "site"
SOURCE = PLACE / "rst"
HTML = PLACE / "html"
GUIDES = ROOT / "docs"
COLLECTION = "jdcloud.cloud"
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")
_ENTRY = re.compile(r"^( +)((\w+)_(module|inventory|role))$", re.MULTILINE)
_ROLE = re.compile(r"roles/(\w+)/README\.md")


def main() -> int:
    """Return 0 when the site is complete."""
    shutil.rmtree(PLACE, ignore_errors=True)
    SOURCE.mkdir(parents=True, mode=0o700)
    # antsibull-docs asks for Ansible's commands, and takes the configuration from the folder it runs in.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    options = ("--use-current", "--squash-hierarchy", "--fail-on-error", "--cleanup", "everything")
    run("antsibull-docs", "collection", *options, "--dest-dir", str(SOURCE), COLLECTION)
    index = SOURCE / "index.rst"
    index.write_text(with_short_titles(index.read_text(encoding="utf-8")), encoding="utf-8")
    for name in guide_names():
        place_guide(name)
    shutil.copytree(GUIDES / "images", SOURCE / "docsite" / "images")
    shutil.copyfile(Path(__file__).with_name("docs_conf.py"), PLACE / "conf.py")
    shutil.copytree(Path(__file__).with_name("docs_static"), PLACE / "_static")
    log = PLACE / "warnings.txt"
    run("sphinx-build", "-q", "-j", "2", "-b", "html", "-c", str(PLACE), "-w", str(log), str(SOURCE), str(HTML))
    warnings = log.read_text(encoding="utf-8").strip()
    if warnings:
        print(f"docs: Sphinx warned, so a page is not as it should be:\n{warnings}", file=sys.stderr)
        return 1
    print(f"{len(list(HTML.rglob('*.html')))} pages, for a browser: {HTML / 'index.html'}")
    return 0


def with_short_titles(index: str) -> str:
    """The first page with its name as it is written everywhere else, and a list next to the pages that is quick to read."""
    titled = index.replace("Jdcloud.Cloud\n", f"{COLLECTION}\n", 1)
    return _ENTRY.sub(r"\1\3 (\4) <\2>", titled)


def guide_names() -> list[str]:
    """All guides of the site, in their order."""
    listed = yaml.safe_load((GUIDES / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))
    return [str(name) for section in listed["sections"] for name in section["toctree"]]


def place_guide(name: str) -> None:
    """Put the Markdown file of a guide where its stand-in is."""
    text = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    folder = SOURCE / "docsite"
    (folder / f"{name}.rst").unlink()
    (folder / f"{name}.md").write_text(for_site(text, set(guide_names())), encoding="utf-8")


def for_site(text: str, guides: set[str]) -> str:
    """A guide with its links changed for the site: what is no page of it is shown where the repository is hosted."""
    return _LINK.sub(lambda found: f"{found[1]}{site_target(found[2], guides)}{found[3]}", text)


def site_target(target: str, guides: set[str]) -> str:
    """Where a link of a guide leads on the site."""
    path, mark, anchor = target.partition("#")
    if not path or "://" in path or path.startswith("images/"):
        return target
    if path.removesuffix(".md") in guides:
        return target
    inside = os.path.normpath(f"docs/{path}")
    role = _ROLE.fullmatch(inside)
    if role is not None:
        return f"../{role[1]}_role.rst"
    return f"{repository()}/blob/main/{inside}{'#' if anchor else ''}{anchor}"


def repository() -> str:
    """The address of the repository."""
    return str(yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"])


def run(*command: str) -> None:
    """Run a command; its failure is the end."""
    if subprocess.run(command, cwd=PLACE, check=False).returncode:
        raise SystemExit(f"docs: {command[0]} failed, see above.")


if __name__ == "__main__":
    sys.exit(main())
