# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which access key is used: the first source that exists, as a unit.

Sources in order: key options; ``profile`` option; key environment variables; ``JDCLOUD_PROFILE``; the current profile of
the official command line tool (named in ``~/.jdc/current``, else ``default``). A source that gives a part only is an
error: it is never completed from the next one. Error texts name options, variables, files and profiles, never values.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import InputError, first_of

DEFAULT_PROFILE = "default"
SHOWN_PROFILES = 10
"""How many names of profiles an error shows."""

_ENVIRONMENT = {
    "access_key": "JDCLOUD_ACCESS_KEY",
    "secret_key": "JDCLOUD_SECRET_KEY",
    "security_token": "JDCLOUD_SECURITY_TOKEN",
    "profile": "JDCLOUD_PROFILE",
}
_KEY_OPTIONS = ("access_key", "secret_key", "security_token")
_GIVE_BOTH = "set both options access_key and secret_key, or both environment variables JDCLOUD_ACCESS_KEY and JDCLOUD_SECRET_KEY"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key, and where it came from: 'options', 'environment' or 'profile:NAME'. The secrets are not in its repr."""

    access_key: str
    secret_key: str = field(repr=False)
    security_token: str | None = field(repr=False)
    source: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A section of the official command line tool's config file; blank members are None.

    Its ``timeout`` is not used: it is meant for one command, not for the service of a fleet.
    """

    name: str
    access_key: str | None = field(repr=False)
    secret_key: str | None = field(repr=False)
    region: str | None
    endpoint: str | None
    scheme: str | None


def option_text(options: Mapping[str, Any], name: str, variable: str | None) -> str | None:
    """Return a text option, None if not given. Raises InputError for a blank one: it is a mistake, not a default."""
    value = options.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        instead = f" and set the environment variable {variable}" if variable else ""
        raise InputError(f"Option {name} is blank or not a text: set a value, or remove the option{instead}.")
    return value


def environment_text(environ: Mapping[str, str], variable: str) -> str | None:
    """Return an environment variable, None if it is not set or blank (schedulers often set empty ones)."""
    value = environ.get(variable)
    return value if value is not None and value.strip() else None


def resolve_credentials(options: Mapping[str, Any], environ: Mapping[str, str], home: Path) -> tuple[Credentials, Profile | None]:
    """Return the credentials of the first source that exists, and the profile if that is the source.

    Raises InputError if there is none, if it is incomplete, or if two sources are given as options.
    """
    key_options = {name: option_text(options, name, _ENVIRONMENT[name]) for name in _KEY_OPTIONS}
    profile_option = option_text(options, "profile", _ENVIRONMENT["profile"])
    if any(key_options.values()):
        if profile_option is not None:
            raise InputError(
                "The options profile and access_key, secret_key or security_token exclude each other: use one source of "
                "credentials (JDCLOUD_PROFILE can remain set, key options take precedence)."
            )
        return _from_parts(key_options, "options", "options"), None
    if profile_option is not None:
        return _from_profile(profile_option, home)
    key_variables = {name: environment_text(environ, _ENVIRONMENT[name]) for name in _KEY_OPTIONS}
    if any(key_variables.values()):
        return _from_parts(key_variables, "environment", "environment variables"), None
    return _from_profile(_implied_profile(environ, home), home)


def ignored_profile(credentials: Credentials, environ: Mapping[str, str]) -> str | None:
    """The warning that the variable JDCLOUD_PROFILE names keys that are not used, because others are in the environment, too."""
    named = environment_text(environ, _ENVIRONMENT["profile"])
    if named is None or credentials.source != "environment":
        return None
    return (
        f"JDCLOUD_PROFILE names the profile {named!r}, but the keys come from JDCLOUD_ACCESS_KEY, which takes precedence: "
        "unset one of the two variables."
    )


