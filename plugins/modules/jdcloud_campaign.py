#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action `jdcloud_campaign`, which conducts a campaign on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_campaign
short_description: Run the work of the roles, stage by stage
version_added: 0.3.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - Does the work of the role P(jdcloud.cloud.vm_decommission#role), in the three stages V(plan), V(wave) and V(finish). It
    reads the variables of the role, freezes the list of instances, splits it into waves, runs the modules of this collection
    for each wave, and writes C(record.json), C(manifest.json), C(report.json), C(report.html) and C(machines.csv).
  - The stage V(backup) does the whole work of the role P(jdcloud.cloud.vm_backup#role), with the variables of that role. The
    stage V(restore) does the work of the playbook C(jdcloud.cloud.restore).
  - Runs on the controller. The modules that it runs get its connection options.
  - Writes all files durably, replaces them as a whole, and makes them readable by their owner only. It writes the record before
    it changes anything in the cloud, so an interrupted run can be resumed exactly.
  - Use the roles instead of this action, unless you build your own workflow.
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.attributes
options:
  stage:
    description:
      - The stage to run.
      - V(plan) begins a campaign, or resumes the unfinished one in the report directory of the role. It reads the instances,
        plans the backups and the deletion, and freezes the list.
      - V(wave) runs waves, one after the other. It does nothing if the campaign was stopped before.
      - V(stop) ends a campaign whose hook failed. Later waves do nothing.
      - V(finish) releases the remaining elastic IPs, verifies what remains, decides the outcome and writes the report.
      - V(backup) plans the whole batch of the role vm_backup, backs it up, tests one restore and removes older backups.
      - V(restore) makes instances from a manifest, or one from an image, as the playbook C(jdcloud.cloud.restore) does.
      - V(cleanup) reads the marked instances and decides which of them the playbook C(jdcloud.cloud.cleanup) deletes now. It
        changes nothing in the cloud.
      - V(read) checks the variables of O(reader), returns their values, and whether the task runs in check mode. It reads and
        writes nothing else.
      - V(report) makes the report, the page and the table again from the record in O(folder), in the state of its last run. It
        makes no call to the cloud and does not change the record.
      - V(expire) does the work of the playbook C(jdcloud.cloud.expire_backups), with its variables. It deletes images and
        snapshots of finished campaigns that are old enough.
      - V(find_idle) does the first half of the playbook C(jdcloud.cloud.find_idle), with its variables. It judges the instances
        of all regions, writes C(idle.json) and C(idle.html), and returns what is to be marked. It changes nothing in the cloud.
    type: str
    required: true
    choices:
      - plan
      - wave
      - stop
      - finish
      - backup
      - restore
      - cleanup
      - read
      - report
      - expire
      - find_idle
  reader:
    description:
      - With O(stage=read), the role or playbook whose variables are read.
    type: str
    choices:
      - vm_decommission
      - vm_backup
      - restore
      - cleanup
      - expire_backups
      - find_idle
      - report
      - approved_plan
      - approved_share
      - approved_age
  folder:
    description:
      - The directory that the stage V(plan) returned as RV(folder). Later stages require it.
      - With O(stage=report), the directory of the record.
    type: path
    default: ""
  run:
    description:
      - The token that the stage V(plan) returned as RV(run). If another run has taken over the campaign, the stage fails.
    type: str
    default: ""
  waves:
    description:
      - With O(stage=wave), the numbers of the waves.
    type: list
    elements: int
  wave:
    description:
      - With O(stage=stop), the number of the wave whose hook failed.
    type: int
  hook:
    description:
      - With O(stage=stop), the hook that failed, C(on_plan), C(before_wave) or C(after_wave).
    type: str
  failed_task:
    description:
      - With O(stage=stop), the name of the task that failed.
    type: str
    default: ""
  prices:
    description:
      - With O(stage=report), monthly prices as in the variable C(vm_decommission_prices) of the role. If not set, the prices of
        the campaign are used.
    type: dict
    default: {}
  language:
    description:
      - With O(stage=report), the language of the lines and of the page, V(en) or V(zh). Without it that of the campaign counts.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    details:
      - In check mode the directory exists for this run only. V(report) then writes nothing, and V(expire) writes only its
        preview.
  diff_mode:
    support: partial
    details:
      - The stages V(backup) and V(restore) return the diff of the modules that they run.
  idempotent:
    support: partial
    details:
      - A complete campaign changes nothing when it runs again.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: Plan a campaign with the variables of the role
  jdcloud.cloud.jdcloud_campaign:
    stage: plan
  delegate_to: localhost
  register: campaign
  vars:
    vm_decommission_instance_ids: i-1kch0awxq9
"""

RETURN = r"""
campaign:
  description: The name of the campaign.
  returned: success
  type: str
  sample: dc-20261125-080000-1f9c
digest:
  description: The digest of the frozen instances and the options that decide what is lost; null before these are known.
  returned: success
  type: str
  sample: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
region:
  description: The region of the campaign; null before anything was read.
  returned: success
  type: str
  sample: cn-north-1
instance_ids:
  description: The frozen list.
  returned: success
  type: list
  elements: str
  sample: [i-4x9q2m7kva]
problem:
  description: One sentence on why the campaign ends, or with O(stage=backup) on what failed; empty if there is no problem.
  returned: success
  type: str
  sample: ""
folder:
  description: The directory of the files.
  returned: success
  type: str
  sample: /var/lib/jdcloud/project-x
run:
  description: The token of this run.
  returned: success
  type: str
  sample: 5f1d7c20e6a94b13
resumed:
  description: Whether an unfinished campaign is resumed.
  returned: success
  type: bool
  sample: false
preview:
  description: Whether this is a preview that changes nothing.
  returned: success
  type: bool
  sample: false
waves:
  description: The waves in which something is to be done.
  returned: with O(stage=plan)
  type: list
  elements: dict
  sample: [{"number": 1, "instance_ids": ["i-4x9q2m7kva"]}]
go:
  description: Whether the next wave may begin.
  returned: with O(stage=wave) and O(stage=stop)
  type: bool
  sample: true
hooks:
  description: The paths of the user's tasks by hook; empty for a hook that is not set.
  returned: with O(stage=plan)
  type: dict
  sample: {"before_wave": ""}
steps:
  description: What the role does after the plan, in this order. A hook that is not set is left out.
  returned: with O(stage=plan)
  type: list
  elements: dict
  sample: [{"tasks": "wave.yml", "title": "waves 1 to 3", "waves": [1, 2, 3]}, {"tasks": "finish.yml", "title": "the end"}]
event:
  description:
    - The event that the hook of this stage gets; see the role. Events of hooks that run before a stage are in RV(steps).
  returned: if there is a hook for it
  type: dict
  sample: {"hook": "on_plan", "campaign": "dc-20261125-080000-1f9c"}
begun:
  description: Whether this call ran the wave.
  returned: with O(stage=wave), unless the campaign was stopped before
  type: bool
  sample: true
lines:
  description:
    - The lines that the stage printed, at most 10 and the table of the plan; with O(stage=restore) one for each instance.
  returned: success, but for O(stage=read)
  type: list
  elements: str
  sample: ["Wave 1 of 3, 41 s: 1 deleted of 1 instance. Gone so far: 1 of 30."]
message:
  description: The outcome of the campaign, in a few sentences.
  returned: with O(stage=finish), O(stage=report) and O(stage=expire)
  type: str
  sample: 1 of 1 instance is deleted.
due:
  description: The number of instances that are due.
  returned: with O(stage=cleanup)
  type: int
  sample: 1
blocked:
  description: The number of marked instances that are blocked.
  returned: with O(stage=cleanup)
  type: int
  sample: 3
regions:
  description:
    - The regions in which something is to be deleted, or was begun and not finished; with O(stage=find_idle), what is to be
      marked.
  returned: with O(stage=cleanup) and O(stage=find_idle)
  type: list
  elements: dict
  sample: [{"region": "cn-north-1", "instance_ids": ["i-4x9q2m7kva"], "report_dir": "", "problem": ""}]
problems:
  description: The regions that could not be checked for remaining work, with the reason.
  returned: with O(stage=cleanup)
  type: list
  elements: str
  sample: []
tag_key:
  description: The key of the mark.
  returned: with O(stage=cleanup) and O(stage=find_idle)
  type: str
  sample: decommission-after
counts:
  description: The numbers that the playbook C(jdcloud.cloud.restore) passes to a workflow.
  returned: with O(stage=restore)
  type: dict
  sample: {"restore_selected": 1, "restore_created": 1}
instances:
  description: The instances, as M(jdcloud.cloud.jdcloud_vm_restore) returns them.
  returned: with O(stage=restore)
  type: list
  elements: dict
  sample: [{"instance_id": "i-8m2v5c1rtn", "action": "created"}]
manifest:
  description: The manifest, the same as the file; see the role vm_backup.
  returned: with O(stage=backup)
  type: dict
  sample: {"format": "jdcloud.cloud/manifest/1", "state": "complete"}
summary:
  description: The counts and the use of the API for the backups; empty in check mode.
  returned: with O(stage=backup)
  type: dict
  sample: {"selected": 1, "created": 1}
fails:
  description: Whether the role, or the playbook, fails with this message.
  returned: with O(stage=finish) and O(stage=expire)
  type: bool
  sample: false
report:
  description: The report; see the role.
  returned: with O(stage=finish)
  type: dict
  sample: {"format": "jdcloud.cloud/report/1"}
report_path:
  description: The path of the page, or with O(stage=expire) of the report; empty if no file was kept.
  returned: with O(stage=finish), O(stage=report), O(stage=expire) and O(stage=find_idle)
  type: str
  sample: /var/lib/jdcloud/project-x/report.html
totals:
  description:
    - How many instances have each verdict, how many idle ones can be deleted (C(candidate)) or not, and what those that can cost
      a month in CNY.
  returned: with O(stage=find_idle)
  type: dict
  sample: {"judged": 120, "idle": 14, "stopped_long": 3, "candidate": 15, "blocked": 2, "monthly_cost": 3411.0, "unpriced": 0}
max_instances:
  description: The most instances that are marked, or null where nothing is marked.
  returned: with O(stage=find_idle)
  type: int
  sample: 10
candidate_ids:
  description: The IDs of at most 100 idle instances that can be deleted, the dearest first.
  returned: with O(stage=find_idle)
  type: list
  elements: str
  sample: ["i-4x9q2m7kva"]
deleted:
  description: The number of images and snapshots that were deleted, or in check mode would be deleted.
  returned: with O(stage=expire)
  type: int
  sample: 3
kept:
  description: The number of images and snapshots that were kept, by reason.
  returned: with O(stage=expire)
  type: dict
  sample: {"too_young": 12}
failed_ids:
  description: The images and snapshots whose deletion failed.
  returned: with O(stage=expire)
  type: list
  elements: str
  sample: []
next:
  description: The values of the variables of O(reader).
  returned: with O(stage=read)
  type: dict
  sample: {"check_mode": false}
"""
