# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One parser for every form in which the services write a time.

Forms (facts times-forms, times-beijing): ``2026-01-15T08:09:10Z`` (vm charge, vpc), ``2026-01-15T16:09:10+08:00``
(disk), ``2026-01-15 16:09:10`` (vm launch and image times, vpc charge: Beijing time, no zone).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

BEIJING = timezone(timedelta(hours=8), "Beijing")

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:(Z)| ?([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
# Go's zero time 0001-01-01 and 'never' dates such as 9999-12-31 say nothing about a machine.
_YEARS = range(2000, 2200)


# Most times of a page repeat (creation and charge of a machine's disks); parsing them once halves the cost of a page.
@lru_cache(maxsize=4096)
def _parse_text(text: str) -> datetime | None:
    match = _FORM.fullmatch(text)
    if match is None or int(match[1]) not in _YEARS:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    microsecond = int((match[7] or "0")[:6].ljust(6, "0"))
    zone: timezone = BEIJING
    if match[8]:
        zone = UTC
    elif match[9]:
        hours, minutes = int(match[10]), int(match[11])
        if hours > 14 or minutes > 59:
            return None
        offset = timedelta(hours=hours, minutes=minutes)
        zone = timezone(offset if match[9] == "+" else -offset)
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, zone)
    except ValueError:
        return None


def parse_time(text: object) -> datetime | None:
    """Return the aware time that ``text`` names, or None if it names none.

    A time without a zone is Beijing time (+08:00). None is the answer for a missing member, an empty string (how disk and
    vpc say "not applicable"), any other form, and years outside 2000..2199: an unreadable time proves nothing.
    """
    return _parse_text(text.strip()) if isinstance(text, str) else None
