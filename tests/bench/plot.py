#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bars of the kernel's speed against the yardstick, as SVG. usage: plot.py RATIO_JSON SVG_FILE"""
import json
import sys

ROW, LEFT, SCALE = 22, 130, 55
COLOURS = {"AVX3": "#1f77b4", "AVX2": "#7fb3d5", "NEON": "#1f77b4"}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        presets = json.load(file)
    parts = []
    y = 30
    for preset in presets:
        parts.append(f'<text x="{LEFT - 6}" y="{y + 13}" text-anchor="end">{preset["preset"]}</text>')
        bars = [(name.split("/")[0], values["ratio"]) for name, values in preset["kernel"].items()
                if name.endswith("/s16") and name.split("/")[0] in COLOURS]
        for i, (target, ratio) in enumerate(bars):
            parts.append(f'<rect x="{LEFT}" y="{y + 9 * i}" width="{ratio * SCALE:.1f}" height="8" '
                         f'fill="{COLOURS[target]}"/><text x="{LEFT + 4 + ratio * SCALE:.1f}" '
                         f'y="{y + 9 * i + 8}" font-size="9">{target} {ratio:.1f}x</text>')
        y += ROW
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{y + 10}" '
            f'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
            f'<text x="{LEFT}" y="18" font-size="13">Speed against one FFTW transform a frame (1x), '
            f'int16 in, 100 frames a call</text><line x1="{LEFT + SCALE}" y1="24" '
            f'x2="{LEFT + SCALE}" y2="{y}" stroke="#c00"/>')
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(head + "\n".join(parts) + "</svg>\n")


main()
