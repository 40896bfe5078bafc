#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs every example and looks at what comes out."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

from support import EXAMPLES, run, speech_like, write_wav

CLIP_SECONDS = 3.21
LIVE = "audiotestsrc is-live=true num-buffers=60 samplesperbuffer=1024 wave=pink-noise"


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        silence = np.zeros(8000, np.int16)
        self.samples = np.concatenate([speech_like(CLIP_SECONDS - 0.5), silence])
        self.clip = write_wav(self.folder / "clip.wav", self.samples)

    def mel(self, properties, name="expected.npy", clip=None):
        """What npyenc writes for the clip."""
        target = self.folder / name
        run("gst-launch-1.0", "-q", "filesrc", f"location={clip or self.clip}", "!", "wavparse", "!",
            "audioconvert", "!", "audioresample", "!", "npumelspec", *properties.split(), "!",
            "npyenc", "!", "filesink", f"location={target}")
        return np.load(target)


class LaunchLines(WithFolder):
    def launch(self, name, *arguments, **env):
        return run(EXAMPLES / "launch.sh", name, *arguments, env={"OUT": str(self.folder), **env})

    def test_file_gives_whispers_features(self):
        self.launch("file", self.clip)
        mel = np.load(self.folder / "file.npy")
        self.assertEqual(mel.shape, (321, 80))
        self.assertEqual(mel.dtype, np.float32)
        self.assertAlmostEqual(float(mel.max() - mel.min()), 2.0, places=5)  # clamped to 8 / 4

    def test_drop_in_is_the_same_array_with_whispers_axes(self):
        self.launch("file", self.clip)
        self.launch("drop-in", self.clip)
        drop_in = np.load(self.folder / "drop-in.npy")
        self.assertEqual(drop_in.shape, (80, 321))
        np.testing.assert_array_equal(drop_in.T, np.load(self.folder / "file.npy"))

    def test_whisper_chunks_are_30_seconds_each(self):
        long = write_wav(self.folder / "long.wav", speech_like(31))
        self.launch("whisper-chunks", long)
        chunks = np.load(self.folder / "whisper-chunks.npy")
        self.assertEqual(chunks.shape, (2, 3000, 80))
        self.assertEqual(len(np.unique(chunks[1, 200:])), 1)  # padded with silence

    def test_picture_is_a_png(self):
        self.launch("picture", self.clip)
        data = (self.folder / "picture.png").read_bytes()
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(int.from_bytes(data[16:20], "big"), 1280)

    def test_microphone_prints_a_buffer_a_second(self):
        said = self.launch("microphone", MICROPHONE=LIVE + " ! audio/x-raw,rate=16000")
        self.assertEqual(said.count("chain   ***"), 4)  # 3.84 s: three full ones and the rest
        self.assertIn("32000 bytes", said)

    def test_display_runs_live(self):
        self.launch("display", MICROPHONE=LIVE, SCREEN="fakesink sync=true")

    def test_record_keeps_the_audio_beside_its_features(self):
        self.launch("record", MICROPHONE=LIVE + " ! audio/x-raw,rate=16000")
        self.assertEqual((self.folder / "record.flac").read_bytes()[:4], b"fLaC")
        self.assertEqual(np.load(self.folder / "record.npy").shape, (384, 80))

    def test_channels_gives_one_stream_a_channel(self):
        left, right = speech_like(1, seed=1), speech_like(1, seed=2)
        stereo = write_wav(self.folder / "stereo.wav", np.stack([left, right], axis=1))
        self.launch("channels", stereo)
        for name, samples in (("left", left), ("right", right)):
            alone = write_wav(self.folder / f"{name}.wav", samples)
            np.testing.assert_array_equal(np.load(self.folder / f"{name}.npy"),
                                          self.mel("frames=0", clip=alone))

    def test_rtp_receives_what_is_sent(self):
        port = str(20000 + os.getpid() % 20000)
        env = {**os.environ, "OUT": str(self.folder), "PORT": port}
        receiver = subprocess.Popen([str(EXAMPLES / "launch.sh"), "rtp"], env=env, text=True,
                                    stdout=subprocess.PIPE, start_new_session=True)
        try:
            for line in receiver.stdout:
                if "New clock" in line:
                    break
            self.launch("rtp-send", self.clip, PORT=port)
        finally:
            os.killpg(receiver.pid, signal.SIGINT)  # -e: the stream is ended properly
            receiver.communicate(timeout=60)
        mel = np.load(self.folder / "rtp.npy")
        self.assertGreater(len(mel), 250)
        self.assertGreater(float(mel.max()), -1.0)  # not silence

    def test_an_unknown_name_lists_the_known_ones(self):
        code, said = run(EXAMPLES / "launch.sh", "nothing", check=False)
        self.assertEqual(code, 2)
        self.assertIn("whisper-chunks", said)


