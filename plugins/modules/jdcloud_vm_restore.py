#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make virtual machines of JD Cloud again from their backups."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_vm_restore
short_description: Make JD Cloud VMs again from their backups
version_added: 0.2.0
description:
  - Makes JD Cloud VMs again from the entries of a backup manifest, or one from a private image.
  - Waits until each instance runs, then checks for every disk that it was made from the right snapshot and has at least its
    former size. If a disk is missing, the instance fails.
  - Makes each instance only once. A new instance carries a mark in its description. A later run with the same options finds it
    by name and mark and makes no second one, even if the earlier run was killed.
  - Finds all blockers first. If any instance is blocked, no instance is made.
  - The most used options are O(machines) or O(image_id); O(subnet_id) and O(security_group_ids) for the network; O(drill) to
    test a backup with a copy.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  machines:
    description:
      - Instances of a backup manifest, as unchanged members of its list C(machines). Each has C(instance_id), C(name),
        C(specification), C(disks), C(image) and C(snapshots).
      - Exactly one of O(machines) and O(image_id) must be given.
    type: list
    elements: dict
  image_id:
    description:
      - The id of a private image to make one instance from. Requires O(instance_type), O(az), O(subnet_id),
        O(security_group_ids) and O(name), since an image does not contain them. With O(drill=true) the name is optional.
      - Exactly one of O(machines) and O(image_id) must be given.
    type: str
  campaign:
    description:
      - The campaign that made the backups, as in the member C(campaign) of the manifest. It becomes part of the mark.
      - If not set, the mark contains the id of the image or of a snapshot.
    type: str
  name:
    description:
      - The name of the new instance, for one instance only. If not set, it gets its former name.
    type: str
  subnet_id:
    description:
      - The subnet of the new instances. If not set, the former one.
    type: str
  security_group_ids:
    description:
      - The security groups of the new instances, at most 5. If not set, the former ones.
    type: list
    elements: str
  instance_type:
    description:
      - The instance type of the new instances. If not set, the former one.
    type: str
  az:
    description:
      - The availability zone of the new instances. If not set, the former one.
    type: str
  private_ip:
    description:
      - The private address of the new instance, for one instance only. If neither this nor O(keep_private_ip) is set, the
        service chooses one.
    type: str
  keep_private_ip:
    description:
      - Give the instance its former private address. The service refuses it while the address is in use.
      - Excludes O(private_ip), O(subnet_id), O(image_id) and O(drill=true).
    type: bool
    default: false
  drill:
    description:
      - Make a copy next to the original to verify the backup. Requires O(subnet_id) and O(security_group_ids), so that the copy
        is in a network where it cannot be confused with the original.
      - The name of the copy is V(drill-) and the name of the original. The copy gets neither tags nor the host name of the
        original, and all its disks are deleted with it.
    type: bool
    default: false
  allow_missing_disks:
    description:
      - Continue if a data disk has no usable backup. The missing disk is then a warning instead of a blocker.
    type: bool
    default: false
  leave_out_tags:
    description:
      - Keys of tags that the new instance does not get. The default is the tag that marks instances for deletion, since a
        restored instance with this tag would be deleted again.
    type: list
    elements: str
    default:
      - decommission-after
  max_machines:
    description:
      - Maximum number of members of O(machines). If there are more, the task fails before anything is made. If not set, it is
        their number.
    type: int
  wait:
    description:
      - Wait until the instances run, and check their disks.
      - With V(false) nothing is checked, and a helper image remains until a run that waits.
    type: bool
    default: true
  wait_timeout:
    description:
      - Maximum seconds to wait until the helper images are ready, and again until the instances run.
    type: float
    default: 1800.0
  poll_interval:
    description:
      - Maximum seconds between two reads of the resources for which the module waits.
    type: float
    default: 2.0
notes:
  - The logins of the image are kept (C(imageInherit) of the service). The module sets neither a password nor a key.
  - Elastic IPs are never bought. A warning lists those of the former instance.
  - Prepaid instances are made as C(postpaid_by_duration), with a warning. Nothing is paid in advance.
  - Local data disks are in no backup and are not restored, with a warning. Availability groups, dedicated hosts, secondary
    network interfaces and user data are not restored either.
  - If a manifest contains snapshots only, an image is made from the snapshot of the system disk first, and deleted when the
    instance runs. The snapshot is kept.
  - An instance of an earlier run is not changed, but its disks are checked.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: Restore all instances of a manifest
  jdcloud.cloud.jdcloud_vm_restore:
    region: cn-north-1
    machines: "{{ manifest.machines }}"
    campaign: "{{ manifest.campaign }}"
  vars:
    manifest: "{{ lookup('ansible.builtin.file', '/backup/spring-2026.json') | from_json }}"

- name: Make one instance from an image
  jdcloud.cloud.jdcloud_vm_restore:
    region: cn-north-1
    image_id: img-5bk0u2p7im
    name: web-01
    instance_type: g.n2.medium
    az: cn-north-1a
    subnet_id: subnet-3nd8ze1qla
    security_group_ids: [sg-5ph0v7yrte]

- name: Test a backup in a separate network
  jdcloud.cloud.jdcloud_vm_restore:
    region: cn-north-1
    machines: "{{ manifest.machines[:1] }}"
    campaign: "{{ manifest.campaign }}"
    drill: true
    subnet_id: subnet-0dr1lldr1l
    security_group_ids: [sg-0dr1lldr1l]
  register: drill
