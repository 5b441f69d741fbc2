# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 23 in the role: the expected account of the action group's defaults holds for all its modules, and the run refuses."""

from __future__ import annotations

import pytest

from support.integration.campaigns import FASTER, Campaign, campaign_tasks, used
from support.integration.cloud import Cloud, running
from support.integration.commands import Ansible
from support.json_object import Json

A = "i-aaaa000001"


def expecting(ansible: Ansible, account: str, *arguments: str) -> Campaign:
    """Use the role in a play whose modules expect this account."""
    defaults = {"group/jdcloud.cloud.jdcloud": {"expected_account": account}}
    wanted: Json = {"instance_ids": A, "backup": "none", "waves": "100%", "stop_running": "true"}
    return used(ansible.play(campaign_tasks(wanted), *arguments, play={"module_defaults": defaults}))


@pytest.mark.cores
def test_a_campaign_with_keys_of_another_account_changes_nothing(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(running(A), **FASTER)
    ended = expecting(ansible, "other")
    assert "These keys belong to pin 'demo-account'" in ended.message, ended.output
    assert cloud.writes() == []
    assert cloud.calls("vm.*") == []


@pytest.mark.thorough
def test_a_campaign_of_the_expected_account_runs_and_keeps_whose_it_is(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(running(A), **FASTER)
    ended = expecting(ansible, "demo-account")
    assert ended.message == "", ended.output
    assert ended.actions == {A: "deleted"}, ended.output
