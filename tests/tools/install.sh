#!/bin/sh
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Installs a requirements file: sh tests/tools/install.sh .venv/bin/python requirements/demo.txt
# pip reads the caller's own settings (index, proxy, certificates); only its cache moves when the home cannot be written.
# The pip of .venv serves all environments, so the others have none. Files are compiled when they are first imported: the vendor's
# SDK alone has 27,000, of which the tests read some dozens.

set -eu

python=$1
requirements=$2
root=$(cd "$(dirname "$0")/../.." && pwd -P)

if [ -z "${PIP_CACHE_DIR:-}" ] && { [ ! -d "${HOME:-}" ] || [ ! -w "${HOME:-}" ]; }; then
    export PIP_CACHE_DIR="$root/.venv/cache/pip"
fi
# The collection's own paths must not be seen by a build that pip starts.
unset PYTHONPATH

export TMPDIR="$root/.venv/tmp"
mkdir -p "$TMPDIR"
"$root/.venv/bin/python" -m pip --python "$python" install -qq --disable-pip-version-check --no-input --no-compile -r "$requirements"
