# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the examples share: the folder, made audio, and running a command."""
import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
sys.path.insert(0, str(EXAMPLES))


def run(*command, env=None, data=None, check=True, timeout=120):
    """Runs a command; returns what it printed. Fails with its error output."""
    done = subprocess.run([str(part) for part in command], input=data, capture_output=True,
                          timeout=timeout, env={**os.environ, **(env or {})})
    text = done.stdout.decode(errors="replace")
    if check and done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{text}\n"
                             f"{done.stderr.decode(errors='replace')}")
    return text if check else (done.returncode, text + done.stderr.decode(errors="replace"))


def launcher_that_stays(folder):
    """A PATH whose gst-launch-1.0 prints an error and stays, as the real one does now and then."""
    launcher = folder / "bin" / "gst-launch-1.0"
    launcher.parent.mkdir()
    launcher.write_text("#!/bin/sh\necho 'ERROR: from element /GstPipeline:p: Out of cheese' >&2\n"
                        "exec sleep 200\n")
    launcher.chmod(0o755)
    return f"{launcher.parent}:{os.environ['PATH']}"


def speech_like(seconds, rate=16000, seed=1):
    """int16 samples that exercise every band: noise with a melody."""
    t = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(seed).normal(0, 0.02, t.size)
    tone = 0.3 * np.sin(2 * np.pi * (300 * t + 150 * np.sin(3 * t)))
    return np.round((tone + noise) * 32767).astype(np.int16)


def write_wav(path, samples, rate=16000):
    """samples: (n,) or (n, channels) int16."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path
