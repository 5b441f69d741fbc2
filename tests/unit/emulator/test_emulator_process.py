# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process, its command line, its seeds, and its clock."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from jdcloud_emulator.__main__ import main
from jdcloud_emulator.control import ControlError
from jdcloud_emulator.process import EmulatorProcess
from jdcloud_emulator.scenario.seed import Seeder
from jdcloud_emulator.state.cloud import Cloud
from jdcloud_emulator.state.settings import Clock, Quotas, Settings, UsageError, parse_time

pytestmark = pytest.mark.emulator

EMULATOR = Path(__file__).resolve().parents[2] / "emulator"


class Stopwatch:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def cloud_at(watch: Stopwatch, **settings: Any) -> Cloud:
    chosen = Settings()
    chosen.update(settings)
    return Cloud(chosen, Quotas(), Clock(chosen, watch, lambda: 1_800_000_000.0))


# --- time ---------------------------------------------------------------------------------------------------------


def test_transitions_are_scaled_and_the_wall_clock_is_not() -> None:
    watch = Stopwatch()
    cloud = cloud_at(watch, time_scale=10)
    Seeder(cloud).add({"cn-north-1": {"instances": [{"id": "i-a", "status": "stopping"}]}})
    watch.now = 0.4
    cloud.catch_up()
    assert cloud.regions["cn-north-1"].instances["i-a"].status == "stopping"
    watch.now = 0.51
    cloud.catch_up()
    assert cloud.regions["cn-north-1"].instances["i-a"].status == "stopped"
    assert cloud.wall() == 1_800_000_000.0


def test_what_became_due_happens_in_its_order() -> None:
    watch = Stopwatch()
    cloud = cloud_at(watch)
    seen: list[tuple[str, float]] = []
    cloud.schedule(2, lambda now: seen.append(("second", now)))
    cloud.schedule(1, lambda now: seen.append(("first", now)))
    watch.now = 60
    cloud.catch_up()
    assert seen == [("first", 1.0), ("second", 2.0)]


def test_jitter_varies_durations_within_its_share_and_repeats_itself() -> None:
    def dues() -> list[float]:
        cloud = cloud_at(Stopwatch(), jitter=0.2, random_seed=7)
        return [cloud.schedule(10, lambda _now: None).due for _each in range(50)]

    first = dues()
    assert all(8 <= due <= 12 for due in first)
    assert len(set(first)) > 40
    assert dues() == first


@pytest.mark.parametrize("text", ["2026-01-15 16:09:10", "2026-01-15T16:09:10+08:00", "2026-01-15T08:09:10Z"])
def test_all_time_forms_mean_the_same(text: str) -> None:
    assert parse_time(text) == parse_time("2026-01-15T08:09:10+00:00")


# --- seeds --------------------------------------------------------------------------------------------------------


