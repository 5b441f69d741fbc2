#!/bin/sh
# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Every check of style, types, licences and documentation; all of them run, and the last line says which failed.

set -u

cd "$(dirname "$0")/../.." || exit 1
# ansible-lint and antsibull-docs look for Ansible's commands on the path.
PATH="$PWD/.venv/lint/bin:$PATH"
export PATH
# Without a terminal's width ansible-lint breaks its lines at 80 characters.
export COLUMNS=160 NO_COLOR=1

failed=""
check() {
    title=$1
    shift
    echo "== $title"
    "$@" || failed="$failed, $title"
}

check "ruff check" ruff check .
check "ruff format" ruff format --check .
check "mypy, collection" mypy -p ansible_collections.jdcloud.cloud.plugins
check "mypy, emulator" mypy -p jdcloud_emulator
check "mypy, tools" mypy --explicit-package-bases demo tests/tools
check "mypy, tests" mypy tests/unit tests/integration tests/browser tests/support tests/awx_api tests/mutants
# The benchmarks import their neighbour measure.py, as scripts do.
check "mypy, benchmarks" env MYPYPATH=tests/benchmark mypy -m run -m backup -m campaign -m startup -m page
check "ansible-lint" ansible-lint --offline -q
check "shared documentation" python tests/tools/docs_blocks.py --check
check "translations" python tests/tools/translations.py
check "antsibull-docs" antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
check "antsibull-changelog" antsibull-changelog lint
check "workflow" check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/ci.yml
check "workflow, security" zizmor --offline --quiet .github/workflows
python tests/tools/snapshot.py .venv/snapshot
check "reuse" reuse --root .venv/snapshot lint --lines

check "words" python tests/tools/words.py

if [ -n "$failed" ]; then
    echo "lint failed: ${failed#, }"
    exit 1
fi
echo "lint passed"
