# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options of modules that delete disks or elastic IPs that are on no machine."""

from __future__ import annotations


class ModuleDocFragment:
    """How what is on no machine is deleted."""

    DOCUMENTATION = r"""
options:
  state:
    description:
      - What is to become of them. V(absent) is the only state.
    type: str
    required: true
    choices:
      - absent
  protect_tags:
    description:
      - What carries any one of these tags itself is blocked, and no other option overrides that. The tags of the machine that it
        once was on do not matter.
      - A value is a text, a list of texts of which any one will do, or V("*") for any value. Numbers, booleans, dates and null
        are refused, since they might protect something else than was written. Quote them.
      - What is given replaces the default, so name V(jdcloud-protect) again beside tags of your own. V({}) switches the
        protection off.
    type: dict
    default:
      jdcloud-protect: "*"
  on_blocked:
    description:
      - What to do if something forbids to delete some of them.
      - With V(fail) nothing at all is changed, and the task fails with all blockers of all of them.
      - With V(skip) the others are done, and the blocked ones are reported; that alone is no failure.
    type: str
    default: fail
    choices:
      - fail
      - skip
  wait:
    description:
      - Whether to wait until they are gone.
      - With V(false) nothing is proved; the deletes are reported as they were accepted.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait for each, from the moment the service accepted the delete.
      - A wait that runs out is a failure that names what hangs and in which status.
    type: float
    default: 600.0
  # BEGIN shared: poll_interval
  poll_interval:
    description:
      - Seconds between two looks at what is waited for, at most. All are looked at together, up to 100 in one call.
    type: float
    default: 2.0
  # END shared: poll_interval
notes:
  - Within five seconds before each delete it is looked at once more. What changed since the task began is left alone and
    reported as C(changed_meanwhile). The service has no conditional delete, so a window of milliseconds remains.
  - Gone is only what the service answers C(404 NOT_FOUND) for. A forbidden read or a broken connection proves nothing.
  - With O(on_blocked=skip) in check mode it lists what exists, what may be deleted and what not, with few calls for 100 ids.
"""
