#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stand-in of the AIE API refuses to compile what the real headers do not have for a target.

    standin_test.py SOURCE_ROOT COMPILER...

The first two are what kernels/aie2 once did on AIE2P, where it could not compile.
"""
import pathlib
import subprocess
import sys
import unittest

ROOT, COMPILER = pathlib.Path(sys.argv[1]), sys.argv[2:]
del sys.argv[1:]
AIE2, AIE2P = 20, 21

I16 = "aie::vector<int16, 16> a{}, b{};"
SUMS = "aie::accum<acc64, 16> acc{};"
# What is tried, the reason of the refusal, and the targets that have it all the same.
REFUSED = {
    "tiles of 4x4x4": (
        I16 + SUMS + "aie::mmul<4, 4, 4, int16, int16, acc64> product(acc); product.mac(a, b);",
        "no mmul of this shape", {AIE2}),
    "mac of int16 by int16": (
        I16 + SUMS + "aie::mac(acc, a, b);", "no mac of these types", {AIE2}),
    "a shape with the accumulator of another": (
        "aie::accum<acc32, 32> acc{}; aie::mmul<4, 4, 8, int16, int16, acc32> product(acc);",
        "no mmul of this shape", set()),
    "a shape of another type": (
        "aie::accum<accfloat, 16> acc{}; aie::mmul<4, 4, 4, bfloat16, bfloat16, accfloat> p(acc);",
        "no mmul of this shape", set()),
    "the deep bfloat16 shape": (
        "aie::accum<accfloat, 16> acc{}; aie::mmul<4, 16, 4, bfloat16, bfloat16, accfloat> p(acc);",
        "no mmul of this shape", {AIE2}),
    "mac of int32 by int32": (
        SUMS + "aie::vector<int32, 16> a{}, b{}; aie::mac(acc, a, b);", "no mac of these", set()),
    "8 bits from 64-bit sums": (
        SUMS + "acc.to_vector<int8>(3);", "not rounded to this type", set()),
    "float from whole sums": (
        SUMS + "acc.to_vector<float>();", "not rounded to this type", set()),
    "whole sums from float": (
        SUMS + "acc.from_vector(aie::vector<float, 16>{});", "not loaded from this type", set()),
    "a vector of 96 bits": ("aie::vector<int16, 6> a{};", "no vector has this size", set()),
    "a vector of 2048 bits": ("aie::vector<int32, 64> a{};", "no vector has this size", set()),
    "an accumulator of 128 lanes": (
        "aie::accum<acc64, 128> acc{};", "no accumulator has these lanes", set()),
    "operands of the wrong size": (
        I16 + "aie::accum<acc64, 32> acc{}; aie::mmul<4, 4, 8, int16, int16, acc64> product(acc);"
        "product.mac(a, b);", "mac", set()),
    "a third operand": (
        I16 + SUMS + "aie::mac(acc, a, b, b);", "mac", set()),
    "a rounding mode of another API": (
        "aie::set_rounding(aie::rounding_mode::half_even);", "half_even", set()),
    "a saturation mode of another API": (
        "aie::set_saturation(aie::saturation_mode::on);", "on", set()),
    "vectors of different types added": (
        I16 + "aie::add(a, aie::vector<int32, 16>{});", "add", set()),
}
ALLOWED = {
    "4x4x8 with 64-bit sums": (
        "aie::vector<int16, 16> a{}; aie::vector<int16, 32> b{}; aie::accum<acc64, 32> acc{};"
        "aie::mmul<4, 4, 8, int16, int16, acc64> product(acc); product.mac(a, b);"),
    "the sum of a product": (I16 + SUMS + "aie::add(acc, aie::mul<acc64>(a, b));"),
    "mac of int32 by int16": (
        "aie::vector<int32, 16> a{}; aie::vector<int16, 16> b{};" + SUMS + "aie::mac(acc, a, b);"),
}


def compile_for(arch, bodies):
    """Compiles all bodies at once, each as if from a file `case-NUMBER`."""
    source = "#include <aie_api/aie.hpp>\n" + "".join(
        f'#line 1 "case-{i}"\nvoid tried_{i}() {{ {body} }}\n' for i, body in enumerate(bodies))
    standin = ROOT / "tests" / "unit" / "aie2" / "aie_standin"
    return subprocess.run(
        [*COMPILER, "-std=c++20", "-fsyntax-only", "-w", f"-D__AIE_ARCH__={arch}", f"-I{standin}",
         "-x", "c++", "-"], input=source, capture_output=True, text=True, check=False)


class StandIn(unittest.TestCase):
    def test_what_a_target_does_not_have_does_not_compile(self):
        for arch in (AIE2, AIE2P):
            cases = {what: (body, reason) for what, (body, reason, having) in REFUSED.items()
                     if arch not in having}
            result = compile_for(arch, [body for body, _ in cases.values()])
            for i, (what, (_, reason)) in enumerate(cases.items()):
                with self.subTest(what=what, arch=arch):
                    self.assertIn(f"case-{i}:", result.stderr, "compiles")
                    self.assertIn(reason, result.stderr)

    def test_what_it_has_compiles(self):
        for arch in (AIE2, AIE2P):
            having = [body for body, _, targets in REFUSED.values() if arch in targets]
            self.assertEqual(len(having), 3 if arch == AIE2 else 0)
            result = compile_for(arch, [*ALLOWED.values(), *having])
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_third_generation_has_no_tables(self):
        self.assertIn("__AIE_ARCH__ must be", compile_for(22, []).stderr)


if __name__ == "__main__":
    unittest.main()
