# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the domainservice service, about public domains (API revision 2.0.3, fact dns-public-records).

The only service whose paths begin with /v2. How many rows a page may have is not published (fact dns-pages), so it is
an argument.
"""

from __future__ import annotations

from dataclasses import replace

from ..calls import Call, path_id, read, scalars
from ..fields import PAGE_SIZE, Page
from ..model.dns import Record, Zone, numbered_page, parse_domain, parse_public_record


def describe_domains(page: int = 1, page_size: int = PAGE_SIZE) -> Call[Page[Zone]]:
    """One page of all public domains of the account."""
    query = scalars(pageNumber=page, pageSize=page_size)
    return replace(
        read("domainservice.describeDomains", "/domain", numbered_page(parse_domain, page_size), query),
        version="v2",
    )


def describe_resource_record(domain_id: str, page: int = 1, page_size: int = PAGE_SIZE) -> Call[Page[Record]]:
    """One page of the records of a domain. Raises InputError for an id that is none."""
    call = read(
        "domainservice.describeResourceRecord",
        f"/domain/{path_id(domain_id)}/ResourceRecord",
        numbered_page(parse_public_record, page_size),
        scalars(pageNumber=page, pageSize=page_size),
        resource=domain_id,
    )
    return replace(call, version="v2")
