# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules 1 to 5 as a run keeps them (selecting, all blockers first), rule 15 (check mode) and 19 (the service's time)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.pagination import IncompleteListing
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError, JdcloudError
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from support.fleet.audit import audited
from support.fleet.log import DELETE
from support.fleet.scenarios import scenario
from support.fleet.service import Harm
from support.fleet.virtual import Cloud, make_policy
from support.fleet.world import PREPAID
from support.search import examples

LISTING = "vm.describeInstances"


def loose(**more: object) -> Selection:
    plain: dict[str, object] = {"ids": None, "name": None, "tags": {}, "filters": {}, **more}
    return Selection(**plain)  # type: ignore[arg-type]


def test_rule_02_what_a_fuzzy_filter_returns_too_much_is_not_touched() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "stopped", name="web")
    cloud.machine("i-two", "stopped", name="web-2")
    campaign = audited(cloud, make_policy(selection=loose(name="web")))
    assert [row["instance_id"] for row in campaign.report.instances("all")] == ["i-one"]
    assert set(cloud.world.machines) == {"i-two"}


def test_rule_02_a_filter_that_the_service_ignores_is_applied_here() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "stopped", az="cn-north-1a")
    cloud.machine("i-two", "stopped", az="cn-north-1b")
    audited(cloud, make_policy(selection=loose(filters={"az": ("cn-north-1b",)})))
    assert set(cloud.world.machines) == {"i-one"}


def test_rule_03_twins_fail_and_are_named_even_if_other_conditions_would_distinguish_them() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "stopped", name="web", tags={"env": "test"})
    cloud.machine("i-two", "stopped", name="web", tags={"env": "prod"})
    for selection in (loose(name="web"), loose(name="web", tags={"env": ("test",)}), loose(name="web", filters={"az": ("x",)})):
        with pytest.raises(InputError, match="i-one, i-two"):
            cloud.run(make_policy(selection=selection), cap=100)
    assert not cloud.log.writes


def test_rule_03_a_listing_of_several_pages_is_read_completely() -> None:
    cloud = Cloud()
    for number in range(251):
        cloud.machine(f"i-m{number}", "stopped", tags={"env": "test"})
    campaign = audited(cloud, make_policy(selection=loose(tags={"env": ("test",)})), cap=300)
    assert campaign.report.summary()["deleted"] == 251


@pytest.mark.parametrize("selection", [loose(tags={"env": ("test",)}), Selection(("i-one",), None, {}, {})])
def test_rule_03_contradicting_answers_are_read_again_and_then_the_run_fails(selection: Selection) -> None:
    cloud = Cloud()
    cloud.machine("i-one", "stopped", tags={"env": "test"})
    cloud.service.harm_upon(LISTING, "", Harm.SHORT, 1, 2)
    assert audited(cloud, make_policy(selection=selection))["i-one"]["action"] == "deleted"
    cloud.machine("i-one", "stopped", tags={"env": "test"})
    cloud.service.harm = lambda call: Harm.SHORT if call.operation == LISTING else None
    before = len(cloud.log.writes)
    with pytest.raises(IncompleteListing):
        cloud.run(make_policy(selection=selection))
    assert len(cloud.log.writes) == before


@pytest.mark.parametrize(
    ("selection", "cap", "fits"),
    [
        (loose(tags={"env": ("test",)}), None, False),
        (loose(tags={"env": ("test",)}), 11, False),
        (loose(tags={"env": ("test",)}), 12, True),
        (Selection(tuple(f"i-m{n}" for n in range(12)), None, {}, {}), None, True),
        (Selection(tuple(f"i-m{n}" for n in range(12)), None, {"env": ("test",)}, {}), None, False),
        (Selection(tuple(f"i-m{n}" for n in range(12)), None, {}, {}), 11, False),
    ],
)
def test_more_machines_than_the_cap_and_nothing_is_changed(selection: Selection, cap: int | None, fits: bool) -> None:
    cloud = Cloud()
    for number in range(12):
        cloud.machine(f"i-m{number}", "stopped", tags={"env": "test"})
    if fits:
        assert audited(cloud, make_policy(selection=selection), cap=cap).report.summary()["deleted"] == 12
    else:
        with pytest.raises(InputError, match="12 instances"):
            cloud.run(make_policy(selection=selection), cap=cap)
        assert not cloud.log.writes


def test_a_selection_that_matches_nothing_is_no_failure_for_absent() -> None:
    campaign = audited(Cloud(), make_policy(selection=loose(tags={"env": ("test",)})))
    assert campaign.report.instances("all") == []
    assert campaign.report.message() is None


