#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the tree against the house rules: which folder may include which, file sizes, top level.

usage: house.py ROOT
Prints every violation as path:line: text and exits 1, or the number of files read and exits 0.
"""
import re
import subprocess
import sys
from pathlib import Path

# A file under KEY may include project headers under these folders (longest key wins).
ALLOWED = {
    "kernels/mel": ["kernels/mel"],
    "kernels/simd": ["kernels/simd"],
    "kernels/cpu": ["kernels/cpu", "kernels/mel", "kernels/simd"],
    "kernels/aie2": ["kernels/aie2", "kernels/mel"],
    "kernels/transform": ["kernels/transform", "kernels/mel", "kernels/simd"],
    "gst/common": ["gst/common", "kernels/mel"],
    "gst/backend": ["gst/backend", "kernels"],
    "gst/backend/xrt": ["gst/backend", "kernels"],
    "gst/npumelspec": ["gst/npumelspec", "gst/common", "gst/backend", "kernels"],
    "gst/npyenc": ["gst/npyenc", "gst/common", "kernels"],
    "gst/melspecscope": ["gst/melspecscope", "gst/common", "kernels"],
    "gst/meltransform": ["gst/meltransform", "gst/common", "kernels"],
    "gst/tools": ["gst/tools", "gst/common", "kernels"],
}
# Outside headers that only some folders may see.
FRAMEWORK = re.compile(r"^(gst/(?!npumelspec|backend|common|npyenc|melspecscope|meltransform|tools)|glib|gmodule|gio/|gobject)")
XRT = re.compile(r"^(xrt/|experimental/xrt)")
TOP = {"meson.build", "meson_options.txt", "gst", "kernels", "tests", "examples", "README.md", "LICENSE"}
MAX_LINES = 700
LICENCE = "SPDX-License-Identifier: " + "LGPL-2.1-or-later"
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')
PROJECT = re.compile(r"^(kernels|gst/(npumelspec|backend|common|npyenc|melspecscope|meltransform|tools)|tests)/")
LEFT_BEHIND = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
# tests/check/meson.build runs the slow cases of these programs as tests of their own.
SLOW_PROGRAMS = re.compile(r"slow_check_programs = \[(.*?)\]", re.DOTALL)
SLOW_CASE = re.compile(r"^(?:SLOW|LONG)_CHECK_TEST\(", re.MULTILINE)
OWN_ERROR = re.compile(r"\bGST_ELEMENT_ERROR(_WITH_DETAILS)?\b|gst_message_new_error|GST_MESSAGE_ERROR")
SLEEP = re.compile(r"\b(usleep|g_usleep|sleep_for|sleep_until|nanosleep)\s*\(")
TYPE = re.compile(r"^(?:class|struct|enum class|enum) (\w+)(?: final)?(?: : [^;{]*)? ?\{")
NAMESPACE = re.compile(r"^namespace ?([\w:]*) ?\{")
NAMESPACE_END = re.compile(r"^\}  // namespace")
# Compiled for the device or for the host, never for both.
ALTERNATIVES = {"kernels/aie2/vec_aie.h", "kernels/aie2/vec_host.h"}


def rule_for(path):
    keys = [k for k in ALLOWED if path.startswith(k + "/")]
    return max(keys, key=len, default=None)


def check_includes(path, number, target):
    key = rule_for(path)
    if key is None:
        return None
    if key.startswith("kernels/") and (FRAMEWORK.match(target) or XRT.match(target)):
        return f"kernels/ knows no GStreamer, GLib or XRT: {target}"
    if XRT.match(target) and key != "gst/backend/xrt":
        return f"only gst/backend/xrt may include XRT: {target}"
    if PROJECT.match(target) and not any(target.startswith(a + "/") for a in ALLOWED[key]):
        return f"{key} must not depend on {target}"
    return None


def types_of(lines):
    """Names, with their namespaces, of the types that other files can see."""
    inside = []
    for line in lines:
        if NAMESPACE_END.match(line) and inside:
            inside.pop()
        elif match := NAMESPACE.match(line):
            inside.append(match.group(1))
        elif (match := TYPE.match(line)) and "" not in inside:
            yield "::".join([*inside, match.group(1)])


def check_slow_programs(folder):
    """Programs that meson.build lists as slow but have no slow case, or have one and are not listed."""
    listed = SLOW_PROGRAMS.search((folder / "meson.build").read_text(encoding="utf-8"))
    listed = set(re.findall(r"'(\w+)'", listed.group(1)))
    slow = {path.stem for path in folder.glob("*.cpp") if SLOW_CASE.search(path.read_text(encoding="utf-8"))}
    return [f"tests/check/meson.build: slow_check_programs names {name}, which has no slow case" if name in listed
            else f"tests/check/{name}.cpp: has a slow case, but slow_check_programs does not name it"
            for name in sorted(listed ^ slow)]


def main(root):
    names = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True,
                           capture_output=True, text=True).stdout.split("\0")
    violations, read, defined = [], 0, {}
    for name in filter(None, names):
        top = name.split("/")[0]
        if top not in TOP and not top.startswith("."):
            violations.append(f"{name}: the top level holds only {', '.join(sorted(TOP))}")
        path = Path(root, name)
        if path.suffix not in {".cpp", ".h", ".cc", ".py", ".sh"} or not path.is_file():
            continue
        read += 1
        lines = path.read_text(encoding="utf-8").splitlines()
        if not any(LICENCE in line for line in lines[:2]):
            violations.append(f"{name}: no line {LICENCE}")
        if path.suffix in {".cpp", ".h", ".cc"} and not any(line.startswith(("//", "/* ")) for line in lines[1:2]):
            violations.append(f"{name}:2: a sentence is missing that says what the file is for")
        if path.suffix in {".cpp", ".h"} and top in {"gst", "kernels"} and name not in ALTERNATIVES:
            for type_name in types_of(lines):
                # The linker keeps one of the two, for the users of both.
                if defined.setdefault(type_name, name) != name:
                    violations.append(f"{name}: {type_name} is defined in {defined[type_name]} as well")
        if len(lines) > MAX_LINES:
            violations.append(f"{name}: {len(lines)} lines, at most {MAX_LINES}")
        for number, line in enumerate(lines, 1):
            if LEFT_BEHIND.search(line):
                violations.append(f"{name}:{number}: left behind: {line.strip()}")
            if name.startswith("tests/") and SLEEP.search(line):
                violations.append(f"{name}:{number}: a test that sleeps")
            if name.startswith("gst/") and not name.startswith(("gst/common/", "gst/tools/")) and OWN_ERROR.search(line):
                violations.append(f"{name}:{number}: NPUMEL_ELEMENT_ERROR of gst/common/element_error.h posts an error once")
            match = INCLUDE.match(line)
            problem = match and check_includes(name, number, match.group(1))
            if problem:
                violations.append(f"{name}:{number}: {problem}")
    violations += check_slow_programs(Path(root, "tests/check"))
    if not read:
        violations.append("no source file was read: is this a git checkout?")
    print("\n".join(violations) or f"{read} files follow the house rules")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
