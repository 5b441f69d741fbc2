# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any machine, any policy and any facts, for tests of what always holds."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.groups import Group
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.instance import (
    Address,
    AttachedDisk,
    Instance,
    Interface,
)
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.model.resources import Charge, ElasticIp
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.common.selection import Selection
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.policy import Facts, Policy
from ansible_collections.jdcloud.cloud.plugins.module_utils._fleet.planning.surroundings import (
    BalancerFacts,
    GroupFacts,
    Registration,
)
from support.fleet.builders import AFTER, BEFORE, NOW, POSTPAID, PREPAID, USAGE, seen_disk
from support.search import examples

STATUSES = [
    "running",
    "stopped",
    "error",
    "pending",
    "starting",
    "stopping",
    "rebooting",
    "resizing",
    "rebuilding",
    "deleting",
    "odd",
]
TAGS = st.dictionaries(st.sampled_from(["env", "owner", "jdcloud-protect", "keep"]), st.sampled_from(["", "a", "b"]), max_size=3)
VALUES = st.dictionaries(st.sampled_from(["env", "owner", "keep"]), st.sampled_from([("a",), ("a", "b"), ("*",)]), max_size=2)
CHARGES = st.builds(
    Charge,
    mode=st.sampled_from([POSTPAID, POSTPAID, USAGE, PREPAID, "", "other"]),
    status=st.sampled_from(["normal", "overdue", "arrear", ""]),
    expires=st.sampled_from([None, BEFORE, AFTER]),
)
CLOUD_DISKS = st.builds(
    AttachedDisk,
    disk_id=st.sampled_from([f"vol-d{number}" for number in range(6)]),
    device=st.sampled_from(["vdb", "vdc", "vdd"]),
    category=st.just("cloud"),
    size_gb=st.just(20),
    auto_delete=st.sampled_from([True, False, None]),
    attachment_status=st.sampled_from(["attached"] * 6 + ["attaching", "detaching", "detached", ""]),
    charge=st.none() | CHARGES,
    shared=st.booleans(),
)
LOCAL_DISKS = st.builds(
    AttachedDisk,
    disk_id=st.none(),
    device=st.sampled_from(["vde", "vdf"]),
    category=st.just("local"),
    size_gb=st.just(400),
    auto_delete=st.sampled_from([None, True, False]),
)
SYSTEM_DISKS = st.builds(
    AttachedDisk,
    disk_id=st.just("vol-sys"),
    device=st.just("vda"),
    category=st.sampled_from(["cloud", "cloud", "local"]),
    size_gb=st.just(40),
    auto_delete=st.sampled_from([True, False, None]),
    system=st.just(True),
)
INTERFACES = st.builds(Interface, st.sampled_from(["port-1", "port-2"]), st.booleans(), st.sampled_from([True, False, None]))
ADDRESSES = st.builds(
    Address, st.sampled_from(["fip-a", "fip-b"]), st.none(), st.sampled_from(["port-1", "port-2"]), st.booleans()
)
MACHINES = st.builds(
    Instance,
    instance_id=st.just("i-one"),
    name=st.sampled_from(["web", "db"]),
    status=st.sampled_from(STATUSES),
    tags=TAGS,
    charge=st.none() | CHARGES,
    disks=st.tuples(
        st.lists(SYSTEM_DISKS, max_size=1),
        st.lists(CLOUD_DISKS, max_size=3, unique_by=lambda disk: disk.disk_id),
        st.lists(LOCAL_DISKS, max_size=1),
    ).map(lambda parts: (*parts[0], *parts[1], *parts[2])),
    addresses=st.lists(ADDRESSES, max_size=2, unique_by=lambda each: each.elastic_ip_id).map(tuple),
    interfaces=st.lists(INTERFACES, max_size=2, unique_by=lambda each: each.network_interface_id).map(tuple),
    dedicated_host_id=st.sampled_from([None, None, "host-1"]),
    group_id=st.sampled_from([None, None, "ag-1", "ag-2"]),
    vpc_id=st.sampled_from(["vpc-1", "vpc-2", None]),
    private_ips=st.sampled_from([(), ("10.0.0.5",)]),
)
POLICIES = st.builds(
    Policy,
    state=st.sampled_from(["absent", "absent", "stopped", "running"]),
    selection=st.builds(
        Selection,
        ids=st.just(("i-one",)),
        name=st.sampled_from([None, "web"]),
        tags=VALUES,
        filters=st.just({}),
    ),
    protect_tags=st.just({"jdcloud-protect": ("*",)}) | VALUES,
    stop_running=st.booleans(),
    disks=st.sampled_from(["as_configured", "keep", "delete"]),
    release_elastic_ips=st.booleans(),
    charge_on_stopped=st.sampled_from([None, "keepCharging", "stopCharging"]),
    allow_local_disk_loss=st.booleans(),
    group_members=st.sampled_from(["block", "abandon", "ignore"]),
    load_balancers=st.sampled_from(["block", "deregister", "ignore"]),
    allow_last_target=st.booleans(),
)
NUMBERS = st.none() | st.integers(0, 3)
GROUPS = st.builds(
    Group,
    group_id=st.just("ag-1"),
    name=st.just("web"),
    scaling=st.sampled_from([True, True, False, None]),
    members=st.none() | st.dictionaries(st.sampled_from(["i-one", "i-two", "i-three"]), st.sampled_from([True, False, None])),
    count=NUMBERS,
    minimum=NUMBERS,
    desired=NUMBERS,
    unreadable=st.sampled_from([(), (), ("instances",)]),
)
GROUP_FACTS = st.builds(
    lambda group: GroupFacts({} if group is None else {"ag-1": group}, {"ag-2": "the service refused it"}),
    st.none() | GROUPS,
)
KINDS_OF_BALANCERS = st.sampled_from(["alb", "nlb", "dnlb"])
WEIGHTS = st.sampled_from([None, 0, 0, 1, 10])
REGISTERED = st.builds(
    Registration,
    group_id=st.just("tg-1"),
    group_name=st.just("web"),
    balancer_id=st.just("lb-1"),
    balancer_name=st.just(""),
    kind=KINDS_OF_BALANCERS,
    target_id=st.just("target-1"),
    instance_id=st.just("i-one"),
    weight=WEIGHTS,
)
BY_ADDRESS = st.builds(
    lambda each, vpc_id: replace(each, type="ip", instance_id=None, address="10.0.0.5", target_id="target-2", vpc_id=vpc_id),
    REGISTERED,
    st.sampled_from(["vpc-1", None]),
)
THROUGH = st.builds(lambda each: replace(each, target_id=None, instance_id=None, through="ag-1", weight=None), REGISTERED)
TARGETS = st.sets(st.sampled_from(["target-1", "target-2", "target-3"])).map(frozenset)
BALANCER_FACTS = st.builds(
    lambda rows, unread, weighted, told, leaving: BalancerFacts(
        of_instance={"i-one": rows[0]},
        of_address={"10.0.0.5": rows[1]},
        of_group={"ag-1": rows[2]},
        unread=unread,
        weighted={"tg-1": weighted},
        healthy={"tg-1": told[0] | told[1]},
        surely_healthy={"tg-1": told[1]},
        leaving=leaving,
    ),
    st.tuples(*(st.lists(kind, max_size=1).map(tuple) for kind in (REGISTERED, BY_ADDRESS, THROUGH))),
    st.sampled_from(["", "", "", "the service refused it"]),
    TARGETS,
    st.tuples(TARGETS, TARGETS),
    TARGETS,
)
ELASTIC_IPS = st.builds(
    ElasticIp,
    elastic_ip_id=st.sampled_from(["fip-a", "fip-b"]),
    address=st.none(),
    status=st.just("ASSOCIATED"),
    instance_id=st.sampled_from(["i-one", "i-one", "i-two", None]),
    charge=st.none() | CHARGES,
    bandwidth_package_id=st.sampled_from([None, None, "bwp-1"]),
    network_interface_id=st.none(),
    tags=st.sampled_from([{}, {}, {"jdcloud-protect": "yes"}, {"env": "a"}]),
)
DISK_IDS = ["vol-sys", *(f"vol-d{number}" for number in range(6))]
DISK_TAGS = st.sampled_from([{}] * 9 + [{"jdcloud-protect": "yes"}, {"env": "a"}, None])
"""None: the disk service does not show the disk."""
FACTS = st.builds(
    lambda now, ips, disks, groups, balancers: Facts(
        now=now,
        groups=groups,
        balancers=balancers,
        elastic_ips={each.elastic_ip_id: each for each in ips},
        disks={disk_id: seen_disk(disk_id, tags=tags) for disk_id, tags in disks.items() if tags is not None},
    ),
    st.sampled_from([NOW, None]),
    st.lists(ELASTIC_IPS, max_size=2),
    st.fixed_dictionaries(dict.fromkeys(DISK_IDS, DISK_TAGS)),
    GROUP_FACTS,
    BALANCER_FACTS,
)
ANY = examples(300, 1000)
