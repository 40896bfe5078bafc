#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plugin as gst-plugin-scanner meets it: loadable without XRT, soon loaded, and documented.

usage: plugin_file.py LIBGSTNPUMELSPEC_SO [text|no-text]
Scans the file with a fresh registry (so that the scanner process loads it), holds it against the
libraries it may need, sees which ones pipelines load, and reads what gst-inspect-1.0 tells a user about npumelspec.
`text`: melspecscope labels its axes (or not); by default that is not held against anything.
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


# What every process pays for that uses an element of the plugin: what the rest of GStreamer needs anyway.
# Highway's library waits milliseconds for a clock when it is loaded, cairo brings twenty others.
LINKED = re.compile(r"(ld-linux.*|lib(gst(reamer|base|audio|video|analytics)-1\.0|gobject-2\.0|glib-2\.0"
                    r"|stdc\+\+|gcc_s|c|m|dl|pthread))\.so(\.\d+)?")


def loaded(path, elements):
    """The libraries that a pipeline of a second of silence loads, our plugin's part of it being `elements`."""
    system_plugins = output("pkg-config", "--variable=pluginsdir", "gstreamer-1.0").strip()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "GST_REGISTRY": f"{folder}/registry", "GST_PLUGIN_SYSTEM_PATH_1_0": "",
                       "GST_PLUGIN_PATH_1_0": f"{Path(path).parent}:{system_plugins}",
                       "GST_PLUGIN_LOADING_WHITELIST": f"gstreamer:gst-plugins-base,audiotestsrc:npumelspec@{Path(path).parent}"}
        subprocess.run(["gst-inspect-1.0", "npumelspec"], env=environment, check=True, capture_output=True)
        environment |= {"GST_REGISTRY_UPDATE": "no", "LD_DEBUG": "files"}
        log = subprocess.run(["gst-launch-1.0", "-q", *("audiotestsrc wave=silence num-buffers=1 samplesperbuffer=16000 ! "
                              f"audio/x-raw,format=S16LE,rate=16000,channels=1 ! {elements} ! "
                              "fakesink").split()], env=environment, check=True, text=True, capture_output=True).stderr
        return set(re.findall(r"file=(?:\S*/)?(\S+\.so)\S* \[0\];\s+generating link map", log))


def check_loading(path, text):
    audio, late = "npumelspec backend=software frames=10", {"libhwy.so", "libcairo.so"}
    expected = {audio: set(), audio + " ! melspecscope axes=false": set()}
    if text is not None:
        expected[audio + " ! melspecscope ! video/x-raw,width=640,height=360"] = {"libcairo.so"} if text == "text" else set()
    problems = []
    for elements, wanted in expected.items():
        libraries = loaded(path, elements)
        if "libgstnpumelspec.so" not in libraries:
            problems.append(f"LD_DEBUG does not tell what {elements} loads: {sorted(libraries)}")
        if libraries & late != wanted:
            problems.append(f"{elements} loads {sorted(libraries & late)} instead of {sorted(wanted)}")
    return problems


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


def main(path, labels=None):
    path = os.path.abspath(path)
    problems = [f"the plugin is linked with {name}" for name in needed(path) if not LINKED.fullmatch(name)]
    problems += check_loading(path, labels)
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
