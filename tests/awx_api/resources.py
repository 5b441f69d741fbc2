# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API of AWX 24.6 knows, as far as the patterns' setup uses it: resources, their fields, and how they hang together.

Stricter than AWX in one way: a field that AWX would silently ignore is refused here, so that a misspelt one cannot hide.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """A field: its type (`text`, `int`, `bool`, `json`, or the resource whose id it holds), default, and possible values."""

    kind: str = "text"
    required: bool = False
    default: Any = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resource:
    """A resource: its fields, what may be associated with it (by the resource whose members these are), what makes it unique."""

    type: str
    fields: dict[str, Field]
    associations: dict[str, str] = field(default_factory=dict)
    unique: tuple[str, ...] = ("name",)
    survey: bool = False


def _text(*choices: str, required: bool = False, default: str = "") -> Field:
    return Field("text", required, default, choices)


def _ref(resource: str, *, required: bool = False) -> Field:
    return Field(resource, required, None)


_NUMBER = Field("int", default=0)
_NO, _YES = Field("bool", default=False), Field("bool", default=True)
_NAMED = {"name": _text(required=True), "description": _text()}
_NOTIFIED = {f"notification_templates_{event}": "notification_templates" for event in ("started", "success", "error")}
_ASKS = {
    f"ask_{what}_on_launch": _NO for what in ("variables", "limit", "tags", "skip_tags", "inventory", "labels", "scm_branch")
}

