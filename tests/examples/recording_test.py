#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recordings that do not end well: np.load either fails or has every row that the file holds."""
import resource
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

from support import EXAMPLES, run

LIVE = "audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=16000 ! npumelspec frames=10 ! npyenc"
ENDLESS = LIVE.replace("is-live=true ", "")
ROW = 80 * 4


def small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


class Recording(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "mel.npy"

    def launch(self, line, **options):
        """gst-launch-1.0 in the background, without -e."""
        return subprocess.Popen(["gst-launch-1.0", "-q", *line.split(), f"location={self.file}"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)

    def record_until(self, size, line, number):
        """Sends a signal when the file has grown to `size` bytes. Returns the status."""
        with self.launch(line) as recording:
            while not self.file.exists() or self.file.stat().st_size < size:
                self.assertIsNone(recording.poll(), "it ended by itself")
            recording.send_signal(number)
            recording.communicate(timeout=60)
        return recording.returncode

    def recover(self, *files):
        return run(sys.executable, EXAMPLES / "npy_recover.py", *(files or [self.file]), check=False)

    def expect_refused(self):
        with self.assertRaisesRegex(ValueError, "npy_recover.py"):
            np.load(self.file)

    def expect_every_row(self):
        rows = (self.file.stat().st_size - 128) // ROW
        self.assertGreater(rows, 0)
        mel = np.load(self.file)
        self.assertEqual(mel.shape, (rows, 80))
        self.assertEqual(self.file.stat().st_size, 128 + rows * ROW)
        self.assertTrue((mel.max(axis=1) > -2).all(), "a row without the tone")

    def test_an_interrupt_without_e_leaves_a_whole_file(self):
        for sink in ("filesink", "filesink buffer-mode=unbuffered", "queue ! filesink buffer-mode=unbuffered"):
            with self.subTest(sink):
                # A buffered sink writes 64 KiB at a time.
                size = 65536 if sink == "filesink" else 128 + 30 * ROW
                source = ENDLESS if sink == "filesink" else LIVE
                self.file.unlink(missing_ok=True)
                self.assertEqual(self.record_until(size, f"{source} ! {sink}", signal.SIGINT), 0)
                self.expect_every_row()

    def test_a_killed_recording_is_refused_and_can_be_recovered(self):
        for sink in ("filesink", "filesink buffer-mode=unbuffered"):
            with self.subTest(sink):
                self.file.unlink(missing_ok=True)
                status = self.record_until(128 + 30 * ROW, f"{ENDLESS} ! {sink}", signal.SIGKILL)
                self.assertEqual(status, -signal.SIGKILL)
                self.expect_refused()
                rows = (self.file.stat().st_size - 128) // ROW
                code, said = self.recover()
                self.assertEqual((code, f"({rows}, 80)" in said), (0, True), said)
                self.expect_every_row()
                self.assertIn("was finished", self.recover()[1])

    def test_a_recording_that_goes_on_is_not_recovered(self):
        with self.launch(f"{LIVE} ! filesink buffer-mode=unbuffered") as recording:
            while not self.file.exists() or self.file.stat().st_size < 128 + 10 * ROW:
                self.assertIsNone(recording.poll())
            code, said = self.recover()
            recording.send_signal(signal.SIGINT)
            recording.communicate(timeout=60)
        self.assertEqual(code, 1)
        self.assertIn("still being written", said)
        self.expect_every_row()

    def expect_write_error(self, **options):
        with self.launch(f"{ENDLESS} ! filesink", **options) as recording:
            said, _ = recording.communicate(timeout=60)
        self.assertEqual(recording.returncode, 1)
        self.assertRegex(said, "ERROR: from element .*GstFileSink")
        self.expect_refused()
        rows = (self.file.stat().st_size - 128) // ROW
        self.assertEqual(self.recover()[0], 0)
        self.assertEqual(np.load(self.file).shape, (rows, 80))

    def test_a_file_that_cannot_grow_is_an_error_and_not_an_empty_array(self):
        # restore_signals: Python would give the child back SIGXFSZ, which kills.
        self.expect_write_error(preexec_fn=small_files, restore_signals=False)

    def test_a_full_disk_is_an_error_and_not_an_empty_array(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", disk],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("no right to mount; a limited file size is tried above")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        self.file = disk / "mel.npy"
        self.expect_write_error()

    def test_a_disk_that_is_full_at_the_end_is_an_error(self):
        # All rows are in filesink's buffer until EOS.
        line = ENDLESS.replace("audiotestsrc", "audiotestsrc num-buffers=100")
        self.file = Path("/dev/full")
        with self.launch(f"{line} ! filesink") as recording:
            said, _ = recording.communicate(timeout=60)
        self.assertEqual(recording.returncode, 1, said)

    def test_recovery_knows_every_shape(self):
        line = "audiotestsrc samplesperbuffer=160 ! audio/x-raw,rate=16000 ! npumelspec frames=10 {} ! npyenc mode=stack"
        for properties, shape in (("", (10, 80)), ("layout=mel-major", (80, 10)), ("format=F16LE", (10, 80))):
            with self.subTest(properties):
                self.file.unlink(missing_ok=True)
                self.record_until(30000, f"{line.format(properties)} ! filesink", signal.SIGKILL)
                self.expect_refused()
                unit = 800 * (2 if "F16LE" in properties else 4)
                buffers = (self.file.stat().st_size - 128) // unit
                self.assertEqual(self.recover()[0], 0)
                mel = np.load(self.file)
                self.assertEqual(mel.shape, (buffers, *shape))
                self.assertEqual(self.file.stat().st_size, 128 + buffers * unit)

    def test_recovery_leaves_other_files_alone(self):
        text = self.folder / "a\nb\x1b[31m.npy"
        text.write_text("no array" * 10)
        foreign = self.folder / "foreign.npy"
        np.save(foreign, np.arange(6).reshape(2, 3))
        before = foreign.read_bytes()
        code, said = self.recover(text, foreign, self.folder / "missing.npy")
        self.assertEqual(code, 1)
        self.assertEqual(len(said.splitlines()), 3, said)
        self.assertNotIn("\x1b", said)
        self.assertIn("is no .npy file", said)
        self.assertIn("(2, 3), was finished", said)
        self.assertEqual(foreign.read_bytes(), before)
        self.assertEqual(text.read_text(), "no array" * 10)

    def test_ctrl_c_before_the_first_buffer_leaves_a_file_that_says_so(self):
        source = "audiotestsrc is-live=true ! audio/x-raw,rate=16000"
        line = f"{source} ! npumelspec frames=3000 ! npyenc ! filesink location={self.file}"
        with subprocess.Popen(["gst-launch-1.0", *line.split()], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as recording:
            # Its handler is there when it plays.
            self.assertTrue(any("PLAYING" in said for said in recording.stdout))
            recording.send_signal(signal.SIGINT)
            recording.communicate(timeout=60)
        self.assertEqual(recording.returncode, 0)
        self.assertEqual(self.file.stat().st_size, 128)
        self.expect_refused()
        code, said = self.recover()
        self.assertEqual(code, 1)
        self.assertIn("ended before its first features", said)

    def test_an_empty_file_is_called_empty(self):
        self.file.write_bytes(b"")
        code, said = self.recover()
        self.assertEqual(code, 1)
        self.assertIn("is empty: the recording ended before its first features", said)
        self.assertEqual(self.file.stat().st_size, 0)

    def test_one_matrix_is_recovered_whole_or_not_at_all(self):
        header = b"{'unfinished file, npy_recover.py completes it': ['<f4', [5, 3]], }".ljust(117) + b"\n"
        start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
        data = np.arange(15, dtype="<f4").tobytes()
        self.file.write_bytes(start + data[:-1])
        code, said = self.recover()
        self.assertEqual(code, 1)
        self.assertIn("less than its one matrix", said)
        self.file.write_bytes(start + data + b"more")
        self.assertEqual(self.recover()[0], 0)
        np.testing.assert_array_equal(np.load(self.file), np.arange(15).reshape(5, 3))
        self.assertEqual(self.file.stat().st_size, 128 + 60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
