# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the small AWX remembers."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from . import answers, rules
from .resources import READ_ONLY, RESOURCES, ROLES, SETTINGS, UNIFIED, Field, Json
from .rules import ENCRYPTED, Refused

_KINDS: dict[str, type | tuple[type, ...]] = {"text": str, "int": int, "bool": bool, "json": (dict, list)}
_VARIABLES = {
    "hosts": "variables",
    "inventories": "variables",
    "job_templates": "extra_vars",
    "workflow_job_templates": "extra_vars",
}
_CHECKS = {
    "credential_types": rules.check_credential_type,
    "notification_templates": rules.check_notification,
    "schedules": rules.check_rule,
    "inventory_sources": rules.check_source,
}


class Missing(Exception):
    """There is no such thing."""


class Store:
    """All resources by kind and id, what is associated with them, and the settings."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, Json]] = {resource: {} for resource in RESOURCES}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[tuple[str, int], Json] = {}
        self.settings: Json = copy.deepcopy(SETTINGS)
        self.roles: list[tuple[str, int, str]] = []
        self.granted: dict[int, list[int]] = {}
        self.syncs: list[str] = []
        """How the next fetches of the project end; all others succeed."""
        self.synced = "successful"
        self._last = 0
        self.create("organizations", {"name": "Default"})

    def named(self, resource: str, name: str) -> Json:
        """The one member of this name; for tests."""
        key = "identifier" if resource == "workflow_job_template_nodes" else "name"
        (row,) = [row for row in self.rows[resource].values() if row[key] == name]
        return row

    def create(self, resource: str, given: Json) -> Json:
        """A new member."""
        known = RESOURCES[resource].fields
        missing = [name for name, each in known.items() if each.required and given.get(name) in (None, "")]
        if missing:
            raise Refused({missing[0]: ["This field is required."]})
        fields = {name: copy.deepcopy(each.default) for name, each in known.items()}
        fields.update(self._checked(resource, given))
        self._check_whole(resource, fields, None)
        self._check_answers(resource, fields)
        self._last += 1
        self.rows[resource][self._last] = {"id": self._last, **fields}
        return self.shown(resource, self._last, created=True)

    def change(self, resource: str, number: int, given: Json) -> Json:
        """Other values for some fields."""
        resource, row = self._found(resource, number)
        fields = {**row, **self._checked(resource, given)}
        if resource == "credentials":
            old = row["inputs"]
            fields["inputs"] = {key: old.get(key) if value == ENCRYPTED else value for key, value in fields["inputs"].items()}
        self._check_whole(resource, fields, number)
        if resource == "credential_types" and fields["inputs"] != row["inputs"] and self._in_use(number):
            raise Refused({"detail": "Modifications to inputs are not allowed for credential types that are in use"})
        if "extra_data" in given or "unified_job_template" in given:
            self._check_answers(resource, fields)
        row.update(fields)
        return self.shown(resource, number)

    def delete(self, resource: str, number: int) -> None:
        """A member less."""
        resource, _row = self._found(resource, number)
        del self.rows[resource][number]

    def shown(self, resource: str, number: int, *, created: bool = False) -> Json:
        """A member as the API tells it."""
        resource, row = self._found(resource, number)
        url = f"/api/v2/{resource}/{number}/"
        text = {**copy.deepcopy(row), "type": RESOURCES[resource].type, "url": url, "related": {}, "summary_fields": {}}
        if RESOURCES[resource].survey:
            text["related"]["survey_spec"] = f"{url}survey_spec/"
        if resource == "credential_types":
            text["managed"] = False
        if resource == "credentials":
            text["inputs"] = rules.shown_inputs(row, self.rows["credential_types"][row["credential_type"]])
        if resource in ROLES:
            text["summary_fields"]["object_roles"] = {
                f"{role}_role": {"id": self._role(resource, number, role)} for role in ROLES[resource]
            }
        if resource == "projects":
            text.update(scm_revision="1f9c", status=self.synced)
            text["related"]["update"] = f"{url}update/"
            text["summary_fields"].update({"current_update": {"id": number}} if created else {})
        if resource == "workflow_job_template_nodes" and row["unified_job_template"]:
            kind, _row = self._found("unified_job_templates", row["unified_job_template"])
            text["related"]["unified_job_template"] = f"/api/v2/{kind}/{row['unified_job_template']}/"
        return text

    def listed(self, resource: str, query: Mapping[str, str]) -> Json:
        """All members that a query matches, in one page."""
        found = [
            (kind, row)
            for kind in (UNIFIED if resource == "unified_job_templates" else (resource,))
            for row in self.rows[kind].values()
            if self._matches(kind, row, query)
        ]
        return _page(self.shown(kind, row["id"]) for kind, row in found)

    def survey(self, resource: str, number: int, given: Json | None) -> Json:
        """The survey, or a new one."""
        self._found(resource, number)
        if given is None:
            return self.surveys.get((resource, number), {})
        rules.check_survey(given)
        self.surveys[resource, number] = given
        return {}

    def approval(self, node: int, given: Json) -> Json:
        """An approval as what a node of a workflow does."""
        made = self.create("workflow_approval_templates", given)
        self.change("workflow_job_template_nodes", node, {"unified_job_template": made["id"]})
        return made

    def associate(self, resource: str, number: int, kind: str, given: Json) -> None:
        """Join two members, or part them."""
        links = self._links(resource, number, kind)
        other = given["id"]
        self._found(RESOURCES[resource].associations[kind], other)
        if given.get("disassociate"):
            links.remove(other)
            return
        if kind == "credentials":
            types = [self.rows["credentials"][each]["credential_type"] for each in (*links, other)]
            if len(set(types)) != len(types):
                raise Refused({"error": "Cannot assign multiple credentials of one type."})
        links.append(other)

    def associated(self, resource: str, number: int, kind: str) -> Json:
        """What is joined with a member."""
        other = RESOURCES[resource].associations.get(kind, "")
        return _page(self.shown(other, each) for each in self._links(resource, number, kind))

    def launch(self, resource: str, number: int, given: Json) -> Json:
        """A job of a template, as far as its variables go."""
        resource, row = self._found(resource, number)
        return answers.launched(resource, row, self.surveys.get((resource, number), {}), given.get("extra_vars"))

    def sync(self) -> str:
        """Fetch the project."""
        self.synced = self.syncs.pop(0) if self.syncs else "successful"
        return self.synced

    def grant(self, role: int, given: Json) -> None:
        """Give a team a role."""
        self._found("teams", given["id"])
        self.granted.setdefault(role, []).append(given["id"])

    def holders(self, role: int) -> Json:
        """The teams that have a role."""
        return _page(self.shown("teams", each) for each in self.granted.get(role, []))

    def roles_of(self, team: str) -> set[tuple[str, str]]:
        """What a team may do; for tests."""
        number = self.named("teams", team)["id"]
        found = [self.roles[role - 1] for role, teams in self.granted.items() if number in teams]
        return {(self._found(resource, of)[1]["name"], role) for resource, of, role in found}

    def change_settings(self, given: Json) -> Json:
        """Other values for some settings."""
        if not set(given) <= set(self.settings):
            raise Refused({"detail": "Unknown setting."})
        rules.check_paths(given.get("AWX_ISOLATION_SHOW_PATHS", []))
        self.settings.update(given)
        return self.settings

    def _role(self, resource: str, number: int, role: str) -> int:
        if (resource, number, role) not in self.roles:
            self.roles.append((resource, number, role))
        return self.roles.index((resource, number, role)) + 1

    def _in_use(self, credential_type: int) -> bool:
        return any(row["credential_type"] == credential_type for row in self.rows["credentials"].values())

    def _check_answers(self, resource: str, fields: Json) -> None:
        """What a schedule or a node hands over must be what its template asks for."""
        if resource not in ("schedules", "workflow_job_template_nodes") or not fields["unified_job_template"]:
            return
        kind, template = self._found("unified_job_templates", fields["unified_job_template"])
        check = answers.check_schedule if resource == "schedules" else answers.check_node
        if RESOURCES[kind].survey:
            check(template, self.surveys.get((kind, template["id"]), {}), fields["extra_data"])

    def _links(self, resource: str, number: int, kind: str) -> list[int]:
        self._found(resource, number)
        if kind not in RESOURCES[resource].associations:
            raise Missing
        return self.links.setdefault((resource, number, kind), [])

    def _found(self, resource: str, number: int) -> tuple[str, Json]:
        for kind in UNIFIED if resource == "unified_job_templates" else (resource,):
            if number in self.rows[kind]:
                return kind, self.rows[kind][number]
        raise Missing

    def _matches(self, kind: str, row: Json, query: Mapping[str, str]) -> bool:
        either = [row[name.removeprefix("or__")] for name in query if name.startswith("or__")]
        if either and not any(str(row[name.removeprefix("or__")]) == query[name] for name in query if name.startswith("or__")):
            return False
        return all(self._has(kind, row, name, value) for name, value in query.items() if not name.startswith("or__"))

    def _has(self, kind: str, row: Json, name: str, value: str) -> bool:
        if name in ("page", "page_size"):
            return True
        if name == "type":
            return RESOURCES[kind].type == value
        outer, _sign, inner = name.partition("__")
        # Approvals and sources of inventories have no organization of their own.
        if outer not in row and outer == "organization":
            return False
        if outer not in row:
            raise Refused({"detail": f"{RESOURCES[kind].type} has no field named '{outer}'"})
        found = row[outer] if not inner else self._found(RESOURCES[kind].fields[outer].kind, row[outer])[1][inner]
        return ("" if found is None else str(found)) == value.replace("None", "")

    def _checked(self, resource: str, given: Json) -> Json:
        known = RESOURCES[resource].fields
        fields = {name: value for name, value in given.items() if name not in READ_ONLY}
        for name, value in fields.items():
            if name not in known:
                raise Refused({name: ["Unknown field."]})
            fields[name] = self._value(name, known[name], value)
        return fields

    def _value(self, name: str, expected: Field, value: Any) -> Any:
        if value is None:
            return copy.deepcopy(expected.default)
        if expected.kind not in _KINDS:
            try:
                self._found(expected.kind, value)
            except Missing:
                raise Refused({name: [f'Invalid pk "{value}" - object does not exist.']}) from None
            return value
        wrong = not isinstance(value, _KINDS[expected.kind]) or (expected.kind == "int" and isinstance(value, bool))
        if wrong or (expected.choices and value not in expected.choices):
            raise Refused({name: [f'"{value}" is not a valid choice.']})
        return value

    def _check_whole(self, resource: str, fields: Json, number: int | None) -> None:
        unique = RESOURCES[resource].unique
        for row in self.rows[resource].values():
            if unique and row["id"] != number and all(row[name] == fields[name] for name in unique):
                raise Refused({"__all__": [f"{resource} with this {' and '.join(unique)} already exists."]})
        if resource in _VARIABLES:
            rules.check_variables(fields[_VARIABLES[resource]], _VARIABLES[resource])
        if resource in _CHECKS:
            _CHECKS[resource](fields)
        if resource == "notification_templates":
            fields["messages"] = {event: (fields["messages"] or {}).get(event) for event in rules.EVENTS}
        if resource == "job_templates" and self.synced != "successful":
            raise Refused({"playbook": ["Playbook not found for project."]})
        if resource == "credentials":
            rules.check_credential(fields, self.rows["credential_types"][fields["credential_type"]])


def _page(members: Iterable[Json]) -> Json:
    results = list(members)
    return {"count": len(results), "next": None, "previous": None, "results": results}
