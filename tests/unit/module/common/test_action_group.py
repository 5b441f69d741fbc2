# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action group: one entry of module_defaults gives every module its connection options."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.jdcloud.cloud.plugins.action.jdcloud_campaign import SPEC as CAMPAIGN_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.connection import CONNECTION_SPEC
from support.module.documentation import documented_options

ROOT = Path(__file__).resolve().parents[4]
ELSEWHERE = {"jdcloud_local", "jdcloud_surroundings"}
"""Take no connection of their own: one runs a module of the group, the other one nothing."""


def test_every_module_has_an_action() -> None:
    """Without one, YAML's numbers and dates would reach it as texts, and nothing would be shown while it works."""
    modules, actions = ({path.stem for path in (ROOT / "plugins" / kind).glob("*.py")} for kind in ("modules", "action"))
    assert modules - actions == {"jdcloud_local"}
    assert actions <= modules


def test_every_module_is_in_the_group() -> None:
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["jdcloud"]
    assert sorted(group) == sorted({path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")} - ELSEWHERE)


def test_the_campaign_accepts_the_defaults_of_the_group() -> None:
    assert CONNECTION_SPEC.items() <= CAMPAIGN_SPEC.items()


def test_what_it_accepts_is_documented() -> None:
    documented = documented_options("jdcloud_campaign")
    assert {name: spec["type"] for name, spec in CAMPAIGN_SPEC.items()} == {
        name: text["type"] for name, text in documented.items()
    }
