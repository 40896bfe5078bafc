#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages of gst/docs: as the elements are, and every launch line of them runs."""
import os
import re
import sys
import tempfile
import unittest

from support import ROOT, run, speech_like, write_wav

DOCS = ROOT / "gst" / "docs"
INDENTED = re.compile(r"(?:^ {4}.*\n)+", re.MULTILINE)


class Pages(unittest.TestCase):
    def test_they_say_what_the_elements_are(self):
        # Mended by: GST_PLUGIN_PATH=BUILD/gst gst/docs/pages.py
        code, said = run(sys.executable, DOCS / "pages.py", "--check", check=False)
        self.assertEqual(code, 0, said)

    def test_every_element_has_one(self):
        said = run("gst-inspect-1.0", f"{os.environ['NPUMELSPEC_BUILD']}/gst/libgstnpumelspec.so")
        elements = re.findall(r"^  (\w+): ", said, re.MULTILINE)
        self.assertIn("npumelspec", elements)
        for element in elements:
            self.assertTrue((DOCS / f"{element}.md").is_file(), element)

    def test_every_launch_line_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            write_wav(f"{folder}/speech.wav", speech_like(1))
            run("bash", "-c", f"cd {folder}; gst-launch-1.0 -q filesrc location=speech.wav ! wavparse ! audioconvert "
                              "! vorbisenc ! oggmux ! filesink location=speech.ogg")
            ran = 0
            for page in DOCS.glob("*.md"):
                for block in INDENTED.findall(page.read_text(encoding="utf-8")):
                    if block.strip().startswith("gst-launch-1.0"):
                        with self.subTest(page.name):
                            run("bash", "-euc", f"cd {folder}; {block}")
                            ran += 1
            self.assertGreaterEqual(ran, 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
