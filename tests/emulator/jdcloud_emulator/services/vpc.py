# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vpc service: elastic IPs and network interfaces. Its lists end in a slash (fact requests-listing-slash)."""

from __future__ import annotations

import re
from collections.abc import Callable

from jdcloud_emulator.services.api import (
    DISK_NAME,
    Call,
    Condition,
    bad_value,
    changed_tags,
    check_name,
    has_tags,
    matches,
    once,
    operation,
    page,
    precondition,
    quota_exceeded,
)
from jdcloud_emulator.services.vm_create import MONTH
from jdcloud_emulator.state import factory, lifecycle
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import PREPAID, Charge, ElasticIp, Interface
from jdcloud_emulator.state.settings import ApiError

MISSING = "elasticIp '{}' not found"
MISSING_INTERFACE = "networkInterface '{}' not found"
STATUSES = ("ASSOCIATED", "NOT_ASSOCIATED", "ALL")
FILTERS: dict[str, Callable[[ElasticIp, Condition], bool]] = {
    "elasticIpIds": lambda address, wanted: matches(address.id, wanted),
    "elasticIpNames": lambda address, wanted: matches(address.name, wanted),
    # The newest SDK says single; older pages say several. The first value counts.
    "elasticIpAddress": lambda address, wanted: address.address == wanted[1][0],
    "elasticIpPoolId": lambda _address, _wanted: False,
    "chargeStatus": lambda address, wanted: address.charge is not None and address.charge.status in wanted[1],
    "ipType": lambda address, wanted: "all" in wanted[1] or address.ip_type in wanted[1],
    "azs": lambda address, wanted: matches(address.az, wanted),
    "bandwidthPackageId": lambda address, wanted: matches(address.bandwidth_package_id, wanted),
    "status": lambda address, wanted: "ALL" in wanted[1] or _status(address) in wanted[1],
    "providers": lambda address, wanted: matches(address.provider, wanted),
}
INTERFACE_FILTERS: dict[str, Callable[[Interface, Condition], bool]] = {
    "networkInterfaceIds": lambda interface, wanted: matches(interface.id, wanted),
    "networkInterfaceNames": lambda interface, wanted: matches(interface.name, wanted),
    "vpcId": lambda interface, wanted: matches(interface.vpc_id, wanted),
    "subnetId": lambda interface, wanted: matches(interface.subnet_id, wanted),
    "role": lambda interface, wanted: matches(interface.role, wanted),
    "azType": lambda _interface, wanted: "all" in wanted[1] or "standard" in wanted[1],
    "azs": lambda interface, wanted: matches(interface.az, wanted),
}


def _status(address: ElasticIp) -> str:
    return "ASSOCIATED" if address.interface is not None else "NOT_ASSOCIATED"


@operation("vpc", "GET", "elasticIps/")
def describe_elastic_ips(call: Call) -> Json:
    """Past the end, the last page comes again (fact requests-past-the-end)."""
    filters, tags = call.filters(FILTERS), call.tag_filters()
    filters.setdefault("ipType", ("eq", ["standard"]))
    for value in filters.get("status", ("", []))[1]:
        if value not in STATUSES:
            raise bad_value("filters.status.values", value, STATUSES)
    rows = [row for row in call.region.elastic_ips.values() if call.visible(row.id) and has_tags(row.tags, tags)]
    rows = [row for row in rows if all(FILTERS[name](row, condition) for name, condition in filters.items())]
    chosen, total = page(call, rows, last_page_again=True)
    return {"elasticIps": [call.cloud.renderer.fragment(row) for row in chosen], "totalCount": total}


@operation("vpc", "GET", "elasticIps/*")
def describe_elastic_ip(call: Call) -> Json:
    return {"elasticIp": call.cloud.renderer.fragment(call.get(ElasticIp, call.target, MISSING))}


