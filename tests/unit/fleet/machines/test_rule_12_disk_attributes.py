# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule 12: delete attributes are changed last, read back, and put back if the delete is then not accepted."""

from __future__ import annotations

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.timing import Timing
from support.fleet.audit import audited
from support.fleet.log import DELETE, SET_DISKS, STOP
from support.fleet.service import Harm
from support.fleet.virtual import Cloud, data_disk, make_policy
from support.fleet.world import PREPAID, TrueDisk


def writes(cloud: Cloud) -> list[str]:
    return [write.operation for write in cloud.log.writes]


@pytest.mark.parametrize(("wished", "configured", "fate"), [("keep", True, "kept"), ("delete", False, "deleted")])
def test_attributes_are_set_after_everything_else_and_read_back(wished: str, configured: bool, fate: str) -> None:
    cloud = Cloud()
    cloud.machine(disks=[data_disk(auto_delete=configured), data_disk("vol-ok", device="vdc", auto_delete=not configured)])
    campaign = audited(cloud, make_policy(stop_running=True, disks=wished))
    assert writes(cloud) == [STOP, SET_DISKS, DELETE]
    [setting], [deletion] = cloud.log.of(SET_DISKS), cloud.log.of(DELETE)
    assert setting.body == {"dataDisks": [{"diskId": "vol-data", "autoDelete": not configured}]}
    assert cloud.log.last_sight("i-one", deletion.left_at).sent_at >= setting.arrived_at
    assert {disk["disk_id"]: disk["fate"] for disk in campaign["i-one"]["disks"]} == {
        "vol-onesys": "deleted",
        "vol-data": fate,
        "vol-ok": fate,
    }


def test_nothing_is_set_where_the_attributes_are_as_wished_or_cannot_matter() -> None:
    cloud = Cloud()
    kept_anyway = [
        data_disk("vol-pre", auto_delete=True, charge_mode=PREPAID),
        data_disk("vol-shared", auto_delete=True, shared=True),
    ]
    cloud.machine(status="stopped", disks=[data_disk(auto_delete=False), *kept_anyway, TrueDisk(None, "vdx", local=True)])
    campaign = audited(cloud, make_policy(disks="keep"))
    assert writes(cloud) == [DELETE]
    assert [disk["fate"] for disk in campaign["i-one"]["disks"]] == ["deleted", "kept", "kept", "kept", "lost"]
    kept = campaign.report.retained()["disks"]
    assert [disk["disk_id"] for disk in kept] == ["vol-data", "vol-pre", "vol-shared"]


@pytest.mark.parametrize("text", [True, False])
def test_if_the_delete_is_not_accepted_the_attributes_are_put_back(text: bool) -> None:
    cloud = Cloud()
    machine = cloud.machine(
        status="stopped", disks=[data_disk(auto_delete=text), data_disk("vol-b", device="vdc", auto_delete=text)]
    )
    cloud.service.harm = lambda call: Harm.BUSY if call.operation == DELETE else None
    campaign = audited(cloud, make_policy(disks="keep" if text else "delete"), Timing(wait_timeout=20.0))
    assert [disk.auto_delete for disk in machine.disks[1:]] == [text, text]
    assert campaign["i-one"]["action"] == "failed"
    assert not campaign["i-one"]["changed"]
    assert "attribute" not in campaign["i-one"]["error"]["message"]


def test_if_they_cannot_be_put_back_the_machine_is_failed_with_the_disks_named() -> None:
    cloud = Cloud()
    machine = cloud.machine(status="stopped", disks=[data_disk(auto_delete=True)])
    cloud.service.harm_upon(SET_DISKS, "i-one", Harm.FAILED_BEFORE, 2, 3, 4, 5, 6, 7)
    cloud.service.harm = lambda call: Harm.BUSY if call.operation == DELETE else None
    campaign = audited(cloud, make_policy(disks="keep"), Timing(wait_timeout=20.0))
    assert machine.disks[1].auto_delete is False
    row = campaign["i-one"]
    assert (row["action"], row["changed"]) == ("failed", True)
    assert "vol-data=false" in row["error"]["message"]


