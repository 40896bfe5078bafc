#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""This project's Python module beside the libraries that a user would call instead, in one process.

usage: GST_PLUGIN_PATH=BUILD/gst tests/bench/peers.py [--rounds N] [--seconds S] [--only TEXT] [--require TEXT]
           [--openwakeword-model FILE] [--library PRESET:NAME=FILE:FUNCTION]... [--json FILE]

A library that cannot be imported is named with the reason. For each of the others: microseconds of CPU a frame, the
median of N rounds (9), in each of which it and this project compute the same audio in turn; the medians (and the
range) of the rounds' ratios, to a call of the module and to the time of the element's kernel in that call, which has
no normalisation and no transposition in it; and the largest difference of the values. Exit status 1 when values differ by more than rounding explains, or when no line is measured that --require names.

One thread each: run it as `taskset -c 1 chrt -r 10 tests/bench/peers.py` on a machine that does something else as well,
for the kernel's time is by the clock.
--library adds a program in another language: see from_library() in peer_calls.py.
"""
import os

for threads in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{threads}_NUM_THREADS"] = "1"

import argparse  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "python"))
import npumelspec  # noqa: E402
import peer_calls  # noqa: E402


def cpu_of(call, audio, times):
    started = time.process_time()
    for _ in range(times):
        call(audio)
    return (time.process_time() - started) / times


def calls_in(seconds, call, audio):
    """How many calls take about that long; the first ones, which set things up, are not counted."""
    call(audio)
    return max(1, round(seconds / max(cpu_of(call, audio, 1), 1e-6)))


def difference(front_end, mine, theirs, skip):
    """Largest difference over the frames that both have, and the two numbers of frames."""
    if front_end.layout == "mel-major":
        mine, theirs = mine.T, theirs.T
    if mine.shape[1] != theirs.shape[1]:
        return float("inf"), len(mine), len(theirs)
    frames = min(len(mine), len(theirs)) - skip
    errors = np.abs(mine[:frames] - theirs[:frames])
    if front_end.preset in ("librosa", "torchaudio"):  # no logarithm: relative, but to no less than -60 dB
        errors /= np.maximum(np.abs(theirs[:frames]), 1e-6 * np.abs(theirs).max())
    return float(errors.max()), len(mine), len(theirs)


def measure(front_end, peer, audio, rounds):
    call, version = peer.make()
    audio_of_peer = audio * np.float32(front_end.scale)
    processor = npumelspec.create_batch_processor(rate=front_end.rate, preset=front_end.preset, layout=front_end.layout,
                                                  backend="software", **front_end.settings)
    largest, frames, peer_frames = difference(front_end, processor(audio), call(audio_of_peer), peer.skip)
    mine_times, peer_times = calls_in(0.02, processor, audio), calls_in(0.02, call, audio_of_peer)
    mine, own, theirs = [], [], []
    for _ in range(rounds):
        processor.reset_metrics()
        mine.append(cpu_of(processor, audio, mine_times) / frames)
        own.append(processor.get_performance_metrics()["cpu_time_total"] / mine_times / frames)
        theirs.append(cpu_of(call, audio_of_peer, peer_times) / frames)
    processor.close()
    ratios = [their / my for their, my in zip(theirs, mine)]
    return {
        "preset": front_end.preset, "peer": peer.name, "version": version, "peer us": statistics.median(theirs) * 1e6,
        "our us": statistics.median(mine) * 1e6, "our own us": statistics.median(own) * 1e6,
        "ratio": statistics.median(ratios), "ratios": [min(ratios), max(ratios)],
        "ratio to own": statistics.median(their / my for their, my in zip(theirs, own)),
        "difference": largest, "limit": peer.limit or front_end.limit, "frames": frames, "peer frames": peer_frames,
        "differs": peer.differs,
    }


def told(row):
    times = (f"{row['preset']:13s} {row['peer']:24s} {row['peer us']:7.2f} us a frame, ours {row['our us']:.3f}, "
             f"in the element {row['our own us']:.3f}")
    counts = f"; frames {row['frames']}, peer {row['peer frames']}" if row["frames"] != row["peer frames"] else ""
    if row["difference"] > row["limit"]:  # times of different things have no ratio
        return f"{times}; OTHER NUMBERS ({row['difference']:.1e}): {row['differs'] or 'unexplained'}{counts}"
    return (f"{times}: x{row['ratio']:.1f} ({row['ratios'][0]:.1f} to {row['ratios'][1]:.1f}), x{row['ratio to own']:.1f}; "
            f"same within {row['difference']:.1e} (limit {row['limit']:.0e}){counts}")


def with_libraries(front_ends, libraries):
    for text in libraries:
        preset, _, rest = text.partition(":")
        name, _, place = rest.partition("=")
        path, _, function = place.rpartition(":")
        found = [entry for entry in front_ends if entry.preset == preset and entry.layout == "frame-major"] or \
                [entry for entry in front_ends if entry.preset == preset]
        if not found or not path:
            sys.exit(f"--library {text}: it is PRESET:NAME=FILE:FUNCTION")
        skip = 3 if preset.startswith("whisper") else 0  # the last ones see what the library pads with
        mels = 32 if preset == "openwakeword" else 80
        found[0].peers.append(peer_calls.Peer(
            name, lambda path=path, function=function, mels=mels: peer_calls.from_library(path, function, mels), skip=skip))
    return front_ends


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--only", default="", help="only lines whose 'preset peer' has this text")
    parser.add_argument("--require", default="", help="fail unless a line with this text was measured")
    parser.add_argument("--openwakeword-model", default="")
    parser.add_argument("--library", action="append", default=[])
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    warnings.simplefilter("ignore")

    rows, wrong = [], 0
    for front_end in with_libraries(peer_calls.front_ends(options.openwakeword_model), options.library):
        audio = peer_calls.sound(options.seconds, front_end.rate)
        for peer in front_end.peers:
            if options.only not in f"{front_end.preset} {peer.name}":
                continue
            try:
                row = measure(front_end, peer, audio, options.rounds)
            except (ImportError, OSError, AttributeError) as reason:
                print(f"{front_end.preset:13s} {peer.name:24s} NOT HERE: {reason}")
                continue
            print(told(row), flush=True)
            rows.append(row)
            wrong += row["difference"] > row["limit"] and not row["differs"]
    if options.json:
        about = {"machine": platform.platform(), "python": platform.python_version(), "numpy": np.__version__,
                 "seconds": options.seconds, "rounds": options.rounds, "rows": rows}
        Path(options.json).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    if options.require and not any(options.require in f"{row['preset']} {row['peer']}" for row in rows):
        sys.exit(f"peers.py: no line of {options.require}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
