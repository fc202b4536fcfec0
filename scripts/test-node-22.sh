#!/usr/bin/env bash
# The tests on Node 22 as well: a copy of this tree with native addons compiled for it. Arguments go to jest.
set -euo pipefail
cd "$(dirname "$0")/.."
place="$PWD/.setup/node-22"
mkdir -p "$place/tree"
if [ ! -x "$place/node_modules/node/bin/node" ]; then
  npm install --prefix "$place" --no-save --no-audit --no-fund --loglevel=error node@22 >&2
fi
# What git knows or would take, as it is now; what was deleted since the last time goes.
find "$place/tree" -mindepth 1 -maxdepth 1 ! -name node_modules ! -name dist ! -name .setup -exec rm -rf {} +
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  [ -e "$file" ] && printf '%s\0' "$file"
done | tar --null -T - -cf - | tar -xf - -C "$place/tree"
cd "$place/tree"
export PATH="$place/node_modules/node/bin:$PATH"
# The headers lie beside the real binary; a setting of this machine for another Node must not win.
npm_config_nodedir="$(dirname "$(find "$place/node_modules" -path '*/include/node/node_version.h' -printf '%h\n' -quit)")"
export npm_config_nodedir="${npm_config_nodedir%/include}"
node scripts/setup.js
exec node node_modules/jest/bin/jest.js "$@"
