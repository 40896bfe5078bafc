#!/usr/bin/python3
"""Runs every sh and python block of examples/README.md, with made audio and no hardware."""
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

from support import EXAMPLES, run, speech_like, write_wav

GUIDE = (EXAMPLES / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
HARDWARE = {
    "autoaudiosrc": "audiotestsrc is-live=true num-buffers=20 ! audio/x-raw,rate=16000",
    "autovideosink": "fakesink sync=true",
}


class Guide(unittest.TestCase):
    def test_every_block_runs(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "corpus").mkdir()
            write_wav(folder / "speech.wav", speech_like(2))
            write_wav(folder / "corpus" / "one.wav", speech_like(1))
            os.chdir(folder)
            for kind, text in BLOCKS:
                with self.subTest(text.splitlines()[0]):
                    for device, stand_in in HARDWARE.items():
                        text = text.replace(device, stand_in)
                    if kind == "sh":
                        # gst-launch-1.0 tells an error by its status; so does a block.
                        run("bash", "-euo", "pipefail", "-c", text, env={"EXAMPLES": str(EXAMPLES)})
                    else:
                        run(sys.executable, "-c", f"EXAMPLES = {str(EXAMPLES)!r}\n{text}")
            self.expect_what_the_guide_promises(folder)

    def expect_what_the_guide_promises(self, folder):
        self.assertEqual(np.load(folder / "mel.npy").shape, (200, 80))
        self.assertEqual((folder / "mel.png").read_bytes()[1:4], b"PNG")
        self.assertEqual(np.load(folder / "features" / "one.wav.npy").shape, (98, 80))
        self.assertEqual(np.load(folder / "librosa.npy").shape, (128, 87))
        self.assertEqual(np.load(folder / "icefall.npy").shape, (200, 80))
        self.assertEqual(np.load(folder / "whisper-cpp.npy").shape, (80, 200))

    def test_there_are_blocks_and_no_command_outside_of_them(self):
        self.assertGreaterEqual(len(BLOCKS), 7)
        indented = re.findall(r"^ {4,}gst-launch-1.0", GUIDE, re.MULTILINE)
        self.assertEqual(indented, [])

    def test_every_property_the_guide_names_exists(self):
        rows = re.findall(r"`((?:[a-z][a-z-]*=[^` ]+ ?)+)`", GUIDE)
        known = run("gst-inspect-1.0", "npumelspec")
        foreign = {"is-live", "do-timestamp", "format", "mode", "drop"}  # of appsrc, npyenc, appsink
        names = {setting.split("=")[0] for row in rows for setting in row.split()} - foreign
        missing = [name for name in names if not re.search(rf"^  {re.escape(name)} +:", known, re.M)]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
