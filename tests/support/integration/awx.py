# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX runs them: the answers of a survey, an inventory, the environment of a job."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.integration.campaigns import QUICK, roomy
from support.integration.cloud import Cloud
from support.integration.commands import Ansible
from support.integration.role_backups import FASTER
from support.json_object import Json

# As the inventory that setup.yml makes.
LOCALHOST = {"localhost": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}}
PATTERNS = Path(__file__).resolve().parents[3] / "extensions" / "patterns"
ROOT = PATTERNS.parents[1]


def survey_of(pattern: str) -> Json:
    """The survey of a pattern."""
    read: Json = yaml.safe_load((PATTERNS / pattern / "template_surveys" / f"{pattern}.yml").read_text(encoding="utf-8"))
    return read


def answers(pattern: str, **given: Any) -> Json:
    """What AWX makes of a filled-in survey: texts, whole numbers as such, and the defaults of what was left alone."""
    questions = {question["variable"]: question for question in survey_of(pattern)["spec"]}
    for name, answer in given.items():
        question = questions[name]
        assert isinstance(answer, int if question["type"] == "integer" else str), f"AWX refuses {answer!r} for {name}"
        assert answer in question.get("choices", [answer]), f"AWX does not offer {answer!r} for {name}"
    return {**{name: question["default"] for name, question in questions.items() if "default" in question}, **given}


@dataclass(frozen=True)
class Job:
    """A job that has ended: whether it failed, what it printed, and the artifacts that it leaves to the jobs after it."""

    failed: bool
    output: str
    artifacts: Json


class Awx:
    """Runs a playbook of a pattern as a job would: the variables in one file, the inventory in another."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.cloud = cloud
        self.folder = folder
        self.ansible = Ansible(cloud, folder)

    def seed(self, *machines: Json) -> None:
        """A fleet, with room for its backups."""
        self.cloud.seed(*machines, **FASTER)
        roomy(self.cloud)

    def job(self, pattern: str, playbook: str, variables: Json, *words: str, hosts: Json | None = None) -> Job:
        """A job. `hosts` are the hosts of its inventory with their variables; without them it is localhost alone."""
        (self.folder / "extravars.json").write_text(json.dumps({**QUICK, **variables}), encoding="utf-8")
        inventory = {"all": {"hosts": LOCALHOST if hosts is None else hosts}}
        (self.folder / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
        return self._run(PATTERNS / pattern / "playbooks" / f"{playbook}.yml", *words)

    def play(self, play: Json) -> Job:
        """A play of a test's own, run in the same way."""
        (self.folder / "extravars.json").write_text("{}", encoding="utf-8")
        (self.folder / "inventory.json").write_text(json.dumps({"all": {"hosts": LOCALHOST}}), encoding="utf-8")
        (self.folder / "play.json").write_text(json.dumps([play]), encoding="utf-8")
        return self._run(self.folder / "play.json")

    def _run(self, path: Path, *words: str) -> Job:
        command = ["ansible-playbook", str(path), "-i", "inventory.json", "-e", "@extravars.json", *words]
        ended = self.ansible._run(command, {"ANSIBLE_SHOW_CUSTOM_STATS": "1", "ANSIBLE_PIPELINING": "1"})
        _before, _found, after = ended.stdout.partition("RUN: ")
        artifacts = json.JSONDecoder().raw_decode(after.strip())[0] if after else {}
        return Job(ended.returncode != 0, " ".join((ended.stdout + ended.stderr).split()), artifacts)

    def plan(self, **given: Any) -> tuple[Json, Job]:
        """The first job of the workflow. Returns the answers, which every job of the workflow gets, and the job."""
        answered = answers("decommission_fleet", **given)
        return answered, self.job("decommission_fleet", "plan", answered, "--check")

    def decommission(self, answered: Json, artifacts: Json, hosts: Json | None = None, **settings: Any) -> Job:
        """The job after the approval. Answers beat artifacts, as in AWX."""
        return self.job("decommission_fleet", "decommission", {**settings, **artifacts, **answered}, hosts=hosts)

    def gone(self, *ids: str) -> list[bool]:
        """Which of these machines are gone."""
        return [self.cloud.control.resource(each) is None for each in ids]


class _Loader(yaml.SafeLoader):
    """Reads what is !unsafe as plain text."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))  # type: ignore[arg-type]


def messages() -> dict[str, Json]:
    """The messages of all services."""
    text = (ROOT / "extensions" / "awx" / "webhooks.yml").read_text(encoding="utf-8")
    read: dict[str, Json] = yaml.load(text, _Loader)["__awx_messages"]
    return read
