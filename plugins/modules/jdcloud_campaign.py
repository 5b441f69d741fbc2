#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep the record of a decommissioning campaign, and write its report."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_campaign
short_description: Keep the record of a decommissioning campaign, and write its report
version_added: 0.3.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - The memory of the role P(jdcloud.cloud.vm_decommission#role). It takes in the result of each step, freezes the list of
    machines, cuts it into waves, says what is to be done next, and writes C(record.json), C(manifest.json), C(report.json)
    and C(report.html).
  - It sends nothing to the cloud, and needs no keys. Everything that is changed in the cloud is changed by other modules.
  - All files are written durably, replaced as a whole, and readable by their owner only.
  - Use the role instead of this module, unless you build a workflow of your own. The steps must come in the order of the role.
  - It accepts the connection options of the other modules, so that defaults of their action group may be set for a whole play,
    and uses none of them. What is said below about keys, accounts and the journal holds for those modules.
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud
  - jdcloud.cloud.attributes
options:
  step:
    description:
      - What has happened, or is to be told.
      - V(read) checks the variables of O(reader) and turns them into what they mean. It also tells whether the task runs in check
        mode. Nothing is read or written.
      - V(open) begins a campaign, or goes on with the unfinished one in O(directory).
      - V(freeze) and V(plan) take in the first look and the plan of the whole campaign.
      - V(begin_wave), V(after_mark), V(after_backup), V(before_delete), V(after_delete), V(after_release) and V(end_wave) follow
        one wave.
      - V(owed), V(to_verify) and V(verify) are about leftovers.
      - V(plan_mark), V(plan_unmark), V(after_tags) and V(after_power) are about marking machines.
      - V(finish) judges the run and writes the report.
    type: str
    required: true
    choices:
      - read
      - open
      - freeze
      - plan
      - begin_wave
      - after_mark
      - after_backup
      - before_delete
      - after_delete
      - after_release
      - end_wave
      - owed
      - to_verify
      - verify
      - plan_mark
      - plan_unmark
      - after_tags
      - after_power
      - finish
  directory:
    description:
      - The absolute path of the folder that holds the files of the campaign, on the host that runs the module. Every step but
        V(read) needs it.
    type: path
    default: /
  reader:
    description:
      - Whose variables are read with O(step=read).
    type: str
    choices:
      - vm_decommission
      - vm_backup
      - restore
      - cleanup
  input:
    description:
      - The variables of the role without their prefix, as they arrived. Texts are turned into what they mean.
      - With O(step=read) they are taken from the variables of the host where it is left out.
    type: dict
    default: {}
  preview:
    description:
      - Whether nothing is done really. Then O(directory) must be a folder for this run only.
    type: bool
    default: false
  run:
    description:
      - What V(open) returned as RV(next.run). A run whose campaign another run has taken over is refused.
    type: str
    default: ""
  wave:
    description:
      - The number of the wave that the step is about.
    type: int
  result:
    description:
      - The result of the module that was run, failed or not.
    type: dict
    default: {}
  results:
    description:
      - The results of modules that were run.
    type: list
    elements: dict
    default: []
  manifest:
    description:
      - With O(step=plan) the result of M(jdcloud.cloud.jdcloud_vm_backup) in check mode, with O(step=after_backup) a manifest.
    type: dict
    default: {}
  reason:
    description:
      - Why the backup failed.
    type: str
    default: ""
  bill:
    description:
      - The result of M(jdcloud.cloud.jdcloud_bill_info), for the report.
    type: dict
attributes:
  check_mode:
    support: full
    details:
      - The files of a campaign are its memory, in check mode, too. A preview is asked for with O(preview).
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - Each step takes the campaign further.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: See which machines are left of a campaign
  jdcloud.cloud.jdcloud_campaign:
    step: open
    directory: /var/lib/jdcloud/project-x
    input: "{{ variables_of_the_role }}"
  delegate_to: localhost
  register: campaign
"""

RETURN = r"""
campaign:
  description: The name of the campaign.
  returned: success
  type: str
  sample: dc-20261125-080000-1f9c
digest:
  description: What stands for exactly the frozen machines of this region; null before the list is frozen.
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
  description: One sentence about what ends the campaign; empty if nothing does.
  returned: success
  type: str
  sample: ""
folder:
  description: Where the files are.
  returned: success
  type: str
  sample: /var/lib/jdcloud/project-x
next:
  description: What the role needs to know for its next tasks; the members differ with O(step).
  returned: success
  type: dict
  sample: {"go": true, "instance_ids": ["i-4x9q2m7kva"]}
  contains:
    run:
      description: The token of this run, with O(step=open).
      returned: with O(step=open)
      type: str
      sample: 5f1d7c20e6a94b13
"""

from ansible_collections.jdcloud.cloud.plugins.module_utils._module.campaign import run


def main() -> None:
    """Run the module."""
    run()


if __name__ == "__main__":
    main()
