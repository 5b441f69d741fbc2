#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set and remove tags of JD Cloud virtual machines, disks and elastic IPs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_tag
short_description: Set and remove tags of JD Cloud virtual machines, disks and elastic IPs
version_added: 0.3.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - Sets tags, or removes them, of hundreds of machines in a few calls. Only what differs is written.
  - Every change is read back. What does not show it is failed, also if the service's answer said that all went well.
  - One machine's failure never hides another's result. The task fails at the end, with every result in it.
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.selection
  - jdcloud.cloud.selection_guard
  - jdcloud.cloud.attributes
options:
  set:
    description:
      - Tags that are to be there, with their values. Another value of the same key is replaced; other tags stay.
      - A value is a text. Everything else is refused, and so is a key that is no text. Quote them, since YAML makes 8 of
        V(010) and 45000 of V(12:30:00).
      - The service takes keys of up to 127 and values of up to 255 characters, and no key that begins with C(jrn:) or C(jdc-).
        A machine, disk or elastic IP has at most 10 tags.
    type: dict
  remove:
    description:
      - Keys that are not to be there, whatever their values.
      - At least one of O(set) and O(remove) must be given, and no key may be in both.
    type: list
    elements: raw
  disk_ids:
    description:
      - Ids of cloud disks to tag. They do not count for O(max_instances).
    type: list
    elements: str
  elastic_ip_ids:
    description:
      - Ids of elastic IPs to tag. They do not count for O(max_instances).
    type: list
    elements: str
  on_blocked:
    description:
      - V(fail) changes nothing at all if anything forbids the change of any of them, or an id does not exist.
      - V(skip) goes on with the others. What is blocked is reported and is no failure; an id that does not exist still is one.
    type: str
    choices: [fail, skip]
    default: fail
  service_codes:
    description:
      - What the tag service calls the services that own machines, disks and elastic IPs. Change it only if these are refused;
        those that are not named keep their default.
    type: dict
    default:
      instance: vm
      disk: disk
      elastic_ip: ip
attributes:
  check_mode:
    support: full
    details:
      - Sends no call that changes anything, and predicts what the run would do.
  diff_mode:
    support: full
  idempotent:
    support: full
notes:
  - At least one of O(instance_ids), O(name), O(tags), O(filters), O(disk_ids) and O(elastic_ip_ids) must be given.
  - A selection of O(name), O(tags) or O(filters) that matches nothing is no failure. The module warns.
  - A protected machine, disk or elastic IP is blocked as in the other modules, since tags decide what is deleted later. To change
    the tags of one, or to remove the protecting tag itself, set O(protect_tags={}). What is as wished already is never blocked.
  - A key that the service shows twice, and a value that it keeps although another one was set, are removed first and then set.
    If the new value is refused after that, the old one is put back.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: Mark the machines of a project for deletion
  jdcloud.cloud.jdcloud_tag:
    tags:
      project: harbor
    max_instances: 40
    set:
      decommission-after: "2026-12-02"

- name: Take the mark back
  jdcloud.cloud.jdcloud_tag:
    instance_ids: [i-4x9q2m7kva]
    remove: [decommission-after]

- name: Protect a machine and its disk, whether they were protected before or not
  jdcloud.cloud.jdcloud_tag:
    instance_ids: [i-4x9q2m7kva]
    disk_ids: [vol-2k0w8q7n1d]
    protect_tags: {}
    set:
      jdcloud-protect: "billing data"
"""

RETURN = r"""
changed:
  description: Whether any tag changed, or in check mode would.
  returned: always
  type: bool
  sample: true
account:
  description: Which account was used.
  returned: always
  type: dict
  sample: {"source": "environment", "access_key_suffix": "3f9a", "region": "cn-north-1", "pin": null, "account_id": null}
  contains:
    source:
      description: Where the keys came from; null if the task ended before that.
      type: str
      sample: environment
    access_key_suffix:
      description: The last characters of the access key.
      type: str
      sample: 3f9a
    region:
      description: The region.
      type: str
      sample: cn-north-1
    # BEGIN shared: account_owner
    pin:
      description: The pin of the keys' user, as the service tells it; null unless O(expected_account) is set.
      type: str
      sample: shop-operations
    account_id:
      description: The account id, as the service tells it; null unless O(expected_account) is set.
      type: str
      sample: "100000000001"
    # END shared: account_owner
# BEGIN shared: check_mode
check_mode:
  description: Whether this is only a preview, so that nothing was done.
  returned: in check mode
  type: bool
  sample: true
