#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/doctor.sh where there is an NPU (the emulated one): what it says of good, hostile and
truncated packages, of rights, and of a device that computes nonsense.

usage: doctor_test.py PACKAGES, under with-npu.sh
"""
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

PACKAGES = Path(sys.argv[1])
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
from doctor_test import sections  # noqa: E402
from support import EXAMPLES, run  # noqa: E402

# Another device inside the one that this test runs on.
ANOTHER_NPU = (Path(__file__).resolve().parent / "with-npu.sh",)
DRIVER = os.environ["LD_PRELOAD"]
WORD = "the plugin's own word (known-answer test included)"


class WithADevice(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        os.chmod(self.folder, 0o755)

    def copy(self, package, name=None):
        for kind in ("json", "xclbin", "insts.bin"):
            shutil.copy(PACKAGES / package / f"{package}.{kind}",
                        self.folder / f"{name or package}.{kind}")

    def ask(self, expected_code, *before, **env):
        """`before`: a command that runs the doctor."""
        code, said = run(*before, EXAMPLES / "doctor.sh", check=False,
                         env={"NPUMELSPEC_KERNEL_PATH": str(self.folder), **env})
        self.assertEqual(code, expected_code, said)
        return sections(said)

    def test_when_all_is_well_every_line_says_so(self):
        for package in ("v1-80", "v2-80", "v2-128"):
            self.copy(package)
        found = self.ask(0)
        self.assertEqual(found["kernel driver"],
                         ["ok    amdxdna drives 0000:c5:00.1 (RyzenAI-npu1, firmware 1.5.5.391)"])
        self.assertEqual(found["device node"], ["ok    /dev/accel/accel0 can be opened"])
        for line, package in zip(found["XRT and the module"], ("libxrt-npu2", "libxrt2")):
            self.assertRegex(line, rf"^ok    {package} [0-9:]*2\.25\.")
        self.assertEqual(found["XRT and the module"][-1],
                         "ok    " + os.environ["NPUMELSPEC_XRT_MODULE"])
        self.assertEqual(found["kernel packages"], [
            f"ok    {self.folder}/{name}: known-answer test passed: {name}"
            for name in ("v1-80", "v2-128", "v2-80")])
        self.assertEqual(found[WORD], ["ok    known-answer test passed: v2-80"])
        self.assertEqual(found[""], ["the NPU is used"])
        lines = [line for section in found.values() for line in section]
        self.assertFalse([line for line in lines if line.startswith("FAIL")])

    def test_packages_that_are_refused_are_named_with_the_reason(self):
        self.copy("v2-80", "good")
        self.copy("v2-80", "truncated")
        os.truncate(self.folder / "truncated.xclbin", 1000)
        self.copy("v2-80", "half-a-manifest")
        manifest = (self.folder / "half-a-manifest.json").read_text()
        (self.folder / "half-a-manifest.json").write_text(manifest.replace("{", "", 1))
        self.copy("v2-80", "other-target")
        (self.folder / "other-target.json").write_text(manifest.replace('"npu1"', '"npu4"'))
        self.copy("v2-80", "hostile")
        (self.folder / "hostile.json").write_text(manifest.replace('"abi": 2', '"abi": 2000000000'))
        said = self.ask(0)
        found = said["kernel packages"]
        refused = f"FAIL  {self.folder}/"
        self.assertEqual(found[0], f"ok    {self.folder}/good: known-answer test passed: good")
        self.assertEqual(found[1], refused + "half-a-manifest is refused: half-a-manifest.json: is not JSON")
        self.assertEqual(found[2], refused + "hostile is refused: hostile.json: abi must be 1 to 3")
        self.assertRegex(found[3], "^" + refused + "other-target is refused: .*no kernel package for "
                         "whisper80 on npu1 .*; found: other-target$")
        self.assertEqual(found[4], refused + "truncated is refused: truncated.xclbin is not the file that "
                         "the manifest describes (SHA-256)")
        self.assertEqual(said[WORD], [
            f"ok    known-answer test passed: good; refused: {self.folder}/truncated.xclbin: is not the "
            "file the manifest describes (SHA-256)"])

    def test_a_wrong_known_answer_is_told(self):
        self.copy("v2-80")
        found = self.ask(1, NPUMEL_EMU_FAULTS="RUN#1+=zero")
        self.assertRegex(found["kernel packages"][0],
                         r"^FAIL .*/v2-80 is refused: .*known-answer test: frame 0 mel 0 is 0")
        self.assertRegex(found[WORD][0], r"^FAIL .*The NPU failed: kernel package v2-80: known-answer test: "
                                         r"frame 0 mel 0 is 0")

    def test_a_busy_device_is_told(self):
        self.copy("v2-80")
        found = self.ask(1, NPUMEL_EMU_FAULTS="CREATE_HWCTX#1+=EBUSY")
        self.assertRegex(found[WORD][0], r"^FAIL .*The NPU is busy: kernel package v2-80: no hardware context is free: ")

    def test_a_node_that_does_not_open_is_told_though_its_rights_suffice(self):
        for error, text in (
                ("ENXIO", "No such device or address): nothing answers behind it. Either the node is left "
                 "over, or amdxdna gave the NPU up, mostly for want of firmware (dmesg | grep amdxdna)"),
                ("ENODEV", "No such device): the driver has no NPU to give. It is asleep or being reset, or "
                 "shared memory is off: IOMMU on in the BIOS, no amd_iommu=off (dmesg | grep amdxdna)")):
            with self.subTest(error=error):
                found = self.ask(1, NPUMEL_EMU_FAULTS=f"OPEN#1+={error}")
                self.assertEqual(found["device node"],
                                 [f"FAIL  /dev/accel/accel0 cannot be opened ({text}"])

    def test_another_drivers_node_hides_nothing(self):
        self.copy("v2-80")
        found = self.ask(0, *ANOTHER_NPU, "--foreign", DRIVER)
        self.assertEqual(found["device node"], ["ok    /dev/accel/accel1 can be opened"])
        self.assertEqual(found[""], ["the NPU is used"])
        closed = "chmod 600 /dev/accel/accel1; chmod 666 /dev/accel/accel0; exec setpriv " \
                 "--reuid=65534 --regid=65534 --clear-groups \"$@\""
        found = self.ask(1, *ANOTHER_NPU, "--foreign", DRIVER, "sh", "-c", closed, "sh")
        self.assertEqual(found["device node"], [
            "FAIL  /dev/accel/accel1 cannot be opened by nobody: add the user to the node's group (root) "
            "and log in again"])

    def test_a_name_that_begins_like_a_known_one_is_not_known(self):
        self.copy("v2-80")
        found = self.ask(1, *ANOTHER_NPU, "--name", "RyzenAI-npu10", DRIVER)
        self.assertEqual(found["kernel driver"], [
            "ok    amdxdna drives 0000:c5:00.1 (RyzenAI-npu10, firmware 1.5.5.391)",
            "      there are no kernels for RyzenAI-npu10, only for npu1 (Phoenix, Hawk Point) and npu4 "
            "(Strix, Krackan, Gorgon Point)",
            "FAIL  no NPU of this machine is one that there are kernels for"])

    def test_a_missing_module_keeps_packages_from_being_tried(self):
        self.copy("v2-80")
        found = self.ask(1, NPUMELSPEC_XRT_MODULE="/nowhere/module.so")
        self.assertEqual(found["kernel packages"], [
            f"      {self.folder}/v2-80 is complete; not tried, because of the problems above"])
        self.assertIn("The NPU cannot be used: the XRT module is not installed (/nowhere/module.so)",
                      found[WORD][0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
