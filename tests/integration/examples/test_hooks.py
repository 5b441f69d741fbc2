# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks that the guide proposes for hooks run for real, against a server of the test: these are the bodies that arrive."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.examples.blocks import ROOT, all_examples
from support.integration.campaigns import FASTER, decommission
from support.integration.cloud import Cloud, stopped
from support.integration.commands import Ansible
from support.json_object import Json

pytestmark = pytest.mark.foreign

MESSAGE = 'Wave 1 of 2 of dc-1: 1 deleted. {{ 7 * 6 }} "测试"'
SENT = f"JD Cloud: {MESSAGE}"
"""What a robot gets that checks for a key word."""
EVENT: Json = {
    "campaign": "dc-1",
    "message": MESSAGE,
    "report_path": "/r/report.html",
    "machines": [
        {"instance_id": "i-aaaa000001", "tags": {"owner": "shop"}, "action": "deleted", "private_ip_address": "10.0.0.4"},
        {"instance_id": "i-bbbb000002", "tags": {}, "action": "deleted", "private_ip_address": "10.0.0.5"},
        {"instance_id": "i-cccc000003", "tags": {}, "action": "failed", "private_ip_address": "10.0.0.6"},
        {"instance_id": "i-dddd000004", "tags": {}, "action": "failed", "private_ip_address": None},
    ],
}
ZONE = "/powerdns/api/v1/servers/localhost/zones/internal.example.com."


def addresses(name: str, *contents: str, kind: str = "A") -> Json:
    """A set of records as PowerDNS has it."""
    return {"name": name, "type": kind, "ttl": 60, "records": [{"content": each, "disabled": False} for each in contents]}


RECORDS = [
    addresses("web.internal.example.com.", "10.0.0.4", "10.0.0.5"),
    addresses("one.internal.example.com.", "10.0.0.5"),
    addresses("half.internal.example.com.", "10.0.0.5", "10.0.0.6"),
    addresses("other.internal.example.com.", "192.0.2.1"),
    addresses("internal.example.com.", "10.0.0.4", kind="TXT"),
]
ANSWERS: dict[str, Any] = {
    "/dingtalk": {"errcode": 0},
    "/feishu": {"code": 0},
    "/alertmanager/api/v2/silences": {"silenceID": "1"},
    "/jumpserver/api/v1/assets/hosts/?address=10.0.0.4": [{"id": "asset-4"}],
    "/jumpserver/api/v1/assets/hosts/?address=10.0.0.5": [],
    "/jumpserver/api/v1/assets/hosts/?address=10.0.0.6": [{"id": "asset-6"}],
    ZONE: {"rrsets": RECORDS},
    **{f"/cmdb/machines/{each['instance_id']}": {"state": "retiring"} for each in EVENT["machines"]},
}
SERVICES = ("CMDB", "DINGTALK", "FEISHU", "SLACK", "ALERTMANAGER", "JUMPSERVER", "POWERDNS")
SECRETS = {"CMDB_TOKEN": "t1", "JUMPSERVER_TOKEN": "t2", "POWERDNS_KEY": "t3"}
KEYS = {"/cmdb": "Bearer t1", "/jumpserver": "Token t2", "/powerdns": "t3"}
"""By service, what its requests must carry."""


