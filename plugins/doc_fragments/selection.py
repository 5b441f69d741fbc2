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
      - Ids of machines, for example V(i-1kch0awxq9). Blanks around an id and repeated ids do not matter.
      - The safest selector. It means these machines and no others, whatever they are called.
      - With other selectors beside it, an id whose machine does not match those too is reported as C(selector_mismatch).
    type: list
    elements: str
  name:
    description:
      - The exact name of one machine, with upper and lower case told apart.
      - The service itself searches for parts of names; what it finds is compared again here.
      - Names are not unique in JD Cloud. A module that changes machines fails if several have the name, and lists
        their ids.
      - It is one text. A list of names is refused; use O(instance_ids) for several machines. A number is refused, too; quote it,
        since YAML makes 8 of V(010).
    type: raw
  tags:
    description:
      - Tags that a machine must carry, all of them. A value is a text, or a list of texts of which any one will do.
      - Keys and values are compared as text. Numbers, booleans, dates and null are refused, since YAML makes 8 of V(010),
        45000 of V(12:30:00) and 1.1 of V(1.10), and another machine would be meant. Quote them, as in V("010").
    type: dict
  filters:
    description:
      - Properties that a machine must have, all of them, under the names that the service gives them. A value is a text, or
        a list of texts of which any one will do.
      - Possible keys are V(instanceId), V(privateIpAddress), V(az), V(vpcId), V(status), V(imageId), V(networkInterfaceId),
        V(subnetId), V(agId), V(faultDomain), V(dedicatedHostId), V(dedicatedPoolId), V(instanceType) and
        V(elasticIpAddress).
      - Each one is checked again on the machine itself, exactly, because some filters of the service are not exact. A key
        that cannot be checked that way is refused. For names there is O(name).
      - V(privateIpAddress), V(elasticIpAddress) and V(networkInterfaceId) mean one machine for each value, as a name does. A
        private address may be in use in several VPCs. A module that changes machines then fails and lists their ids, unless
        V(vpcId) or V(subnetId) beside it says which is meant, or O(instance_ids) does. Other selectors do not.
      - A value that is no text, such as a number, is refused. Quote it.
    type: dict
notes:
  - O(instance_ids), O(name), O(tags) and O(filters) are combined. A machine must match all that are given.
  - An empty or blank selector is an error, never "all machines". That includes an empty list or dictionary, as an undefined
    variable might leave it.
"""
