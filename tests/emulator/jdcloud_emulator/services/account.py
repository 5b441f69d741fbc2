# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services around the resources: user, iam, resourcetag, billing, sts."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from jdcloud_emulator.services.api import (
    Call,
    bad_value,
    changed_tags,
    has_tags,
    operation,
)
from jdcloud_emulator.signature import Account, Credential
from jdcloud_emulator.state.cloud import KINDS
from jdcloud_emulator.state.json_object import Json
from jdcloud_emulator.state.model import PREPAID, Disk, ElasticIp, Image, Instance, Resource, Snapshot
from jdcloud_emulator.state.settings import ApiError, utc_time

SERVICE_CODES = {"instances": "vm", "disks": "disk", "elastic_ips": "ip", "network_interfaces": "vpc"}
MAX_BILL_IDS = 500
MAX_BILL_ROWS = 1000
SPECIAL_REGIONS = ("all-region", "cn-all")


# --- users --------------------------------------------------------------------------------------------------------


@operation("user", "GET", "/describeUser")
def describe_user(call: Call) -> Json:
    """Who asks (fact accounts-who-asks). What a sub-user learns is a setting (fact accounts-sub-users)."""
    settings, who = call.cloud.settings, call.account
    pin, account_id = _pin_of(call, who), who.account_id or settings.account_id
    match settings.described_user:
        case "empty":
            return {}
        case "null":
            return {"pin": None, "loginName": None, "accountId": None, "userAuth": None}
        case "pin":
            account_id = ""
        case "id":
            pin = ""
    return {"pin": pin, "loginName": pin, "accountId": account_id, "userAuth": 1}


@operation("iam", "GET", "user:describeUserPin")
def describe_user_pin(call: Call) -> Json:
    """The pin that belongs to an access key or an account id (fact accounts-pin-of-keys)."""
    key, account_id = call.query.get("accessKey", ""), call.query.get("accountId", "")
    if not key and not account_id:
        raise ApiError(400, "INVALID_ARGUMENT", "Request parameter accessKey is missing")
    main = call.cloud.settings.account_id
    for credential in call.gate.credentials.values():
        if key in ("", credential.access_key) and account_id in ("", credential.account.account_id or main):
            return {"pin": _pin_of(call, credential.account)}
    raise ApiError(404, "NOT_FOUND", "User not found")


def _pin_of(call: Call, who: Account) -> str:
    """The pin of a key: that of the main user, unless it has its own and the settings show it."""
    settings = call.cloud.settings
    return who.pin if who.pin and settings.sub_user_pin == "own" else settings.owner_pin


# --- tags ---------------------------------------------------------------------------------------------------------


def _taggable(call: Call) -> list[Resource]:
    """All resources that can carry tags, of the region or of all."""
    everywhere = call.region.name in SPECIAL_REGIONS
    regions = call.cloud.regions.values() if everywhere else [call.region]
    rows = [row for region in regions for kind in KINDS if kind in SERVICE_CODES for row in region.of(kind).values()]
    return [row for row in rows if call.visible(row.id)]


def _tag_filters(wanted: Json) -> list[tuple[str, list[str]]]:
    return [(str(one.get("key")), [str(value) for value in one.get("values") or []]) for one in wanted.get("tagFilters") or []]


def _tagged(call: Call, field: str) -> list[Resource]:
    wanted = call.body_field(field, dict, {})
    codes, ids = wanted.get("serviceCodes") or [], wanted.get("resourceIds") or []
    rows = [row for row in _taggable(call) if not codes or SERVICE_CODES[row.kind] in codes]
    return [row for row in rows if (not ids or row.id in ids) and has_tags(row.tags, _tag_filters(wanted))]


def _data(call: Call, **fields: Any) -> Json:
    settings = call.cloud.settings
    text = settings.tag_pin == "always" or (settings.tag_pin == "tagged" and any(row.tags for row in _taggable(call)))
    return {"data": {"pin": settings.owner_pin if text else None, "region": call.region.name, **fields}}


@operation("resourcetag", "POST", "tags:describeResources")
def describe_resources(call: Call) -> Json:
    """Without a page the service answers with all rows."""
    rows, wanted = _tagged(call, "resourceVo"), call.body_field("resourceVo", dict, {})
    size, number = wanted.get("pageSize") or len(rows) or 1, wanted.get("currentPage") or 1
    mapping = [
        {
            "jrn": None,
            "serviceCode": SERVICE_CODES[row.kind],
            "resourceId": row.id,
            "tags": [{"key": key, "value": value} for key, value in row.tags.items()],
        }
        for row in rows[(number - 1) * size : number * size]
    ]
    return _data(call, resourceTagMappingList=mapping)


