#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs kernels/aie2/build.sh with stand-ins for the AIE tools, and without them.

    build_test.py LAYOUT_JSON

The stand-ins check what they are called with; the host's own steps (tables, layout, dataflow,
manifest) are real.
"""
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LAYOUT = json.loads(pathlib.Path(sys.argv.pop(1)).read_text(encoding="utf-8"))
BUILD = ROOT / "kernels" / "aie2" / "build.sh"

# Compiles nothing, but the sources and generated tables must be where the flags say.
CLANG = """#!/usr/bin/env python3
import pathlib, sys
if "--version" in sys.argv:
    print("clang version 22 (stand-in)")
    sys.exit()
folders = [pathlib.Path(a[2:]) for a in sys.argv if a.startswith("-I")]
for header in ("kernels/aie2/budget.h", "kernels/aie2/dft_tables.h", "kernels/aie2/mel_tables.h",
               "aie_api/aie.hpp"):
    assert any((folder / header).exists() for folder in folders), header
assert pathlib.Path(sys.argv[sys.argv.index("-c") + 1]).name == "mel_kernel.cc"
pathlib.Path(sys.argv[sys.argv.index("-o") + 1]).write_text(" ".join(sys.argv[1:]))
"""
AIECC = """#!/usr/bin/env python3
import pathlib, struct, sys
options = dict(a.split("=", 1) for a in sys.argv if "=" in a)
assert pathlib.Path(sys.argv[-1]).stat().st_size and pathlib.Path("mel_kernel.o").exists()
assert {"--get-xclbin", "--get-npu-insts"} <= set(sys.argv)
flags = pathlib.Path("mel_kernel.o").read_text()
pathlib.Path(options["--xclbin-name"]).write_text("xclbin of " + flags)
pathlib.Path(options["--npu-insts-name"]).write_bytes(struct.pack("<8I", 1, 2, 3, 32, 0, 0, 0, 0))
"""


class Build(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        mlir_aie = self.folder / "mlir_aie"
        (mlir_aie / "include" / "aie_api").mkdir(parents=True)
        (mlir_aie / "include" / "aie_api" / "aie.hpp").touch()
        shutil.copytree(HERE / "iron_standin", mlir_aie / "python")
        for path, text in (("llvm-aie/bin/clang++", CLANG), ("mlir_aie/bin/aiecc", AIECC),
                           ("path/xclbinutil", "#!/bin/sh\n")):
            tool = self.folder / path
            tool.parent.mkdir(parents=True, exist_ok=True)
            tool.write_text(text, encoding="utf-8")
            tool.chmod(0o755)

    def run_build(self, *args, tools=True):
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHON=sys.executable)
        if tools:
            environment |= {"MLIR_AIE_DIR": str(self.folder / "mlir_aie"),
                            "PATH": f"{self.folder / 'path'}:{environment['PATH']}"}
        else:
            environment |= {"MLIR_AIE_DIR": str(self.folder / "absent" / "mlir_aie")}
        return subprocess.run([str(BUILD), "--out", str(self.folder / "out"), *args],
                              env=environment, capture_output=True, text=True, check=False)

    def test_one_command_makes_a_package(self):
        for args, target, abi, mels in ((("--mels", "128"), "npu1", 2, 128),
                                        (("--target", "npu2", "--abi", "1"), "npu2", 1, 80)):
            result = self.run_build(*args)
            self.assertEqual(result.returncode, 0, result.stderr)
            name = self.folder / "out" / f"mel-{target}-v{abi}-{mels}"
            xclbin = name.with_suffix(".xclbin").read_bytes()
            insts = pathlib.Path(f"{name}.insts.bin").read_bytes()
            manifest = json.loads(name.with_suffix(".json").read_text(encoding="utf-8"))
            self.assertIn(b"--target=aie2p-" if target == "npu2" else b"--target=aie2-", xclbin)
            self.assertIn(f"-DMELS={mels}".encode(), xclbin)
            self.assertEqual(manifest["sha256"], {"xclbin": hashlib.sha256(xclbin).hexdigest(),
                                                  "insts": hashlib.sha256(insts).hexdigest()})
            self.assertEqual((manifest["format"], manifest["target"], manifest["abi"],
                              manifest["mels"], manifest["instruction-words"]),
                             (1, "npu4" if target == "npu2" else "npu1", abi, mels, 8))
            self.assertEqual(manifest["host-twin"], f"npumel-aie2-v{abi}-{mels}")
            self.assertEqual(manifest["recipe"], f"whisper{mels}")
            self.assertEqual(manifest["input"]["samples"], 40000 if abi == 1 else 16240)
            zero, scale = manifest["output"]["zero-point"], manifest["output"]["scale"]
            self.assertAlmostEqual((0 - zero) * scale, -3.7 if abi == 1 else 0)
            self.assertEqual(scale, 0.05 if abi == 1 else 2 ** -11)
            self.assertEqual(manifest["tools"]["tables-sha256"], LAYOUT["tables-sha256"],
                             "the package's tables are not those of the host twin")

    def test_without_the_tools_it_says_what_to_install(self):
        result = self.run_build(tools=False)
        self.assertEqual(result.returncode, 3)
        for name in ("requirements.txt", "Peano", "aiecc"):
            self.assertIn(name, result.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_a_kernel_that_does_not_exist_is_refused(self):
        result = self.run_build("--abi", "1", "--mels", "128")
        self.assertEqual(result.returncode, 2)
        self.assertIn("ABI 1 with 80", result.stderr)

    def test_instructions_that_contradict_their_header_make_no_package(self):
        name = self.folder / "broken"
        layout = self.folder / "layout.json"
        layout.write_text(json.dumps(LAYOUT), encoding="utf-8")
        name.with_suffix(".xclbin").touch()
        for data, reason in ((struct.pack("<4I", 1, 2, 3, 20), "header says 20 bytes"),
                             (struct.pack("<4I", 1, 2, 3, 16) + b"x", "no instruction stream")):
            pathlib.Path(f"{name}.insts.bin").write_bytes(data)
            result = subprocess.run(
                [sys.executable, str(BUILD.parent / "manifest.py"), "--layout", str(layout),
                 "--target", "npu1", "--abi", "2", "--mels", "80", str(name)],
                capture_output=True, text=True, check=False)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(reason, result.stderr)
            self.assertFalse(name.with_suffix(".json").exists())


if __name__ == "__main__":
    unittest.main()
