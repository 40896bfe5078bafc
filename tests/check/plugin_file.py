#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plugin as gst-plugin-scanner meets it: loadable without XRT, and documented.

usage: plugin_file.py LIBGSTNPUMELSPEC_SO
Scans the file with a fresh registry (so that the scanner process loads it), holds it against the
libraries it may need, and reads what gst-inspect-1.0 tells a user about npumelspec.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def output(*command, **environment):
    return subprocess.run(command, env={**os.environ, **environment}, check=True, text=True,
                          capture_output=True).stdout


def needed(path):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", path))


def inspect(path, *arguments):
    """gst-inspect-1.0 with nothing but this plugin and a registry of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return output("gst-inspect-1.0", *arguments, GST_REGISTRY=f"{folder}/registry",
                      GST_PLUGIN_SYSTEM_PATH_1_0="", GST_PLUGIN_PATH_1_0=str(Path(path).parent),
                      GST_REGISTRY_UPDATE="yes", GST_REGISTRY_FORK="yes", LC_ALL="C")


# Property: words that its description must have, so that a reader knows what to do with it.
DOCUMENTED = {
    "preset": ["whisper80", "nemo80", "kaldi80", "openwakeword", "custom"],
    "frames": ["0"],
    "stride": ["frames"],
    "first-frames": ["first"],
    "normalize": ["running", "fixed", "buffer"],
    "tail-silence": ["end of the stream"],
    "eos-mode": ["pad", "short", "drop"],
    "layout": ["mel-major", "frame-major"],
    "backend": ["npu", "software"],
    "kernel-path": ["NPUMELSPEC_KERNEL_PATH"],
    "processing-latency": ["live"],
    "stats": [],
    "recipe": [],
    "active-backend": [],
}


def main(path):
    path = os.path.abspath(path)
    problems = [f"the plugin is linked with {name}" for name in needed(path)
                if re.search(r"xrt|xdna|hip", name)]
    blacklist = inspect(path, "-b")
    if "npumelspec" in blacklist:
        problems.append(f"gst-plugin-scanner blacklisted it:\n{blacklist}")
    text = inspect(path, "npumelspec")
    properties = dict(re.findall(r"^  ([a-z0-9-]+) +: ((?:.*\n)(?:   +.*\n)*)", text, re.M))
    for name, words in DOCUMENTED.items():
        if name not in properties:
            problems.append(f"gst-inspect-1.0 does not show the property {name}")
            continue
        problems += [f"{name}: '{word}' is not explained" for word in words
                     if word not in properties[name]]
    for heading in ("Filter/Analyzer/Audio", "audio/x-mel-spectrogram", "other/tensors"):
        if heading not in text:
            problems.append(f"gst-inspect-1.0 does not show {heading}")
    print("\n".join(problems) or f"{path}: scanned, no XRT, {len(properties)} properties documented")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