RESOURCES: dict[str, Resource] = {
    "teams": Resource("team", {**_NAMED, "organization": _ref("organizations", required=True)}, unique=("name", "organization")),
    "organizations": Resource(
        "organization", {**_NAMED, "max_hosts": _NUMBER, "default_environment": _ref("execution_environments")}
    ),
    "execution_environments": Resource(
        "execution_environment",
        {
            **_NAMED,
            "organization": _ref("organizations"),
            "image": _text(required=True),
            "pull": _text("", "always", "missing", "never"),
            "credential": _ref("credentials"),
        },
    ),
    "credential_types": Resource(
        "credential_type",
        {
            **_NAMED,
            "kind": _text("cloud", "net", required=True),
            "inputs": Field("json", default={}),
            "injectors": Field("json", default={}),
        },
    ),
    "credentials": Resource(
        "credential",
        {
            **_NAMED,
            "organization": _ref("organizations"),
            "credential_type": _ref("credential_types", required=True),
            "inputs": Field("json", default={}),
        },
        unique=("name", "organization", "credential_type"),
    ),
    "projects": Resource(
        "project",
        {
            **_NAMED,
            "organization": _ref("organizations"),
            "scm_type": _text("", "git", "svn", "insights", "archive"),
            "scm_url": _text(),
            "scm_branch": _text(),
            "default_environment": _ref("execution_environments"),
        },
        unique=("name", "organization"),
    ),
    "inventories": Resource(
        "inventory",
        {
            **_NAMED,
            "organization": _ref("organizations", required=True),
            "kind": _text("", "smart", "constructed"),
            "host_filter": Field("text", default=None),
            "variables": _text(),
        },
        unique=("name", "organization"),
    ),
    "hosts": Resource(
        "host",
        {**_NAMED, "inventory": _ref("inventories", required=True), "enabled": _YES, "variables": _text()},
        unique=("name", "inventory"),
    ),
    "inventory_sources": Resource(
        "inventory_source",
        {
            **_NAMED,
            "inventory": _ref("inventories", required=True),
            "source": _text("file", "constructed", "scm", "ec2", "gce", required=True),
            "source_project": _ref("projects"),
            "source_path": _text(),
            "source_vars": _text(),
            "credential": _ref("credentials"),
            "execution_environment": _ref("execution_environments"),
            "overwrite": _NO,
            "overwrite_vars": _NO,
            "update_on_launch": _NO,
            "update_cache_timeout": _NUMBER,
        },
        _NOTIFIED,
        unique=("name", "inventory"),
    ),
    "instance_groups": Resource(
        "instance_group",
        {
            "name": _text(required=True),
            "is_container_group": _NO,
            "credential": _ref("credentials"),
            "pod_spec_override": _text(),
        },
    ),
    "notification_templates": Resource(
        "notification_template",
        {
            **_NAMED,
            "organization": _ref("organizations", required=True),
            "notification_type": _text("email", "slack", "webhook", required=True),
            "notification_configuration": Field("json", default={}),
            "messages": Field("json", default=None),
        },
        unique=("name", "organization"),
    ),
    "job_templates": Resource(
        "job_template",
        {
            **_NAMED,
            **_ASKS,
            "organization": _ref("organizations"),
            "project": _ref("projects"),
            "playbook": _text(required=True),
            "job_type": _text("run", "check", default="run"),
            "inventory": _ref("inventories"),
            "execution_environment": _ref("execution_environments"),
            "extra_vars": _text(),
            "job_slice_count": Field("int", default=1),
            "timeout": _NUMBER,
            "survey_enabled": _NO,
            "allow_simultaneous": _NO,
        },
        {**_NOTIFIED, "credentials": "credentials", "instance_groups": "instance_groups"},
        unique=("name", "organization"),
        survey=True,
    ),
    "workflow_job_templates": Resource(
        "workflow_job_template",
        {
            **_NAMED,
            **_ASKS,
            "organization": _ref("organizations"),
            "inventory": _ref("inventories"),
            "extra_vars": _text(),
            "survey_enabled": _NO,
            "allow_simultaneous": _NO,
        },
        {**_NOTIFIED, "notification_templates_approvals": "notification_templates"},
        unique=("name", "organization"),
        survey=True,
    ),
    "workflow_job_template_nodes": Resource(
        "workflow_job_template_node",
        {
            "identifier": _text(required=True),
            "workflow_job_template": _ref("workflow_job_templates", required=True),
            "unified_job_template": _ref("unified_job_templates"),
            "extra_data": Field("json", default={}),
            "all_parents_must_converge": _NO,
        },
        {f"{outcome}_nodes": "workflow_job_template_nodes" for outcome in ("success", "failure", "always")},
        unique=("identifier", "workflow_job_template"),
    ),
    "workflow_approval_templates": Resource("workflow_approval_template", {**_NAMED, "timeout": _NUMBER}, unique=()),
    "schedules": Resource(
        "schedule",
        {
            **_NAMED,
            "unified_job_template": _ref("unified_job_templates", required=True),
            "rrule": _text(required=True),
            "extra_data": Field("json", default={}),
            "enabled": _YES,
        },
        unique=("name", "unified_job_template"),
    ),
}
UNIFIED = ("projects", "inventory_sources", "job_templates", "workflow_job_templates", "workflow_approval_templates")
"""What `unified_job_templates` lists together."""
READ_ONLY = frozenset({"type", "managed"})
"""Fields that the modules send although nobody can write them."""
WEBHOOK = frozenset({"url", "http_method", "headers", "username", "password", "disable_ssl_verification"})
ROLES: dict[str, tuple[str, ...]] = {
    "organizations": ("admin", "execute", "member", "read", "approval"),
    "job_templates": ("admin", "execute", "read"),
    "workflow_job_templates": ("admin", "execute", "read", "approval"),
    "projects": ("admin", "use", "update", "read"),
    "inventories": ("admin", "use", "update", "adhoc", "read"),
}
"""Which roles can be had on what, as far as teams get any here."""
MOUNTS = frozenset({"z", "O", "ro", "rw"})
"""The options that a path of AWX_ISOLATION_SHOW_PATHS may end with."""
SETTINGS: Json = {"AWX_ISOLATION_SHOW_PATHS": ["/etc/pki/ca-trust:/etc/pki/ca-trust:O"], "AWX_TASK_ENV": {}}
