#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tensor caps and metas as an independent consumer reads them, in whatever GStreamer this is."""
import os
import re
import unittest

import gi

from support import run

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

READER = os.environ["NPUMELSPEC_TENSOR_READER"]
SOURCE = "audiotestsrc num-buffers=10 samplesperbuffer=1600 ! audio/x-raw,format=S16LE,rate=16000"


def version():
    return Gst.version()[:2]


class Tensors(unittest.TestCase):
    def read(self, properties, caps="audio/x-mel-spectrogram"):
        return run(READER, f"{SOURCE} ! npumelspec {properties} ! {caps} ! appsink name=sink sync=false",
                   env={"GST_TRACERS": "leaks(filters=GstBuffer)", "GST_DEBUG": "GST_TRACER:7"})

    def expect(self, said, dims, kind):
        shape = " ".join(map(str, dims))
        if version() >= (1, 26):
            meta = re.search(r"meta (\S+) (\S+) (\S+) dims ([\d ]+) (\w+)", said)
            self.assertIsNotNone(meta, said)
            self.assertEqual(meta.group(1), "mel-spectrogram")
            self.assertEqual(meta.group(2), kind)
            self.assertEqual(meta.group(3), "row-major")
            self.assertEqual(meta.group(4), shape)
            self.assertEqual(meta.group(5), "shared")
        else:
            self.assertIn("meta unknown", said)
        if version() >= (1, 28):
            field = re.search(r"tensors (.*)", said).group(1).replace("\\", "")
            self.assertIn("tensorgroups", field)
            self.assertIn("tensor-id=(string)mel-spectrogram", field)
            listed = re.search(r"dims=.*?<(.*?)>", field).group(1)
            self.assertEqual(re.findall(r"\d+", listed.replace("(int)", "")), shape.split())
            self.assertIn(f"type=(string){kind}", field)
        else:
            self.assertIn("tensors none", said)

    def test_frame_major_float32(self):
        self.expect(self.read("frames=50"), (1, 50, 80), "float32")

    def test_mel_major(self):
        self.expect(self.read("frames=50 layout=mel-major"), (1, 80, 50), "float32")

    def test_float16(self):
        self.expect(self.read("frames=50 format=F16LE"), (1, 50, 80), "float16")

    def test_a_short_last_buffer_says_its_own_size(self):
        said = self.read("frames=60 eos-mode=short")
        self.assertIn("buffers 2", said)
        self.expect(said[said.index("meta"):].split("media", 1)[1], (1, 40, 80), "float32")

    def test_nnstreamer_caps_in_the_spelling_the_peer_asks_for(self):
        for dimensions in ("80:50:1", "80:50", "80:50:1:1"):
            said = self.read("frames=50", "other/tensors,format=static,num_tensors=1,types=float32,"
                             f"dimensions=(string){dimensions},framerate=2/1")
            self.assertIn("media other/tensors", said)
            self.assertIn(f"dimensions {dimensions}\n", said)

    def test_dimensions_that_are_not_ours_do_not_link(self):
        code, _ = run(READER, f"{SOURCE} ! npumelspec frames=50 ! other/tensors,format=static,"
                      "num_tensors=1,types=float32,dimensions=(string)81:50:1,framerate=2/1 "
                      "! appsink name=sink sync=false", check=False)
        self.assertNotEqual(code, 0)


if __name__ == "__main__":
    Gst.init(None)
    print("GStreamer", Gst.version_string())
    unittest.main(verbosity=2)
