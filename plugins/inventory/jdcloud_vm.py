# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual machines of JD Cloud as an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: jdcloud_vm
short_description: JD Cloud VMs as an inventory
version_added: 0.3.0
description:
  - Makes a host of each JD Cloud VM of one or several regions, with all properties that the service returns in variables that
    begin with C(jdcloud_).
  - The name of the file must be C(jdcloud_vm.yml) or C(NAME.jdcloud_vm.yml) (or C(.yaml)).
  - The inventory is complete, or it fails. If a region cannot be read, or if a listing changes during the read and does not
    become consistent, this file gives no hosts at all.
  - It only reads, and makes no connection to the instances.
author:
  - The jdcloud.cloud authors (@jdcloud-cloud)
extends_documentation_fragment:
  - jdcloud.cloud.jdcloud.connection
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description:
      - The name of this plugin.
    type: str
    required: true
    choices:
      - jdcloud.cloud.jdcloud_vm
  regions:
    description:
      - The regions to list, all at the same time.
      - May be a text with commas between the members, also as the value of a template.
      - If not set, the region is found as described at O(region).
      - Excludes O(region).
    type: list
    elements: str
  tags:
    description:
      - Tags that an instance must carry, all of them. A value is a text, or a list of texts, one of which must match.
      - Compared exactly and as text. A number, a boolean or a date is an error. Quote it, such as V("true") or V("1.10").
      - Without O(tags) and O(filters) all instances are listed.
    type: dict
  filters:
    description:
      - Properties that an instance must have, all of them, with the names that the service uses. A value is a text, or a list
        of texts, one of which must match.
      - Possible keys are V(instanceId), V(privateIpAddress), V(az), V(vpcId), V(status), V(imageId), V(networkInterfaceId),
        V(subnetId), V(agId), V(faultDomain), V(dedicatedHostId), V(dedicatedPoolId), V(instanceType) and V(elasticIpAddress).
      - The plugin checks each filter again on the instance, exactly. A key that cannot be checked is refused.
    type: dict
  hostnames:
    description:
      - The sources of the host name, in order of preference. The first usable name is taken. The last choice is always the id.
      - A member is V(name), V(instance_id), V(private_ip_address), V(elastic_ip_address) or C(tag:KEY), or a dict with C(name),
        C(prefix) (each one of these) and C(separator) (V(_) by default), which are joined as prefix, separator, name.
      - Names in the cloud are not unique. All instances with the same name are called C(NAME_ID), for example
        V(web-01_i-1kch0awxq9), with a warning. The order of the inventory files does not matter. Names that differ only in case
        count as the same.
      - A usable name consists of letters, digits, C(_), C(-) and C(.), and begins with a letter, a digit or C(_). A name is not
        used if it means this host (V(localhost), V(127.1), V(2130706433), its own name), if it is an address other than the
        instance's own, if a group has it, or if it is or ends with the id of another instance. No name is looked up in the DNS.
        The plugin warns about each name that it does not use.
    type: list
    elements: raw
    default:
      - name
      - instance_id
  load_balancer_targets:
    description:
      - Whether to read the load balancer targets of instances, for the variable C(jdcloud_load_balancer_targets). Its members
        are those of RV(jdcloud.cloud.jdcloud_vm_info#module:instances[].load_balancer_targets); it is empty for an instance
        that is not a target.
      - All target groups, backends and targets of each region are read once for all instances.
      - The variable C(jdcloud_ag) always contains the availability group of an instance, if it has one.
    type: bool
    default: false
    version_added: 1.0.0
  strict:
    description:
      - Whether an expression in O(compose), O(groups) or O(keyed_groups) that has no value for a single host is an error.
      - With V(false), an expression without a value for any host is an error, and one without a value for some hosts is a
        warning with their number and the first error. Use C(default) for properties that a host may lack.
    type: bool
    default: false
  groups:
    description:
      - Groups, and the condition for a host to be in each of them.
      - A condition must give true or false in every version of Ansible. Anything else is an error, since a group that excludes
        instances from a play must not be empty by mistake.
    type: dict
    default: {}
notes:
  - The access key, the region and the other connection options come from the same sources as in the modules, in the same order.
    Set them in the environment or in a profile rather than in the file.
  - The values of O(access_key), O(secret_key), O(security_token), O(profile), O(region), O(regions), O(endpoint_url), O(tags)
    and O(filters) may be templates, which can use extra variables and lookups.
  - Text from the cloud is data. It is never templated, neither in host variables nor in the results of O(compose).
    C(ansible-inventory --list) marks only texts that contain a template.
  - Ansible replaces unsafe characters in names of groups, so different tag values may end in the same group. Compare values in
    O(groups) if this matters.
  - C(ansible_host) is set through O(compose) only, and no group is made that was not requested.
  - If an inventory fails, Ansible continues with a warning. To stop it, set E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) to
    V(true), or C(any_unparsed_is_failed) in the section C([inventory]) of C(ansible.cfg).
  - The cache is separate for each account, address, set of regions, O(tags) and O(filters). It contains the properties of the
    instances and no keys.
  - An option that does not exist is an error, and so are an option without a value and an empty selector.
  - If a part of the response about an instance cannot be read, the instance is listed with the rest, with a warning and the
    variable C(jdcloud_unreadable). If the part that selects it cannot be read, the instance is left out, with a warning.
