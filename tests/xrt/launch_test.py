#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-launch-1.0 with the NPU: what it writes, what it prints, beside another process, and with XRT
from AMD's own folder.

usage: launch_test.py PACKAGES GOLDEN PROGRAM_THAT_PROVOKES_XRT [TESTS], under with-npu.sh

NPU_GENERATION=npu4 says that the NPU is one of the second generation: for the tests "Generation".
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest
import wave
from pathlib import Path

import numpy as np

PACKAGES, GOLDEN, PROVOKER = (Path(argument) for argument in sys.argv[1:4])
# What gst-launch-1.0 says for itself.
OF_GST_LAUNCH = re.compile(
    r"^(Setting pipeline to .*|Pipeline is PRE.*|Redistribute latency\.\.\.|New clock: .*|Got (EOS|context) from .*"
    r"|EOS received .*|Execution ended after .*|Freeing pipeline .*|Failed to set pipeline to PAUSED\."
    r"|(WARNING|ERROR): from element .*|ERROR: pipeline doesn't want to \w+\."
    r"|Additional debug info:|\S+\.(c|cpp)\(\d+\): .*|streaming stopped, reason .*|)$")
OF_XRT = re.compile(r"xrt|\bbank\b|xclbin|ioctl|destructed|command is still in progress", re.I)


def launch(*arguments, env=None, flags=("-q",)):
    """The ended process, with all that it printed in stdout."""
    return subprocess.run(["gst-launch-1.0", *flags, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120,
                          env={**os.environ, **(env or {})})


def mel(properties, package="v2-80"):
    """The timeout is long, so that a machine that is slow for a while fails no test."""
    return ["npumelspec", "npu-timeout=20000", *properties.split(), f"kernel-path={PACKAGES / package}"]


def noise(batches):
    return ["audiotestsrc", "wave=pink-noise", f"num-buffers={10 * batches}", "samplesperbuffer=1600",
            "!", "audio/x-raw,format=S16LE,rate=16000,channels=1", "!"]


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write_wav(self, samples):
        path = self.folder / "clip.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes(samples.astype("<i2").tobytes())
        return path


class ModelRows(WithFolder):

    def rows(self, clip, properties, package, before=120, first=2):
        # Whisper's first frame is centred on the first sample, and so is NeMo's: 120 zeros before the
        # clip put the model's frame 0 at the plugin's frame 2. What follows completes the batch:
        # the last one of NeMo's is software's.
        samples = np.load(GOLDEN / f"npu/{clip}-samples.npy")
        source = self.write_wav(np.concatenate([np.zeros(before, np.int16), samples,
                                                np.tile(samples, 40)[:20000]]))
        target = self.folder / "rows.npy"
        done = launch("filesrc", f"location={source}", "!", "wavparse", "!",
                      *mel("backend=npu " + properties, package), "!", "npyenc", "!", "filesink",
                      f"location={target}")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        return np.load(target)[first:first + 6]

    def assert_same_bits(self, got, want):
        self.assertEqual(got.dtype, np.float32)
        np.testing.assert_array_equal(got.view(np.uint32), want.astype(np.float32).view(np.uint32))

    def assert_natural(self, clip, recipe, package, **place):
        """Rows of a recipe with a natural logarithm."""
        model = np.load(GOLDEN / f"npu/{clip}-rows-{recipe}.npy").astype(np.float32)
        # Of frames 0, 3 and 5.
        self.assert_same_bits(self.rows(clip, f"preset={recipe}", package, **place)[[0, 3, 5]],
                              model * np.float32(np.log(10) / 2048))


class RowsOfTheModel(ModelRows):
    """Bit for bit the rows of the numeric model, whose vectors do not come from the host twin."""

    def test_nemo_and_kaldi(self):
        for clip in ("loud", "quiet", "vowel"):
            for recipe in ("nemo80", "nemo128"):
                with self.subTest(clip=clip, recipe=recipe):
                    self.assert_natural(clip, recipe, f"v2-{recipe}")
            with self.subTest(clip=clip, recipe="kaldi80"):
                self.assert_natural(clip, "kaldi80", "v2-kaldi80", before=0, first=0)

    def test_abi_v2(self):
        for mels in (80, 128):
            for clip in ("loud", "quiet", "vowel"):
                with self.subTest(clip=clip, mels=mels):
                    model = np.load(GOLDEN / f"npu/{clip}-rows{mels}.npy")
                    self.assert_same_bits(self.rows(clip, f"preset=whisper{mels}", f"v2-{mels}"),
                                          model.astype(np.float32) / np.float32(2048))

    def test_abi_v1(self):
        for clip in ("loud", "quiet", "vowel"):
            with self.subTest(clip=clip):
                model = np.load(GOLDEN / f"npu/{clip}-rows80.npy").astype(np.int64)
                # 20 * (log10 + 3.7), exact: one value of the vowel is a tie, rounded to even.
                codes = np.clip(np.rint((5 * model + 74 * 512) / 512), -128, 127)
                self.assert_same_bits(self.rows(clip, "preset=whisper80", "v1-80"),
                                      (codes.astype(np.float32) - 74) * np.float32(0.05))


class Generation(ModelRows):
    """The NPU of either generation, each with its own package."""

    NPU = os.environ.get("NPU_GENERATION", "npu1")
    OWN, OTHER = ("", "npu4-") if NPU == "npu1" else ("npu4-", "")

    def test_rows_are_the_models(self):
        for clip in ("loud", "quiet", "vowel"):
            model = np.load(GOLDEN / f"npu/{clip}-rows80.npy").astype(np.float32)
            self.assert_same_bits(self.rows(clip, "preset=whisper80", f"{self.OWN}v2-80"),
                                  model / np.float32(2048))
            self.assert_natural(clip, "nemo128", f"{self.OWN}v2-nemo128")

    def test_a_package_for_the_other_one_is_refused_by_name(self):
        for recipe, package in (("whisper80", "v2-80"), ("nemo128", "v2-nemo128")):
            done = launch(*noise(1), *mel(f"backend=npu preset={recipe}", self.OTHER + package), "!",
                          "fakesink")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"No usable NPU: no kernel package for {recipe} on {self.NPU} in ", done.stdout)
            self.assertIn(f"; found: {self.OTHER}{package}", done.stdout)


