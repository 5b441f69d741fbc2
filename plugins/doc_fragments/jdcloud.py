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
      - The access key of the account, from the page C(Access Key Management) of the console.
      - Requires O(secret_key). Access key, secret key and token always come from the same source.
      - The first source that exists is used. The order is the options O(access_key), O(secret_key) and O(security_token); the
        option O(profile); the environment variables E(JDCLOUD_ACCESS_KEY), E(JDCLOUD_SECRET_KEY) and E(JDCLOUD_SECURITY_TOKEN);
        the environment variable E(JDCLOUD_PROFILE); the current profile of the official command line tool.
      - An incomplete source is an error. It is never completed from the next source.
    type: str
  secret_key:
    description:
      - The secret key that belongs to O(access_key).
      - It is kept out of logs, results and error messages, as all secrets are.
    type: str
  security_token:
    description:
      - The token of temporary credentials of the security token service (STS).
      - Requires O(access_key) and O(secret_key) of the same temporary credentials.
    type: str
  profile:
    description:
      - A section of C(~/.jdc/config), the file of the official command line tool. C(jdc configure add) writes it.
      - Excludes O(access_key).
      - If not set, the environment variable E(JDCLOUD_PROFILE) is used. If E(JDCLOUD_ACCESS_KEY) is also set, that key is used
        and the module warns.
      - If no source of keys is given, the current profile of the tool is used, which C(~/.jdc/current) names.
    type: str
  region:
    description:
      - The region, for example V(cn-north-1).
      - If not set, the environment variable E(JDCLOUD_REGION) is used, then the region of the profile that the keys came from.
        Without any of them the task fails.
    type: str
  endpoint_url:
    description:
      - The address of the service, for a private network or your own proxy. It may contain C({service}) and C({region}), for
        example V(https://{service}.internal.{region}.jdcloud-api.com). One address may also serve all services.
      - If not set, the environment variable E(JDCLOUD_ENDPOINT_URL) is used, then the endpoint of the profile that the keys
        came from (unless it is the stock endpoint that the command line tool writes), then
        V(https://{service}.jdcloud-api.com).
      - Plain C(http://) is refused unless the address is a loopback address, see O(allow_insecure_http).
    type: str
  validate_certs:
    description:
      - Whether to verify the certificate of the service.
      - With V(false) the module warns, because anyone on the network path can read and change the traffic.
    type: bool
    default: true
  ca_bundle:
    description:
      - A file or directory with the CA certificates to trust, for a service behind your own certificate authority.
      - If not set, the environment variable E(JDCLOUD_CA_BUNDLE) is used.
      - Excludes O(validate_certs=false).
    type: path
  allow_insecure_http:
    description:
      - Whether to allow signed requests over plain HTTP to another host.
      - The secret key is never sent, but all other data can be read on the network path, and responses can be forged. Loopback
        addresses are always allowed.
    type: bool
    default: false
  expected_account:
    description:
      - The account that the keys must belong to, as its pin (the name of the user of the keys) or its account id.
      - The module asks the service for the owner of the keys before any other call, in check mode as well. If the service does
        not confirm the account, nothing is done, and the error contains the account that was found. Without this check, the
        keys of a wrong account make every id look as if it were deleted already.
      - Compared exactly and as text. Quote it; a number is refused, since YAML may have changed it.
      - Requires the right C(user.describeUser). If that call fails or returns no pin, the pin that C(resourcetag.describeKeys)
        returns is used.
      - The pin that belongs to the key of a sub-user is not documented. To find it, set any text first and copy the value from
        the error.
      - If not set, the environment variable E(JDCLOUD_EXPECTED_ACCOUNT) is used; an empty value counts as not set.
    type: str
    version_added: 1.0.0
  api_timeout:
    description:
      - Maximum seconds for one call, from the connection to the last byte of the response.
      - The call fails earlier if the connection is not open after 10 seconds.
      - If not set, the environment variable E(JDCLOUD_API_TIMEOUT) is used, then 30 seconds.
    type: float
  api_retries:
    description:
      - Maximum number of repeats of a read after a time-out, a broken connection or a failure of the service.
      - A failing read is repeated for at most two minutes, and not after the wait that needs it has ended.
      - A write is never repeated blindly. It is sent again only after a new read shows that it did not take effect.
      - C(429 RATE_LIMIT) responses do not count; they are limited by time.
      - If not set, the environment variable E(JDCLOUD_API_RETRIES) is used, then 8.
    type: int
  api_rate_limit:
    description:
      - Maximum number of calls per second, at least 0.5. Set it if you know the limit of your account.
      - If not set, the environment variable E(JDCLOUD_API_RATE_LIMIT) is used. Without either, the module adapts its rate to
        the responses of the service.
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
  - Every result contains C(account), the account that was used. It holds the source of the keys, the last characters of the
    access key, and the region; with O(expected_account) also the pin and the account id that the service returned.
  - The module runs on the host of the task, usually C(localhost). It never logs in to instances.
  - The proxy variables of the environment (E(HTTPS_PROXY), E(NO_PROXY)) are used. Redirects are not followed, and C(.netrc) is
    not used.
  - If E(JDCLOUD_JOURNAL_PATH) names a file on the host of the module, each write is appended to it as a line of JSON before it
    is sent, and again with its outcome and request id. A write that cannot be recorded is not sent.
  - The service returns some dates and times without a time zone. They are read as Beijing time (UTC+8).
"""

    # For the inventory, which is no module: jdcloud.cloud.jdcloud.connection. Annotated, because ansible-test takes every plain
    # assignment here for a text.
    CONNECTION: str = DOCUMENTATION.partition("attributes:\n")[0]
