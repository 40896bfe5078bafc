#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Estimates whether each kernel's program fits the 16 KB of a core, before any AIE compiler has seen it.

    program_test.py LAYOUT_JSON SOURCE_ROOT BUILD_ROOT GXX

Counts the calls of the vector facade in the kernel's source, with everything else inlined and loops
left rolled, and takes each for so many instructions of the largest size. What a build really makes is
measured by kernels/aie2/program_size.py.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

NODE = re.compile(r'node: \{ title: "([^"]+)" label: "([^"]*?)\\n')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
ENTRIES = ("mel_pack", "mel_compute", "mel_emit_v2")

INSTRUCTIONS = 4  # of a facade operation, on the average: loads and products take 1, an srs 2, a zip 2
INSTRUCTION_BYTES = 16  # of the largest
COPIES = 2  # of a pipelined loop: prologue and epilogue hold about one more
PROGRAM_MEMORY = 16 * 1024
CORE_MAIN = 1024


def facade_calls(source, build, compiler, kernel):
    with tempfile.TemporaryDirectory() as folder:
        obj = pathlib.Path(folder) / "kernel.o"
        subprocess.run([compiler, "-std=c++20", "-O1", "-fno-inline", "-fno-ipa-icf", "-fno-ipa-cp",
                        "-fno-ipa-sra", "-fno-ipa-pure-const", "-fcallgraph-info",
                        f"-DKERNEL={kernel}", f"-I{source}", f"-I{build}",
                        "-c", f"{source}/kernels/aie2/mel_kernel.cc", "-o", str(obj)], check=True)
        graph = obj.with_suffix(".ci").read_text(encoding="utf-8")
    names = dict(NODE.findall(graph))
    calls = collections.defaultdict(list)
    for caller, callee in EDGE.findall(graph):
        calls[caller].append(callee)

    def count(function):
        return sum(1 if "npumel::aie2::vec::" in names.get(callee, "") else count(callee)
                   for callee in calls[function])
    assert all(entry in names for entry in ENTRIES), "an entry point is missing"
    return sum(count(entry) for entry in ENTRIES)


def main():
    layout, source, build, compiler = sys.argv[1:]
    for kernel in json.loads(pathlib.Path(layout).read_text(encoding="utf-8"))["recipes"]:
        calls = facade_calls(source, build, compiler, kernel)
        assert calls > 30, "the calls are not seen"
        estimate = calls * INSTRUCTIONS * INSTRUCTION_BYTES * COPIES
        print(f"{kernel}: {calls} operations, about {estimate} bytes of {PROGRAM_MEMORY}")
        if estimate + CORE_MAIN > PROGRAM_MEMORY:
            sys.exit(f"{kernel}: the program will hardly fit, {estimate} bytes by estimate")


if __name__ == "__main__":
    main()
