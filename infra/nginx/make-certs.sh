#!/bin/sh
# Makes a self-signed certificate for development: fullchain.pem and privkey.pem in the folder `certs` beside this script.
#
#   make-certs.sh [--force] [--out FOLDER] [HOST…]
#
# HOST is a DNS name or an IPv4 address beside localhost, 127.0.0.1 and ::1. What is there already is kept, unless --force says otherwise.
set -eu

out=$(dirname -- "$0")/certs
force=no
names='DNS:localhost,IP:127.0.0.1,IP:::1'

fail() {
  echo "make-certs: $1" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --force) force=yes ;;
    --out)
      [ $# -gt 1 ] || fail '--out takes a folder'
      out=$2
      shift
      ;;
    -*) fail "unknown flag $1; there are --force and --out FOLDER" ;;
    *[!A-Za-z0-9.*-]* | '') fail "not a host name or an IPv4 address: $1" ;;
    *[!0-9.]*) names="$names,DNS:$1" ;;
    *) names="$names,IP:$1" ;;
  esac
  shift
done

chain=$out/fullchain.pem
key=$out/privkey.pem
if [ "$force" = no ]; then
  if [ -e "$chain" ] && [ -e "$key" ]; then
    echo "kept $chain and $key; --force makes new ones"
    exit 0
  fi
  if [ -e "$chain" ] || [ -e "$key" ]; then fail "only one of $chain and $key is there; --force makes a new pair"; fi
fi

mkdir -p "$out"
# Made aside and moved into place, so that a failure leaves no half of a pair; 077 keeps the key from others from its first byte.
new=$(mktemp -d "$out/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
  -subj /CN=localhost -addext "subjectAltName=$names" -addext extendedKeyUsage=serverAuth \
  -keyout "$new/privkey.pem" -out "$new/fullchain.pem" 2>"$new/log" || {
  cat "$new/log" >&2
  exit 1
}
# nginx reads the key as root before it gives up its rights, so nobody else has to.
chmod 600 "$new/privkey.pem"
chmod 644 "$new/fullchain.pem"
mv "$new/privkey.pem" "$key"
mv "$new/fullchain.pem" "$chain"
echo "made $chain and $key for $names"
