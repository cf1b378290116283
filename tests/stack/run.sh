#!/usr/bin/env bash
# `pnpm test:stack`: builds the image and starts docker-compose.yml on a real engine, then runs the tests beside this file against it.
# For root on Debian. The engine is Debian's, unpacked into a temporary folder; it runs in a mount and a network namespace of its own, so
# its ports and its traffic are nobody else's, and leaves nothing behind. The base images are made of this machine's own Node, nginx and Redis.
set -euo pipefail
cd "$(dirname "$0")/../.."
repository=$PWD
export DEBIAN_FRONTEND=noninteractive

skip() { echo "test:stack is SKIPPED: $1"; exit 0; }
say() { printf 'test:stack %4ds  %s\n' "$SECONDS" "$*"; }
# quiet NAME COMMAND…: keeps what a step prints for when it fails.
quiet() { "${@:2}" >"$w/$1.log" 2>&1 </dev/null || { tail -n 60 "$w/$1.log"; return 1; }; }

[[ $(id -u) = 0 ]] || skip 'it starts an engine of its own, which needs root'
grep -qE '^ID=debian$' /etc/os-release 2>/dev/null || skip 'it takes the engine from Debian, and this is another system'
unshare -m -n true 2>/dev/null || skip 'namespaces cannot be made here'

w=$(mktemp -d "${TMPDIR:-/tmp}/stack-XXXXXX")
engine=
stop() { if [[ -n $engine ]]; then kill "$engine" 2>/dev/null && tail --pid="$engine" -f /dev/null; fi; engine=; }
trap 'rc=$?; stop; rm -rf "$w"; exit $rc' EXIT
trap 'exit 143' INT TERM

# 1. The engine. Debian 13's runs on Debian 12 too, whose own Compose is another program; what it calls is this Debian's.
install() { apt-get -qq update && apt-get -qq -y --no-install-recommends install nginx-light redis-server busybox-static runc iptables iproute2 openssl xz-utils; }
for tool in nginx redis-server busybox runc iptables ip openssl xz; do
  PATH=$PATH:/usr/sbin command -v $tool >/dev/null || { quiet install install || skip "$tool cannot be installed"; break; }
