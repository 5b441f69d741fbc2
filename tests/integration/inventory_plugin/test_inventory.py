# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory through ansible-inventory and ansible-playbook: groups, trust, failures, the cache, and batches."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from jdcloud_emulator.process import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY
from support.integration.cloud import running, stopped
from support.integration.inventory import FILE, STRICT, Inventory
from support.json_object import Json

A, B, C, D = "i-aaaa000001", "i-bbbb000002", "i-cccc000003", "i-dddd000004"
HARBOR: Json = {"tags": {"project": "harbor"}}
BY_PROJECT: Json = {"keyed_groups": [{"key": "jdcloud_tags.project | default('')", "prefix": "project"}]}
BATCHES: Json = {"hosts": "project_harbor", "serial": 2}
COMPOSED = {
    "as_it_is": "jdcloud_name",
    "longer": "'name ' ~ jdcloud_name",
    "changed": "jdcloud_tags.env | default('none') | replace('prod', 'production')",
    "inside": "[jdcloud_name, jdcloud_tags]",
}


def written(content: str, path: str) -> Json:
    """A task that writes a file on this computer."""
    return {"ansible.builtin.copy": {"content": content, "dest": path, "mode": "0600"}, "delegate_to": "localhost"}


def test_two_regions_become_hosts_and_groups(inventory: Inventory) -> None:
    inventory.seed(
        cn_north_1=[running(A, name="web", tags={"env": "prod"}), running(B, name="web"), stopped(C, name="localhost")],
        cn_east_2=[running(D, name="db", tags={"env": "prod"}, elastic_ip={"address": "203.0.113.9"})],
    )
    # Of the twins, and of the machine that means this computer.
    inventory.warns = True
    inventory.write(
        regions=["cn-north-1", "cn-east-2"],
        compose={"ansible_host": "jdcloud_elastic_ip_address | default(jdcloud_private_ip_address)"},
        groups={"up": "jdcloud_status == 'running'"},
        keyed_groups=[{"key": "jdcloud_tags", "prefix": "tag"}, {"key": "jdcloud_region", "prefix": "region"}],
    )
    listed = inventory.listed("--export")
    assert listed["up"]["hosts"] == [f"web_{A}", f"web_{B}", "db"]
    assert listed["tag_env_prod"]["hosts"] == [f"web_{A}", "db"]
    assert listed["region_cn_north_1"]["hosts"] == [f"web_{A}", f"web_{B}", C]
    graph = inventory.run("ansible-inventory", "--graph", "region_cn_east_2").stdout
    assert graph.split() == ["@region_cn_east_2:", "|--db"]
    host = json.loads(inventory.run("ansible-inventory", "--host", "db").stdout)
    assert {name for name in host if not name.startswith("jdcloud_")} == {"ansible_host"}