# END shared: check_mode
instances:
  description: The machines, in the order of the ids given, else by id.
  returned: always
  type: list
  elements: dict
  sample:
    - instance_id: i-4x9q2m7kva
      name: web-01
      region: cn-north-1
      az: cn-north-1a
      instance_type: g.n2.medium
      private_ip_address: 10.0.16.5
      status: stopped
      action: tagged
      changed: true
      tags_before: {"project": "harbor"}
      tags: {"project": "harbor", "decommission-after": "2026-12-02"}
      repeated_tags: {}
      blockers: []
      warnings: []
      error: null
  contains:
    instance_id:
      description: The id.
      type: str
      sample: i-4x9q2m7kva
    name:
      description: The name; null if it does not exist.
      type: str
      sample: web-01
    region:
      description: The region.
      type: str
      sample: cn-north-1
    # BEGIN shared: place
    az:
      description: The availability zone, or null.
      type: str
      sample: cn-north-1a
    instance_type:
      description: The instance type, or null.
      type: str
      sample: g.n2.medium
    private_ip_address:
      description: The private address of the primary network interface, or null.
      type: str
      sample: 10.0.16.5
    # END shared: place
    status:
      description: The status as it was read; V(absent) if it does not exist.
      type: str
      sample: stopped
    action:
      description: What was done, or in check mode would be. One of V(tagged), V(none), V(blocked) and V(failed).
      type: str
      sample: tagged
    # BEGIN shared: tag_change
    changed:
      description: Whether its tags changed, or in check mode would. Also true if that could not be read back.
      type: bool
      sample: true
    tags_before:
      description: The tags before.
      type: dict
      sample: {"project": "harbor"}
    tags:
      description: The tags as they were read back, in check mode as they would be.
      type: dict
      sample: {"project": "harbor", "decommission-after": "2026-12-02"}
    repeated_tags:
      description: Keys that the service showed more than once before, with all their values.
      type: dict
      sample: {}
    # END shared: tag_change
    # BEGIN shared: tag_problems codes="V(protected), V(too_many_tags) and V(selector_mismatch)" id=i-4x9q2m7kva
    blockers:
      description: Everything that forbids the change. Codes are V(protected), V(too_many_tags) and V(selector_mismatch).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: protected
        message:
          description: One sentence.
          type: str
          sample: "Its tag jdcloud-protect=yes protects it: set protect_tags to {} if its tags may change after all."
    warnings:
      description: What should be known beside. There are none as yet.
      type: list
      elements: dict
      sample: []
    error:
      description: Why it failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(not_found), V(not_applied) (the change was accepted and does not show), V(changed_meanwhile) (what forbids the
              change came up while it was tried), V(vanished), V(unverified) (a change was sent that may have taken effect, and
              the tags do not tell yet), V(api) (the service refused, or did not answer).
          type: str
          sample: not_applied
        operation:
          description: The call that failed, or null if it was none.
          type: str
          sample: resourcetag.tagResources
        http:
          description: The HTTP status of the answer, or null.
          type: int
          sample: 403
        status:
          description: The service's status word, or null.
          type: str
          sample: HTTP_FORBIDDEN
        message:
          description: One sentence, or more.
          type: str
          sample: The tags of i-4x9q2m7kva do not show the change, although it was accepted 3 times.
        request_id:
          description: The service's request id, or null.
          type: str
          sample: c0ffee00c0ffee00c0ffee00c0ffee0b
    # END shared: tag_problems
