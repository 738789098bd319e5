#!/usr/bin/env bash
# 检查数据，生成上个月的报告。参数会接在后面，例如：monthly.sh --month 2026-10
set -uo pipefail
cd "$(dirname "$0")/.."
kmanalysis=(@PYTHON@ -m kmanalysis)
month=$(TZ=Asia/Shanghai date -d "$(TZ=Asia/Shanghai date +%Y-%m-01) -1 day" +%Y-%m)

# 被拒收的行会列出，其余照常出报告；退出码 1 表示有拒收或失败。
"${kmanalysis[@]}" check --data data --lang zh
checked=$?
"${kmanalysis[@]}" report --data data --month "$month" --standards standards.toml --notebooks notebooks --out reports --lang zh "$@" || exit $?
exit $checked
