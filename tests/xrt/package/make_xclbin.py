#!/usr/bin/env python3
"""Makes a test xclbin and its instruction file with Debian's xclbinutil.

usage: make_xclbin.py PROGRAM NAME FOLDER

Writes FOLDER/NAME.xclbin and FOLDER/NAME.insts.bin. PROGRAM is one the emulated driver knows
(emulator/programs.h): the PDI, which on a real device is the array's configuration, only names it.
Nothing here runs on silicon. The instruction file is a transaction of one operation, a wait for the
output DMA's token, as real kernels end with.
"""
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


def main(program, name, folder):
    folder = Path(folder)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        pdi = scratch / "program.pdi"
        pdi.write_text(f"npumelspec-test-pdi {program}\n".ljust(64, "."), encoding="ascii")
        for file, content in (("memory", memory_topology()), ("kernels", kernels()),
                              ("partition", partition(name, pdi))):
            (scratch / f"{file}.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
        subprocess.run(
            ["xclbinutil", "--add-replace-section", f"MEM_TOPOLOGY:JSON:{scratch}/memory.json",
             "--add-kernel", f"{scratch}/kernels.json",
             "--add-replace-section", f"AIE_PARTITION:JSON:{scratch}/partition.json",
             "--force", "--quiet", "--output", str(folder / f"{name}.xclbin")],
            check=True, stdout=subprocess.DEVNULL)
    (folder / f"{name}.insts.bin").write_bytes(instructions())


if __name__ == "__main__":
    main(*sys.argv[1:])
