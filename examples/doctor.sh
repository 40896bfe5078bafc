#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/doctor.sh: answers "why is my NPU not used?"
#
# Looks at the driver, the device node, the limits, XRT, the plugin and its kernel packages, each of
# which the plugin tries alone; then lets the plugin choose with backend=npu and says what it said.
# Changes nothing. Exit status 0 when a batch was computed on the NPU.
#
#   GST_PLUGIN_PATH=build/gst NPUMELSPEC_XRT_MODULE=build/gst/backend/xrt/npumelspec-xrt.so \
#     NPUMELSPEC_KERNEL_PATH=FOLDER examples/doctor.sh      # for a build that is not installed
set -uo pipefail
# shellcheck source=examples/gst_launch.sh
. "$(dirname "$0")/gst_launch.sh"
launched=$(mktemp) || exit 1
trap 'rm -f "$launched"' EXIT

problems=0
good() { printf 'ok    %s\n' "$(printable "$*")"; }
bad() {
  printf 'FAIL  %s\n' "$(printable "$*")"
  problems=$((problems + 1))
}
note() { printf '      %s\n' "$(printable "$*")"; }

# kernel_target NAME: which kernels serve the NPU that the driver calls so. Whole names: npu10 is no npu1.
kernel_target() {
  case $1 in
    RyzenAI-npu1 | 'NPU Phoenix') echo npu1 ;;
    RyzenAI-npu[456] | 'NPU Strix' | 'NPU Strix Halo' | 'NPU Krackan' | 'NPU Krackan '[12] | \
      'NPU Gorgon Point '[123]) echo npu4 ;;
    *) return 1 ;;
  esac
}

echo "== kernel driver"
bound=()
served=0
for device in /sys/bus/pci/drivers/amdxdna/*:*; do [ -e "$device" ] && bound+=("$device"); done
if [ ! -d /sys/bus/pci/drivers/amdxdna ]; then
  bad "the amdxdna driver is not loaded (Linux 6.14 or later has it: modprobe amdxdna)"
elif [ ${#bound[@]} -eq 0 ]; then
  bad "amdxdna is loaded but bound to no device: is this a Ryzen AI machine, is the NPU on in the BIOS?"
else
  for device in "${bound[@]}"; do
    name=$(cat "$device/vbnv" 2>/dev/null || echo 'no name')
    good "amdxdna drives ${device##*/} ($name, firmware $(cat "$device/fw_version" 2>/dev/null || echo unknown))"
    if kernel_target "$name" >/dev/null; then
      served=$((served + 1))
    else
      note "there are no kernels for $name, only for npu1 (Phoenix, Hawk Point) and npu4 (Strix, Krackan, Gorgon Point)"
    fi
  done
  [ "$served" -gt 0 ] || bad "no NPU of this machine is one that there are kernels for"
fi

# open_node NODE: opens it as XRT does, and prints why that fails. The rights alone do not tell.
open_node() { LC_ALL=C bash -c ': <>"$1"' bash "$1" 2>&1 | sed 's/.*: //'; }

# judge_node NODE ERROR: what stands behind an open that fails.
judge_node() {
  case $2 in
    '') good "$1 can be opened" ;;
    'Permission denied')
      bad "$1 cannot be opened by $(id -un): add the user to the node's group ($(stat -c %G "$1")) and log in again" ;;
    'Operation not permitted')
      bad "$1 cannot be opened: the container or the service may not use it (--device $1, DeviceAllow)" ;;
    'No such device or address')
      bad "$1 cannot be opened ($2): nothing answers behind it. Either the node is left over, or amdxdna gave the NPU up, mostly for want of firmware (dmesg | grep amdxdna)" ;;
    'No such device' | 'Invalid argument')
      bad "$1 cannot be opened ($2): the driver has no NPU to give. It is asleep or being reset, or shared memory is off: IOMMU on in the BIOS, no amd_iommu=off (dmesg | grep amdxdna)" ;;
    *) bad "$1 cannot be opened: $2 (dmesg | grep amdxdna)" ;;
  esac
}

