#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""melspecscope in a real window: a virtual X server, its screen looked at pixel by pixel."""
import math
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import gi
import numpy as np

from support import run, write_wav

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

SCREEN = (800, 600)
RATE, HOP, MELS = 16000, 160, 80
VIRIDIS_LOWEST, VIRIDIS_HIGHEST = (0x44, 0x01, 0x54), (0xFD, 0xE7, 0x25)


def slaney(hz):
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * math.log(hz / 1000) / math.log(6.4)


def band_of(hz):
    """The band of Whisper's front end whose centre is nearest to a frequency."""
    return round(slaney(hz) / slaney(RATE / 2) * (MELS + 1) - 1)


class Window(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # -displayfd: a free display, told when it is ready to be used.
        cls.server = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", f"{SCREEN[0]}x{SCREEN[1]}x24", "-noreset",
             "-nolisten", "tcp"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        os.environ["DISPLAY"] = ":" + cls.server.stdout.readline().strip()
        Gst.init(None)

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.communicate(timeout=30)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def screen_after(self, launch):
        """The screen as it is when the stream has ended and its last picture is still shown."""
        pipeline = Gst.parse_launch(launch)
        try:
            pipeline.set_state(Gst.State.PLAYING)
            message = pipeline.get_bus().timed_pop_filtered(
                120 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
            self.assertIsNotNone(message, "the stream did not end")
            if message.type == Gst.MessageType.ERROR:
                self.fail(message.parse_error())
            shot = self.folder / "screen.rgb"
            run("gst-launch-1.0", "-q", "ximagesrc", "num-buffers=1", "use-damage=false",
                "show-pointer=false", "!", "videoconvert", "!", "video/x-raw,format=RGB", "!",
                "filesink", f"location={shot}")
        finally:
            pipeline.set_state(Gst.State.NULL)
        keep = os.environ.get("NPUMELSPEC_SCREENSHOTS")
        if keep:
            run("gst-launch-1.0", "-q", "filesrc", f"location={shot}", "!", "rawvideoparse",
                f"width={SCREEN[0]}", f"height={SCREEN[1]}", "format=rgb", "!", "videoconvert", "!",
                "pngenc", "!", "filesink", f"location={keep}/{self.id().split('.')[-1]}.png")
        return np.fromfile(shot, np.uint8).reshape(SCREEN[1], SCREEN[0], 3)

    def test_a_sweep_rises_through_the_window_with_the_values_of_its_features(self):
        t = np.arange(3 * RATE) / RATE
        sweep = np.round(16000 * np.sin(2 * np.pi * (200 * t + 1100 * t * t))).astype(np.int16)
        clip = write_wav(self.folder / "sweep.wav", sweep)
        mel_file = self.folder / "mel.npy"
        screen = self.screen_after(
            f'filesrc location="{clip}" ! wavparse ! npumelspec frames=10 ! tee name=t '
            "t. ! queue ! melspecscope colormap=gray range=fixed range-min=-8 range-max=2 axes=false "
            "! video/x-raw,width=300,height=160 ! videoconvert ! ximagesink sync=false "
            f't. ! queue ! npyenc ! filesink location="{mel_file}"')
        mel = np.load(mel_file)
        self.assertEqual(mel.shape, (300, MELS))
        # A column a frame. The last picture is due at 2.966 s, so three frames follow it.
        last = 299 - 3
        for frame in range(30, 290, 20):
            x = 299 - last + frame
            column = screen[:160:2, x, 0][::-1].astype(int)
            with self.subTest(frame=frame):
                self.assertLessEqual(
                    abs(int(column.argmax()) - band_of(200 + 2200 * frame * HOP / RATE)), 1)
                expected = np.clip((mel[frame] + 8) / 10 * 256, 0, 255)
                np.testing.assert_allclose(column, expected, atol=1)
                np.testing.assert_array_equal(screen[1:160:2, x], screen[:160:2, x])  # 2 rows a band
        self.assertEqual(screen[:, 300:].max(), 0)  # beside the window: the screen's own black
        self.assertEqual(screen[160:].max(), 0)

    def test_live_sound_reaches_the_sink_that_autovideosink_finds(self):
        screen = self.screen_after(
            "audiotestsrc is-live=true num-buffers=10 samplesperbuffer=1600 freq=1000 volume=0.5 "
            "! queue ! audioconvert ! audioresample ! npumelspec frames=10 ! queue "
            "! melspecscope axes=false range=fixed range-min=-4 range-max=0 "
            "! video/x-raw,width=80,height=80,framerate=25/1 ! videoconvert ! autovideosink")
        lit = band_of(1000)
        for x in (5, 40, 79):
            self.assertEqual(tuple(screen[79 - lit, x]), VIRIDIS_HIGHEST)
            self.assertEqual(tuple(screen[0, x]), VIRIDIS_LOWEST)
            self.assertEqual(tuple(screen[79, x]), VIRIDIS_LOWEST)

    def test_a_page_with_axes_has_text_and_a_colour_bar(self):
        tone = np.round(16000 * np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE))
        tone[RATE:] = 0
        clip = write_wav(self.folder / "tone.wav", tone.astype(np.int16))
        screen = self.screen_after(
            f'filesrc location="{clip}" ! wavparse ! npumelspec frames=0 ! melspecscope mode=page '
            "! video/x-raw,width=800,height=320 ! videoconvert ! ximagesink sync=false")
        picture = screen[:320]
        lit = (picture == VIRIDIS_HIGHEST).all(axis=2)
        dark = (picture == VIRIDIS_LOWEST).all(axis=2)
        rows, columns = np.nonzero(lit[:, :650])
        self.assertGreater(len(rows), 100)
        self.assertLess(rows.max() - rows.min(), 12)  # the tone: one line,
        self.assertLess(columns.max(), 420)  # which ends in the middle
        self.assertTrue(dark[20:260, 500:600].all())  # then silence
        ink = (picture < 100).all(axis=2)
        self.assertGreater(ink[:, :50].sum(), 200)  # Hz
        self.assertGreater(ink[285:].sum(), 150)  # seconds
        self.assertGreater(lit[:30, 700:].sum(), 3)  # the colour bar's upper end


if __name__ == "__main__":
    unittest.main(verbosity=2)
