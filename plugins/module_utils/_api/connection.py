# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything needed to reach the services: credentials, region, address, TLS and limits, from options and environment.

An option goes before its environment variable, that before the profile, and the profile counts only if it is the source
of the keys: region and address of one account must not meet the keys of another. Addresses are
``https://{service}.jdcloud-api.com`` or what the user gives instead (fact requests-addresses).
"""

from __future__ import annotations

import base64
import ipaddress
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from .credentials import Credentials, Profile, environment_text, ignored_profile, option_text, resolve_credentials
from .errors import InputError

__all__ = ["Connection", "Credentials", "resolve_connection"]

DEFAULT_ENDPOINT = "https://{service}.jdcloud-api.com"
# What the command line tool writes into every new profile; it stands for "the default", no service answers there.
STOCK_PROFILE_HOST = "www.jdcloud-api.com"
SAMPLE_SERVICE = "vm"
DEFAULT_TIMEOUT = 30.0
DEFAULT_RETRIES = 8
# Slower than this, a look at a machine would be too old by the time its delete may leave.
MIN_RATE_LIMIT = 0.5
# A socket cannot wait for arbitrarily many seconds; a day is more than any call needs.
MAX_TIMEOUT = 86400.0
_REGION = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", re.ASCII)
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_IPV6 = re.compile(r"[0-9a-f:.]+")
# No percent escapes, no '//' and no dot segments: all of them are signed differently from how they are sent.
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*")
_HELP = "set endpoint_url (JDCLOUD_ENDPOINT_URL) to an address such as https://{service}.jdcloud-api.com or http://127.0.0.1:8080"

CONNECTION_SPEC: dict[str, dict[str, Any]] = {
    # Not a secret: it is shown in results to tell accounts apart. Without the explicit word Ansible would guess one.
    "access_key": {"type": "str", "no_log": False},
    "secret_key": {"type": "str", "no_log": True},
    "security_token": {"type": "str", "no_log": True},
    "profile": {"type": "str"},
    "region": {"type": "str"},
    "endpoint_url": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "ca_bundle": {"type": "path"},
    "allow_insecure_http": {"type": "bool", "default": False},
    "expected_account": {"type": "str"},
    "api_timeout": {"type": "float"},
    "api_retries": {"type": "int"},
    "api_rate_limit": {"type": "float"},
}
"""The options as modules declare them."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Checked connection settings.

    ``verify`` is True, False or the absolute path of a CA bundle; ``timeout`` is in seconds, for connecting and for each
    wait for data; ``retries`` is how often a failed read is repeated at most; ``rate_limit`` is in calls a second, None
    if it is to be found out; ``journal_path`` is the absolute path of the journal of writes, None for none;
    ``expected_account`` is the pin or the account id that the keys must belong to, None if any will do; ``warnings`` are about
    settings that look as if they counted.
    """

    credentials: Credentials
    region: str
    endpoint: str = DEFAULT_ENDPOINT
    verify: bool | str = True
    timeout: float = DEFAULT_TIMEOUT
    retries: int = DEFAULT_RETRIES
    rate_limit: float | None = None
    journal_path: str | None = None
    expected_account: str | None = None
    warnings: tuple[str, ...] = ()

    def base_url(self, service: str) -> str:
        """Return the address of a service without trailing slash; /v1/regions/… follows."""
        return endpoint_of(self.endpoint, service, self.region)

    @property
    def secrets(self) -> tuple[str, ...]:
        """All texts that must never be shown: secret key, token, and the token as it is sent (base64)."""
        token = self.credentials.security_token
        if token is None:
            return (self.credentials.secret_key,)
        return (self.credentials.secret_key, token, base64.b64encode(token.encode()).decode())

    @property
    def account(self) -> dict[str, str | None]:
        """What a result says about the account: the source of the keys, the end of the access key, the region.

        Whose keys they are is not known before the service was asked.
        """
        suffix = self.credentials.access_key[-4:]
        return {
            "source": self.credentials.source,
            "access_key_suffix": suffix,
            "region": self.region,
            "pin": None,
            "account_id": None,
        }


def resolve_connection(options: Mapping[str, Any], environ: Mapping[str, str], home: Path) -> Connection:
    """Return the checked connection settings.

    ``options`` are the connection options of the modules (None or missing when not given), ``home`` is the folder that
    holds ``.jdc`` and that '~' means. Raises InputError, one sentence that names option and variable; sends nothing.
    """
    credentials, profile = resolve_credentials(options, environ, home)
    region = _region(options, environ, profile)
    return Connection(
        credentials=credentials,
        region=region,
        endpoint=_endpoint(options, environ, profile, region),
        verify=_verify(options, environ, home),
        timeout=_timeout(options, environ),
        retries=_retries(options, environ),
        rate_limit=_rate_limit(options, environ),
        journal_path=_journal_path(environ),
        expected_account=_expected_account(options, environ),
        warnings=tuple(filter(None, [ignored_profile(credentials, environ)])),
    )


def _region(options: Mapping[str, Any], environ: Mapping[str, str], profile: Profile | None) -> str:
    region = option_text(options, "region", "JDCLOUD_REGION") or environment_text(environ, "JDCLOUD_REGION")
    if region is None and profile is not None:
        region = profile.region
    if region is None:
        raise InputError(
            "No region is set: set the option region or JDCLOUD_REGION, for example to cn-north-1, or use a profile with a "
            "region."
        )
    # Shape only: new regions appear, and the service knows them (fact limits-regions).
    if not _REGION.fullmatch(region):
        raise InputError(f"{region!r} is not the name of a region: set region or JDCLOUD_REGION to a name such as cn-north-1.")
    return region


def _endpoint(options: Mapping[str, Any], environ: Mapping[str, str], profile: Profile | None, region: str) -> str:
    where = "option endpoint_url"
    endpoint = option_text(options, "endpoint_url", "JDCLOUD_ENDPOINT_URL")
    if endpoint is None:
        where = "environment variable JDCLOUD_ENDPOINT_URL"
        endpoint = environment_text(environ, "JDCLOUD_ENDPOINT_URL")
    if endpoint is None and profile is not None:
        where = f"endpoint of profile '{profile.name}'"
        endpoint = _profile_endpoint(profile)
    if endpoint is None:
        return DEFAULT_ENDPOINT
    return check_endpoint(endpoint, region, where, allow_insecure_http=_switch(options, "allow_insecure_http", default=False))


def _profile_endpoint(profile: Profile) -> str | None:
    if profile.endpoint is None or profile.endpoint.lower() == STOCK_PROFILE_HOST:
        return None
    return f"{(profile.scheme or 'https').lower()}://{profile.endpoint}"


def _verify(options: Mapping[str, Any], environ: Mapping[str, str], home: Path) -> bool | str:
    validate = _switch(options, "validate_certs", default=True)
    bundle = option_text(options, "ca_bundle", "JDCLOUD_CA_BUNDLE") or environment_text(environ, "JDCLOUD_CA_BUNDLE")
    if bundle is None:
        return validate
    if not validate:
        raise InputError(
            "A CA bundle and validate_certs: false exclude each other: remove ca_bundle and unset JDCLOUD_CA_BUNDLE, or set "
            "validate_certs: true."
        )
    path = home / bundle[2:] if bundle.startswith("~/") else Path(bundle)
    if not os.path.exists(path) or not os.access(path, os.R_OK):
        raise InputError(f"The CA bundle {path} does not exist or cannot be read: correct ca_bundle or JDCLOUD_CA_BUNDLE.")
    return os.path.abspath(path)


def _journal_path(environ: Mapping[str, str]) -> str | None:
    path = environment_text(environ, "JDCLOUD_JOURNAL_PATH")
    if path is None:
        return None
    # A relative path would mean another folder for each task.
    if not os.path.isabs(path) or not os.path.isdir(os.path.dirname(path)):
        raise InputError(
            "JDCLOUD_JOURNAL_PATH must be the absolute path of a file in an existing directory: correct or unset it."
        )
    return path


def _expected_account(options: Mapping[str, Any], environ: Mapping[str, str]) -> str | None:
    """The pin or account id as it was given: it is compared exactly, and another spelling is another account."""
    variable = "JDCLOUD_EXPECTED_ACCOUNT"
    return option_text(options, "expected_account", variable) or environment_text(environ, variable)


def _switch(options: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InputError(f"Option {name} is neither true nor false: set {name}: true or {name}: false.")
    return value


def _timeout(options: Mapping[str, Any], environ: Mapping[str, str]) -> float:
    timeout = _number(options, environ, "api_timeout", "JDCLOUD_API_TIMEOUT", "a number of seconds above 0 and at most 86400")
    if timeout is None:
        return DEFAULT_TIMEOUT
    if not 0 < timeout <= MAX_TIMEOUT:
        raise _bad_number(options, "api_timeout", "JDCLOUD_API_TIMEOUT", "a number of seconds above 0 and at most 86400")
    return timeout


def _rate_limit(options: Mapping[str, Any], environ: Mapping[str, str]) -> float | None:
    meaning = f"a number of calls per second, at least {MIN_RATE_LIMIT}"
    limit = _number(options, environ, "api_rate_limit", "JDCLOUD_API_RATE_LIMIT", meaning)
    if limit is not None and limit < MIN_RATE_LIMIT:
        raise _bad_number(options, "api_rate_limit", "JDCLOUD_API_RATE_LIMIT", meaning)
    return limit


def _retries(options: Mapping[str, Any], environ: Mapping[str, str]) -> int:
    retries = _number(options, environ, "api_retries", "JDCLOUD_API_RETRIES", "a whole number, at least 0")
    if retries is None:
        return DEFAULT_RETRIES
    if retries < 0 or not retries.is_integer():
        raise _bad_number(options, "api_retries", "JDCLOUD_API_RETRIES", "a whole number, at least 0")
    return int(retries)


def _number(options: Mapping[str, Any], environ: Mapping[str, str], name: str, variable: str, meaning: str) -> float | None:
    value = options.get(name)
    if value is None:
        value = environment_text(environ, variable)
    if value is None:
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise _bad_number(options, name, variable, meaning)
    return number


def _bad_number(options: Mapping[str, Any], name: str, variable: str, meaning: str) -> InputError:
    culprit = f"Option {name}" if options.get(name) is not None else f"Environment variable {variable}"
    return InputError(f"{culprit} is not a number or is out of range: set {name} ({variable}) to {meaning}.")


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
            f"The {where} uses plain HTTP to another host, so anyone on the network path can read and change the traffic: use "
            "https in endpoint_url (JDCLOUD_ENDPOINT_URL), or accept the risk with allow_insecure_http: true."
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
        raise InputError(f"The {where} is not an http or https URL: {_HELP}.")
    if "@" in parts.netloc:
        raise InputError(f"The {where} contains a user name or password, which is never sent: {_HELP}.")
    if "?" in url or "#" in url or "{" in url or "}" in url:
        raise InputError(f"The {where} contains a query, a fragment or an unknown placeholder: {_HELP}.")
    if not _is_host(parts) or not _PATH.fullmatch(parts.path) or not _is_plain(url):
        raise InputError(f"The {where} contains an invalid host or path: {_HELP}.")
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
