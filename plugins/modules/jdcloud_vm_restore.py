#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make virtual machines of JD Cloud again from their backups."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_vm_restore
short_description: Make JD Cloud virtual machines again from their backups
version_added: 0.2.0
description:
  - Makes machines again from the entries of a backup manifest, or one machine from the id of a private image.
  - Waits until each machine runs, then checks that every disk came back, by the snapshot that it was made of and by its size.
    A disk that did not come back is a failure.
  - Makes a machine once. What it makes carries a mark in its description; a run with the same options finds the machine of an
    earlier run by name and mark and makes none, also if that run was killed.
  - Finds everything that stands in the way of any machine first. If there is anything, no machine at all is made.
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
      - Machines of a backup manifest, members of its list C(machines) as they are. Each has C(instance_id), C(name),
        C(specification), C(disks), C(image) and C(snapshots).
      - Either this or O(image_id).
    type: list
    elements: dict
  image_id:
    description:
      - A private image to make one machine of. Then O(instance_type), O(az), O(subnet_id), O(security_group_ids) and O(name)
        must be given, since an image does not tell them. With O(drill=true) the name may be left out.
      - Either this or O(machines).
    type: str
  campaign:
    description:
      - The campaign that made the backups, as the manifest's member C(campaign) tells. It becomes a part of the mark.
      - If not set, the mark names the image, or a snapshot.
    type: str
  name:
    description:
      - The name of the new machine, for one machine only. If not set, it is called as it was.
    type: str
  subnet_id:
    description:
      - The subnet of the new machines. If not set, it is as it was.
    type: str
  security_group_ids:
    description:
      - The security groups of the new machines, at most 5. If not set, they are as they were.
    type: list
    elements: str
  instance_type:
    description:
      - The instance type of the new machines. If not set, it is as it was.
    type: str
  az:
    description:
      - The availability zone of the new machines. If not set, it is as it was.
    type: str
  private_ip:
    description:
      - The private address of the new machine, for one machine only. If neither this nor O(keep_private_ip) is set, the service
        chooses one.
    type: str
  keep_private_ip:
    description:
      - Give the machine the private address that it had. The service refuses it while something else has the address.
      - Excludes O(private_ip), O(subnet_id), O(image_id) and O(drill=true).
    type: bool
    default: false
  drill:
    description:
      - Make a copy to see that the backup is good, beside the original. O(subnet_id) and O(security_group_ids) must be given,
        so that the copy is where nothing confuses it with the original.
      - The copy is called V(drill-) and the name, gets no tags and no host name of the original, and all its disks are deleted
        together with it.
    type: bool
    default: false
  allow_missing_disks:
    description:
      - Go on where a data disk has no usable backup. The missing disk is a warning then, not a blocker.
    type: bool
    default: false
  leave_out_tags:
    description:
      - Keys of tags that the new machine does not get. The default is the tag by which machines are marked for deletion; a
        machine that came back with it would be deleted again.
    type: list
    elements: str
    default:
      - decommission-after
  max_machines:
    description:
      - The most machines that O(machines) may hold, else the task fails before anything is made. If not set, it is their number.
    type: int
  wait:
    description:
      - Wait until the machines run, and check their disks.
      - With V(false) nothing is checked, and a helper image stays until a run that waits.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait until the helper images are ready, and again until the machines run.
    type: float
    default: 1800.0
  poll_interval:
    description:
      - The most seconds between two looks.
    type: float
    default: 2.0
