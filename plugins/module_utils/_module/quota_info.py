# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_quota_info`."""

from __future__ import annotations

from .._api.connection import CONNECTION_SPEC
from .._api.services.quotas import Quota, describe_elastic_ip_quota, describe_image_quota, describe_snapshot_quota
from .common.session import Result, Session, Spec

QUOTA_INFO_SPEC: Spec = {**CONNECTION_SPEC}

CALLS = {"images": describe_image_quota, "snapshots": describe_snapshot_quota, "elastic_ips": describe_elastic_ip_quota}


def work(session: Session) -> Result:
    """Read the quotas, all of them or none."""
    dispatcher = session.connect()
    outcomes = dispatcher.gather([call() for call in CALLS.values()])
    quotas = {name: _numbers(outcome.value) for name, outcome in zip(CALLS, outcomes, strict=True)}
    return {**early_end(session), "quotas": quotas}


def early_end(session: Session) -> Result:
    """The result of a run that ended before it read the quotas."""
    return {"changed": False, "account": session.account, "quotas": None, "summary": session.api_use()}


def _numbers(quota: Quota) -> Result:
    return {"limit": quota.limit, "used": quota.used, "left": quota.left}
