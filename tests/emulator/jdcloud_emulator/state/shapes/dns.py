# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How names look in answers (facts dns-private-records, dns-public-records and dns-times)."""

from __future__ import annotations

from jdcloud_emulator.state.dns import Domain, Record, Zone
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.settings import vm_time


def zone_shape(zone: Zone) -> Json:
    """A zone of the privatezone service."""
    return {
        "zoneId": zone.id,
        "zone": zone.name,
        "zoneType": zone.kind,
        "recordCount": len(zone.records),
        "lock": zone.locked,
        "retryRecurse": False,
        "resolveStatus": zone.status,
        "createTime": vm_time(zone.created),
        "bindVpc": [{"regionId": region, "regionName": region, "vpcId": vpc, "vpcName": vpc} for region, vpc in zone.vpcs],
    }


def zone_record_shape(record: Record) -> Json:
    """A record of the privatezone service."""
    return {
        "id": record.id,
        "hostRecord": record.host,
        "hostValue": record.value,
        "recordType": record.kind,
        "ttl": record.ttl,
        "priority": record.priority,
        "port": record.port,
        "weight": record.weight,
        "createTime": vm_time(record.created),
        "updateTime": vm_time(record.created),
        "status": "STOP" if record.paused else "START",
    }


def domain_shape(domain: Domain, creator: str) -> Json:
    """A domain of the domainservice; times are milliseconds."""
    return {
        "id": domain.id,
        "domainName": domain.name,
        "createTime": int(domain.created * 1000),
        "expirationDate": int(domain.expires * 1000),
        "packId": 0,
        "packName": "",
        "resolvingStatus": domain.status,
        "creator": creator,
        "jcloudNs": True,
        "lockStatus": 0,
        "probeNsList": [],
        "defNsList": [],
    }


def domain_record_shape(record: Record, creator: str) -> Json:
    """A record of the domainservice."""
    return {
        "id": record.id,
        "hostRecord": record.host,
        "hostValue": record.value,
        "type": record.kind,
        "ttl": record.ttl,
        "weight": record.weight,
        "mxPriority": record.priority,
        "port": record.port,
        "viewName": record.view,
        "viewValue": [],
        "jcloudRes": False,
        "resolvingStatus": "4" if record.paused else "2",
        "creator": creator,
        "updateTime": int(record.created * 1000),
    }
