#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action `jdcloud_campaign`, which conducts a campaign on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_campaign
short_description: Conduct what the roles do, stage by stage
version_added: 0.3.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - The work of the role P(jdcloud.cloud.vm_decommission#role), in three stages. It reads the variables of the role, freezes the
    list of machines, cuts it into waves, runs the modules of this collection for each wave, and writes C(record.json),
    C(manifest.json), C(report.json), C(report.html) and C(machines.csv).
  - The stage V(backup) is the whole work of the role P(jdcloud.cloud.vm_backup#role), with the variables of that role, and
    V(restore) that of the playbook C(jdcloud.cloud.restore).
  - It runs on the controller. The modules that it runs get its connection options.
  - All files are written durably, replaced as a whole, and readable by their owner only. The record is written before anything
    is changed in the cloud, so a run that was killed can be finished exactly.
  - Use the roles instead of this action, unless you build a workflow of your own.
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.attributes
options:
  stage:
    description:
      - V(plan) begins a campaign, or goes on with the unfinished one in the role's report folder. It looks, plans the backups and
        the deletion, and freezes the list.
      - V(wave) does waves, one after the other. It does nothing where the campaign was stopped before.
      - V(stop) ends a campaign whose hook failed. Waves that follow do nothing.
      - V(finish) releases what is owed, verifies what is left, judges the run and writes the report.
      - V(backup) plans the whole batch of the role vm_backup, backs it up, tries one restore out and removes older backups.
      - V(restore) makes machines of a manifest, or one of an image, as the playbook C(jdcloud.cloud.restore) does.
      - V(cleanup) looks for machines that carry the mark, and says which of them the playbook C(jdcloud.cloud.cleanup) deletes
        now. In the cloud nothing is changed.
      - V(read) checks the variables of O(reader), turns them into what they mean, and says whether the task runs in check mode.
        Nothing else is read or written.
      - V(report) makes report, page and table of the record in O(folder) again, as its last run left it. The cloud is
        not asked, and the record is only read.
      - V(expire) is the work of the playbook C(jdcloud.cloud.expire_backups), with its variables. It deletes images and
        snapshots of finished campaigns that are old enough.
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
  reader:
    description:
      - Whose variables are read with O(stage=read).
    type: str
    choices:
      - vm_decommission
      - vm_backup
      - restore
      - cleanup
      - expire_backups
      - report
      - approved_plan
      - approved_share
      - approved_age
  folder:
    description:
      - What the stage V(plan) returned as RV(folder). The stages after it need it.
      - With O(stage=report), the folder of the record.
    type: path
    default: ""
  run:
    description:
      - What the stage V(plan) returned as RV(run). A run whose campaign another run has taken over is refused.
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
      - With O(stage=report), prices a month as in the variable C(vm_decommission_prices) of the role. Without them those of the
        campaign count.
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
      - In check mode the folder is one of this run only. V(report) writes nothing then, V(expire) only its preview.
  diff_mode:
    support: partial
    details:
      - The stages V(backup) and V(restore) show what the modules show that they run.
  idempotent:
    support: partial
    details:
      - A campaign that is complete has nothing left to do.
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
  description: What stands for exactly the frozen machines and the options that decide what is lost; null before these are known.
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
  description: One sentence about what ends the campaign, or with O(stage=backup) about what failed; empty if nothing does.
  returned: success
  type: str
  sample: ""
folder:
  description: Where the files are.
  returned: success
  type: str
  sample: /var/lib/jdcloud/project-x
run:
  description: The token of this run.
  returned: success
  type: str
  sample: 5f1d7c20e6a94b13
resumed:
  description: Whether an unfinished campaign is gone on with.
  returned: success
  type: bool
  sample: false
preview:
  description: Whether nothing is changed.
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
  description: The paths of the user's tasks by hook, empty where there are none.
  returned: with O(stage=plan)
  type: dict
  sample: {"before_wave": ""}
steps:
  description: What the role does after the plan, in this order. A hook that is not set is none of them.
  returned: with O(stage=plan)
  type: list
  elements: dict
  sample: [{"tasks": "wave.yml", "title": "waves 1 to 3", "waves": [1, 2, 3]}, {"tasks": "finish.yml", "title": "the end"}]
event:
  description: What the hook of this stage is handed; see the role. Those of hooks before anything are in RV(steps).
  returned: if there is a hook for it
  type: dict
  sample: {"hook": "on_plan", "campaign": "dc-20261125-080000-1f9c"}
begun:
  description: Whether the wave was done in this call.
  returned: with O(stage=wave), unless the campaign was stopped before
  type: bool
  sample: true
lines:
  description: What the stage showed, at most 10 lines and the table of the plan; with O(stage=restore) a line for each machine.
  returned: success, but for O(stage=read)
  type: list
  elements: str
  sample: ["Wave 1 of 3, 41 s: 1 deleted of 1 instance. Gone so far: 1 of 30."]
message:
  description: What became of the campaign, in a few sentences.
  returned: with O(stage=finish), O(stage=report) and O(stage=expire)
  type: str
  sample: 1 of 1 machine is deleted.
due:
  description: How many machines are due. RV(blocked) is how many carry the mark and stay.
  returned: with O(stage=cleanup)
  type: int
  sample: 1
blocked:
  description: How many machines carry the mark and stay.
  returned: with O(stage=cleanup)
  type: int
  sample: 3
regions:
  description: Where something is to be deleted, or was begun and not finished.
  returned: with O(stage=cleanup)
  type: list
  elements: dict
  sample: [{"region": "cn-north-1", "instance_ids": ["i-4x9q2m7kva"], "report_dir": "", "problem": ""}]
problems:
  description: Of which regions it cannot be seen what is left to do, and why.
  returned: with O(stage=cleanup)
  type: list
  elements: str
  sample: []
tag_key:
  description: The key of the mark.
  returned: with O(stage=cleanup)
  type: str
  sample: decommission-after
counts:
  description: The numbers that the playbook C(jdcloud.cloud.restore) hands to a workflow.
  returned: with O(stage=restore)
  type: dict
  sample: {"restore_selected": 1, "restore_created": 1}
instances:
  description: The machines, as M(jdcloud.cloud.jdcloud_vm_restore) returns them.
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
  description: The counts and the use of the API of making the backups; empty in check mode.
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
  description: The path of the page, or with O(stage=expire) of the report; empty if nothing lasts.
  returned: with O(stage=finish), O(stage=report) and O(stage=expire)
  type: str
  sample: /var/lib/jdcloud/project-x/report.html
deleted:
  description: How many images and snapshots were deleted, or in check mode would be.
  returned: with O(stage=expire)
  type: int
  sample: 3
kept:
  description: How many stay, by the reason.
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
  description: What the variables of O(reader) mean.
  returned: with O(stage=read)
  type: dict
  sample: {"check_mode": false}
"""