class Terminal(unittest.TestCase):
    """Nothing that XRT prints reaches the user's terminal, whatever happens below."""

    def assert_only_gst_launch_speaks(self, done):
        for line in done.stdout.splitlines():
            # Messages of ours may quote XRT; lines of its own they are not.
            self.assertRegex(line, OF_GST_LAUNCH, done.stdout)

    def test_xrt_does_print_where_nobody_silences_it(self):
        # The control: the same fault, met by a program that uses XRT as it comes.
        said = subprocess.run([PROVOKER, "--gtest_filter=Calls/EmulatorFailingCall.*"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120, check=False).stdout
        self.assertRegex(said, OF_XRT)

    def test_a_good_run_prints_nothing(self):
        done = launch(*noise(3), *mel("backend=npu"), "!", "fakesink")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_set_ups_that_fail_print_nothing_with_backend_auto(self):
        for fault in ("CREATE_HWCTX#1=EBUSY", "CONFIG_HWCTX#1=EINVAL", "GET_INFO#1=EIO",
                      "MMAP#1=EAGAIN", *(f"CREATE_BO#{call}=ENOMEM" for call in range(1, 9))):
            with self.subTest(fault=fault):
                done = launch(*noise(3), *mel("backend=auto"), "!", "fakesink",
                              env={"NPUMEL_EMU_FAULTS": fault})
                self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_set_ups_that_fail_leave_one_error_with_backend_npu(self):
        # Calls 5 and 6 make the host_only buffers of the known-answer test.
        for fault in ("CREATE_HWCTX#1=EBUSY", *(f"CREATE_BO#{call}=ENOMEM" for call in range(1, 7))):
            with self.subTest(fault=fault):
                done = launch(*noise(3), *mel("backend=npu"), "!", "fakesink",
                              env={"NPUMEL_EMU_FAULTS": fault})
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("ERROR: from element", done.stdout)
                self.assert_only_gst_launch_speaks(done)

    def test_a_run_that_is_parked_at_exit_prints_nothing_but_the_warning(self):
        for state in ("stuck", "lost", "hang"):
            with self.subTest(state=state):
                done = launch(*noise(3), *mel("backend=auto npu-timeout=1500"), "!", "fakesink",
                              env={"NPUMEL_EMU_FAULTS": f"RUN#3={state}"}, flags=("--no-position",))
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertEqual(done.stdout.count("WARNING: from element"), 1, done.stdout)
                self.assert_only_gst_launch_speaks(done)


class Processes(WithFolder):
    """Two processes on one device at the same time."""

    STREAMS = 4

    def pipeline(self, clip, process, properties):
        line = []
        for stream in range(self.STREAMS):
            line += ["filesrc", f"location={clip}", "!", "wavparse", "!",
                     *mel(properties), "!", "npyenc", "!", "filesink",
                     f"location={self.folder}/{process}-{stream}.npy"]
        return line

    def run_both(self, *kinds, seconds=20, **env):
        """kinds: the properties and the environment of each process. Every stream must be complete."""
        clip = self.write_wav(np.random.default_rng(1).integers(-9000, 9000, seconds * 16000))
        running = [subprocess.Popen(["gst-launch-1.0", "-q", *self.pipeline(clip, process, properties)],
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                    env={**os.environ, **env, **own})
                   for process, (properties, own) in enumerate(kinds)]
        for process in running:
            said, _ = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, said)
        rows = [np.load(self.folder / f"{process}-{stream}.npy")
                for process in range(len(kinds)) for stream in range(self.STREAMS)]
        self.assertEqual(rows[0].shape, (100 * seconds, 80))
        self.assertGreater(np.ptp(rows[0]), 1)
        return rows

    def assert_all_equal(self, rows):
        for other in rows[1:]:
            np.testing.assert_array_equal(other, rows[0])

    def test_side_by_side(self):
        kind = ("backend=npu verify-interval=1", {})
        self.assert_all_equal(self.run_both(kind, kind))

    def test_in_turns_on_an_array_with_room_for_one(self):
        kind = ("backend=npu verify-interval=1", {})
        self.assert_all_equal(self.run_both(kind, kind, NPUMEL_EMU_PARTITIONS="1"))

    def test_where_one_of_them_is_stuck_with_the_whole_array(self):
        # The other one waits for the array in EXEC_CMD until the driver has recovered.
        rows = self.run_both(("backend=auto", {"NPUMEL_EMU_FAULTS": "RUN#9=hang:1500"}),
                             ("backend=auto", {}), NPUMEL_EMU_PARTITIONS="1")
        for other in rows[1:]:
            np.testing.assert_allclose(np.maximum(other, rows[0].max() - 8),
                                       np.maximum(rows[0], rows[0].max() - 8), atol=0.1)


