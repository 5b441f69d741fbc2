# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of the module `jdcloud_elastic_ip`."""

from __future__ import annotations

from ..._api.model.resources import ElasticIp
from ..._fleet.deletions.run import DeletionRecord
from ..._fleet.deletions.unattached import ElasticIpKind
from ..common.session import Result, Session, Spec
from .report import DeletionReport
from .unattached import ADVICE, early_result, fate_of, run_unattached, unattached_spec

ELASTIC_IP_SPEC: Spec = unattached_spec("elastic_ip_ids", "max_elastic_ips")


def work(session: Session) -> Result:
    """Release elastic IPs; the result has a `msg` if the task fails."""
    return ElasticIpReport(run_unattached(session, ElasticIpKind), session.region).result(session)


def early_end(session: Session) -> Result:
    """The result of a run that ended before it looked at anything."""
    return early_result(session, ElasticIpReport, ElasticIpKind)


class ElasticIpReport(DeletionReport[ElasticIp]):
    """Elastic IPs."""

    advice = ADVICE

    def summary(self) -> Result:
        """How many of what."""
        counts = self.counts()
        return {**counts, "released": counts["changed"] - self.count(self.hangs)}

    def text_before(self, row: Result) -> str:
        """Its address and name."""
        return f"{row['address']}, named {row['name']}"

    def text_after(self, row: Result) -> str:
        """Its address and status."""
        return f"{row['address']} in status '{row['status']}'"

    def row(self, record: DeletionRecord[ElasticIp]) -> Result:
        """One row of the result."""
        address, seen = record.asset, record.seen
        return {
            "elastic_ip_id": record.asset_id,
            "address": address.address if address is not None else None,
            "name": address.name if address is not None else None,
            "status_before": address.status if address is not None else "absent",
            "instance_id": seen.instance_id if seen is not None else None,
            **self.common(record, "released"),
            "fate": fate_of(self, record, "released"),
        }
