#!/bin/sh
# Fetches the newest Filagram for this board, checks it, and makes it a service: sh install.sh
# Read it first: it downloads two files into a temporary folder and then calls "sudo ./filagram install".
# FILAGRAM_FROM names another place to fetch from.
set -eu

from=${FILAGRAM_FROM:-https://github.com/filagram/filagram/releases/latest/download}

fail() {
  echo "$1" >&2
  exit 1
}

fetch() { # address, file
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget --quiet --output-document="$2" "$1"
  else
    fail "Neither curl nor wget is here: sudo apt install curl"
  fi
}

[ "$(uname -s)" = Linux ] || fail "Filagram runs on Linux only"
case $(uname -m) in
  x86_64) board=x64 ;;
  aarch64) board=arm64 ;;
  *) fail "Filagram needs a 64-bit system: this one is $(uname -m)" ;;
esac
# A 64-bit kernel may carry a 32-bit system, as older Raspberry Pi OS does.
[ "$(getconf LONG_BIT)" = 64 ] || fail "Filagram needs a 64-bit system: this one has a 64-bit kernel, but 32-bit programs"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fetch "$from/SHA256SUMS" SHA256SUMS || fail "Cannot fetch $from/SHA256SUMS"
line=$(grep -E "^[0-9a-f]{64}  filagram-[0-9A-Za-z.+-]+-linux-$board\$" SHA256SUMS) || fail "There is no file for $board at $from"
file=${line##* }
echo "Fetching $file"
fetch "$from/$file" "$file" || fail "Cannot fetch $from/$file"
echo "$line" | sha256sum --check --quiet - || fail "$file is not what its checksum says: it was not installed"
chmod +x "$file"

# What it unpacks lies there once, for all users.
set -- env FILAGRAM_CACHE=/var/cache/filagram "./$file" install "$@"
[ "$(id -u)" = 0 ] || set -- sudo "$@"
"$@"
