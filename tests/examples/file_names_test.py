#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scripts and programs over files of every name: features for each, no other file touched."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

from support import EXAMPLES, run, speech_like, write_wav

NAMES = [
    b'a" fakesrc num-buffers=1 ! filesink location=VICTIM audiotestsrc num-buffers=1 name=y.wav',
    b"a' ! filesink location=VICTIM ! fakesink name='y.wav",
    b"new\nline.wav", b"tab\tstop.wav", b"back\\slash.wav", b"\\n.wav", b"-dash.wav", b"--help.wav", b"{}.wav", b"{.wav",
    b"$(touch VICTIM).wav", b"`touch VICTIM`.wav", b"%d.wav", b"%s%n.wav", b"a!b.wav", b" leading and trailing .wav",
    b"not\xffutf8.wav", "ärger 音.wav".encode(), b"*.wav", b"a#b.wav", b";touch VICTIM;.wav", b"esc\x1b[31m.wav",
    b"<a>,(b)=[c].wav", b"\\\".wav",
]


class FileNames(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.victim = self.folder / "victim"
        self.victim.write_text("precious")
        self.audio = write_wav(self.folder / "clip.bytes", speech_like(1)).read_bytes()

    def named(self, pattern):
        """A name whose commands would write to the victim."""
        return os.fsdecode(pattern.replace(b"VICTIM", b"victim"))

    def tree(self):
        return sorted(os.fsencode(path) for path in self.folder.rglob("*"))

    def call(self, *command, **env):
        # In the folder of the victim, whose name has no slash that a file name could not hold.
        return subprocess.run([os.fspath(part) for part in command], cwd=self.folder, capture_output=True,
                              timeout=250, check=False, env={**os.environ, **env})

    def expect_untouched(self):
        self.assertEqual(self.victim.read_text(), "precious")

    def test_a_corpus_of_any_names_in_folders_of_any_names(self):
        for number, folder in enumerate((b"in {} \n", b"-in", b'i"n ! filesink location=victim ! ')):
            with self.subTest(folder):
                corpus = self.folder / self.named(folder)
                deeper = corpus / self.named(b"{}\n") / "x"
                deeper.mkdir(parents=True)
                names = [self.named(name) for name in (NAMES if number == 0 else NAMES[:4])]
                for name in names:
                    (corpus / name).write_bytes(self.audio)
                (deeper / "deep.wav").write_bytes(self.audio)
                out = self.folder / self.named(b"out {} \n" + folder)
                before = [path for path in self.tree() if b"/out" not in path]
                done = self.call(EXAMPLES / "extract-corpus.sh", corpus.name, out.name, "preset=whisper80", JOBS="2")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual((out / "index.jsonl").read_bytes().count(b"\n"), len(names) + 1)
                for path in [*names, deeper.relative_to(corpus) / "deep.wav"]:
                    self.assertEqual(np.load(os.fspath(out / path) + ".npy").shape, (100, 80), path)
                self.assertEqual([path for path in self.tree() if b"/out" not in path], before)
                self.expect_untouched()

    def test_a_file_that_fails_is_listed_in_a_line_of_its_own(self):
        corpus = self.folder / "corpus"
        corpus.mkdir()
        (corpus / "no\n\x1b[31maudio.wav").write_bytes(b"no audio" * 100)
        done = self.call(EXAMPLES / "extract-corpus.sh", corpus, self.folder / "out")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'"failed":1', done.stderr)
        failed = (self.folder / "out" / "failed.jsonl").read_bytes()
        self.assertEqual(failed.count(b"\n"), 1)
        self.assertNotIn(b"\x1b", failed)
        self.assertEqual(list((self.folder / "out").rglob("*.npy")), [])

    def test_launch_lines_read_and_write_any_name(self):
        out = self.folder / self.named(b'out" ! filesink location=victim ! {} \n')
        out.mkdir()
        for name in NAMES:
            with self.subTest(name):
                path = self.folder / self.named(name)
                path.write_bytes(self.audio)
                done = self.call(EXAMPLES / "launch.sh", "file", path.name, OUT=os.fspath(out))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(np.load(out / "file.npy").shape, (100, 80))
                self.assertEqual(os.listdir(out), ["file.npy"])
                (out / "file.npy").unlink()
                path.unlink()
                self.expect_untouched()

    def test_an_older_file_is_kept_when_a_launch_line_fails(self):
        (self.folder / "file.npy").write_text("older")
        (self.folder / "noise.wav").write_bytes(b"no audio" * 100)
        done = self.call(EXAMPLES / "launch.sh", "drop-in", "missing.wav")
        self.assertNotEqual(done.returncode, 0)
        done = subprocess.run(["timeout", "-s", "INT", "5", EXAMPLES / "launch.sh", "file", "noise.wav"],
                              cwd=self.folder, capture_output=True, timeout=60, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual((self.folder / "file.npy").read_text(), "older")

    def test_quickstart_takes_any_name(self):
        for name in (NAMES[0], b"new\nline.wav", b"-dash.wav", b"not\xffutf8.wav", b"trailing.wav\n"):
            with self.subTest(name):
                path = self.folder / self.named(name)
                path.write_bytes(self.audio)
                done = self.call(EXAMPLES / "quickstart.sh", path.name, BUILD=os.environ["NPUMELSPEC_BUILD"])
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(b"100 frames x 80 mels", done.stdout)
                self.assertEqual(np.load(self.folder / "mel.npy").shape, (100, 80))
                self.expect_untouched()

    def test_python_takes_any_name(self):
        for name in NAMES:
            with self.subTest(name):
                path = self.folder / self.named(name)
                path.write_bytes(self.audio)
                out = self.folder / (path.name + ".npy")
                done = self.call(sys.executable, EXAMPLES / "mel_numpy.py", path.name, out.name)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(np.load(out).shape, (100, 80))
                path.unlink()
                self.expect_untouched()


if __name__ == "__main__":
    unittest.main(verbosity=2)
