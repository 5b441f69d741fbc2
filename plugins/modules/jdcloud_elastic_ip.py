#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Release elastic IPs of JD Cloud that are on nothing"""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_elastic_ip
short_description: Release elastic IPs of JD Cloud that are not associated
version_added: 0.3.0
description:
  - Releases unused elastic IPs, hundreds at a time, one by one, and waits until they are gone.
  - Releases only elastic IPs that are not associated. It never disassociates an address from an instance, a load balancer or a
    network interface.
  - You cannot get a released address back.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.unattached
  - jdcloud.cloud.attributes
attributes:
  check_mode:
    support: full
    details:
      - Sends no call that changes anything, and predicts what the run would do.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  elastic_ip_ids:
    description:
      - Ids of the elastic IPs to release, for example V(fip-8wz1t5c0rn). Blanks around an id and repeated ids are ignored.
      - An id that does not exist is not a failure; it gives the warning V(not_found).
    type: list
    elements: str
    required: true
  max_elastic_ips:
    description:
      - The maximum number of elastic IPs to release. If more of the given elastic IPs exist, the task fails before anything is
        changed.
      - If not set, it is the number of O(elastic_ip_ids).
    type: int
seealso:
  - module: jdcloud.cloud.jdcloud_disk
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: Release two unused elastic IPs
  jdcloud.cloud.jdcloud_elastic_ip:
    state: absent
    elastic_ip_ids:
      - fip-8wz1t5c0rn
      - fip-1kch0awxq9

- name: Release the elastic IPs that are not associated, and skip the others
  jdcloud.cloud.jdcloud_elastic_ip:
    state: absent
    elastic_ip_ids: "{{ retained.elastic_ips | map(attribute='elastic_ip_id') }}"
    on_blocked: skip

- name: List which of them still exist
  jdcloud.cloud.jdcloud_elastic_ip:
    state: absent
    elastic_ip_ids: fip-8wz1t5c0rn
    on_blocked: skip
  check_mode: true
"""

RETURN = r"""
# BEGIN shared: account
account:
  description: The account that was used, without secrets.
  returned: always
  type: dict
  contains:
    source:
      description: The source of the keys; null if the run ended before it was known.
      type: str
      sample: environment
    access_key_suffix:
      description: The last characters of the access key, or null.
      type: str
      sample: AK01
    region:
      description: The region, or null.
      type: str
      sample: cn-north-1
    pin:
      description: The pin of the user of the keys, as the service returned it; null unless O(expected_account) is set.
      type: str
      sample: shop-operations
    account_id:
      description: The account id, as the service returned it; null unless O(expected_account) is set.
      type: str
      sample: "100000000001"
# END shared: account
# BEGIN shared: check_mode
check_mode:
  description: Whether this is a preview, in which nothing was changed.
  returned: in check mode
  type: bool
  sample: true
# END shared: check_mode
elastic_ips:
  description: The elastic IPs, in the order of O(elastic_ip_ids).
  returned: always
  type: list
  elements: dict
  contains:
    elastic_ip_id:
      description: The id.
      type: str
      sample: fip-8wz1t5c0rn
    address:
      description: The address, or null if it does not exist.
      type: str
      sample: 203.0.113.17
    name:
      description: The name, or null if it does not exist.
      type: str
      sample: web-old-01-eip
    status_before:
      description: The status at the start of the run, as the service returned it; V(absent) if it did not exist.
      type: str
      sample: NOT_ASSOCIATED
    status:
      description:
        - The last known status; V(absent) if it is gone; V(unverified) if its release was sent and no read shows the effect. In
          check mode, the expected status.
      type: str
      sample: absent
    action:
      description: One of V(released), V(none), V(blocked), V(failed). In check mode, the expected action.
      type: str
      sample: released
    changed:
      description: Whether this run released it, or in check mode would release it.
      type: bool
      sample: true
    fate:
      description:
        - V(released) if this run released it; V(kept) if it still exists and is billed; V(unverified) if its release was sent
          and no read shows the effect; null if it was already gone, or if this is not known.
      type: str
      sample: released
    instance_id:
      description: The instance or other resource that it is associated with, or null if the service returned none.
      type: str
      sample: i-4x9q2m7kva
    blockers:
      description:
        - All reasons that forbid its release. Codes are V(elastic_ip_in_use), V(in_bandwidth_package), V(prepaid_unexpired)
          (with the date), V(protected), V(transitional).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: elastic_ip_in_use
        message:
          description: One sentence.
          type: str
          sample: "It is associated with i-4x9q2m7kva, and this module does not disassociate: disassociate it first."
    warnings:
      description:
        - What you should know, although it blocks nothing. The code is V(not_found).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: not_found
        message:
          description: One sentence.
          type: str
          sample: "fip-8wz1t5c0rn does not exist in cn-north-1."
    # BEGIN shared: deletion_error operation=vpc.deleteElasticIp
    error:
      description: Why it failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(changed_meanwhile) (it changed since the check, or the service did not delete it), V(timeout), V(api) (the service
              refused the call or did not respond), V(unverified) (a call without a clear response may have taken effect, and no
              read could show it), V(internal) (a bug of this collection).
          type: str
          sample: changed_meanwhile
        operation:
          description: The API call that failed, or null if the failure was not a call.
          type: str
          sample: vpc.deleteElasticIp
        http:
          description: The HTTP status of the response, or null.
          type: int
          sample: 400
        status:
          description: The status text of the service, or null.
          type: str
          sample: FAILED_PRECONDITION
    # END shared: deletion_error
        message:
          description: One sentence.
          type: str
          sample: "elastic IP fip-8wz1t5c0rn changed since it was checked: its name is now 'web' instead of 'old'."
        request_id:
          description: The service's request id, or null.
          type: str
          sample: c0ffee00c0ffee00c0ffee00c0ffee0b
summary:
  description: Counts.
  returned: always
  type: dict
  contains:
    selected:
      description: Ids in the result.
      type: int
      sample: 3
    changed:
      description: Elastic IPs that this run released, or whose release it sent.
      type: int
      sample: 2
    released:
      description: Elastic IPs that this run released.
      type: int
      sample: 2
    already_absent:
      description: Elastic IPs that were already gone.
      type: int
      sample: 1
    not_found:
      description: Ids that do not exist.
      type: int
      sample: 1
    blocked:
      description: Elastic IPs with blockers.
      type: int
      sample: 0
    failed:
      description: Elastic IPs for which something failed.
      type: int
      sample: 0
    # BEGIN shared: api_use calls=6 seconds=2.4
    api_calls:
      description: Number of requests sent, including repeats.
      type: int
      sample: 6
    api_retries:
      description: Number of requests that were repeated.
      type: int
      sample: 0
    api_throttled:
      description: Number of responses that limited the request rate (C(429 RATE_LIMIT)).
      type: int
      sample: 0
    seconds:
      description: Duration of the run in seconds.
      type: float
      sample: 2.4
    # END shared: api_use
diff:
  description: The elastic IPs that are released.
  returned: always
  type: dict
  contains:
    before:
      description: The elastic IPs before the run.
      type: dict
      sample:
        elastic_ips:
          fip-8wz1t5c0rn: 203.0.113.17, named web-old-01-eip
    after:
      description: The elastic IPs after the run.
      type: dict
      sample:
        elastic_ips: {}
"""

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.deletions.elastic_ip import ELASTIC_IP_SPEC, early_end, work


def main() -> None:
    """Run the module."""
    run_module(ELASTIC_IP_SPEC, work, early_end)


if __name__ == "__main__":
    main()
