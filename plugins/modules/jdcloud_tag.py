#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set and remove tags of JD Cloud virtual machines, disks and elastic IPs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_tag
short_description: Set and remove tags of JD Cloud VMs, disks and elastic IPs
version_added: 0.3.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - Sets and removes tags of hundreds of JD Cloud VMs, cloud disks and elastic IPs in a few calls. Only differences are written.
  - Reads back every change. If the change does not show, the resource fails, even if the service reported success.
  - The failure of one resource does not hide the results of the others. The task fails at the end with all results.
  - The most used options are O(set) and O(remove); O(instance_ids), O(disk_ids) and O(elastic_ip_ids) for the resources;
    O(protect_tags={}) to change protected resources.
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.selection
  - jdcloud.cloud.selection_guard
  - jdcloud.cloud.attributes
options:
  set:
    description:
      - Tags to set, with their values. If the key has another value, it is replaced; other tags stay.
      - A value is a text. All other types are refused, and so is a key that is not a text. Quote them, since YAML reads V(010)
        as 8 and V(12:30:00) as 45000.
      - The service accepts keys of up to 127 and values of up to 255 characters, and no key that begins with C(jrn:) or
        C(jdc-). An instance, disk or elastic IP has at most 10 tags.
    type: dict
  remove:
    description:
      - Keys of tags to remove, whatever their values.
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
      - What to do if blockers forbid the change of some resources.
      - V(fail) changes nothing if any resource is blocked or any id does not exist.
      - V(skip) continues with the others. Blocked resources are reported, which is not a failure; an id that does not exist is
        still a failure.
    type: str
    choices: [fail, skip]
    default: fail
  service_codes:
    description:
      - The names that the tag service uses for the services of instances, disks and elastic IPs. Change them only if the
        service refuses the defaults; names that are not given keep their default.
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
  - If O(name), O(tags) or O(filters) match nothing, the module warns; this is not a failure.
  - A protected instance, disk or elastic IP is blocked as in the other modules, since tags decide what is deleted later. To
    change its tags, or to remove the protecting tag itself, set O(protect_tags={}). A resource that already has the wanted tags
    is never blocked.
  - If the service returns a key twice, or keeps the old value of a key after a new one was set, the key is removed and then set
    again. If the service then refuses the new value, the old one is set again.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: Mark the instances of a project for deletion
  jdcloud.cloud.jdcloud_tag:
    tags:
      project: harbor
    max_instances: 40
    set:
      decommission-after: "2026-12-02"

- name: Remove the mark
  jdcloud.cloud.jdcloud_tag:
    instance_ids: [i-4x9q2m7kva]
    remove: [decommission-after]

- name: Protect an instance and its disk, even if they are already protected
  jdcloud.cloud.jdcloud_tag:
    instance_ids: [i-4x9q2m7kva]
    disk_ids: [vol-2k0w8q7n1d]
    protect_tags: {}
    set:
      jdcloud-protect: "billing data"
"""

RETURN = r"""
changed:
  description: Whether any tag changed, or in check mode would change.
  returned: always
  type: bool
  sample: true
account:
  description: The account that was used.
  returned: always
  type: dict
  sample: {"source": "environment", "access_key_suffix": "3f9a", "region": "cn-north-1", "pin": null, "account_id": null}
  contains:
    source:
      description: The source of the keys; null if the task ended before it was known.
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
      description: The pin of the user of the keys, as the service returned it; null unless O(expected_account) is set.
      type: str
      sample: shop-operations
    account_id:
      description: The account id, as the service returned it; null unless O(expected_account) is set.
      type: str
      sample: "100000000001"
    # END shared: account_owner
# BEGIN shared: check_mode
check_mode:
  description: Whether this is a preview, in which nothing was changed.
  returned: in check mode
  type: bool
  sample: true
