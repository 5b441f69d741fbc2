# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options that say which machines are meant."""

from __future__ import annotations


class ModuleDocFragment:
    """Which machines are meant."""

    DOCUMENTATION = r"""
options:
  instance_ids:
    description:
      - Ids of instances, for example V(i-1kch0awxq9). Blanks around an id and repeated ids are ignored.
      - The safest selector. It selects exactly these instances, whatever their names are.
      - With other selectors, an instance that does not match them as well is reported as C(selector_mismatch).
    type: list
    elements: str
  name:
    description:
      - The exact name of one instance. Upper and lower case matter.
      - The service searches for parts of names, so the module compares its results again.
      - Names are not unique in JD Cloud. A module that changes instances fails if several have the name, and lists their ids.
      - The value is one text. A list of names is refused; use O(instance_ids) for several instances. A number is refused; quote
        it, since YAML reads V(010) as 8.
    type: raw
  tags:
    description:
      - Tags that an instance must carry, all of them. A value is a text, or a list of texts, one of which must match.
      - Keys and values are compared as text. Numbers, booleans, dates and null are refused, since YAML reads V(010) as 8,
        V(12:30:00) as 45000 and V(1.10) as 1.1, which would select another instance. Quote them, as in V("010").
    type: dict
  filters:
    description:
      - Properties that an instance must have, all of them, with the names that the service uses. A value is a text, or a list
        of texts, one of which must match.
      - Possible keys are V(instanceId), V(privateIpAddress), V(az), V(vpcId), V(status), V(imageId), V(networkInterfaceId),
        V(subnetId), V(agId), V(faultDomain), V(dedicatedHostId), V(dedicatedPoolId), V(instanceType) and V(elasticIpAddress).
      - The module checks each filter again on the instance, exactly, because some filters of the service are not exact. A key
        that cannot be checked is refused. For names, use O(name).
      - Each value of V(privateIpAddress), V(elasticIpAddress) and V(networkInterfaceId) selects one instance, as a name does.
        Several VPCs may use the same private address. A module that changes instances then fails and lists their ids. To select
        one of them, add V(vpcId) or V(subnetId), or use O(instance_ids). Other selectors do not suffice.
      - A value that is not a text, such as a number, is refused. Quote it.
    type: dict
notes:
  - O(instance_ids), O(name), O(tags) and O(filters) are combined. An instance must match all that are given.
  - An empty or blank selector is an error; it never selects all instances. This includes an empty list or dictionary, for
    example from an undefined variable.
"""
