#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs kernels/aie2/build.sh with stand-ins for the AIE tools, and without them.

    build_test.py LAYOUT_JSON TABLES_GEN LAYOUT COMPILER...

The stand-ins check what they are called with. The host's own programs are TABLES_GEN and LAYOUT, as
the project's build has made them of the same sources; one test compiles them as build.sh does.
"""
import hashlib
import json
import os
import pathlib
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LAYOUT = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
HOST_PROGRAMS, COMPILER = sys.argv[2:4], sys.argv[4:]
del sys.argv[1:]
BUILD = ROOT / "kernels" / "aie2" / "build.sh"

# Compiles nothing, but the sources and generated tables must be where the flags say.
# "Compiles" the host's programs.
HOST_CXX = """#!/usr/bin/env python3
import os, pathlib, shutil, sys
programs = {"tables_gen.cpp": 0, "layout_json.cpp": 1}
sources = [pathlib.Path(a) for a in sys.argv if a.endswith(".cpp")]
assert all(source.exists() for source in sources)
shutil.copy(os.environ["HOST_PROGRAMS"].split(":")[programs[sources[0].name]],
            sys.argv[sys.argv.index("-o") + 1])
"""
CLANG = """#!/usr/bin/env python3
import os, pathlib, shlex, subprocess, sys
if "--version" in sys.argv:
    print("clang version 22 (stand-in)")
    sys.exit()
folders = [pathlib.Path(a[2:]) for a in sys.argv if a.startswith("-I")]
for header in ("kernels/aie2/budget.h", "kernels/aie2/dft_tables.h", "kernels/aie2/dft512_tables.h",
               "kernels/aie2/mel_tables.h",
               "aie_api/aie.hpp"):
    assert any((folder / header).exists() for folder in folders), header
assert pathlib.Path(sys.argv[sys.argv.index("-c") + 1]).name == "mel_kernel.cc"
out = sys.argv[sys.argv.index("-o") + 1]
# An object with some code, and the command line behind it.
subprocess.run([*shlex.split(os.environ["HOST_COMPILER"]), "-c", "-x", "c++", "-", "-o", out], check=True,
               input=os.environ.get("AIE_CODE", "void mel_compute() {}"), text=True)
with open(out, "ab") as file:
    file.write(" ".join(sys.argv[1:]).encode())
