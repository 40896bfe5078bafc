#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A kernel or a dataflow beyond its budget does not build: descriptors, data memory, program memory.

    budget_test.py LAYOUT_JSON SOURCE_ROOT BUILD_ROOT COUNTS|- COMPILER...

COUNTS is what program_estimate.py has counted in the build.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

LAYOUT, SOURCE, BUILD, COUNTS = sys.argv[1:5]
COMPILER = sys.argv[5:]
del sys.argv[1:]
RECIPES = list(json.loads(pathlib.Path(LAYOUT).read_text(encoding="utf-8"))["recipes"])


def compile_changed(header, old, new):
    """What the compiler says of the header of kernels/aie2 with something else in it."""
    text = pathlib.Path(SOURCE, "kernels", "aie2", header).read_text(encoding="utf-8")
    assert old in text, old
    with tempfile.TemporaryDirectory() as folder:
        changed = pathlib.Path(folder, "kernels", "aie2", header)
        changed.parent.mkdir(parents=True)
        changed.write_text(text.replace(old, new), encoding="utf-8")
        return subprocess.run(
            [*COMPILER, "-std=c++20", "-fsyntax-only", "-w", f"-I{folder}", f"-I{SOURCE}", f"-I{BUILD}",
             "-x", "c++", "-"], input=f'#include "kernels/aie2/{header}"\n', capture_output=True,
            text=True, check=False)


class Budget(unittest.TestCase):
    def assert_stops(self, header, old, new, reason):
        result = compile_changed(header, old, new)
        self.assertNotEqual(result.returncode, 0, f"{new} compiles")
        self.assertIn(reason, result.stderr)

    def test_as_it_is_it_compiles(self):
        self.assertEqual(compile_changed("dataflow.h", "", "").returncode, 0)

    def test_descriptors(self):
        # 24 of 24: the budget has no room for a third object.
        self.assert_stops("dataflow.h", "kLinkDepth = 2", "kLinkDepth = 3",
                          "more buffer descriptors than the memory tile has")
        self.assert_stops("dataflow.h", "kFifoDepth = 5", "kFifoDepth = 25",
                          "more buffer descriptors than a core has")
        self.assert_stops("dataflow.h", "kCores = 4", "kCores = 10", "more parts than")

    def test_data_memory_of_every_kernel(self):
        result = compile_changed("budget.h", "kTileMemory = 64 * 1024", "kTileMemory = 60 * 1024")
        for recipe in RECIPES:
            self.assertIn(f"fits_tile<kernel::{recipe}>", result.stderr)
            self.assertIn(f"fits_tile<kernel::{recipe}, float>", result.stderr)

    def estimate(self, program_memory):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "out")
            result = subprocess.run(
                [sys.executable, f"{SOURCE}/kernels/aie2/program_estimate.py", "--program-memory",
                 str(program_memory), "--counts", COUNTS, "--out", str(out)],
                capture_output=True, text=True, check=False)
            self.assertEqual(out.exists(), result.returncode == 0, "meson's target has no output")
        return result

    def test_program_memory_of_every_kernel(self):
        if COUNTS == "-":
            return  # no g++ here, which counts the operations
        self.assertEqual(self.estimate(16 * 1024).returncode, 0)
        result = self.estimate(7000)
        self.assertEqual(result.returncode, 1)
        for recipe in RECIPES:
            self.assertIn(f"{recipe}: the program will hardly fit a core", result.stderr)


if __name__ == "__main__":
    unittest.main()
