#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_surroundings
short_description: Check what a command line and a play pass to the roles and playbooks of this collection
version_added: 1.0.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - The first task of the roles and playbooks of this collection. It fails if a value would be dropped or evaluated, or if a
    task would run more often than intended. It changes nothing.
  - Refuses words of extra variables that Ansible drops. In C(-e "vm_decommission_tags=project=big data") the word C(data) is
    not part of the value, and other instances would be selected.
  - Refuses an assignment directly after a variable of this collection in the same C(-e), unless it sets another variable of
    this collection or one of Ansible. Also refuses a selecting variable that is given in two of them.
  - Refuses tasks that run as another user (C(become)), since the profile of that user would decide about the account, and tasks
    that run on another host (C(ansible_connection)).
  - Refuses a play over several hosts, unless the task runs once for all of them.
  - Evaluates nothing that it checks as a template.
  - It is an action that runs on the controller, makes no call to the cloud, and requires no keys.
extends_documentation_fragment:
  - jdcloud.cloud.attributes
options:
  extra_variables:
    description:
      - What extra variables may contain.
      - V(data) refuses templates in them before anything uses them. The playbooks of this collection use it, since extra
        variables may come from an event, a survey or a ticket. Texts that Ansible does not evaluate, such as the answers of AWX
        surveys, may contain anything.
      - V(templates) allows templates.
    type: str
    choices:
      - templates
      - data
    default: templates
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - Changes nothing.
  idempotent:
    support: full
seealso:
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: Refuse templates in extra variables before any other task
  jdcloud.cloud.jdcloud_surroundings:
    extra_variables: data
"""

RETURN = r"""#"""
