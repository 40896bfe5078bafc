#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stops a build whose kernels will hardly fit the 16 KB of a core, before any AIE compiler has seen them.

    program_estimate.py [--program-memory BYTES] [--recipe NAME]... [--out FILE] LAYOUT_JSON
                        SOURCE_ROOT BUILD_ROOT GXX
    program_estimate.py [--program-memory BYTES] --counts FILE

Counts the calls of the vector facade in the source of each kernel of the layout (or of those named),
with everything else inlined and loops left rolled, and takes each for so many instructions of the
largest size, on either generation. What a build really makes is measured by program_size.py. FILE gets
the counts when all is well.
"""
import argparse
import collections
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

NODE = re.compile(r'node: \{ title: "([^"]+)" label: "([^"]*?)\\n')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
ENTRIES = ("mel_pack", "mel_compute")
EMIT = ("mel_emit_v2", "mel_emit_v3")  # one of them, as the ABI asks; v1 is smaller

INSTRUCTIONS = 4  # of a facade operation, on the average: loads and products take 1, an srs 2, a zip 2
INSTRUCTION_BYTES = 16  # of the largest
COPIES = 2  # of a pipelined loop: prologue and epilogue hold about one more
PROGRAM_MEMORY = 16 * 1024
CORE_MAIN = 1024


def facade_calls(source, build, compiler, kernel):
    with tempfile.TemporaryDirectory() as folder:
        obj = pathlib.Path(folder) / "kernel.o"
        subprocess.run([*compiler, "-std=c++20", "-O1", "-fno-inline", "-fno-ipa-icf", "-fno-ipa-cp",
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
    if not all(entry in names for entry in ENTRIES + EMIT):
        sys.exit(f"{kernel}: an entry point is missing")
    return sum(count(entry) for entry in ENTRIES) + max(count(entry) for entry in EMIT)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program-memory", type=int, default=PROGRAM_MEMORY)
    parser.add_argument("--out")
    parser.add_argument("--counts", help="of an earlier run")
    parser.add_argument("--recipe", action="append", help="default: all of the layout")
    parser.add_argument("place", nargs="*", help="LAYOUT_JSON SOURCE_ROOT BUILD_ROOT GXX")
    args = parser.parse_args()
    if args.counts:
        counts = json.loads(pathlib.Path(args.counts).read_text(encoding="utf-8"))
    else:
        layout, source, build, compiler = args.place
        recipes = json.loads(pathlib.Path(layout).read_text(encoding="utf-8"))["recipes"]
        counts = {kernel: facade_calls(source, build, shlex.split(compiler), kernel)
                  for kernel in args.recipe or recipes}
    beyond = []
    for kernel, calls in counts.items():
        if calls <= 30:
            sys.exit(f"{kernel}: the calls of the facade are not seen")
        estimate = calls * INSTRUCTIONS * INSTRUCTION_BYTES * COPIES
        print(f"{kernel}: {calls} operations, about {estimate} bytes of {args.program_memory}")
        if estimate + CORE_MAIN > args.program_memory:
            beyond.append(f"{kernel}: the program will hardly fit a core, {estimate} bytes by estimate "
                          f"and {CORE_MAIN} for its own loop of {args.program_memory}")
    if beyond:
        sys.exit("\n".join(beyond))
    if args.out:
        pathlib.Path(args.out).write_text(json.dumps(counts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