done
mkdir -p "$w"/{debs/partial,lists/partial,engine,repository}
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null | grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 || true)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$w/sources"
download() {
  local options=(-o Dir::Etc::sourcelist="$w/sources" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$w/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
  cd "$w/debs" && apt-get -qq "${options[@]}" update && apt-get -qq "${options[@]}" download docker.io docker-cli docker-compose containerd || return 1
  for package in *.deb; do dpkg-deb -x "$package" "$w/engine"; done
}
(quiet download download) || skip 'the engine cannot be downloaded'
export PATH="$w/engine/usr/sbin:$w/engine/usr/bin:/usr/sbin:$PATH" DOCKER_CONFIG="$w/config" DOCKER_HOST="unix://$w/docker.sock"
mkdir -p "$w/config/cli-plugins" && cp "$w"/engine/usr/libexec/docker/cli-plugins/docker-compose "$w/config/cli-plugins/"

# start NAME [FLAG…]: the engine, with a /run of its own, in whatever network namespace this is.
start() {
  unshare -m sh -c 'mount --make-rprivate /; mount -t tmpfs tmpfs /run; exec "$@"' sh \
    dockerd --data-root "$w/data" --exec-root "$w/exec" --pidfile "$w/pid" -H "$DOCKER_HOST" "${@:2}" >"$w/$1.log" 2>&1 &
  engine=$!
  for _ in $(seq 150); do
    if docker version >/dev/null 2>&1; then return; fi
    kill -0 "$engine" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 5 "$w/$1.log"
  return 1
}

start building --bridge=none --iptables=false --ip6tables=false --ip-forward=false || skip 'the engine does not start here'
say "engine $(docker version -f '{{.Server.Version}}'), Compose $(docker compose version --short)"

# 2. Base images under the names that the project's files use.
# root FOLDER PROGRAM: busybox, the program, and the libraries that it and pnpm need.
root() {
  mkdir -p "$1"/{bin,usr/bin,usr/local/bin,usr/sbin,tmp,root,etc,var,proc,sys,dev,run,home/node}
  chmod 1777 "$1/tmp" && cp "$(command -v busybox)" "$1/bin/" && chroot "$1" /bin/busybox --install -s /bin && ln -s /bin/env "$1/usr/bin/env"
  { ldd "$2" | grep -o '/[^ ]*'; dpkg -L libc6 libgcc-s1 | grep -E '/lib[^/]*\.so\.[0-9]+$'; } | sort -u |
    while read -r library; do mkdir -p "$1${library%/*}" && cp -L "$library" "$1$library"; done
  printf '%s\n' root:x:0:0::/root:/bin/sh node:x:1000:1000::/home/node:/bin/sh nobody:x:65534:65534::/:/bin/false >"$1/etc/passwd"
  printf '%s\n' root:x:0: node:x:1000: nogroup:x:65534: >"$1/etc/group"
}
path=(-c 'ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin')
node_image() {
  local program npm
  program=$(readlink -f "$(command -v node)") npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  root "$w/node" "$program" && cp "$program" "$w/node/usr/local/bin/node"
  mkdir -p "$w/node/usr/local/lib/node_modules" && cp -a "$npm" "$w/node/usr/local/lib/node_modules/npm"
  for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$w/node/usr/local/bin/$name"; done
  # Where this machine reaches the registry with a certificate authority of its own, the build does too.
  if [[ -n ${NODE_EXTRA_CA_CERTS:-} ]]; then cp "$NODE_EXTRA_CA_CERTS" "$w/node/etc/ca.crt" && path+=(-c 'ENV NODE_EXTRA_CA_CERTS=/etc/ca.crt'); fi
  tar -C "$w/node" -c . | docker import "${path[@]}" - "$(sed -n 's/^ARG NODE_IMAGE=//p' Dockerfile)"
}
nginx_image() {
  root "$w/nginx" "$(type -P nginx)" && cp "$(type -P nginx)" "$w/nginx/usr/sbin/"
  mkdir -p "$w"/nginx/{etc/nginx,var/cache/nginx,var/log/nginx,var/lib,usr/share/nginx} && ln -s /var/cache/nginx "$w/nginx/var/lib/nginx"
  ln -s /dev/stdout "$w/nginx/var/log/nginx/access.log" && ln -s /dev/stderr "$w/nginx/var/log/nginx/error.log"
  tar -C "$w/nginx" -c . | docker import "${path[@]}" -c 'STOPSIGNAL SIGQUIT' -c 'CMD ["nginx","-g","daemon off;"]' - "$(sed -n 's/^    image: \(nginx:.*\)/\1/p' docker-compose.yml)"
}
redis_image() {
  root "$w/redis" "$(type -P redis-server)"
  for name in redis-server redis-cli; do cp -L "$(type -P $name)" "$w/redis/usr/bin/$name"; done
  # The image that this one stands for has its server built so that it answers other machines.
  printf '#!/bin/sh\nexec /usr/bin/redis-server "$@" --protected-mode no\n' >"$w/redis/usr/local/bin/redis-server"
  chmod 755 "$w/redis/usr/local/bin/redis-server"
  # A volume takes its owner from the folder that it is mounted on.
  mkdir "$w/redis/data" && chown 999:999 "$w/redis/data"
  echo redis:x:999:999::/data:/bin/sh >>"$w/redis/etc/passwd" && echo redis:x:999: >>"$w/redis/etc/group"
  tar -C "$w/redis" -c . | docker import "${path[@]}" -c 'WORKDIR /data' - "$(sed -n 's/^    image: \(redis:.*\)/\1/p' docker-compose.yml)"
}
bun_image() {
  local program=$repository/tests/runtimes/node_modules/@oven/bun-linux-x64/bin/bun
  [[ -e $program ]] || return 0
  root "$w/bun" "$program" && cp -L "$program" "$w/bun/usr/local/bin/bun"
  echo bun:x:1000:1000::/home/node:/bin/sh >>"$w/bun/etc/passwd"
  tar -C "$w/bun" -c . | docker import "${path[@]}" - "$(sed -n 's/^ARG BUN_IMAGE=//p' Dockerfile)"
}
quiet nginx nginx_image
quiet redis redis_image
quiet node node_image
quiet bun bun_image

# 3. The build. Only the network is another one (the registry is reached from here), and limits that this machine does not have.
git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -c 2>/dev/null | tar -x -C "$w/repository"
clamp() { local hard; hard=$(ulimit -Hn); if [[ $hard != unlimited && $hard -lt $1 ]]; then echo "$hard"; else echo "$1"; fi; }
cat >"$w/here.yml" <<Y
services:
  gateway: { build: { network: host }, ulimits: { nofile: $(clamp 65536) } }
  nginx: { pull_policy: never, ulimits: { nofile: $(clamp 131072) } }
  redis: { pull_policy: never }
  gateway-bun: { image: gateway-bun, build: { context: ., target: bun, network: host }, profiles: [bun] }
Y
export COMPOSE_FILE="$w/repository/docker-compose.yml:$w/here.yml" BUILDKIT_PROGRESS=plain
quiet build timeout 400 docker compose build
say "image of $(docker images gateway-strategy-gateway --format '{{.Size}}')"
if [[ -d $w/bun ]]; then
  quiet build-bun timeout 200 docker compose --profile bun build gateway-bun
  say "image for Bun of $(docker images gateway-bun --format '{{.Size}}')"
fi
stop

# 4. The stack and its tests, where there is no network but their own.
export -f start && export w
STACK=$w/repository timeout 400 unshare -n bash -c '
  set -euo pipefail
  ip link set lo up
  start running
  trap "kill $engine && tail --pid=$engine -f /dev/null" EXIT
  cd "$1" && node node_modules/vitest/vitest.mjs run --config tests/stack/vitest.config.ts
' bash "$repository"