def test_the_status_filter_chooses_and_does_not_hinder_what_follows() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "running")
    cloud.machine("i-two", "stopped")
    campaign = audited(cloud, make_policy(selection=loose(filters={"status": ("running",)}), stop_running=True))
    assert campaign["i-one"]["action"] == "deleted"
    assert set(cloud.world.machines) == {"i-two"}


def test_rule_05_one_blocker_and_nothing_at_all_is_changed() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "stopped")
    cloud.machine("i-two", "running")
    cloud.machine("i-three", "stopped", tags={"jdcloud-protect": "x"}, charge_mode=None)
    campaign = audited(cloud, make_policy("absent", "i-one", "i-two", "i-three"))
    assert not cloud.log.writes
    assert campaign.run.held_back
    codes = {row["instance_id"]: [each["code"] for each in row["blockers"]] for row in campaign.report.instances("all")}
    assert codes == {"i-one": [], "i-two": ["running"], "i-three": ["protected", "no_charge_record"]}
    assert campaign["i-one"]["action"] == "none"
    message = campaign.report.message()
    assert message is not None
    assert "i-two" in message
    assert "i-three" in message


def test_rule_05_skip_goes_on_with_the_others_and_is_no_failure() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "stopped")
    cloud.machine("i-two", "running")
    campaign = audited(cloud, make_policy("absent", "i-one", "i-two"), skip_blocked=True)
    assert (campaign["i-one"]["action"], campaign["i-two"]["action"]) == ("deleted", "blocked")
    assert campaign.report.message() is None


def test_rule_05_a_selector_mismatch_blocks() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "stopped", tags={"env": "prod"})
    selection = Selection(("i-one",), None, {"env": ("test",)}, {})
    campaign = audited(cloud, make_policy(selection=selection))
    assert [each["code"] for each in campaign["i-one"]["blockers"]] == ["selector_mismatch"]
    assert not cloud.log.writes


def test_rule_15_a_write_in_a_preview_would_be_a_bug_that_is_raised() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "stopped")
    campaign = cloud.run(make_policy(), preview=True)
    assert campaign["i-one"]["action"] == "deleted"
    assert campaign["i-one"]["status"] == "absent"
    assert not cloud.log.writes
    assert "i-one" in cloud.world.machines


def test_rule_15_a_preview_settles_and_waits_for_what_others_delete() -> None:
    cloud = Cloud()
    cloud.machine("i-one", "stopping")
    cloud.machine("i-two", "deleting")
    campaign = cloud.run(make_policy("absent", "i-one", "i-two"), preview=True)
    assert (campaign["i-one"]["action"], campaign["i-two"]["action"]) == ("deleted", "none")
    assert campaign["i-two"]["status"] == "absent"
    assert not cloud.log.writes


@examples(100, 120)
@given(seed=st.integers(0, 2**32))
def test_rule_15_a_preview_predicts_exactly_what_the_run_does(seed: int) -> None:
    """Nobody interferes, nothing fails, and the time suffices; that a machine will hang or break down cannot be predicted."""
    predicted, done = scenario(seed, peaceful=True), scenario(seed, peaceful=True)
    for each in (predicted, done):
        for machine in each.cloud.world.machines.values():
            machine.uncharged_until = 0.0
            machine.hangs &= {machine.status}
            machine.ends_in_error &= {machine.status}
    results: list[str] = []
    for each, preview in ((predicted, True), (done, False)):
        try:
            timing = replace(each.timing, wait_timeout=300.0)
            campaign = each.cloud.run(each.policy, timing, cap=100, skip_blocked=each.skip_blocked, preview=preview)
        except JdcloudError as error:
            results.append(str(error))
            continue
        rows = campaign.report.instances("all")
        # Without waiting, the run ends while the machine is still on its way, and its fates are unverified.
        open_ends = () if each.timing.wait else ("status", "disks", "elastic_ips")
        text = [{key: value for key, value in row.items() if key not in ("error", *open_ends)} for row in rows]
        codes = [(row["error"] or {}).get("code") for row in rows]
        results.append(repr((text, codes, campaign.report.changed)))
    assert results[0] == results[1]
    assert not predicted.cloud.log.writes


def test_rule_19_expiry_is_judged_by_the_services_own_time() -> None:
    """The virtual cloud's answers say 2026-01-15; this machine's clock says something else."""
    cloud = Cloud()
    cloud.machine("i-over", "stopped", charge_mode=PREPAID, expires="2026-01-14T23:59:59Z")
    cloud.machine("i-valid", "stopped", charge_mode=PREPAID, expires="2026-01-16T00:00:00Z")
    campaign = audited(cloud, make_policy("absent", "i-over", "i-valid"), skip_blocked=True)
    assert (campaign["i-over"]["action"], campaign["i-valid"]["action"]) == ("deleted", "blocked")
    assert [write.resource for write in cloud.log.of(DELETE)] == ["i-over"]
