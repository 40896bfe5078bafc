#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Feeds the features to ONNX Runtime. The model is made here: no published weights are needed."""
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

from support import EXAMPLES, run, speech_like, write_wav


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    """A protobuf field: an int, or a message, string or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def onnx_mean_over_frames(mels, mel_major=False):
    """An ONNX model: ReduceMean over frames, (1, frames, mels) -> (1, 1, mels), or (1, mels, frames) -> (1, mels, 1)."""
    def value(name, frames):
        sizes = [field(1, frames), field(1, field(1, mels))]
        shape = field(1, field(1, 1)) + b"".join(reversed(sizes) if mel_major else sizes)
        return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))

    axes = field(1, "axes") + field(8, 2 if mel_major else 1) + field(20, 7)  # ints, AttributeProto.INTS
    node = field(1, "mel") + field(2, "mean") + field(4, "ReduceMean") + field(5, axes)
    graph = (field(1, node) + field(2, "mean_over_frames") +
             field(11, value("mel", field(2, "frames"))) + field(12, value("mean", field(1, 1))))
    return field(1, 7) + field(8, field(2, 13)) + field(7, graph)  # IR 7, opset 13


class OnnxRuntime(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.clip = write_wav(self.folder / "clip.wav", speech_like(2))
        self.model = self.folder / "model"

    def test_it_computes_on_the_features_themselves(self):
        self.model.write_bytes(onnx_mean_over_frames(80))
        said = run(os.environ["NPUMELSPEC_ONNX_RUNTIME"], self.model, self.clip, "frames=100")
        run("gst-launch-1.0", "-q", "filesrc", f"location={self.clip}", "!", "wavparse", "!",
            "npumelspec", "!", "npyenc", "!", "filesink", f"location={self.folder / 'mel.npy'}")
        expected = np.load(self.folder / "mel.npy").reshape(2, 100, 80).mean(axis=1)
        lines = said.splitlines()
        self.assertEqual([line.split(":")[0] for line in lines], ["0.000", "1.000"])
        got = np.array([line.split(":")[1].split() for line in lines], dtype=float)
        np.testing.assert_allclose(got, expected, rtol=1e-5)

    def test_the_guide_s_python_block(self):
        guide = (EXAMPLES / "README.md").read_text(encoding="utf-8")
        block, = [text for text in re.findall(r"^```python\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
                  if "import onnxruntime" in text]
        (self.folder / "model.onnx").write_bytes(onnx_mean_over_frames(80, mel_major=True))
        self.clip.rename(self.folder / "speech.ogg")  # what it holds decides, not its name
        said = run("env", "-C", self.folder, sys.executable, "-c", f"EXAMPLES = {str(EXAMPLES)!r}\n{block}\n"
                   "import numpy\nassert mel.shape == (80, 200), mel.shape\n"
                   "numpy.testing.assert_allclose(outputs[0][0, :, 0], mel.mean(axis=1), rtol=1e-5, atol=1e-6)\n")
        self.assertEqual(said.strip(), "(1, 80, 1)")


if __name__ == "__main__":
    unittest.main(verbosity=2)
