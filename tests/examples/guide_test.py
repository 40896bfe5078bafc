#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the commands of the READMEs, with made audio and no hardware.

Every sh and python block of examples/README.md and the launch line of the first page run here.
Every other command that a README of this tree shows is in RUN_ELSEWHERE, with who runs it.
"""
import os
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

from support import EXAMPLES, ROOT, run, speech_like, write_wav

GUIDE = (EXAMPLES / "README.md").read_text(encoding="utf-8")
FRONT = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}.*\n)+", re.MULTILINE)
COMMAND = re.compile(r"(\w+=\S* )*(gst-|meson|ninja|git |apt|sudo|pip|python|export|cmake|\.?[\w./$-]*/[\w.-]+)")
HARDWARE = {
    "autoaudiosrc": "audiotestsrc is-live=true num-buffers=20 ! audio/x-raw,rate=16000",
    "autovideosink": "fakesink sync=true",
}
RUN_ELSEWHERE = {
    "examples/quickstart.sh": "tests/examples/quickstart_test.py",
    "SBATCH_OPTIONS=": "tests/corpus/suite.py, on a Slurm of two nodes",
    "meson setup build": "tests/run.sh, with other names for the folder",
    "meson install -C build": "tests/examples/install_test.py, into other folders",
    "examples/packaging/build-deb.sh OUT": "tests/roots/packages.sh",
    "kernels/aie2/build.sh": "tests/unit/aie2/build_test.py, with stand-ins for the toolchain",
    "ninja -C build && build/tests/unit/mel/test_mel": "suite gcc runs all of test_mel",
    "ninja -C build tests/golden/make_openwakeword": "nobody: needs the models of another project",
    "build/tests/golden/compare_mel": "tests/check/golden.py",
    "export GST_PLUGIN_PATH=$PWD/build/gst NPUMELSPEC_KERNEL_PATH": "nobody: there is no NPU here",
    "sudo usermod": "nobody: changes the machine",
    "tests/xrt/run.sh": "suite xrt, every program of it",
    "sudo tests/run.sh --install-only": "tests/run.sh and build_test.py, each its part",
}


def sh(text):
    for device, stand_in in HARDWARE.items():
        text = text.replace(device, stand_in)
    # gst-launch-1.0 tells an error by its status; so does a block.
    return run("bash", "-euo", "pipefail", "-c", text, env={"EXAMPLES": str(EXAMPLES)})


class Guide(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        self.folder = Path(folder.name)
        (self.folder / "corpus").mkdir()
        write_wav(self.folder / "speech.wav", speech_like(2))
        (self.folder / "speech.raw").write_bytes(speech_like(2).tobytes())
        run("gst-launch-1.0", "-q", "filesrc", f"location={folder.name}/speech.wav", "!", "wavparse", "!", "audioconvert",
            "!", "vorbisenc", "!", "oggmux", "!", "filesink", f"location={folder.name}/speech.ogg")
        write_wav(self.folder / "corpus" / "one.wav", speech_like(1))
        stats = ROOT / "tests" / "golden" / "transform" / "stats"
        shutil.copy(stats / "funasr_am.mvn", self.folder / "am.mvn")
        shutil.copy(stats / "kaldi80_global_cmvn.json", self.folder / "global_cmvn")
        os.chdir(self.folder)

    def test_every_block_runs(self):
        for kind, text in FENCED.findall(GUIDE):
            with self.subTest(text.splitlines()[0]):
                self.assertIn(kind, ("sh", "python"), "nothing runs this block")
                if kind == "sh":
                    self.said = sh(text)
                else:
                    run(sys.executable, "-c", f"EXAMPLES = {str(EXAMPLES)!r}\n{text}")
        self.expect_what_the_guide_promises()

    def expect_what_the_guide_promises(self):
        folder = self.folder
        self.assertEqual(np.load(folder / "mel.npy").shape, (200, 80))
        self.assertEqual((folder / "mel.png").read_bytes()[1:4], b"PNG")
        for name in ("appsrc", "pipe", "ffmpeg", "holes"):
            self.assertEqual(np.load(folder / f"{name}.npy").shape, (200, 80), name)
        np.testing.assert_array_equal(np.load(folder / "pipe.npy"), np.load(folder / "appsrc.npy"))
        self.assertEqual(np.load(folder / "features" / "one.wav.npy").shape, (98, 80))
        self.assertEqual(np.load(folder / "librosa.npy").shape, (128, 87))
        self.assertEqual(np.load(folder / "torchaudio.npy").shape, (128, 161))
        self.assertEqual(np.load(folder / "icefall.npy").shape, (200, 80))
        self.assertEqual(np.load(folder / "whisper-cpp.npy").shape, (80, 200))
        # 2 s of 16 kHz: 198 rows of Kaldi's framing.
        for name, shape in {"whisper": (1, 80, 3000), "parakeet": (128, 201), "paraformer": (33, 560), "vosk": (198, 40),
                            "gmm": (198, 39), "xvector": (198, 13), "wenet": (198, 80), "seamless": (99, 160),
                            "wespeaker": (198, 80), "hifigan": (80, 172), "bigvgan": (100, 187), "vocos": (100, 188),
                            "cosyvoice": (80, 99), "f5tts": (100, 188)}.items():
            self.assertEqual(np.load(folder / f"{name}.npy").shape, shape, name)
        self.assertIn("-1", self.said)  # the last block: level's decibels

    def test_the_first_page_s_line_runs_as_it_stands(self):
        line = next(block for block in INDENTED.findall(FRONT) if "gst-launch-1.0" in block)
        sh(line)
        self.assertEqual(np.load("mel.npy").shape[1], 80)

    def test_every_command_of_every_readme_is_run_by_somebody(self):
        pages = [page for page in ROOT.rglob("*.md") if not page.relative_to(ROOT).parts[0].startswith(("build", "."))]
        self.assertGreater(len(pages), 6)
        found = set()
        for page in pages:
            text = page.read_text(encoding="utf-8")
            if page == EXAMPLES / "README.md":
                self.assertEqual([b for b in INDENTED.findall(FENCED.sub("", text)) if COMMAND.match(b.strip())], [])
                continue
            if page.parent == ROOT / "gst" / "docs" and "<!-- end -->" in text:
                continue  # tests/examples/pages_test.py runs every line of an element's page
            blocks = [block for _, block in FENCED.findall(text)] + INDENTED.findall(text)
            for block in blocks:
                first = block.strip()
                if not COMMAND.match(first) or (page == ROOT / "README.md" and first.startswith("gst-launch-1.0")):
                    continue
                known = [words for words in RUN_ELSEWHERE if first.startswith(words)]
                self.assertTrue(known, f"{page.relative_to(ROOT)}: nothing runs {first!r}")
                found.update(known)
        self.assertEqual(found, set(RUN_ELSEWHERE))

    def test_every_property_the_guide_names_exists(self):
        rows = re.findall(r"`((?:[a-z][a-z-]*=[^` ]+ ?)+)`", GUIDE)
        known = run("gst-inspect-1.0", "npumelspec") + run("gst-inspect-1.0", "meltransform")
        # Of appsrc, appsink, filesink, npyenc, queue, rawaudioparse.
        foreign = {"is-live", "do-timestamp", "format", "mode", "drop", "max-size-time",
                   "max-size-buffers", "max-size-bytes", "max-buffers", "buffer-mode", "append"}
        names = {setting.split("=")[0] for row in rows for setting in row.split()} - foreign
        missing = [name for name in names if not re.search(rf"^  {re.escape(name)} +:", known, re.M)]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
