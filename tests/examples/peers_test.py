#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/bench/peers.py and hour.py compare what they time: seen with libraries made here. No time is judged."""
import json
import tempfile
import unittest
from pathlib import Path

from support import ROOT, run

BENCH = ROOT / "tests" / "bench"
LIBRARIES = {
    # Right but for one cell, which is 3e-4 off after Whisper's scaling.
    "librosa/__init__.py": "from . import feature\n__version__ = 'made here'\n"
                           "def load(path, sr):\n"
                           "    import wave\n    import numpy\n"
                           "    with wave.open(path) as file:\n"
                           "        samples = numpy.frombuffer(file.readframes(file.getnframes()), '<i2')\n"
                           "    return (samples / 32768).astype('f4'), sr\n",
    "librosa/feature.py": "import peer_calls\nimport numpy as np\n"
                          "def melspectrogram(y, sr, n_fft, hop_length, n_mels, pad_mode):\n"
                          "    window = np.hanning(n_fft + 1)[:-1]\n"
                          "    padded = np.pad(y, n_fft // 2, mode=pad_mode)\n"
                          "    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]\n"
                          "    power = np.abs(np.fft.rfft(frames * window)) ** 2\n"
                          "    mel = peer_calls.slaney_filters(n_mels, n_fft, sr) @ power.T\n"
                          "    mel[3, 7] *= 1.0028 if WRONG else 1\n"
                          "    return mel\n",
    **{f"{name}.py": f"raise ImportError('no {name} today')\n" for name in ("torch", "transformers", "whisper")},
}


class Peers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def libraries(self, wrong):
        (self.folder / "librosa").mkdir(exist_ok=True)
        for name, text in LIBRARIES.items():
            (self.folder / name).write_text(text.replace("WRONG", str(wrong)))
        return {"PYTHONPATH": f"{self.folder}:{BENCH}", "PYTHONDONTWRITEBYTECODE": "1"}

    def measured(self, script, *arguments, wrong=False):
        return run("/usr/bin/python3", BENCH / script, "--rounds", "1", "--seconds", "2", *arguments,
                   env=self.libraries(wrong), check=False)

    def test_the_same_numbers_pass(self):
        result = self.folder / "peers.json"
        status, said = self.measured("peers.py", "--only", "whisper80", "--require", "librosa", "--json", result)
        self.assertEqual(status, 0, said)
        rows = {row["peer"]: row for row in json.loads(result.read_text())["rows"]}
        self.assertLess(rows["NumPy"]["difference"], 1e-5)
        self.assertLess(rows["librosa"]["difference"], 1e-5)
        self.assertEqual(rows["librosa"]["version"], "made here")
        self.assertEqual((rows["NumPy"]["frames"], rows["NumPy"]["peer frames"]), (200, 200))
        self.assertRegex(said, r"whisper80 +torchaudio +NOT HERE: no torch today")

    def test_other_numbers_fail(self):
        status, said = self.measured("peers.py", "--only", "whisper80 librosa", wrong=True)
        self.assertEqual(status, 1, said)
        self.assertRegex(said, r"whisper80 +librosa .*OTHER NUMBERS \(3.0e-04\): unexplained")

    def test_a_missing_peer_that_is_required_fails(self):
        status, said = self.measured("peers.py", "--only", "whisper80 torchaudio", "--require", "torchaudio")
        self.assertEqual(status, 1, said)
        self.assertIn("NOT HERE: no torch today", said)
        self.assertIn("no line of torchaudio", said)

    def test_whole_programs(self):
        status, said = self.measured("hour.py", "--only", "kaldi80 n")
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"kaldi80 +gst-launch .*same within 0")
        self.assertRegex(said, r"kaldi80 +npumelspec.read\(\) .*same within 0")
        status, said = self.measured("hour.py", "--only", "whisper80 librosa", wrong=True)
        self.assertEqual(status, 1, said)
        self.assertRegex(said, r"whisper80 +librosa .*OTHER NUMBERS: 3.0e-04")


if __name__ == "__main__":
    unittest.main()
