# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet that no bad input may change."""

from __future__ import annotations

from typing import Any

from support.integration.cloud import Cloud, Ended, account, check_sentence, running, stopped

SPARE_SECRETS = ("SpareSecretKey000000000000000001", "expired-token-0001")
EXPIRED = {"access_key": "TEMPORARYKEY0001", "secret_key": SPARE_SECRETS[0], "token": SPARE_SECRETS[1], "expires": "-1h"}


class Fleet:
    """Machines of a cloud, and runs that must fail without changing anything."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        cloud.seed(
            stopped("i-one", name="web-01", tags={"env": "test"}),
            running("i-two", name="web-02", tags={"env": "test"}),
            stopped("i-twin1", name="twin"),
            stopped("i-twin2", name="twin"),
            accounts=[account(tokens=[EXPIRED])],
        )
        self._before = cloud.control.state()

    def refused(self, *named: str, sends: bool = False, state: str = "absent", **options: Any) -> Ended:
        """Run jdcloud_vm, which must fail with a sentence that holds all of `named`."""
        ended = self.cloud.vm(state, **options)
        self.check(ended, named, sends=sends)
        return ended

    def refused_info(self, *named: str, sends: bool = False, **options: Any) -> Ended:
        """Run jdcloud_vm_info, which must fail likewise."""
        ended = self.cloud.vm_info(**options)
        assert set(ended.result) >= {"changed", "account", "instances", "summary"}
        self.check(ended, named, sends=sends)
        return ended

    def check(self, ended: Ended, named: tuple[str, ...], *, sends: bool) -> None:
        """It failed, said so well, changed nothing, and sent nothing unless `sends`."""
        assert ended.failed
        assert ended.result["changed"] is False
        assert ended.result["instances"] == []
        self.check_message(ended.msg, named)
        assert not any(secret in str(ended.result) for secret in SPARE_SECRETS)
        self.check_untouched(sends=sends)

    def check_message(self, msg: str, named: tuple[str, ...]) -> None:
        """One sentence that holds all of `named`."""
        check_sentence(msg)
        for word in named:
            assert word in msg, msg

    def check_untouched(self, *, sends: bool) -> None:
        """Nothing was changed, and nothing sent unless `sends`."""
        assert self.cloud.writes() == []
        assert bool(self.cloud.calls()) == sends
        assert self.cloud.control.state() == self._before
