# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that pages are made of: they ship, and the checks of Galaxy know them."""

from __future__ import annotations

import tomllib

from support.imports import ROOT

PAGE_FILES = sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "plugins").rglob("*") if path.suffix in {".j2", ".css", ".js", ".html"}
)


def test_the_checks_of_galaxy_allow_each_of_them() -> None:
    configuration = tomllib.loads((ROOT / "antsibull-nox.toml").read_text(encoding="utf-8"))
    assert sorted(configuration["sessions"]["extra_checks"]["no_unwanted_files_skip_paths"]) == PAGE_FILES


def test_the_build_looks_for_each_of_them() -> None:
    build = (ROOT / "tests" / "tools" / "build.py").read_text(encoding="utf-8")
    prefix = "plugins/plugin_utils/_campaign/"
    assert [path for path in PAGE_FILES if f'"{path.removeprefix(prefix)}"' not in build] == []
