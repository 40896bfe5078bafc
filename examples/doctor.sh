#!/usr/bin/env bash
# examples/doctor.sh: answers "why is my NPU not used?"
#
# Looks at the driver, the device node, the limits, XRT, the plugin and its kernel packages, then
# lets the plugin itself try backend=npu and says what it said. Changes nothing. Exit status 0 when
# a batch was computed on the NPU.
#
#   GST_PLUGIN_PATH=build/gst NPUMELSPEC_XRT_MODULE=build/gst/backend/xrt/npumelspec-xrt.so \
#     NPUMELSPEC_KERNEL_PATH=FOLDER examples/doctor.sh      # for a build that is not installed
set -uo pipefail

problems=0
good() { printf 'ok    %s\n' "$*"; }
bad() {
  printf 'FAIL  %s\n' "$*"
  problems=$((problems + 1))
}
note() { printf '      %s\n' "$*"; }

echo "== kernel driver"
bound=()
for device in /sys/bus/pci/drivers/amdxdna/*:*; do [ -e "$device" ] && bound+=("$device"); done
if [ ! -d /sys/bus/pci/drivers/amdxdna ]; then
  bad "the amdxdna driver is not loaded (Linux 6.14 or later has it: modprobe amdxdna)"
elif [ ${#bound[@]} -eq 0 ]; then
  bad "amdxdna is loaded but bound to no device: is this a Ryzen AI machine, is the NPU on in the BIOS?"
else
  for device in "${bound[@]}"; do
    good "amdxdna drives ${device##*/} ($(cat "$device/vbnv" 2>/dev/null || echo 'no name'), firmware $(cat "$device/fw_version" 2>/dev/null || echo unknown))"
  done
fi

echo "== device node"
found=false
for node in /dev/accel/accel*; do
  [ -e "$node" ] || continue
  found=true
  if [ -r "$node" ] && [ -w "$node" ]; then
    good "$node can be opened"
  else
    bad "$node cannot be opened by $(id -un): add the user to the node's group ($(stat -c %G "$node")) and log in again"
  fi
done
$found || bad "there is no /dev/accel/accel*"

echo "== locked memory"
limit=$(ulimit -l)
if [ "$limit" = unlimited ] || [ "$limit" -ge 131072 ]; then
  good "ulimit -l is $limit"
else
  bad "ulimit -l is $limit KiB; the driver library locks 64 MiB for each process: raise memlock in /etc/security/limits.d (LimitMEMLOCK for a service)"
fi
if [ -n "${XCL_EMULATION_MODE:-}" ]; then
  bad "XCL_EMULATION_MODE=$XCL_EMULATION_MODE is set and hides the NPU from XRT"
fi

echo "== XRT and the module"
if command -v dpkg-query >/dev/null; then
  for package in libxrt2 libxrt-npu2; do
    if version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) && [ -n "$version" ]; then
      good "$package $version"
    else
      note "$package is not installed as a Debian package"
    fi
  done
fi
module=${NPUMELSPEC_XRT_MODULE:-}
if [ -z "$module" ]; then
  plugin=$(gst-inspect-1.0 npumelspec 2>/dev/null | awk '$1 == "Filename" { print $2 }')
  [ -n "$plugin" ] && module=$(dirname "$(dirname "$plugin")")/npumelspec/npumelspec-xrt.so
fi
if [ -z "$module" ] || [ ! -e "$module" ]; then
  bad "the XRT module is not there (${module:-nowhere}): build with -Dxrt=enabled"
else
  missing=$(ldd "$module" 2>/dev/null | awk '/not found/ { print $1 }')
  if [ -z "$missing" ]; then
    good "$module"
  elif [ -e /opt/xilinx/xrt/lib/libxrt_coreutil.so.2 ]; then
    good "$module, with XRT from /opt/xilinx/xrt"
  else
    bad "$module lacks $(echo "$missing" | tr '\n' ' ')"
  fi
fi

echo "== kernel packages"
folders=${NPUMELSPEC_KERNEL_PATH:-}
if [ -z "$folders" ] && [ -n "$module" ]; then
  folders=$(dirname "$(dirname "$(dirname "$module")")")/share/npumelspec/kernels
fi
manifests=0
IFS=: read -r -a list <<<"$folders"
for folder in "${list[@]:-}"; do
  [ -n "$folder" ] || continue
  for manifest in "$folder"/*.json; do
    [ -e "$manifest" ] || continue
    manifests=$((manifests + 1))
    good "$manifest"
  done
done
[ "$manifests" -gt 0 ] || bad "no kernel package in ${folders:-any folder}: kernels/aie2/README.md says how to build one"

echo "== the plugin's own word (known-answer test included)"
if ! gst-inspect-1.0 npumelspec >/dev/null 2>&1; then
  bad "GStreamer does not find npumelspec (GST_PLUGIN_PATH?)"
else
  said=$(gst-launch-1.0 -m audiotestsrc num-buffers=40 samplesperbuffer=800 \
    ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! npumelspec backend=npu ! fakesink 2>&1)
  status=$?
  if [ $status -eq 0 ] && grep -q 'npumelspec-backend, backend=(string)npu' <<<"$said"; then
    good "$(sed -n 's/.*reason=(string)"\([^"]*\)", batch.*/\1/p' <<<"$said" | tr -d '\134' | head -n 1)"
    echo "the NPU is used"
    exit 0
  fi
  bad "$(grep -m 1 '^ERROR' <<<"$said" || echo "gst-launch-1.0 ended with status $status")"
  grep -A 3 '^Additional debug info' <<<"$said" | tail -n +2 | while read -r line; do note "$line"; done
fi

echo "$problems problems: the NPU is not used, the CPU does the same work"
exit 1
