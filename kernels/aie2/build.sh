#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds kernel packages for the NPU: NAME.xclbin, NAME.insts.bin and NAME.json.
#
#   kernels/aie2/build.sh [--target auto|npu1|npu2|npu4] [--recipe all|NAME] [--abi 1|2|3]
#                         [--frames 100|1000] [--out FOLDER] [--check | --dry-run]
#
# Without arguments: all recipes for the NPU of this machine, ABI 2, 100 frames, in ./kernels-out.
# npu1 is Phoenix and Hawk Point; npu2, npu4, npu5 and npu6, as the driver may call them, are one
# generation. Recipes: whisper80 whisper128 nemo80 nemo128 kaldi80; --mels 80|128 is whisper80|128.
# --check does all that needs no AIE compiler and says what is missing; --dry-run prints the commands.
# Environment: CXX (host compiler), PYTHON, MLIR_AIE_DIR, PEANO_INSTALL_DIR when not as installed by
# pip; AIE_CXXFLAGS: more flags for the AIE compiler, after the others. No NPU is needed to build.
set -eu

target=auto recipe=all abi=2 frames=100 out=kernels-out mode=build
while [ $# -gt 0 ]; do
  case "$1" in
    --check | --dry-run) mode=${1#--}; shift; continue ;;
    --target | --recipe | --abi | --frames | --out | --mels) [ $# -ge 2 ] || set -- --help ;;
  esac
  case "$1" in
    --target) target=$2 ;;
    --recipe) recipe=$2 ;;
    --mels) recipe=whisper$2 ;;
    --abi) abi=$2 ;;
    --frames) frames=$2 ;;
    --out) out=$2 ;;
    *) sed -n '3,14s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
  shift 2
done

# The name that the driver gives the machine's NPU.
if [ "$target" = auto ]; then
  name=$(cat "${NPUMELSPEC_SYSFS:-/sys}"/class/accel/accel*/device/vbnv 2> /dev/null | head -n 1)
  case "$name" in
    *npu1 | *Phoenix* | *Hawk*) target=npu1 ;;
    *npu[2456] | *Strix* | *Krackan* | *Gorgon*) target=npu4 ;;
    *)
      echo "no NPU found here${name:+ that has kernels ($name)}:" \
        "say which one to build for with --target npu1 or --target npu4" >&2
      exit 2
      ;;
  esac
fi
case "$target" in
  npu1) iron=npu1 triple=aie2-none-unknown-elf ;;
  npu2 | npu4 | npu5 | npu6) target=npu4 iron=npu2 triple=aie2p-none-unknown-elf ;;
  *) echo "no kernel for target $target: npu1, npu2, npu4, npu5 and npu6 have one" >&2; exit 2 ;;
esac
[ "$recipe" != all ] || {
  recipe="whisper80 whisper128 nemo80 nemo128 kaldi80"
  [ "$abi" != 1 ] || recipe=whisper80
}
for name in $recipe; do
  case "$name-$abi-$frames" in
    whisper80-1-100) ;;
    whisper80-[23]-100* | whisper128-[23]-100* | nemo80-[23]-100* | nemo128-[23]-100* | kaldi80-[23]-100*) ;;
    *) echo "no kernel for $name, ABI $abi, $frames frames (ABI 2 and 3 with whisper80, whisper128," \
            "nemo80, nemo128 or kaldi80 and 100 or 1000 frames; ABI 1 with whisper80 and 100)" >&2
       exit 2 ;;
  esac
done
case "$frames" in 100 | 1000) ;; *) echo "frames must be 100 or 1000" >&2; exit 2 ;; esac

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cxx=${CXX:-c++}
python=${PYTHON:-python3}

# What is needed, all of it reported at once.
missing=
need() { missing="$missing
  $1"; }
command -v "${cxx%% *}" > /dev/null || need "a C++20 compiler for this machine (Debian: g++), or set CXX"
command -v "$python" > /dev/null || need "Python 3.11 to 3.13 (Debian: python3), or set PYTHON"
host_missing=$missing
mlir_aie=${MLIR_AIE_DIR:-$("$python" -c 'import mlir_aie; print(mlir_aie.__path__[0])' 2> /dev/null || true)}
peano=${PEANO_INSTALL_DIR:-${mlir_aie:+$(dirname "$mlir_aie")/llvm-aie}}
mlir_aie=${mlir_aie:-/nowhere} peano=${peano:-/nowhere}
aiecc=$(command -v aiecc || echo "$mlir_aie/bin/aiecc")
[ -d "$mlir_aie/include/aie_api" ] ||
  need "mlir_aie: pip install -r kernels/aie2/requirements.txt -f https://github.com/Xilinx/mlir-aie/releases/expanded_assets/v1.4.5 -f https://github.com/Xilinx/llvm-aie/releases/expanded_assets/nightly"
[ -x "$peano/bin/clang++" ] ||
  need "Peano (llvm-aie, the same pip command), or set PEANO_INSTALL_DIR"
[ -x "$aiecc" ] || need "aiecc, which comes with mlir_aie (bin/aiecc)"
command -v xclbinutil > /dev/null || need "xclbinutil (Debian: libxrt-utils; else XRT's own packages)"
if [ -n "$missing" ] && { [ "$mode" = build ] || [ -n "$host_missing" ]; } && [ "$mode" != dry-run ]; then
  echo "The NPU kernel cannot be built here. Missing:$missing" >&2
  exit 3
fi

# run [-C FOLDER] [-o FILE] COMMAND...: prints the command under --dry-run, else executes it.
run() {
  folder=. file=
  while :; do
    case "$1" in
      -C) folder=$2; shift 2 ;;
      -o) file=$2; shift 2 ;;
      *) break ;;
    esac
  done
  if [ "$mode" = dry-run ]; then
    line=
    for word in "$@"; do
      case "$word" in *[!A-Za-z0-9_./:=+,@%-]* | '') word="'$word'" ;; esac
      line="$line${line:+ }$word"
    done
    [ "$folder" = . ] || line="cd $folder && $line"
    echo "  $line${file:+ > $file}"
  elif [ -n "$file" ]; then
    (cd "$folder" && "$@") > "$file"
  else
    (cd "$folder" && "$@")
  fi
}

