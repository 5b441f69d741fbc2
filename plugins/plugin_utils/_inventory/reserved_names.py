# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that mean this computer or an address, in every spelling that a resolver accepts. Nothing is looked up in the DNS."""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from collections.abc import Collection, Iterable
from pathlib import Path

HOSTS_FILE = "/etc/hosts"
# What hosts files, systemd, containers and Ansible call this computer or its own networks.
_LOCAL = frozenset(
    (
        *("localhost", "localhost4", "localhost6", "loopback", "broadcasthost", "_gateway", "_outbound"),
        *("_localdnsstub", "_localdnsproxy"),
        *(f"{version}-{name}" for version in ("ip6", "ipv6") for name in ("localhost", "loopback", "localnet", "mcastprefix")),
        *(f"{version}-{name}" for version in ("ip6", "ipv6") for name in ("allnodes", "allrouters", "allhosts")),
    )
)
_CONTAINER_HOSTS = frozenset(
    f"{name}.internal" for name in ("host.docker", "gateway.docker", "kubernetes.docker", "host.containers", "host.minikube")
)


def folded(name: str) -> str:
    """A name as a resolver compares it: without regard to case, width and a last dot (IDNA)."""
    return unicodedata.normalize("NFKC", name).casefold().rstrip(".")


def address_in(name: str) -> str | None:
    """The address that a name itself is, None if it is none. `127.1`, `2130706433`, `0x7f000001` and `0` are addresses."""
    plain = folded(name).removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        pass
    try:
        # Not a look-up: it only reads the number forms that every resolver accepts.
        return str(ipaddress.IPv4Address(socket.inet_aton(plain)))
    except (OSError, ValueError):
        return None


def means_this_computer(name: str, own: Collection[str]) -> bool:
    """Whether a name is one of this computer's; `own` are its names, as from `own_names`."""
    plain = folded(name)
    address = address_in(plain)
    if address is not None:
        known = ipaddress.ip_address(address)
        return known.is_loopback or known.is_unspecified
    labels = plain.split(".")
    # The domain of this computer is only known to the DNS, so every domain is taken for it.
    return labels[0] in _LOCAL or labels[-1] == "localhost" or plain in _CONTAINER_HOSTS or plain in own or labels[0] in own


def own_names(node: str, hosts_file: str) -> frozenset[str]:
    """What this computer is called: by itself (`node`), and in the lines of its hosts file that mean it."""
    names = {folded(node), folded(node).partition(".")[0]} - {""}
    for line in hosts_file.splitlines():
        address, *aliases = line.partition("#")[0].split() or [""]
        found = {folded(alias) for alias in aliases}
        if found and (found & names or means_this_computer(address.partition("%")[0], ())):
            names |= found
    return frozenset(names)


def names_of_this_computer() -> frozenset[str]:
    """The names of the computer that this runs on."""
    try:
        hosts_file = Path(HOSTS_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        hosts_file = ""
    return own_names(socket.gethostname(), hosts_file)


def addresses_of(values: Iterable[object]) -> frozenset[str]:
    """The addresses among some values, in their usual form."""
    found = (address_in(value) for value in values if isinstance(value, str))
    return frozenset(address for address in found if address is not None)
