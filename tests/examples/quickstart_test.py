#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/quickstart.sh over every kind of file, and the one line that it says when it fails.

Everything it installs is there already, and it builds in the folder of this build, where nothing is
left to do.
"""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np

from support import EXAMPLES, launcher_that_stays, run, speech_like, write_wav

SPEECH = "audiotestsrc num-buffers=40 samplesperbuffer=1024 wave=pink-noise ! audio/x-raw,rate=16000"


class Quickstart(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def quickstart(self, *arguments, folder=None, **env):
        done = subprocess.run(
            [EXAMPLES / "quickstart.sh", *arguments], cwd=folder or self.folder, text=True, timeout=100,
            capture_output=True, env={**os.environ, "BUILD": os.environ["NPUMELSPEC_BUILD"], **env})
        return done.returncode, done.stdout, done.stderr

    def expect_features(self, frames, *arguments):
        code, said, errors = self.quickstart(*arguments)
        self.assertEqual(code, 0, errors)
        mel = np.load(self.folder / "mel.npy")
        self.assertEqual(mel.shape[1], 80)
        self.assertAlmostEqual(mel.shape[0], frames, delta=12)  # what codecs add at the edges
        self.assertIn(f"{mel.shape[0]} frames x 80 mels", said)
        self.assertIn("backend: software", said)
        # The element's own figures, and how to keep the plugin.
        self.assertRegex(said, r"npumelspec computed \d+\.\d\d s of audio in \d+\.\d\d ms")
        self.assertIn("meson install -C " + os.environ["NPUMELSPEC_BUILD"], said)
        self.assertIn("-Duser-install=true", said)
        self.assertEqual((self.folder / "mel.png").read_bytes()[1:4], b"PNG")

    def expect_error(self, words, *arguments, **where):
        code, _, errors = self.quickstart(*arguments, **where)
        self.assertEqual(code, 1)
        self.assertEqual(len(errors.splitlines()), 1, errors)
        self.assertTrue(errors.startswith("error: "), errors)
        self.assertIn(words, errors)

    def encode(self, name, encoder):
        run("bash", "-c", f"gst-launch-1.0 -q {encoder} ! filesink location='{self.folder / name}'")
        return self.folder / name

    def test_no_argument_is_the_default_clip(self):
        self.expect_features(143)

    def test_compressed_audio(self):
        for name, encoder in (("a.ogg", "vorbisenc ! oggmux"), ("a.flac", "flacenc"),
                              ("a.mp3", "lamemp3enc")):
            with self.subTest(name):
                self.expect_features(256, self.encode(name, f"{SPEECH} ! audioconvert ! {encoder}"))

    def test_the_sound_of_a_video(self):
        video = self.encode("a film.mkv", "matroskamux name=m videotestsrc num-buffers=20 ! vp8enc ! m. "
                            f"{SPEECH} ! audioconvert ! vorbisenc ! m. m.")
        self.expect_features(256, video)

    def test_relative_names_with_spaces_and_signs(self):
        for name in ("two words.wav", "it's \"1\" & $HOME!.wav"):
            write_wav(self.folder / name, speech_like(1))
            with self.subTest(name):
                self.expect_features(100, name)

    def test_files_that_are_no_audio(self):
        (self.folder / "text.txt").write_text("This is a text.\n" * 100)
        (self.folder / "noise.bin").write_bytes(np.random.default_rng(1).bytes(5000))
        (self.folder / "empty.wav").touch()
        silent = self.encode("silent.mkv", "videotestsrc num-buffers=5 ! vp8enc ! matroskamux")
        self.expect_error("text.txt", "text.txt")
        self.expect_error("noise.bin", "noise.bin")
        self.expect_error("is empty", "empty.wav")
        self.expect_error("no sound in it", silent)

    def test_a_launcher_that_waits_for_ever_after_an_error_is_ended(self):
        self.expect_error("Out of cheese", PATH=launcher_that_stays(self.folder))

    def test_names_that_would_be_launch_syntax(self):
        for name in ("a ! fakesink ! b.wav", "a\nb.wav", "a\n", "-a.wav", "\\ %20 {}.wav",
                     'a" fakesink ! filesink location=victim audiotestsrc name=y.wav'):
            write_wav(self.folder / name, speech_like(1))
            with self.subTest(name):
                self.expect_features(100, "./" + name)
        self.assertFalse((self.folder / "victim").exists())

    def test_help(self):
        for option in ("-h", "--help"):
            code, said, errors = self.quickstart(option, BUILD="/proc/none")
            self.assertEqual((code, errors), (0, ""))
            self.assertIn("two to five minutes", said)
            self.assertIn("Installs Debian packages", said)
            self.assertTrue(said.startswith("examples/quickstart.sh [AUDIO]"))
        self.expect_error("unknown option -q", "-q")

    def test_no_frames_are_an_error_that_names_the_cause(self):
        # As a recorder leaves it that was killed: a header, and nothing after it.
        whole = write_wav(self.folder / "whole.wav", speech_like(1)).read_bytes()
        (self.folder / "cut.wav").write_bytes(whole[:44])
        write_wav(self.folder / "none.wav", speech_like(0))
        write_wav(self.folder / "short.wav", speech_like(0.005))
        for name in ("cut.wav", "none.wav"):
            self.expect_error("no samples", name)
        self.expect_error("80 samples at 16 kHz are too few", "short.wav")
        self.assertEqual(sorted(path.name for path in self.folder.glob("mel.*")), [])

    def test_somebody_else_s_results_and_clone(self):
        (self.folder / "mel.npy").mkdir()
        self.expect_error("cannot overwrite")
        self.expect_error("cannot build in /proc/none", BUILD="/proc/none", folder=self.other_folder())

    def test_a_clone_that_cannot_be_written_is_built_from_elsewhere(self):
        for built_by_another in (False, True):
            with self.subTest(built_by_another):
                self.expect_build_elsewhere(self.folder / str(built_by_another), built_by_another)

    def expect_build_elsewhere(self, folder, built_by_another):
        # A copy of the scripts, nobody's to write; root writes everywhere, so root becomes somebody else.
        clone, home = folder / "clone", folder / "home"
        for name in ("examples/quickstart.sh", "examples/gst_launch.sh", "tests/packages.sh"):
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(EXAMPLES.parent / name, clone / name)
        if built_by_another:
            (clone / "build-quickstart").mkdir()
            (clone / "build-quickstart" / "build.ninja").touch()
        home.mkdir()
        meson = home / "bin" / "meson"
        meson.parent.mkdir()
        meson.write_text('#!/bin/sh\necho "$@" >"$HOME/asked"\nexit 1\n')
        meson.chmod(0o755)
        run("chmod", "-R", "a-w,a+rX", clone)
        run("chmod", "-R", "a+rwX", home)
        run("chmod", "a+rx", self.folder, folder)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        env = {**os.environ, "HOME": str(home), "PATH": f"{meson.parent}:{os.environ['PATH']}"}
        for name in ("BUILD", "XDG_CACHE_HOME"):
            env.pop(name, None)
        done = subprocess.run([*nobody, clone / "examples" / "quickstart.sh"], cwd=home, env=env, text=True,
                              capture_output=True, timeout=100)
        elsewhere = next((home / ".cache" / "npumelspec").glob("quickstart-*"))
        self.assertEqual(done.stderr, f"error: meson setup failed: {elsewhere}/quickstart.log\n")
        self.assertTrue((home / "asked").read_text().startswith(f"setup {elsewhere} {clone} "))
        self.assertEqual(sorted(path.name for path in clone.iterdir()),
                         ["build-quickstart"] * built_by_another + ["examples", "tests"])
        self.assertEqual([path.name for path in clone.glob("build-quickstart/*")], ["build.ninja"] * built_by_another)

    def test_nothing_is_asked_for_over_the_network_when_the_packages_are_there(self):
        tools = self.folder / "tools"
        tools.mkdir()
        for name in ("apt-get", "sudo", "curl", "wget", "pip", "git"):
            (tools / name).write_text(f"#!/bin/sh\necho {name} >>{self.folder}/called\nexit 1\n")
            (tools / name).chmod(0o755)
        code, _, errors = self.quickstart(PATH=f"{tools}:{os.environ['PATH']}")
        self.assertEqual((code, errors), (0, ""))
        self.assertFalse((self.folder / "called").exists())

    def test_missing_packages_and_no_sudo_are_named(self):
        tools = self.folder / "tools"
        tools.mkdir()
        for name in ("bash", "sed", "dirname", "grep", "rm", "touch", "mkdir", "cat"):
            (tools / name).symlink_to(shutil.which(name))
        for name, text in (("dpkg-query", "exit 1"), ("id", "echo 1234"), ("apt-get", "exit 1")):
            (tools / name).write_text(f"#!/bin/sh\n{text}\n")
            (tools / name).chmod(0o755)
        code, _, errors = self.quickstart(PATH=str(tools))
        self.assertEqual(code, 1)
        self.assertRegex(errors, r"these packages are missing and there is no sudo; as root: apt-get install g\+\+ meson")

    def other_folder(self):
        other = self.folder / "other"
        other.mkdir()
        return other

    def test_names_that_are_no_files(self):
        self.expect_error("there is no file missing.wav", "missing.wav")
        self.expect_error("cannot read /tmp", "/tmp")
        self.expect_error("one file at a time", "one", "two")

    def test_a_folder_that_cannot_be_written(self):
        # Nobody may write there, root neither.
        self.expect_error("cannot write to /proc", folder="/proc")


if __name__ == "__main__":
    unittest.main(verbosity=2)
