# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all operations share: how they are found, how they read their parameters, and how lists are cut into pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from jdcloud_emulator.signature import Account, Gate
from jdcloud_emulator.state.cloud import NORMAL, Cloud, Outcome, Region
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import Resource
from jdcloud_emulator.state.settings import ApiError

# Operator and values of a filter.
Condition = tuple[str, list[str]]
Filters = dict[str, Condition]
R = TypeVar("R", bound=Resource)
T = TypeVar("T")
MAX_TAGS = 10
FORBIDDEN_TAG_PREFIXES = ("jrn:", "jdc-")
VM_NAME = r"[\u4e00-\u9fff\w.-]"
DISK_NAME = r"[\u4e00-\u9fff\w-]"


@dataclass(slots=True)
class Call:
    """One call that passed the gateway: where it goes, what it brings, and how its transition shall end."""

    cloud: Cloud
    region: Region
    operation: str
    target: str
    query: dict[str, str]
    body: Json
    account: Account
    gate: Gate
    outcome: Outcome = NORMAL
    touched: list[str] = field(default_factory=list)

    def visible(self, resource_id: str) -> bool:
        """Whether IAM shows this resource to the caller."""
        return not any(fnmatchcase(resource_id, pattern) for pattern in self.account.hidden)

    def get(self, kind: type[R], resource_id: str, message: str) -> R:
        """A resource of the region. Raises 404 NOT_FOUND with `message`, or 403 when IAM hides it."""
        found = self.cloud.find(resource_id)
        if not isinstance(found, kind) or found.region != self.region.name:
            raise ApiError(404, "NOT_FOUND", message.format(resource_id))
        if not self.visible(resource_id):
            raise forbidden(self.operation, resource_id)
        return found

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean of the query, in any spelling of clients (fact requests-booleans)."""
        text = self.query.get(name, "")
        if text == "":
            return default
        spelled = text if self.cloud.settings.booleans == "lower" else text.lower()
        if spelled not in ("true", "false"):
            raise bad_value(name, text, ["true", "false"])
        return spelled == "true"

    def number(self, name: str, default: int) -> int:
        """A whole number of the query."""
        text = self.query.get(name, "")
        if text == "":
            return default
        if not re.fullmatch(r"-?\d+", text):
            raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter {name} is '{text}', expected an integer")
        return int(text)

    def texts(self, name: str) -> list[str]:
        """A list of the query: name.1, name.2, … in the order of their numbers."""
        return [value for _index, value in sorted(_indexed(self.query, name))]

    def filters(self, known: Iterable[str]) -> Filters:
        """The filters of the query: name to (operator, values). An unknown name is refused; one without values is ignored."""
        found: dict[str, Json] = {}
        for key, value in self.query.items():
            parts = key.split(".")
            if parts[0] == "filters" and len(parts) >= 3:
                one = found.setdefault(parts[1], {"values": []})
                if parts[2] == "values" and len(parts) == 4:
                    one["values"].append(value)
                else:
                    one[parts[2]] = value
        wanted: Filters = {}
        for index, one in found.items():
            name = one.get("name", "")
            if name not in known:
                raise bad_value(f"filters.{index}.name", name, sorted(known))
            values = [value for value in one["values"] if value != ""]
            if values:
                wanted[name] = (one.get("operator") or "eq", values)
        return wanted

    def sort(self, known: Sequence[str]) -> tuple[str, bool]:
        """The field of the only sort order that is taken, and whether it descends; by default the first one, descending."""
        name, direction = self.query.get("sorts.1.name") or known[0], self.query.get("sorts.1.direction") or "desc"
        if name not in known:
            raise bad_value("sorts.1.name", name, known)
        if direction not in ("asc", "desc"):
            raise bad_value("sorts.1.direction", direction, ["asc", "desc"])
        return name, direction == "desc"

    def tag_filters(self) -> list[tuple[str, list[str]]]:
        """The tag filters of the query: (key, values); no values means any value."""
        keys: dict[str, str] = {}
        values: dict[str, list[str]] = {}
        for name, value in self.query.items():
            parts = name.split(".")
            if parts[0] == "tags" and len(parts) == 3 and parts[2] == "key":
                keys[parts[1]] = value
            elif parts[0] == "tags" and len(parts) == 4:
                values.setdefault(parts[1], []).append(value)
        return [(key, values.get(index, [])) for index, key in keys.items()]

    def body_field(self, name: str, kind: type, default: Any = None, required: bool = False) -> Any:
        """A field of the body. null counts as absent (fact requests-null-members)."""
        value = self.body.get(name)
        if value is None:
            if required:
                raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter {name} is missing")
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter {name} has a wrong type")
        return value


Handler = Callable[[Call], Json | None]


@dataclass(frozen=True)
class Operation:
    """A documented operation. `name` is service.operation."""

    name: str
    handler: Handler


# (service, method, path with * for region and id) -> operation
OPERATIONS: dict[tuple[str, str, str], Operation] = {}


def operation(service: str, method: str, shape: str) -> Callable[[Handler], Handler]:
    """Register a handler. `shape` is the path behind /v1/regions/{regionId}/, with * for the id; trailing slashes count."""

    def register(handler: Handler) -> Handler:
        first, *others = handler.__name__.split("_")
        name = first + "".join(word.capitalize() for word in others)
        path = shape if shape.startswith("/") else f"regions/*/{shape}"
        OPERATIONS[service, method, path] = Operation(f"{service}.{name}", handler)
        return handler

    return register


def bad_value(name: str, value: str, expected: Sequence[str]) -> ApiError:
    """The documented message for a value that is none of those expected."""
    return ApiError(400, "INVALID_ARGUMENT", f"Request parameter {name} is '{value}', expected one of [{','.join(expected)}]")


def forbidden(operation_name: str, resource_id: str) -> ApiError:
    """IAM refuses, at the gateway (fact errors-forbidden)."""
    action = operation_name.replace(".", ":", 1)
    text = f"You are not authorized to perform ({action}) on resource ({resource_id}) [IAM] [gw]"
    return ApiError(403, "HTTP_FORBIDDEN", text, gateway=True)


def precondition(message: str) -> ApiError:
    """The resource is not in a state for this call."""
    return ApiError(400, "FAILED_PRECONDITION", message)


def quota_exceeded(what: str) -> ApiError:
    """The account's quota is full."""
    return ApiError(429, "QUOTA_EXCEEDED", f"{what} quota limit exceeded")


