#!/usr/bin/env bash
# The tests:  bash test.sh            the whole suite but what takes minutes
#             bash test.sh --slow     that as well;  other arguments go to pytest
set -euo pipefail
cd "$(dirname "$0")"
bash train.sh install
.venv/bin/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
if [ "${1:-}" = --slow ]; then shift; exec .venv/bin/python -m pytest "$@"; fi
exec .venv/bin/python -m pytest -m "not slow" "$@"