# END shared: check_mode
instances:
  description: The instances, in the order of the given ids, otherwise by id.
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
      description: The status; V(absent) if it does not exist.
      type: str
      sample: stopped
    action:
      description: What was done, or in check mode would be done. One of V(tagged), V(none), V(blocked) and V(failed).
      type: str
      sample: tagged
    # BEGIN shared: tag_change
    changed:
      description: Whether its tags changed, or in check mode would change. Also true if the change could not be read back.
      type: bool
      sample: true
    tags_before:
      description: The tags before the run.
      type: dict
      sample: {"project": "harbor"}
    tags:
      description: The tags that were read back; in check mode, the expected tags.
      type: dict
      sample: {"project": "harbor", "decommission-after": "2026-12-02"}
    repeated_tags:
      description: Keys that the service returned more than once before the run, with all their values.
      type: dict
      sample: {}
    # END shared: tag_change
    # BEGIN shared: tag_problems codes="V(protected), V(too_many_tags) and V(selector_mismatch)" id=i-4x9q2m7kva
    blockers:
      description: All reasons that forbid the change. Codes are V(protected), V(too_many_tags) and V(selector_mismatch).
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
          sample: "Its tag jdcloud-protect=yes protects it: set protect_tags to {} to change its tags."
    warnings:
      description: What you should know, although it blocks nothing. No warning exists yet.
      type: list
      elements: dict
      sample: []
    error:
      description: Why it failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(not_found), V(not_applied) (the service accepted the change, but the tags do not show it), V(changed_meanwhile) (a
              blocker appeared during the change), V(vanished), V(unverified) (a change was sent that may have taken effect, and
              the tags do not show it yet), V(api) (the service refused the call or did not respond).
          type: str
          sample: not_applied
        operation:
          description: The API call that failed, or null if the failure was not a call.
          type: str
          sample: resourcetag.tagResources
        http:
          description: The HTTP status of the response, or null.
          type: int
          sample: 403
        status:
          description: The status text of the service, or null.
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
      description: As for instances.
      type: str
      sample: tagged
    # BEGIN shared: tag_change
    changed:
      description: Whether its tags changed, or in check mode would change. Also true if the change could not be read back.
      type: bool
      sample: true
    tags_before:
      description: The tags before the run.
      type: dict
      sample: {"project": "harbor"}
    tags:
      description: The tags that were read back; in check mode, the expected tags.
      type: dict
      sample: {"project": "harbor", "decommission-after": "2026-12-02"}
    repeated_tags:
      description: Keys that the service returned more than once before the run, with all their values.
      type: dict
      sample: {}
    # END shared: tag_change
    # BEGIN shared: tag_problems codes="V(protected) and V(too_many_tags)" id=vol-2k0w8q7n1d
    blockers:
      description: All reasons that forbid the change. Codes are V(protected) and V(too_many_tags).
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
          sample: "Its tag jdcloud-protect=yes protects it: set protect_tags to {} to change its tags."
    warnings:
      description: What you should know, although it blocks nothing. No warning exists yet.
      type: list
      elements: dict
      sample: []
    error:
      description: Why it failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(not_found), V(not_applied) (the service accepted the change, but the tags do not show it), V(changed_meanwhile) (a
              blocker appeared during the change), V(vanished), V(unverified) (a change was sent that may have taken effect, and
              the tags do not show it yet), V(api) (the service refused the call or did not respond).
          type: str
          sample: not_applied
        operation:
          description: The API call that failed, or null if the failure was not a call.
          type: str
          sample: resourcetag.tagResources
        http:
          description: The HTTP status of the response, or null.
          type: int
          sample: 403
        status:
          description: The status text of the service, or null.
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
      description: As for instances.
      type: str
      sample: tagged
    # BEGIN shared: tag_change
    changed:
      description: Whether its tags changed, or in check mode would change. Also true if the change could not be read back.
      type: bool
      sample: true
    tags_before:
      description: The tags before the run.
      type: dict
      sample: {"project": "harbor"}
    tags:
      description: The tags that were read back; in check mode, the expected tags.
      type: dict
      sample: {"project": "harbor", "decommission-after": "2026-12-02"}
    repeated_tags:
      description: Keys that the service returned more than once before the run, with all their values.
      type: dict
      sample: {}
    # END shared: tag_change
    # BEGIN shared: tag_problems codes="V(protected) and V(too_many_tags)" id=fip-8wz1t5c0rn
    blockers:
      description: All reasons that forbid the change. Codes are V(protected) and V(too_many_tags).
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
          sample: "Its tag jdcloud-protect=yes protects it: set protect_tags to {} to change its tags."
    warnings:
      description: What you should know, although it blocks nothing. No warning exists yet.
      type: list
      elements: dict
      sample: []
    error:
      description: Why it failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(not_found), V(not_applied) (the service accepted the change, but the tags do not show it), V(changed_meanwhile) (a
              blocker appeared during the change), V(vanished), V(unverified) (a change was sent that may have taken effect, and
              the tags do not show it yet), V(api) (the service refused the call or did not respond).
          type: str
          sample: not_applied
        operation:
          description: The API call that failed, or null if the failure was not a call.
          type: str
          sample: resourcetag.tagResources
        http:
          description: The HTTP status of the response, or null.
          type: int
          sample: 403
        status:
          description: The status text of the service, or null.
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
  description: Counts of instances, disks and elastic IPs together, and the use of the API.
  returned: always
  type: dict
  sample: {"selected": 40, "changed": 40, "tagged": 40, "unchanged": 0, "not_found": 0, "blocked": 0, "failed": 0, "api_calls": 3,
    "api_retries": 0, "api_throttled": 0, "seconds": 0.6}
  contains:
    selected:
      description: Number of selected resources.
      type: int
      sample: 40
    changed:
      description: Number of changed resources.
      type: int
      sample: 40
    tagged:
      description: Number of resources that have the wanted tags because of this run.
      type: int
      sample: 40
    unchanged:
      description: Number of resources that already had the wanted tags, or that were not changed because others are blocked.
      type: int
      sample: 0
    not_found:
      description: Number of ids that do not exist.
      type: int
      sample: 0
    blocked:
      description: Number of blocked resources.
      type: int
      sample: 0
    failed:
      description: Number of failed resources.
      type: int
      sample: 0
    # BEGIN shared: api_use calls=3 seconds=0.6
    api_calls:
      description: Number of requests sent, including repeats.
      type: int
      sample: 3
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
      sample: 0.6
    # END shared: api_use
diff:
  description: Tags before and after, by id, of the resources that change.
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
