# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place that imports requests, so that everything else imports cleanly where it is missing."""

from __future__ import annotations

import traceback

__all__ = ["REQUESTS_IMPORT_ERROR", "requests", "urllib3"]

REQUESTS_IMPORT_ERROR: str | None = None
"""The traceback of the failed import; None if requests can be used."""

try:
    import requests
    import urllib3
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    requests = None  # type: ignore[assignment]
    urllib3 = None  # type: ignore[assignment]
