# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks that the guide proposes for hooks run for real, against a server of the test: these are the bodies that arrive."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.integration.cloud import Cloud
from support.integration.commands import Ansible
from support.integration.examples import ROOT, all_examples
from support.json_object import Json

MESSAGE = 'Wave 1 of 2 of dc-1: 1 deleted. {{ 7 * 6 }} "测试"'
EVENT: Json = {
    "campaign": "dc-1",
    "message": MESSAGE,
    "report_path": "/r/report.html",
    "machines": [{"instance_id": "i-aaaa000001", "tags": {"owner": "shop"}}, {"instance_id": "i-bbbb000002", "tags": {}}],
}
ANSWERS = {"/dingtalk": {"errcode": 0}, "/feishu": {"code": 0}}


class Receiver(BaseHTTPRequestHandler):
    """Notes what arrives, and answers as the robots do."""

    received: list[tuple[str, str, Json]]

    def log_message(self, *_given: Any) -> None:
        """Nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.received.append((self.command, self.path, body))
        answer = json.dumps(ANSWERS.get(self.path, {})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_PATCH = do_POST


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
    urls = {f"{name}_URL": f"{address}/{name.lower()}" for name in ("CMDB", "DINGTALK", "FEISHU", "SLACK")}
    played = ansible.play([read, tell], environment={**urls, "CMDB_TOKEN": "t"})
    assert played.status == 0, played.output
    retired = {"state": "retired", "campaign": "dc-1"}
    assert Receiver.received == [
        ("PATCH", "/cmdb/machines/i-aaaa000001", {**retired, "owner": "shop"}),
        ("PATCH", "/cmdb/machines/i-bbbb000002", {**retired, "owner": ""}),
        ("POST", "/dingtalk", {"msgtype": "text", "text": {"content": MESSAGE}}),
        ("POST", "/feishu", {"msg_type": "text", "content": {"text": MESSAGE}}),
        ("POST", "/slack", {"text": MESSAGE}),
    ]
    sent = (tmp_path / "mail.txt").read_text(encoding="utf-8")
    assert sent.splitlines()[:3] == [
        "To: operations@example.com",
        "Subject: dc-1",
        "Content-Type: text/plain; charset=utf-8",
    ]
    assert MESSAGE in sent
