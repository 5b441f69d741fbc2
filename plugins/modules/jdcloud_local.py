#!/usr/bin/python
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module of this collection from the files of the collection, on the host where these are."""

from __future__ import annotations

DOCUMENTATION = r"""
module: jdcloud_local
short_description: Run a module of this collection without sending its files
version_added: 1.0.0
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
description:
  - The actions of this collection use it on the controller, so that Ansible need not pack and send the same files for each
    task.
  - It takes the options of the module that it runs and returns the result of that module. Call that module instead.
  - Requires the environment variables E(JDCLOUD_PLUGINS), the plugins directory of this collection, and E(JDCLOUD_MODULE), the
    name of the module.
extends_documentation_fragment:
  - jdcloud.cloud.attributes
options: {}
attributes:
  check_mode:
    support: full
    details:
      - As the module that it runs.
  diff_mode:
    support: full
    details:
      - As the module that it runs.
  idempotent:
    support: full
    details:
      - As the module that it runs.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
"""

EXAMPLES = r"""
- name: Run a module; its action uses jdcloud_local where it can
  jdcloud.cloud.jdcloud_vm_info:
  delegate_to: localhost
"""

RETURN = r"""#"""

import importlib
import os

from ansible.module_utils.basic import AnsibleModule

PACKAGE = "ansible_collections.jdcloud.cloud.plugins"


def main() -> None:
    """Run the module that the action names, with the arguments that this one got."""
    folder, module = os.environ.get("JDCLOUD_PLUGINS", ""), os.environ.get("JDCLOUD_MODULE", "")
    if not folder or not module:
        AnsibleModule({}, supports_check_mode=True).fail_json(
            msg="jdcloud_local only runs for the actions of this collection, so nothing was done: call the module itself."
        )
    # What Ansible sent holds this file only. Packages that are imported below are found in the folder.
    for name in (PACKAGE, f"{PACKAGE}.modules"):
        package = importlib.import_module(name)
        package.__path__ = [*package.__path__, os.path.join(folder, *name.split(".")[4:])]
    importlib.import_module(f"{PACKAGE}.modules.{module}").main()


if __name__ == "__main__":
    main()
