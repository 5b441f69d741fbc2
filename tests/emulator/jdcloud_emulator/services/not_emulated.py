# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documented operations that the emulator does not have: they answer 501 NOT_IMPLEMENTED instead of 404."""

from __future__ import annotations

# By service: method and path behind the region, with * for ids.
NOT_EMULATED: dict[str, tuple[str, ...]] = {
    "vm": (
        "POST instances/*:suspendInstance",
        "POST instances/*:resumeInstance",
        "POST instances/*:rebuildInstance",
        "POST instances/*:resizeInstance",
        "POST instances/*:redeployInstance",
    ),
    "ag": (
        "POST availabilityGroups",
        "POST asAlarms",
        "POST asCrons",
        "POST asRules",
        "DELETE asAlarms/*",
        "DELETE asCrons/*",
        "DELETE asRules/*",
        "GET asAlarms",
        "GET asCrons",
        "GET asRules",
        "GET quotas",
        "POST asAlarms/*:disable",
        "POST asCrons/*:disable",
        "POST asAlarms/*:enable",
        "POST asCrons/*:enable",
        "POST asRules/*:execute",
        "POST availabilityGroups/*:setInstanceTemplate",
        "PATCH availabilityGroups/*",
        "POST asAlarms/*",
        "POST asCrons/*",
        "POST asRules/*",
    ),
    "lb": (
        "POST listeners/*:addListenerCertificates",
        "POST urlMaps/*:addRules",
        "POST customizedConfigurations/*:associateCustomizedConfiguration",
        "POST loadBalancers/*:associateElasticIp",
        "POST loadBalancers/*:associateSecurityGroup",
        "POST backends/",
        "POST customizedConfigurations/",
        "POST listeners/",
        "POST loadBalancers/",
        "POST securityPolicies/",
        "POST targetGroups/",
        "POST urlMaps/",
        "DELETE backends/*",
        "DELETE customizedConfigurations/*",
        "POST listeners/*:deleteListenerCertificates",
        "DELETE listeners/*",
        "DELETE loadBalancers/*",
        "POST urlMaps/*:deleteRules",
        "DELETE securityPolicies/*",
        "DELETE targetGroups/*",
        "DELETE urlMaps/*",
        "GET backends/*",
        "GET customizedConfigurations/*",
        "GET customizedConfigurations/",
        "GET listeners/*",
        "GET loadBalancers/*",
        "POST loadBalancers/*:describeLoadBalancersBySecurityGroup",
        "GET securityPolicies/",
        "GET securityPolicies/*",
        "GET supportedCiphers/",
        "GET targetGroups/*",
        "GET urlMaps/*",
        "GET urlMaps/",
        "POST customizedConfigurations/*:disassociateCustomizedConfiguration",
        "POST loadBalancers/*:disassociateElasticIp",
        "POST loadBalancers/*:disassociateSecurityGroup",
        "PATCH backends/*",
        "PATCH customizedConfigurations/*",
        "POST listeners/*:updateListenerCertificates",
        "PATCH listeners/*",
        "PATCH loadBalancers/*",
        "PATCH urlMaps/*:updateRules",
        "PATCH securityPolicies/*",
        "PATCH targetGroups/*",
        "PATCH urlMaps/*",
    ),
}


def is_documented(service: str, method: str, shape: str) -> bool:
    """Whether a call that is no operation here is one of the real service. `shape` is its path with * for region and id."""
    return f"{method} {shape.removeprefix('regions/*/')}" in NOT_EMULATED.get(service, ())
