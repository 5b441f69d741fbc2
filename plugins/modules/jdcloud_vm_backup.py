#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stop JD Cloud virtual machines, back them up, and start them again."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_vm_backup
short_description: Stop JD Cloud virtual machines, back them up, and start them again
version_added: 0.2.0
description:
  - Backs up the selected machines as private images, as snapshots of their cloud disks, or both, in one run. The quotas
    are compared with all that is to be made before the first machine is stopped.
  - Stops machines first if asked, and starts again what it stopped, whether its backup succeeded or not.
  - Returns a manifest of all that was made, complete enough to make the machines again.
  - The role P(jdcloud.cloud.vm_backup#role) adds files, resuming, retention and a restore drill.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.selection
  - jdcloud.cloud.selection_guard
  - jdcloud.cloud.backup_making
  - jdcloud.cloud.surroundings
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
    details:
      - A backup that serves again, see O(max_age), is not made a second time, and its machine is not stopped for it.
options:
  method:
    description:
      - V(image) makes a private image of each machine, V(snapshots) a snapshot of each of its cloud disks, V(both) does both.
      - With V(both) the snapshots of a machine are begun when its image is ready.
    type: str
    default: image
    choices:
      - image
      - snapshots
      - both
  # BEGIN shared: include_data_disks
  include_data_disks:
    description:
      - Whether the image holds the cloud data disks, too. Without them it does not cover them for
        O(jdcloud.cloud.jdcloud_vm#module:require_backup).
    type: bool
    default: true
  # END shared: include_data_disks
  stop_running:
    description:
      - Stop machines that run before they are backed up. Without it they are backed up as they run; such backups do not count for
        O(jdcloud.cloud.jdcloud_vm#module:require_backup).
      - A machine is not stopped if all its backups exist already.
    type: bool
    default: false
  start_again:
    description:
      - Start the machines again that were stopped for the backup. Needs O(stop_running=true).
    type: bool
    default: false
  stopped_before:
    description:
      - Machines that an earlier, broken off run of the same campaign stopped. With O(start_again=true) they are started again
        like those that this run stops.
    type: list
    elements: str
    default: []
  keep:
    description:
      - How many proven backups of each machine are to stay; V(0) is all. What that makes superfluous is returned in
        RV(manifest.superseded), to be deleted with M(jdcloud.cloud.jdcloud_image) and M(jdcloud.cloud.jdcloud_snapshot). This
        module itself deletes nothing.
      - Only backups with the mark of this collection are named, never one of another campaign that is younger than O(max_age)
        or of which something is still being made, and only of machines that still exist and got their backup in this run.
    type: int
    default: 0
  stop_timeout:
    description:
      - Seconds to wait for a passing state, a stop or a start of a machine. If not given, it is O(wait_timeout), at most 600.
    type: float
    version_added: 1.0.0
seealso:
  - module: jdcloud.cloud.jdcloud_image
  - module: jdcloud.cloud.jdcloud_snapshot
  - module: jdcloud.cloud.jdcloud_vm
  - module: jdcloud.cloud.jdcloud_vm_restore
"""

EXAMPLES = r"""
- name: Stop the machines of a project, back them up, and keep them stopped
  jdcloud.cloud.jdcloud_vm_backup:
    tags:
      project: "spring-campaign"
    max_instances: 50
    stop_running: true
    campaign: spring-2026
  register: backup

- name: Keep the manifest
  ansible.builtin.copy:
    content: "{{ backup.manifest | to_json }}"
    dest: /var/backups/spring-2026.json
    mode: "0600"
"""

RETURN = r"""
# BEGIN shared: account
account:
  description: Which account was used; no secrets.
  returned: always
  type: dict
  contains:
    source:
      description: Where the keys came from; null if the run ended before that was known.
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
      description: The pin of the keys' user, as the service tells it; null unless O(expected_account) is set.
      type: str
      sample: shop-operations
    account_id:
      description: The account id, as the service tells it; null unless O(expected_account) is set.
      type: str
      sample: "100000000001"
# END shared: account
# BEGIN shared: check_mode
check_mode:
  description: Whether this is only a preview, so that nothing was done.
  returned: in check mode
  type: bool
  sample: true
# END shared: check_mode
campaign:
  description: The campaign of this run, given or made up; null if the run ended before it began.
  returned: always
  type: str
  sample: spring-2026
# BEGIN shared: quota
quota:
  description: What all that is to be made needs, and what is left; null if nothing is to be made.
  returned: always
  type: dict
  contains:
    images:
      description: Private images.
      type: dict
      contains:
        limit:
          description: How many the region may hold.
          type: int
          sample: 50
        used:
          description: How many it holds.
          type: int
          sample: 12
        left:
          description: How many more may be made.
          type: int
          sample: 38
        needed:
          description: How many this run needs.
          type: int
          sample: 3
    snapshots:
      description: Snapshots. An image takes one for each cloud disk.
      type: dict
      contains:
        limit:
          description: How many the region may hold.
          type: int
          sample: 50
        used:
          description: How many it holds.
          type: int
          sample: 12
        left:
          description: How many more may be made.
          type: int
          sample: 38
        needed:
          description: How many this run needs.
          type: int
          sample: 3
    fits:
      description: Ids of the machines for which there is room, in the order in which they were weighed.
      type: list
      elements: str
      sample: [i-4x9q2m7kva]
    does_not_fit:
      description: Ids of the machines for which there is none.
      type: list
      elements: str
      sample: []
# END shared: quota
manifest:
  description: All that was made and what the machines were like; null if the run ended before it looked at any.
  returned: always
  type: dict
  contains:
    format:
      description: The version of this format.
      type: str
      sample: jdcloud.cloud/manifest/1
    campaign:
      description: The campaign.
      type: str
      sample: spring-2026
    region:
      description: The region.
      type: str
      sample: cn-north-1
    method:
      description: What was made.
      type: str
      sample: image
    state:
      description: V(planned) in check mode; V(complete) if every machine has its backups; else V(incomplete).
      type: str
      sample: complete
    written:
      description: When it was written, by the service's clock; null if the service did not tell the time.
      type: str
      sample: "2026-01-15T08:09:10+00:00"
    machines:
      description: The machines in the order of O(instance_ids), else by id.
      type: list
      elements: dict
      contains:
        instance_id:
          description: The id.
          type: str
          sample: i-4x9q2m7kva
        name:
          description: The name; null for an id that does not exist.
          type: str
          sample: web-old-01
        status_before:
          description: The status in which it was found; V(absent) for an id that does not exist.
          type: str
          sample: running
        status:
          description: The last known status.
          type: str
          sample: stopped
        stopped_by_us:
          description: Whether this run stopped it.
          type: bool
          sample: true
        started_by_us:
          description: Whether this run started it again.
          type: bool
          sample: false
        action:
          description: One of V(created), V(reused), V(none), V(blocked), V(failed).
          type: str
          sample: created
        specification:
          description: Everything that is needed to make it again, but for its data; null if it could not be read.
          type: dict
          sample:
            instance_type: g.n2.medium
            az: cn-north-1a
        disks:
          description: Its disks, with everything that else is needed to make them again.
          type: list
          elements: dict
          sample:
            - disk_id: vol-2dat4dsk1b
              device: vdb
              size_gb: 100
        image:
          description: Its image with the disks that it holds, or null.
          type: dict
          sample:
            image_id: img-5bk0u2p7im
            status: ready
        snapshots:
          description: Its snapshots.
          type: list
          elements: dict
          sample:
            - snapshot_id: snapshot-4sn4p0ma9d
              disk_id: vol-2dat4dsk1b
        uncovered_disks:
          description: Its disks that no backup of this run holds.
          type: list
          elements: dict
          sample: []
        # BEGIN shared: load_balancer_targets
        load_balancer_targets:
          description:
            - Where the machine is, or was, a target of load balancers. Empty with O(load_balancers=ignore).
          type: list
          elements: dict
          contains:
            load_balancer_id:
              description: The load balancer.
              type: str
              sample: alb-5kq0m2x8na
            load_balancer_name:
              description: Its name, or null.
              type: str
              sample: shop-front
            type:
              description: V(alb), V(nlb) or V(dnlb).
              type: str
              sample: alb
            target_group_id:
              description: The target group; null for a target through an availability group.
              type: str
              sample: tg-7c1v9zq4hd
            backend_ids:
              description: The backends that send to it.
              type: list
              elements: str
              sample: [backend-2m8x4k0sfe]
            target_id:
              description: The target as it was found; null for a target through an availability group.
              type: str
              sample: target-9b3n6w1yru
            availability_group_id:
              description: The availability group through which the machine is a target, or null.
              type: str
              sample: ag-1kch0awxq9
            address:
              description: The address of the target, or null.
              type: str
              sample: 10.0.16.5
            port:
              description: The port; 0 for that of the backend, null if the service does not tell it.
              type: int
              sample: 8080
            weight:
              description: The weight as it was found; null for a target through an availability group.
              type: int
              sample: 10
            fate:
              description:
                - V(deregistered); V(registered) again after it was deregistered; V(left) behind by a machine that is gone;
                  V(unverified); null if nothing was done.
              type: str
              sample: deregistered
        # END shared: load_balancer_targets
        blockers:
          description: Everything that forbids its backup, with the codes of M(jdcloud.cloud.jdcloud_image).
          type: list
          elements: dict
          sample: []
        warnings:
          description: What should be known beside, with the codes of M(jdcloud.cloud.jdcloud_image).
          type: list
          elements: dict
          sample: []
        error:
          description: Why it failed, with the codes of M(jdcloud.cloud.jdcloud_image), or null.
          type: dict
          sample: null
    superseded:
      description: What may be deleted, see O(keep).
      type: dict
      contains:
        image_ids:
          description: Ids of images.
          type: list
          elements: str
          sample: [img-0ld0ld0ld0]
        snapshot_ids:
          description: Ids of snapshots that belong to no image.
          type: list
          elements: str
          sample: []
summary:
  description: How many of what.
  returned: always
  type: dict
  contains:
    # BEGIN shared: backup_counts
    selected:
      description: Machines and ids in the result.
      type: int
      sample: 3
    changed:
      description: Machines for which something was changed.
      type: int
      sample: 2
    created:
      description: Backups that this run made.
      type: int
      sample: 2
    reused:
      description: Backups that existed, or were being made, and serve again.
      type: int
      sample: 1
    not_found:
      description: Ids that do not exist.
      type: int
      sample: 0
    blocked:
      description: Machines with blockers.
      type: int
      sample: 0
    failed:
      description: Machines for which something failed.
      type: int
      sample: 0
    # END shared: backup_counts
    stopped:
      description: Machines that this run stopped.
      type: int
      sample: 2
    started:
      description: Machines that this run started again.
      type: int
      sample: 0
    # BEGIN shared: api_use calls=12 seconds=8.5
    api_calls:
      description: All requests sent, repeated ones included.
      type: int
      sample: 12
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
      sample: 8.5
    # END shared: api_use
# BEGIN shared: backup_diff
diff:
  description: What comes into being or goes, and power states that change.
  returned: always
  type: dict
  contains:
    before:
      description: How it was.
      type: dict
      sample:
        backups: {}
        status: {}
    after:
      description: How it is afterwards.
      type: dict
      sample:
        backups:
          bk-i-4x9q2m7kva-k3j5x7qa2m: image of i-4x9q2m7kva
        status: {}
# END shared: backup_diff
"""

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.backups.vm_backup import VM_BACKUP_SPEC, early_end, work
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module


def main() -> None:
    """Run the module."""
    run_module(VM_BACKUP_SPEC, work, early_end)


if __name__ == "__main__":
    main()
