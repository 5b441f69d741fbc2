#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delete, stop or start virtual machines of JD Cloud, safely: one machine or ten thousand in one task."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_vm
short_description: Delete, stop or start JD Cloud virtual machines safely
version_added: 0.1.0
description:
  - Deletes, stops or starts one virtual machine or thousands in one task.
  - Everything that forbids the action is found for all selected machines and reported together, before anything is changed.
  - Just before each delete the machine is looked at once more. If it is not as planned any more, it is not deleted.
  - Tells afterwards what became of every disk and elastic IP, and what is left and still billed.
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
      - Sends no call that changes anything, and predicts what the run would do. It waits for states in between, as the run
        would.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - V(absent) deletes the machines and waits until they are gone.
      - V(stopped) and V(running) stop or start them.
      - Machines that are in a state in between are waited for first, see O(wait).
    type: str
    required: true
    choices:
      - absent
      - stopped
      - running
  stop_running:
    description:
      - For O(state=absent) only. Stop running machines first. Without it a running machine is a blocker.
    type: bool
    default: false
  on_blocked:
    description:
      - What to do if something forbids the action for some of the machines.
      - With V(fail) nothing at all is changed, and the task fails with all blockers of all machines.
      - With V(skip) the others are done, and the blocked ones are reported; that alone is no failure.
    type: str
    default: fail
    choices:
      - fail
      - skip
  disks:
    description:
      - What becomes of the cloud data disks when their machine is deleted.
      - V(as_configured) leaves it to each disk's delete attribute, V(keep) and V(delete) set that attribute just before the
        delete and read it back. If the machine is then not deleted after all, the attribute is put back.
      - Prepaid and shared disks always stay. V(delete) is a blocker for them. A machine in the status C(error) can only be
        deleted as it is, so V(keep) and V(delete) are blockers where they would change an attribute.
      - Local disks are always lost with their machine; a system disk follows its own attribute.
    type: str
    default: as_configured
    choices:
      - as_configured
      - keep
      - delete
  elastic_ips:
    description:
      - V(keep) leaves the elastic IPs of deleted machines in the account, where they go on costing.
      - V(release) gives each one back that was on the machine just before its delete, once the machine is gone and the
        address reads as free. One that cannot be given back is a blocker.
      - A machine counts as deleted by this task if the service accepted the delete; or, where its answer was lost, if a read
        shows that the delete took effect.
    type: str
    default: keep
    choices:
      - keep
      - release
  charge_on_stopped:
    description:
      - How stopped machines are charged, passed to the stop call.
      - V(stopCharging) frees CPU, memory and local disks, whose data is destroyed. On a machine with local disks it is a
        blocker unless O(allow_local_disk_loss=true).
    type: str
    choices:
      - keepCharging
      - stopCharging
  backup_campaign:
    description:
      - With O(require_backup), only backups count that carry this campaign's mark, as given to
        M(jdcloud.cloud.jdcloud_image), M(jdcloud.cloud.jdcloud_snapshot) or the role P(jdcloud.cloud.vm_backup#role).
    type: str
  planned_backups:
    description:
      - For check mode only. What would be backed up before the delete - the C(machines) of the manifest that
        M(jdcloud.cloud.jdcloud_vm_backup) returns in check mode.
      - With O(require_backup), the preview then judges each of these machines as the backup would leave it. One that the backup
        would stop counts as stopped, and what it would make or use again counts as a backup of the disks that it would hold.
        All other demands stay, such as those of disks that no backup holds, and of O(backup_campaign).
      - Machines that are not in it, or would not be backed up, are judged as they are now. One that the backup would leave
        running is blocked, and so is one that was taken back, see O(due_tag).
      - Outside of check mode this option is an error, since a run counts real backups alone.
    type: list
    elements: dict
    version_added: 0.3.0
  may_lose:
    description:
      - For O(state=absent) only. What may be lost - by the id of each machine, a list of the ids of disks and elastic IPs that
        may go with it. A disk without an id is C(local disk) and its device, for example C(local disk vdb).
      - A machine with which anything else would be deleted, lost or released is blocked, also if that came after the task began,
        and so is one that is not in it. So what was agreed to is what happens, or nothing.
      - Without it, the other options alone say what becomes of disks and elastic IPs.
    type: dict
  allow_local_disk_loss:
    description:
      - Accept that O(charge_on_stopped=stopCharging) destroys the data on local disks.
      - With O(require_backup), accept that local disks which no demanded backup holds are lost. Cloud disks still need theirs.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait for states in between, for stops, for starts, and until deleted machines are gone.
      - With V(false) a machine in a state in between is blocked, and the fate of disks and elastic IPs is not read back.
      - V(false) excludes O(stop_running=true) and O(elastic_ips=release), which only a wait makes possible.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait for each transition of a machine, from the moment the service accepted the call; and for all states
        in between together, before anything is done.
      - A wait that runs out is a failure that names the machine and its state.
    type: float
    default: 600.0
  poll_interval:
    description:
      - Seconds between two looks at what is waited for, at most. All machines are looked at together, up to 100 in one call,
        and earlier when their end is expected.
    type: float
    default: 2.0
  return_instances:
    description:
      - Which machines are listed in RV(instances). With thousands of machines V(problems) keeps the result small.
    type: str
    default: all
    choices:
      - all
      - changed
      - problems
notes:
  - The service has no conditional delete. Between the last look at a machine and its delete lies a window of milliseconds (at
    most five seconds under load) in which somebody else could change it.
  - The service itself would delete a running machine. This module never does, even if it is asked to by somebody who starts the
    machine at the wrong moment.
  - After a Ctrl-C nothing more is sent, except by a task with C(async), which Ansible lets go on. What was accepted by the
    service before goes on; run the task again to finish the machines that are left.
  - A run that was broken off does not say what became of the disks and elastic IPs of the machines it had deleted by then, and
    the next run cannot know them. Keep the preview (check mode with diff) of a large run; it lists all of them.
  - O(due_tag) is for O(state=absent) only. The mark is judged when the run begins, and again just before each delete; a machine
    whose tag was removed or moved, or that was started, in between is not deleted.
  - O(require_backup) is for O(state=absent) only. It excludes O(stop_running=true); stop the machine and back it up first, for
    example with the role P(jdcloud.cloud.vm_backup#role). It is judged when the run begins, and again for each machine, with
    a fresh read of its images and snapshots, before its delete.
  - Nobody can know whether a machine was started and stopped again between its backup and its deletion while nobody looked. Its
    status shows no trace of that. With O(require_backup) this module watches the machine from its first look to its delete, and
    any other status than stopped ends it. Keep the time between backup and deletion short, see O(backup_max_age).
  - An id that does not exist is success for O(state=absent), and a failure for the other states whatever O(on_blocked) says.
seealso:
  - module: jdcloud.cloud.jdcloud_vm_info
  - module: jdcloud.cloud.jdcloud_image
  - module: jdcloud.cloud.jdcloud_snapshot
"""

EXAMPLES = r"""
- name: Delete one machine that is stopped
  jdcloud.cloud.jdcloud_vm:
    state: absent
    instance_ids: i-4x9q2m7kva

- name: See what would become of a group of machines, and everything that stands in the way
  jdcloud.cloud.jdcloud_vm:
    state: absent
    tags:
      project: "spring-campaign"
    max_instances: 50
    stop_running: true
  check_mode: true
  diff: true
  register: preview

- name: Stop and delete exactly the machines of the preview, with their data disks, and give their elastic IPs back
  jdcloud.cloud.jdcloud_vm:
    state: absent
    instance_ids: "{{ preview.instances | map(attribute='instance_id') | list }}"
    tags:
      project: "spring-campaign"
    max_instances: 50
    stop_running: true
    disks: delete
    elastic_ips: release

- name: Delete machines only if every disk that dies is in a proven image of this campaign
  jdcloud.cloud.jdcloud_vm:
    state: absent
    tags:
      project: "spring-campaign"
    max_instances: 50
    require_backup: image
    backup_campaign: spring-2026

- name: Delete the machines of a project whose grace period is over
  jdcloud.cloud.jdcloud_vm:
    state: absent
    tags:
      project: "spring-campaign"
    max_instances: 50
    due_tag: decommission-after
    on_blocked: skip

- name: See what a backup would make
  jdcloud.cloud.jdcloud_vm_backup:
    instance_ids: "{{ ids }}"
    stop_running: true
  check_mode: true
  register: backup

- name: See what would be deleted after it
  jdcloud.cloud.jdcloud_vm:
    state: absent
    instance_ids: "{{ ids }}"
    require_backup: image
    planned_backups: "{{ backup.manifest.machines }}"
  check_mode: true

- name: Stop what can be stopped, and list the rest
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
instances:
  description:
    - The machines in the order of O(instance_ids), else by id. In check mode, what would be.
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
      description: Keys that the service showed more than once before, with all their values.
      type: dict
      sample: {}
    status_before:
      description: The status in which the machine was found; V(absent) for an id that does not exist.
      type: str
      sample: running
    status:
      description:
        - The last known status; V(absent) when it is gone; V(unverified) if the machine failed after a stop, start or delete
          that was not clearly answered, and no read could show what came of it.
      type: str
      sample: absent
    action:
      description: What was done, one of V(deleted), V(stopped), V(started), V(none), V(blocked), V(failed).
      type: str
      sample: deleted
    changed:
      description: Whether this module changed anything about the machine, or may have, also if it failed in the end.
      type: bool
      sample: true
    blockers:
      description:
        - Everything that forbids the action. Codes are V(running), V(transitional), V(unknown_status), V(invalid_status),
          V(task_in_progress), V(prepaid_unexpired), V(charge_overdue), V(no_charge_record), V(protected),
          V(selector_mismatch), V(backup_missing), V(local_disk_loss), V(disk_fate_impossible), V(elastic_ip_not_releasable),
          V(stop_charging_not_allowed), V(group_managed), V(group_minimum), V(load_balancer_target), V(last_target),
          V(surroundings_unknown), with O(may_lose) V(more_would_be_lost), and with O(due_tag) V(not_marked),
          V(mark_malformed), V(mark_doubled), V(mark_not_due), V(taken_back).
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
          sample: "Its tag jdcloud-protect=yes protects it: remove the tag first if it may go after all."
    warnings:
      description:
        - What to know, although it forbids nothing. Codes are V(group_member), V(leaves_group), V(group_minimum),
          V(target_left), V(release_scheduled), V(secondary_interface_kept), V(not_found), and with O(look_up_dns) V(dns_record).
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
          sample: It is a member of availability group ag-1kch0awxq9, which may replace it when it goes.
    error:
      description: Why the machine failed, or null.
      type: dict
      contains:
        code:
          description:
            - V(changed_meanwhile) (it was not as planned any more), V(timeout), V(api) (the service refused, or did not
              answer), V(vanished), V(not_found), V(fate_mismatch) (a disk's fate is not as planned),
              V(elastic_ip_not_released), V(lost_to_group) (its availability group deleted it), V(targets_not_registered),
              V(unverified) (a call was sent and not clearly answered, and no read could show what
              came of it, so it may have taken effect), V(internal) (a bug of this collection).
          type: str
          sample: changed_meanwhile
        # BEGIN shared: error_call operation=vm.deleteInstance http=400 status=FAILED_PRECONDITION
        operation:
          description: The call that failed, or null if it was none.
          type: str
          sample: vm.deleteInstance
        http:
          description: The HTTP status of the answer, or null.
          type: int
          sample: 400
        status:
          description: The service's status word, or null.
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
      description: All disks of the machine.
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
          description: The delete attribute before the run; null if the service did not tell.
          type: bool
          sample: true
        fate:
          description:
            - V(deleted), V(kept), V(lost) (a local disk) or V(unverified), as read back from the service; null if the machine
              was not deleted, and cannot have been.
          type: str
          sample: deleted
    elastic_ips:
      description: All elastic IPs of the machine.
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
            - V(kept), V(released), V(failed) or V(unverified), as read back from the service; null if the machine was not
              deleted, and cannot have been.
          type: str
          sample: kept
    network_interfaces:
      description: All network interfaces of the machine.
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
          description: Whether it is deleted with the machine; null if the service did not tell.
          type: bool
          sample: true
    backups:
      description: The backups of the machine that count for O(require_backup); empty where none is demanded.
      type: list
      elements: dict
      contains:
        type:
          description: V(image) or V(snapshot).
          type: str
          sample: image
        id:
          description: The id; null for one of O(planned_backups) that is not made yet.
          type: str
          sample: img-5bk0u2p7im
        status:
          description:
            - V(ready) for an image, V(available) for a snapshot; V(planned) for one of O(planned_backups), also if that would be
              used again.
          type: str
          sample: ready
        created:
          description: When it was made; null if it is not made yet.
          type: str
          sample: "2026-01-15T16:09:10+08:00"
        campaign:
          description: The campaign that made it.
          type: str
          sample: c20260115
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
    # BEGIN shared: dns_records
    dns_records:
      description:
        - With O(look_up_dns), the DNS records that hold an address of the machine. An empty list is no proof that there is none.
      type: list
      elements: dict
      contains:
        zone:
          description: The zone or the domain.
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
          description: The whole name.
          type: str
          sample: www.example.com
        type:
          description: V(A) or V(AAAA).
          type: str
          sample: A
        value:
          description: The address, as it stands in the record.
          type: str
          sample: 203.0.113.17
        status:
          description: V(resolving) or V(paused), the service's own word where it is another one, or null.
          type: str
          sample: resolving
    # END shared: dns_records
summary:
  description:
    - How many of what. A machine can count twice, for example as deleted and as failed when its elastic IP could not be
      released.
  returned: always
  type: dict
  contains:
    selected:
      description: Machines and ids in the result.
      type: int
      sample: 3
    changed:
      description: Machines that were changed.
      type: int
      sample: 2
    deleted:
      description:
        - Machines that this run deleted. With O(wait=true) only those that are proved to be gone.
      type: int
      sample: 2
    already_absent:
      description: Machines that are gone without this run, ids that do not exist included.
      type: int
      sample: 1
    not_found:
      description: Ids that do not exist.
      type: int
      sample: 1
    stopped:
      description: Machines that this run stopped, and that were not to be deleted.
      type: int
      sample: 0
    started:
      description: Machines that this run started.
      type: int
      sample: 0
    unchanged:
      description: Machines where nothing was to be done.
      type: int
      sample: 1
    blocked:
      description: Machines with blockers.
      type: int
      sample: 0
    failed:
      description: Machines that failed.
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
retained:
  description:
    - What outlives the deleted machines and is still billed, or may be. Of a machine whose delete may have taken effect, all that
      may remain is listed, with the fate V(unverified).
  returned: always
  type: dict
  contains:
    disks:
      description: Cloud disks that stay.
      type: list
      elements: dict
      contains:
        disk_id:
          description: The id.
          type: str
          sample: vol-3dat5dsk2c
        instance_id:
          description: The machine that it was on.
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
      description: Elastic IPs that stay.
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
          description: The machine that it was on.
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
    - The machines that change, before and after. With O(return_instances=problems) empty unless in diff mode.
  returned: always
  type: dict
  contains:
    before:
      description: Name, status, disks and elastic IPs as they were.
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
      description: Status and fates afterwards.
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
