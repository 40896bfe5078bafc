#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes NAME.json, the manifest of a kernel package, from what the build made.

    manifest.py --layout layout.json --target npu1|npu2 --abi 1|2 --mels 80|128 --tools TEXT NAME

NAME.xclbin and NAME.insts.bin must exist; NAME.json is written next to them.
"""
import argparse
import hashlib
import json
import pathlib
import struct

# In log10, for cells within 6 decades of their frame's peak (tests/unit/aie2/accuracy_test.cpp).
TOLERANCE = {1: 0.045, 2: 0.02}

# IRON counts generations, the driver counts devices: npu2, npu4, npu5 and npu6 are one family, and
# the backend names it after its first Strix device.
FAMILY = {"npu1": "npu1", "npu2": "npu4"}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def instruction_words(path):
    """Words of the instruction stream, whose header states its own size in bytes at byte 12."""
    data = path.read_bytes()
    if len(data) < 16 or len(data) % 4:
        raise SystemExit(f"{path}: {len(data)} bytes are no instruction stream")
    (stated,) = struct.unpack_from("<I", data, 12)
    if stated != len(data):
        raise SystemExit(f"{path}: header says {stated} bytes, the file has {len(data)}")
    return len(data) // 4


def manifest(layout, target, abi, mels, tools, xclbin, insts):
    frames, win, hop = layout["frames"], layout["win"], layout["hop"]
    output = ({"type": "int8", "layout": "frame-major", "scale": 0.05, "zero-point": 74}
              if abi == 1 else
              {"type": "int16", "layout": "frame-major", "scale": 1 / 2048, "zero-point": 0})
    return {
        "format": 1,
        "target": FAMILY[target],
        "abi": abi,
        "frames": frames,
        "hop": hop,
        "mels": mels,
        "recipe": f"whisper{mels}",
        "input": {"type": "int16",
                  "samples": frames * win if abi == 1 else (frames - 1) * hop + win},
        "output": output,
        "tolerance": TOLERANCE[abi],
        "host-twin": f"npumel-aie2-v{abi}-{mels}",
        "instruction-words": instruction_words(insts),
        "sha256": {"xclbin": sha256(xclbin), "insts": sha256(insts)},
        "tools": {"versions": tools, "tables-sha256": layout["tables-sha256"],
                  "stack-size": layout["stack-size"],
                  "data-size": layout["mels"][str(mels)]["data-size"]},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layout", required=True)
    parser.add_argument("--target", required=True, choices=["npu1", "npu2"])
    parser.add_argument("--abi", required=True, type=int, choices=[1, 2])
    parser.add_argument("--mels", required=True, type=int, choices=[80, 128])
    parser.add_argument("--tools", default="")
    parser.add_argument("name", help="path of the package without extension")
    args = parser.parse_args()
    layout = json.loads(pathlib.Path(args.layout).read_text(encoding="utf-8"))
    text = manifest(layout, args.target, args.abi, args.mels, args.tools,
                    pathlib.Path(args.name + ".xclbin"), pathlib.Path(args.name + ".insts.bin"))
    pathlib.Path(args.name + ".json").write_text(json.dumps(text, indent=2) + "\n",
                                                 encoding="utf-8")


if __name__ == "__main__":
    main()
