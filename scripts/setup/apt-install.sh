#!/bin/sh
# Installs distribution packages without starting a service and without leaving a change behind:
# a policy-rc.d that forbids starts is put in place for the length of the installation, unless the machine has its own,
# and nginx, where it was not there before, is not left to start with the machine.
set -eu
policy=/usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive

if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\n# Here only while packages for wiretape are installed: no service is to be started.\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

# A third-party list that does not answer must not stop the installation; the install below says what is truly missing.
apt-get update || echo "apt-get update reported problems; trying the installation all the same"
apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@"

for name in "$@"; do
  if [ "$name" = nginx ] && command -v systemctl >/dev/null 2>&1; then
    systemctl disable nginx >/dev/null 2>&1 || true
  fi
done
