#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs a test on the machine's own NPU, or skips it (status 77) where there is none.
#
#   tests/xrt/on-hardware.sh COMMAND...
#
# NPUMELSPEC_KERNEL_PATH must name the folder of a kernel package built for this NPU.
[ -e /dev/accel/accel0 ] && [ -e /sys/bus/pci/drivers/amdxdna ] || {
  echo "no NPU on this machine"
  exit 77
}
[ -n "${NPUMELSPEC_KERNEL_PATH:-}" ] || {
  echo "NPUMELSPEC_KERNEL_PATH names no kernel packages"
  exit 1
}
exec "$@"
