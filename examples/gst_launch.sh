# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# gst-launch-1.0 for scripts: sourced by those beside it.

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
