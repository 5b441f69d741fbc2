# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between the kinds of things that are deleted by themselves; engine and transitions are the same for all."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from ..._api.calls import Call
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.errors import JdcloudError
from ..._api.fields import Page
from ..common.failure import Failure, Finding

DELETING = "deleting"


class Deletable(Protocol):
    """Anything in the cloud that has a status."""

    @property
    def status(self) -> str:
        """As the service shows it."""
        raise NotImplementedError

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The names of the fields that could not be read."""
        raise NotImplementedError


D = TypeVar("D", bound=Deletable)


class ResourceKind(abc.ABC, Generic[D]):
    """How things of one kind are read, judged and deleted.

    `key` is what names of options and results call one of them, `word` what messages do.
    `look_limit`: at most so many are looked at in one go, None where that is not limited. Needed where a look takes two calls.
    """

    key: str
    word: str
    look_limit: int | None = None

    # --- calls --------------------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def id_of(self, asset: D) -> str:
        """Its id."""

    @abc.abstractmethod
    def by_ids(self, ids: Sequence[str]) -> Call[Page[D]]:
        """The look in bulk, at most 100 ids."""

    @abc.abstractmethod
    def by_id(self, asset_id: str) -> Call[D]:
        """The read of one, whose 404 proves that it is gone."""

    @abc.abstractmethod
    def delete(self, asset: D) -> Call[None]:
        """The call that deletes it."""

    def prepare(self, _dispatcher: Dispatcher, _found: Mapping[str, D]) -> None:
        """Read, for the plan, what `related_call` reads for the gate. Raises `JdcloudError`."""
        return

    def related_call(self, _assets: Sequence[D]) -> Call[Page[Any]] | None:
        """What is to be read before the look that decides about these, None if nothing."""
        return None

    def note_related(self, _assets: Sequence[D], _page: Page[Any]) -> None:
        """The response to `related_call` for these."""
        return

    # --- judgement ----------------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def blockers(self, asset: D) -> tuple[Finding, ...]:
        """Everything that forbids to delete it. One that is going or gone already is not judged by its status."""

    @abc.abstractmethod
    def differences(self, before: D, now: D) -> list[str]:
        """In what it is not the one any more that the plan was made of."""

    def changes(self, before: D, now: D) -> list[str]:
        """Why it may not be deleted after all. Empty: it still may."""
        return self.differences(before, now) or [reason.message.rstrip(".") for reason in self.blockers(now)]

    def explain(self, _asset: D, _error: JdcloudError) -> Failure | None:
        """What a refusal means, where more is known than the service says."""
        return None

    def warnings(self, _asset: D) -> tuple[Finding, ...]:
        """What should be known of its deletion beforehand."""
        return ()

    def recycles(self, _asset: D) -> bool:
        """Whether deleting puts it into a recycle bin instead of destroying it."""
        return False

    # --- states -------------------------------------------------------------------------------------------------------

    def is_going(self, asset: D) -> bool:
        """Whether it is being deleted."""
        return asset.status == DELETING

    def is_gone(self, _asset: D) -> bool:
        """Whether it counts as gone although the service still shows it."""
        return False

    def may_be_going(self, _asset: D) -> bool:
        """Whether a delete whose response was lost may be the reason for its state. Not asked of what is going or gone."""
        return False

    def survived(self, before: D, now: D) -> bool:
        """Whether its state says that the service has given up an accepted delete."""
        return now.status.startswith("error") > before.status.startswith("error")

    def status_when_asked(self, _asset: D) -> str:
        """Its status once the service accepted the delete."""
        return DELETING

    def status_when_gone(self, _asset: D) -> str:
        """Its status after all."""
        return "absent"
