#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds a kernel package for the NPU: NAME.xclbin, NAME.insts.bin and NAME.json.
#
#   kernels/aie2/build.sh [--target npu1|npu2] [--abi 1|2] [--mels 80|128] [--out FOLDER]
#
# Defaults: npu1, ABI 2, 80 mels, ./kernels-out. NAME is mel-TARGET-vABI-MELS.
# Environment: CXX (host compiler), PYTHON, MLIR_AIE_DIR, PEANO_INSTALL_DIR when not as installed by
# pip. No NPU is needed to build.
set -eu

target=npu1 abi=2 mels=80 out=kernels-out
while [ $# -gt 0 ]; do
  case "$1" in
    --target) target=$2 ;;
    --abi) abi=$2 ;;
    --mels) mels=$2 ;;
    --out) out=$2 ;;
    *) sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
  shift 2
done
case "$target-$abi-$mels" in
  npu[12]-2-80 | npu[12]-2-128 | npu[12]-1-80) ;;
  *) echo "no kernel for target $target, ABI $abi, $mels mels" \
          "(npu1 or npu2; ABI 2 with 80 or 128 mels, ABI 1 with 80)" >&2; exit 2 ;;
esac

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
if [ -n "$missing" ]; then
  echo "The NPU kernel cannot be built here. Missing:$missing" >&2
  exit 3
fi

mkdir -p "$out"
out=$(cd "$out" && pwd)
name=$out/mel-$target-v$abi-$mels
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/kernels/aie2"

echo "1/5 tables"
host="$cxx -std=c++20 -O0 -ffp-contract=off -I$root -I$work"
$host "$here/tables_gen.cpp" "$root"/kernels/mel/*.cpp -o "$work/tables_gen"
for table in dft:dft_tables mel:mel_tables sha256:tables_sha256; do
  "$work/tables_gen" "${table%:*}" "$work/kernels/aie2/${table#*:}.h"
done
$host "$here/layout_json.cpp" -o "$work/layout_json"
"$work/layout_json" > "$work/layout.json"

echo "2/5 kernel"
triple=$([ "$target" = npu1 ] && echo aie2 || echo aie2p)-none-unknown-elf
"$peano/bin/clang++" --target="$triple" -std=c++20 -O2 -DNDEBUG -DMELS="$mels" \
  -Wno-macro-redefined -I"$root" -I"$work" -I"$mlir_aie/include" \
  -c "$here/mel_kernel.cc" -o "$work/mel_kernel.o"

echo "3/5 dataflow"
PYTHONPATH=${PYTHONPATH:+$PYTHONPATH:}$mlir_aie/python "$python" "$here/design.py" \
  --layout "$work/layout.json" --target "$target" --abi "$abi" --mels "$mels" \
  --object mel_kernel.o > "$work/design.mlir"

echo "4/5 xclbin and instructions"
(cd "$work" && PEANO_INSTALL_DIR=$peano "$aiecc" --get-xclbin --xclbin-name="$name.xclbin" \
  --get-npu-insts --npu-insts-name="$name.insts.bin" design.mlir)

echo "5/5 manifest"
versions="$("$peano/bin/clang++" --version | head -n 1); $("$python" -c \
  'from importlib.metadata import version; print("mlir_aie", version("mlir_aie"))' 2> /dev/null ||
  echo "mlir_aie of unknown version")"
"$python" "$here/manifest.py" --layout "$work/layout.json" --target "$target" --abi "$abi" \
  --mels "$mels" --tools "$versions" "$name"
echo "$name.{xclbin,insts.bin,json}: set kernel-path=$out or NPUMELSPEC_KERNEL_PATH=$out"
