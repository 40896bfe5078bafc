#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Python module: lengths, edges, figures, accuracy, repetition (what its predecessor's own tests look at),
and what is no audio, no setting, or comes from several threads at once."""
import collections
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import wave
from pathlib import Path

import numpy as np

from support import EXAMPLES, ROOT, run, speech_like, write_wav

sys.path.insert(0, str(EXAMPLES / "python"))
import npumelspec  # noqa: E402

RATE, HOP, MELS = 16000, 160, 80
GOLDEN = ROOT / "tests" / "golden"
# Vectors, and the arguments that a user writes for them.
FRONT_ENDS = {
    "whisper80": {}, "whisper128": {"preset": "whisper128"}, "nemo80": {"preset": "nemo80"},
    "kaldi80": {"preset": "kaldi80"}, "icefall80": {"preset": "icefall80"},
    "librosa_db": {"preset": "librosa", "log": "db"}, "funasr80": {"preset": "funasr80"},
    "whisper80_tail30s": {"tail_silence": 30 * 10**9}, "nemo80_raw": {"preset": "nemo80", "normalize": "none"},
}


def audio_of(seconds, seed=1):
    return speech_like(seconds, seed=seed).astype(np.float32) / np.float32(32768)


def read_wav(path):
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


class Predecessor(unittest.TestCase):
    """What the tests of the batch processor that this module replaces look at."""

    def setUp(self):
        self.processor = npumelspec.create_batch_processor()
        self.addCleanup(self.processor.close)

    def test_lengths_from_half_a_second_to_a_minute(self):
        longest = audio_of(60)
        whole = npumelspec.mel(longest, normalize="none")
        for seconds in (0.5, 1, 5, 30, 60):
            audio = longest[:int(seconds * RATE)]
            mel = self.processor.process(audio)
            with self.subTest(seconds):
                self.assertEqual(mel.shape, (MELS, len(audio) // HOP))
                self.assertEqual(mel.dtype, np.float32)
                self.assertTrue(mel.flags.c_contiguous and mel.flags.owndata or mel.base.flags.owndata)
                np.testing.assert_array_equal(mel, self.processor(audio))
                raw = npumelspec.mel(audio, normalize="none")
                np.testing.assert_array_equal(raw[:, :-2], whole[:, :raw.shape[1] - 2])
                expected = (np.maximum(raw, raw.max() - 8) + 4) / 4
                np.testing.assert_allclose(mel, expected, atol=1e-6)

    def test_edges(self):
        batch = (self.processor.BATCH_SIZE - 1) * HOP + self.processor.FRAME_SIZE
        for samples in (1, 2, HOP - 1, HOP, HOP + 1, 201, 399, 400, 401, batch, batch + 1,
                        batch + 50 * HOP, batch + 150 * HOP):
            audio = audio_of(3)[:samples]
            with self.subTest(samples):
                self.assertEqual(self.processor(audio).shape, (MELS, samples // HOP))
                self.assertTrue(np.isfinite(self.processor(audio)).all())
        self.assertEqual(npumelspec.mel(audio_of(1)[:399], preset="kaldi80").shape, (80, 0))
        self.assertEqual(npumelspec.mel(audio_of(1)[:10], layout="frame-major").shape, (0, 80))

    def test_benchmark(self):
        # Never held to a limit: machines differ, and this one may be busy.
        for seconds in (1, 5, 10, 30, 60):
            audio = audio_of(seconds)
            self.processor.reset_metrics()
            self.processor(audio)
            metrics = self.processor.get_performance_metrics()
            self.assertEqual(metrics["total_frames"], seconds * 100)
            self.assertEqual(metrics["total_batches"], seconds)
            self.assertEqual(metrics["npu_batches"] + metrics["cpu_batches"], seconds)
            self.assertEqual(self.processor.total_batches, seconds)
            self.assertGreater(metrics["cpu_time_total"], 0)
            self.assertGreaterEqual(metrics["call_time_total"], metrics["cpu_time_total"])
            self.assertEqual(metrics["npu_time_total"], 0)
            self.assertFalse(metrics["npu_available"])
            self.assertIn("NPU", metrics["npu_reason"])
            print(f"{seconds:3d} s: {metrics['call_time_total'] * 1e3:.2f} ms, of which the element "
                  f"{metrics['cpu_time_total'] * 1e3:.2f} ms")

    def test_accuracy_against_the_originals(self):
        vectors = [v for v in json.loads((GOLDEN / "manifest.json").read_text())["files"]
                   if v["front_end"] in FRONT_ENDS]
        counted = collections.Counter(v["front_end"] for v in vectors)
        self.assertEqual(counted, dict.fromkeys(FRONT_ENDS, 7) | {"funasr80": 2})
        for vector in vectors:
            with self.subTest(vector["path"]):
                expected = np.load(GOLDEN / vector["path"])
                audio = read_wav(GOLDEN / "audio" / f"{vector['clip']}.wav")
                for samples in (audio, audio / np.float64(32768)):
                    mel = npumelspec.mel(samples, layout="frame-major", **FRONT_ENDS[vector["front_end"]])
                    self.assertEqual(mel.shape, expected.shape)
                    difference = np.abs(mel - expected)
                    self.assertLessEqual(difference.max(), vector["tol"]["max_abs"])
                    self.assertLessEqual(np.sqrt((difference**2).mean()), vector["tol"]["rms"])

    def test_ten_in_a_row(self):
        lengths = np.random.default_rng(3).integers(RATE, 5 * RATE, 10)
        clips = [audio_of(5, seed)[:length] for seed, length in enumerate(lengths)]
        first = [self.processor(clip) for clip in clips]
        fresh = npumelspec.create_batch_processor()
        for clip, mel in zip(clips, first):
            np.testing.assert_array_equal(mel, self.processor(clip))
            np.testing.assert_array_equal(mel, fresh(clip))
            fresh.close()
            fresh = npumelspec.create_batch_processor()
        fresh.close()


class Audio(unittest.TestCase):
    audio = audio_of(1)

    def test_arrays_that_hold_the_same_samples(self):
        expected = npumelspec.mel(self.audio)
        spread = np.zeros(2 * len(self.audio), np.float32)
        spread[::2] = self.audio
        for name, array in {
                "float64": self.audio.astype(np.float64), "big endian": self.audio.astype(">f4"),
                "list": self.audio.tolist(), "strided": spread[::2], "backwards twice": self.audio[::-1][::-1],
                "row": self.audio[None, :], "column": self.audio[:, None], "Fortran": np.asfortranarray(self.audio),
                "int16": speech_like(1), "int16 big endian": speech_like(1).astype(">i2"),
                "tuple": tuple(self.audio.tolist())}.items():
            with self.subTest(name):
                np.testing.assert_array_equal(npumelspec.mel(array), expected)
        read_only = self.audio.copy()
        read_only.flags.writeable = False
        np.testing.assert_array_equal(npumelspec.mel(read_only), expected)
        half = npumelspec.mel(self.audio.astype(np.float16))
        np.testing.assert_array_equal(half, npumelspec.mel(self.audio.astype(np.float16).astype(np.float32)))

    def test_what_is_no_audio(self):
        nan, infinite = self.audio.copy(), self.audio.copy()
        nan[77], infinite[-1] = np.nan, -np.inf
        masked = np.ma.masked_array(self.audio, self.audio > 0.1)
        for error, words, audio in (
                (TypeError, "str", "speech.wav"), (TypeError, "NoneType", None), (TypeError, "bytes", b"1234"),
                (TypeError, "int32", np.ones(9, np.int32)), (TypeError, "uint8", np.ones(9, np.uint8)),
                (TypeError, "int64", [1, 2, 3]), (TypeError, "bool", np.ones(9, bool)),
                (TypeError, "complex", np.ones(9, complex)), (TypeError, "object", object()),
                (TypeError, "object", [1.0, None]), (TypeError, "<U", ["a", "b"]), (TypeError, "dict", {1: 2.0}),
                (TypeError, "datetime", np.zeros(3, "M8[s]")), (TypeError, "object", lambda: 0),
                (ValueError, "empty", []), (ValueError, "empty", np.zeros(0, np.int16)),
                (ValueError, "empty", np.zeros((1, 0))), (ValueError, "single number", 0.5),
                (ValueError, r"shape \(2, 9\).*one channel", np.ones((2, 9))),
                (ValueError, r"shape \(9, 2\)", np.ones((9, 2), np.int16)),
                (ValueError, "shape", np.ones((1, 9, 1))), (ValueError, "no array", [[1.0], [1.0, 2.0]]),
                (ValueError, "NaN", nan), (ValueError, "infinite", infinite), (ValueError, "NaN", nan.astype(float)),
                (ValueError, "beyond float32", np.full(400, 1e39)), (ValueError, "masked", masked)):
            with self.subTest(words), self.assertRaisesRegex(error, words):
                npumelspec.mel(audio)
        loud = np.full(3200, 3e38, np.float32)
        with self.assertWarnsRegex(UserWarning, r"3e\+38: floats are in \[-1, 1\]"):
            self.assertEqual(npumelspec.mel(loud).shape, (MELS, 20))
        with self.assertWarnsRegex(UserWarning, "floats of their size are divided by 32768"):
            npumelspec.mel(speech_like(1).astype(float))
        # Nothing of the above stays behind.
        np.testing.assert_array_equal(npumelspec.mel(self.audio), npumelspec.mel(self.audio.copy()))

    def test_the_caller_s_array_is_left_alone_and_the_result_is_the_caller_s(self):
        audio = self.audio.copy()
        first = npumelspec.mel(audio)
        kept = first.copy()
        np.testing.assert_array_equal(audio, self.audio)
        audio[:] = 0
        npumelspec.mel(audio)
        np.testing.assert_array_equal(first, kept)
        first[:] = 7
        np.testing.assert_array_equal(npumelspec.mel(self.audio), kept)


class Settings(unittest.TestCase):
    audio = audio_of(1)

    def test_layout_and_properties(self):
        mel = npumelspec.mel(self.audio)
        np.testing.assert_array_equal(npumelspec.mel(self.audio, layout="frame-major"), mel.T)
        self.assertEqual(npumelspec.mel(self.audio, mels=40, fmax=7000).shape, (40, 100))
        self.assertEqual(npumelspec.mel(self.audio, mels=np.int64(40)).shape, (40, 100))
        self.assertEqual(npumelspec.mel(self.audio, preset="librosa", rate=22050.0, hop_length=256).shape, (128, 63))
        raw = npumelspec.mel(self.audio, normalize="none")
        self.assertGreater(np.abs(raw - mel).max(), 0.5)

    def test_what_cannot_be(self):
        for error, words, settings in (
                (ValueError, "16000 Hz, not for 44100 Hz: resample the array", {"rate": 44100}), (ValueError, "rate", {"rate": 0}),
                (ValueError, "rate", {"rate": 16000.5}), (ValueError, "rate", {"rate": float("nan")}),
                (TypeError, "rate", {"rate": "16000"}), (TypeError, "rate", {"rate": None}),
                (ValueError, "whisper80, whisper128", {"preset": "whisper"}), (TypeError, "preset", {"preset": 3}),
                (ValueError, "mel-major", {"layout": "major"}), (ValueError, "normalize", {"normalize": "yes"}),
                (TypeError, r"'n_mels': .*\(mels\? gst-inspect", {"n_mels": 80}), (TypeError, "no argument 'zzz'", {"zzz": 1}), (ValueError, "mels", {"mels": 100000}),
                (TypeError, "mels", {"mels": 40.5}), (TypeError, "mels", {"mels": "40"}),
                (TypeError, "mels", {"mels": True}), (TypeError, "numbers and strings", {"mels": [40]}),
                (ValueError, "publishes no normalisation", {"preset": "kaldi80", "normalize": "buffer"}),
                (ValueError, "win-length", {"n_fft": 100}), (ValueError, "fmax", {"fmax": 90000}),
                (TypeError, "only be read", {"stats": 1}), (TypeError, "frames is for streams", {"frames": 10}),
                (TypeError, "format is for streams", {"format": "F16LE"}),
                (RuntimeError, "No usable NPU", {"backend": "npu"})):
            with self.subTest(settings), self.assertRaisesRegex(error, words):
                npumelspec.mel(self.audio, **settings)
        with self.assertRaisesRegex(RuntimeError, "No usable NPU"):
            npumelspec.create_batch_processor(fallback_to_cpu=False)
        # One traceback, not that of a second attempt below it.
        for settings in ({"rate": 44100}, {"preset": "whisper"}):
            with self.assertRaises(ValueError) as refused:
                npumelspec.mel(self.audio, **settings)
            self.assertTrue(refused.exception.__suppress_context__)

    def test_every_preset_gives_its_published_form(self):
        with self.assertRaisesRegex(ValueError, "there is ") as refused:
            npumelspec.mel(self.audio, preset="")
        presets = str(refused.exception).split("there is ")[1].split(", ")
        presets.remove("custom")
        self.assertGreater(len(presets), 20)
        for preset in presets:
            try:
                npumelspec.mel(self.audio, preset=preset, normalize="none")
                rate = RATE
            except ValueError as other:  # "... is defined for 24000 Hz, not for 16000 Hz; ..."
                rate = int(re.search(r"defined for (\d+) Hz, not for", str(other)).group(1))
            with self.subTest(preset):
                mel = npumelspec.mel(self.audio, preset=preset, rate=rate)
                self.assertTrue(np.isfinite(mel).all())
                self.assertEqual(mel.shape[1], npumelspec.mel(self.audio, rate, preset, normalize="none").shape[1])

    def test_a_processor_after_close_and_after_an_error(self):
        with npumelspec.create_batch_processor(verbose=False, preset="whisper128") as processor:
            self.assertEqual(processor.N_MELS, 128)
            mel = processor(self.audio)
            with self.assertRaises(ValueError):
                processor(np.zeros(0))
            np.testing.assert_array_equal(processor(self.audio), mel)
            np.testing.assert_array_equal(processor(speech_like(1)), mel)
            self.assertEqual(processor.total_frames, 300)
        processor.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            processor(self.audio)
        self.assertEqual(processor.get_performance_metrics()["total_frames"], 300)

    def test_verbose_tells_the_backend(self):
        script = ("import sys, numpy; sys.path.insert(0, sys.argv[1]); import npumelspec\n"
                  "npumelspec.create_batch_processor(verbose=True)(numpy.zeros(1600))\n")
        done = subprocess.run([sys.executable, "-c", script, str(EXAMPLES / "python")], capture_output=True,
                              text=True, timeout=100, check=True)
        self.assertIn("npumelspec: backend software (no NPU", done.stderr)
        self.assertIn("npumelspec: 10 frames of 1600 samples", done.stderr)
        self.assertEqual(done.stdout, "")


class Forgotten(unittest.TestCase):
    """Processors and streams that nobody closes."""

    def test_their_elements_are_stopped(self):
        for make in (npumelspec.create_batch_processor, npumelspec.stream):
            with self.subTest(make.__name__):
                owner = make()
                element = owner._front.element
                self.assertEqual(element.get_state(0)[1].value_nick, "playing")
                del owner
                gc.collect()
                self.assertEqual(element.get_state(0)[1].value_nick, "null")

    def test_a_program_that_ends_with_them_ends_quietly(self):
        script = ("import sys, numpy; sys.path.insert(0, sys.argv[1]); import npumelspec\n"
                  "one, other = npumelspec.create_batch_processor(), npumelspec.stream()\n"
                  "one.circle = other.circle = [one, other]\n"
                  "for use in (one, other, npumelspec.mel): use(numpy.zeros(1600))\n")
        done = subprocess.run([sys.executable, "-c", script, str(EXAMPLES / "python")], capture_output=True,
                              text=True, timeout=100, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


class Installed(unittest.TestCase):
    def test_pip_installs_it(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(EXAMPLES / "python", f"{folder}/source", ignore=shutil.ignore_patterns("__pycache__"))
            run(sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--no-index",
                "--target", f"{folder}/site", f"{folder}/source")
            said = run(sys.executable, "-c", "import npumelspec, importlib.metadata as m; "
                       "print(npumelspec.__file__, npumelspec.__version__, m.version('npumelspec'))",
                       env={"PYTHONPATH": f"{folder}/site"})
            self.assertEqual(said.split(), [f"{folder}/site/npumelspec/__init__.py", *[self.version()] * 2])

    @staticmethod
    def version():
        return re.search(r"version: '([\d.]+)'", (ROOT / "meson.build").read_text()).group(1)


class Threads(unittest.TestCase):
    """Eight threads, one processor or one each: every result is that of its own audio."""

    def together(self, compute):
        clips = [audio_of(0.4 + 0.1 * i, seed=i) for i in range(8)]
        expected = [npumelspec.mel(clip) for clip in clips]
        wrong = []
        start = threading.Barrier(len(clips))

        def work(i):
            start.wait()
            for _ in range(20):
                if not np.array_equal(compute(clips[i]), expected[i]):
                    wrong.append(i)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(clips))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=100)
            self.assertFalse(thread.is_alive())
        self.assertEqual(wrong, [])

    def test_mel(self):
        self.together(npumelspec.mel)

    def test_one_processor(self):
        with npumelspec.create_batch_processor() as processor:
            self.together(processor)
            self.assertEqual(processor.total_frames, 20 * sum(int(40 + 10 * i) for i in range(8)))

    def test_a_processor_closed_while_others_compute(self):
        processor = npumelspec.create_batch_processor()
        audio, closed = audio_of(2), []

        def work():
            try:
                while True:
                    processor(audio)
            except ValueError as error:
                closed.append(str(error))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        while processor.total_frames < 600:
            pass
        processor.close()
        for thread in threads:
            thread.join(timeout=100)
        self.assertEqual(closed, ["the processor is closed"] * 3)


class Streams(unittest.TestCase):
    audio = audio_of(2.345)

    def test_any_cut_gives_the_frames_of_the_whole(self):
        expected = npumelspec.mel(self.audio, normalize="none")
        cuts = np.sort(np.random.default_rng(5).integers(1, len(self.audio) - 1, 41))
        for frames in (1, 7, 100):
            with self.subTest(frames), npumelspec.stream(frames=frames) as stream:
                chunks = [c for c in np.split(self.audio, cuts) if c.size]
                parts = [stream(chunk) for chunk in chunks] + [stream.end()]
                np.testing.assert_array_equal(np.concatenate(parts, axis=1), expected)
                # The next one starts anew, and its edges are padded as those of the first.
                again = np.concatenate(list(stream.rows(chunks)), axis=1)
                np.testing.assert_array_equal(again, expected)

    def test_a_frame_comes_with_the_last_sample_it_needs(self):
        with npumelspec.stream(layout="frame-major") as stream:
            got = 0
            for end in range(40, 1601, 40):
                got += len(stream(self.audio[end - 40:end]))
                # Frame t is centred on sample 160 t and needs 200 more.
                self.assertEqual(got, max(0, (end - 200) // HOP + 1))
            self.assertEqual(got + len(stream.end()), 10)

    def test_int16_and_what_is_refused(self):
        samples = speech_like(1)
        with npumelspec.stream() as stream:
            first = stream(samples[:8000])
            with self.assertRaisesRegex(TypeError, "so far were int16"):
                stream(self.audio)
            with self.assertRaises(ValueError):
                stream(samples[:0])
            rest = [stream(samples[8000:]), stream.end()]
            np.testing.assert_array_equal(np.concatenate([first, *rest], axis=1),
                                          npumelspec.mel(samples, normalize="none"))
            self.assertEqual(stream.end().shape, (MELS, 0))
            self.assertEqual(stream.stats()["samples-in"], 16000)
        with self.assertRaisesRegex(ValueError, "closed"):
            stream(samples)
        for error, words, settings in ((ValueError, "mel\\(\\)", {"frames": 0}), (TypeError, "frames", {"frames": 1.5}),
                                       (ValueError, "rate|Hz", {"rate": 8000}), (ValueError, "layout", {"layout": "x"})):
            with self.subTest(settings), self.assertRaisesRegex(error, words):
                npumelspec.stream(**settings)


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_any_name(self):
        samples = speech_like(1)
        expected = npumelspec.mel(samples)
        for name in ("speech.wav", 'a" fakesink ! filesink location=victim audiotestsrc name=y.wav', "it's\n1 % 20.wav",
                     "%41 \\ #?.wav", b"latin-\xe4.wav"):
            path = self.folder / name if isinstance(name, str) else bytes(self.folder) + b"/" + name
            with self.subTest(name):
                write_wav(self.folder / "plain.wav", samples).rename(os.fsdecode(path))
                np.testing.assert_array_equal(npumelspec.read(path), expected)
                np.testing.assert_array_equal(npumelspec.read(path, layout="frame-major"), expected.T)
        self.assertFalse((self.folder / "victim").exists())

    def test_stereo_and_other_rates_are_converted(self):
        samples = speech_like(1, rate=44100)
        path = write_wav(self.folder / "cd.wav", np.stack([samples, samples], axis=1), rate=44100)
        self.assertEqual(npumelspec.read(path).shape, (MELS, 100))
        self.assertEqual(npumelspec.read(path, preset="kaldi80").shape, (80, 98))
        self.assertEqual(npumelspec.read(path, preset="librosa", rate=22050).shape[0], 128)
        self.assertEqual(npumelspec.read(write_wav(self.folder / "short.wav", samples[:100], rate=44100)).shape, (MELS, 0))

    def test_what_cannot_be_read(self):
        (self.folder / "text.txt").write_text("This is a text.\n" * 100)
        (self.folder / "empty.wav").touch()
        run("gst-launch-1.0", "-q", "videotestsrc", "num-buffers=5", "!", "theoraenc", "!", "oggmux", "!",
            "filesink", f"location={self.folder}/silent.ogv")
        for error, words, name in ((FileNotFoundError, "missing", "missing.wav"), (IsADirectoryError, "", "."),
                                   (ValueError, "is empty", "empty.wav"), (ValueError, "text.txt", "text.txt"),
                                   (ValueError, "silent.ogv", "silent.ogv")):
            with self.subTest(name), self.assertRaisesRegex(error, words):
                npumelspec.read(self.folder / name)
        with self.assertRaisesRegex(TypeError, "int"):
            npumelspec.read(5)
        with self.assertRaisesRegex(ValueError, "there is whisper80"):
            npumelspec.read(write_wav(self.folder / "a.wav", speech_like(1)), preset="x")

    def test_read_refuses_what_mel_refuses(self):
        samples = speech_like(1)
        path = write_wav(self.folder / "a.wav", samples)
        for settings in ({"rate": 44100}, {"rate": 8000, "normalize": "none"}, {"rate": 16000.5}, {"rate": "16000"},
                         {"rate": 8000, "preset": "librosa", "fmax": 7000}, {"layout": "auto"},
                         {"preset": "librosa", "fmax": 9000}, {"frames": 10}, {"stride": 2}, {"first-frames": 3},
                         {"first_frames": 3}, {"format": "F16LE"}, {"eos_mode": "short"},
                         {"preset": "kaldi80", "normalize": "buffer"}):
            with self.subTest(settings):
                with self.assertRaises((TypeError, ValueError)) as by_mel:
                    npumelspec.mel(samples, **settings)
                with self.assertRaises(type(by_mel.exception)) as by_read:
                    npumelspec.read(path, **settings)
                self.assertIn(str(by_mel.exception), str(by_read.exception))


if __name__ == "__main__":
    unittest.main(verbosity=2)
