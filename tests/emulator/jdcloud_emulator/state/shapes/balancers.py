# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How load balancers and what hangs on them look in answers (facts load-balancers-types and load-balancers-times)."""

from __future__ import annotations

from jdcloud_emulator.state.balancers import NLB, Backend, Listener, LoadBalancer, Target, TargetGroup
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import Resource
from jdcloud_emulator.state.settings import utc_time
from jdcloud_emulator.state.shapes.fields import tag_rows


def balancer_shape(resource: Resource) -> Json:
    """The JSON object of a resource of the lb service. Raises TypeError for any other."""
    match resource:
        case LoadBalancer():
            return _load_balancer(resource)
        case TargetGroup():
            return _target_group(resource)
        case Target():
            return _target(resource)
        case Backend():
            return _backend(resource)
        case Listener():
            return _listener(resource)
    raise TypeError(f"no shape for {resource!r}")


def _load_balancer(balancer: LoadBalancer) -> Json:
    return {
        "loadBalancerId": balancer.id,
        "loadBalancerName": balancer.name,
        "subnetId": balancer.subnet_id,
        "vpcId": balancer.vpc_id,
        "type": balancer.balancer_kind,
        "state": {"code": balancer.status, "reason": ""},
        "azs": balancer.azs,
        "securityGroupIds": balancer.security_groups,
        "privateIp": {
            "privateIpAddress": balancer.private_ip,
            "elasticIpId": balancer.elastic_ip_id,
            "elasticIpAddress": balancer.elastic_ip_address,
        },
        "tags": tag_rows(balancer),
        "description": balancer.description,
        "deleteProtection": balancer.delete_protection,
        "createdTime": utc_time(balancer.created),
        "azType": balancer.az_type,
        "customizedConfigurationId": "",
    }


def _target_group(group: TargetGroup) -> Json:
    """Without `targets`, which are announced to go."""
    return {
        "targetGroupId": group.id,
        "targetGroupName": group.name,
        **_owner(group.balancer),
        "loadBalancerName": group.balancer.name,
        "description": group.description,
        "createdTime": utc_time(group.created),
        "type": group.target_type,
    }


def _target(target: Target) -> Json:
    return {
        "targetId": target.id,
        "targetGroupId": target.group.id if target.group is not None else "",
        "agId": target.ag_id,
        "type": target.target_type,
        "instanceId": target.instance_id,
        "port": target.port,
        "weight": target.weight,
        "privateIpAddress": target.ip_address if target.instance_id else "",
        "ipAddress": target.ip_address,
    }


def health_shape(target: Target, port: int, status: str, reason: str) -> Json:
    """A row of describeTargetHealth; `port` is the one that is checked."""
    seen = _target(target)
    names = ("targetGroupId", "agId", "instanceId", "type", "weight", "ipAddress")
    return {
        **{name: seen[name] for name in names},
        "port": port,
        "status": status,
        "unhealthReason": {"reason": reason, "detail": ""},
    }


def _backend(backend: Backend) -> Json:
    """Only those of nlb let connections end (fact load-balancers-draining)."""
    text: Json = {
        "backendId": backend.id,
        "backendName": backend.name,
        **_owner(backend.balancer),
        "protocol": backend.protocol,
        "port": backend.port,
        "algorithm": backend.algorithm,
        "targetGroupIds": [backend.target_group_id] if backend.target_group_id else [],
        "agIds": [backend.ag_id] if backend.ag_id else [],
        "agInfos": [{"agId": backend.ag_id, "defaultWeight": backend.default_weight}] if backend.ag_id else [],
        "description": backend.description,
        "sessionStickiness": backend.sticky,
        "healthCheck": {"protocol": "Tcp", "port": 0} if backend.health_check else None,
        "createdTime": utc_time(backend.created),
    }
    if backend.balancer.balancer_kind == NLB:
        text["connectionDrainingSeconds"] = backend.draining_seconds
    return text


def _listener(listener: Listener) -> Json:
    return {
        "listenerId": listener.id,
        "listenerName": listener.name,
        "status": listener.status,
        **_owner(listener.balancer),
        "protocol": listener.protocol,
        "port": listener.port,
        "action": "Forward",
        "backendId": listener.backend_id,
        "urlMapId": listener.url_map_id,
        "description": listener.description,
        "createdTime": utc_time(listener.created),
    }


def _owner(balancer: LoadBalancer) -> Json:
    return {"loadBalancerId": balancer.id, "loadBalancerType": balancer.balancer_kind}