if [ "$mode" = dry-run ]; then
  work=WORK
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/kernels/aie2"
  if [ "$mode" = build ]; then
    mkdir -p "$out"
    out=$(cd "$out" && pwd)
  fi
fi

# shellcheck disable=SC2086  # CXX and flags may be several words
host() { run $cxx -std=c++20 -O0 -ffp-contract=off -I"$root" -I"$work" "$@"; }

echo "tables"
host "$here/tables_gen.cpp" "$root"/kernels/mel/*.cpp -o "$work/tables_gen"
for table in dft:dft_tables dft512:dft512_tables mel:mel_tables sha256:tables_sha256; do
  run "$work/tables_gen" "${table%:*}" "$work/kernels/aie2/${table#*:}.h"
done
echo "memory of a tile"
host "$here/layout_json.cpp" -o "$work/layout_json"
run -o "$work/layout.json" "$work/layout_json"
# Counted by g++ alone; what the AIE compiler makes is measured below.
estimate=
# shellcheck disable=SC2086  # CXX may be several words
if $cxx --version 2> /dev/null | grep -q 'Free Software Foundation'; then
  echo "program of a core, by estimate"
  for name in $recipe; do estimate="$estimate --recipe $name"; done
  # shellcheck disable=SC2086  # a list of options
  run "$python" "$here/program_estimate.py" $estimate "$work/layout.json" "$root" "$work" "$cxx"
fi

# dataflow RECIPE: where frames and rows go, as MLIR.
dataflow() {
  run -o "$work/design.mlir" env PYTHONPATH="$mlir_aie/python${PYTHONPATH:+:$PYTHONPATH}" \
    "$python" "$here/design.py" --layout "$work/layout.json" --target "$iron" --abi "$abi" \
    --recipe "$1" --frames "$frames" --object mel_kernel.o
}

package() {
  name=$out/mel-$target-v$abi-$1
  [ "$frames" = 100 ] || name=$name-$frames
  echo "$name"
  # shellcheck disable=SC2086
  run "$peano/bin/clang++" --target=$triple -std=c++20 -O2 -DNDEBUG -DKERNEL="$1" \
    -D__AIE_API_AIE_ADF_HPP__ -ffunction-sections -fdata-sections -fstack-size-section \
    -Wno-macro-redefined -I"$root" -I"$work" -I"$mlir_aie/include" \
    -c "$here/mel_kernel.cc" -o "$work/mel_kernel.o" ${AIE_CXXFLAGS:-}
  run "$python" "$here/program_size.py" --abi "$abi" "$work/mel_kernel.o"
  dataflow "$1"
  run -C "$work" "$aiecc" --peano="$peano" --get-xclbin --xclbin-name="$name.xclbin" \
    --get-npu-insts --npu-insts-name="$name.insts.bin" design.mlir
  run "$python" "$here/manifest.py" --layout "$work/layout.json" --target "$target" --abi "$abi" \
    --recipe "$1" --frames "$frames" --tools "$versions" "$name"
}

versions=
if [ "$mode" = build ]; then
  versions="$("$peano/bin/clang++" --version | head -n 1); $("$python" -c \
    'from importlib.metadata import version; print("mlir_aie", version("mlir_aie"))' 2> /dev/null ||
    echo "mlir_aie of unknown version")${AIE_CXXFLAGS:+; flags $AIE_CXXFLAGS}"
fi
for name in $recipe; do
  if [ "$mode" = check ]; then
    [ ! -d "$mlir_aie/python" ] || { echo "dataflow of $name"; dataflow "$name"; }
  else
    package "$name"
  fi
done
if [ "$mode" = check ] && [ -n "$missing" ]; then
  echo "Tables and memory budgets are in order. To build the packages, install:$missing" >&2
  exit 3
fi
[ "$mode" != check ] || echo "Everything that is needed to build is here."
