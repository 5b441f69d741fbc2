# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checked service addresses: ``https://{service}.jdcloud-api.com`` or what the user gives instead (fact requests-addresses)."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from ..errors import InputError

DEFAULT_ENDPOINT = "https://{service}.jdcloud-api.com"
# What the command line tool writes into every new profile; it stands for "the default", no service answers there.
STOCK_PROFILE_HOST = "www.jdcloud-api.com"
SAMPLE_SERVICE = "vm"

_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_IPV6 = re.compile(r"[0-9a-f:.]+")
# No percent escapes, no '//' and no dot segments: all of them are signed differently from how they are sent.
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*")
_HELP = "give endpoint_url (JDCLOUD_ENDPOINT_URL) like https://{service}.jdcloud-api.com or http://127.0.0.1:8080"


def endpoint_of(endpoint: str, service: str, region: str) -> str:
    """Return the base URL of one service."""
    return endpoint.replace("{service}", service).replace("{region}", region)


def check_endpoint(endpoint: str, region: str, where: str, *, allow_insecure_http: bool) -> str:
    """Return ``endpoint`` without trailing slashes; placeholders stay.

    ``where`` names the source in error texts. Raises InputError unless it is http or https, has a host, no user name,
    query or fragment and no other placeholders than {service} and {region}, and, for plain http, a loopback host or
    ``allow_insecure_http`` (option only: a variable that switches protection off is forgotten too easily).
    """
    trimmed = endpoint.rstrip("/")
    parts = _split(endpoint_of(trimmed, SAMPLE_SERVICE, region), where)
    if parts.scheme == "http" and not allow_insecure_http and not is_loopback(parts.hostname or ""):
        raise InputError(
            f"The {where} is plain http to another machine, which anybody on the way can read and change: use https in "
            "endpoint_url (JDCLOUD_ENDPOINT_URL), or accept the risk with allow_insecure_http: true."
        )
    return trimmed


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine: localhost, 127.0.0.0/8 or ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str, where: str) -> SplitResult:
    """Split a filled URL. Its text is never quoted in an error: a user may have put a password into it."""
    parts = _split_or_none(url)
    if parts is None or parts.scheme not in ("http", "https"):
        raise InputError(f"The {where} is no http or https URL: {_HELP}.")
    if "@" in parts.netloc:
        raise InputError(f"The {where} holds a user name or password, which is never sent: {_HELP}.")
    if "?" in url or "#" in url or "{" in url or "}" in url:
        raise InputError(f"The {where} holds a query, a fragment or an unknown placeholder: {_HELP}.")
    if not _is_host(parts) or not _PATH.fullmatch(parts.path) or not _is_plain(url):
        raise InputError(f"The {where} holds a host or path that cannot be used: {_HELP}.")
    return parts


def _split_or_none(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return None if parts.port == 0 else parts
    except ValueError:
        return None


def _is_plain(url: str) -> bool:
    """Whether ``url`` is printable ASCII without blanks; urlsplit silently drops line ends and control characters."""
    return url.isascii() and url.isprintable() and " " not in url


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    shape = _IPV6 if ":" in host else _HOST
    return shape.fullmatch(host) is not None and not parts.netloc.endswith(":")
