#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes NAME.json, the manifest of a kernel package, from what the build made.

    manifest.py --layout layout.json --target npu1|npu4 --abi 1|2|3 --recipe NAME --frames 100|1000
                --tools TEXT NAME

NAME.xclbin and NAME.insts.bin must exist; NAME.json is written next to them.
"""
import argparse
import hashlib
import json
import pathlib
import struct

# In log10, for cells within 6 decades of their frame's peak (tests/unit/aie2/accuracy_test.cpp).
TOLERANCE = {1: 0.045, 2: 0.02, 3: 0.02}

# host_twin.h: the first three twins were named by their mels.
TWIN = {"whisper80": "80", "whisper128": "128"}


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


def manifest(layout, target, abi, recipe, frames, tools, xclbin, insts):
    sizes, win, hop = layout["recipes"][recipe], layout["win"], layout["hop"]
    output = {
        1: {"type": "int8", "layout": "frame-major", "scale": 0.05, "zero-point": 74},
        2: {"type": "int16", "layout": "frame-major", "scale": 1 / 2048, "zero-point": 0},
        3: {"type": "float32", "layout": "frame-major", "log": sizes["float-rows"]["log"]},
    }[abi]
    return {
        "format": 1,
        "target": target,
        "abi": abi,
        "frames": frames,
        "hop": hop,
        "mels": sizes["mels"],
        "recipe": recipe,
        "input": {"type": "int16",
                  "samples": frames * win if abi == 1 else (frames - 1) * hop + win},
        "output": output,
        "tolerance": TOLERANCE[abi],
        "host-twin": f"npumel-aie2-v{abi}-{TWIN.get(recipe, recipe)}",
        "instruction-words": instruction_words(insts),
        "sha256": {"xclbin": sha256(xclbin), "insts": sha256(insts)},
        "tools": {"versions": tools, "tables-sha256": layout["tables-sha256"],
                  "stack-size": layout["stack-size"],
                  "data-size": sizes["data-size"]},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layout", required=True)
    parser.add_argument("--target", required=True, choices=["npu1", "npu4"])
    parser.add_argument("--abi", required=True, type=int, choices=[1, 2, 3])
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--frames", type=int, choices=[100, 1000], default=100)
    parser.add_argument("--tools", default="")
    parser.add_argument("name", help="path of the package without extension")
    args = parser.parse_args()
    layout = json.loads(pathlib.Path(args.layout).read_text(encoding="utf-8"))
    text = manifest(layout, args.target, args.abi, args.recipe, args.frames, args.tools,
                    pathlib.Path(args.name + ".xclbin"), pathlib.Path(args.name + ".insts.bin"))
    pathlib.Path(args.name + ".json").write_text(json.dumps(text, indent=2) + "\n",
                                                 encoding="utf-8")


if __name__ == "__main__":
    main()
