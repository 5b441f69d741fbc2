# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running emulator, and a small client. Its signatures are the collection's; the vendor's own are in tests/integration/sdk."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.credentials import Credentials
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.wire.signature import UnsignedRequest, sign
from jdcloud_emulator.control import ControlClient
from jdcloud_emulator.process import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, EmulatorProcess
from support.json_object import Json

REGION = "cn-north-1"


@dataclass
class Answer:
    """What came back."""

    http: int
    body: Json
    headers: Any

    @property
    def error(self) -> str:
        """Status and message of the error, in one line."""
        return f"{self.http} {self.body['error']['status']}: {self.body['error']['message']}"

    @property
    def result(self) -> Json:
        """The result of a good answer."""
        assert self.http == 200, self.body
        return dict(self.body["result"])


class Cloud:
    """Signed calls to the emulator, by service."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.control = ControlClient(url)
        self.keys = (DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY)
        self.token = ""
        self.session = requests.Session()
        self.session.trust_env = False

    def headers(self, method: str, service: str, url: str, data: str, region: str, **given: str) -> dict[str, str]:
        """Headers of a request, signed; a date and a nonce may be given among them."""
        nonce = given.pop("x-jdcloud-nonce", str(uuid.uuid4()))
        date = given.pop("x-jdcloud-date", None)
        now = datetime.now(UTC) if date is None else datetime.strptime(date, "%Y%m%dT%H%M%S%z")
        request = UnsignedRequest(method, url, {"Content-Type": "application/json", **given}, data.encode(), region, service)
        credentials = Credentials(*self.keys, self.token or None, "options")
        return sign(request, credentials, now, nonce)

    def send(
        self, service: str, method: str, path: str, body: Json | None = None, region: str = REGION, **given: str
    ) -> requests.Response:
        """Send a call; `path` is what stands behind the region, query included."""
        version = "v2" if service in ("domainservice", "monitor") else "v1"
        url = f"{self.url}/{version}/regions/{region}/{path}"
        data = "" if body is None else json.dumps(body)
        headers = self.headers(method, service, url, data, region, **given)
        return self.session.request(method, url, data=data, headers=headers, timeout=20, allow_redirects=False)

    def call(self, service: str, method: str, path: str, body: Json | None = None, region: str = REGION, **given: str) -> Answer:
        """Send a call and read its JSON answer."""
        answer = self.send(service, method, path, body, region, **given)
        return Answer(answer.status_code, answer.json(), answer.headers)

    def vm(self, method: str, path: str, body: Json | None = None) -> Answer:
        """A call to the vm service."""
        return self.call("vm", method, path, body)

    def disk(self, method: str, path: str, body: Json | None = None) -> Answer:
        """A call to the disk service."""
        return self.call("disk", method, path, body)

    def vpc(self, method: str, path: str, body: Json | None = None) -> Answer:
        """A call to the vpc service."""
        return self.call("vpc", method, path, body)

    def seed(self, *instances: Json, **more: Any) -> None:
        """Start again with these machines and other seed fields; kinds of resources may be given by name."""
        top: Json = {key: more.pop(key) for key in ("accounts", "settings", "quotas", "dns") if key in more}
        self.control.reset({**top, "regions": {REGION: {"instances": list(instances), **more}}})

    def status(self, instance_id: str) -> str:
        """Status of a machine, or `gone`."""
        answer = self.vm("GET", f"instances/{instance_id}")
        return "gone" if answer.http == 404 else str(answer.result["instance"]["status"])

    def log(self, operation: str = "*") -> list[Json]:
        """The request log."""
        return self.control.requests(operation=operation)


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[EmulatorProcess]:
    """One emulator for all tests of a session; each test starts it again from its own seed."""
    with EmulatorProcess() as running:
        yield running


@pytest.fixture
def cloud(emulator_process: EmulatorProcess) -> Iterator[Cloud]:
    """An empty cloud with default settings."""
    emulator_process.control.reset()
    client = Cloud(emulator_process.url)
    yield client
    client.session.close()
