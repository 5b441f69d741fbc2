#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stop JD Cloud virtual machines, back them up, and start them again."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_vm_backup
short_description: Stop JD Cloud VMs, back them up, and start them again
version_added: 0.2.0
description:
  - Backs up the selected JD Cloud VMs as private images, as snapshots of their cloud disks, or both, in one run. The quotas are
    compared with the needs of the whole run before the first instance is stopped.
  - Stops instances first if O(stop_running=true). With O(start_again=true) it then starts these instances again, even if their
    backup failed.
  - Returns a manifest of all backups, from which M(jdcloud.cloud.jdcloud_vm_restore) can make the instances again.
  - The role P(jdcloud.cloud.vm_backup#role) adds files, resuming, retention and a restore drill.
  - The most used options are O(instance_ids) and O(method); O(stop_running) and O(start_again) for consistent backups of
    running instances; O(campaign) to resume an interrupted run; O(on_shortfall) for small quotas.
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
      - An existing backup that is used again, see O(max_age), is not made a second time, and its instance is not stopped.
options:
  method:
    description:
      - The backups to make. V(image) makes a private image of each instance, V(snapshots) makes a snapshot of each of its cloud
        disks, V(both) makes both.
      - With V(both), the snapshots of an instance begin when its image is ready.
    type: str
    default: image
    choices:
      - image
      - snapshots
      - both
  # BEGIN shared: include_data_disks
  include_data_disks:
    description:
      - Whether the image includes the cloud data disks. An image without a disk does not cover it for
        O(jdcloud.cloud.jdcloud_vm#module:require_backup).
    type: bool
    default: true
  # END shared: include_data_disks
  stop_running:
    description:
      - Stop running instances before their backup. With V(false) they are backed up while they run; such backups do not count
        for O(jdcloud.cloud.jdcloud_vm#module:require_backup).
      - An instance is not stopped if all its backups exist already.
    type: bool
    default: false
  start_again:
    description:
      - Start the instances again that were stopped for the backup. Requires O(stop_running=true).
    type: bool
    default: false
  stopped_before:
    description:
      - Ids of instances that an earlier, interrupted run of the same campaign stopped. With O(start_again=true) they are
        started again, as are those that this run stops.
    type: list
    elements: str
    default: []
  keep:
    description:
      - Number of proven backups of each instance to keep; V(0) keeps all. Older backups are returned in
        RV(manifest.superseded); delete them with M(jdcloud.cloud.jdcloud_image) and M(jdcloud.cloud.jdcloud_snapshot). This
        module itself deletes nothing.
      - Lists only backups with the mark of this collection, and only of instances that still exist and got their backup in this
        run. It never lists a backup of another campaign that is younger than O(max_age) or that has an unfinished operation.
    type: int
    default: 0
  stop_timeout:
    description:
      - Maximum seconds to wait for a transitional state, a stop or a start of an instance. If not set, it is O(wait_timeout),
        but at most 600.
    type: float
    version_added: 1.0.0
seealso:
  - module: jdcloud.cloud.jdcloud_image
  - module: jdcloud.cloud.jdcloud_snapshot
  - module: jdcloud.cloud.jdcloud_vm
  - module: jdcloud.cloud.jdcloud_vm_restore
"""

EXAMPLES = r"""
- name: Stop the instances of a project, back them up, and keep them stopped
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
campaign:
  description: The campaign of this run, given or generated; null if the run ended before it began.
  returned: always
  type: str
  sample: spring-2026
# BEGIN shared: quota
quota:
  description: The quotas that this run needs and what remains of them; null if nothing is to be made.
  returned: always
  type: dict
  contains:
    images:
      description: Private images.
      type: dict
      contains:
        limit:
          description: Maximum number in the region.
          type: int
          sample: 50
        used:
          description: Number that exists.
          type: int
          sample: 12
        left:
          description: Number that can still be made.
          type: int
          sample: 38
        needed:
          description: Number that this run needs.
          type: int
          sample: 3
    snapshots:
      description: Snapshots. An image uses one for each cloud disk.
      type: dict
      contains:
        limit:
          description: Maximum number in the region.
          type: int
          sample: 50
        used:
          description: Number that exists.
          type: int
          sample: 12
        left:
          description: Number that can still be made.
          type: int
          sample: 38
        needed:
          description: Number that this run needs.
          type: int
          sample: 3
    fits:
      description: Ids of the instances whose backups fit into the quotas, in the order in which they were checked.
      type: list
      elements: str
      sample: [i-4x9q2m7kva]
    does_not_fit:
      description: Ids of the instances whose backups do not fit.
      type: list
      elements: str
      sample: []
# END shared: quota
manifest:
  description: All backups, and the specification of the instances; null if the run ended before it read any.
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
      description: The method of the run.
      type: str
      sample: image
    state:
      description: V(planned) in check mode; V(complete) if every instance has its backups; else V(incomplete).
      type: str
      sample: complete
    written:
      description: When it was written, by the clock of the service; null if the service did not return the time.
      type: str
      sample: "2026-01-15T08:09:10+00:00"
    machines:
      description: The instances, in the order of O(instance_ids), otherwise by id.
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
          description: The status at the start of the run; V(absent) for an id that does not exist.
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
          description: Everything that is needed to make the instance again, except for its data; null if it could not be read.
          type: dict
          sample:
            instance_type: g.n2.medium
            az: cn-north-1a
        disks:
          description: Its disks, with everything that is needed to make them again, except for their data.
          type: list
          elements: dict
          sample:
            - disk_id: vol-2dat4dsk1b
              device: vdb
              size_gb: 100
        image:
          description: Its image with the disks that it contains, or null.
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
            - Where the instance is, or was, a target of load balancers. Empty with O(load_balancers=ignore).
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
              description: The backends that send traffic to it.
              type: list
              elements: str
              sample: [backend-2m8x4k0sfe]
            target_id:
              description: The id of the target before the run; null for a target through an availability group.
              type: str
              sample: target-9b3n6w1yru
            availability_group_id:
              description: The availability group through which the instance is a target, or null.
              type: str
              sample: ag-1kch0awxq9
            address:
              description: The address of the target, or null.
              type: str
              sample: 10.0.16.5
            port:
              description: The port; 0 for the port of the backend, null if the service does not return it.
              type: int
              sample: 8080
            weight:
              description: The weight before the run; null for a target through an availability group.
              type: int
              sample: 10
            fate:
              description:
                - V(deregistered); V(registered) again after it was deregistered; V(left) if it still exists after the instance is
                  gone; V(unverified); null if nothing was done.
              type: str
              sample: deregistered
        # END shared: load_balancer_targets
        blockers:
          description: All reasons that forbid its backup, with the codes of M(jdcloud.cloud.jdcloud_image).
          type: list
          elements: dict
          sample: []
        warnings:
          description: What you should know, although it blocks nothing, with the codes of M(jdcloud.cloud.jdcloud_image).
          type: list
          elements: dict
          sample: []
        error:
          description: Why the backup failed, with the codes of M(jdcloud.cloud.jdcloud_image), or null.
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
  description: Counts.
  returned: always
  type: dict
  contains:
    # BEGIN shared: backup_counts
    selected:
      description: Instances and ids in the result.
      type: int
      sample: 3
    changed:
      description: Instances for which something was changed.
      type: int
      sample: 2
    created:
      description: Backups that this run made.
      type: int
      sample: 2
    reused:
      description: Backups that existed, or were being made, and were used again.
      type: int
      sample: 1
    not_found:
      description: Ids that do not exist.
      type: int
      sample: 0
    blocked:
      description: Instances with blockers.
      type: int
      sample: 0
    failed:
      description: Instances for which something failed.
      type: int
      sample: 0
    # END shared: backup_counts
    stopped:
      description: Instances that this run stopped.
      type: int
      sample: 2
    started:
      description: Instances that this run started again.
      type: int
      sample: 0
    # BEGIN shared: api_use calls=12 seconds=8.5
    api_calls:
      description: Number of requests sent, including repeats.
      type: int
      sample: 12
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
      sample: 8.5
    # END shared: api_use
# BEGIN shared: backup_diff
diff:
  description: Backups that are made or deleted, and instances that are stopped or started.
  returned: always
  type: dict
  contains:
    before:
      description: The state before the run.
      type: dict
      sample:
        backups: {}
        status: {}
    after:
      description: The state after the run.
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