class RoundTrip(WithFolder):
    """The same numbers, bit for bit, through a file, an application and Python."""

    def test_npy_appsink_and_python_agree_to_the_bit(self):
        properties = "preset=whisper80 frames=50"
        expected = self.mel(properties)
        self.assertEqual(expected.shape, (321, 80))

        raw = self.folder / "app.f32"
        run(os.environ["NPUMELSPEC_LIVE_CAPTURE"],
            f'filesrc location="{self.clip}" ! wavparse', properties, raw)
        app = np.fromfile(raw, np.float32).reshape(-1, 80)

        saved = self.folder / "python.npy"
        run(sys.executable, EXAMPLES / "mel_numpy.py", self.clip, saved, *properties.split())
        python = np.load(saved)
        self.assertEqual(expected.tobytes(), app.tobytes())
        self.assertEqual(expected.tobytes(), python.tobytes())


class LiveCapture(WithFolder):
    program = os.environ["NPUMELSPEC_LIVE_CAPTURE"]

    def test_samples_of_the_application_itself_lose_nothing(self):
        raw = self.folder / "app.f32"
        run(self.program, "stdin", "frames=10 alignment-threshold=1000000000000", raw,
            data=self.samples.tobytes())
        got = np.fromfile(raw, np.float32).reshape(-1, 80)
        np.testing.assert_array_equal(got, self.mel("frames=10"))

    def test_an_error_is_told_and_ends_it(self):
        code, said = run(self.program, "filesrc location=/nonexistent", check=False)
        self.assertEqual(code, 1)
        self.assertIn("error:", said)

    def test_a_warning_is_told_and_the_stream_goes_on(self):
        # As when an NPU is lost. ALSA's null device warns that nobody can take samples so fast.
        raw = self.folder / "app.f32"
        code, said = run(self.program, "alsasrc device=null num-buffers=30", "frames=1", raw, check=False)
        self.assertEqual(code, 0)
        self.assertIn("warning: Can't record audio fast enough", said)
        self.assertGreaterEqual(raw.stat().st_size, 20 * 80 * 4)

    def test_an_interrupt_ends_the_stream_with_its_last_frames(self):
        raw = self.folder / "app.f32"
        source = "audiotestsrc is-live=true ! audio/x-raw,rate=16000,channels=1"
        with subprocess.Popen([self.program, source, "frames=10", raw], text=True,
                              stdout=subprocess.PIPE, bufsize=1) as app:
            app.stdout.readline()
            app.send_signal(signal.SIGINT)
            app.communicate(timeout=60)
        self.assertEqual(app.returncode, 0)
        self.assertGreaterEqual(raw.stat().st_size, 10 * 80 * 4)

    def test_it_says_which_backend_works(self):
        code, said = run(self.program, f'filesrc location="{self.clip}" ! wavparse', "", check=False)
        self.assertEqual(code, 0)
        self.assertIn("backend: software", said)


