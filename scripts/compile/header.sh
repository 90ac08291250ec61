#!/bin/sh
# Filagram @VERSION@ for 64-bit Linux (@MACHINE@): this script, and behind it an archive of Deno and the program.
# The first start unpacks it into a cache folder; every later one only looks whether all there is as it was.
# The folder: $FILAGRAM_CACHE or systemd's $CACHE_DIRECTORY; else the first that will do of $XDG_CACHE_HOME/filagram,
# $HOME/.cache/filagram, /var/cache/filagram and /tmp/filagram-UID.
set -u

name=filagram-@VERSION@-@ID@
needed_kib=@NEEDED_KIB@

# A folder of ours or root's that nobody else may write to; a link is none.
is_own() { # folder
  case $(stat -c '%u %A' "$1" 2>/dev/null) in
    "$uid d"????-??-? | '0 d'????-??-?) return 0 ;;
  esac
  return 1
}

# Whether all files have that owner, and their own kind, mode, size and time.
is_intact() { # folder, owner
  expected="@LISTING@"
  [ "$(cd "$1" && stat -c '%u %f %s %Y %n' @FILES@ 2>/dev/null)" = "$expected" ]
}

is_ready() { # cache folder
  is_own "$1" && is_own "$1/$name" && { is_intact "$1/$name" "$uid" || is_intact "$1/$name" 0; }
}

has_sums() { # folder
  command -v sha256sum >/dev/null || return 0 # gzip has compared its own, shorter sum
  (cd "$1" && sha256sum -c) >/dev/null 2>&1 <<SUMS
@SUMS@
SUMS
}

fail() { # sentence
  printf '%s\n' "$1"
  exit 1
}

extract() { # folder
  cd "$1" && tail -c +@ARCHIVE_AT@ "$self" | gzip -dc | LC_ALL=C tar -xof -
}

# Says in a sentence why it failed. Two at once do not disturb each other: each unpacks on its own, and a folder gets its name
# only when it is whole.
unpack() ( # cache folder
  umask 022
  case $1 in
    *,*) fail "Cannot use the folder \"$1\": there is a comma in its name" ;;
  esac
  mkdir -p "$1" 2>/dev/null || fail "Cannot make the folder \"$1\""
  is_own "$1" || fail "Cannot use the folder \"$1\": it is somebody else's, or others may write to it"
  new=$1/.unpacking-$$
  rm -rf "$new" && mkdir "$new" 2>/dev/null || fail "Cannot write to the folder \"$1\""
  trap 'rm -rf "$new"' EXIT
  trap 'exit 1' HUP INT TERM
  free_kib=$(df -Pk "$1" 2>/dev/null | { read -r _ && read -r _ _ _ free _ && echo "$free"; })
  [ "${free_kib:-$needed_kib}" -ge $needed_kib ] ||
    fail "Cannot unpack into \"$1\": it takes $((needed_kib / 1024)) MB, and $((free_kib / 1024)) MB are free"
  printf 'filagram: Unpacking into %s, once for this version …\n' "$1" >&2
  said=$(extract "$new" 2>&1) && is_intact "$new" "$uid" && has_sums "$new" || fail "$(why_not_whole "$1" "$said")"
  said=$("$new/filagram" --version 2>&1) || fail "$(why_not_run $? "$1" "$said")"
  sync
  [ ! -e "$1/$name" ] || is_ready "$1" || mv "$1/$name" "$new/broken"
  mv -T "$new" "$1/$name" 2>/dev/null || is_ready "$1" || fail "Cannot rename \"$new\""
  clean_up "$1"
)

why_not_whole() { # cache folder, what was said
  case $2 in
    *"No space left"* | *"quota exceeded"*) echo "Cannot unpack into \"$1\": the disk is full. It takes $((needed_kib / 1024)) MB" ;;
    *) echo "Cannot unpack into \"$1\": $self is not as it was made, or the folder does not keep it. Download it again${2:+ ($2)}" ;;
  esac
}

why_not_run() { # exit status, cache folder, what it said
  if [ "$(uname -m)" != @MACHINE@ ]; then
    echo "This file is for @MACHINE@, and this system is $(uname -m): download the one for it"
  elif [ "$1" -eq 126 ]; then
    echo "Cannot run programs from \"$2\": it may be mounted noexec. Name another folder: FILAGRAM_CACHE=/path"
  else
    echo "This system cannot run it. It needs a 64-bit Linux with the GNU C library, such as Raspberry Pi OS 64-bit ($3)"
  fi
}

# The version before may still run, or be gone back to; older ones go, and what was left half-way.
clean_up() { # cache folder
  # shellcheck disable=SC2012 # the names are our own
  (cd "$1" && ls -1dt filagram-* | tail -n +3 | while read -r old; do rm -rf "$old"; done)
  find "$1" -maxdepth 1 -name '.unpacking-*' -mmin +60 -exec rm -rf {} + 2>/dev/null
  return 0 # another start may clean up at the same time
}

# Sets $cache to the first folder that is ready, or else that can be made so.
choose() { # cache folders
  for cache; do is_ready "$cache" && return 0; done
  for cache; do
    problem=$(unpack "$cache") && return 0
    printf 'filagram: %s\n' "$problem" >&2
  done
  return 1
}

choose_usual() {
  home=${HOME:-}
  # With sudo it may be another user's.
  [ -n "$home" ] && [ "$(stat -c %u "$home" 2>/dev/null)" != "$uid" ] && home=
  own=${XDG_CACHE_HOME:-${home:+$home/.cache}}
  choose ${own:+"$own/filagram"} /var/cache/filagram "/tmp/filagram-$uid"
}

uid=$(id -u)
case $0 in
  /*) self=$0 ;;
  *) self=$PWD/$0 ;;
esac
named=${FILAGRAM_CACHE:-${CACHE_DIRECTORY:-}}
if [ -n "$named" ]; then choose "${named%%:*}"; else choose_usual; fi || exit 1

folder=$cache/$name
export FILAGRAM_BINARY="$self" DENO_DIR="$folder/cache" DENO_NO_UPDATE_CHECK=1
exec "$folder/filagram" @FLAGS@ "$folder/code/mod.js" "$@"