notes:
  - The logins of the image stay as they are (the service's C(imageInherit)). No password and no key is set.
  - Elastic IPs are never bought. A warning tells which ones the old machine had.
  - Machines that were prepaid come back as C(postpaid_by_duration), with a warning. Nothing is paid in advance.
  - Local data disks are in no backup and do not come back, with a warning. Availability groups, dedicated hosts, secondary
    network interfaces and user data do not come back either.
  - Where a manifest has snapshots only, an image is made of the system disk's snapshot first, and deleted when the machine runs.
    Its snapshot stays.
  - A machine of an earlier run that is found is not changed, but its disks are checked.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: Restore all machines of a manifest as they were
  jdcloud.cloud.jdcloud_vm_restore:
    region: cn-north-1
    machines: "{{ manifest.machines }}"
    campaign: "{{ manifest.campaign }}"
  vars:
    manifest: "{{ lookup('ansible.builtin.file', '/backup/spring-2026.json') | from_json }}"

- name: Make one machine of an image
  jdcloud.cloud.jdcloud_vm_restore:
    region: cn-north-1
    image_id: img-5bk0u2p7im
    name: web-01
    instance_type: g.n2.medium
    az: cn-north-1a
    subnet_id: subnet-3nd8ze1qla
    security_group_ids: [sg-5ph0v7yrte]

- name: Try a backup out in a network of its own
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
  description: Which account was used.
  returned: always
  type: dict
  contains:
    source:
      description: Where the keys came from; null if the task failed before.
      type: str
      sample: environment
    access_key_suffix:
      description: The last characters of the access key; null if the task failed before.
      type: str
      sample: AK01
    region:
      description: The region; null if the task failed before.
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
  description: One entry for each machine that was to be restored, in the order of the input.
  returned: always
  type: list
  elements: dict
  contains:
    instance_id:
      description: The new machine; null if there is none, or not yet in check mode.
      type: str
      sample: i-9z8y7x6w5v
    source_instance_id:
      description: The machine that it is restored from; null with O(image_id).
      type: str
      sample: i-1kch0awxq9
    name:
      description: The name of the new machine.
      type: str
      sample: web-01
    status:
      description:
        - Its status, V(absent) if it does not exist, V(unverified) if it was asked for and no read shows what came of that; in
          check mode what it would be.
      type: str
      sample: running
    action:
      description:
        - What was done, in check mode what would be done. V(created), V(none) (an earlier run made it), V(blocked) or V(failed).
      type: str
      sample: created
    changed:
      description: Whether a machine was made, or in check mode would be made.
      type: bool
      sample: true
    image_id:
      description: The image that it is made of; null if that is still to be made, or there is none.
      type: str
      sample: img-5bk0u2p7im
    helper_image_id:
      description:
        - The image that was made of a snapshot of the system disk, and deleted when the machine ran; null if none was needed.
          The warning C(helper_image_left) says where it still exists.
      type: str
      sample: img-7h3lp3r1mg
    disks:
      description: The disks that were to come back; of a machine whose backups are gone meanwhile, those that it has.
      type: list
      elements: dict
      contains:
        disk_id:
          description: The id; null if there is no such disk, or not yet.
          type: str
          sample: vol-4w3v2u1t0s
        device:
          description: The device name; null if it is not known.
          type: str
          sample: vdb
        size_gb:
          description: The size in GB, as it is, or as it was to be if the disk is missing; null if it is not known.
          type: int
          sample: 100
        snapshot_id:
          description: The snapshot that it is to be made of; null for an empty or a local disk.
          type: str
          sample: snapshot-2b3c4d5e6f
        verified:
          description:
            - Whether it is there, was made of this snapshot and is not smaller than it was; null if nobody looked.
          type: bool
          sample: true
    warnings:
      description:
        - What does not come back, or is otherwise. Codes are C(elastic_ip_not_restored), C(prepaid_becomes_postpaid),
          C(local_disk_lost), C(shared_disk_copied), C(disk_not_covered), C(secondary_interface_not_restored),
          C(group_not_rejoined), C(dedicated_host_not_used), C(tag_left_out), C(image_not_usable), C(original_exists),
          C(not_running), C(helper_image_left).
      type: list
      elements: dict
      contains:
        code:
          description: A word for programs.
          type: str
          sample: elastic_ip_not_restored
        message:
          description: A sentence for people.
          type: str
          sample: i-1kch0awxq9 had the elastic IPs 203.0.113.17; none is bought.
    blockers:
      description:
        - What stands in the way. Codes are C(no_backup), C(snapshot_missing), C(disk_not_covered), C(incomplete), C(bad_name).
      type: list
      elements: dict
      contains:
        code:
          description: A word for programs.
          type: str
          sample: disk_not_covered
        message:
          description: A sentence for people.
          type: str
          sample: Disk vol-2dat4dsk1b (vdb) of i-1kch0awxq9 cannot come back, since there is no snapshot of it.
    error:
      description: Why it failed; null if it did not.
      type: dict
      contains:
        code:
          description:
            - One of V(api), V(timeout), V(vanished), V(error_state), V(disks_missing), V(helper_image_failed), V(made_twice),
              V(made_otherwise), V(unverified) (it was asked for, and no read shows what came of that), V(internal).
          type: str
          sample: disks_missing
        operation:
          description: The API operation that was refused; null if none was.
          type: str
          sample: vm.createInstances
        http:
          description: The HTTP status of the answer; null without an answer.
          type: int
          sample: 429
        status:
          description: The service's word for the error; null without an answer.
          type: str
          sample: QUOTA_EXCEEDED
        message:
          description: A sentence for people.
          type: str
          sample: "i-9z8y7x6w5v exists, but these disks did not come back: vdb of snapshot-2b3c4d5e6f (100 GB)."
        request_id:
          description: What JD Cloud's support asks for; null without an answer.
          type: str
          sample: c0ffee00c0ffee00c0ffee00c0ffee02
summary:
  description: How many of what.
  returned: always
  type: dict
  contains:
    selected:
      description: Machines that were to be restored.
      type: int
      sample: 1
    created:
      description: Machines that were made.
      type: int
      sample: 1
    unchanged:
      description: Machines that an earlier run made, or that were left alone because others are blocked.
      type: int
      sample: 0
    blocked:
      description: Machines that cannot be restored.
      type: int
      sample: 0
    failed:
      description: Machines that failed.
      type: int
      sample: 0
    # BEGIN shared: api_use calls=9 seconds=41.7
    api_calls:
      description: All requests sent, repeated ones included.
      type: int
      sample: 9
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
      sample: 41.7
    # END shared: api_use
diff:
  description: The machines that are made, by the id of the machine or image that they are made of.
  returned: always
  type: dict
  contains:
    before:
      description: Nothing.
      type: dict
      sample: {"instances": {}}
    after:
      description: Name, status, type, zone and disks of each new machine.
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
