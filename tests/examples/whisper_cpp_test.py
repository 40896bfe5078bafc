#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Feeds the features to whisper.cpp.

No weights are needed: whisper.cpp gets a model of its own format with a vocabulary and nothing
else, which it loads "for testing". So it is shown to take the features (whisper_set_mel()); that it
transcribes them is not shown.
"""
import os
import struct
import tempfile
import unittest
from pathlib import Path

from support import run


def whisper_vocabulary(mels=80):
    """A model file of whisper.cpp (multilingual tiny) that ends after the vocabulary."""
    header = (51865, 1500, 384, 6, 4, 448, 384, 6, 4, mels, 1)
    out = struct.pack("<I11i", 0x67676D6C, *header)
    out += struct.pack("<ii", mels, 201) + bytes(4 * mels * 201)
    words = [f"w{i}".encode() for i in range(50257)]
    return out + struct.pack("<i", len(words)) + b"".join(struct.pack("<I", len(w)) + w for w in words)


class WhisperCpp(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        # Ogg: the root of Debian testing has no more than gst-plugins-base.
        self.clip = self.folder / "clip.ogg"
        run("gst-launch-1.0", "-q", "audiotestsrc", "num-buffers=40", "wave=pink-noise", "!", "vorbisenc",
            "!", "oggmux", "!", "filesink", f"location={self.clip}")
        self.model = self.folder / "model"

    def test_it_takes_the_features(self):
        self.model.write_bytes(whisper_vocabulary())
        said = run(os.environ["NPUMELSPEC_WHISPER_CPP"], self.model, self.clip)
        self.assertIn("handed over 3000 frames of 80 mels; whisper.cpp holds 3000", said)

    def test_a_model_that_is_none_is_an_error(self):
        self.model.write_bytes(b"no model")
        code, said = run(os.environ["NPUMELSPEC_WHISPER_CPP"], self.model, self.clip, check=False)
        self.assertEqual(code, 1)
        self.assertIn("no model that whisper.cpp loads", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
