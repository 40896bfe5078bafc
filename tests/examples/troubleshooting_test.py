#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guide's table of messages: for each one a command that fails with it, and one that does not."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np

from support import EXAMPLES, speech_like, write_wav

GUIDE = (EXAMPLES / "README.md").read_text(encoding="utf-8")
TABLE = GUIDE[GUIDE.index("## Troubleshooting"):]
MESSAGES = re.findall(r'^\| "(.+?)"(?: and [^|]*)? \|', TABLE, re.MULTILINE)

TO_WAV = "gst-launch-1.0 filesrc location=speech.wav ! wavparse"
STEREO = "gst-launch-1.0 filesrc location=stereo.wav ! wavparse"
CD = "gst-launch-1.0 filesrc location=cd.wav ! wavparse"
TONE = "gst-launch-1.0 audiotestsrc num-buffers=40 ! audio/x-raw,rate=44100"

# Beginning of a message: (a command that says it, what the guide says to do instead).
CASES = {
    "no element": (
        "GST_PLUGIN_PATH_1_0= GST_REGISTRY=empty gst-launch-1.0 npumelspec",
        f"{TO_WAV} ! npumelspec ! fakesink"),
    "could not set property": (
        f"{TO_WAV} ! npumelspec preset=whisper ! fakesink",
        f"{TO_WAV} ! npumelspec preset=whisper80 ! fakesink"),
    "no property": (
        f"{TO_WAV} ! npumelspec n-mels=40 ! fakesink",
        f"{TO_WAV} ! npumelspec mels=40 ! fakesink"),
    'value "V" of type': (
        f"{TO_WAV} ! npumelspec frames=5000 ! fakesink",
        f"{TO_WAV} ! npumelspec frames=3000 ! fakesink"),
    "could not link": (
        f"{TO_WAV} ! npumelspec ! wavenc ! fakesink",
        f"{TO_WAV} ! npumelspec ! npyenc ! filesink location=mel.npy"),
    "npumelspec takes one channel": (
        f"{STEREO} ! npumelspec ! fakesink",
        f"{STEREO} ! audioconvert ! audioresample ! npumelspec ! fakesink"),
    "preset=P is defined": (
        f"{CD} ! npumelspec ! fakesink",
        f"{CD} ! audioconvert ! audioresample ! npumelspec ! fakesink"),
    "streaming stopped, reason not-negotiated": (
        f"{TONE} ! npumelspec ! fakesink",
        f"{TONE} ! audioconvert ! audioresample ! npumelspec ! fakesink"),
    "streaming stopped, reason not-linked": (
        "gst-launch-1.0 filesrc location=stereo.wav ! decodebin ! npumelspec ! fakesink",
        "gst-launch-1.0 filesrc location=stereo.wav ! decodebin ! audioconvert ! audioresample ! npumelspec ! fakesink"),
    "The next element does not take": (
        f"{TO_WAV} ! npumelspec ! audio/x-mel-spectrogram,mel-scale=kaldi ! fakesink",
        f"{TO_WAV} ! npumelspec preset=kaldi80 ! audio/x-mel-spectrogram,mel-scale=kaldi ! fakesink"),
    "The next element refuses a buffer": (
        f"{TO_WAV} ! npumelspec eos-mode=short ! audio/x-mel-spectrogram,frames=100 ! fakesink",
        f"{TO_WAV} ! npumelspec eos-mode=pad ! audio/x-mel-spectrogram,frames=100 ! fakesink"),
    "Audio without a time segment": (
        "gst-launch-1.0 filesrc location=speech.raw ! "
        "audio/x-raw,format=S16LE,rate=16000,channels=1,layout=interleaved ! npumelspec ! fakesink",
        "gst-launch-1.0 filesrc location=speech.raw ! rawaudioparse sample-rate=16000 num-channels=1 "
        "! npumelspec ! fakesink"),
    "The stream is longer than": (
        f"{TO_WAV} ! npumelspec frames=0 max-duration=1000000000 ! fakesink",
        f"{TO_WAV} ! npumelspec frames=0 ! fakesink"),
    "No usable NPU": (
        f"{TO_WAV} ! npumelspec backend=npu kernel-path=/nonexistent ! fakesink",
        f"{TO_WAV} ! npumelspec backend=auto kernel-path=/nonexistent ! fakesink"),
    "The header of a .npy file": (
        f"{TO_WAV} ! npumelspec ! npyenc ! fdsink | cat >mel.npy",
        f"{TO_WAV} ! npumelspec ! npyenc ! filesink location=mel.npy"),
    "The file holds something already": (
        f"echo old >mel.npy; {TO_WAV} ! npumelspec ! npyenc ! filesink append=true location=mel.npy",
        f"{TO_WAV} ! npumelspec ! npyenc ! filesink location=mel.npy"),
    "A buffer of N frames after": (
        f"{TO_WAV} ! npumelspec ! npyenc mode=stack ! filesink location=mel.npy",
        f"{TO_WAV} ! npumelspec eos-mode=pad ! npyenc mode=stack ! filesink location=mel.npy"),
    "Can't record audio fast enough": (
        # ALSA's null device brings samples faster than anybody can take them.
        "gst-launch-1.0 alsasrc device=null num-buffers=20 ! audio/x-raw,rate=16000,channels=1 "
        "! npumelspec ! fakesink", None),
}


def pattern(message):
    """A message of the guide as a regular expression: capitals alone are values, ... anything."""
    parts = re.split(r"( ?\.\.\. ?|\b[A-Z]\b)", message)
    return "".join((".*" if "..." in part else r"[\w.-]+") if i % 2 else re.escape(part)
                   for i, part in enumerate(parts))


class Troubleshooting(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        speech = speech_like(2.5)
        write_wav(self.folder / "speech.wav", speech)
        write_wav(self.folder / "stereo.wav", np.stack([speech, speech], axis=1))
        write_wav(self.folder / "cd.wav", speech_like(1, rate=44100), rate=44100)
        (self.folder / "speech.raw").write_bytes(speech.tobytes())

    def run_line(self, line):
        # gst-launch-1.0 loses an error that comes before its main loop runs, and waits for ever.
        for seconds in (40, 40, 120):
            done = subprocess.run(["timeout", str(seconds), "bash", "-o", "pipefail", "-c", line],
                                  cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env={**os.environ, "LC_ALL": "C.UTF-8"})
            if done.returncode != 124:
                break
        return done.returncode, done.stdout.decode(errors="replace")

    def test_every_message_has_its_case(self):
        self.assertEqual(len(MESSAGES), len(CASES))
        for message in MESSAGES:
            self.assertTrue(any(message.startswith(case) for case in CASES), message)

    def test_every_message_is_said_and_the_advice_ends_it(self):
        for message in MESSAGES:
            with self.subTest(message):
                failing, mended = next(lines for case, lines in CASES.items() if message.startswith(case))
                _, said = self.run_line(failing)
                self.assertRegex(said, pattern(message))
                if mended is not None:
                    code, said = self.run_line(mended)
                    self.assertEqual(code, 0, said)
                    self.assertNotRegex(said, pattern(message))


if __name__ == "__main__":
    unittest.main(verbosity=2)
