#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails when a `meson test` run proved nothing.

usage: tally.py BUILD_DIR/meson-logs/testlog.json SUITE [TEST...]
`meson test` is content with a suite that is empty or skipped, and a test program with one whose
cases were all filtered out. This reads the log and demands that every test passed, that every
GoogleTest, gst-check or unittest program ran at least one case, and that each TEST is among them.
"""
import json
import re
import sys

# Cases that may skip themselves, and why; any other skipped case is a failure.
MAY_SKIP = {
    "Sharing.compute_allocates_nothing": "a sanitizer's malloc cannot be counted",
    "Accuracy.SpeechAtThreeLevels": "a recording that is not ours to ship; runs when NPUMELSPEC_GOLDEN names it",
}
CASES = [re.compile(r"\[  PASSED  \] (\d+) tests?\."), re.compile(r"Checks: (\d+), Failures: 0"),
         re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)]
# What frameworks write of a case that failed; the program's name alone explains nothing.
FAILED = re.compile(r":[FE]:|Failure$|^\[  FAILED  \]|^(FAIL|ERROR): |^\w*(Error|Exception): |Sanitizer: |\* Assert")
SKIPPED = re.compile(r"^\[  SKIPPED \] (\w+\.\w+)|^OK \((skipped=\d+)\)", re.MULTILINE)


def main(path, suite, *wanted):
    good, cases, bad, seen = 0, 0, [], set()
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            out = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
            # "project:suite / name"; of newer Mesons "suite - project:name"
            seen.add(re.split(r" / |:", test["name"])[-1])
            counts = [int(n) for pattern in CASES for n in pattern.findall(out)]
            if test["result"] not in ("OK", "EXPECTEDFAIL"):
                bad.append(f"{test['name']}: {test['result']}")
                bad += [f"  {line}" for line in out.splitlines() if FAILED.search(line)][:10]
            elif counts and not sum(counts) or "0 tests from 0 test" in out:
                bad.append(f"{test['name']}: ran no case")
            elif {one or other for one, other in SKIPPED.findall(out)} - MAY_SKIP.keys():
                bad.append(f"{test['name']}: skipped cases")
            else:
                good += 1
                cases += sum(counts)
    bad += [f"{name}: did not run" for name in wanted if name not in seen]
    for line in bad:
        print(f"{suite}: {line}")
    if not good:
        print(f"{suite}: no test ran")
        return 1
    problems = sum(not line.startswith("  ") for line in bad)
    print(f"{suite}: {good} test programs passed, {cases} counted cases, {problems} problems")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
