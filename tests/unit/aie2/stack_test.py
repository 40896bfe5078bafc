#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Deepest stack of the NPU kernel's entry points, from the compiler's own report.

    stack_test.py LAYOUT_JSON SOURCE_ROOT BUILD_ROOT GXX

Compiles kernels/aie2/mel_kernel.cc for the host with g++ -fcallgraph-info=su and adds up the frames
along every chain of calls. The core's compiler keeps vectors in registers that this one keeps in
memory, so the core needs less; the bound that counts there is the one that the AIE build measures.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"]*?(\d+) bytes \((\w+)\)')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
ENTRIES = ("mel_pack", "mel_compute", "mel_emit_v1", "mel_emit_v2", "mel_emit_v3")


def deepest(function, frames, calls, above=()):
    assert function not in above, f"recursion: {function}"
    inner = (deepest(callee, frames, calls, above + (function,)) for callee in calls[function])
    return frames.get(function, 0) + max(inner, default=0)


def measure(source, build, compiler, kernel):
    with tempfile.TemporaryDirectory() as folder:
        obj = pathlib.Path(folder) / "kernel.o"
        subprocess.run([compiler, "-std=c++20", "-O2", f"-DKERNEL={kernel}", "-fcallgraph-info=su",
                        f"-I{source}", f"-I{build}", "-c", f"{source}/kernels/aie2/mel_kernel.cc",
                        "-o", str(obj)], check=True)
        graph = obj.with_suffix(".ci").read_text(encoding="utf-8")
    frames = {}
    for name, size, kind in NODE.findall(graph):
        assert kind == "static", f"{name} has a {kind} frame"
        frames[name] = int(size)
    calls = {name: [] for pair in EDGE.findall(graph) for name in pair}
    calls.update({name: [] for name in frames})
    for caller, callee in EDGE.findall(graph):
        calls[caller].append(callee)
    assert all(entry in frames for entry in ENTRIES), "an entry point has no frame in the report"
    return {entry: deepest(entry, frames, calls) for entry in ENTRIES}


def main():
    layout, source, build, compiler = sys.argv[1:]
    layout = json.loads(pathlib.Path(layout).read_text(encoding="utf-8"))
    stack = layout["stack-size"]
    for kernel in layout["recipes"]:
        for entry, used in measure(source, build, compiler, kernel).items():
            print(f"{kernel}: {entry} uses {used} bytes of {stack}")
            # Return addresses and the core's own loop are not in the report: leave a quarter.
            if used > stack * 3 // 4:
                sys.exit(f"{entry} needs {used} bytes; raise kStackBytes ({stack})")


if __name__ == "__main__":
    main()
