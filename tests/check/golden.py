#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds what gst-launch-1.0 and npyenc write against golden vectors of the original front ends.

usage: golden.py GST_LAUNCH COMPARE_MEL GOLDEN_DIR
GOLDEN_DIR has manifest.json, audio/*.wav and FRONT_END/CLIP.npy. Every vector in the manifest is
computed and compared; one that is missing, or a front end that has no launch line here, fails. The
folder that the environment variable NPUMELSPEC_GOLDEN names is checked in the same way, and once
more with its own check_mel.py.
"""
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CLIP = "frames=0 normalize=buffer"
RAW = "frames=0"
# Front end: the properties that a user writes for it.
LINES = {
    "whisper80": f"preset=whisper80 {CLIP}",
    "whisper128": f"preset=whisper128 {CLIP}",
    "whisper80_tail30s": f"preset=whisper80 {CLIP} tail-silence=30000000000",
    "whisper80_pad30": "preset=whisper80 frames=3000 eos-mode=pad normalize=buffer",
    "nemo80": f"preset=nemo80 {CLIP}",
    "nemo128": f"preset=nemo128 {CLIP}",
    "nemo80_raw": f"preset=nemo80 {RAW}",
    "kaldi80": f"preset=kaldi80 {RAW}",
    "kaldi80_f64": f"preset=kaldi80 {RAW}",
    "icefall80": f"preset=icefall80 {RAW}",
    "openwakeword": f"preset=openwakeword {CLIP}",
    "openwakeword_stream": "preset=openwakeword frames=8 first-frames=5 normalize=buffer "
                           "eos-mode=drop",
    "librosa_power": f"preset=librosa log=none {RAW}",
    "librosa_db": f"preset=librosa log=db {CLIP}",
    "torchaudio_power": f"preset=torchaudio {RAW}",
    "funasr80": f"preset=funasr80 {RAW}",
    "wespeaker80": f"preset=wespeaker80 {CLIP}",
    "seamless80": f"preset=seamless80 {CLIP}",
    "s2t80": f"preset=s2t80 {CLIP}",
    "ast128": f"preset=ast128 {CLIP}",
    "granite80": f"preset=granite80 {CLIP}",
    "voxtral_rt128": f"preset=voxtral-rt128 {CLIP}",
    "vggish64": f"preset=vggish64 {RAW}",
    "yamnet64": f"preset=yamnet64 {RAW}",
    "gemma3n128": f"preset=gemma3n128 {RAW}",
    "gemma4_128": f"preset=gemma4-128 {RAW}",
    "lasr128": f"preset=lasr128 {RAW}",
    "phi4mm80": f"preset=phi4mm80 {RAW}",
    "clap64": f"preset=clap64 {RAW}",
    "hifigan22_80": f"preset=hifigan80 {RAW}",
    "hifigan16_80": f"preset=hifigan80 {RAW}",
    "bigvgan24_100": f"preset=bigvgan100 {RAW}",
    "bigvgan44_128": f"preset=bigvgan128 {RAW}",
    "cosyvoice24_80": f"preset=cosyvoice80 {RAW}",
    "cosyvoice3_24_80": f"preset=cosyvoice3-80 {RAW}",
    "vocos24_100": f"preset=vocos100 {RAW}",
    "f5tts24_100": f"preset=f5tts100 {RAW}",
    "tacotron2_22_80": f"preset=tacotron2-80 {RAW}",
    "speecht5_80": f"preset=speecht5-80 {RAW}",
    "librosa_db_notop": f"preset=librosa log=db {RAW}",
    "librosa_db_amin1e5": f"preset=librosa log=db log-floor=1e-5 {RAW}",
    "librosa_db_refmax": f"preset=librosa log=db ref=-1 {CLIP}",
    "kaldi23_energy": f"preset=kaldi80 mels=23 energy=raw {RAW}",
}


def extract(launch, wav, properties, target):
    """One launch line; returns its error text, or None."""
    target.parent.mkdir(parents=True, exist_ok=True)
    line = (f"filesrc location={wav} ! wavparse ! npumelspec {properties} ! npyenc ! "
            f"filesink location={target}")
    done = subprocess.run([launch, "-q", *line.split()], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{launch} {line}\n{done.stdout}{done.stderr}"


def passes_check_mel(golden, folder):
    """The vectors' own tool, for folders that bring it along."""
    tool = golden / "check_mel.py"
    if not tool.exists():
        return True
    # Debian's interpreter is the one that has Debian's NumPy.
    done = subprocess.run(["/usr/bin/python3", str(tool), folder, str(golden), "--strict", "--all"],
                          capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def check(launch, compare, golden):
    """Computes and compares one folder of vectors. True when all of them pass."""
    golden = Path(golden).resolve()
    files = [f["path"] for f in json.loads((golden / "manifest.json").read_text())["files"]]
    unknown = sorted({path.split("/")[0] for path in files} - set(LINES))
    if unknown or not files:
        print(f"no launch line for {unknown}" if unknown else "the manifest lists no vector")
        return False
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(extract, launch, golden / "audio" / (Path(path).stem + ".wav"),
                            LINES[path.split("/")[0]], Path(folder, path)) for path in files]
        errors = [job.result() for job in jobs if job.result()]
        print("\n".join(errors), flush=True)
        compared = subprocess.run([compare, folder, str(golden)], check=False).returncode == 0
        return passes_check_mel(golden, folder) and compared and not errors


def main(launch, compare, *folders):
    more = os.environ.get("NPUMELSPEC_GOLDEN")
    results = [check(launch, compare, folder) for folder in [*folders, *([more] if more else [])]]
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