echo "== device node"
# Other drivers have nodes there, too: those of AMD's NPUs are named below their devices.
nodes=0
for device in "${bound[@]:-}"; do
  for entry in "$device"/accel/accel*; do
    node=/dev/accel/${entry##*/}
    if [ ! -e "$entry" ]; then
      continue
    elif [ -e "$node" ]; then
      judge_node "$node" "$(open_node "$node")"
    else
      bad "$node of ${device##*/} is not there (udev; in a container: --device $node)"
    fi
    nodes=$((nodes + 1))
  done
done
if [ "$nodes" -eq 0 ]; then
  others=(/dev/accel/accel*)
  if [ -e "${others[0]}" ]; then
    bad "no node in /dev/accel belongs to an NPU that amdxdna drives (there: ${others[*]##*/})"
  else
    bad "there is no /dev/accel/accel*"
  fi
fi

echo "== locked memory"
limit=$(ulimit -l)
if [ "$limit" = unlimited ] || [ "$limit" -ge 131072 ]; then
  good "ulimit -l is $limit"
elif [ "$(id -u)" -eq 0 ]; then
  good "ulimit -l is $limit, which does not bind root"
else
  bad "ulimit -l is $limit KiB; the driver library locks 64 MiB and its buffers for each process: raise memlock in /etc/security/limits.d (LimitMEMLOCK for a service)"
fi
if [ -n "${XCL_EMULATION_MODE:-}" ]; then
  bad "XCL_EMULATION_MODE=$XCL_EMULATION_MODE is set and hides the NPU from XRT"
fi

echo "== XRT and the module"
versions=$({
  dpkg-query -W -f '${Package} ${Version}\n' libxrt2 libxrt-npu2 xrt-base xrt_plugin-amdxdna
  rpm -q xrt xrt-plugin-amdxdna
  pacman -Q xrt xrt-plugin-amdxdna
} 2>/dev/null | grep -E ' [0-9]|-[0-9]')
if [ -n "$versions" ]; then
  while read -r version; do good "$version"; done <<<"$versions"
else
  note "no package of XRT is known to this system"
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
ready=$problems # what a kernel package needs before it can be tried

# ask_plugin PROPERTIES...: two batches with backend=npu. Prints what the plugin said about it, in a line.
ask_plugin() {
  if gst_launch "$launched" -m audiotestsrc num-buffers=40 samplesperbuffer=800 \
    ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! npumelspec backend=npu "$@" ! fakesink &&
    grep -q 'npumelspec-backend, backend=(string)npu' "$launched"; then
    sed -n 's/.*reason=(string)"\([^"]*\)", batch.*/\1/p' "$launched" | tr -d '\134' | head -n 1
    return 0
  fi
  # Without its advice: the last line here says what the CPU does.
  grep -m 1 '^ERROR' "$launched" | sed 's/; backend=auto computes on the CPU$//' | grep . ||
    echo "gst-launch-1.0 ended without computing on the NPU"
  return 1
}

# look_at_package FOLDER NAME: what can be said without a device. Prints why it will be refused.
look_at_package() {
  local file kind stated
  for kind in json xclbin insts.bin; do
    file=$1/$2.$kind
    if [ -L "$file" ]; then
      echo "$2.$kind is a link, which is not followed"
    elif [ ! -f "$file" ]; then
      echo "$2.$kind is missing"
    elif [ "$(stat -c %u "$file")" -ne 0 ] && [ "$(stat -c %u "$file")" -ne "$(id -u)" ]; then
      echo "$2.$kind belongs to another user"
    elif [ -n "$(find -P "$file" -maxdepth 0 -perm /022)" ]; then
      echo "others can write to $2.$kind (chmod go-w)"
    elif [ "$kind" != json ]; then
      stated=$(tr -d ' \n' <"$1/$2.json" | grep -o "\"${kind%.bin}\":\"[0-9a-f]*\"" | cut -d '"' -f 4)
      [ "$stated" = "$(sha256sum <"$file" | cut -d ' ' -f 1)" ] ||
        echo "$2.$kind is not the file that the manifest describes (SHA-256)"
    fi
  done
}

# try_package FOLDER NAME: alone, in a folder of its own.
try_package() {
  local alone preset said
  alone=$(mktemp -d)
  cp "$1/$2.json" "$1/$2.xclbin" "$1/$2.insts.bin" "$alone"
  preset=$(tr -d ' \n' <"$1/$2.json" | grep -o '"recipe":"[a-z0-9]*"' | cut -d '"' -f 4)
  # Not in the launch line, where a name could be read as elements.
  if said=$(NPUMELSPEC_KERNEL_PATH=$alone ask_plugin "preset=${preset:-whisper80}"); then
    good "$1/$2: $said"
  else
    bad "$1/$2 is refused: ${said##*"$alone/"}"
  fi
  rm -r "$alone"
}

echo "== kernel packages"
folders=${NPUMELSPEC_KERNEL_PATH:-}
if [ -z "$folders" ] && [ -n "$module" ]; then
  folders=$(dirname "$(dirname "$(dirname "$module")")")/share/npumelspec/kernels
fi
manifests=0
IFS=: read -r -a list <<<"$folders"
for folder in "${list[@]:-}"; do
  [ -d "$folder" ] || continue
  folder=${folder%"${folder##*[!/]}"}
  if [ -L "$folder" ]; then
    bad "$folder is refused: it is a link (name the folder itself)"
    continue
  fi
  owner=$(stat -c %u "$folder")
  if [ "$owner" -ne 0 ] && [ "$owner" -ne "$(id -u)" ]; then
    bad "$folder is refused: it belongs to another user"
    continue
  elif [ -n "$(find -H "$folder" -maxdepth 0 -perm /022)" ]; then
    bad "$folder is refused: others can write to it (chmod go-w)"
    continue
  fi
  for manifest in "$folder"/*.json; do
    [ -e "$manifest" ] || continue
    manifests=$((manifests + 1))
    name=$(basename "$manifest" .json)
    reasons=$(look_at_package "$folder" "$name")
    if [ -n "$reasons" ]; then
      bad "$folder/$name is refused: $(head -n 1 <<<"$reasons")"
    elif [ "$ready" -gt 0 ]; then
      note "$folder/$name is complete; not tried, because of the problems above"
    else
      try_package "$folder" "$name"
    fi
  done
done
[ "$manifests" -gt 0 ] ||
  bad "no kernel package in ${folders:-any folder}: kernels/aie2/README.md says how to build one"

echo "== the plugin's own word (known-answer test included)"
if ! gst-inspect-1.0 npumelspec >/dev/null 2>&1; then
  bad "GStreamer does not find npumelspec (GST_PLUGIN_PATH?)"
elif said=$(ask_plugin); then
  good "$said"
  echo "the NPU is used"
  exit 0
else
  bad "$said"
fi

echo "$problems problems: the NPU is not used, the CPU does the same work"
exit 1