seealso:
  - module: jdcloud.cloud.jdcloud_vm
  - module: jdcloud.cloud.jdcloud_vm_info
"""

EXAMPLES = r"""
# All instances of the region of the environment or the profile; file jdcloud_vm.yml
---
plugin: jdcloud.cloud.jdcloud_vm

# The running instances of a project in two regions; file harbor.jdcloud_vm.yml
---
plugin: jdcloud.cloud.jdcloud_vm
regions:
  - cn-north-1
  - cn-east-2
tags:
  project: harbor
filters:
  status: running
hostnames:
  - tag:fqdn
  - name
compose:
  ansible_host: jdcloud_elastic_ip_address | default(jdcloud_private_ip_address)
groups:
  production: jdcloud_tags.env | default('') == 'production'
keyed_groups:
  - key: jdcloud_region
    prefix: region
  - key: jdcloud_tags
    prefix: tag

# With keys from a secret store, and a cache for ten minutes
---
plugin: jdcloud.cloud.jdcloud_vm
access_key: "{{ lookup('ansible.builtin.env', 'SHOP_ACCESS_KEY') }}"
secret_key: "{{ lookup('ansible.builtin.env', 'SHOP_SECRET_KEY') }}"
region: cn-north-1
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible-inventory
cache_timeout: 600

# A playbook, not an inventory: delete the instances of a group, ten at a time, each batch in one task.
# It needs Ansible's default strategy, linear. A batch must not mix regions.
---
- name: Take the instances of project harbor in cn-north-1 out of service
  hosts: tag_project_harbor:&region_cn_north_1
  gather_facts: false
  serial: 10
  tasks:
    - name: Delete the batch
      jdcloud.cloud.jdcloud_vm:
        state: absent
        region: cn-north-1
        instance_ids: "{{ ansible_play_batch | map('extract', hostvars, 'jdcloud_instance_id') | list }}"
        tags:
          project: harbor
      run_once: true
      delegate_to: localhost
