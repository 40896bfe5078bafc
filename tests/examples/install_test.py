#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""meson install: the plugin lies where GStreamer looks, a C program compiles against what is installed, and
uninstall takes all of it away."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import EXAMPLES, ROOT, run

BUILD = Path(os.environ["NPUMELSPEC_BUILD"])
PLUGIN = "libgstnpumelspec.so"
# Plugins come from where GStreamer looks by itself and from nowhere else.
UNSET = ("GST_PLUGIN_PATH", "GST_PLUGIN_PATH_1_0", "GST_PLUGIN_SYSTEM_PATH", "GST_PLUGIN_SYSTEM_PATH_1_0",
         "GST_PLUGIN_LOADING_WHITELIST", "XDG_DATA_HOME")
SMALL = [f"-D{name}=disabled" for name in ("tests", "examples", "benchmarks", "xrt", "scope-text", "tools")]


def pkg_config(*arguments, **env):
    return run("pkg-config", *arguments, env=env).strip()


def plugins_dir():
    return pkg_config("--variable=pluginsdir", "gstreamer-1.0")


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def as_user(self, *command, check=True):
        """A command of somebody whose home is empty but for what was installed into it."""
        env = {name: value for name, value in os.environ.items() if name not in UNSET}
        env |= {"HOME": str(self.folder), "GST_REGISTRY": str(self.folder / "registry")}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
        if check:
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_everything_lies_where_it_is_looked_for(self):
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", self.folder)
        found = {path.name: path for path in self.folder.rglob("*") if path.is_file()}
        self.assertEqual(found.keys() - {"npumelspec-xrt.so", "npumel-extract"}, {PLUGIN, "npumelspec.h", "npumelspec-1.0.pc"})
        self.assertEqual(found[PLUGIN], Path(f"{self.folder}{plugins_dir()}") / PLUGIN)

        described = {"PKG_CONFIG_PATH": str(found["npumelspec-1.0.pc"].parent)}
        self.assertEqual(pkg_config("--modversion", "npumelspec-1.0", **described), self.version())
        self.assertEqual(pkg_config("--variable=pluginsdir", "npumelspec-1.0", **described), plugins_dir())
        includes = pkg_config("--variable=includedir", "npumelspec-1.0", **described)
        self.assertEqual(Path(f"{self.folder}{includes}"), found["npumelspec.h"].parent)

        self.assertIn(f"-I{includes}", pkg_config("--cflags", "npumelspec-1.0", **described).split())
        flags = f"-I{self.folder}{includes} " + pkg_config("--cflags", "--libs", "gstreamer-app-1.0")
        program = self.folder / "mel_frames"
        run("cc", "-std=c99", "-Wall", "-Wextra", "-Werror", EXAMPLES / "mel_frames.c", "-o", program, *flags.split())
        said = run(program, "audiotestsrc num-buffers=24 samplesperbuffer=1000 ! audio/x-raw,rate=16000",
                   env={"GST_PLUGIN_PATH_1_0": f"{found[PLUGIN].parent}:{plugins_dir()}",
                        "GST_REGISTRY": str(self.folder / "registry"), "GST_PLUGIN_LOADING_WHITELIST":
                        f"gstreamer:gst-plugins-base:npumelspec@{found[PLUGIN].parent}"})
        self.assertRegex(said.splitlines()[0], "^whisper80 [0-9a-f]{16}: 100 frames of 80 mels from frame 0, "
                                               "100 of audio, computed by software$")
        self.assertIn("100 frames of 80 mels from frame 100, 50 of audio", said.splitlines()[1])
        code, said = run(program, "filesrc location=/nonexistent", check=False)
        self.assertEqual(code, 1)
        self.assertIn("error: ", said)

    @staticmethod
    def version():
        return re.search(r"version: '([\d.]+)'", (ROOT / "meson.build").read_text()).group(1)

    def test_the_header_names_every_field_of_the_caps_and_no_other(self):
        header = (ROOT / "gst" / "npumelspec" / "npumelspec.h").read_text()
        fields = set(re.findall(r'NPU_MEL_FIELD_\w+ "([\w-]+)"', header))
        said = run("gst-launch-1.0", "-v", "audiotestsrc", "num-buffers=20", "!", "audio/x-raw,rate=16000", "!",
                   "npumelspec", "name=mel", "!", "fakesink")
        caps = re.search(r"GstNpuMelSpec:mel\.GstPad:src: caps = audio/x-mel-spectrogram, (.*)", said).group(1)
        self.assertEqual(set(re.findall(r"([\w-]+)=\(", re.sub(r'"[^"]*"|<.*>', "", caps))) - {"tensors"}, fields)
        said = run("gst-launch-1.0", "-v", "audiotestsrc", "num-buffers=20", "!", "audio/x-raw,rate=16000", "!",
                   "npumelspec", "!", "meltransform", "name=features", "dct=ortho", "!", "fakesink")
        caps = re.search(r"GstMelTransform:features\.GstPad:src: caps = audio/x-speech-features, (.*)", said).group(1)
        own = set(re.findall(r'NPU_FEATURES_FIELD_\w+ "([\w-]+)"', header))
        self.assertEqual(own, set(re.findall(r"([\w-]+)=\(", caps)) - fields - {"tensors"})
        for macro, text in re.findall(r"define (\w+) \"([\w/-]+)\"", header):
            self.assertEqual(header.count(f'"{text}"'), 1, macro)

    def test_user_install_and_uninstall(self):
        build = self.folder / "build"
        said = self.as_user("meson", "setup", build, ROOT, "-Duser-install=true", *SMALL)
        self.assertIn(f"{self.folder}/.local/share/gstreamer-1.0/plugins", said)
        shutil.copy(BUILD / "gst" / PLUGIN, build / "gst")
        self.as_user("meson", "install", "-C", build, "--no-rebuild")
        installed = [path for path in (self.folder / ".local").rglob("*") if path.is_file()]
        self.assertEqual({path.name for path in installed}, {PLUGIN, "npumelspec.h", "npumelspec-1.0.pc"})
        self.assertIn(f"{self.folder}/.local/share/gstreamer-1.0/plugins/{PLUGIN}",
                      self.as_user("gst-inspect-1.0", "npumelspec"))
        self.as_user("ninja", "-C", build, "uninstall")
        self.assertEqual([path for path in installed if path.exists()], [])

        # Another prefix: the same place in there.
        within = plugins_dir().removeprefix(pkg_config("--variable=prefix", "gstreamer-1.0"))
        said = self.as_user("meson", "setup", "--reconfigure", build, ROOT, "-Duser-install=false", "-Dprefix=/opt/mel")
        self.assertIn(f"/opt/mel{within}", said)
        said = self.as_user("meson", "setup", "--reconfigure", build, ROOT, "-Dplugins-dir=/srv/plugins")
        self.assertRegex(said, "plugin *: /srv/plugins")


if __name__ == "__main__":
    unittest.main(verbosity=2)
