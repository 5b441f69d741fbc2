# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module does around its work: connect, keep secrets out of sight, run, and turn errors into results."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..._api.connection import Connection, resolve_connection
from ..._api.dispatch.dispatcher import Dispatcher
from ..._api.dispatch.pool import THREADS, UNVERIFIED, USER_AGENT, SystemClock, ThreadPool, dispatcher_for
from ..._api.errors import InputError, JdcloudError
from ..._api.wire.transport import REQUESTS_IMPORT_ERROR, Transport
from ..._fleet.common.account import FOREIGN, AccountError, account_problem, read_key_owner
from ..._fleet.common.progress import reading
from ..._fleet.common.texts import require_text, some_ids
from .interruption import Interruption
from .progress import READS_VARIABLE, Progress, progress_of

NO_ACCOUNT = dict.fromkeys(("source", "access_key_suffix", "region", "pin", "account_id"))

Result = dict[str, Any]
Spec = dict[str, dict[str, Any]]


@dataclass(slots=True)
class Session:
    """One module run. `account` is as public as results are; `dispatcher` and `progress` are of use once `connect` was called."""

    module: AnsibleModule
    began: float = field(default_factory=lambda: SystemClock().now())
    account: dict[str, Any] = field(default_factory=lambda: dict(NO_ACCOUNT))
    dispatcher: Dispatcher | None = None
    progress: Progress = field(default_factory=lambda: Progress(None, SystemClock().now))
    _expected: str | None = None

    @property
    def region(self) -> str:
        """The region that is worked in."""
        return str(self.account["region"])

    def connect(self) -> Dispatcher:
        """The way to the services. Raises `InputError` for wrong connection options.

        If an account is expected, the service is asked whose keys these are; raises `AccountError` unless it confirms that.
        Otherwise nothing is sent.
        """
        connection = resolve_connection(self.module.params, os.environ, Path(os.path.expanduser("~")))
        self.module.no_log_values.update(connection.secrets)
        self.account = dict(connection.account)
        if connection.verify is False:
            self.module.warn(UNVERIFIED)
        for warning in connection.warnings:
            self.module.warn(warning)
        self.dispatcher = self._dispatcher(connection)
        self._expected = connection.expected_account
        if self._expected is not None:
            self._confirm(self.dispatcher, self._expected)
        return self.dispatcher

    def none_exists(self, count: int) -> str:
        """The warning for a selection of ids of which none exists."""
        # A run that goes on after an interruption sees this, too, once its machines are gone.
        return self.maybe_foreign(f"none of {count} ids exists in {self.region}: they are gone already, or the region is wrong")

    def warn_of_missing(self, missing: Sequence[str], *, found: int) -> None:
        """Warn of ids that do not exist, where that is no failure."""
        if missing:
            sentence = f"{len(missing)} ids do not exist in {self.region}: {some_ids(missing)}"
            self.module.warn(sentence if found else self.maybe_foreign(sentence))

    def maybe_foreign(self, sentence: str) -> str:
        """A sentence without its end about what does not exist; with another reason for that, unless the account is confirmed."""
        return sentence if self._expected is not None else f"{sentence}; {FOREIGN}"

    def _confirm(self, dispatcher: Dispatcher, expected: str) -> None:
        seen = read_key_owner(dispatcher, expected)
        self.account.update(pin=seen.identity.pin, account_id=seen.identity.account_id)
        refusal = account_problem(seen, expected)
        if refusal is not None:
            raise AccountError(refusal)

    def _dispatcher(self, connection: Connection) -> Dispatcher:
        clock = SystemClock()
        pool = ThreadPool(Transport(connection, USER_AGENT, pool_size=THREADS), clock, THREADS, connection.timeout)
        interruption = Interruption(pool.stop)
        interruption.install()
        reads = READS_VARIABLE in os.environ
        self.progress = progress_of(os.environ, clock.now, wanted=reads or not self.module.check_mode)

        def beat() -> None:
            interruption.check()
            self.progress.beat()

        dispatcher = dispatcher_for(connection, pool, clock, read_only=self.module.check_mode, on_heartbeat=beat)
        if reads:
            self.progress.watch(lambda: reading(dispatcher.counters.calls))
        self.progress.trouble = lambda: dispatcher.recent_trouble
        return dispatcher

    def api_use(self) -> Result:
        """How many requests were sent, and how long the run took in seconds."""
        counters = self.dispatcher.counters if self.dispatcher is not None else None
        return {
            "api_calls": counters.calls if counters else 0,
            "api_retries": counters.retries if counters else 0,
            "api_throttled": counters.throttled if counters else 0,
            "seconds": round(SystemClock().now() - self.began, 3),
        }