class XrtFromAmdsFolder(WithFolder):
    """XRT only in /opt/xilinx/xrt, where AMD's package puts it and the linker does not look."""

    # In a mount namespace of its own: /opt holds copies, and the originals' names lead to nothing.
    ELSEWHERE = """
        set -eu
        libraries=/usr/lib/x86_64-linux-gnu
        mount -t tmpfs elsewhere /opt
        mkdir -p /opt/xilinx/xrt/lib /opt/xilinx/lib
        # Debian's XRT finds its other libraries in ../../../lib/x86_64-linux-gnu of the first one.
        ln -s ../xrt/lib /opt/xilinx/lib/x86_64-linux-gnu
        cp -a $libraries/libxrt_*.so* $libraries/libxdp_*.so* /opt/xilinx/xrt/lib/
        for library in $libraries/libxrt_*.so.*.*; do mount --bind /dev/null "$library"; done
        [ "$1" = keep ] || umount /opt
        shift
        exec "$@"
    """

    def elsewhere(self, keep, *arguments):
        return subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c",
                               self.ELSEWHERE, "sh", keep, "gst-launch-1.0", "-q", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120, check=False)

    def test_it_is_found_there(self):
        done = self.elsewhere("keep", *noise(3), *mel("backend=npu"), "!", "fakesink")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_without_it_the_error_names_the_library(self):
        done = self.elsewhere("drop", *noise(3), *mel("backend=npu"), "!", "fakesink")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("The NPU cannot be used: the XRT module cannot be loaded: ", done.stdout)
        self.assertIn("libxrt_coreutil.so.2", done.stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
