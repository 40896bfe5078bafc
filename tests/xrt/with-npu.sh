#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Gives a command an NPU that is not there: a private mount namespace with the sysfs entries and the
# device node that XRT looks for, and the emulated driver preloaded.
#
#   tests/xrt/with-npu.sh [--no-driver | OPTIONS] DRIVER_LIBRARY COMMAND...
#
# --no-driver   the sysfs entries and the node, but nothing behind them
# --foreign     accel0 is another driver's, the NPU is accel1
# --name NAME   what the driver calls the NPU (default RyzenAI-npu1)
#
# Works as root and, where user namespaces are allowed, as any user. NPUMEL_EMU_* variables
# (emulator/driver.h) choose faults and limits. Where no xrt.ini with force_driver_sync lies next to the
# command's executable, XRT never tells the driver about syncs; buffers are then shared, not copied.
set -eu

if [ "${1:-}" = --inside-namespace ]; then
  library=$2
  shift 2
  bdf=0000:c5:00.1
  # A new /dev from pieces of the old one: the node must not appear on the machine's own.
  mkdir -p /tmp/.npu-dev
  mount --rbind /dev /tmp/.npu-dev
  mount -t tmpfs -o mode=0755 emulated-npu /dev
  for node in null zero full random urandom tty; do
    : >"/dev/$node"
    mount --bind "/tmp/.npu-dev/$node" "/dev/$node"
  done
  for folder in shm pts; do
    mkdir "/dev/$folder"
    mount --rbind "/tmp/.npu-dev/$folder" "/dev/$folder"
  done
  ln -s pts/ptmx /dev/ptmx
  ln -s /proc/self/fd /dev/fd
  for stream in 0:stdin 1:stdout 2:stderr; do
    ln -s "/proc/self/fd/${stream%:*}" "/dev/${stream#*:}"
  done
  mkdir /dev/accel
  node=accel0
  if [ -n "$NPUMEL_EMU_FOREIGN" ]; then
    : >/dev/accel/accel0
    node=accel1
  fi
  : >"/dev/accel/$node"
  export NPUMEL_EMU_NODE=/dev/accel/$node

  mount -t tmpfs -o mode=0755 emulated-npu /sys
  device=/sys/devices/pci0000:00/$bdf
  mkdir -p "$device/accel/$node" /sys/bus/pci/drivers/amdxdna /sys/bus/pci/devices /sys/module/amdxdna
  echo 0 >"$device/device_type"
  echo "$NPUMEL_EMU_NAME" >"$device/vbnv"
  echo 0x1022 >"$device/vendor"
  echo 0x1502 >"$device/device"
  echo 0x00 >"$device/revision"
  echo 1.5.5.391 >"$device/fw_version"
  echo 0.1 >/sys/module/amdxdna/version
  ln -s "$device" "/sys/bus/pci/devices/$bdf"
  ln -s "$device" "/sys/bus/pci/drivers/amdxdna/$bdf"
  ln -s /sys/bus/pci/drivers/amdxdna "$device/driver"
  if [ "$node" != accel0 ]; then
    other=/sys/devices/pci0000:00/0000:03:00.0
    mkdir -p "$other/accel/accel0" /sys/bus/pci/drivers/another_accel
    ln -s "$other" /sys/bus/pci/devices/0000:03:00.0
    ln -s "$other" /sys/bus/pci/drivers/another_accel/0000:03:00.0
    ln -s /sys/bus/pci/drivers/another_accel "$other/driver"
  fi

  [ -z "$library" ] || export LD_PRELOAD="$library"
  exec "$@"
fi

library=
export NPUMEL_EMU_FOREIGN='' NPUMEL_EMU_NAME=RyzenAI-npu1
while true; do
  case ${1:-} in
    --foreign) NPUMEL_EMU_FOREIGN=yes ;;
    --name)
      NPUMEL_EMU_NAME=$2
      shift
      ;;
    *) break ;;
  esac
  shift
done
if [ "${1:-}" = --no-driver ]; then
  shift
else
  library=$(realpath "$1")
  shift
  executable=$(realpath "$(command -v "$1")")
  # A sanitizer's runtime insists on being the first library.
  runtime=$(ldd "$library" | awk '/libasan/ { print $3 }')
  library=${runtime:+$runtime }$library
  grep -qs 'force_driver_sync *= *true' "$(dirname "$executable")/xrt.ini" || export NPUMEL_EMU_COHERENT=1
fi
as_root=()
[ "$(id -u)" = 0 ] || as_root=(--map-root-user)
exec unshare "${as_root[@]}" --mount --propagation private "$0" --inside-namespace "$library" "$@"
