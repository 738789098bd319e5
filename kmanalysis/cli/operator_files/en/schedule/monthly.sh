#!/usr/bin/env bash
# Checks the data and makes last month's report. Further arguments come after: monthly.sh --month 2026-10
set -uo pipefail
cd "$(dirname "$0")/.."
kmanalysis=(@PYTHON@ -m kmanalysis)
month=$(TZ=Asia/Shanghai date -d "$(TZ=Asia/Shanghai date +%Y-%m-01) -1 day" +%Y-%m)

# Rejected rows are listed, the report is made of the rest; exit code 1 where rows were rejected or something failed.
"${kmanalysis[@]}" check --data data --lang en
checked=$?
"${kmanalysis[@]}" report --data data --month "$month" --standards standards.toml --notebooks notebooks --out reports --lang en "$@" || exit $?
exit $checked
