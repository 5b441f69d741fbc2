#!/bin/sh
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Prints the Python that the private environment is made with: $PYTHON if set, else the newest of the known names that is
# 3.11 or newer and can make virtual environments. Says in one sentence what to install when there is none.

set -u

fits() {
    # A version manager's shim answers to a name even when no such Python is installed, so it is run, not only found.
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

makes_environments() {
    # Debian ships python3 without ensurepip; venv would fail half way.
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    set -- "$PYTHON"
else
    set -- python3.13 python3.12 python3.11 python3
fi

bare=""
for name in "$@"; do
    fits "$name" || continue
    if makes_environments "$name"; then
        "$name" -c 'import sys; print(sys.executable)'
        exit 0
    fi
    bare="$name"
done

if [ -n "$bare" ]; then
    echo "$bare cannot make virtual environments: install its venv module (on Debian and Ubuntu: apt install python3-venv)." >&2
elif [ -n "${PYTHON:-}" ]; then
    echo "PYTHON=$PYTHON is not a Python 3.11 or newer: name another one, or leave PYTHON out." >&2
else
    echo "No Python 3.11 or newer was found: install one, or name it with make PYTHON=/path/to/python3." >&2
fi
exit 1
