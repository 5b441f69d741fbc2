# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Python that is too old for the modules gets one sentence, of whichever module, and no traceback."""

from __future__ import annotations

import ast
import json
import os
import pwd
import subprocess
from pathlib import Path

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils import _module

ROOT = Path(__file__).resolve().parents[4]
MODULES = sorted((ROOT / "plugins" / "modules").glob("*.py"))
FRAME = "ansible_collections.jdcloud.cloud.plugins.module_utils._module"
VERSIONS = Path(os.environ.get("PYENV_ROOT", Path(pwd.getpwuid(os.getuid()).pw_dir) / ".pyenv"), "versions")
OLD = [path for minor in (8, 9, 10) for path in sorted(VERSIONS.glob(f"3.{minor}.*/bin/python"))[:1]]


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 13, 1), (4, 0, 0)])
def test_a_python_that_is_new_enough_is_not_refused(version: tuple[int, int, int]) -> None:
    assert _module.refusal(version, "/usr/bin/python3") is None


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 8, 18), (3, 10, 13)])
def test_the_sentence_names_both_versions_and_the_way_out(version: tuple[int, int, int]) -> None:
    text = _module.refusal(version, "/usr/libexec/platform-python")
    assert text is not None
    for part in ("3.11", ".".join(map(str, version)), "/usr/libexec/platform-python", "ansible_python_interpreter"):
        assert part in text
    assert text.endswith(".")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_an_old_python_can_read_each_module_and_meets_the_check_first(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"), feature_version=(3, 8))
    imports = [node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module != "__future__"]
    # One that imports nothing is only documentation: its action does the work on the controller. The one that runs the others
    # from their files needs Ansible's own class only, and they meet the check.
    allowed = "ansible.module_utils.basic" if module.stem == "jdcloud_local" else f"{FRAME}."
    assert all(str(name).startswith(allowed) for name in imports)


def test_an_old_python_can_read_the_check_itself() -> None:
    ast.parse(Path(_module.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.skipif(not OLD, reason="needs an older Python of pyenv")
@pytest.mark.parametrize("python", OLD, ids=lambda path: path.parts[-3])
def test_an_old_python_says_so(python: Path) -> None:
    collections = ROOT / ".venv" / "collections"
    code = f"import sys; sys.path.insert(0, {str(collections)!r}); import {FRAME}.session"
    ended = subprocess.run([str(python), "-B", "-I", "-c", code], capture_output=True, text=True, check=False)
    text = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert ended.stderr == ""
    assert text["failed"] is True
    assert "need Python 3.11 or newer" in text["msg"]
