# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the vpc service (API revision 1.1.60)."""

from __future__ import annotations

from collections.abc import Sequence

from ..calls import Call, filters, path_id, read, remove, scalars
from ..fields import Page, one_of, page_of
from ..model.resources import ElasticIp, parse_elastic_ip


def describe_elastic_ips(ids: Sequence[str], page: int = 1, page_size: int = 100) -> Call[Page[ElasticIp]]:
    """One page of the elastic IPs with these ids, edge ones too (fact elastic-ips-listed-types).

    A page past the end is the last page again, not an empty one (fact requests-past-the-end). Raises ValueError for no ids,
    InputError for ids that are none.
    """
    wanted = filters(
        [("elasticIpIds", [path_id(elastic_ip_id) for elastic_ip_id in ids]), ("ipType", ["all"]), ("status", ["ALL"])]
    )
    return read(
        "vpc.describeElasticIps",
        # The listing path ends in a slash (fact requests-listing-slash), and that slash is signed.
        "/elasticIps/",
        page_of("elasticIps", "elasticIpId", parse_elastic_ip, page_size),
        wanted + scalars(pageNumber=page, pageSize=page_size),
    )


def describe_elastic_ip(elastic_ip_id: str) -> Call[ElasticIp]:
    """One elastic IP; 404 NOT_FOUND if it does not exist."""
    parse = one_of("elasticIp", "elasticIpId", parse_elastic_ip, elastic_ip_id)
    return read("vpc.describeElasticIp", f"/elasticIps/{path_id(elastic_ip_id)}", parse, resource=elastic_ip_id)


def delete_elastic_ip(elastic_ip_id: str) -> Call[None]:
    """Release an elastic IP for good; the service refuses in some states (fact elastic-ips-release)."""
    return remove("vpc.deleteElasticIp", f"/elasticIps/{path_id(elastic_ip_id)}", elastic_ip_id)