disks:
  description: The disks, in the order of O(disk_ids).
  returned: always
  type: list
  elements: dict
  contains:
    disk_id:
      description: The id.
      type: str
      sample: vol-2k0w8q7n1d
    region:
      description: The region.
      type: str
      sample: cn-north-1
    action:
      description: As for machines.
      type: str
      sample: tagged
    # BEGIN shared: tag_change
    changed:
      description: Whether its tags changed, or in check mode would. Also true if that could not be read back.
      type: bool
      sample: true
    tags_before:
      description: The tags before.
      type: dict
      sample: {"project": "harbor"}
    tags:
      description: The tags as they were read back, in check mode as they would be.
      type: dict
      sample: {"project": "harbor", "decommission-after": "2026-12-02"}
    repeated_tags:
      description: Keys that the service showed more than once before, with all their values.
      type: dict
      sample: {}
    # END shared: tag_change
    # BEGIN shared: tag_problems codes="V(protected) and V(too_many_tags)" id=vol-2k0w8q7n1d
    blockers:
      description: Everything that forbids the change. Codes are V(protected) and V(too_many_tags).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: protected
        message:
          description: One sentence.
          type: str
          sample: "Its tag jdcloud-protect=yes protects it: set protect_tags to {} if its tags may change after all."
    warnings:
      description: What should be known beside. There are none as yet.
      type: list
      elements: dict
      sample: []
    error:
      description: Why it failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(not_found), V(not_applied) (the change was accepted and does not show), V(changed_meanwhile) (what forbids the
              change came up while it was tried), V(vanished), V(unverified) (a change was sent that may have taken effect, and
              the tags do not tell yet), V(api) (the service refused, or did not answer).
          type: str
          sample: not_applied
        operation:
          description: The call that failed, or null if it was none.
          type: str
          sample: resourcetag.tagResources
        http:
          description: The HTTP status of the answer, or null.
          type: int
          sample: 403
        status:
          description: The service's status word, or null.
          type: str
          sample: HTTP_FORBIDDEN
        message:
          description: One sentence, or more.
          type: str
          sample: The tags of vol-2k0w8q7n1d do not show the change, although it was accepted 3 times.
        request_id:
          description: The service's request id, or null.
          type: str
          sample: c0ffee00c0ffee00c0ffee00c0ffee0b
    # END shared: tag_problems
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
    region:
      description: The region.
      type: str
      sample: cn-north-1
    action:
      description: As for machines.
      type: str
      sample: tagged
    # BEGIN shared: tag_change
    changed:
      description: Whether its tags changed, or in check mode would. Also true if that could not be read back.
      type: bool
      sample: true
    tags_before:
      description: The tags before.
      type: dict
      sample: {"project": "harbor"}
    tags:
      description: The tags as they were read back, in check mode as they would be.
      type: dict
      sample: {"project": "harbor", "decommission-after": "2026-12-02"}
    repeated_tags:
      description: Keys that the service showed more than once before, with all their values.
      type: dict
      sample: {}
    # END shared: tag_change
    # BEGIN shared: tag_problems codes="V(protected) and V(too_many_tags)" id=fip-8wz1t5c0rn
    blockers:
      description: Everything that forbids the change. Codes are V(protected) and V(too_many_tags).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: protected
        message:
          description: One sentence.
          type: str
          sample: "Its tag jdcloud-protect=yes protects it: set protect_tags to {} if its tags may change after all."
    warnings:
      description: What should be known beside. There are none as yet.
      type: list
      elements: dict
      sample: []
    error:
      description: Why it failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(not_found), V(not_applied) (the change was accepted and does not show), V(changed_meanwhile) (what forbids the
              change came up while it was tried), V(vanished), V(unverified) (a change was sent that may have taken effect, and
              the tags do not tell yet), V(api) (the service refused, or did not answer).
          type: str
          sample: not_applied
        operation:
          description: The call that failed, or null if it was none.
          type: str
          sample: resourcetag.tagResources
        http:
          description: The HTTP status of the answer, or null.
          type: int
          sample: 403
        status:
          description: The service's status word, or null.
          type: str
          sample: HTTP_FORBIDDEN
        message:
          description: One sentence, or more.
          type: str
          sample: The tags of fip-8wz1t5c0rn do not show the change, although it was accepted 3 times.
        request_id:
          description: The service's request id, or null.
          type: str
          sample: c0ffee00c0ffee00c0ffee00c0ffee0b
    # END shared: tag_problems
summary:
  description: Counts of machines, disks and elastic IPs together, and the use of the API.
  returned: always
  type: dict
  sample: {"selected": 40, "changed": 40, "tagged": 40, "unchanged": 0, "not_found": 0, "blocked": 0, "failed": 0, "api_calls": 3,
    "api_retries": 0, "api_throttled": 0, "seconds": 0.6}
  contains:
    selected:
      description: How many were selected or named.
      type: int
      sample: 40
    changed:
      description: How many changed.
      type: int
      sample: 40
    tagged:
      description: How many have the tags as wished because of this run.
      type: int
      sample: 40
    unchanged:
      description: How many had them as wished before, or were left alone since others are blocked.
      type: int
      sample: 0
    not_found:
      description: How many ids do not exist.
      type: int
      sample: 0
    blocked:
      description: How many are blocked.
      type: int
      sample: 0
    failed:
      description: How many failed.
      type: int
      sample: 0
    # BEGIN shared: api_use calls=3 seconds=0.6
    api_calls:
      description: All requests sent, repeated ones included.
      type: int
      sample: 3
    api_retries:
      description: Requests that were repeated.
      type: int
      sample: 0
    api_throttled:
      description: Answers that said "too fast".
      type: int
      sample: 0
    seconds:
      description: How long the run took.
      type: float
      sample: 0.6
    # END shared: api_use
diff:
  description: Tags before and after, by id, of what changes.
  returned: always
  type: dict
  sample: {"before": {"tags": {}}, "after": {"tags": {}}}
"""

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.tag import TAG_SPEC, early_end, work


def main() -> None:
    """Run the module."""
    run_module(TAG_SPEC, work, early_end)


if __name__ == "__main__":
    main()
