# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of the vpc service (API revision 1.1.60)."""

from __future__ import annotations

from collections.abc import Sequence

from ..calls import Call, accepted
from ..model.backup_assets import Quota, parse_quota
from ..model.fields import Json, expect_id, required_object
from ..model.resources import ElasticIp, Page, parse_elastic_ip, parse_page
from ..query import filters, path_id, scalars

SERVICE = "vpc"


def describe_elastic_ips(ids: Sequence[str], page: int = 1, page_size: int = 100) -> Call[Page[ElasticIp]]:
    """One page of the elastic IPs with these ids, edge ones too (fact elastic-ips-listed-types).

    A page past the end is the last page again, not an empty one (fact requests-past-the-end). Raises ValueError for no ids,
    InputError for ids that are none.
    """
    wanted = filters(
        [("elasticIpIds", [path_id(elastic_ip_id) for elastic_ip_id in ids]), ("ipType", ["all"]), ("status", ["ALL"])]
    )
    return Call(
        operation="vpc.describeElasticIps",
        service=SERVICE,
        method="GET",
        # The listing path ends in a slash (fact requests-listing-slash), and that slash is signed.
        path="/elasticIps/",
        query=wanted + scalars(pageNumber=page, pageSize=page_size),
        body=None,
        write=False,
        parse=lambda result: parse_page(result, "elasticIps", "elasticIpId", parse_elastic_ip, page_size),
    )


def describe_elastic_ip(elastic_ip_id: str) -> Call[ElasticIp]:
    """One elastic IP; 404 NOT_FOUND if it does not exist."""
    return Call(
        operation="vpc.describeElasticIp",
        service=SERVICE,
        method="GET",
        path=f"/elasticIps/{path_id(elastic_ip_id)}",
        query=(),
        body=None,
        write=False,
        parse=lambda result: _asked_for(result, elastic_ip_id),
        resource=elastic_ip_id,
    )


def delete_elastic_ip(elastic_ip_id: str) -> Call[None]:
    """Release an elastic IP for good; the service refuses in some states (fact elastic-ips-release)."""
    return Call(
        operation="vpc.deleteElasticIp",
        service=SERVICE,
        method="DELETE",
        path=f"/elasticIps/{path_id(elastic_ip_id)}",
        query=(),
        body=None,
        write=True,
        parse=accepted,
        resource=elastic_ip_id,
    )


def describe_elastic_ip_quota() -> Call[Quota]:
    """How many elastic IPs the region may hold, and holds."""
    return Call(
        operation="vpc.describeQuota",
        service=SERVICE,
        method="GET",
        # This path ends in a slash, too.
        path="/quotas/",
        query=scalars(type="elastic_ip"),
        body=None,
        write=False,
        parse=lambda result: parse_quota(required_object(result, "quota"), "maxLimit", "count"),
    )


def _asked_for(result: Json, elastic_ip_id: str) -> ElasticIp:
    found = parse_elastic_ip(required_object(result, "elasticIp"))
    expect_id(found.elastic_ip_id, elastic_ip_id)
    return found
