#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole pipelines in whole processes: CPU time, wall time, peak memory. Standard library only.

usage: pipeline.py PLUGIN_FOLDER JSON_FILE [--quick]
"""
import json
import os
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

RATE = 16000
BYTES_A_SECOND = 2 * RATE
PARSE = "rawaudioparse use-sink-caps=false format=pcm pcm-format=s16le sample-rate=16000 num-channels=1"


def noise(seconds):
    generator = random.Random(1)
    block = struct.pack(f"<{RATE}h", *(generator.randrange(-8000, 8000) for _ in range(RATE)))
    return block * seconds


class Runner:
    def __init__(self, plugins):
        self.env = dict(os.environ, GST_PLUGIN_PATH=plugins, GST_DEBUG="0")

    def run(self, pipeline, feed_seconds=0):
        """One gst-launch process: {cpu, wall, rss} in seconds and MiB."""
        command = ["gst-launch-1.0", "-q"] + pipeline.split()
        start = time.monotonic()
        process = subprocess.Popen(command, env=self.env,
                                   stdin=subprocess.PIPE if feed_seconds else subprocess.DEVNULL)
        if feed_seconds:
            feeder = threading.Thread(target=self.feed, args=(process.stdin, feed_seconds))
            feeder.start()
        _, status, usage = os.wait4(process.pid, 0)
        if feed_seconds:
            feeder.join()
        if status != 0:
            raise RuntimeError(f"failed: {' '.join(command)}")
        return {"cpu": usage.ru_utime + usage.ru_stime, "wall": time.monotonic() - start,
                "rss_mib": usage.ru_maxrss / 1024}

    @staticmethod
    def feed(pipe, seconds):
        minute = noise(60)
        while seconds > 0:
            pipe.write(minute[:min(seconds, 60) * BYTES_A_SECOND])
            seconds -= 60
        pipe.close()


def medians(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def interleaved(runner, pipelines, rounds, **options):
    """Medians, and the median of the rounds' ratios to the first pipeline: a machine that others use is
    slower in some rounds than in others, for all pipelines alike."""
    runs = {name: [] for name in pipelines}
    for _ in range(rounds):
        turn = {name: runner.run(pipeline, **options) for name, pipeline in pipelines.items()}
        first = next(iter(turn.values()))
        for name, run in turn.items():
            runs[name].append({**run, "ratio": run["cpu"] / first["cpu"]})
    return {name: medians(results) for name, results in runs.items()}


def main():
    plugins, output = sys.argv[1:3]
    quick = "--quick" in sys.argv
    runner = Runner(plugins)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "noise.s16")
        with open(path, "wb") as file:
            minute = noise(60)  # this process stays small: a child's peak memory starts from its
            for _ in range(10):
                file.write(minute)
        source = f"filesrc location={path} ! {PARSE}"
        runner.run(f"{source} ! npumelspec ! fakesink")  # registry scan, page cache

        results["600 s"] = interleaved(runner, {
            "audioconvert to F32LE": f"{source} ! audioconvert ! audio/x-raw,format=F32LE ! fakesink",
            "npumelspec": f"{source} ! npumelspec ! fakesink",
            "npumelspec, F16LE": f"{source} ! npumelspec ! audio/x-mel-spectrogram,format=F16LE ! fakesink",
            "npumelspec ! npyenc": f"{source} ! npumelspec ! npyenc ! filesink location=/dev/null",
            "parser alone": f"{source} ! fakesink",
        }, 5 if quick else 11)
        results["frames per buffer"] = interleaved(runner, {
            str(frames): f"{source} ! npumelspec frames={frames} ! fakesink"
            for frames in (1, 10, 100, 1000, 3000)}, 3 if quick else 7)

    test = "audiotestsrc wave=white-noise num-buffers={n} samplesperbuffer=160 ! audio/x-raw,rate=16000,format=S16LE"
    results["start-up"] = interleaved(runner, {
        "fakesink": f"{test.format(n=10)} ! fakesink",
        "npumelspec": f"{test.format(n=10)} ! npumelspec ! fakesink"}, 5 if quick else 15)

    feed = f"fdsrc ! {PARSE} ! npumelspec ! fakesink"
    lengths = (1, 60, 600, 3600) if quick else (1, 10, 60, 600, 3600, 36000)
    results["length"] = {str(seconds): runner.run(feed, feed_seconds=seconds)
                         for seconds in lengths}

    with open(output, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    for group, value in results.items():
        rows = value if "cpu" not in value else {"": value}
        print(group)
        for name, row in rows.items():
            ratio = f"  x{row['ratio']:.2f}" if "ratio" in row else ""
            print(f"  {name:24s} cpu {row['cpu']:8.3f} s  wall {row['wall']:8.3f} s  "
                  f"peak {row['rss_mib']:7.1f} MiB{ratio}")


main()
