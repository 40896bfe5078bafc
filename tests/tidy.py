#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""clang-tidy over kernels, gst and examples, many sources at a time.

usage: tidy.py BUILD_DIR ROOT [JOBS]
clang-tidy spends most of its time in the headers of the standard library, GLib and GStreamer. So
sources with the same compiler arguments are checked as one: a generated file includes them all.
Sources that do not compile together (two of them give a helper the same name) are taken apart again
until they do. Findings name the real files. Exits 1 when there is any, or when nothing was checked.
"""
import json
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CHECKED = ("kernels/", "gst/", "examples/")
TOGETHER = 12
# Highway compiles a source once for each instruction set; the findings are the same in all of them.
ONCE = "-DHWY_COMPILE_ONLY_STATIC"
# Whether sources go together: elements have log categories of their own under one macro.
TRIAL = ("-Wno-everything", "-Werror=macro-redefined", "-fsyntax-only")


def arguments_of(unit):
    """The compiler's arguments without the source and what is written."""
    words, kept = shlex.split(unit["command"]), []
    while words[0].endswith("ccache"):
        words.pop(0)
    skip = False
    for word in words[1:]:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MQ", "-MT"):
            skip = True
        elif word not in ("-c", "-MD", unit["file"]) and not word.startswith("-fsanitize="):
            kept.append(word)
    return tuple(kept)


def sources_of(unit):
    """The source of an entry, or those that a unity source of meson includes."""
    source = (Path(unit["directory"]) / unit["file"]).resolve()
    if not re.search(r"-unity\d+\.cpp$", source.name):
        return [source]
    return [Path(path).resolve() for path in re.findall(r'#include\s*[<"](.+)[>"]', source.read_text(encoding="utf-8"))]


def groups_of(build, root):
    """Lists of sources that are compiled the same way, as {arguments: [source, ...]}."""
    groups, seen = defaultdict(list), set()
    for unit in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        # The folder of objects is the target's own, and holds nothing a source includes.
        common = tuple(a for a in arguments_of(unit) if not re.fullmatch(r"-I.*\.p", a))
        for source in sources_of(unit):
            if source in seen or not source.is_relative_to(root):
                continue
            if str(source.relative_to(root)).startswith(CHECKED) and source.suffix == ".cpp":
                seen.add(source)
                groups[common].append(source)
    return groups


class Tidy:
    def __init__(self, build, root):
        self.build, self.folder, self.count = build, build / "tidy", 0
        self.folder.mkdir(exist_ok=True)
        # To clang-tidy the sources of a group are headers, and oddly named ones.
        folders = "|".join(name.rstrip("/") for name in CHECKED)
        self.options = ["--quiet", "--checks=-bugprone-suspicious-include",
                        rf"--header-filter=(^{re.escape(str(root))}|\.\.)/({folders})/"]

    def write(self, sources):
        self.count += 1
        path = self.folder / f"group-{self.count}.cpp"
        path.write_text("".join(f'#include "{source}"\n' for source in sources), encoding="utf-8")
        return path

    def check(self, job):
        """(number of sources, text of the findings) of sources with one set of arguments."""
        arguments, sources = job
        path = self.write(sources) if len(sources) > 1 else sources[0]
        if len(sources) > 1:
            tried = subprocess.run(["clang++", *arguments, ONCE, *TRIAL, path], cwd=self.build,
                                   capture_output=True)
            if tried.returncode != 0:
                half = len(sources) // 2
                parts = [self.check((arguments, part)) for part in (sources[:half], sources[half:])]
                return sum(p[0] for p in parts), "".join(p[1] for p in parts)
        found = subprocess.run(["clang-tidy", *self.options, path, "--", *arguments, ONCE], cwd=self.build,
                               capture_output=True, text=True)
        return len(sources), found.stdout if found.returncode == 0 else found.stdout or found.stderr


def main(build, root, jobs="2"):
    build, root = Path(build).resolve(), Path(root).resolve()
    tidy, work = Tidy(build, root), []
    for arguments, sources in groups_of(build, root).items():
        sources.sort()
        work += [(arguments, sources[i:i + TOGETHER]) for i in range(0, len(sources), TOGETHER)]
    with ThreadPoolExecutor(int(jobs)) as pool:
        results = list(pool.map(tidy.check, work))
    findings = "".join(text for _, text in results)
    checked = sum(number for number, _ in results)
    print(findings or f"{checked} files are clean, in {len(work)} groups")
    return 1 if findings or not checked else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
