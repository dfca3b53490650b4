#!/bin/sh
# Installs what the local cluster and its images need from Debian, and starts none of it. Arguments are what else is needed,
# as COMMAND:PACKAGE.
set -eu

fail() {
    echo "prerequisites: $1" >&2
    exit 1
}

# What tells that a package is there, and the package.
needed='
/usr/bin/buildah buildah
/usr/bin/containerd containerd
/usr/bin/etcd etcd-server
/usr/bin/mmdebstrap mmdebstrap
/usr/bin/nsenter util-linux
/usr/bin/setsid util-linux
/usr/lib/cni/bridge containernetworking-plugins
/usr/sbin/conntrack conntrack
/usr/sbin/ip iproute2
/usr/sbin/ipset ipset
/usr/sbin/iptables iptables
/usr/sbin/nft nftables
/usr/sbin/runc runc
'

if [ "${CLUSTER:-}" = external ]; then
    needed='
/usr/bin/buildah buildah
/usr/bin/mmdebstrap mmdebstrap
'
fi

missing=$({
    echo "$needed" | while read -r file package; do
        [ -z "$file" ] || [ -e "$file" ] || echo "$package"
    done
    for more in "$@"; do
        command -v "${more%%:*}" >/dev/null || echo "${more#*:}"
    done
} | sort -u | tr '\n' ' ')

[ "$(id -u)" = 0 ] || fail "run this as root: the cluster has namespaces, mounts and cgroups of its own${missing:+; missing Debian packages: $missing}"
command -v cargo >/dev/null || fail "cargo is missing: install Rust with rustup, rust-toolchain.toml names the version"
command -v cc >/dev/null || fail "a C linker is missing: install gcc or clang"
command -v go >/dev/null || fail "go is missing: install Go 1.24 or newer, it builds Kubernetes, CoreDNS, kube-router, Helm and NATS"
minor=$(go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
[ "${minor:-0}" -ge 24 ] || fail "go is too old: install Go 1.24 or newer"

[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null || fail "this is no Debian: install what is in these Debian packages by other means: $missing"

# Debian starts the services of a package as it installs it; this makes it not, also on machines without systemd.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi
# Where systemd runs, it would start them at the next boot.
if [ -d /run/systemd/system ]; then
    for service in etcd containerd; do
        systemctl list-unit-files "$service.service" | grep -q "^$service" || masked="${masked:-} $service"
    done
    [ -z "${masked:-}" ] || systemctl mask $masked
fi
echo "prerequisites: installing $missing"
apt-get -qq update
# shellcheck disable=SC2086 # one word each
DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $missing >/dev/null ||
    fail "apt-get could not install: $missing"
