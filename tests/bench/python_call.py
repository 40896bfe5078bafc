#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a call of the Python module costs beside the element's own time.

usage: GST_PLUGIN_PATH=BUILD/gst tests/bench/python_call.py [SECONDS]

Calls a processor with SECONDS (default 5) of audio 2000 times and prints the cheapest call, the element's own
time in its cheapest call (`software-time` of its stats) and their ratio. The cheapest: on a machine that
does something else besides, everything above it is that.
"""
import sys
import timeit
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "python"))
import npumelspec  # noqa: E402

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5
audio = np.random.default_rng(1).normal(0, 0.1, int(seconds * 16000)).astype(np.float32)
processor = npumelspec.create_batch_processor()
calls, own = [], []
for _ in range(2000):
    processor.reset_metrics()
    calls.append(timeit.timeit(lambda: processor(audio), number=1) * 1e6)
    own.append(processor.get_performance_metrics()["cpu_time_total"] * 1e6)
mel = min(timeit.repeat(lambda: npumelspec.mel(audio), number=1, repeat=1000)) * 1e6
print(f"{seconds:g} s of audio: processor {min(calls):.0f} us, mel() {mel:.0f} us, element {min(own):.0f} us: "
      f"{min(calls) / min(own):.2f} and {mel / min(own):.2f} times its own time")
