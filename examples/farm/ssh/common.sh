# What the three scripts share.
here=$(cd "$(dirname "$0")" && pwd)

hosts() {
  if [ -n "${FARM_SSH_HOSTS:-}" ]; then echo "$FARM_SSH_HOSTS"; else cat "$here/hosts" 2>/dev/null || :; fi
}

# on HOST [ARGUMENT…]: runs the shell script on standard input there. A host that does not answer is worth another try:
# that is exit code 75.
on() {
  host=$1
  shift
  words=
  for argument; do words="$words '$(printf %s "$argument" | sed "s/'/'\\\\''/g")'"; done
  code=0
  # shellcheck disable=SC2086
  ssh -o BatchMode=yes -o ConnectTimeout=10 ${FARM_SSH_OPTIONS:-} "$host" "sh -s --$words" || code=$?
  [ "$code" -ne 255 ] || return 75
  return "$code"
}

# keys HOST ID…: what of the ids belongs to a host, without it.
keys() {
  of=$1
  shift
  for id; do
    case $id in "$of":*) printf '%s\n' "${id#"$of":}" ;; esac
  done
}
