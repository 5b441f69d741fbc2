# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client of the emulator's control API. Plain Python: the standard library is enough."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import urllib.parse
from typing import Any


class ControlError(Exception):
    """The emulator refused a control call; the text says why."""


class ControlClient:
    """Talks to `/_emulator/` of a running emulator.

    `url` is what the emulator printed when it started, `timeout` is in seconds.
    Every method raises `ControlError` when the emulator refuses and `OSError` when it cannot be reached.
    TLS certificates are not verified: the control API carries no secrets and the emulator's certificates are made up.
    Each thread keeps its connection: a new one for every call would take longer than the call itself.
    """

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        self._url = urllib.parse.urlsplit(url)
        self._timeout = timeout
        self._kept = threading.local()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send one control call and return its JSON answer. `wait` is what the call itself may take, in seconds."""
        words = {key: value for key, value in query.items() if value is not None}
        target = f"{self._url.path.rstrip('/')}/_emulator/{path}" + ("?" + urllib.parse.urlencode(words) if words else "")
        data = None if body is None else json.dumps(body).encode()
        status, answer = self._exchange(method, target, data, self._timeout + float(words.get("wait", 0)))
        if status >= 400:
            raise ControlError(_reason(status, answer))
        return json.loads(answer)

    def _exchange(self, method: str, target: str, body: bytes | None, timeout: float) -> tuple[int, bytes]:
        kept = self._kept.__dict__.pop("connection", None)
        if kept is not None:
            # The emulator may have closed it while nobody used it; then it has not read this call.
            with contextlib.suppress(http.client.RemoteDisconnected, ConnectionError):
                return self._exchange_on(kept, method, target, body, timeout)
        return self._exchange_on(self._connected(), method, target, body, timeout)

    def _exchange_on(
        self, connection: http.client.HTTPConnection, method: str, target: str, body: bytes | None, timeout: float
    ) -> tuple[int, bytes]:
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        try:
            connection.request(method, target, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        except BaseException:
            connection.close()
            raise
        self._kept.connection = connection
        return answer.status, content

    def _connected(self) -> http.client.HTTPConnection:
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(self._url.netloc, context=_unverified())
        return http.client.HTTPConnection(self._url.netloc)

    def health(self) -> dict[str, Any]:
        """Process id, number of requests so far, resident memory in MB."""
        return dict(self.call("GET", "health"))

    def state(self, region: str | None = None) -> dict[str, Any]:
        """Everything the emulated cloud holds, by region, kind and id."""
        return dict(self.call("GET", "state", region=region))

    def resource(self, resource_id: str) -> dict[str, Any] | None:
        """One resource of the state, or None when there is no such resource (any more)."""
        found = self.call("GET", "state", id=resource_id)["resource"]
        return None if found is None else dict(found)

    def requests(
        self,
        operation: str | None = None,
        since: int = 0,
        resource: str | None = None,
        fault: str | None = None,
        wait: float | None = None,
    ) -> list[dict[str, Any]]:
        """The request log after number `since`, oldest first; operation, resource and fault may be globs.

        With `wait` it comes as soon as there is such a request, and is empty if there is none for so many real seconds.
        """
        query = {"operation": operation, "since": since, "resource": resource, "fault": fault, "wait": wait}
        return list(self.call("GET", "requests", **query)["requests"])

    def clear_requests(self) -> None:
        """Empty the request log; numbering goes on."""
        self.call("DELETE", "requests")

    def inject(self, kind: str, **match_and_parameters: Any) -> int:
        """Add a fault and return its number; keywords as in the table of faults."""
        return int(self.call("POST", "faults", {"kind": kind, **match_and_parameters})["number"])

    def faults(self) -> list[dict[str, Any]]:
        """All faults that are set, with how often they matched and fired."""
        return list(self.call("GET", "faults")["faults"])

    def has_fired(self, number: int) -> bool:
        """Whether an injected fault has met a call."""
        return any(fault["number"] == number and fault["fired"] for fault in self.faults())

    def clear_faults(self, number: int | None = None) -> None:
        """Remove one fault, or all."""
        self.call("DELETE", "faults", number=number)

    def act(
        self,
        action: str,
        resource: str,
        when: dict[str, Any] | None = None,
        after_seconds: float | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        """Let another user do `action` to `resource`: now, on a trigger, or so many simulated seconds later."""
        body = {"action": action, "resource": resource, "when": when, "after_seconds": after_seconds, **parameters}
        return dict(self.call("POST", "act", body))

    def acts(self) -> list[dict[str, Any]]:
        """The actions that still wait for their trigger."""
        return list(self.call("GET", "act")["acts"])

    def clear_acts(self) -> None:
        """Forget the actions that still wait for their trigger."""
        self.call("DELETE", "act")

    def settings(self) -> dict[str, Any]:
        """All settings with their present values."""
        return dict(self.call("GET", "settings"))

    def configure(self, **settings: Any) -> dict[str, Any]:
        """Change settings of the running emulator and return all of them."""
        return dict(self.call("POST", "settings", settings))

    def quotas(self) -> dict[str, int]:
        """All quotas with their present limits."""
        return dict(self.call("GET", "quotas"))

    def set_quotas(self, **quotas: int) -> dict[str, int]:
        """Change quotas (they hold in each region) and return all of them."""
        return dict(self.call("POST", "quotas", quotas))

    def add(self, seed: dict[str, Any]) -> dict[str, list[str]]:
        """Add the resources of a seed mapping; returns the new ids by kind."""
        return dict(self.call("POST", "add", seed))

    def advance(self, seconds: float, *, wall: bool = False) -> None:
        """Let every transition run on by so many simulated seconds, at once; with `wall` the service's clock goes ahead, too."""
        self.call("POST", "advance", {"seconds": seconds, "wall": wall})

    def leap(self, seconds: float, kept: int = 0) -> float:
        """Let all time of the service jump ahead, so far or until a call that is kept waiting is due. Returns all leaps so far.

        `kept`: how many calls the caller has under way. If other calls than just so many are kept waiting, nothing happens.
        """
        return float(self.call("POST", "leap", {"seconds": seconds, "kept": kept})["leapt"])

    def reset(self, seed: dict[str, Any] | None = None) -> None:
        """Start again from the first seed, or from this one. Faults, acts and the log are emptied."""
        self.call("POST", "reset", {"seed": seed})


def _unverified() -> Any:
    """A TLS context without verification. Imported late: plain HTTP users need no ssl module."""
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reason(status: int, answer: bytes) -> str:
    text = answer.decode("utf-8", "replace")
    try:
        return str(json.loads(text)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {status}: {text[:200]}"
