#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the messages of gst/backend against the tables of its README, both ways.

usage: messages_test.py SOURCE_ROOT
"""
import re
import sys
import unittest
from pathlib import Path

ROOT = Path(sys.argv[1])
README = ROOT / "gst/backend/README.md"
VARIABLE = "…"


def literals(path):
    """The string literals of a C++ file that a person would read: those with a space inside."""
    text = re.sub(r"//.*|^\s*#.*", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = re.sub(r'"\s*\n\s*"', "", text)
    found = (re.sub(r"%[.0-9]*[jlz]*\w", VARIABLE, text) for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text))
    return [literal for literal in found if " " in literal.strip()]


def messages():
    """What stands in backquotes in the first cell of the rows under "message" or "beginning"."""
    listed, of_interest = [], False
    for line in README.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            of_interest = False
        elif re.match(r"\| (message|beginning) \|", line):
            of_interest = True
        elif of_interest and not line.startswith("|---"):
            listed += re.findall(r"`([^`]*)`", re.split(r"(?<!\\)\|", line)[1])
    return listed


SOURCES = [*sorted((ROOT / "gst/backend").rglob("*.cpp")), ROOT / "gst/npumelspec/errors.cpp"]
TEXTS = {literal: path.relative_to(ROOT) for path in SOURCES for literal in literals(path)}


class Messages(unittest.TestCase):
    def test_there_is_something_to_compare(self):
        self.assertGreater(len(TEXTS), 60)
        self.assertGreater(len(messages()), 60)

    def test_every_text_of_the_sources_is_explained(self):
        listed = messages()
        # Of errors.cpp only what stands before a backend's reason is a message of the backend.
        skipped = {"Out of memory", "use backend=auto or backend=software"}
        for text, path in TEXTS.items():
            parts = [part.strip(" :;.,()") for part in text.split(VARIABLE)]
            # Names of devices are data.
            if text in skipped or re.fullmatch(r"NPU [A-Z]\w+( \w+)?", text):
                continue
            with self.subTest(text=text, source=str(path)):
                self.assertTrue(any(all(part in message for part in parts) for message in listed),
                                "not in gst/backend/README.md")

    def test_every_message_that_is_explained_exists(self):
        for message in messages():
            for part in filter(None, (part.strip(" ") for part in message.split(VARIABLE))):
                with self.subTest(message=message, part=part):
                    self.assertTrue(any(part in text for text in TEXTS) or len(part) < 3,
                                    "no source says this")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
