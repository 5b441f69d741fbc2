# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of disks and elastic IPs: every kind of disk with every wish."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import AttachedDisk
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.fates import DiskFate, disk_fate
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.plan import decide
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import DiskChoice
from support.fleet.builders import (
    FACTS,
    POSTPAID,
    PREPAID,
    USAGE,
    address,
    disk,
    elastic_ip,
    knowing,
    local_disk,
    machine,
    policy,
    system_disk,
)

KEPT, DELETED, LOST = DiskFate("kept"), DiskFate("deleted"), DiskFate("lost")
SET_TRUE, SET_FALSE = DiskFate("deleted", change=True), DiskFate("kept", change=False)


@pytest.mark.parametrize(
    ("each", "as_configured", "keep", "delete"),
    [
        (disk(auto_delete=True), DELETED, SET_FALSE, DELETED),
        (disk(auto_delete=False), KEPT, KEPT, SET_TRUE),
        # The service leaves false fields out; setting the attribute that is wished makes sure.
        (disk(auto_delete=None), KEPT, SET_FALSE, SET_TRUE),
        (disk(auto_delete=True, mode=USAGE), DELETED, None, DELETED),
        (disk(auto_delete=False, mode=USAGE), KEPT, KEPT, None),
        (disk(auto_delete=True, mode=PREPAID), KEPT, KEPT, None),
        (disk(auto_delete=False, mode=PREPAID), KEPT, KEPT, None),
        (disk(auto_delete=True, shared=True), KEPT, KEPT, None),
        (disk(auto_delete=False, shared=True), KEPT, KEPT, None),
        (local_disk(), LOST, LOST, LOST),
        (local_disk(auto_delete=False), LOST, LOST, LOST),
        (local_disk(system=True), LOST, LOST, LOST),
        (system_disk(), DELETED, DELETED, DELETED),
        (system_disk(charge=None), DELETED, DELETED, DELETED),
        (replace(system_disk(), auto_delete=False), KEPT, KEPT, KEPT),
        # Most go with their machine, and one that is taken to stay would need no backup.
        (replace(system_disk(), auto_delete=None), DELETED, DELETED, DELETED),
    ],
)
def test_fate_of_each_kind_of_disk(
    each: AttachedDisk, as_configured: DiskFate | None, keep: DiskFate | None, delete: DiskFate | None
) -> None:
    options: list[tuple[DiskChoice, DiskFate | None]] = [("as_configured", as_configured), ("keep", keep), ("delete", delete)]
    for wanted, expected in options:
        fate = disk_fate(each, wanted, "stopped")
        if expected is None:
            assert fate.impossible is not None
            assert fate.change is None
        else:
            assert fate == expected


@pytest.mark.parametrize("wanted", ["as_configured", "keep", "delete"])
def test_the_wish_is_about_data_disks_only(wanted: DiskChoice) -> None:
    kept_system = disk("vol-sys", auto_delete=False, device="vda", system=True)
    assert disk_fate(kept_system, wanted, "stopped") == KEPT
    assert decide(machine(disks=(kept_system,)), policy(disks=wanted), FACTS).disk_changes == {}


def test_attributes_are_set_directly_before_the_delete() -> None:
    decision = decide(machine("running", data=[disk(auto_delete=True)]), policy(stop_running=True, disks="keep"), FACTS)
    assert decision.steps == ("stop", "set_disks", "delete")
    assert decision.disk_changes == {"vol-data": False}


def test_elastic_ips_are_released_last() -> None:
    decision = decide(machine(addresses=(address(),)), policy(release_elastic_ips=True), knowing(elastic_ip()))
    assert decision.steps == ("delete", "release")
    assert [each.fate for each in decision.addresses] == ["released"]


def test_elastic_ips_are_kept_unless_release_is_wished() -> None:
    decision = decide(machine(addresses=(address("fip-a"), address("fip-b"))), policy(), FACTS)
    assert [(each.elastic_ip_id, each.fate) for each in decision.addresses] == [("fip-a", "kept"), ("fip-b", "kept")]
    assert "release" not in decision.steps


def test_nothing_is_released_where_there_is_nothing() -> None:
    assert decide(machine(), policy(release_elastic_ips=True), FACTS).steps == ("delete",)


def test_a_machine_that_is_not_deleted_decides_no_fates() -> None:
    each = machine("running", data=[disk(auto_delete=True, mode=POSTPAID)], addresses=(address(),))
    for wished in (policy(), policy("stopped"), policy("running")):
        decision = decide(each, wished, FACTS)
        assert {each.fate for each in decision.disks} == {None}
        assert {each.fate for each in decision.addresses} == {None}
        assert decision.disk_changes == {}


@pytest.mark.parametrize(("wanted", "auto_delete"), [("keep", True), ("delete", False), ("delete", None)])
def test_a_machine_in_error_can_only_be_deleted_as_it_is(wanted: DiskChoice, auto_delete: bool | None) -> None:
    """The service refuses everything but the delete (fact states-error-only-delete)."""
    decision = decide(machine("error", data=[disk(auto_delete=auto_delete)]), policy(disks=wanted), FACTS)
    message = (
        f"With disks={wanted}, the delete attribute of disk vol-data cannot be changed: an instance in 'error' can only be "
        "deleted without changes: set disks to as_configured."
    )
    assert [(each.code, each.message) for each in decision.blockers] == [("disk_fate_impossible", message)]


@pytest.mark.parametrize(("wanted", "auto_delete"), [("keep", False), ("delete", True), ("as_configured", True)])
def test_a_machine_in_error_whose_disks_are_as_wished_is_deleted(wanted: DiskChoice, auto_delete: bool) -> None:
    decision = decide(machine("error", data=[disk(auto_delete=auto_delete)]), policy(disks=wanted), FACTS)
    assert decision.steps == ("delete",)


@pytest.mark.parametrize("state", ["detached", "error_attach"])
def test_the_attribute_of_a_disk_that_is_not_mounted_cannot_be_changed(state: str) -> None:
    each = disk(auto_delete=False, attachment_status=state)
    decision = decide(machine(data=[each]), policy(disks="delete"), FACTS)
    assert [each.code for each in decision.blockers] == ["disk_fate_impossible"]


@pytest.mark.parametrize("state", ["detached", "error_attach"])
def test_a_machine_whose_system_disk_is_not_mounted_cannot_start(state: str) -> None:
    each = machine(disks=(system_disk(attachment_status=state),))
    decision = decide(each, policy("running"), FACTS)
    assert [each.code for each in decision.blockers] == ["invalid_status"]
