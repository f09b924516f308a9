#!/bin/sh
':' /* 2>/dev/null
# The command of the installed package: a shell script that finds a Node.js, and the JavaScript that runs under it.
# sudo gives commands a PATH of its own, on which the Node.js that installed us need not be; so it is looked for beside
# this file and at the top of its prefix, too. Where none is new enough, the JavaScript says so.
# Left alone, V8 keeps up to 128 MB for what is young; a recorder is no faster for it.
# Node.js hears a hangup whatever it was started with; under nohup the command is told not to.
while read -r name bits; do
  if [ "$name" = SigIgn: ]; then
    case $bits in *[13579bdf]) export WIRETAPE_IGNORES_HANGUP=1 ;; esac
    break
  fi
done </proc/self/status
is_new_enough() {
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  case $major$minor in '' | *[!0-9]*) return 1 ;; esac
  [ "$major" -gt 22 ] || { [ "$major" -eq 22 ] && [ "$minor" -ge 19 ]; }
}
found=$(command -v node 2>/dev/null)
file=$(readlink -f -- "$0")
for node in "${WIRETAPE_NODE:-}" "$found" "$(dirname -- "$0")/node" "$(dirname -- "$file")/../../../../bin/node"; do
  if [ -n "$node" ] && is_new_enough "$node"; then exec "$node" --max-semi-space-size=16 "$0" "$@"; fi
done
if [ -n "$found" ]; then exec "$found" "$0" "$@"; fi
echo 'wiretape needs Node.js 22.19 or newer, and finds none' >&2
echo '  do this   name one:  sudo "$(command -v node)" "$(command -v wiretape)" doctor' >&2
exit 3
*/;
// Plain old JavaScript up to the check, so that an old Node.js can say it is old.
var version = process.versions.node.split('.').map(Number);
if (version[0] < 22 || (version[0] === 22 && version[1] < 19)) {
  process.stderr.write(
    'wiretape needs Node.js 22.19 or newer, and this is ' +
      process.version +
      '\n  do this   install a current Node.js, or run it with one: path/to/node ' +
      __filename +
      '\n',
  );
  process.exit(3);
}
require('../dist/cli/main.js').runAsCommand();
