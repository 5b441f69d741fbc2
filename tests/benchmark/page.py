# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures how long the page of a report takes by the number of its machines, in time of the processor. Run by `make benchmark`.

The ratio compares the time for each machine with that of the smallest page: one far above 1 says that something is done for each
machine with all others.
"""

from __future__ import annotations

import statistics
import sys
import time

from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.report.page import render
from support.campaign.reports import sample_report

MACHINES = (500, 1000, 5000)
TIMES = 3


def seconds(machines: int) -> float:
    """The time of the processor that one page takes; the median of a few."""
    report, taken = sample_report(machines), []
    for _again in range(TIMES):
        began = time.process_time()
        render(report)
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def main() -> int:
    """Print a line for each number of machines."""
    print("Page of a report: machines, seconds of the processor, milliseconds for each machine, ratio to the first line")
    first = 0.0
    for machines in MACHINES:
        taken = seconds(machines)
        each = 1000 * taken / machines
        first = first or each
        print(f"{machines:>6} {taken:8.2f} {each:8.2f} {each / first:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