@operation("resourcetag", "POST", "describeTags")
def describe_tags(call: Call) -> Json:
    rows = _tagged(call, "tagsReqVo" if "tagsReqVo" in call.body else "tagKeysVo")
    pairs = sorted({pair for row in rows for pair in row.tags.items()})
    return _data(call, tags=[{"key": key, "value": value} for key, value in pairs])


@operation("resourcetag", "POST", "tags:describeKeys")
def describe_keys(call: Call) -> Json:
    return _data(call, tagKeys=sorted({key for row in _taggable(call) for key in row.tags}))


@operation("resourcetag", "POST", "tags:describeValues")
def describe_values(call: Call) -> Json:
    wanted = next((value for name, value in call.body.items() if name != "regionId" and isinstance(value, dict)), {})
    keys = [key for key, _values in _tag_filters(wanted)]
    values = {value for row in _taggable(call) for key, value in row.tags.items() if not keys or key in keys}
    return _data(call, tagValues=sorted(values))


@operation("resourcetag", "POST", "queryResource")
def query_resource(call: Call) -> Json:
    field = next((name for name, value in call.body.items() if isinstance(value, dict)), "queryResource")
    wanted = call.body_field(field, dict, {})
    code, tags = wanted.get("serviceCode"), _tag_filters(wanted)
    rows = [row for row in _taggable(call) if not code or SERVICE_CODES[row.kind] == code]
    if wanted.get("operator") == "or" and tags:
        rows = [row for row in rows if any(has_tags(row.tags, [one]) for one in tags)]
    else:
        rows = [row for row in rows if has_tags(row.tags, tags)]
    return {"resourceIds": [row.id for row in rows]}


@operation("resourcetag", "POST", "tags:tagResources")
def tag_resources(call: Call) -> Json:
    return _change_tags(call, "tagResources", remove=False)


@operation("resourcetag", "POST", "tags:unTagResources")
def un_tag_resources(call: Call) -> Json:
    return _change_tags(call, "unTagResources", remove=True)


def _change_tags(call: Call, field: str, remove: bool) -> Json:
    """Each resource for itself; a 200 answer names what failed (fact tags-partial-success)."""
    wanted = call.body_field(field, dict, required=True)
    tags, failed, done = wanted.get("tags") or [], {}, 0
    known = {row.id: row for row in _taggable(call)}
    broken = call.cloud.settings.tag_failures.split()
    for entry in wanted.get("resources") or []:
        for resource_id in entry.get("resourceId") or []:
            call.touched.append(resource_id)
            row = known.get(resource_id)
            if row is None or SERVICE_CODES[row.kind] != (entry.get("serviceCode") or SERVICE_CODES[row.kind]):
                failed[resource_id] = "resource not found"
                continue
            if resource_id in broken:
                failed[resource_id] = "tag operation failed"
                continue
            try:
                row.tags = _without(row.tags, tags) if remove else changed_tags(row.tags, tags)
            except ApiError as error:
                failed[resource_id] = error.message
                continue
            row.settle_tags([str(tag.get("key")) for tag in tags])
            done += 1
            call.cloud.touch(row)
    words: Any = failed
    if call.cloud.settings.failed_resources == "list":
        words = [{"resourceId": key, "msg": text} for key, text in failed.items()]
    return _data(call, failedResourcesMap=words, successCount=done)


def _without(tags: dict[str, str], rows: list[Json]) -> dict[str, str]:
    """A tag goes when its key is named, and its value if one is given."""
    gone = {str(row.get("key")): row.get("value") for row in rows}
    return {key: value for key, value in tags.items() if key not in gone or gone[key] not in (None, "", value)}


# --- bills --------------------------------------------------------------------------------------------------------