@operation("vpc", "POST", "elasticIps/")
def create_elastic_ips(call: Call) -> Json:
    """The documented result carries the request id, too."""
    count, spec = call.body_field("maxCount", int, required=True), call.body_field("elasticIpSpec", dict, required=True)
    name, given = call.body_field("elasticIpName", str, ""), call.body_field("elasticIpAddress", str, "")
    if not 1 <= count <= 100:
        raise ApiError(400, "OUT_OF_RANGE", "maxCount out of range")
    if name:
        check_name(name, 1, 32, DISK_NAME)
    if given and (count != 1 or not re.fullmatch(r"\d+\.\d+\.\d+\.\d+", given)):
        raise bad_value("elasticIpAddress", given, ["one free address"])
    if call.cloud.left_in_quota(call.region, "elastic_ips") < count:
        raise quota_exceeded("ElasticIp")
    tags = changed_tags({}, call.body_field("userTags", list, []))
    mode = (spec.get("chargeSpec") or {}).get("chargeMode") or "postpaid_by_usage"

    def make() -> list[str]:
        made = []
        for _each in range(count):
            charge = Charge(mode, started=call.cloud.wall())
            if mode == PREPAID:
                charge.expires = call.cloud.wall() + MONTH
            address = factory.new_elastic_ip(call.cloud, call.region, address=given, charge=charge)
            address.name, address.tags = name or address.id, dict(tags)
            address.bandwidth_mbps = int(spec.get("bandwidthMbps") or 5)
            made.append(address.id)
        return made

    ids = once(call, "", make)
    call.touched.extend(ids)
    return {"elasticIpIds": ids, "requestId": call.cloud.request_id("vpc")}


@operation("vpc", "DELETE", "elasticIps/*")
def delete_elastic_ip(call: Call) -> None:
    address = call.get(ElasticIp, call.target, MISSING)
    if address.interface is not None:
        raise precondition(call.cloud.settings.elastic_ip_in_use_message)
    if address.bandwidth_package_id:
        raise precondition("elasticIp is in a bandwidth package, can not be deleted")
    if address.charge is not None and address.charge.unexpired_prepaid(call.cloud.wall()):
        raise precondition("prepaid elasticIp is not expired, can not be deleted")
    call.cloud.remove(address)


@operation("vpc", "GET", "networkInterfaces/")
def describe_network_interfaces(call: Call) -> Json:
    filters, tags = call.filters(INTERFACE_FILTERS), call.tag_filters()
    rows = [row for row in call.region.network_interfaces.values() if has_tags(row.tags, tags)]
    rows = [row for row in rows if all(INTERFACE_FILTERS[name](row, condition) for name, condition in filters.items())]
    chosen, total = page(call, rows, last_page_again=True)
    return {"networkInterfaces": [call.cloud.renderer.fragment(row) for row in chosen], "totalCount": total}


@operation("vpc", "GET", "networkInterfaces/*")
def describe_network_interface(call: Call) -> Json:
    return {"networkInterface": call.cloud.renderer.fragment(call.get(Interface, call.target, MISSING_INTERFACE))}


@operation("vpc", "POST", "networkInterfaces/*:disassociateElasticIp")
def disassociate_elastic_ip(call: Call) -> None:
    """By id or by address."""
    interface = call.get(Interface, call.target, MISSING_INTERFACE)
    wanted = (call.body_field("elasticIpId", str), call.body_field("elasticIpAddress", str))
    address = interface.elastic_ip
    if address is None or (address.id != wanted[0] and address.address != wanted[1]):
        raise ApiError(404, "NOT_FOUND", MISSING.format(wanted[0] or wanted[1]))
    call.touched.append(address.id)
    lifecycle.unbind(call.cloud, address)


@operation("vpc", "GET", "quotas/")
def describe_quota(call: Call) -> Json:
    kind = call.query.get("type", "")
    limits = {
        "elastic_ip": (call.cloud.quotas.elastic_ips, call.cloud.used(call.region, "elastic_ips")),
        "network_interface": (1000, call.cloud.used(call.region, "network_interfaces")),
    }
    # The spelling of the types is not published for all; both common ones are taken.
    found = limits.get({"elasticIp": "elastic_ip", "networkInterface": "network_interface"}.get(kind, kind))
    if found is None:
        raise bad_value("type", kind, ["elasticIp", "elastic_ip", "networkInterface", "network_interface"])
    parent = call.query.get("parentResourceId", "")
    return {"quota": {"type": kind, "parentResourceId": parent, "maxLimit": found[0], "count": found[1]}}
