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
      - The state to reach. V(absent) is the only state.
    type: str
    required: true
    choices:
      - absent
  protect_tags:
    description:
      - A disk or elastic IP that carries any of these tags itself is blocked, and no other option overrides that. The tags of
        the instance that it was on do not matter.
      - A value is a text, a list of texts, one of which must match, or V("*") for any value. Numbers, booleans, dates and null
        are refused, since they may protect something else than was written. Quote them.
      - Your value replaces the default, so list V(jdcloud-protect) again together with your own tags. V({}) disables the
        protection.
    type: dict
    default:
      jdcloud-protect: "*"
  on_blocked:
    description:
      - What to do if blockers forbid the deletion of some of them.
      - V(fail) changes nothing and fails with all blockers of all of them.
      - V(skip) continues with the others and reports the blocked ones, which is not a failure.
    type: str
    default: fail
    choices:
      - fail
      - skip
  wait:
    description:
      - Whether to wait until they are gone.
      - With V(false) nothing is verified; the result lists the deletes that the service accepted.
    type: bool
    default: true
  wait_timeout:
    description:
      - Maximum seconds to wait for each one, from the moment the service accepted the delete.
      - If the time runs out, the task fails and names the resource and its status.
    type: float
    default: 600.0
  # BEGIN shared: poll_interval
  poll_interval:
    description:
      - Maximum seconds between two reads of the resources for which the module waits. One call reads up to 100 of them.
    type: float
    default: 2.0
  # END shared: poll_interval
notes:
  - Each one is read again within the five seconds before its delete. If it changed since the task began, it is not deleted and
    the error is C(changed_meanwhile). The service has no conditional delete, so a window of milliseconds remains.
  - A resource counts as gone only if the service returns C(404 NOT_FOUND) for it. A forbidden read or a broken connection
    proves nothing.
  - With O(on_blocked=skip) in check mode the module lists which ones exist, which can be deleted and which cannot, with few
    calls for 100 ids.
"""