class Python(WithFolder):
    def test_nothing_is_left_behind(self):
        script = (
            "import sys, gc; sys.path.insert(0, sys.argv[1])\n"
            "from mel_numpy import Gst, mel_buffers\n"
            "Gst.init(None)\n"
            "n = sum(len(a) for _, a in mel_buffers(\n"
            "    'audiotestsrc num-buffers=200 ! audio/x-raw,rate=16000', 'frames=1'))\n"
            "gc.collect(); Gst.deinit(); print('frames', n)\n")
        done = subprocess.run(
            [sys.executable, "-c", script, str(EXAMPLES)], capture_output=True, text=True,
            timeout=120, env={**os.environ, "GST_DEBUG": "GST_TRACER:7", "GST_DEBUG_NO_COLOR": "1",
                              "GST_TRACERS": "leaks(filters=\"GstBuffer,GstSample,GstElement\")"})
        self.assertIn("frames 1280", done.stdout)
        alive = re.findall(r"object-alive, type-name=\(string\)(\w+)", done.stderr)
        self.assertEqual(alive, [])

    def test_mel_major_arrays_have_their_axes(self):
        script = (
            "import sys; sys.path.insert(0, sys.argv[1])\n"
            "from mel_numpy import Gst, mel_buffers\n"
            "Gst.init(None)\n"
            "print([(a.shape, a.dtype.name) for _, a in mel_buffers(\n"
            "    'audiotestsrc num-buffers=16 samplesperbuffer=1600 ! audio/x-raw,rate=16000',\n"
            "    'frames=0 layout=mel-major format=F16LE')])\n")
        self.assertIn("[((80, 160), 'float16')]", run(sys.executable, "-c", script, EXAMPLES))


class Corpus(WithFolder):
    def setUp(self):
        super().setUp()
        self.corpus = self.folder / "corpus"
        (self.corpus / "speaker one").mkdir(parents=True)
        write_wav(self.corpus / "a.wav", speech_like(1, seed=1))
        write_wav(self.corpus / "speaker one" / "b.wav", speech_like(2, seed=2))
        self.out = self.folder / "features"

    def extract(self, *properties, check=True, env=None):
        return run(EXAMPLES / "extract-corpus.sh", self.corpus, self.out, *properties, check=check, env=env)

    def lines(self, name):
        return [json.loads(line) for line in (self.out / name).read_text(encoding="utf-8").splitlines()]

    def test_every_file_becomes_an_array_at_its_place(self):
        self.extract("preset=kaldi80")
        self.assertEqual(len(self.lines("index.jsonl")), 2)
        a = np.load(self.out / "a.wav.npy")
        np.testing.assert_array_equal(
            a, self.mel("preset=kaldi80 frames=0", clip=self.corpus / "a.wav"))
        self.assertEqual(np.load(self.out / "speaker one" / "b.wav.npy").shape, (198, 80))

    def test_a_second_run_computes_only_what_is_missing(self):
        self.extract()
        done = self.out / "a.wav.npy"
        missing = self.out / "speaker one" / "b.wav.npy"
        missing.unlink()
        (self.out / ".npumel-extract-99.part").write_bytes(b"left by a crash")
        before = done.stat().st_mtime_ns
        self.extract()
        self.assertEqual(done.stat().st_mtime_ns, before)
        self.assertEqual(np.load(missing).shape, (200, 80))
        self.assertEqual(list(self.out.rglob("*.part")), [])

    def test_a_file_that_cannot_be_decoded_is_listed_and_the_others_are_done(self):
        (self.corpus / "broken.wav").write_bytes(b"this is no audio" * 100)
        run("gst-launch-1.0", "-q", "videotestsrc", "num-buffers=5", "!", "vp8enc", "!", "matroskamux",
            "!", "filesink", f"location={self.corpus / 'silent film.ogg'}")
        code, said = self.extract(check=False)
        self.assertEqual(code, 1)
        self.assertIn('"failed":2', said)
        self.assertEqual([line["path"] for line in self.lines("failed.jsonl")], ["broken.wav", "silent film.ogg"])
        self.assertEqual(self.lines("failed.jsonl")[1]["reason"], "there is no audio in it")
        self.assertEqual(len(list(self.out.rglob("*.npy"))), 2)

    def test_other_properties_replace_what_is_there(self):
        self.extract("preset=kaldi80")
        self.extract("preset=whisper80")
        np.testing.assert_array_equal(np.load(self.out / "a.wav.npy"),
                                      self.mel("preset=whisper80 frames=0", clip=self.corpus / "a.wav"))
        self.assertEqual(len({line["recipe-id"] for line in self.lines("index.jsonl")}), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
