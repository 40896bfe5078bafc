#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a test kernel package with Debian's xclbinutil.

usage: make_package.py PROGRAM FOLDER

Writes FOLDER/PROGRAM/PROGRAM.{xclbin,insts.bin} and, unless PROGRAM is "increment", the manifest
PROGRAM.json; then FOLDER/PROGRAM.made. PROGRAM is one that the emulated driver knows
(emulator/programs.h): the PDI, which on a real device is the array's configuration, only names it.
"npu4-PROGRAM" is PROGRAM as a package for the NPUs of
the second generation, PROGRAM may end in "-1000", its frames. Nothing here runs on silicon. The instruction file is a transaction of one operation, a wait for the
output DMA's token, as real kernels end with.
"""
import hashlib
import json
import struct
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

KERNEL_ID = "0x901"


def memory_topology():
    def bank(tag, kilobytes):
        return {"m_type": "MEM_DRAM", "m_used": "1", "m_sizeKB": hex(kilobytes), "m_tag": tag,
                "m_base_address": "0x4000000"}
    return {"mem_topology": {"m_count": "2",
                             "m_mem_data": [bank("HOST", 0x10000), bank("SRAM", 0xC000)]}}


def kernels():
    def scalar(name, kind, offset):
        return {"name": name, "address-qualifier": "SCALAR", "type": kind, "offset": hex(offset)}

    def pointer(name, kind, memory, offset):
        return {"name": name, "address-qualifier": "GLOBAL", "type": kind,
                "memory-connection": memory, "offset": hex(offset)}
    arguments = [scalar("opcode", "uint64_t", 0x00), pointer("instr", "char *", "SRAM", 0x08),
                 scalar("ninstr", "uint32_t", 0x10), pointer("bo0", "void*", "HOST", 0x14),
                 pointer("bo1", "void*", "HOST", 0x1C)]
    return {"ps-kernels": {"kernels": [{
        "name": "MLIR_AIE", "type": "dpu",
        "extended-data": {"subtype": "DPU", "functional": "0", "dpu_kernel_id": KERNEL_ID},
        "arguments": arguments, "instances": [{"name": "MLIRAIE"}]}]}}


def partition(name, pdi):
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, "npumelspec-test-" + name))
    return {"aie_partition": {
        "name": "QoS", "operations_per_cycle": "2048", "inference_fingerprint": "1",
        "pre_post_fingerprint": "1", "partition": {"column_width": 1, "start_columns": [1, 2, 3, 4]},
        "PDIs": [{"uuid": identity, "file_name": str(pdi), "cdo_groups": [{
            "name": "DPU", "type": "PRIMARY", "pdi_id": "0x01", "dpu_kernel_ids": [KERNEL_ID],
            "pre_cdo_groups": ["0xC1"]}]}]}}


def instructions():
    wait_for_token = struct.pack("<IIII", 128, 16, 0, 0x00010100)
    header = struct.pack("<8BII", 0, 1, 3, 6, 5, 1, 0, 0, 1, 16 + len(wait_for_token))
    return header + wait_for_token


def manifest(program, xclbin, insts):
    target = "npu4" if program.startswith("npu4-") else "npu1"
    program = program.removeprefix("npu4-").replace("wrong", "v2")  # it says that it is one
    version, kernel, *rest = program.split("-")
    frames = int(rest[0]) if rest else 100
    abi, mels = int(version[1:]), int(kernel.lstrip("abcdefghijklmnopqrstuvwxyz"))
    coding = {1: {"type": "int8", "scale": 0.05, "zero-point": 74},
              2: {"type": "int16", "scale": 1 / 2048, "zero-point": 0},
              3: {"type": "float32", "log": "log10" if kernel.isdigit() else "ln"}}[abi]
    return {
        "format": 1, "target": target, "abi": abi, "frames": frames, "hop": 160, "mels": mels,
        "recipe": f"whisper{mels}" if kernel.isdigit() else kernel,
        "input": {"type": "int16", "samples": 400 * frames if abi == 1 else 160 * (frames - 1) + 400},
        "output": {"layout": "frame-major", **coding},
        "tolerance": 0.045 if abi == 1 else 0.02,
        "host-twin": f"npumel-aie2-{version}-{kernel}",
        "instruction-words": insts.stat().st_size // 4,
        "sha256": {"xclbin": hashlib.sha256(xclbin.read_bytes()).hexdigest(),
                   "insts": hashlib.sha256(insts.read_bytes()).hexdigest()}}


def main(program, folder):
    package = Path(folder) / program
    package.mkdir(mode=0o755, exist_ok=True)
    xclbin, insts = package / f"{program}.xclbin", package / f"{program}.insts.bin"
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        pdi = scratch / "program.pdi"
        pdi.write_text(f"npumelspec-test-pdi {program.removeprefix('npu4-')}\n".ljust(64, "."), encoding="ascii")
        for file, content in (("memory", memory_topology()), ("kernels", kernels()),
                              ("partition", partition(program, pdi))):
            (scratch / f"{file}.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
        subprocess.run(
            ["xclbinutil", "--add-replace-section", f"MEM_TOPOLOGY:JSON:{scratch}/memory.json",
             "--add-kernel", f"{scratch}/kernels.json",
             "--add-replace-section", f"AIE_PARTITION:JSON:{scratch}/partition.json",
             "--force", "--quiet", "--output", str(xclbin)],
            check=True, stdout=subprocess.DEVNULL)
    insts.write_bytes(instructions())
    if program != "increment":
        text = json.dumps(manifest(program, xclbin, insts), indent=2) + "\n"
        (package / f"{program}.json").write_text(text, encoding="utf-8")
    (Path(folder) / f"{program}.made").touch()


if __name__ == "__main__":
    main(*sys.argv[1:])
