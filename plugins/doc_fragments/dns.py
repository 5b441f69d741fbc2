# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the option that looks for DNS records."""

from __future__ import annotations


class ModuleDocFragment:
    """Which records still hold an address of a machine."""

    DOCUMENTATION = r"""
options:
  look_up_dns:
    description:
      - Look for DNS records of this account that hold an address of an instance, and add the warning C(dns_record) for each.
        This changes and blocks nothing.
      - The A and AAAA records of private zones and public domains are read once for all instances. An elastic IP is looked for
        in all of them, a private address only in zones that are bound to the VPC of the instance. Public domains are read only
        if an instance has an elastic IP. Zones without records are not read.
      - If something cannot be read, the task gives one warning and names it in RV(dns_unread). This is not a failure.
      - An empty result does not prove that no record exists. Another DNS provider may hold records, and a CNAME or a load
        balancer may lead to the instance.
    type: bool
    default: false
    version_added: 1.0.0
"""