"""

RETURN = r"""
account:
  description: The account that was used.
  returned: always
  type: dict
  contains:
    source:
      description: The source of the keys; null if the task failed before it was known.
      type: str
      sample: environment
    access_key_suffix:
      description: The last characters of the access key; null if the task failed before they were known.
      type: str
      sample: AK01
    region:
      description: The region; null if the task failed before it was known.
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
  description: One entry for each instance to restore, in the order of the input.
  returned: always
  type: list
  elements: dict
  contains:
    instance_id:
      description: The id of the new instance; null if there is none, and in check mode if it does not exist yet.
      type: str
      sample: i-9z8y7x6w5v
    source_instance_id:
      description: The id of the former instance; null with O(image_id).
      type: str
      sample: i-1kch0awxq9
    name:
      description: The name of the new instance.
      type: str
      sample: web-01
    status:
      description:
        - Its status; V(absent) if it does not exist; V(unverified) if its creation was sent and no read shows the effect. In
          check mode, the expected status.
      type: str
      sample: running
    action:
      description:
        - What was done, in check mode what would be done. V(created), V(none) (an earlier run made it), V(blocked) or
          V(failed).
      type: str
      sample: created
    changed:
      description: Whether an instance was made, or in check mode would be made.
      type: bool
      sample: true
    image_id:
      description: The image that it is made from; null if that image is still to be made, or if there is none.
      type: str
      sample: img-5bk0u2p7im
    helper_image_id:
      description:
        - The image that was made from a snapshot of the system disk and deleted when the instance ran; null if none was needed.
          The warning C(helper_image_left) means that it still exists.
      type: str
      sample: img-7h3lp3r1mg
    disks:
      description: The disks to restore. If the backups of an existing instance are gone, the disks that it has.
      type: list
      elements: dict
      contains:
        disk_id:
          description: The id; null if the disk does not exist, or not yet.
          type: str
          sample: vol-4w3v2u1t0s
        device:
          description: The device name; null if it is not known.
          type: str
          sample: vdb
        size_gb:
          description: The size in GB; the expected size if the disk is missing; null if it is not known.
          type: int
          sample: 100
        snapshot_id:
          description: The snapshot to make it from; null for an empty or a local disk.
          type: str
          sample: snapshot-2b3c4d5e6f
        verified:
          description:
            - Whether the disk exists, was made from this snapshot and is not smaller than before; null if this was not checked.
          type: bool
          sample: true
    warnings:
      description:
        - What is not restored, or differs. Codes are C(elastic_ip_not_restored), C(prepaid_becomes_postpaid),
          C(local_disk_lost), C(shared_disk_copied), C(disk_not_covered), C(secondary_interface_not_restored),
          C(group_not_rejoined), C(dedicated_host_not_used), C(tag_left_out), C(image_not_usable), C(original_exists),
          C(not_running), C(helper_image_left).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: elastic_ip_not_restored
        message:
          description: One sentence.
          type: str
          sample: i-1kch0awxq9 had the elastic IPs 203.0.113.17; the new instance gets none.
    blockers:
      description:
        - All reasons that forbid to restore it. Codes are C(no_backup), C(snapshot_missing), C(disk_not_covered),
          C(incomplete), C(bad_name).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: disk_not_covered
        message:
          description: One sentence.
          type: str
          sample: Disk vol-2dat4dsk1b (vdb) of i-1kch0awxq9 cannot be restored, because it has no snapshot.
    error:
      description: Why the instance failed, or null.
      type: dict
      contains:
        code:
          description:
            - One of V(api), V(timeout), V(vanished), V(error_state), V(disks_missing), V(helper_image_failed), V(made_twice),
              V(made_otherwise), V(unverified) (its creation was sent and no read shows the effect), V(internal).
          type: str
          sample: disks_missing
        operation:
          description: The API call that was refused; null if none was.
          type: str
          sample: vm.createInstances
        http:
          description: The HTTP status of the response; null without a response.
          type: int
          sample: 429
        status:
          description: The status text of the service; null without a response.
          type: str
          sample: QUOTA_EXCEEDED
        message:
          description: One sentence.
          type: str
          sample: "i-9z8y7x6w5v exists, but these disks are missing: vdb from snapshot-2b3c4d5e6f (100 GB)."
        request_id:
          description: The request id of the service, for the support of JD Cloud; null without a response.
          type: str
          sample: c0ffee00c0ffee00c0ffee00c0ffee02
summary:
  description: Counts.
  returned: always
  type: dict
  contains:
    selected:
      description: Instances to restore.
      type: int
      sample: 1
    created:
      description: Instances that were made.
      type: int
      sample: 1
    unchanged:
      description: Instances that an earlier run made, or that were not made because others are blocked.
      type: int
      sample: 0
    blocked:
      description: Instances that cannot be restored.
      type: int
      sample: 0
    failed:
      description: Instances that failed.
      type: int
      sample: 0
    # BEGIN shared: api_use calls=9 seconds=41.7
    api_calls:
      description: Number of requests sent, including repeats.
      type: int
      sample: 9
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
      sample: 41.7
    # END shared: api_use
diff:
  description: The instances that are made, by the id of their former instance or of their image.
  returned: always
  type: dict
  contains:
    before:
      description: Empty.
      type: dict
      sample: {"instances": {}}
    after:
      description: Name, status, type, zone and disks of each new instance.
      type: dict
      sample: {"instances": {"i-1kch0awxq9": {"name": "web-01", "status": "running"}}}
"""

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.restores.options import RESTORE_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.restores.vm_restore import early_end, work


def main() -> None:
    """Run the module."""
    run_module(RESTORE_SPEC, work, early_end)


if __name__ == "__main__":
    main()
