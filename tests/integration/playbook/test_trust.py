# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules 17 and 18 through Ansible itself: what it prints at the highest verbosity, and what it would like to template."""

from __future__ import annotations

import json

from jdcloud_emulator.process import DEFAULT_SECRET_KEY
from support.integration.cloud import Cloud, account, stopped
from support.integration.commands import Ansible, vm
from support.json_object import Json

A, B = "i-aaaa000001", "i-bbbb000002"
TOKEN = "tmp-token-0123456789"
SECRET = "TemporarySecret0001"
TEMPLATE = "{{ 7*7 }} {% if true %}<script>{% endif %}"


def test_rule_17_secrets_are_nowhere_in_the_most_verbose_output(cloud: Cloud, ansible: Ansible) -> None:
    """Keys from the environment, then as options; a run that fails, and one that is refused for its input."""
    tokens = [{"access_key": "TEMPORARYKEY0001", "secret_key": SECRET, "token": TOKEN}]
    cloud.seed(stopped(A), stopped(B), accounts=[account(tokens=tokens)])
    for instance_id, secret in ((A, SECRET), (B, DEFAULT_SECRET_KEY)):
        refusal: Json = {"http": 403, "status": "HTTP_FORBIDDEN", "message": f"no rights for {secret}"}
        cloud.control.inject("error", operation="vm.deleteInstance", resource=instance_id, times=0, **refusal)
    keys: Json = {"access_key": "TEMPORARYKEY0001", "secret_key": SECRET, "security_token": TOKEN}
    played = ansible.play(
        [
            vm("from_environment", "absent", B),
            vm("from_options", "absent", A, **keys),
            vm("two_sources", "absent", A, profile="other", **keys),
            {"name": "Show", "ansible.builtin.debug": {"var": "from_options"}},
        ],
        "-vvvv",
        "--diff",
    )
    assert played.status == 0
    assert played["from_options"]["failed"]
    assert played["two_sources"]["failed"]
    everything = played.output + json.dumps(played.results)
    assert not any(secret in everything for secret in (DEFAULT_SECRET_KEY, TOKEN, SECRET))
    assert "no rights for ****" in played["from_options"]["instances"][0]["error"]["message"]
    assert played["from_options"]["account"]["access_key_suffix"] == "0001"


def test_rule_18_text_from_the_cloud_is_not_templated(cloud: Cloud, ansible: Ansible) -> None:
    cloud.seed(
        stopped(A, name=TEMPLATE, tags={"k": TEMPLATE}, description=TEMPLATE),
        stopped(B, tags={"jdcloud-protect": TEMPLATE}),
    )
    cloud.control.inject("error", operation="vm.deleteInstance", http=400, status="DUPLICATE", message=TEMPLATE)
    copied: Json = {"ansible.builtin.set_fact": {"copied": "{{ info.instances[0].name }}"}}
    looped: Json = {
        "ansible.builtin.debug": {"msg": "{{ item.name }} and {{ item.tags.k | default('') }}"},
        "loop": "{{ info.instances }}",
        "register": "looped",
    }
    again: Json = {"ansible.builtin.debug": {"msg": "{{ copied }}"}, "register": "again"}
    played = ansible.play(
        [
            {"jdcloud.cloud.jdcloud_vm_info": {"instance_ids": [A, B]}, "register": "info"},
            copied,
            looped,
            again,
            vm("failed", "absent", A, B, on_blocked="skip"),
            {"ansible.builtin.debug": {"msg": "{{ failed.instances[0].error.message }}"}, "register": "message"},
            {"ansible.builtin.debug": {"msg": "{{ failed.instances[1].blockers[0].message }}"}, "register": "blocker"},
        ]
    )
    assert played.status == 0, played.output
    assert played["info"]["instances"][0]["name"] == TEMPLATE
    assert played["again"]["msg"] == TEMPLATE
    assert played["looped"]["results"][0]["msg"] == f"{TEMPLATE} and {TEMPLATE}"
    assert TEMPLATE in played["message"]["msg"]
    assert TEMPLATE in played["blocker"]["msg"]
    assert "49" not in played["again"]["msg"]
