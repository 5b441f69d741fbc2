# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads machines by their ids."""

from __future__ import annotations

from collections.abc import Sequence

from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pagination import find_each
from ..._api.model.instance import Instance
from ..._api.services import vm


def find_machines(dispatcher: Dispatcher, ids: Sequence[str]) -> dict[str, Instance]:
    """The machines with these ids. One that a bulk answer leaves out is asked for by itself: only a 404 says that it is gone."""
    return find_each(
        dispatcher,
        ids,
        lambda chunk: vm.describe_instances(ids=chunk),
        vm.describe_instance,
        lambda machine: machine.instance_id,
    )
