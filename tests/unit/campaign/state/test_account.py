# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A campaign is finished in the account in which it began, whatever keys it has by then."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jdcloud.cloud.plugins.module_utils._api.errors import InputError
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.ingest import ingest, ingest_remains
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.machine_entry import new_entry
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.state.record import Record, record_from, stamp
from ansible_collections.jdcloud.cloud.plugins.plugin_utils._campaign.steps import plan
from support.campaign.results import NOW, machine, not_found, release_results, vm_result
from support.json_object import Json

A, B = "i-a", "i-b"


def account(suffix: str = "0001", **identity: Any) -> Json:
    """Whose keys a result tells."""
    plain = {"source": "environment", "access_key_suffix": suffix, "region": "cn-north-1", "pin": None, "account_id": None}
    return {**plain, **identity}


def frozen(**identity: Any) -> Record:
    """A campaign of two machines that began with some keys."""
    record = Record("c", "absent", {}, stamp(NOW), last=stamp(NOW), region="cn-north-1", account=account(**identity))
    record.frozen, record.instance_ids = True, [A, B]
    scope = {"disks": [{"disk_id": "vol-a", "fate": "deleted"}, {"disk_id": "vol-keep", "fate": "kept"}], "elastic_ips": []}
    record.machines = {each: {**new_entry(machine(each)), "scope": scope} for each in (A, B)}
    return record


def deleted(record: Record, *ids: str) -> Record:
    """The journal says that these were deleted."""
    record.accepted = {"surely": dict.fromkeys(ids, stamp(NOW)), "likely": {}}
    return record


def look(record: Record, *rows: Json, keys: Json) -> None:
    ingest(record, {**vm_result(rows), "account": keys})


def test_renewed_keys_of_the_same_pin_go_on_though_all_is_gone() -> None:
    record = frozen(pin="somebody")
    look(record, not_found(A), not_found(B), keys=account("9999", pin="somebody"))
    assert record.account["access_key_suffix"] == "9999"


@pytest.mark.parametrize("name", ["pin", "account_id"])
def test_another_account_is_refused_also_if_something_is_found(name: str) -> None:
    with pytest.raises(InputError, match="began in account one, but these keys belong to account two"):
        look(frozen(**{name: "one"}), machine(A), keys=account("9999", **{name: "two"}))


def test_what_is_told_of_an_account_must_be_the_same_in_all() -> None:
    with pytest.raises(InputError, match="these keys belong to account one"):
        look(frozen(pin="one", account_id="1"), machine(A), keys=account("9999", pin="one", account_id="2"))


def test_another_account_with_the_same_end_of_its_key_is_refused() -> None:
    with pytest.raises(InputError, match="keys of the first account"):
        look(frozen(pin="one"), not_found(A), keys=account("0001", pin="two"))


def test_renewed_keys_that_find_a_frozen_machine_are_of_the_same_account() -> None:
    record = frozen()
    look(record, machine(A), not_found(B), keys=account("9999"))
    assert record.account["access_key_suffix"] == "9999"


def test_renewed_keys_go_on_where_the_campaign_itself_deleted_all_that_is_gone() -> None:
    record = deleted(frozen(), A, B)
    look(record, not_found(A), not_found(B), keys=account("9999"))
    assert any("both keys are treated as keys of the same account" in note for note in record.notes)


def test_renewed_keys_that_find_nothing_are_not_believed_of_what_the_campaign_did_not_delete() -> None:
    with pytest.raises(InputError, match="not even i-b, which the campaign did not delete"):
        look(deleted(frozen(), A), not_found(A), not_found(B), keys=account("9999"))


def test_keys_that_only_the_journal_speaks_for_are_looked_at_again_with_what_is_left() -> None:
    record = deleted(frozen(), A, B)
    look(record, not_found(A), not_found(B), keys=account("9999"))
    with pytest.raises(InputError, match="not even vol-keep"):
        ingest_remains(record, release_results(disks={"vol-a": "absent", "vol-keep": "absent"}, account=account("9999")))


def test_a_kept_disk_that_is_found_vouches_for_renewed_keys() -> None:
    record = deleted(frozen(), A, B)
    ingest_remains(record, release_results(disks={"vol-a": "absent", "vol-keep": "available"}, account=account("9999")))
    assert record.account["access_key_suffix"] == "9999"


def test_an_address_that_the_campaign_released_is_gone_for_renewed_keys_too() -> None:
    record = deleted(frozen(), A, B)
    record.removed = ["fip-a"]
    assert ingest_remains(record, release_results(elastic_ips={"fip-a": "absent"}, account=account("9999"))) == 1


def test_the_same_key_needs_no_proof() -> None:
    record = frozen()
    look(record, not_found(A), not_found(B), keys=account("0001"))
    assert record.notes == []


def test_an_answer_without_machines_decides_nothing() -> None:
    record = frozen()
    look(record, keys=account("9999"))
    assert record.account["access_key_suffix"] == "0001"


def test_an_identity_that_was_known_once_stays_known() -> None:
    record = frozen(pin="one")
    look(record, machine(A), keys=account("9999"))
    assert (record.account["pin"], record.account["access_key_suffix"]) == ("one", "9999")


def test_a_record_of_before_is_still_read() -> None:
    old = frozen().as_json()
    for name in ("removed", "stopped"):
        del old[name]
    old["frozen"], old["instance_ids"], old["machines"] = False, [], {}
    assert record_from(old).removed == []


def begun(**identity: Any) -> list[str]:
    """The notes of a campaign none of whose ids exists at its begin."""
    record = Record("c", "absent", {}, stamp(NOW), last=stamp(NOW))
    plan.freeze(record, {**vm_result([not_found(A), not_found(B)]), "account": account(**identity)})
    return [str(note) for note in record.notes]


def test_ids_of_which_none_exists_may_be_those_of_another_account() -> None:
    assert any("or the keys are those of another account" in note for note in begun())


def test_in_the_confirmed_account_they_are_not() -> None:
    assert not any("another account" in note for note in begun(pin="shop"))
