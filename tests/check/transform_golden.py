#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds what launch lines with meltransform write against golden vectors of the original programs.

usage: transform_golden.py GST_LAUNCH FOLDER [MORE_FOLDERS]
FOLDER has manifest.json, FRONT_END/CLIP.npy, stats/ and audio/CLIP.wav; audio and rows that it lacks
are looked for in its parent and in MORE_FOLDERS. Every vector of the manifest is computed: from audio
where its definition begins there, from the rows that it is a function of where those are given. One
that no line here makes fails. Prints the failures and, for each front end, how many passed and the
worst difference as a part of the tolerance.
"""
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import golden

# The properties of npumelspec.
FRONTS = {
    **golden.LINES,
    "kaldi23": "preset=kaldi80 mels=23 frames=0",
    "kaldi23_energy": "preset=kaldi80 mels=23 energy=raw frames=0",
    "kaldi23_energy_win": "preset=kaldi80 mels=23 energy=windowed frames=0",
    "kaldi40_hires": "preset=kaldi80 mels=40 fmax=7600 frames=0",
    "seamless80": "preset=seamless80 frames=0",
    "torchaudio_db": "preset=torchaudio log=db normalize-as=librosa frames=0 normalize=buffer",
    "torchaudio_log": "preset=torchaudio log=ln log-floor=1e-6 floor-mode=add frames=0",
    "librosa_magnitude": "preset=librosa spectrum=magnitude log=none frames=0",
    "librosa_db_top60": "preset=librosa log=db top-db=60 frames=0 normalize=buffer",
    "bigvgan22_80_full": "preset=hifigan80 fmax=0 frames=0",
}
# Values of a row, hop and logarithm of rows that are given.
ROWS = {
    "kaldi23": (23, 160, "ln"), "kaldi40_hires": (40, 160, "ln"), "kaldi80": (80, 160, "ln"),
    "funasr80": (80, 160, "ln"), "seamless80": (80, 160, "ln"), "librosa_db": (128, 512, "db"),
    "librosa_power": (128, 512, "none"), "kaldi_mfcc13": (13, 160, "ln"),
    "kaldi_mfcc40_hires": (40, 160, "ln"), "librosa_mfcc20": (20, 512, "db"),
    "funasr_lfr7x6": (560, 960, "ln"),
}
MFCC13, HIRES, LIBROSA = "preset=mfcc13-kaldi", "preset=mfcc40-hires", "preset=mfcc20-librosa"
# Vector: the rows it is made of, and the properties of meltransform.
TRANSFORMS = {
    "kaldi_mfcc13": ("kaldi23", MFCC13),
    "kaldi_mfcc13_f64": ("kaldi23", MFCC13),
    "kaldi_mfcc13_htk": ("kaldi23", f"{MFCC13} dct-order=htk"),
    "kaldi_mfcc13_energy": ("kaldi23_energy", MFCC13),
    "kaldi_mfcc13_energy_win": ("kaldi23_energy_win", MFCC13),
    "kaldi_mfcc40_hires": ("kaldi40_hires", HIRES),
    "kaldi_mfcc40_hires_f64": ("kaldi40_hires", HIRES),
    "librosa_mfcc20": ("librosa_db", LIBROSA),
    "torchaudio_mfcc40_db": ("torchaudio_db", "preset=mfcc40-torchaudio"),
    "torchaudio_mfcc40_log": ("torchaudio_log", "preset=mfcc40-torchaudio"),
    "librosa_pcen": ("librosa_magnitude", "pcen=librosa"),
    "kaldi_deltas": ("kaldi_mfcc13", "deltas=2"),
    "torchaudio_deltas5": ("kaldi_mfcc13", "deltas=2 delta-rule=torchaudio"),
    "librosa_delta9": ("librosa_mfcc20", "deltas=2 delta-rule=librosa"),
    "funasr_lfr7x6": ("funasr80", "preset=lfr-funasr"),
    "funasr_lfr_cmvn": ("funasr_lfr7x6", "cmvn=global cmvn-file=STATS/funasr_am.mvn"),
    "seamless_stack2_raw": ("seamless80", "stack-right=1 stack-stride=2 stack-edge=zero"),
    "seamless160": ("seamless80", "preset=seamless160"),
    "kaldi_splice4_4": ("kaldi_mfcc13", "stack-left=4 stack-right=4 stack-stride=1"),
    "kaldi_splice5_2": ("kaldi_mfcc13", "stack-left=5 stack-right=2 stack-stride=1"),
    "cmvn_global_mean": ("kaldi80", "cmvn=global cmvn-file=STATS/kaldi80_global_cmvn.ark"),
    "cmvn_global_meanvar": ("kaldi80", "cmvn=global cmvn-variance=true cmvn-file=STATS/kaldi80_global_cmvn.ark"),
    "cmvn_wenet_json": ("kaldi80", "cmvn=global cmvn-file=STATS/kaldi80_global_cmvn.json"),
    "cmvn_utt_mean": ("kaldi80", "cmvn=clip"),
    "cmvn_utt_meanvar": ("kaldi80", "cmvn=clip cmvn-variance=true"),
    "cmn_sliding600": ("kaldi_mfcc40_hires", "cmvn=sliding"),
    "cmn_sliding600_center": ("kaldi_mfcc40_hires", "cmvn=sliding cmvn-center=true"),
    "cmn_sliding300_center_vad13": ("kaldi_mfcc13", "cmvn=sliding cmvn-window=300 cmvn-center=true"),
    "cmvn_sliding50_10": ("kaldi_mfcc40_hires", "cmvn=sliding cmvn-window=50 cmvn-min-window=10 cmvn-variance=true"),
    "cmn_online600": ("kaldi_mfcc40_hires", "cmvn=online cmvn-file=STATS/mfcc40_global_cmvn.ark"),
}


def read_npy(path):
    data = Path(path).read_bytes()
    length = struct.unpack_from("<H", data, 8)[0]
    text = data[10:10 + length].decode("latin1")
    assert "'<f4'" in text and "False" in text, f"{path}: {text}"
    rows, dims = (int(n) for n in text[text.index("(") + 1:text.index(")")].split(",")[:2])
    return (rows, dims), array("f", data[10 + length:])


def difference(got, want, tolerance):
    """The largest of max_abs and rms as parts of the tolerance; None for another shape."""
    if got[0] != want[0]:
        return None
    gaps = [abs(a - b) for a, b in zip(got[1], want[1])]
    if not all(map(math.isfinite, gaps)):
        return None
    found = {"max_abs": max(gaps, default=0), "rms": math.sqrt(sum(g * g for g in gaps) / max(len(gaps), 1))}
    return max(0 if found[name] == 0 else math.inf if limit == 0 else found[name] / limit
               for name, limit in tolerance.items())


class Folder:
    def __init__(self, launch, folder, more):
        self.launch, self.folder = launch, Path(folder).resolve()
        self.places = [self.folder, self.folder.parent, *map(Path, more)]
        self.manifest = json.loads((self.folder / "manifest.json").read_text())

    def find(self, name):
        return next((place / name for place in self.places if (place / name).is_file()), None)

    def run(self, line, target):
        line = line.replace("STATS", str(self.folder / "stats"))
        target.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([self.launch, "-q", *f"{line} ! npyenc ! filesink location={target}".split()],
                              capture_output=True, text=True, check=False)
        return None if done.returncode == 0 else f"{self.launch} {line}\n{done.stdout}{done.stderr}"

    def from_audio(self, name, clip):
        chain = ""
        while name not in FRONTS:
            name, step = TRANSFORMS[name]
            chain = f" ! meltransform {step}{chain}"
        return f"filesrc location={self.find(f'audio/{clip}.wav')} ! wavparse ! npumelspec {FRONTS[name]}{chain}"

    def from_rows(self, name, clip, scratch):
        """The line over the rows that the vector is a function of; None where they are not given."""
        source, step = TRANSFORMS.get(name, (None, None))
        rows = self.find(f"{source}/{clip}.npy") if source in ROWS else None
        if rows is None:
            return None
        mels, hop, log = ROWS[source]
        values = read_npy(rows)[1].tobytes()
        raw = scratch / f"{name}-{clip}.f32"
        raw.write_bytes(values)
        return (f"filesrc location={raw} blocksize={len(values)} ! audio/x-mel-spectrogram,format=F32LE,"
                f"layout=frame-major,mels={mels},frames=0,rate=16000,hop-length={hop},log={log} ! meltransform {step}")

    def check(self, entry, scratch):
        """(how, worst part of the tolerance, problem) of each way to compute a vector."""
        name, clip = entry["front_end"], entry["clip"]
        if name not in FRONTS and name not in TRANSFORMS:
            return [("audio", None, f"{name}: no launch line")]
        ways = []
        given = self.manifest["front_ends"][name].get("input", "audio")
        if given.startswith("audio"):
            ways.append(("audio", self.from_audio(name, clip), entry["tol"]))
        rows = self.from_rows(name, clip, scratch)
        if rows is not None and (given.startswith("rows") or "tol_rows" in entry):
            ways.append(("rows", rows, entry.get("tol_rows", entry["tol"])))
        if not ways:
            return [("rows", None, f"{name}/{clip}: its rows are not here")]
        results = []
        for how, line, tolerance in ways:
            target = scratch / how / entry["path"]
            problem = self.run(line, target)
            part = None if problem else difference(read_npy(target), read_npy(self.folder / entry["path"]), tolerance)
            if problem is None and (part is None or part > 1):
                problem = f"{entry['path']} from {how}: " + (
                    "another shape" if part is None else f"{part:.3g} times the tolerance")
            results.append((how, part, problem))
        return results

    def passes(self):
        files = self.manifest["files"]
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(lambda entry: self.check(entry, Path(folder)), files))
        summary = {}
        failures = 0
        for entry, ways in zip(files, results):
            for how, part, problem in ways:
                passed, total, worst = summary.get((entry["front_end"], how), (0, 0, 0))
                summary[entry["front_end"], how] = (passed + (problem is None), total + 1, max(worst, part or 0))
                if problem is not None:
                    print(problem)
            failures += any(problem for _, _, problem in ways)
        for (name, how), (passed, total, worst) in summary.items():
            print(f"{name} from {how}: {passed} of {total}, worst {worst:.3g} of the tolerance")
        print(f"{len(files) - failures} of {len(files)} vectors passed", flush=True)
        return bool(files) and failures == 0


if __name__ == "__main__":
    sys.exit(0 if Folder(sys.argv[1], sys.argv[2], sys.argv[3:]).passes() else 1)
