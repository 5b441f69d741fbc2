#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delete, stop or start virtual machines of JD Cloud, safely: one machine or ten thousand in one task."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_vm
short_description: Delete, stop or start JD Cloud VMs safely
version_added: 0.1.0
description:
  - Deletes, stops or starts one JD Cloud VM or thousands in one task.
  - Finds all blockers of all selected instances and reports them together before anything is changed.
  - Reads each instance again just before its delete. An instance that is no longer as planned is not deleted.
  - Reports what happened to every disk and elastic IP, and what remains and is still billed.
  - The most used options are O(state) and O(instance_ids); O(stop_running) to stop running instances first; O(require_backup)
    to demand a proven backup; O(disks) and O(elastic_ips) for what happens to data disks and elastic IPs; O(on_blocked) to
    continue without blocked instances. Run with C(--check --diff) first.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.selection
  - jdcloud.cloud.selection_guard
  - jdcloud.cloud.due_tag
  - jdcloud.cloud.backup_demand
  - jdcloud.cloud.surroundings
  - jdcloud.cloud.dns
  - jdcloud.cloud.attributes
attributes:
  check_mode:
    support: full
    details:
      - Sends no call that changes anything, and predicts what the run would do. It waits for transitional states, as the run
        does.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - The state to reach.
      - V(absent) deletes the instances and waits until they are gone.
      - V(stopped) stops and V(running) starts them.
      - The module first waits for instances in a transitional state, see O(wait).
    type: str
    required: true
    choices:
      - absent
      - stopped
      - running
  stop_running:
    description:
      - Stop running instances before the delete, for O(state=absent) only. With V(false) a running instance is blocked.
    type: bool
    default: false
  on_blocked:
    description:
      - What to do if blockers forbid the action for some instances.
      - V(fail) changes nothing and fails with all blockers of all instances.
      - V(skip) continues with the other instances and reports the blocked ones, which is not a failure.
    type: str
    default: fail
    choices:
      - fail
      - skip
  disks:
    description:
      - What happens to the cloud data disks of deleted instances.
      - V(as_configured) follows the delete attribute of each disk. V(keep) and V(delete) set this attribute just before the
        delete and read it back. If the instance is then not deleted, the attribute is reset.
      - Prepaid and shared disks are always kept; for them V(delete) is a blocker. An instance with the status C(error) can only
        be deleted without changes, so V(keep) and V(delete) are blockers if they would change an attribute.
      - Local disks are always lost with their instance. A system disk follows its own attribute.
    type: str
    default: as_configured
    choices:
      - as_configured
      - keep
      - delete
  elastic_ips:
    description:
      - What happens to the elastic IPs of deleted instances.
      - V(keep) keeps them in the account, where they continue to be billed.
      - V(release) releases the elastic IPs that were on the instance just before its delete, after the instance is gone and the
        service reports the address as free. An elastic IP that cannot be released is a blocker.
      - An instance counts as deleted by this task if the service accepted the delete, or if the response was lost and a read
        shows that the delete took effect.
    type: str
    default: keep
    choices:
      - keep
      - release
  charge_on_stopped:
    description:
      - How stopped instances are charged. The module passes the value to the stop call.
      - V(keepCharging) continues to charge for the instance.
      - V(stopCharging) frees CPU, memory and local disks and destroys the data of local disks. On an instance with local disks
        it is a blocker unless O(allow_local_disk_loss=true).
    type: str
    choices:
      - keepCharging
      - stopCharging
  backup_campaign:
    description:
      - With O(require_backup), count only backups with the mark of this campaign, as given to M(jdcloud.cloud.jdcloud_image),
        M(jdcloud.cloud.jdcloud_snapshot) or the role P(jdcloud.cloud.vm_backup#role).
    type: str
  planned_backups:
    description:
      - The backups that are planned before the delete, for check mode only. The value is the list C(machines) of the manifest
        that M(jdcloud.cloud.jdcloud_vm_backup) returns in check mode.
      - With O(require_backup), the preview judges each of these instances in the state in which the backup would leave it. An
        instance that the backup would stop counts as stopped. A backup that would be made or used again counts for the disks
        that it would hold. All other conditions still apply, for example those for disks that no backup holds, and
        O(backup_campaign).
      - Instances that are not in the list, or that would not be backed up, are judged in their present state. An instance that
        the backup would leave running is blocked, and so is one that was taken back, see O(due_tag).
      - Outside check mode this option is an error, since a run counts real backups only.
    type: list
    elements: dict
    version_added: 0.3.0
  may_lose:
    description:
      - What may be lost, for O(state=absent) only. The value is a dictionary. It maps the id of each instance to a list of the
        ids of the disks and elastic IPs that may be lost with it. A disk without an id is written as C(local disk) and its
        device, for example C(local disk vdb).
      - An instance is blocked if anything else would be deleted, lost or released with it, also if that was added after the
        task began. An instance that is not in the dictionary is blocked, too.
      - If not set, only the other options decide what happens to disks and elastic IPs.
    type: dict
  allow_local_disk_loss:
    description:
      - Whether to accept that O(charge_on_stopped=stopCharging) destroys the data on local disks.
      - With O(require_backup), also whether to accept the loss of local disks that no demanded backup holds. Cloud disks still
        need their backup.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait for transitional states, stops and starts, and until deleted instances are gone.
      - With V(false) an instance in a transitional state is blocked, and the result does not show what happens to disks and
        elastic IPs.
      - V(false) excludes O(stop_running=true) and O(elastic_ips=release), which need a wait.
    type: bool
    default: true
  wait_timeout:
    description:
      - Maximum seconds to wait for each transition of an instance, from the moment the service accepted the call. It is also
        the maximum for all transitional states together before anything is done.
      - If the time runs out, the task fails and names the instance and its state.
    type: float
    default: 600.0
  poll_interval:
    description:
      - Maximum seconds between two reads of the instances for which the module waits. One call reads up to 100 instances. The
        module reads earlier when it expects a transition to end.
    type: float
    default: 2.0
  return_instances:
    description:
      - Which instances RV(instances) contains.
      - V(all) lists all of them, V(changed) only changed ones, V(problems) only those that are blocked or failed. With
        thousands of instances V(problems) keeps the result small.
    type: str
    default: all
    choices:
      - all
      - changed
      - problems
notes:
  - The service has no conditional delete. A window of milliseconds (at most five seconds under load) remains between the last
    read of an instance and its delete, in which another user can change it.
  - The API itself deletes running instances. This module never sends a delete for an instance that it saw running.
  - After Ctrl-C nothing more is sent, except by a task with C(async), which Ansible continues. Operations that the service
    accepted continue. Run the task again to finish the remaining instances.
  - An interrupted run does not report what happened to the disks and elastic IPs of instances that it deleted before, and the
    next run cannot find out. Keep the preview (check mode with diff) of a large run, which lists all of them.
  - O(due_tag) is for O(state=absent) only. The mark is checked when the run begins and again just before each delete. An
    instance is not deleted if its tag was removed or changed, or if it was started, in the meantime.
  - O(require_backup) is for O(state=absent) only. It excludes O(stop_running=true); stop the instance and back it up first, for
    example with the role P(jdcloud.cloud.vm_backup#role). The backups are checked when the run begins, and again for each
    instance, with a new read of its images and snapshots, before its delete.
  - The API records no starts, so a start and stop between backup and delete cannot be detected. With O(require_backup) this
    module watches each instance from its first read to its delete, and the instance fails if it has any status other than
    stopped. Keep the time between backup and delete short, see O(backup_max_age).
  - An id that does not exist is a success for O(state=absent). For the other states it is a failure, whatever O(on_blocked)
    says.
seealso:
  - module: jdcloud.cloud.jdcloud_vm_info
  - module: jdcloud.cloud.jdcloud_image
  - module: jdcloud.cloud.jdcloud_snapshot
"""

EXAMPLES = r"""
- name: Delete one stopped instance
  jdcloud.cloud.jdcloud_vm:
    state: absent
    instance_ids: i-4x9q2m7kva

- name: Preview what would happen to a group of instances, with all blockers
  jdcloud.cloud.jdcloud_vm:
    state: absent
    tags:
      project: "spring-campaign"
    max_instances: 50
    stop_running: true
  check_mode: true
  diff: true
  register: preview

- name: Stop and delete exactly the instances of the preview with their data disks, and release their elastic IPs
  jdcloud.cloud.jdcloud_vm:
    state: absent
    instance_ids: "{{ preview.instances | map(attribute='instance_id') | list }}"
    tags:
      project: "spring-campaign"
    max_instances: 50
    stop_running: true
    disks: delete
    elastic_ips: release

- name: Delete instances only if every deleted disk is in a proven image of this campaign
  jdcloud.cloud.jdcloud_vm:
    state: absent
    tags:
      project: "spring-campaign"
    max_instances: 50
    require_backup: image
    backup_campaign: spring-2026

- name: Delete the instances of a project whose grace period is over
  jdcloud.cloud.jdcloud_vm:
    state: absent
    tags:
      project: "spring-campaign"
    max_instances: 50
    due_tag: decommission-after
    on_blocked: skip

- name: Preview the backups
  jdcloud.cloud.jdcloud_vm_backup:
    instance_ids: "{{ ids }}"
    stop_running: true
  check_mode: true
  register: backup

- name: Preview the deletion after these backups
  jdcloud.cloud.jdcloud_vm:
    state: absent
    instance_ids: "{{ ids }}"
    require_backup: image
    planned_backups: "{{ backup.manifest.machines }}"
  check_mode: true

- name: Stop all instances that can be stopped, and list the others
  jdcloud.cloud.jdcloud_vm:
    state: stopped
    tags:
      env: [dev, test]
    max_instances: 200
    on_blocked: skip
    return_instances: problems
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
instances:
  description:
    - The instances, in the order of O(instance_ids), otherwise by id. In check mode, the expected result.
  returned: always
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
    tags:
      description: The tags before the run; empty for an id that does not exist.
      type: dict
      sample:
        project: harbor
    repeated_tags:
      description: Keys that the service returned more than once before the run, with all their values.
      type: dict
      sample: {}
    status_before:
      description: The status at the start of the run; V(absent) for an id that does not exist.
      type: str
      sample: running
    status:
      description:
        - The last known status. V(absent) if the instance is gone. V(unverified) if it failed after a stop, start or delete
          without a clear response, and no read could show the effect of the call.
      type: str
      sample: absent
    action:
      description: What was done, one of V(deleted), V(stopped), V(started), V(none), V(blocked), V(failed).
      type: str
      sample: deleted
    changed:
      description: Whether this module changed the instance, or may have changed it, even if the instance failed in the end.
      type: bool
      sample: true
    blockers:
      description:
        - All reasons that forbid the action. Codes are V(running), V(transitional), V(unknown_status), V(invalid_status),
          V(task_in_progress), V(prepaid_unexpired), V(charge_overdue), V(no_charge_record), V(protected), V(selector_mismatch),
          V(backup_missing), V(local_disk_loss), V(disk_fate_impossible), V(elastic_ip_not_releasable),
          V(stop_charging_not_allowed), V(group_managed), V(group_minimum), V(load_balancer_target), V(last_target),
          V(surroundings_unknown), with O(may_lose) V(more_would_be_lost), and with O(due_tag) V(not_marked), V(mark_malformed),
          V(mark_doubled), V(mark_not_due), V(taken_back).
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
          sample: "Its tag jdcloud-protect=yes protects it: remove the tag first."
    warnings:
      description:
        - What you should know, although it blocks nothing. Codes are V(group_member), V(leaves_group), V(group_minimum),
          V(target_left), V(release_scheduled), V(secondary_interface_kept), V(not_found), and with O(look_up_dns)
          V(dns_record).
      type: list
      elements: dict
      contains:
        code:
          description: The code.
          type: str
          sample: group_member
        message:
          description: One sentence.
          type: str
          sample: It is a member of availability group ag-1kch0awxq9, which may replace it after its deletion.
    error:
      description: Why the instance failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(changed_meanwhile) (it was no longer as planned), V(timeout), V(api) (the service refused the call or did not
              respond), V(vanished), V(not_found), V(fate_mismatch) (a disk was kept or deleted contrary to the plan),
              V(elastic_ip_not_released), V(lost_to_group) (its availability group deleted it), V(targets_not_registered),
              V(unverified) (a call without a clear response may have taken effect, and no read could show it), V(internal) (a
              bug of this collection).
          type: str
          sample: changed_meanwhile
        # BEGIN shared: error_call operation=vm.deleteInstance http=400 status=FAILED_PRECONDITION
        operation:
          description: The API call that failed, or null if the failure was not a call.
          type: str
          sample: vm.deleteInstance
        http:
          description: The HTTP status of the response, or null.
          type: int
          sample: 400
        status:
          description: The status text of the service, or null.
          type: str
          sample: FAILED_PRECONDITION
        # END shared: error_call
        message:
          description: One sentence.
          type: str
          sample: "i-4x9q2m7kva changed since it was checked: its status is now 'running'."
        request_id:
          description: The service's request id, or null.
          type: str
          sample: c0ffee00c0ffee00c0ffee00c0ffee0b
    disks:
      description: All disks of the instance.
      type: list
      elements: dict
      contains:
        disk_id:
          description: The id; null for a local disk.
          type: str
          sample: vol-2dat4dsk1b
        device:
          description: The device name, or null.
          type: str
          sample: vdb
        category:
          description: V(cloud) or V(local).
          type: str
          sample: cloud
        size_gb:
          description: The size in GB, or null.
          type: int
          sample: 100
        auto_delete:
          description: The delete attribute before the run; null if the service did not return it.
          type: bool
          sample: true
        fate:
          description:
            - V(deleted), V(kept), V(lost) (a local disk) or V(unverified), as read back from the service; null if the instance
              was certainly not deleted.
          type: str
          sample: deleted
    elastic_ips:
      description: All elastic IPs of the instance.
      type: list
      elements: dict
      contains:
        # BEGIN shared: address
        elastic_ip_id:
          description: The id.
          type: str
          sample: fip-8wz1t5c0rn
        address:
          description: The address, or null.
          type: str
          sample: 203.0.113.17
        # END shared: address
        fate:
          description:
            - V(kept), V(released), V(failed) or V(unverified), as read back from the service; null if the instance was
              certainly not deleted.
          type: str
          sample: kept
    network_interfaces:
      description: All network interfaces of the instance.
      type: list
      elements: dict
      contains:
        network_interface_id:
          description: The id.
          type: str
          sample: port-6kg0r3q8ya
        role:
          description: V(primary) or V(secondary).
          type: str
          sample: primary
        auto_delete:
          description: Whether it is deleted with the instance; null if the service did not return it.
          type: bool
          sample: true
    backups:
      description: The backups of the instance that count for O(require_backup); empty if none is demanded.
      type: list
      elements: dict
      contains:
        type:
          description: V(image) or V(snapshot).
          type: str
          sample: image
        id:
          description: The id; null for one of O(planned_backups) that does not exist yet.
          type: str
          sample: img-5bk0u2p7im
        status:
          description:
            - V(ready) for an image, V(available) for a snapshot, V(planned) for one of O(planned_backups), also if an existing
              backup would be used again.
          type: str
          sample: ready
        created:
          description: When it was made; null if it does not exist yet.
          type: str
          sample: "2026-01-15T16:09:10+08:00"
        campaign:
          description: The campaign that made it.
          type: str
          sample: c20260115
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
    # BEGIN shared: dns_records
    dns_records:
      description:
        - With O(look_up_dns), the DNS records that hold an address of the instance. An empty list does not prove that no record
          exists.
      type: list
      elements: dict
      contains:
        zone:
          description: The name of the private zone or of the public domain.
          type: str
          sample: example.com
        zone_id:
          description: Its id.
          type: str
          sample: "4711"
        zone_type:
          description: V(private) for a private zone, V(public) for a public domain.
          type: str
          sample: public
        name:
          description: The full name.
          type: str
          sample: www.example.com
        type:
          description: V(A) or V(AAAA).
          type: str
          sample: A
        value:
          description: The address in the record.
          type: str
          sample: 203.0.113.17
        status:
          description: V(resolving) or V(paused), another value as the service returns it, or null.
          type: str
          sample: resolving
    # END shared: dns_records
summary:
  description:
    - Counts. An instance can count twice, for example as deleted and as failed if its elastic IP could not be released.
  returned: always
  type: dict
  contains:
    selected:
      description: Instances and ids in the result.
      type: int
      sample: 3
    changed:
      description: Instances that were changed.
      type: int
      sample: 2
    deleted:
      description:
        - Instances that this run deleted. With O(wait=true) only those that are proven to be gone.
      type: int
      sample: 2
    already_absent:
      description: Instances that were already gone, including ids that do not exist.
      type: int
      sample: 1
    not_found:
      description: Ids that do not exist.
      type: int
      sample: 1
    stopped:
      description: Instances that this run stopped, not counting those that it should delete.
      type: int
      sample: 0
    started:
      description: Instances that this run started.
      type: int
      sample: 0
    unchanged:
      description: Instances that needed no change.
      type: int
      sample: 1
    blocked:
      description: Instances with blockers.
      type: int
      sample: 0
    failed:
      description: Instances that failed.
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
retained:
  description:
    - Resources that outlive the deleted instances and are, or may be, still billed. For an instance whose delete may have taken
      effect, all resources that may remain are listed as V(unverified).
  returned: always
  type: dict
  contains:
    disks:
      description: Cloud disks that remain.
      type: list
      elements: dict
      contains:
        disk_id:
          description: The id.
          type: str
          sample: vol-3dat5dsk2c
        instance_id:
          description: The instance that it was attached to.
          type: str
          sample: i-4x9q2m7kva
        size_gb:
          description: The size in GB, or null.
          type: int
          sample: 200
        fate:
          description: V(kept) or V(unverified).
          type: str
          sample: kept
    elastic_ips:
      description: Elastic IPs that remain.
      type: list
      elements: dict
      contains:
        # BEGIN shared: address
        elastic_ip_id:
          description: The id.
          type: str
          sample: fip-8wz1t5c0rn
        address:
          description: The address, or null.
          type: str
          sample: 203.0.113.17
        # END shared: address
        instance_id:
          description: The instance that it was associated with.
          type: str
          sample: i-4x9q2m7kva
        fate:
          description: V(kept), V(failed) or V(unverified).
          type: str
          sample: kept
# BEGIN shared: dns_unread
dns_unread:
  description: With O(look_up_dns), what could not be read, so that records may be missing; empty if everything was read.
  returned: always
  type: list
  elements: str
  sample: []
# END shared: dns_unread
diff:
  description:
    - The instances that change, before and after. With O(return_instances=problems), empty unless in diff mode.
  returned: always
  type: dict
  contains:
    before:
      description: Name, status, disks and elastic IPs before the run.
      type: dict
      sample:
        instances:
          i-4x9q2m7kva:
            name: web-old-01
            status: stopped
            disks:
              vol-1sy5dsk0aa: auto_delete=true
            elastic_ips:
              fip-8wz1t5c0rn: 203.0.113.17
    after:
      description: Status after the run, and what happened to disks and elastic IPs.
      type: dict
      sample:
        instances:
          i-4x9q2m7kva:
            name: web-old-01
            status: absent
            disks:
              vol-1sy5dsk0aa: deleted
            elastic_ips:
              fip-8wz1t5c0rn: kept
"""

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.common.session import run_module
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.machines.options import VM_SPEC
from ansible_collections.jdcloud.cloud.plugins.module_utils._module.machines.vm import early_end, work


def main() -> None:
    """Run the module."""
    run_module(VM_SPEC, work, early_end)


if __name__ == "__main__":
    main()
