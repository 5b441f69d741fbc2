# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the connection options, which every module of the collection has, and the inventory."""

from __future__ import annotations


class ModuleDocFragment:
    """Where the service is and who asks."""

    # No option that can come from the environment declares a default: a declared one would hide where a value came from.
    DOCUMENTATION = r"""
options:
  access_key:
    description:
      - The access key of the account, from the console's page C(Access Key Management).
      - Needs O(secret_key) beside it. Access key, secret key and token are taken from one source as a unit.
      - The sources, of which the first that exists is used, are the options O(access_key), O(secret_key) and
        O(security_token), the option O(profile), the environment variables E(JDCLOUD_ACCESS_KEY), E(JDCLOUD_SECRET_KEY) and
        E(JDCLOUD_SECURITY_TOKEN), the environment variable E(JDCLOUD_PROFILE), and the current profile of the official
        command line tool.
      - A source that holds a part only is an error. It is never completed from the next source.
    type: str
  secret_key:
    description:
      - The secret key that belongs to O(access_key).
      - Like all secrets it is kept out of logs, results and error messages.
    type: str
  security_token:
    description:
      - The token of temporary credentials of the security token service (STS).
      - Needs O(access_key) and O(secret_key) of the same temporary credentials.
    type: str
  profile:
    description:
      - A section of the official command line tool's file C(~/.jdc/config), written by C(jdc configure add).
      - Excludes O(access_key).
      - When no source of keys is given at all, the tool's current profile is used, which C(~/.jdc/current) names.
      - If not set, the environment variable E(JDCLOUD_PROFILE) is used, unless E(JDCLOUD_ACCESS_KEY) is set, with a warning then.
    type: str
  region:
    description:
      - The region, for example V(cn-north-1).
      - If not set, the environment variable E(JDCLOUD_REGION) is used, then the region of the profile that the keys came
        from.
      - No region at all is an error.
    type: str
  endpoint_url:
    description:
      - Address of the service, for a private network or a proxy of one's own. It may hold C({service}) and C({region}), for
        example V(https://{service}.internal.{region}.jdcloud-api.com); one address may also serve all services.
      - If not set, the environment variable E(JDCLOUD_ENDPOINT_URL) is used, then the endpoint of the profile that the keys
        came from (unless it is the stock one that the command line tool writes), then V(https://{service}.jdcloud-api.com).
      - Plain C(http://) is refused unless it goes to this machine itself. See O(allow_insecure_http).
    type: str
  validate_certs:
    description:
      - Whether to verify the certificate of the service.
      - V(false) gives a warning, since anybody on the way could then read and change what is sent.
    type: bool
    default: true
  ca_bundle:
    description:
      - A file or folder with the certificates to trust, for a service behind a certificate authority of one's own.
      - If not set, the environment variable E(JDCLOUD_CA_BUNDLE) is used.
      - Excludes O(validate_certs=false).
    type: path
  allow_insecure_http:
    description:
      - Whether signed requests may go over plain HTTP to another machine.
      - The secret key is never sent, but everything else can be read on the way, and answers can be forged. Loopback
        addresses need no permission.
    type: bool
    default: false
  expected_account:
    description:
      - The account that the keys must belong to, as its pin (the name of the user of the keys) or its account id.
      - The service is asked whose keys these are before anything else is sent, in check mode, too. Unless it confirms the
        account, nothing is done, and the error says what was seen. What belongs to another account looks like what is gone,
        so with the keys of a wrong account every id seems to be deleted already.
      - Compared exactly and as text. Quote it; a number is refused, since YAML may have changed it.
      - Needs the right to C(user.describeUser). Where that call fails or names no pin, the pin that
        C(resourcetag.describeKeys) tells is taken.
      - Which pin the key of a sub-user gets is not documented. Set any text at first, and copy what the error says was seen.
      - If not set, the environment variable E(JDCLOUD_EXPECTED_ACCOUNT) is used; an empty one counts as not set.
    type: str
    version_added: 1.0.0
  api_timeout:
    description:
      - Seconds after which one call is given up, from opening the connection to the last byte of the answer, however slowly that
        comes.
      - A connection that is not open after 10 seconds is given up earlier.
      - If not set, the environment variable E(JDCLOUD_API_TIMEOUT) is used, then 30 seconds.
    type: float
  api_retries:
    description:
      - How often a read is repeated at most after a time-out, a broken connection or a failure on the side of the service.
      - A read that fails is not repeated after two minutes, nor after the wait that it belongs to has run out.
      - A write is never simply repeated. It is only sent again when a fresh look at the machine shows that it did not take
        effect.
      - Answers that say "too fast" (C(429 RATE_LIMIT)) do not count; they are bounded by time.
      - If not set, the environment variable E(JDCLOUD_API_RETRIES) is used, then 8.
    type: int
  api_rate_limit:
    description:
      - The most calls to send in one second, if the limit of the account is known. At least 0.5.
      - If not set, the environment variable E(JDCLOUD_API_RATE_LIMIT) is used. Without either, the limit is found
        out at run time, by slowing down as soon as the service asks for it.
    type: float
requirements:
  - requests >= 2.28
attributes:
  action_group:
    description:
      - Use C(group/jdcloud.cloud.jdcloud) in C(module_defaults) to set connection options once for all modules of this
        collection.
    support: full
    membership:
      - jdcloud.cloud.jdcloud
notes:
  - Every result says which account was used, in C(account). It holds the source of the keys, the last characters of the
    access key, and the region. If an account is expected, it also holds the pin and the account id that the service told.
  - Runs where the task runs, usually on C(localhost); the machines themselves are never logged in to.
  - Proxy variables of the environment (E(HTTPS_PROXY), E(NO_PROXY)) are honoured. Redirects are not followed, and C(.netrc)
    is not used.
  - If E(JDCLOUD_JOURNAL_PATH) names a file on the host that runs the module, each write is appended to it as a line of JSON
    before it leaves, and again with its outcome and request id. Nothing is sent that cannot be journaled.
  - The service gives some times without a zone; those are read as Beijing time (UTC+8).
"""

    # For the inventory, which is no module: jdcloud.cloud.jdcloud.connection. Annotated, because ansible-test takes every plain
    # assignment here for a text.
    CONNECTION: str = DOCUMENTATION.partition("attributes:\n")[0]
