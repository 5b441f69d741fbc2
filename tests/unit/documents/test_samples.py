# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The output that the guide shows is what a campaign over those machines shows, but for times, names and ids of requests."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.output.lines import interrupted_lines
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.stages import lines
from support.campaign.conducted import Conducted
from support.campaign.records import new_record
from support.module.in_process import cloud, run
from support.module.memory_cloud import MemoryCloud
from support.module.runner import Runner

__all__ = ["cloud", "run"]

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "decommission.md"
PRICES = {"instance": 180, "disk_gb": 0.7, "elastic_ip": 23, "image": 20}
SHOP = [{"key": "project", "value": "harbor"}, {"key": "owner", "value": "shop"}]
_CHANGING = (
    (re.compile(r"dc-\d{8}-\d{6}-[0-9a-f]{4}"), "dc"),
    (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:"),
    (re.compile(r"request [\w-]+"), "request"),
    # The cloud in memory does not say this.
    (re.compile(r" of i-\w+ failed:"), " failed:"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:]+Z"), "time"),
    # A campaign whose clock stands still took no time.
    (re.compile(r"[,;] (?:\d+ min )?\d+ s(?=[:.])"), ""),
    (re.compile(r"^(To [a-z ]+|Report): .*"), r"\1"),
)
"""What is another with each run, and what stands for it."""


def plain(line: str) -> str:
    """A line without what is another with each run."""
    for pattern, text in _CHANGING:
        line = pattern.sub(text, line)
    return line.rstrip()


def sample(beginning: str) -> list[str]:
    """The one block of the guide that begins like this."""
    blocks = [
        token.content for token in MarkdownIt("commonmark").parse(GUIDE.read_text(encoding="utf-8")) if token.type == "fence"
    ]
    [found] = [block for block in blocks if block.startswith(beginning)]
    return [plain(line) for line in found.splitlines()]


@pytest.fixture
def harbor(cloud: MemoryCloud) -> MemoryCloud:
    """The machines of the guide."""
    for number in (1, 2, 3):
        cloud.add(f"i-harborweb{number}", "running", instanceName=f"harbor-web-0{number}", tags=SHOP)
    cloud.add("i-harbordb01", "running", instanceName="harbor-db-01", tags=SHOP)
    cloud.add_disk("i-harbordb01", "vol-harbortmp", auto_delete=True)
    cloud.add_disk("i-harbordb01", "vol-harbordat", auto_delete=False)
    cloud.machines["i-harbordb01"]["dataDisks"][1]["cloudDisk"]["diskSizeGB"] = 500
    cloud.add("i-harborapi1", "running", instanceName="harbor-api-01", tags=SHOP)
    cloud.add_elastic_ip("i-harborapi1", "fip-harborapi", "203.0.113.7")
    charge = {"chargeMode": "prepaid_by_duration", "chargeStatus": "normal", "chargeExpiredTime": "2099-12-18T10:06:39Z"}
    cloud.add("i-harborold1", "running", instanceName="harbor-old-01", tags=SHOP, charge=charge)
    cloud.add("i-harborbast", "running", instanceName="harbor-bastion", tags=[*SHOP, {"key": "role", "value": "bastion"}])
    cloud.refuse("vm.deleteInstance", 403, "HTTP_FORBIDDEN", "Unknown server error", "i-harbordb01")
    cloud.quotas = {**cloud.quotas, "image": (100, 0), "snapshot": (100, 0)}
    return cloud


def noting(function: Callable[..., list[str]], said: list[list[str]]) -> Callable[..., list[str]]:
    """The function, which notes what it returns, without what is another with each run."""

    def noted(*given: object) -> list[str]:
        found = function(*given)
        said.append([plain(line) for line in found])
        return list(found)

    return noted


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """The lines of each stage, by its name."""
    found: dict[str, list[list[str]]] = {"of_plan": [], "of_wave": [], "of_finish": []}
    for name, said in found.items():
        monkeypatch.setattr(lines, name, noting(getattr(lines, name), said))
    return found


@pytest.mark.usefixtures("harbor")
def test_the_guide_shows_what_a_campaign_shows(run: Runner, tmp_path: Path, shown: dict[str, list[list[str]]]) -> None:
    campaign = Conducted(
        run,
        tmp_path / "harbor",
        instance_ids="",
        tags="project=harbor",
        max_instances=10,
        exclude="role=bastion",
        stop_running=True,
        on_blocked="skip",
        prices=PRICES,
        waves="1,10%,100%",
        backup="image",
    )
    campaign(check=True)
    assert shown["of_plan"][-1] == sample("Plan of campaign")
    [money] = sample("Per month:")
    assert money in shown["of_finish"][-1]
    assert campaign()["fails"]
    assert shown["of_wave"][-1] == sample("Wave 2 of 2")
    # Without a journal it is not known what was stopped; so there is a line less, and room for one of the reasons.
    ended = [line for line in shown["of_finish"][-1] if not line.startswith("    ")]
    assert ended == [
        line for line in sample("Campaign dc-20261128-100746-b180: failed") if not line.startswith("Stopped by this campaign")
    ]


def test_the_guide_shows_what_a_ctrl_c_says() -> None:
    record = new_record()
    record.machines["i-harborapi1"] = {"instance_id": "i-harborapi1", "name": "harbor-api-01", "status": "stopped"}
    record.stopped = ["i-harborapi1"]
    sent = ["stopInstance", "createImage", "tagResources", "deleteInstance"]
    writes = [{"operation": each, "at": record.runs[-1]["began"], "outcome": "accepted"} for each in sent]
    said = interrupted_lines(record, writes, lasts=True, go_on="ansible-playbook")
    shown_name = "Campaign dc-20261128-102019-4dc3 is interrupted"
    assert [plain(line.replace(f"Campaign {record.campaign} ", "Campaign dc ")) for line in said] == sample(shown_name)
