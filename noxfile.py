# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every check of the project as a session: ``nox --list``. The make targets set up .venv and call these; so does CI.

Sessions without an environment of their own run in those that make keeps below .venv. The others (matrix, and what antsibull-nox
brings) make theirs below .venv/nox.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import antsibull_nox
import nox

ROOT = Path(__file__).parent
PRIVATE = ("sh", "tests/tools/private.sh")
"""Keeps the caller's keys and settings out, and everything that is written below .venv."""
MATRIX = (
    *(("2.18", python) for python in ("3.11", "3.12", "3.13")),
    *(("2.19", python) for python in ("3.11", "3.12", "3.13")),
    *(("2.20", python) for python in ("3.12", "3.13")),
    *(("2.21", python) for python in ("3.12", "3.13")),
)
"""Versions of ansible-core, and of Python that they run on and this collection supports."""
QUICK = (
    "tests/unit",
    "tests/integration/module/test_real_processes.py",
    "tests/integration/module/test_tag.py",
    "tests/integration/playbook",
    "tests/integration/inventory_plugin",
)
"""What tells versions of Ansible and Python apart: every module once, real playbooks, the inventory plugin."""
CORES = sorted(
    {str(path.parent.relative_to(ROOT)) for path in ROOT.glob("tests/*/**/test_*.py") if "mark.cores" in path.read_text("utf-8")}
)
"""Where the tests are that versions of ansible-core tell apart; others may need packages that are not installed with it."""
WORKERS = ("-n", "auto", "--dist", "worksteal")
MEASURED = ("-m", "not emulator and not slow and not foreign and not thorough and not no_cover", "--cov", "--cov-report=term")
"""The unit tests, as `make coverage` runs them."""
OWN = ("-m", "not foreign and not thorough")
"""Without what needs other systems."""


def interpreter(version: str) -> str:
    """The real path of a Python of pyenv, whose shims answer to names of Pythons that are not there; otherwise its plain name."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = sorted(versions.glob(f"{version}.*/bin/python{version}"))
    return str(found[-1]) if found else version


nox.needs_version = ">=2024.10.9"
nox.options.envdir = ".venv/nox"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["demo", "lint", "sanity", "build"]

antsibull_nox.load_antsibull_nox_toml()


def run_here(session: nox.Session, *command: str) -> None:
    """Run a command of an environment that make keeps."""
    session.run(*PRIVATE, *command, external=True)


@nox.session(venv_backend="none")
def demo(session: nox.Session) -> None:
    """Tell the story of a campaign on the emulated cloud."""
    run_here(session, ".venv/bin/python", "demo/run.py", *session.posargs)


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Check style, types, documentation and licences."""
    run_here(session, "sh", "tests/tools/lint.sh", *session.posargs)


@nox.session(venv_backend="none")
def sanity(session: nox.Session) -> None:
    """Run ansible-test sanity in a copy of the collection, without an ignore file."""
    run_here(session, ".venv/lint/bin/python", "tests/tools/sanity.py", *session.posargs)


@nox.session(venv_backend="none")
def build(session: nox.Session) -> None:
    """Build twice, compare, install, verify, and look at what is inside."""
    run_here(session, ".venv/bin/python", "tests/tools/build.py", *session.posargs)


@nox.session(venv_backend="none")
def docs(session: nox.Session) -> None:
    """Build the documentation site."""
    run_here(session, ".venv/docs/env/bin/python", "tests/tools/docs.py", *session.posargs)


@nox.session(name="docs-blocks", venv_backend="none")
def docs_blocks(session: nox.Session) -> None:
    """Write the pieces of documentation that modules share; with -- --check only say which modules differ."""
    run_here(session, ".venv/lint/bin/python", "tests/tools/docs_blocks.py", *session.posargs)


@nox.session(name="newer-sanity", venv_backend="none")
def newer_sanity(session: nox.Session) -> None:
    """Run ansible-test sanity in .venv/newer: a newer Python with the ansible-core that fits it."""
    run_here(session, ".venv/newer/bin/python", "tests/tools/sanity.py", *session.posargs)


@nox.session(name="newer-tests", venv_backend="none")
def newer_tests(session: nox.Session) -> None:
    """Run the tests that versions tell apart in .venv/newer, then the unit tests with their coverage; or those that are named."""
    for words in [session.posargs] if session.posargs else [(*WORKERS, "-m", "cores", *CORES), (*WORKERS, *MEASURED)]:
        run_here(session, ".venv/newer/bin/python", "-m", "pytest", *words)


@nox.session(venv_backend="none")
def oldest(session: nox.Session) -> None:
    """Run the tests that versions of ansible-core tell apart in .venv/oldest, with the oldest ansible-core that is supported."""
    run_here(session, ".venv/oldest/bin/python", "-m", "pytest", *(session.posargs or (*WORKERS, "-m", "cores", *CORES)))


@nox.session
@nox.parametrize(
    ("core", "python"),
    [nox.param(core, interpreter(python), id=f"ansible-core {core}, Python {python}") for core, python in MATRIX],
)
def matrix(session: nox.Session, core: str) -> None:
    """Run the tests that tell versions apart, or those that are named, with one ansible-core on one Python."""
    session.install("-r", "requirements/test.txt", f"ansible-core=={core}.*")
    run_here(session, str(Path(session.bin, "python")), "-m", "pytest", *(session.posargs or (*WORKERS, *OWN, *QUICK)))


if __name__ == "__main__":
    sys.exit("Call it as: nox --list")
