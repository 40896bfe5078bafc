#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/doctor.sh on a machine without an NPU; tests/xrt/doctor_test.py has one."""
import hashlib
import json
import os
import tempfile
import unittest
from pathlib import Path

from support import EXAMPLES, run


def sections(said):
    """The lines of each section: {title: [line, ...]}; what ends the report is under ""."""
    found, title = {"": []}, ""
    for line in said.splitlines():
        if line.startswith("== "):
            title = line[3:]
            found[title] = []
        else:
            found["" if line[:4] not in ("ok  ", "FAIL", "    ") else title].append(line)
    return found


def write_package(folder, name, xclbin=b"xclbin", insts=b"instructions"):
    """A package as far as the doctor can judge it by itself."""
    (folder / f"{name}.xclbin").write_bytes(xclbin)
    (folder / f"{name}.insts.bin").write_bytes(insts)
    digests = {"xclbin": hashlib.sha256(xclbin).hexdigest(),
               "insts": hashlib.sha256(insts).hexdigest()}
    (folder / f"{name}.json").write_text(json.dumps({"recipe": "whisper80", "sha256": digests}))


@unittest.skipIf(Path("/sys/bus/pci/drivers/amdxdna").exists(), "this machine may have an NPU")
class WithoutADevice(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        os.chmod(self.folder, 0o755)

    def ask(self, **env):
        code, said = run(EXAMPLES / "doctor.sh", check=False, env={
            "NPUMELSPEC_KERNEL_PATH": str(self.folder), "NPUMELSPEC_XRT_MODULE": "/nowhere/module.so",
            **env})
        self.assertEqual(code, 1, said)
        return sections(said)

    def test_each_thing_that_is_missing_is_named(self):
        found = self.ask()
        self.assertEqual(found["kernel driver"], [
            "FAIL  the amdxdna driver is not loaded (Linux 6.14 or later has it: modprobe amdxdna)"])
        self.assertEqual(found["device node"], ["FAIL  there is no /dev/accel/accel*"])
        self.assertEqual(found["XRT and the module"][-1],
                         "FAIL  the XRT module is not there (/nowhere/module.so): build with -Dxrt=enabled")
        self.assertEqual(found["kernel packages"], [
            f"FAIL  no kernel package in {self.folder}: kernels/aie2/README.md says how to build one"])
        word = found["the plugin's own word (known-answer test included)"]
        self.assertEqual(len(word), 1)
        self.assertIn("No usable NPU: no NPU: the amdxdna kernel driver is not loaded", word[0])
        failures = sum(line.startswith("FAIL") for lines in found.values() for line in lines)
        self.assertEqual(found[""], [
            f"{failures} problems: the NPU is not used, the CPU does the same work"])

    def test_a_leftover_emulation_mode_is_named(self):
        self.assertIn("FAIL  XCL_EMULATION_MODE=hw_emu is set and hides the NPU from XRT",
                      self.ask(XCL_EMULATION_MODE="hw_emu")["locked memory"])

    def test_packages_are_looked_at_all_the_same(self):
        write_package(self.folder, "good")
        write_package(self.folder, "damaged")
        (self.folder / "damaged.xclbin").write_bytes(b"another")
        write_package(self.folder, "halved")
        (self.folder / "halved.insts.bin").unlink()
        write_package(self.folder, "linked")
        (self.folder / "linked.xclbin").unlink()
        (self.folder / "linked.xclbin").symlink_to(self.folder / "good.xclbin")
        self.assertEqual(self.ask()["kernel packages"], [
            f"FAIL  {self.folder}/damaged is refused: damaged.xclbin is not the file that the manifest "
            "describes (SHA-256)",
            f"      {self.folder}/good is complete; not tried, because of the problems above",
            f"FAIL  {self.folder}/halved is refused: halved.insts.bin is missing",
            f"FAIL  {self.folder}/linked is refused: linked.xclbin is a link, which is not followed"])

    def test_a_file_that_others_can_write_to_and_a_link_are_refused(self):
        write_package(self.folder, "good")
        os.chmod(self.folder / "good.xclbin", 0o666)
        self.assertEqual(self.ask()["kernel packages"], [
            f"FAIL  {self.folder}/good is refused: others can write to good.xclbin (chmod go-w)"])
        link = self.folder.with_name(self.folder.name + "-link")
        link.symlink_to(self.folder)
        self.addCleanup(link.unlink)
        self.assertEqual(self.ask(NPUMELSPEC_KERNEL_PATH=f"{link}/")["kernel packages"][0],
                         f"FAIL  {link} is refused: it is a link (name the folder itself)")

    def test_no_line_has_control_characters(self):
        write_package(self.folder, "na\x1b[31mme")
        for lines in self.ask().values():
            for line in lines:
                self.assertTrue(line.isprintable(), repr(line))

    def test_a_folder_that_others_can_write_to_is_refused(self):
        write_package(self.folder, "good")
        os.chmod(self.folder, 0o777)
        self.assertEqual(self.ask()["kernel packages"][0],
                         f"FAIL  {self.folder} is refused: others can write to it (chmod go-w)")


if __name__ == "__main__":
    unittest.main()