class Receiver(BaseHTTPRequestHandler):
    """Notes what arrives, and answers as the robots do."""

    received: list[tuple[str, str, Json]]

    def log_message(self, *_given: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.received.append((self.command, self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        self._answer()

    do_PATCH = do_POST

    def _answer(self) -> None:
        wanted = KEYS.get(f"/{self.path.split('/')[1]}", "")
        known = not wanted or wanted in (self.headers["Authorization"], self.headers["X-API-Key"])
        removed = self.command == "PATCH" and self.path == ZONE
        answer = b"" if removed else json.dumps(ANSWERS.get(self.path, {})).encode()
        self.send_response((204 if removed else 200) if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """A server that notes what arrives."""
    Receiver.received = []
    made = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def hook_tasks(mail: Path) -> list[Json]:
    """The tasks of the section about hooks, with a mail program of the test."""
    text = (ROOT / "docs" / "decommission.md").read_text(encoding="utf-8")
    section = text.split("## Hooks", 1)[1].split("\n## ", 1)[0]
    examples = [each.text for each in all_examples() if each.language == "yaml" and each.text in section]
    tasks: list[Json] = [task for each in examples for task in yaml.safe_load(each.replace("/usr/sbin/sendmail", str(mail)))]
    return tasks


def check_silence(received: tuple[str, str, Json]) -> None:
    """The silence has the form of Alertmanager, and its expression means the machines with an address and no other."""
    command, path, body = received
    assert (command, path) == ("POST", "/alertmanager/api/v2/silences")
    [matcher] = body.pop("matchers")
    expression = matcher.pop("value")
    assert matcher == {"name": "instance", "isRegex": True, "isEqual": True}
    meant = [each for each in ("10.0.0.4", "10.0.0.6:9100", "10.0.0.66", "10a0.0.4", "") if re.fullmatch(expression, each)]
    assert meant == ["10.0.0.4", "10.0.0.6:9100"]
    began, ends = (datetime.strptime(body.pop(name), "%Y-%m-%dT%H:%M:%SZ") for name in ("startsAt", "endsAt"))
    assert (ends - began).total_seconds() == 4 * 3600
    assert body == {"createdBy": "ansible", "comment": "dc-1"}


def test_a_machine_that_the_cmdb_holds_ends_the_wave(cloud: Cloud, server: ThreadingHTTPServer, tmp_path: Path) -> None:
    """The first task of the guide, as the hook of a real campaign."""
    held = "i-eeee000005"
    cloud.seed(stopped(held), **FASTER)
    hook = tmp_path / "before.yml"
    hook.write_text(json.dumps(hook_tasks(tmp_path)[:1]), encoding="utf-8")
    environment = {"CMDB_URL": f"http://127.0.0.1:{server.server_port}/cmdb", **SECRETS}
    done = decommission(
        Ansible(cloud, tmp_path), environment=environment, instance_ids=held, backup="none", before_wave=str(hook)
    )
    assert "The task 'Ask the CMDB whether each instance can go' of vm_decommission_before_wave failed" in done.message
    assert cloud.writes() == []


def test_the_tasks_of_the_guide_send_what_the_receivers_expect(cloud: Cloud, server: ThreadingHTTPServer, tmp_path: Path) -> None:
    ansible = Ansible(cloud, tmp_path)
    mail = tmp_path / "sendmail"
    mail.write_text(f"#!/bin/sh\ncat > {tmp_path}/mail.txt\n")
    mail.chmod(0o755)
    event = tmp_path / "event.json"
    event.write_text(json.dumps(EVENT), encoding="utf-8")
    # Text of a file is never a template, as text of the cloud is none.
    read = {"name": "Read", "ansible.builtin.slurp": {"src": str(event)}, "register": "file"}
    tell = {
        "name": "Tell",
        "vars": {"vm_decommission_event": "{{ file.content | b64decode | from_json }}"},
        "block": hook_tasks(mail),
    }
    address = f"http://127.0.0.1:{server.server_port}"
    urls = {f"{name}_URL": f"{address}/{name.lower()}" for name in SERVICES}
    played = ansible.play([read, tell], environment={**urls, **SECRETS})
    assert played.status == 0, played.output
    silence = Receiver.received.pop(0)
    check_silence(silence)
    retired = {"state": "retired", "campaign": "dc-1"}
    assert Receiver.received == [
        ("PATCH", "/jumpserver/api/v1/assets/hosts/asset-4/", {"is_active": False}),
        ("PATCH", "/jumpserver/api/v1/assets/hosts/asset-6/", {"is_active": False}),
        ("PATCH", "/cmdb/machines/i-aaaa000001", {**retired, "owner": "shop"}),
        ("PATCH", "/cmdb/machines/i-bbbb000002", {**retired, "owner": ""}),
        ("PATCH", ZONE, {"rrsets": [{"name": "web.internal.example.com.", "type": "A", "changetype": "DELETE"}]}),
        ("PATCH", ZONE, {"rrsets": [{"name": "one.internal.example.com.", "type": "A", "changetype": "DELETE"}]}),
        ("POST", "/dingtalk", {"msgtype": "text", "text": {"content": SENT}}),
        ("POST", "/feishu", {"msg_type": "text", "content": {"text": SENT}}),
        ("POST", "/slack", {"text": SENT}),
    ]
    sent = (tmp_path / "mail.txt").read_text(encoding="utf-8")
    assert sent.splitlines()[:3] == [
        "To: operations@example.com",
        "Subject: dc-1",
        "Content-Type: text/plain; charset=utf-8",
    ]
    assert MESSAGE in sent