def test_a_fleet_has_numbered_names_and_the_same_ids_each_time() -> None:
    entry = {"count": 3, "name": "web-{n:04}", "disks": [{"name": "data-{n}"}]}

    def ids() -> dict[str, list[str]]:
        return Seeder(cloud_at(Stopwatch())).add({"cn-north-1": {"instances": [entry]}})

    assert ids() == ids()
    cloud = cloud_at(Stopwatch())
    Seeder(cloud).add({"cn-north-1": {"instances": [entry]}})
    machines = list(cloud.regions["cn-north-1"].instances.values())
    assert [one.name for one in machines] == ["web-0001", "web-0002", "web-0003"]
    assert [one.data[0].disk.name for one in machines if one.data[0].disk] == ["data-1", "data-2", "data-3"]
    assert len({one.id for one in machines}) == 3


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        ({"cn-north-1": {"machines": []}}, "machines"),
        ({"cn-north-1": {"instances": [{"nmae": "x"}]}}, "nmae"),
        ({"cn-north-1": {"instances": [{"id": "i-a"}, {"id": "i-a"}]}}, "twice"),
        ({"cn-north-1": {"instances": [{"charge": "free"}]}}, "charge"),
        ({"cn-north-1": {"instances": [{"expires": "soon"}]}}, "soon"),
        ({"cn-north-1": {"disks": [{"attached_to": ["i-none"]}]}}, "i-none"),
        ({"cn-north-1": {"images": [{"of": "i-none"}]}}, "i-none"),
    ],
)
def test_a_seed_that_makes_no_sense_is_refused_with_its_reason(regions: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Seeder(cloud_at(Stopwatch())).add(regions)


def test_resources_can_be_added_while_it_runs(cloud: Any) -> None:
    ids = cloud.control.add({"regions": {"cn-east-2": {"instances": [{"id": "i-late"}]}}})
    assert ids["instances"] == ["i-late"]
    assert cloud.call("vm", "GET", "instances/i-late", region="cn-east-2").http == 200


def test_a_seed_may_be_larger_than_a_megabyte(cloud: Any) -> None:
    cloud.seed(*({"id": f"i-{number:05}", "description": "x" * 250} for number in range(5000)))
    assert cloud.vm("GET", "instances").result["totalCount"] == 5000


def test_a_new_time_scale_holds_at_once(cloud: Any) -> None:
    cloud.seed({"id": "i-a"}, settings={"stop_seconds": 100_000_000})
    cloud.vm("POST", "instances/i-a:stopInstance", {})
    cloud.control.configure(time_scale=1e13)
    assert cloud.status("i-a") == "stopped"


def test_a_bad_reset_changes_nothing(cloud: Any) -> None:
    cloud.seed({"id": "i-a"})
    bad: list[dict[str, Any]] = [
        {"region": {}},
        {"settings": {"speed": 1}},
        {"quotas": {"images": -1}},
        {"settings": {"time_scale": 0}},
    ]
    for seed in bad:
        with pytest.raises(ControlError):
            cloud.control.reset(seed)
    assert cloud.status("i-a") == "running"


@pytest.mark.parametrize("change", [{"colour": 1}, {"check_nonce": "maybe"}, {"stop_seconds": "long"}, {"rate_limit": True}])
def test_a_setting_that_makes_no_sense_is_refused(cloud: Any, change: dict[str, Any]) -> None:
    with pytest.raises(ControlError):
        cloud.control.configure(**change)


# --- the process --------------------------------------------------------------------------------------------------


def serve(*words: str, **more: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(EMULATOR)}
    command = [sys.executable, "-m", "jdcloud_emulator", "serve", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **more)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_one_json_line_and_ends_cleanly_on_a_signal(tmp_path: Path, number: int) -> None:
    ready = tmp_path / "ready.json"
    process = serve("--ready-file", str(ready), "--stop-seconds", "2", "--set", "image_seconds=3", "--rate-limit", "7")
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    assert line["pid"] == process.pid
    assert json.loads(ready.read_text()) == line
    settings = requests.get(line["url"] + "/_emulator/settings", timeout=10).json()
    assert (settings["stop_seconds"], settings["image_seconds"], settings["rate_limit"]) == (2, 3, 7)
    process.send_signal(number)
    rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_it_ends_when_the_process_it_belongs_to_is_gone() -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = serve("--parent-pid", str(parent.pid))
    assert process.stdout is not None
    assert process.stdout.readline()
    parent.communicate(b"\n", timeout=10)
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_a_bad_seed_file_is_reported_in_one_line(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yml"
    seed.write_text("regions: {cn-north-1: {instances: [{nmae: x}]}}")
    process = serve("--seed", str(seed))
    _out, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert errors == "jdcloud_emulator: unknown fields in one of instances: nmae\n"
    with pytest.raises(RuntimeError, match="nmae"), EmulatorProcess(seed=str(seed)):
        pass


def test_environment_names_keys_region_and_url(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yml"
    seed.write_text("accounts: [{access_key: AK, secret_key: SK}]")
    with EmulatorProcess(seed=seed, region="cn-east-2", settings={"image_middle_state": "replicating"}) as emulator:
        assert emulator.environment() == {
            "JDCLOUD_ACCESS_KEY": "AK",
            "JDCLOUD_SECRET_KEY": "SK",
            "JDCLOUD_REGION": "cn-east-2",
            "JDCLOUD_ENDPOINT_URL": emulator.url,
        }
        assert emulator.control.settings()["image_middle_state"] == "replicating"
        pid = emulator.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_serves_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    pair = authority.issue_cert("127.0.0.1")
    files = [tmp_path / name for name in ("cert.pem", "key.pem", "ca.pem")]
    files[0].write_bytes(b"".join(blob.bytes() for blob in pair.cert_chain_pems))
    files[1].write_bytes(pair.private_key_pem.bytes())
    files[2].write_bytes(authority.cert_pem.bytes())
    with EmulatorProcess(tls=(str(files[0]), str(files[1]))) as emulator:
        assert emulator.url.startswith("https://127.0.0.1:")
        answer = requests.get(f"{emulator.url}/v1/regions/cn-north-1/instances", verify=str(files[2]), timeout=10)
        assert answer.status_code == 401
        assert emulator.control.health()["pid"] == emulator.pid


def test_the_control_api_can_be_refused() -> None:
    with EmulatorProcess(arguments=["--no-control"]) as emulator, pytest.raises(ControlError, match="switched off"):
        emulator.control.health()


# --- the command line ---------------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 0
    return capsys.readouterr().out


def test_a_story_of_commands(cloud: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    url = ("--url", cloud.url)
    cloud.seed({"id": "i-a", "name": "web"})
    assert json.loads(run(capsys, "state", *url, "--id", "i-a"))["instanceName"] == "web"
    assert "i-a" in json.loads(run(capsys, "state", *url, "--region", "cn-north-1"))["regions"]["cn-north-1"]["instances"]
    run(capsys, "inject", *url, "throttle", "operation=vm.describeInstance", "times=1")
    assert json.loads(run(capsys, "faults", *url))[0]["kind"] == "throttle"
    assert cloud.vm("GET", "instances/i-a").http == 429
    assert json.loads(run(capsys, "requests", *url, "--operation", "vm.*"))["http"] == 429
    run(capsys, "act", *url, "stop", "i-a")
    run(capsys, "advance", *url, "10")
    assert cloud.status("i-a") == "stopped"
    assert json.loads(run(capsys, "settings", *url, "stop_seconds=9"))["stop_seconds"] == 9
    for what in ("faults", "acts", "requests"):
        run(capsys, "clear", *url, what)
    assert cloud.log() == []
    seed = tmp_path / "seed.yml"
    seed.write_text("regions: {cn-north-1: {instances: [i-new]}}")
    run(capsys, "reset", *url, "--seed", str(seed))
    assert cloud.status("i-new") == "running"
    assert cloud.status("i-a") == "gone"


def test_a_refused_command_says_why_and_exits_with_1(cloud: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["act", "--url", cloud.url, "stop", "i-none"]) == 1
    assert "i-none" in capsys.readouterr().err
    assert main(["inject", "--url", cloud.url, "throttle", "nonsense"]) == 1
    assert main(["state", "--url", "http://127.0.0.1:9"]) == 1


def test_help_names_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", "--help"])
    text = capsys.readouterr().out
    assert caught.value.code == 0
    assert all(name in text for name in Settings().as_dict())
