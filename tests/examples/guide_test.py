#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the commands of the pages, with made audio and no hardware.

Every sh and python block of examples/README.md, the launch line of the first page and the python blocks of
examples/corpus/README.md run here. Every other block of a page is in RUN_ELSEWHERE, with who runs it.
"""
import os
import re
import shutil
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

import numpy as np

from support import EXAMPLES, ROOT, run, speech_like, write_wav

GUIDE = (EXAMPLES / "README.md").read_text(encoding="utf-8")
FRONT = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}.*\n)+", re.MULTILINE)
PAGES = [page for page in ROOT.rglob("*.md")
         if page.relative_to(ROOT).parts[0] != ".git" and not page.relative_to(ROOT).parts[0].startswith("build")]
HARDWARE = {
    "autoaudiosrc": "audiotestsrc is-live=true num-buffers=20 ! audio/x-raw,rate=16000",
    "autovideosink": "fakesink sync=true",
}
# The beginning of a block: who runs it. A path is a file that names the program, a word in it.
RUN_ELSEWHERE = {
    "examples/quickstart.sh": "tests/roots/commands.sh",
    "tests/run.sh": "tests/roots/commands.sh",
    "npumel-extract corpus": "tests/corpus/suite.py",
    "printf '4/anna": "tests/corpus/suite.py",
    "SBATCH_OPTIONS=": "tests/corpus/suite.py",
    "meson setup build": "tests/examples/roots.sh",
    "meson install -C build": "tests/examples/install_test.py",
    "examples/packaging/build-deb.sh OUT": "examples/packaging/Containerfile",
    "kernels/aie2/build.sh": "tests/unit/aie2/build_test.py",
    "ninja -C build && build/tests/unit/mel/test_mel": "tests/unit/mel/meson.build",
    "ninja -C build tests/golden/make_openwakeword": "nobody: needs the models of another project",
    "build/tests/golden/compare_mel": "tests/check/meson.build",
    "export GST_PLUGIN_PATH=$PWD/build/gst NPUMELSPEC_KERNEL_PATH": "nobody: there is no NPU here",
    "sudo usermod": "nobody: changes the machine",
    "GstContext *context": "nobody: a fragment; tests/check has whole programs with it",
    "tests/xrt/run.sh": "tests/run.sh",
    "sudo tests/run.sh --install-only": "tests/roots/commands.sh",
    "GST_PLUGIN_PATH=BUILD/gst taskset -c 1 chrt -r 10 tests/bench/peers.py": "tests/bench/run.sh",
    "GST_PLUGIN_PATH=BUILD/gst taskset -c 1 chrt -r 10 tests/bench/hour.py": "tests/bench/run.sh",
    "host memory": "nobody: a drawing",
}
# The program that the file above must name, where it is not the block's first word.
PROGRAM = {"printf '4/anna": "parallel.sh", "SBATCH_OPTIONS=": "submit.sh", "npumel-extract corpus": "NPUMEL_EXTRACT",
           "meson setup build": "meson setup", "meson install -C build": '"meson", "install"',
           "ninja -C build && build/tests/unit/mel/test_mel": "test_mel", "kernels/aie2/build.sh": "build.sh",
           "GST_PLUGIN_PATH=BUILD/gst taskset -c 1 chrt -r 10 tests/bench/peers.py": "peers.py",
           "GST_PLUGIN_PATH=BUILD/gst taskset -c 1 chrt -r 10 tests/bench/hour.py": "hour.py",
           "build/tests/golden/compare_mel": "compare_mel", "sudo tests/run.sh --install-only": "tests/run.sh --install-only"}
# PyTorch is a gigabyte; what the page's class takes of it is this.
TORCH = """
import sys, types
torch = types.ModuleType("torch")
torch.utils = types.SimpleNamespace(data=types.SimpleNamespace(Dataset=object))
torch.from_numpy = lambda array: array
"""


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
                elif "import onnxruntime" not in text:
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

    @unittest.skipUnless("NPUMEL_EXTRACT" in os.environ, "built without tools")
    def test_the_corpus_page_reads_what_npumel_extract_writes(self):
        os.rename(write_wav("corpus/odd.wav", speech_like(1)), b"corpus/b\xff.wav")
        run(os.environ["NPUMEL_EXTRACT"], "corpus", "--output", "features", "--preset", "nemo80", "normalize=buffer")
        page = (EXAMPLES / "corpus" / "README.md").read_text(encoding="utf-8")
        blocks = [text for kind, text in FENCED.findall(page) if kind == "python"]
        self.assertEqual(len(blocks), 3)
        (self.folder / "features" / "index.jsonl").write_text("".join(  # the first block is for names that are UTF-8
            sorted((self.folder / "features" / "index.jsonl").read_text().splitlines(True), key=lambda l: "percent" in l)))
        first = blocks[0].replace("map(json.loads, open(\"features/index.jsonl\"))",
                                  "list(map(json.loads, open(\"features/index.jsonl\")))[:1]")
        self.assertNotEqual(first, blocks[0])
        script = (TORCH + first + "assert mel.shape == (101, 80), mel.shape\n"
                  "lines = list(map(json.loads, open('features/index.jsonl')))\n"
                  "for line in lines:\n" + textwrap.indent(blocks[1], "    ") +
                  "    assert mel.shape == (101, 80), mel.shape\n" + blocks[2] +
                  "assert Features('features')[0].shape == (101, 80)\nassert len(Features('features')) == 2\n")
        run(sys.executable, "-c", script)

    def test_every_block_of_every_page_is_run_by_somebody(self):
        self.assertGreater(len(PAGES), 6)
        found = set()
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            fenced, indented = FENCED.findall(text), INDENTED.findall(FENCED.sub("", text))
            if page == EXAMPLES / "README.md":
                self.assertEqual(indented, [])
                continue
            if page.parent == ROOT / "gst" / "docs" and "<!-- end -->" in text:
                self.assertEqual(fenced, [])  # tests/examples/pages_test.py runs the indented ones
                continue
            blocks = [text for kind, text in fenced if (kind, page.parent.name) != ("python", "corpus")] + indented
            for first in (block.strip() for block in blocks):
                if page == ROOT / "README.md" and first.startswith("gst-launch-1.0"):
                    continue
                known = [words for words in RUN_ELSEWHERE if first.startswith(words)]
                self.assertTrue(known, f"{page.relative_to(ROOT)}: nothing runs {first!r}")
                found.update(known)
        self.assertEqual(found, set(RUN_ELSEWHERE))

    def test_who_runs_them_names_them(self):
        for words, who in RUN_ELSEWHERE.items():
            if not who.startswith("nobody"):
                with self.subTest(words):
                    self.assertIn(PROGRAM.get(words, words.split()[0]), (ROOT / who).read_text(encoding="utf-8"))

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
