# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example of a seed in the README is one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

README = Path(__file__).resolve().parents[3] / "emulator" / "README.md"


def test_the_seed_of_the_readme_can_be_used(cloud: Any) -> None:
    found = re.search(r"^```yaml\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    cloud.control.reset(json.loads(json.dumps(yaml.safe_load(found[1]), default=str)))
    region = cloud.control.state()["regions"]["cn-north-1"]
    assert {kind for kind, rows in region.items() if not rows} == set()