def test_rule_18_text_from_the_cloud_is_data_in_lists_groups_and_plays(inventory: Inventory, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    text = "{{ lookup('pipe', 'touch " + str(mark) + "') }}"
    machine = running(A, name=text, description=text, tags={"env": text, "{{ 7 * 7 }}": "k"})
    inventory.seed(cn_north_1=[machine, running(B, name="web", tags={"env": "prod", "inside": text})])
    inventory.write(
        compose=COMPOSED,
        keyed_groups=[{"key": "jdcloud_tags", "prefix": "tag"}, {"key": "jdcloud_name", "parent_group": "named"}],
        groups={"odd": "'lookup' in jdcloud_name"},
        hostnames=["tag:env", "name"],
    )
    # Of the name that holds a template.
    inventory.warns = True
    shown = str(tmp_path / "shown-")
    names = ["jdcloud_name", "jdcloud_tags", *COMPOSED]
    each = "{{ {" + ", ".join(f"'{name}': {name}" for name in names) + "} | to_json }}"
    others = "{{ hostvars['" + A + "'].jdcloud_description }} and {{ hostvars['" + A + "'].longer }}"
    played = inventory.play(
        {"ansible.builtin.debug": {"msg": "{{ inventory_hostname }} {{ group_names }} {{ jdcloud_name }} {{ longer }}"}},
        {"ansible.builtin.debug": {"var": "hostvars"}},
        {"ansible.builtin.set_fact": {"copied": "{{ as_it_is }} {{ inside }}"}},
        {"ansible.builtin.debug": {"msg": "{{ copied }}"}},
        written(each, shown + "{{ jdcloud_instance_id }}"),
        written(others, shown + "{{ jdcloud_instance_id }}-others"),
        {**written("{{ groups.all | sort | to_json }}", shown + "hosts"), "run_once": True},
        hosts="all",
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert not mark.exists()
    assert json.loads(Path(shown + "hosts").read_text(encoding="utf-8")) == [A, "prod"]
    values = json.loads(Path(shown + A).read_text(encoding="utf-8"))
    assert values["jdcloud_name"] == values["as_it_is"] == values["changed"] == text
    assert values["longer"] == f"name {text}"
    assert values["jdcloud_tags"] == {"env": text, "{{ 7 * 7 }}": "k"}
    assert values["inside"] == [text, values["jdcloud_tags"]]
    assert Path(f"{shown}{B}-others").read_text(encoding="utf-8") == f"{text} and name {text}"


@pytest.mark.cores
def test_texts_are_listed_plainly_and_templates_stay_protected(inventory: Inventory) -> None:
    """In all forms, also out of the cache, and in what is made of them. Half a mark that `compose` completes is a whole one."""
    machine = running(
        A, name="web", tags={"env": "prod", "odd": "{{ 7 * 7 }}", "half": "{ 7 * 7 }}"}, description="{% raw %} 100 %"
    )
    inventory.seed(cn_north_1=[machine])
    inventory.write(
        compose={
            "plain": "jdcloud_name ~ '-1'",
            "joined": "'{' ~ jdcloud_tags.half",
            "inside": "[jdcloud_tags.odd, jdcloud_name]",
        },
        groups={"prod": "jdcloud_tags.env == 'prod'"},
        keyed_groups=[
            {"key": "jdcloud_tags.env", "prefix": "env"},
            {"key": "jdcloud_name", "parent_group": "{{ jdcloud_tags.env }}_all"},
        ],
        cache=True,
        cache_plugin="ansible.builtin.jsonfile",
        cache_connection=str(inventory.folder / "cache"),
    )
    odd = {"__ansible_unsafe": "{{ 7 * 7 }}"}
    read, cached, exported = (inventory.listed(*words) for words in ((), (), ("--export",)))
    host = read["_meta"]["hostvars"]["web"]
    assert {name: host[f"jdcloud_{name}"] for name in ("name", "region", "status")} == {
        "name": "web",
        "region": "cn-north-1",
        "status": "running",
    }
    assert host["jdcloud_tags"] == {"env": "prod", "odd": odd, "half": "{ 7 * 7 }}"}
    assert host["jdcloud_description"] == {"__ansible_unsafe": "{% raw %} 100 %"}
    assert (host["plain"], host["joined"], host["inside"]) == ("web-1", odd, [odd, "web"])
    assert [read[group]["hosts"] for group in ("prod", "env_prod", "_web")] == [["web"]] * 3
    assert read["prod_all"]["children"] == ["_web"]
    assert cached == read
    assert exported["_meta"]["hostvars"] == read["_meta"]["hostvars"]
    as_yaml = yaml.safe_load(inventory.run("ansible-inventory", "--list", "--yaml", **STRICT).stdout.replace("!unsafe ", ""))
    assert as_yaml["all"]["children"]["prod"]["hosts"]["web"]["jdcloud_tags"]["odd"] == "{{ 7 * 7 }}"
    assert "__ansible_unsafe" not in str(as_yaml)


@pytest.mark.cores
@pytest.mark.thorough
def test_twins_in_two_files_are_called_alike(inventory: Inventory) -> None:
    """In the order in which the second file renames a host of the first; unit tests have both orders."""
    inventory.seed(cn_north_1=[running(A, name="web")], cn_east_2=[running(B, name="web"), running(C, name="db")])
    inventory.warns = True
    for number, region in enumerate(("cn-north-1", "cn-east-2")):
        inventory.write(region=region, groups={region.replace("-", "_"): True})
        (inventory.folder / FILE).rename(inventory.folder / f"{number}.{FILE}")
    inventory.write(regions=["cn-east-2"], hostnames=["instance_id"], filters={"instanceId": C}, groups={"third": True})
    listed = inventory.listed("-i", f"0.{FILE}", "-i", f"1.{FILE}")
    assert [sorted(listed[group]["hosts"]) for group in ("cn_north_1", "cn_east_2")] == [[f"web_{A}"], ["db", f"web_{B}"]]


@pytest.mark.cores
def test_a_text_of_the_cloud_is_no_condition_of_a_play(inventory: Inventory, tmp_path: Path) -> None:
    """It needs no marks of a template to be evaluated there, so it is protected although it is listed plainly."""
    mark = tmp_path / "mark"
    inventory.seed(cn_north_1=[running(A, name="web", description=f"lookup('pipe', 'touch {mark}') == ''")])
    inventory.write()
    assert "lookup" in inventory.listed()["_meta"]["hostvars"]["web"]["jdcloud_description"]
    task: Json = {"ansible.builtin.debug": {"msg": "x"}, "when": "{{ jdcloud_description }}"}
    assert inventory.play(task, hosts="all").returncode != 0
    assert not mark.exists()


def test_a_region_that_fails_fails_the_inventory_and_shows_no_secret(inventory: Inventory) -> None:
    inventory.seed(cn_north_1=[running(A)], cn_east_2=[running(B)])
    keys: Json = {"access_key": DEFAULT_ACCESS_KEY, "secret_key": DEFAULT_SECRET_KEY}
    inventory.write(regions=["cn-north-1", "cn-east-2"], **keys)
    refusal: Json = {"http": 403, "status": "HTTP_FORBIDDEN", "message": f"no rights for {DEFAULT_SECRET_KEY}"}
    inventory.cloud.control.inject("error", operation="vm.describeInstances", after=1, times=0, **refusal)
    for environment in (STRICT, {}):
        ended = inventory.ansible._run(["ansible-inventory", "-i", "test.jdcloud_vm.yml", "--list", "-vvvv"], environment)
        output = ended.stdout + ended.stderr
        assert "was not read, so there is no inventory" in " ".join(output.split())
        assert DEFAULT_SECRET_KEY not in output
        assert A not in ended.stdout
        assert B not in ended.stdout
        assert (ended.returncode != 0) is bool(environment), "only the setting makes Ansible stop"


@pytest.mark.thorough
def test_an_error_in_a_file_does_not_print_the_key_next_to_it(inventory: Inventory, tmp_path: Path) -> None:
    """Files that Ansible cannot use one after the other, so that it goes on to the next one."""
    lines = ["plugin: jdcloud.cloud.jdcloud_vm", f"access_key: {DEFAULT_ACCESS_KEY}", f"secret_key: {DEFAULT_SECRET_KEY}"]
    wrong = ('region: "{{ nowhere }}"', "api_timeout: soon", "tag: {env: test}", "tags: {env: }")
    for number, line in enumerate(wrong):
        (tmp_path / f"{number}.{FILE}").write_text("\n".join([*lines, line, ""]), encoding="utf-8")
    files = [word for number in range(len(wrong)) for word in ("-i", f"{number}.{FILE}")]
    ended = inventory.ansible._run(["ansible-inventory", *files, "--list", "-vvvv"], None)
    output = " ".join((ended.stdout + ended.stderr).split())
    assert output.count("Unable to parse") == len(wrong), output
    assert DEFAULT_SECRET_KEY not in output
    assert "Traceback" not in output
    assert inventory.cloud.calls() == []


@pytest.mark.thorough
def test_the_cache_is_used_until_it_is_flushed(inventory: Inventory, tmp_path: Path) -> None:
    inventory.seed(cn_north_1=[running(A)])
    inventory.write(cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(tmp_path / "cache"))
    assert set(inventory.listed()["_meta"]["hostvars"]) == {A}
    inventory.cloud.control.add({"regions": {"cn-north-1": {"instances": [running(B)]}}})
    assert set(inventory.listed()["_meta"]["hostvars"]) == {A}
    # ansible-inventory itself has the option from ansible-core 2.19 on.
    flushed = inventory.run("ansible-playbook", str(inventory.ansible.write([], hosts="all")), "--list-hosts", "--flush-cache")
    assert A in flushed.stdout
    assert B in flushed.stdout
    assert len(inventory.cloud.calls("vm.describeInstances")) == 2


def batch(tmp_path: Path) -> list[Json]:
    """The task of the guide, and one that keeps what it printed."""
    ids = "{{ ansible_play_batch | map('extract', hostvars, 'jdcloud_instance_id') | list }}"
    options: Json = {"state": "absent", "instance_ids": ids, "stop_running": True, "poll_interval": 0.2, **HARBOR}
    delete: Json = {"jdcloud.cloud.jdcloud_vm": options, "register": "deleted", "delegate_to": "localhost"}
    keep = written("{{ deleted | to_json }}", str(tmp_path / "batch-{{ ansible_play_batch | first }}"))
    return [{**task, "run_once": True} for task in (delete, keep)]


@pytest.mark.thorough
def test_a_batch_with_a_protected_machine_fails_as_a_whole_and_is_the_last(inventory: Inventory, tmp_path: Path) -> None:
    protected: Json = {"tags": {**HARBOR["tags"], "jdcloud-protect": "yes"}}
    inventory.write(**BY_PROJECT)
    inventory.seed(cn_north_1=[running(A, **HARBOR), running(B, **protected), stopped(C, **HARBOR), running(D)])
    assert inventory.play(*batch(tmp_path), **BATCHES).returncode != 0
    assert inventory.cloud.writes() == []
    assert not list(tmp_path.glob("batch-*"))


def test_a_play_deletes_each_batch_of_a_group_in_one_task(inventory: Inventory, tmp_path: Path) -> None:
    inventory.write(**BY_PROJECT)
    inventory.seed(cn_north_1=[running(A, **HARBOR), running(B, **HARBOR), stopped(C, **HARBOR), running(D)])
    played = inventory.play(*batch(tmp_path), **BATCHES)
    assert played.returncode == 0, played.stdout + played.stderr
    assert not any(inventory.cloud.exists(instance_id) for instance_id in (A, B, C))
    assert inventory.cloud.exists(D)
    kept = [json.loads((tmp_path / f"batch-{host}").read_text(encoding="utf-8")) for host in (A, C)]
    assert [result["summary"]["deleted"] for result in kept] == [2, 1]
    assert len(list(tmp_path.glob("batch-*"))) == 2
    log = inventory.cloud.calls()
    assert len(log) == 1 + sum(result["summary"]["api_calls"] for result in kept), (
        "one listing, and one call of the module a batch"
    )
    looks = [unquote(entry["query"]) for entry in log if entry["operation"] == "vm.describeInstances"][1:]
    assert A in looks[0]
    assert B in looks[0]
    assert not any(C in look for look in looks if A in look or B in look)
