#!/usr/bin/env bash
# Evaluation alone:  bash evaluate.sh            every task and the batch answers
#                    bash evaluate.sh nl2sql     one of classify | keywords | nl2sql | answers
# MODEL, PREFIXES (folder with the three prefixes) and DATABASE can be set from the environment.
set -euo pipefail
cd "$(dirname "$0")"
[ -x .venv/bin/python ] || bash train.sh install
exec .venv/bin/python -m agent evaluate ${1:+--task "$1"} ${MODEL:+--model "$MODEL"} ${PREFIXES:+--prefixes "$PREFIXES"} ${DATABASE:+--database "$DATABASE"}