class Module(AnsibleModule):  # type: ignore[misc]  # ansible-core ships no type information
    """A module whose failures hold all documented keys and one sentence, also those that Ansible finds in the arguments."""

    def __init__(self, argument_spec: Spec, early_end: Callable[[Session], Result]) -> None:
        self._early_end = early_end
        self._given: dict[str, Any] = {}
        infinite = False
        try:
            super().__init__(argument_spec=argument_spec, supports_check_mode=True)
        except OverflowError:
            infinite = True
        if infinite:
            # Ansible's own check of whole numbers breaks on "inf", before it knows which arguments are secret.
            self.fail_json(
                msg="An option that must be a whole number is infinite: set a finite number.", invocation={"module_args": {}}
            )
        try:
            check_texts(argument_spec, self._given)
        except InputError as error:
            self.fail_json(msg=str(error))

    def _load_params(self) -> None:
        """Keep what was given: what Ansible makes a text of is no text any more when it is checked."""
        super()._load_params()
        self._given = dict(self.params)

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        """End the module as failed. What `result` lacks is as in a run that looked at nothing."""
        sentence = " ".join(str(msg).split())
        if not sentence.endswith("."):
            sentence += "."
        super().fail_json(msg=sentence, **{**self._early_end(Session(self)), **result})
        raise AssertionError("fail_json came back")


def check_texts(spec: Spec, given: Mapping[str, Any]) -> None:
    """Raise `InputError` for a number or boolean where a text is expected. `given`: the options before Ansible converts them.

    Ansible would make a text of it, but not the one that was written. Dictionaries are converted to nothing and checked later.
    """
    for option, message in spec.items():
        value = given.get(option)
        if value is None or "choices" in message:
            continue
        if message["type"] in ("str", "path"):
            _check_text(value, option, secret=bool(message.get("no_log")))
        elif message["type"] == "list" and message.get("elements") != "dict":
            if not isinstance(value, list):
                _check_text(value, option)
                continue
            if None in value:
                raise InputError(f"{option} has a blank or null member: remove it.")
            for member in value:
                _check_text(member, f"A member of {option}")


def _check_text(value: Any, where: str, *, secret: bool = False) -> None:
    if secret and not isinstance(value, str):
        raise InputError(f"{where} is not text: quote it.")
    require_text(value, where)


def run_module(
    argument_spec: Spec,
    work: Callable[[Session], Result],
    early_end: Callable[[Session], Result],
    *,
    reads_only: bool = False,
) -> None:
    """Do `work` and exit with its result, a failure if it has a `msg`. `early_end` makes the result of a run that ended early.

    A module that does not read only says in its result that it is a preview: later, nothing else tells it from what was done.
    """
    module = Module(argument_spec, early_end)
    if REQUESTS_IMPORT_ERROR is not None:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    session = Session(module)
    try:
        result = work(session)
    except JdcloudError as error:
        result = {**early_end(session), "msg": str(error)}
    if module.check_mode and not reads_only:
        result["check_mode"] = True
    if "msg" in result:
        module.fail_json(**result)
    module.exit_json(**result)
