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

    def expect(self, said, dims, kind, name="mel-spectrogram", in_caps=None):
        """`in_caps`: the dimensions that caps have, where they are not those of the buffer."""
        shape = " ".join(map(str, dims))
        if version() >= (1, 26):
            meta = re.search(r"meta (\S+) (\S+) (\S+) dims ([\d ]+) (\w+)", said)
            self.assertIsNotNone(meta, said)
            self.assertEqual(meta.group(1), name)
            self.assertEqual(meta.group(2), kind)
            self.assertEqual(meta.group(3), "row-major")
            self.assertEqual(meta.group(4), shape)
            self.assertEqual(meta.group(5), "shared")
        else:
            self.assertIn("meta unknown", said)
        if version() >= (1, 28):
            field = re.search(r"tensors (.*)", said).group(1).replace("\\", "")
            self.assertIn("tensorgroups", field)
            self.assertIn(f"tensor-id=(string){name}", field)
            listed = re.search(r"dims=.*?<(.*?)>", field).group(1)
            self.assertEqual(re.findall(r"\d+", listed.replace("(int)", "")), list(map(str, in_caps or dims)))
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

    def features(self, properties, dims, kind="float32", caps="audio/x-speech-features", in_caps=None):
        said = self.read(f"preset=kaldi80 {properties}", caps)
        self.expect(said, dims, kind, "speech-features", in_caps)
        return said

    def test_features_of_meltransform(self):
        # 98 rows: buffers of a stream, each of which is completed by the next, and the end.
        mfcc = "meltransform preset=mfcc13-kaldi deltas=2"
        said = self.features(f"mels=23 frames=49 ! {mfcc}", (1, 49, 39))
        self.assertIn("buffers 2", said)
        caps = "audio/x-speech-features,layout=mel-major"
        self.features(f"mels=23 frames=49 ! {mfcc}", (1, 39, 49), caps=caps)
        caps = "audio/x-speech-features,format=F16LE"
        self.features(f"mels=23 frames=49 ! {mfcc}", (1, 49, 39), "float16", caps)
        self.features("mels=23 frames=49 ! meltransform dct=ortho", (1, 49, 23))

    def test_features_of_a_clip_and_a_short_last_buffer(self):
        # Caps of clips have frames=0: any number.
        self.features("frames=0 ! meltransform preset=lfr-funasr", (1, 17, 560), in_caps=(1, 0, 560))
        said = self.features("frames=60 ! meltransform preset=lfr-funasr", (1, 10, 560))
        self.assertIn("buffers 2", said)
        last = said[said.index("meta"):].split("media", 1)[1]
        self.expect(last, (1, 7, 560), "float32", "speech-features")

    def test_features_for_nnstreamer(self):
        said = self.read("preset=kaldi80 mels=23 frames=49 ! meltransform preset=mfcc13-kaldi",
                         "other/tensors,format=static,num_tensors=1,types=float32,"
                         "dimensions=(string)13:49:1,framerate=100/49")
        self.assertIn("media other/tensors", said)
        self.assertIn("dimensions 13:49:1\n", said)

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