"""

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, to_safe_group_name
from ansible.utils.vars import combine_vars

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.dispatch.pool import UNVERIFIED
from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import JdcloudError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.expressions import (
    Evaluator,
    is_printing,
    mark_unsafe,
    plain,
    printable,
)
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.groups import (
    Constructs,
    HostConstructor,
    parse_constructs,
)
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.hosts import AddedHost, Hosts, Source
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.names import Listing, Row, warnings_of
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.options import (
    MAY_BE_TEMPLATES,
    Settings,
    is_inventory_file,
    parse_regions,
    parse_settings,
    refuse_unknown_options,
    require_texts,
)
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.read import certain_rows, read_machines, usable_cache
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._inventory.reserved_names import names_of_this_computer


class InventoryModule(BaseInventoryPlugin, Cacheable):  # type: ignore[misc]  # ansible-core ships no types
    """The inventory."""

    NAME = "jdcloud.cloud.jdcloud_vm"

    def verify_file(self, path: str) -> bool:
        """Whether the file is one for this plugin."""
        return is_inventory_file(path) and bool(super().verify_file(path))

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """As Ansible does, which makes texts of numbers: after a look at what the file itself says."""
        require_texts(direct or {})
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add the machines to the inventory, all or none. Raises `AnsibleParserError`, one sentence."""
        super().parse(inventory, loader, path, cache=cache)
        try:
            self._parse(path, cache)
            return
        except (AnsibleError, JdcloudError) as error:
            failure = " ".join(str(error).split()).rstrip(".") + "."
        # A new error: the original may carry its place in the file, which Ansible prints with the lines around, keys included.
        raise AnsibleParserError(failure)

    def _parse(self, path: str, use_cache: bool) -> None:
        given = self._read_config_data(path)
        refuse_unknown_options(given, self._options)
        self._evaluator = Evaluator(self.templar)
        constructs = parse_constructs(self._options)
        settings = parse_settings(self._values(given), os.environ, Path(os.path.expanduser("~")))
        if settings.connections[0].verify is False:
            self.display.warning(UNVERIFIED)
        for warning in settings.connections[0].warnings:
            self.display.warning(warning)
        rows, warnings = certain_rows(self._machines(settings, f"{self.get_cache_key(path)}_{settings.fingerprint}", use_cache))
        if not rows:
            regions = ", ".join(connection.region for connection in settings.connections)
            warnings.append(
                f"No instance in {regions} matches, so this file has no hosts: check regions, tags and filters, and the "
                "account of the keys."
            )
        for warning in [*warnings, *self._populate(Listing(rows, settings.preferences), constructs)]:
            self.display.warning(f"{os.path.basename(path)}: {warning}")

    def _values(self, given: dict[str, Any]) -> dict[str, Any]:
        """The options; expressions of the one who wrote the file are replaced by their values."""
        # Ansible cuts a text for a list at its commas, also inside of a template.
        values = {**self._options, "regions": given.get("regions")}
        for option in MAY_BE_TEMPLATES:
            if values[option] is not None:
                try:
                    values[option] = self._evaluator.template(values[option], self._vars or {})
                except AnsibleError as error:
                    raise AnsibleParserError(f"The template of {option} has no value: {error}") from error
        return {**values, "regions": parse_regions(values["regions"])}

    def _machines(self, settings: Settings, key: str, use_cache: bool) -> list[Row]:
        caches = self.get_option("cache")
        if caches and use_cache and (found := usable_cache(self._cache.get(key))) is not None:
            return found
        rows = read_machines(settings)
        if caches:
            self._cache[key] = rows
        return rows

    def _populate(self, listing: Listing, constructs: Constructs) -> list[str]:
        """Add the hosts; what the user has to know."""
        hosts = Hosts(self.inventory)
        taken = {*self.inventory.groups, *map(to_safe_group_name, constructs.groups)}
        naming = hosts.name_hosts(listing, taken, names_of_this_computer())
        try:
            hosts.rename(naming)
            brought = [hosts.add(name, mark_unsafe(row)) for name, row in zip(naming.names[-1], listing.rows, strict=True)]
            warnings = self._construct(hosts, brought, constructs)
        except BaseException:
            # Since Ansible goes on with a warning.
            hosts.undo()
            raise
        if is_printing():
            for each in brought:
                variables = self.inventory.hosts[each.host].vars
                hosts.set(each, {name: printable(variables.pop(name)) for name in each.variables})
        return [*warnings, *warnings_of(hosts.remember(Source(listing, brought), naming))]

    def _construct(self, hosts: Hosts, all_brought: list[AddedHost], constructs: Constructs) -> list[str]:
        """Evaluate everything for all hosts before a group is made, since an expression that fails for all is an error."""
        constructor = HostConstructor(constructs, self._evaluator.expression, self._evaluator.template)
        found = []
        for brought in all_brought:
            name = brought.host
            hosts.set(brought, mark_unsafe(constructor.compose(name, self._variables(name))))
            variables = self._variables(name)
            conditional = constructor.conditional_groups(name, variables)
            found.append((conditional, constructor.keyed_groups(name, variables)))
        warnings = constructor.warnings(len(all_brought))
        for group in constructs.groups:
            # Also one that no one is in: a play that leaves it out must not take it for a misspelt one.
            self.inventory.add_group(self._safe(group))
        for brought, (conditional, by_key) in zip(all_brought, found, strict=True):
            for group, parent in [*((each, None) for each in conditional), *by_key]:
                hosts.add_to_group(brought, self._safe(group), None if parent is None else self._safe(parent))
        return warnings

    def _variables(self, name: str) -> dict[str, Any]:
        variables = self.inventory.hosts[name].get_vars()
        found: dict[str, Any] = combine_vars(variables, self._vars) if self.get_option("use_extra_vars") else variables
        return found

    def _safe(self, name: str) -> str:
        """A safe name of a group. Ansible would take a host of the same name for the group, and give its variables to all."""
        safe: str = plain(to_safe_group_name(plain(name)))
        if safe in self.inventory.hosts:
            raise AnsibleParserError(
                f"A host and a group would both have the name {safe}: set a prefix in its entry of keyed_groups, or set "
                "hostnames to instance_id."
            )
        return safe
