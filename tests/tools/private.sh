#!/bin/sh
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs a command with everything it writes kept below .venv of this checkout, and with none of the caller's Ansible settings
# or JD Cloud keys: sh tests/tools/private.sh .venv/bin/ansible-playbook demo/first.yml

set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
private="$root/.venv"

# A key of a real account must never reach a test, and a caller's ansible.cfg must not change what is tested.
for name in $(env | sed -n 's/^\(\(JDCLOUD\|ANSIBLE\)_[A-Za-z0-9_]*\)=.*/\1/p'); do
    unset "$name"
done
# Without compiled files each of the many processes would compile all that it imports.
unset VIRTUAL_ENV PYTHONHOME PYTHONSTARTUP PYTHONDONTWRITEBYTECODE

export HOME="$private/home"
export TMPDIR="$private/tmp"
export XDG_CACHE_HOME="$private/cache"
export ANSIBLE_HOME="$private/ansible-home"
# Ansible's own default lies below the home that the password file names, whatever HOME says.
export ANSIBLE_REMOTE_TMP="$private/tmp/ansible"
export ANSIBLE_CONFIG="$root/tests/ansible.cfg"
export ANSIBLE_COLLECTIONS_PATH="$private/collections"
export PYTHONPATH="$private/collections:$root/tests/emulator"
export HYPOTHESIS_STORAGE_DIRECTORY="$private/cache/hypothesis"
# Ansible refuses to run in a locale that is not UTF-8, and a fresh machine may have none.
export LC_ALL=C.UTF-8
# The emulator listens on loopback, where no proxy reaches it.
export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost
mkdir -p "$HOME" "$TMPDIR" "$ANSIBLE_HOME" "$private/cache/coverage"

exec "$@"