@operation("billing", "POST", "describeBillDetails")
def describe_bill_details(call: Call) -> Json:
    """Rows for each resource that existed in the span, machines long gone included."""
    start, end = _bill_time(call, "startTime"), _bill_time(call, "endTime")
    if (start.year, start.month) != (end.year, end.month) or end < start:
        raise ApiError(400, "INVALID_ARGUMENT", "startTime and endTime must be in the same month")
    ids = call.body_field("resourceIds", list, [])
    if len(ids) > MAX_BILL_IDS:
        raise ApiError(400, "INVALID_ARGUMENT", f"resourceIds must not hold more than {MAX_BILL_IDS} ids")
    number, size = call.body_field("pageIndex", int, 1), call.body_field("pageSize", int, 10)
    if not 1 <= size <= MAX_BILL_ROWS or number < 1:
        raise ApiError(400, "OUT_OF_RANGE", "PageSize out of range")
    rows = [row for row in _billed(call, ids) if _in_bill(call, row)]
    rows = [row for row in rows for _line in range(call.cloud.settings.bill_lines)]
    shown = rows[(number - 1) * size : number * size]
    pagination = {
        "currPageNo": number,
        "numberPages": -(-len(rows) // size),
        "numberRecords": len(rows),
        "pageSize": size,
        "startIndex": (number - 1) * size,
    }
    return {"pagination": pagination, "result": [_bill_row(call, row, start, end) for row in shown]}


def _bill_time(call: Call, name: str) -> datetime:
    text = call.body_field(name, str, required=True)
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise bad_value(name, text, ["yyyy-MM-dd HH:mm:ss"]) from None


def _billed(call: Call, ids: list[str]) -> list[Resource]:
    ledger = call.cloud.ledger
    rows = [ledger[key] for key in dict.fromkeys(ids) if key in ledger] if ids else list(ledger.values())
    return [row for row in rows if row.region == call.region.name and row.charge is not None and call.visible(row.id)]


def _in_bill(call: Call, row: Resource) -> bool:
    code, billing_type = call.body_field("serviceCode", str, ""), call.body_field("billingType", int)
    wanted = [pair for one in call.body_field("tags", list, []) for pair in one.items()]
    if code and code != _service_code(row):
        return False
    if billing_type is not None and billing_type != _billing_type(row):
        return False
    return not wanted or any(key in row.tags and value in ("", row.tags[key]) for key, value in wanted)


def _service_code(row: Resource) -> str:
    return {"images": "vm", "snapshots": "snapshot"}.get(row.kind) or SERVICE_CODES[row.kind]


def _billing_type(row: Resource) -> int:
    modes = {PREPAID: 3, "postpaid_by_usage": 2}
    return modes.get(row.charge.mode, 1) if row.charge is not None else 1


def monthly_fee(row: Resource, default: float = 0.0) -> float:
    """What a resource costs in a month, in CNY: its seed's `fee`, or the setting, or made up from kind, size and id."""
    if row.fee is not None or default:
        return float(row.fee if row.fee is not None else default)
    spread = hashlib.sha256(row.id.encode()).digest()[0] / 10
    match row:
        case Instance():
            return round(180 + spread, 2)
        case Disk():
            return round(0.7 * row.size_gb, 2)
        case ElasticIp():
            return round(23 * row.bandwidth_mbps, 2)
        case Snapshot():
            return round(0.12 * row.size_gb, 2)
        case Image():
            return 0.0
    return 0.0


def _bill_row(call: Call, row: Resource, start: datetime, end: datetime) -> Json:
    settings = call.cloud.settings
    fee = monthly_fee(row, settings.monthly_fee) / settings.bill_lines

    def money(amount: float) -> Any:
        return f"{amount:.2f}" if settings.fees_as_text else amount

    form = "%Y-%m-%d %H:%M:%S"
    return {
        "resourceId": row.id,
        "resourceName": row.name,
        "region": row.region,
        "pin": settings.owner_pin,
        "az": getattr(row, "az", ""),
        "appCode": "jcloud",
        "serviceCode": _service_code(row),
        "billingType": _billing_type(row),
        "formula": _formula(row),
        "actionTypeName": "使用",
        "startTime": start.strftime(form),
        "endTime": end.strftime(form),
        "billTime": end.strftime(form),
        "totalFee": money(fee),
        "discountFee": money(0.0),
        "realTotalFee": money(fee),
        "cashCouponPayFee": money(0.0),
        "balancePayFee": money(0.0),
        "cashPayFee": money(fee),
        "arrearFee": money(0.0),
        "tagDetails": [{"key": key, "value": value} for key, value in row.tags.items()],
    }


def _formula(row: Resource) -> str:
    match row:
        case Instance():
            return row.instance_type
        case Disk() | Snapshot():
            return f"{row.size_gb} GB"
        case ElasticIp():
            return f"{row.bandwidth_mbps} Mbps"
    return ""


# --- temporary keys -----------------------------------------------------------------------------------------------


@operation("sts", "POST", "/sessionToken:assumeRole")
def assume_role(call: Call) -> Json:
    """The keys act for the account that asked."""
    number, expires = f"{call.cloud.random.getrandbits(128):032x}", call.cloud.wall() + call.cloud.settings.token_seconds
    made = Credential(f"TEMP{number[:28].upper()}", number[::-1], call.account, f"session-token-{number}", expires)
    call.gate.add(made)
    return {
        "credentials": {
            "accessKey": made.access_key,
            "secretKey": made.secret_key,
            "sessionToken": made.token,
            "expiration": utc_time(expires),
        }
    }