def check_name(name: str, lowest: int, highest: int, letters: str) -> None:
    """Refuse a name that breaks its rule (facts limits-machine-names, limits-image-names, limits-disk-names)."""
    if not re.fullmatch(letters + f"{{{lowest},{highest}}}", name):
        raise ApiError(400, "INVALID_ARGUMENT", f"Request parameter name is '{name}', which is malformed")


def check_description(text: str) -> None:
    """At most 256 characters (fact limits-descriptions)."""
    if len(text) > 256:
        raise ApiError(400, "INVALID_ARGUMENT", "Request parameter description is longer than 256 characters")


def changed_tags(present: dict[str, str], rows: Any) -> dict[str, str]:
    """The tags with these [{key, value}] set. Raises INVALID_ARGUMENT for what fact tags-limits forbids."""
    tags = dict(present)
    for row in rows or []:
        key, value = str(row.get("key") or ""), str(row.get("value") or "")
        if not key or len(key) > 127 or len(value) > 255 or key.startswith(FORBIDDEN_TAG_PREFIXES):
            raise ApiError(400, "INVALID_ARGUMENT", f"Tag '{key}' is malformed")
        tags[key] = value
    if len(tags) > MAX_TAGS:
        raise ApiError(400, "INVALID_ARGUMENT", f"A resource may have at most {MAX_TAGS} tags")
    return tags


def has_tags(tags: dict[str, str], wanted: list[tuple[str, list[str]]]) -> bool:
    """Whether all tag filters match."""
    return all(key in tags and (not values or tags[key] in values) for key, values in wanted)


def matches(value: str, condition: Condition) -> bool:
    """Whether a value meets one filter; several values are ORed."""
    operator, values = condition
    if operator == "ne":
        return value not in values
    if operator == "like":
        return any(text in value for text in values)
    return value in values


def page(call: Call, rows: list[T], last_page_again: bool = False) -> tuple[list[T], int]:
    """The rows of the page that the call asks for, and the number of all rows.

    `last_page_again` is the habit of vpc and lb (facts requests-past-the-end and load-balancers-pages): past the end, the last
    page is returned.
    """
    number, size = call.number("pageNumber", 1), call.number("pageSize", 20)
    check = call.cloud.settings.page_size_check
    if not 10 <= size <= 100:
        if check == "all" or (check == "vm" and call.operation.startswith("vm.")):
            raise ApiError(400, "OUT_OF_RANGE", "PageSize out of range")
        size = min(max(size, 10), 100)
    if number < 1:
        raise ApiError(400, "OUT_OF_RANGE", "PageNumber out of range")
    if last_page_again and rows and (number - 1) * size >= len(rows):
        number = (len(rows) + size - 1) // size
    return rows[(number - 1) * size : number * size], len(rows)


def once(call: Call, token: str, make: Callable[[], list[str]]) -> list[str]:
    """Run `make` once for each client token (fact limits-client-tokens); later calls get the same ids."""
    if not token:
        return make()
    key = (call.operation, token)
    if key not in call.region.tokens:
        call.region.tokens[key] = make()
    return call.region.tokens[key]


def _indexed(query: dict[str, str], name: str) -> Iterable[tuple[int, str]]:
    for key, value in query.items():
        head, _dot, index = key.rpartition(".")
        if head == name and index.isdigit() and value != "":
            yield int(index), value
