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
      - Look for DNS records of this account that hold an address of a machine, and warn of each (C(dns_record)). Nothing is
        changed by it, and nothing forbidden.
      - The A and AAAA records of private zones and of public domains are read once, whatever the number of machines. An elastic
        IP counts in all of them, a private address only in zones that are bound to the machine's VPC. So public domains are read
        only if one of the machines has an elastic IP, and zones without a record never.
      - What could not be read is named in one warning of the task and in RV(dns_unread). It is no failure.
      - That no record is found is no proof, since names may be served by other providers, and a CNAME or a load balancer may lead
        to the machine, too.
    type: bool
    default: false
    version_added: 1.0.0
"""
