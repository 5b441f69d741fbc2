#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of an action, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_surroundings
short_description: Check what a command line and a play hand to the roles and playbooks of this collection
version_added: 1.0.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - The first task of the roles and playbooks of this collection. It fails if something would be dropped, evaluated or done more
    often than was meant, and changes nothing.
  - Words of extra variables that Ansible drops are refused. In C(-e "vm_decommission_tags=project=big data") the word C(data) is
    no part of the value, and other machines would be selected.
  - An assignment right behind a variable of this collection in the same C(-e) is refused, unless it is another variable of this
    collection or one of Ansible's, and so is a variable that selects something and is given in two of them.
  - Tasks that run as another user (C(become)) are refused, since the profile of that user would decide about the account.
    So are tasks that would run on another computer (C(ansible_connection)).
  - A play over several hosts is refused, unless the task runs once for all of them.
  - Nothing that is checked here is evaluated as a template.
  - It is an action, runs on the controller, sends nothing to the cloud, and needs no keys.
extends_documentation_fragment:
  - jdcloud.cloud.attributes
options:
  extra_variables:
    description:
      - What extra variables may hold.
      - V(data) refuses templates in them, before anything uses them. The playbooks of this collection want it so, since extra
        variables may come from an event, a survey or a ticket. Texts that Ansible does not evaluate, as AWX marks the answers of
        surveys, may hold whatever they want.
      - V(templates) leaves templates to whoever wrote the command.
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
- name: Refuse what an event would have evaluated, before anything else is done
  jdcloud.cloud.jdcloud_surroundings:
    extra_variables: data
"""

RETURN = r"""#"""
