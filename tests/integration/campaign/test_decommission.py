# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role vm_decommission through real playbooks: what it refuses, what check mode tells, the run, and the run again."""

from __future__ import annotations

from pathlib import Path

from support.integration.campaigns import FASTER, report_of, roomy
from support.integration.cloud import Cloud, running, stopped
from support.integration.conductor import Conductor, kill_at
from support.json_object import Json

A, B, C, D = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-dddd000004"


def test_a_campaign_goes_from_a_canary_to_all_and_says_what_is_left(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    disk = {"size": 20, "auto_delete": False}
    cloud.seed(running(A, disks=[disk]), stopped(B, elastic_ip=True), running(C), stopped(D), **FASTER)
    roomy(cloud)
    folder = tmp_path / "campaign"
    wanted: Json = {"instance_ids": [A, B, C, D], "stop_running": "true", "waves": "1,50%,100%", "report_dir": str(folder)}

    preview = conductor.decommission("--check", **wanted, elastic_ips="release")
    assert preview.message == ""
    assert preview.report["outcome"] == "planned"
    assert set(preview.actions.values()) == {"deleted"}
    assert cloud.writes() == []
    assert [each.name for each in folder.iterdir()] == ["plan"]

    done = conductor.decommission(**wanted, elastic_ips="release")
    assert done.message == "", done.output
    assert done.report["outcome"] == "complete", done.output
    assert done.actions == preview.actions
    fates = {
        part: [[each["fate"] for each in row[part]] for row in preview.report["machines"]] for part in ("disks", "elastic_ips")
    }
    assert fates == {part: [[each["fate"] for each in row[part]] for row in done.report["machines"]] for part in fates}
    assert ": complete, 4 deleted of 4 instances; " in done.output
    assert "\nReport: /" in done.output
    assert f"4 of 4 instances would be deleted. Digest: {done.report['digest']}" in preview.output
    assert done.waves == [(1, "complete"), (1, "complete"), (2, "complete")]
    assert {**report_of(folder), "path": done.report["path"]} == done.report
    assert done.totals["deleted"] == 4
    assert done.totals["backups_made"] == 4
    assert done.report["api"]["calls"] == len(cloud.calls()) - preview.report["api"]["calls"]
    assert done.totals["elastic_ips_released"] == 1
    assert len(done.left("disks", "disk_id")) == 1
    assert len(done.left("images", "image_id")) == 4
    assert all(cloud.control.resource(each) is None for each in (A, B, C, D))

    again = conductor.decommission(**wanted, elastic_ips="release")
    assert again.message == ""
    assert again.report["outcome"] == "nothing_to_do"


def test_wrong_input_is_refused_and_nothing_is_sent(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    cloud.seed(stopped(A))
    wrong: list[tuple[Json, str]] = [
        ({}, "Nothing is selected"),
        ({"instance_ids": []}, "vm_decommission_instance_ids is empty"),
        ({"instance_ids": [A, None]}, "blank or null member"),
        ({"instance_ids": None, "tags": None}, "Nothing is selected"),
        ({"instance_ids": A, "tags": {"build": 8}}, "vm_decommission_tags.build is a number (8), not text: quote it"),
        ({"instance_ids": A, "report_dir": "here"}, "must be an absolute path"),
        ({"instance_ids": A, "max_instance": 2}, "vm_decommission_max_instance: the role vm_decommission has no such variable"),
        ({"instance_ids": A, "report_dir": str(tmp_path / "none" / "deeper")}, "whose parent directory exists"),
    ]
    for variables, part in wrong:
        used = conductor.decommission(**variables)
        assert part in used.message, (variables, used.message)
        assert used.report == {}, (variables, used.message)
    assert cloud.calls() == []


def test_all_that_forbids_any_deletion_is_reported_before_anything_is_touched(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(
        running(A),
        stopped(B, tags={"jdcloud-protect": "yes"}),
        stopped(C, charge="prepaid", expires="+30d"),
        stopped(D, local_disks=1),
        **FASTER,
    )
    roomy(cloud)
    used = conductor.decommission(instance_ids=f"{A}, {B}\n{C},{D}")
    assert "4 instances" in used.message
    assert "nothing was changed" in used.message
    assert used.report["outcome"] == "blocked"
    assert set(used.actions.values()) == {"blocked"}
    assert used.codes(A) == {"running"}
    assert used.codes(B) == {"protected"}
    assert used.codes(C) == {"prepaid_unexpired"}
    assert used.codes(D) == {"local_disk_loss"}
    assert cloud.writes() == []


def test_too_many_machines_for_the_cap_or_for_the_quotas_change_nothing(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(*(stopped(each, tags={"project": "x"}) for each in (A, B, C)), **FASTER)
    capped = conductor.decommission(tags="project=x", max_instances="2")
    cloud.control.set_quotas(images=2)
    short = conductor.decommission(tags={"project": "x"})
    assert "max_instances" in capped.message
    assert capped.report == {}
    assert "The quotas are too small" in short.message
    assert short.report["outcome"] == "blocked"
    assert cloud.writes() == []


def test_what_is_blocked_is_skipped_if_that_is_wanted(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(stopped(A), stopped(B, tags={"jdcloud-protect": "yes"}), **FASTER)
    roomy(cloud)
    used = conductor.decommission(instance_ids=[A, B], on_blocked="skip", backup="none")
    assert used.message == ""
    assert used.actions == {A: "deleted", B: "blocked"}
    assert cloud.status(B) == "stopped"


def test_what_would_be_destroyed_with_a_machine_protects_it(cloud: Cloud, conductor: Conductor) -> None:
    shielded: Json = {"tags": {"jdcloud-protect": "yes"}}
    cloud.seed(
        stopped(A, disks=[{"id": "vol-a", "auto_delete": True, **shielded}]),
        stopped(B, elastic_ip={"id": "fip-b", **shielded}),
        stopped(C),
        **FASTER,
    )
    used = conductor.decommission(instance_ids=[A, B, C], on_blocked="skip", backup="none", elastic_ips="release")
    assert used.actions == {A: "blocked", B: "blocked", C: "deleted"}
    assert used.codes(A) == used.codes(B) == {"protected"}
    assert cloud.exists("vol-a")
    assert cloud.exists("fip-b")


def test_a_failing_canary_ends_the_campaign_and_the_next_run_goes_on(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    cloud.seed(running(A), running(B), stopped(C), **FASTER)
    roomy(cloud)
    fault = cloud.control.inject(
        "error", operation="vm.deleteInstance", resource=A, times=0, http=403, status="PERMISSION_DENIED"
    )
    wanted: Json = {"instance_ids": [A, B, C], "stop_running": True, "report_dir": str(tmp_path)}
    stopped_here = conductor.decommission(**wanted)
    assert "stopped after wave 1" in stopped_here.message
    assert "2 instances were not started" in stopped_here.message
    assert stopped_here.report["outcome"] == "stopped"
    assert stopped_here.actions == {A: "failed", B: "not_started", C: "not_started"}
    assert [state for _machines, state in stopped_here.waves] == ["failed", "not_started"]
    assert cloud.status(B) == "running"
    assert not cloud.calls("vm.stopInstance", B)
    assert not cloud.calls("vm.createImage", C)

    cloud.control.clear_faults(fault)
    finished = conductor.decommission(**wanted)
    assert finished.message == ""
    assert finished.report["campaign"] == stopped_here.report["campaign"]
    assert finished.actions == {A: "deleted", B: "deleted", C: "deleted"}
    assert len(finished.report["runs"]) == 2
    assert finished.report["digest"] == stopped_here.report["digest"]
    assert any(note.startswith("Resumed") for note in finished.report["notes"])


def test_failures_up_to_the_threshold_let_the_campaign_go_on_and_still_fail_it(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(stopped(A), stopped(B), **FASTER)
    cloud.control.inject("error", operation="vm.deleteInstance", resource=A, times=0, http=403, status="PERMISSION_DENIED")
    used = conductor.decommission(instance_ids=[A, B], backup="none", waves="1,100%", max_failures="1")
    assert used.actions == {A: "failed", B: "deleted"}
    assert used.report["outcome"] == "failed"
    assert "1 instance" in used.message


def test_a_wrong_region_touches_nothing_and_says_so(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(stopped(A), **FASTER)
    used = conductor.decommission(instance_ids=A, region="cn-east-2")
    assert "None of 1 ids exists in cn-east-2, so nothing was done" in used.message
    assert used.report["outcome"] == "failed"
    assert any("None of 1 ids exists in cn-east-2" in note for note in used.report["notes"])
    assert cloud.writes() == []
    assert cloud.status(A) == "stopped"


def test_nothing_selected_by_tags_is_a_failure_unless_it_is_expected(cloud: Cloud, conductor: Conductor) -> None:
    cloud.seed(stopped(A), **FASTER)
    assert "set vm_decommission_empty_is_success to true" in conductor.decommission(tags="project=gone").message
    used = conductor.decommission(tags="project=gone", empty_is_success="true")
    assert used.message == ""
    assert used.report["outcome"] == "nothing_to_do"
    assert used.report["machines"] == []
    assert len(cloud.calls()) <= 4


def test_two_campaigns_over_the_same_machines_do_not_hurt_each_other(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    """The second comes while the first one's delete hangs; each releases only what belongs to its own deletes."""
    address = {"id": "fip-aaaaaaaaaa", "address": "203.0.113.7"}
    cloud.seed(stopped(A, elastic_ip=address), stopped(B), **FASTER)
    wanted: Json = {"instance_ids": [A, B], "backup": "none", "elastic_ips": "release", "waves": "100%"}
    # The first one has deleted one machine when it is killed, and not the other one, whichever of the two calls leaves first.
    other = cloud.control.inject("hang", operation="vm.deleteInstance", resource=B)
    kill_at(
        cloud,
        tmp_path,
        "vm.deleteInstance",
        "decommission",
        {**wanted, "report_dir": str(tmp_path / "one")},
        resource=A,
        effect="before",
    )
    cloud.control.clear_faults(other)
    second = conductor.decommission(**wanted, report_dir=str(tmp_path / "two"))
    assert second.message == ""
    assert second.actions == {A: "none", B: "deleted"}
    assert cloud.control.resource(B) is None
    assert cloud.control.resource(address["id"]) is not None
    first = conductor.decommission(**wanted, report_dir=str(tmp_path / "one"))
    assert first.message == ""
    assert first.machine(A)["action"] == "deleted"
    assert cloud.control.resource(address["id"]) is None


def test_text_of_the_cloud_is_only_text(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    trap = "{{ 1/0 }}{% x %}<script>"
    cloud.seed(stopped(A, name=trap, tags={"note": trap}, elastic_ip=True, disks=[{"size": 20}]), **FASTER)
    roomy(cloud)
    used = conductor.decommission(instance_ids=A, report_dir=str(tmp_path))
    assert used.message == ""
    assert used.machine(A)["name"] == trap
    assert report_of(tmp_path)["machines"][0]["name"] == trap
    assert "<script>x" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert used.left("elastic_ips", "elastic_ip_id")
    assert used.left("disks", "disk_id")
    region = cloud.control.state()["regions"]["cn-north-1"]
    for kept in (*region["elastic_ips"].values(), *region["disks"].values()):
        assert {"key": "decommission-campaign", "value": used.report["campaign"]} in kept["tags"]


def test_more_machines_than_the_default_cap_go_if_the_cap_allows_it(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    """The cap holds for the selection; the frozen list is not capped again, in no wave and in no state."""
    ids = [f"i-many{number:06}" for number in range(12)]
    cloud.seed(*(stopped(each, tags={"project": "x"}) for each in ids), **FASTER)
    wanted: Json = {"tags": "project=x", "max_instances": 12, "report_dir": str(tmp_path)}
    marked = conductor.decommission(**wanted, state="mark")
    assert marked.message == ""
    assert marked.totals["marked"] == 12
    used = conductor.decommission(**wanted, backup="none", waves="1,100%")
    assert used.message == ""
    assert used.totals["deleted"] == 12


def test_what_is_taken_off_a_machine_during_its_backup_is_saved(cloud: Cloud, conductor: Conductor, tmp_path: Path) -> None:
    """Another user notices the stop, and takes a disk and the address away: they would have gone with the machine."""
    disk = {"id": "vol-rescued01", "size": 20, "auto_delete": True}
    cloud.seed(stopped(A, disks=[disk], elastic_ip={"id": "fip-rescued01"}), **FASTER, detach_seconds=0.0)
    roomy(cloud)
    backed_up = {"operation": "vm.createImage", "resource": A, "moment": "after"}
    cloud.control.act("detach", A, when=backed_up, disk="vol-rescued01")
    cloud.control.act("disassociate", A, when=backed_up, elastic_ip="fip-rescued01")
    done = conductor.decommission(instance_ids=A, elastic_ips="release", report_dir=str(tmp_path / "campaign"))
    assert done.actions == {A: "deleted"}, done.message
    assert cloud.exists("vol-rescued01")
    assert cloud.exists("fip-rescued01")
    assert cloud.calls("disk.deleteDisk") == []
    assert cloud.calls("vpc.deleteElasticIp") == []
    assert any("lost disks or elastic IPs" in note for note in done.report["notes"])