@pytest.mark.parametrize("harm", [Harm.LOST_AFTER, Harm.TIMED_OUT, Harm.FAILED_AFTER, Harm.LOST_BEFORE, Harm.FAILED_BEFORE])
@pytest.mark.parametrize("accepted", [True, False])
def test_an_unclear_setting_is_read_and_in_the_end_right_or_put_back(harm: Harm, accepted: bool) -> None:
    cloud = Cloud()
    machine = cloud.machine(status="stopped", disks=[data_disk(auto_delete=True)])
    cloud.service.harm_upon(SET_DISKS, "i-one", harm)
    if not accepted:
        cloud.service.harm = lambda call: Harm.BUSY if call.operation == DELETE else None
    campaign = audited(cloud, make_policy(disks="keep"), Timing(wait_timeout=60.0))
    if accepted:
        assert {disk["fate"] for disk in campaign["i-one"]["disks"]} == {"deleted", "kept"}
    else:
        assert campaign["i-one"]["action"] == "failed"
        assert machine.disks[1].auto_delete is True


@pytest.mark.parametrize("retries", [0, 1])
def test_an_unclear_setting_that_was_the_last_try_is_put_back(retries: int) -> None:
    cloud = Cloud()
    machine = cloud.machine(status="stopped", disks=[data_disk(auto_delete=True)])
    cloud.service.harm_upon(SET_DISKS, "i-one", Harm.TIMED_OUT, *range(1, retries + 2))
    campaign = audited(cloud, make_policy(disks="keep"), Timing(retries=retries))
    row = campaign["i-one"]
    put_back = machine.disks[1].auto_delete is True
    assert row["action"] == "deleted" or put_back or "vol-data" in row["error"]["message"]


def test_an_attribute_that_the_service_did_not_tell_is_never_put_back_as_true() -> None:
    cloud = Cloud()
    machine = cloud.machine(status="stopped", disks=[data_disk(auto_delete=None)])
    cloud.service.harm = lambda call: Harm.BUSY if call.operation == DELETE else None
    campaign = audited(cloud, make_policy(disks="keep"), Timing(wait_timeout=20.0))
    assert campaign["i-one"]["action"] == "failed"
    assert not machine.disks[1].auto_delete


@pytest.mark.parametrize("wished", ["keep", "delete"])
def test_an_attribute_that_another_user_changes_back_stops_the_delete(wished: str) -> None:
    cloud = Cloud()
    configured = wished == "keep"
    machine = cloud.machine(status="stopped", disks=[data_disk(auto_delete=configured)])
    back = cloud.disturb(machine, lambda each: setattr(each.disks[1], "auto_delete", configured))
    cloud.service.upon(SET_DISKS, "i-one", back, after=True)
    campaign = audited(cloud, make_policy(disks=wished))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert machine.disks[1].auto_delete is configured
    assert not cloud.log.of(DELETE)


def test_after_a_restart_between_setting_and_delete_the_attributes_are_put_back() -> None:
    cloud = Cloud()
    machine = cloud.machine(status="stopped", disks=[data_disk(auto_delete=False)])
    cloud.service.upon(SET_DISKS, "i-one", cloud.restart(machine), after=True)
    campaign = audited(cloud, make_policy(disks="delete"))
    assert campaign.code("i-one") == "changed_meanwhile"
    assert machine.status == "running"
    assert machine.disks[1].auto_delete is False


def test_a_lockout_after_the_setting_names_the_disks() -> None:
    cloud = Cloud()
    cloud.machine(status="stopped", disks=[data_disk(auto_delete=False)])
    cloud.service.upon(SET_DISKS, "i-one", lambda: setattr(cloud.limits, "locked_out_at", cloud.time.now()), after=True)
    campaign = audited(cloud, make_policy(disks="delete"))
    row = campaign["i-one"]
    assert (row["action"], row["changed"], row["error"]["http"]) == ("failed", True, 401)
    assert "vol-data=true" in row["error"]["message"]