def _from_parts(parts: Mapping[str, str | None], source: str, where: str) -> Credentials:
    missing = [name for name in ("access_key", "secret_key") if not parts[name]]
    if missing:
        variables = " and ".join(f"{name} ({_ENVIRONMENT[name]})" for name in missing)
        raise InputError(
            f"The {where} contain credentials without {variables}, and another source cannot complete them: {_GIVE_BOTH}."
        )
    access_key, secret_key = parts["access_key"] or "", parts["secret_key"] or ""
    for name, value in parts.items():
        if value:
            _check_key(name, value, where)
    return Credentials(access_key, secret_key, parts["security_token"], source)


def _check_key(name: str, value: str, where: str) -> None:
    if not (value.isascii() and value.isprintable() and " " not in value):
        raise InputError(
            f"The {name} of the {where} contains blanks, line ends or other characters that a key cannot have: copy it again "
            f"into {name} or {_ENVIRONMENT[name]}."
        )


def _implied_profile(environ: Mapping[str, str], home: Path) -> str:
    named = environment_text(environ, _ENVIRONMENT["profile"])
    if named is not None:
        return named
    if not os.path.exists(_config_path(home)):
        raise InputError(
            "No credentials are set: set the options access_key and secret_key or profile, or the environment variables "
            "JDCLOUD_ACCESS_KEY and JDCLOUD_SECRET_KEY or JDCLOUD_PROFILE, or create a profile with 'jdc configure add'."
        )
    current = home / ".jdc" / "current"
    if not os.path.exists(current):
        return DEFAULT_PROFILE
    return _read(current, f"The file {current} that names the current profile").strip() or DEFAULT_PROFILE


def _from_profile(name: str, home: Path) -> tuple[Credentials, Profile]:
    profile = read_profile(name, home)
    where = f"profile '{name}' in {_config_path(home)}"
    if profile.access_key is None or profile.secret_key is None:
        raise InputError(f"The {where} lacks access_key or secret_key: complete it with 'jdc configure add', or {_GIVE_BOTH}.")
    keys = {"access_key": profile.access_key, "secret_key": profile.secret_key, "security_token": None}
    return _from_parts(keys, f"profile:{name}", where), profile


def read_profile(name: str, home: Path) -> Profile:
    """Read a profile of ``~/.jdc/config``. Raises InputError if the file or the profile cannot be read or does not exist."""
    # Only profiles need it, and each import costs every task a little.
    import configparser

    path = _config_path(home)
    what = f"The file {path} with the profile '{name}' (option profile, JDCLOUD_PROFILE)"
    # No interpolation: secrets may hold '%'. No default section: it would complete a half pair of keys from elsewhere.
    parser = configparser.RawConfigParser(default_section="\0", interpolation=None)
    unparsable = False
    try:
        parser.read_string(_read(path, what))
    except configparser.Error:
        # The parser's own text quotes the line, which may be a secret.
        unparsable = True
    if unparsable:
        raise InputError(f"{what} is not a valid INI file: correct it, or {_GIVE_BOTH}.")
    if not parser.has_section(name):
        raise InputError(
            f"The profile '{name}' does not exist in {path}, which {_those_in(parser.sections())}: correct the option profile "
            f"or JDCLOUD_PROFILE, or {_GIVE_BOTH}."
        )

    def member(key: str) -> str | None:
        return parser.get(name, key, fallback="").strip() or None

    return Profile(name, member("access_key"), member("secret_key"), member("region_id"), member("endpoint"), member("scheme"))


def _those_in(names: list[str]) -> str:
    """The names of the profiles that there are, for an error."""
    if not names:
        return "has none"
    return f"has {first_of([repr(name) for name in names], SHOWN_PROFILES)}"


def _config_path(home: Path) -> Path:
    return home / ".jdc" / "config"


def _read(path: Path, what: str) -> str:
    reason = ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        reason = "does not exist"
    except (OSError, UnicodeDecodeError):
        reason = "cannot be read as text by this user"
    raise InputError(f"{what} {reason}: check path and permissions, or {_GIVE_BOTH}.")
