#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mistakes that users make, one a row: what is said names the cause and what to do, and is said once.

The messages of the guide's table have their cases in troubleshooting_test.py.
"""
import os
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

from support import EXAMPLES, run, speech_like, write_wav

WAV = "gst-launch-1.0 filesrc location=speech.wav ! wavparse"
TENSORS = "'other/tensors,format=static,num_tensors=1,types=float32,dimensions=(string){}'"
PYTHON = f"{shlex.quote(sys.executable)} -c 'import sys; sys.path.insert(0, sys.argv[1]); import numpy as np, npumelspec; {{}}' $EXAMPLES/python"
ZEROS = "npumelspec.mel(np.zeros(16000){})"

# Mistake: (a command, what it says, as a regular expression: the cause and, where that does not say it, what to do)
ROWS = {
    "24 bits": (
        "gst-launch-1.0 filesrc location=deep.wav ! wavparse ! npumelspec ! fakesink",
        r"takes mono S16LE or F32LE audio of 4 to 192 kHz: insert audioconvert ! audioresample"),
    "no demuxer": (
        "gst-launch-1.0 filesrc location=speech.wav ! npumelspec ! fakesink",
        r"Data came without saying what audio it is: insert a parser or a decoder .*decodebin"),
    "n-fft alone": (f"{WAV} ! npumelspec n-fft=256 ! fakesink", r"n-fft \(256\) must not be smaller than win-length \(400\): set both"),
    "fmax of another rate": (f"{WAV} ! npumelspec fmax=11025 ! fakesink", r"fmax \(11025 Hz\) must not be above half the rate \(8000 Hz\)"),
    "fmin above fmax": (f"{WAV} ! npumelspec fmin=5000 fmax=4000 ! fakesink", r"fmin \(5000 Hz\) must be below fmax \(4000 Hz\)"),
    "stride above frames": (f"{WAV} ! npumelspec stride=200 ! fakesink", r"stride \(200\) must not exceed frames \(100\)"),
    "normalize=buffer without a published one": (
        f"{WAV} ! npumelspec preset=kaldi80 normalize=buffer ! fakesink", r"preset=kaldi80 .*publishes no normalisation: use none"),
    "normalize=running without a clamp": (
        f"{WAV} ! npumelspec preset=nemo80 normalize=running ! fakesink", r"normalize=running needs a front end that clamps .*: use none or buffer"),
    "F16LE without a logarithm": (f"{WAV} ! npumelspec format=F16LE log=none ! fakesink", r"format=F16LE cannot hold values without a logarithm \(log=none\)"),
    "F16LE as tensors": (
        f"{WAV} ! npumelspec format=F16LE ! {TENSORS.format('80:100:1')} ! fakesink", r"tensors are float32 of one size: format=F32LE"),
    "a whole clip as tensors": (f"{WAV} ! npumelspec frames=0 ! {TENSORS.format('80:100:1')} ! fakesink", r"tensors are .* of one size: .*frames above 0"),
    "tensors of another size": (
        f"{WAV} ! npumelspec eos-mode=drop ! {TENSORS.format('128:100:1')} ! fakesink", r"dimensions: wanted 128:100:1, have .*80:100"),
    "another number of mels": (f"{WAV} ! npumelspec ! audio/x-mel-spectrogram,mels=128 ! fakesink", r"mels: wanted 128, have 80"),
    "another normalisation": (
        f"{WAV} ! npumelspec ! audio/x-mel-spectrogram,normalize=buffer ! fakesink", r"normalize: wanted buffer, have none"),
    "more mels than bins": (f"{WAV} ! npumelspec mels=200 ! fakesink", r"19 of 200 mels lie between two bins .*: use fewer mels or a larger n-fft"),
    "a tail longer than max-duration": (
        f"{WAV} ! npumelspec tail-frames=keep tail-silence=7200000000000 ! fakesink", r"tail-silence, which must not be longer than max-duration"),
    "backend=npu without one": (f"{WAV} ! npumelspec backend=npu ! fakesink", r"No usable NPU: .*the amdxdna kernel driver is not loaded"),
    "mel-major buffers in one file": (
        f"{WAV} ! npumelspec layout=mel-major ! npyenc ! filesink location=mel.npy", r"A second mel-major buffer: .*Use layout=frame-major, mode=stack"),
    "overlapping buffers in one file": (
        f"{WAV} ! npumelspec stride=25 ! npyenc ! filesink location=mel.npy", r"Buffers overlap: .*use mode=stack, or npumelspec stride=0"),
    "a folder that is not there": (
        f"{WAV} ! npumelspec ! npyenc ! filesink location=none/mel.npy", r'Could not open file "none/mel.npy" for writing'),
    "a full disk": (f"{WAV} ! npumelspec frames=10 ! npyenc ! filesink location=/dev/full", r"No space left on the resource"),
    "pages at a frame rate": (
        f"{WAV} ! npumelspec ! melspecscope mode=page ! video/x-raw,framerate=30/1 ! fakesink",
        r"mode=page makes one picture a buffer.*Insert videorate, or use mode=scroll"),
    "Python: no plugin": (
        f"GST_PLUGIN_PATH_1_0= GST_REGISTRY=empty {PYTHON.format(ZEROS.format(''))}", r"RuntimeError: .*does not find the plugin npumelspec: install it, or set GST_PLUGIN_PATH"),
    "Python: a file's name": (PYTHON.format('npumelspec.mel("speech.wav")'), r"TypeError: audio is str: .*\(read\(\) takes the name of a file"),
    "Python: stereo": (PYTHON.format("npumelspec.mel(np.zeros((2, 16000)))"), r"ValueError: audio has the shape \(2, 16000\): .*Mix down"),
    "Python: int32": (PYTHON.format("npumelspec.mel(np.zeros(16000, np.int32))"), r"TypeError: audio is int32: give floats in \[-1, 1\], or int16"),
    "Python: floats of the size of int16": (
        PYTHON.format("npumelspec.mel(np.full(16000, 9000.0))"), r"UserWarning: audio has samples from 9000 to 9000: floats are in \[-1, 1\] .*divided by 32768"),
    "Python: NaN": (PYTHON.format("npumelspec.mel(np.full(16000, np.nan))"), r"ValueError: audio has samples that are NaN"),
    "Python: another rate": (
        PYTHON.format(ZEROS.format(", rate=44100")), r"ValueError: preset=whisper80 is defined for 16000 Hz, not for 44100 Hz: resample the array"),
    "Python: a preset that there is not": (PYTHON.format(ZEROS.format(', preset="whisper"')), r"ValueError: preset=.whisper.: there is whisper80, whisper128"),
    "Python: librosa's word": (PYTHON.format(ZEROS.format(", n_mels=128")), r"TypeError: there is no argument 'n_mels': .*\(mels\?"),
    "Python: frames": (PYTHON.format(ZEROS.format(", frames=100")), r"TypeError: frames is for streams: the result is one float32 array of the whole audio"),
    "Python: no fallback, no NPU": (
        PYTHON.format("npumelspec.create_batch_processor(fallback_to_cpu=False)"), r"RuntimeError: No usable NPU: .*driver is not loaded"),
    "Python: a text read as sound": (PYTHON.format('npumelspec.read("text.txt")'), r"ValueError: 'text.txt': This appears to be a text file"),
    "Python: a closed processor": (
        PYTHON.format("p = npumelspec.create_batch_processor(); p.close(); p(np.zeros(9))"), r"ValueError: the processor is closed"),
    "launch.sh: a line that there is not": ("$EXAMPLES/launch.sh spectrum", r"NAME is one of: channels display"),
    "launch.sh: a file that is not there": ("$EXAMPLES/launch.sh file missing.wav", r"launch.sh: cannot read the file missing.wav"),
    "launch.sh: no port": ("PORT=x $EXAMPLES/launch.sh rtp", r"PORT=x is no port: 1 to 65535"),
    "mel_numpy.py: a file that is not there": ("$EXAMPLES/mel_numpy.py missing.wav out.npy", r"mel_numpy.py: .*No such file or directory: 'missing.wav'"),
    "npy_recover.py: another file": ("$EXAMPLES/npy_recover.py text.txt", r"text.txt.*is no .npy file"),
    "extract-corpus.sh: no arguments": ("$EXAMPLES/extract-corpus.sh", r"examples/extract-corpus.sh IN OUT"),
}
# The exit status 0 is right: a warning.
GOES_ON = {"more mels than bins", "Python: floats of the size of int16"}


class Mistakes(unittest.TestCase):
    def test_each_is_told_once_with_its_cause(self):
        self.assertGreaterEqual(len(ROWS), 40)
        with tempfile.TemporaryDirectory() as folder:
            speech = speech_like(2.5)
            write_wav(Path(folder, "speech.wav"), speech)
            Path(folder, "text.txt").write_text("This is a text.\n" * 100)
            run("gst-launch-1.0", "-q", "filesrc", f"location={folder}/speech.wav", "!", "wavparse", "!", "audioconvert",
                "!", "audio/x-raw,format=S24LE", "!", "wavenc", "!", "filesink", f"location={folder}/deep.wav")
            for mistake, (command, words) in ROWS.items():
                with self.subTest(mistake):
                    done = subprocess.run(["timeout", "100", "bash", "-c", command], cwd=folder, text=True,
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                          env={**os.environ, "LC_ALL": "C.UTF-8", "EXAMPLES": str(EXAMPLES)})
                    self.assertEqual(done.returncode == 0, mistake in GOES_ON, done.stdout)
                    self.assertRegex(done.stdout, words)
                    told = [line for line in done.stdout.splitlines()
                            if line.startswith(("ERROR: from", "WARNING: from", "ValueError", "TypeError"))]
                    self.assertEqual(len(told), len(set(told)), done.stdout)
                    self.assertNotIn("another exception occurred", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