"""
AIECC = """#!/usr/bin/env python3
import pathlib, struct, sys
options = dict(a.split("=", 1) for a in sys.argv if "=" in a)
assert pathlib.Path(sys.argv[-1]).stat().st_size and pathlib.Path("mel_kernel.o").exists()
assert {"--get-xclbin", "--get-npu-insts"} <= set(sys.argv)
flags = pathlib.Path("mel_kernel.o").read_bytes()
assert pathlib.Path(options["--peano"], "bin", "clang++").exists()
pathlib.Path(options["--xclbin-name"]).write_bytes(b"xclbin of " + flags)
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
                           ("host/c++", HOST_CXX), ("path/xclbinutil", "#!/bin/sh\n")):
            tool = self.folder / path
            tool.parent.mkdir(parents=True, exist_ok=True)
            tool.write_text(text, encoding="utf-8")
            tool.chmod(0o755)

    def run_build(self, *args, tools=True, sysfs=None, **variables):
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHON=sys.executable,
                           CXX=str(self.folder / "host" / "c++"),
                           HOST_COMPILER=shlex.join(COMPILER),
                           HOST_PROGRAMS=":".join(map(os.path.abspath, HOST_PROGRAMS)),
                           NPUMELSPEC_SYSFS=str(sysfs or self.folder / "no-sysfs")) | variables
        if tools:
            environment |= {"MLIR_AIE_DIR": str(self.folder / "mlir_aie"),
                            "PATH": f"{self.folder / 'path'}:{environment['PATH']}"}
        else:
            environment |= {"MLIR_AIE_DIR": str(self.folder / "absent" / "mlir_aie")}
        return subprocess.run([str(BUILD), "--out", str(self.folder / "out"), *args],
                              env=environment, capture_output=True, text=True, check=False)

    def sysfs(self, name):
        device = self.folder / f"sysfs-{name}" / "class" / "accel" / "accel0" / "device"
        device.mkdir(parents=True)
        (device / "vbnv").write_text(name + "\n", encoding="utf-8")
        return self.folder / f"sysfs-{name}"

    def check_package(self, target, abi, recipe, frames):
        mels = LAYOUT["recipes"][recipe]["mels"]
        name = self.folder / "out" / (f"mel-{target}-v{abi}-{recipe}" +
                                      ("" if frames == 100 else f"-{frames}"))
        xclbin = pathlib.Path(f"{name}.xclbin").read_bytes()
        insts = pathlib.Path(f"{name}.insts.bin").read_bytes()
        manifest = json.loads(pathlib.Path(f"{name}.json").read_text(encoding="utf-8"))
        self.assertIn(b"--target=aie2p-" if target == "npu4" else b"--target=aie2-", xclbin)
        self.assertIn(f"-DKERNEL={recipe}".encode(), xclbin)
        self.assertEqual(manifest["sha256"], {"xclbin": hashlib.sha256(xclbin).hexdigest(),
                                              "insts": hashlib.sha256(insts).hexdigest()})
        self.assertEqual((manifest["format"], manifest["target"], manifest["abi"],
                          manifest["mels"], manifest["instruction-words"], manifest["frames"]),
                         (1, target, abi, mels, 8, frames))
        twin = {"whisper80": "80", "whisper128": "128"}.get(recipe, recipe)
        self.assertEqual(manifest["host-twin"], f"npumel-aie2-v{abi}-{twin}")
        self.assertEqual(manifest["recipe"], recipe)
        self.assertEqual(manifest["input"]["samples"],
                         40000 if abi == 1 else 160 * (frames - 1) + 400)
        output = manifest["output"]
        if abi == 3:
            self.assertEqual(output, {"type": "float32", "layout": "frame-major",
                                      "log": "log10" if "whisper" in recipe else "ln"})
        else:
            zero, scale = output["zero-point"], output["scale"]
            self.assertAlmostEqual((0 - zero) * scale, -3.7 if abi == 1 else 0)
            self.assertEqual(scale, 0.05 if abi == 1 else 2 ** -11)
        self.assertEqual(manifest["tools"]["tables-sha256"], LAYOUT["tables-sha256"],
                         "the package's tables are not those of the host twin")
        return xclbin, manifest

    def test_one_command_makes_all_packages_for_the_machine(self):
        result = self.run_build(sysfs=self.sysfs("RyzenAI-npu5"), AIE_CXXFLAGS="-O1 -mllvm -x")
        self.assertEqual(result.returncode, 0, result.stderr)
        for recipe in LAYOUT["recipes"]:
            xclbin, manifest = self.check_package("npu4", 2, recipe, 100)
            self.assertTrue(xclbin.endswith(b"-O1 -mllvm -x"), "the flags come last")
            self.assertIn("flags -O1 -mllvm -x", manifest["tools"]["versions"])
        self.assertEqual(len(list((self.folder / "out").iterdir())), 15)

    def test_one_package(self):
        for args, package in (
                (("--target", "npu1", "--mels", "128"), ("npu1", 2, "whisper128", 100)),
                (("--target", "npu2", "--recipe", "nemo80", "--frames", "1000"),
                 ("npu4", 2, "nemo80", 1000)),
                (("--target", "npu1", "--abi", "1"), ("npu1", 1, "whisper80", 100)),
                (("--target", "npu1", "--abi", "3", "--mels", "128"), ("npu1", 3, "whisper128", 100)),
                (("--target", "npu4", "--abi", "3", "--recipe", "nemo80", "--frames", "1000"),
                 ("npu4", 3, "nemo80", 1000))):
            result = self.run_build(*args)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.check_package(*package)

    def test_every_command_and_flag(self):
        result = self.run_build("--dry-run", "--target", "npu4", "--recipe", "nemo128",
                                CXX="g++ -pipe", AIE_CXXFLAGS="-O1")
        self.assertEqual(result.returncode, 0, result.stderr)
        aie2 = ROOT / "kernels" / "aie2"
        mlir_aie, peano = self.folder / "mlir_aie", self.folder / "llvm-aie"
        name = self.folder / "out" / "mel-npu4-v2-nemo128"
        host = f"g++ -pipe -std=c++20 -O0 -ffp-contract=off -I{ROOT} -IWORK"
        definitions = " ".join(str(path) for path in sorted((ROOT / "kernels/mel").glob("*.cpp")))
        expected = f"""tables
  {host} {aie2}/tables_gen.cpp {definitions} -o WORK/tables_gen
  WORK/tables_gen dft WORK/kernels/aie2/dft_tables.h
  WORK/tables_gen dft512 WORK/kernels/aie2/dft512_tables.h
  WORK/tables_gen mel WORK/kernels/aie2/mel_tables.h
  WORK/tables_gen sha256 WORK/kernels/aie2/tables_sha256.h
memory of a tile
  {host} {aie2}/layout_json.cpp -o WORK/layout_json
  WORK/layout_json > WORK/layout.json
program of a core, by estimate
  {sys.executable} {aie2}/program_estimate.py --recipe nemo128 WORK/layout.json {ROOT} WORK 'g++ -pipe'
{name}
  {peano}/bin/clang++ --target=aie2p-none-unknown-elf -std=c++20 -O2 -DNDEBUG -DKERNEL=nemo128 \
-D__AIE_API_AIE_ADF_HPP__ -ffunction-sections -fdata-sections -fstack-size-section \
-Wno-macro-redefined -I{ROOT} -IWORK -I{mlir_aie}/include -c {aie2}/mel_kernel.cc \
-o WORK/mel_kernel.o -O1
  {sys.executable} {aie2}/program_size.py --abi 2 WORK/mel_kernel.o
  env PYTHONPATH={mlir_aie}/python {sys.executable} {aie2}/design.py --layout WORK/layout.json \
--target npu2 --abi 2 --recipe nemo128 --frames 100 --object mel_kernel.o > WORK/design.mlir
  cd WORK && {mlir_aie}/bin/aiecc --peano={peano} --get-xclbin --xclbin-name={name}.xclbin \
--get-npu-insts --npu-insts-name={name}.insts.bin design.mlir
  {sys.executable} {aie2}/manifest.py --layout WORK/layout.json --target npu4 --abi 2 \
--recipe nemo128 --frames 100 --tools '' {name}
"""
        self.assertEqual(result.stdout, expected)
        self.assertFalse((self.folder / "out").exists())
        npu1 = self.run_build("--dry-run", "--target", "npu1").stdout
        self.assertEqual(npu1.count("--target=aie2-none-unknown-elf"), 5)
        self.assertEqual(npu1.count("--target npu1 --abi 2"), 10)
        for name, triple in (("RyzenAI-npu1", "aie2"), ("NPU Phoenix", "aie2"),
                             ("RyzenAI-npu4", "aie2p"), ("NPU Strix Halo", "aie2p")):
            found = self.run_build("--dry-run", sysfs=self.sysfs(name)).stdout
            self.assertEqual(found.count(f"--target={triple}-none-unknown-elf"), 5, name)
        unknown = self.run_build("--dry-run", sysfs=self.sysfs("RyzenAI-npu10"))
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("no NPU found here that has kernels (RyzenAI-npu10)", unknown.stderr)

    def test_a_program_that_is_too_large_makes_no_package(self):
        code = 'void mel_compute() { asm volatile(".space 15500"); }'
        result = self.run_build("--target", "npu1", "--recipe", "kaldi80", AIE_CODE=code)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("AIE_CXXFLAGS=-Os", result.stderr)
        self.assertEqual(list((self.folder / "out").iterdir()), [])
        unused = 'extern "C" void mel_emit_v1() { asm volatile(".space 15500"); }'
        for abi, fits in (("2", True), ("3", True), ("1", False)):
            result = self.run_build("--target", "npu1", "--recipe", "whisper80", "--abi", abi, AIE_CODE=unused,
                                    HOST_COMPILER=shlex.join([*COMPILER, "-ffunction-sections"]))
            self.assertEqual(result.returncode == 0, fits, "the other ABIs' functions are not linked")

    def test_without_the_tools_it_says_what_to_install(self):
        result = self.run_build("--target", "npu1", tools=False)
        self.assertEqual(result.returncode, 3)
        for name in ("requirements.txt", "Peano", "aiecc"):
            self.assertIn(name, result.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_check_does_all_that_needs_no_aie_compiler(self):
        result = self.run_build("--check", "--target", "npu4", "--recipe", "nemo80", tools=False,
                                CXX=" ".join(COMPILER))
        self.assertEqual(result.returncode, 3)
        steps = ["tables", "memory of a tile"]
        version = subprocess.run([*COMPILER, "--version"], capture_output=True, text=True, check=True)
        if "Free Software Foundation" in version.stdout:
            steps += ["program of a core, by estimate"]
        self.assertEqual([line for line in result.stdout.splitlines() if "operations" not in line], steps)
        self.assertEqual(result.stdout.count("nemo80: "), len(steps) - 2)
        self.assertIn("memory budgets are in order", result.stderr)
        self.assertIn("requirements.txt", result.stderr)
        result = self.run_build("--check", "--target", "npu4")
        self.assertEqual(result.returncode, 0, result.stderr)
        for recipe in LAYOUT["recipes"]:
            self.assertIn(f"dataflow of {recipe}\n", result.stdout)
        self.assertTrue(result.stdout.endswith("Everything that is needed to build is here.\n"))
        self.assertFalse((self.folder / "out").exists())

    def test_a_kernel_that_does_not_exist_is_refused(self):
        for args, reason in ((("--abi", "1", "--mels", "128"), "ABI 1 with whisper80"),
                             (("--abi", "4"), "ABI 4"),
                             (("--recipe", "icefall80"), "no kernel for icefall80"),
                             (("--frames", "200"), "200 frames"),
                             (("--abi", "1", "--frames", "1000"), "no kernel for whisper80, ABI 1"),
                             (("--target", "npu3"), "no kernel for target npu3"),
                             (("--target", "auto"), "no NPU found here"),
                             (("--frames",), "kernels/aie2/build.sh")):
            result = self.run_build("--target", "npu1", *args)
            self.assertEqual(result.returncode, 2, args)
            self.assertIn(reason, result.stderr + result.stdout)

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
                 "--target", "npu1", "--abi", "2", "--recipe", "whisper80", str(name)],
                capture_output=True, text=True, check=False)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(reason, result.stderr)
            self.assertFalse(name.with_suffix(".json").exists())


if __name__ == "__main__":
    unittest.main()
