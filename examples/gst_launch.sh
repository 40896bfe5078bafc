# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# gst-launch-1.0 for scripts: sourced by those beside it.
#
# gst-launch-1.0 joins its arguments and parses them again, so a file name in one could be read as
# elements. Scripts open the file and say location=/dev/fd/N, which opens the same file once more.

# gst_launch SAID ARGUMENTS...: gst-launch-1.0 ARGUMENTS with all that it says, in English, in the
# file SAID. Its exit status.
#
# gst-launch-1.0 (seen with 1.22, the same code up to 1.28) forgets an error that comes before its
# main loop runs: it prints it and waits for ever. One that still runs a second after it has printed
# an error is ended.
gst_launch() (
  said=$1
  shift
  env -u LANGUAGE LC_ALL=C.UTF-8 gst-launch-1.0 "$@" >"$said" 2>&1 &
  launched=$!
  trap 'kill $launched' INT TERM
  while kill -0 $launched; do
    sleep 0.2
    grep -q '^ERROR' "$said" && sleep 1 && kill $launched
  done >/dev/null 2>&1 &
  wait $launched
)

# save FD NAME COMMAND...: COMMAND with descriptor FD open on NAME.part, which becomes NAME when it
# succeeds: an older NAME is there until then. Its exit status; 1 when it wrote nothing.
save() {
  local fd=${1//[!0-9]/} name=$2 status=0 interrupted=false
  shift 2
  trap 'interrupted=true' INT
  eval "\"\$@\" $fd>\"\$name.part\"" || status=$?
  # Ctrl-C ends gst-launch-1.0 with status 0, without -e before the end of the stream.
  ! $interrupted || [[ " $* " == *" -e "* ]] || status=130
  [ $status -ne 0 ] || [ -s "$name.part" ] || status=1
  [ $status -ne 0 ] || mv -f -- "$name.part" "$name"
  return $status
}

# printable TEXT: TEXT as it is, or quoted as the shell would when it holds control characters or is
# not UTF-8.
printable() (
  export LC_ALL=C.UTF-8
  case $1 in
    *[![:print:]]*) printf '%q' "$1" ;;
    *) printf '%s' "$1" ;;
  esac
)
