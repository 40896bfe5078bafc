#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Dataflow of the NPU kernel in IRON (mlir-aie 1.4): prints the MLIR module.

    design.py --layout layout.json --target npu1|npu2 --abi 1|2|3 --recipe NAME --object mel.o

One column: the shim tile reads frames from the input buffer, the memory tile deals them to four
cores (frame 4*i + w to core w) and gathers their rows in the same order, the shim tile writes them.
Every fifo object of a core is one frame or one row, so no address is computed on the way: the only
place that knows where a frame begins is input_tap().

ABI v1: input 100 x 400 int16 (frames), output 100 x mels int8.
ABI v2: input 16240 int16 (a signal; frame f begins at 160*f), output 100 x mels int16. The same with
1000 frames (160240 samples) for backlogs.
ABI v3: as v2, output float32.
"""
import argparse
import json

import numpy as np
from aie.helpers.taplib import TensorAccessPattern
from aie.iron import Kernel, ObjectFifo, Program, Runtime, Worker
from aie.iron.controlflow import range_
from aie.iron.device import NPU1Col1, NPU2Col1

GROUP = 4  # frames that the kernel computes at once
ROW_TYPE = {1: np.int8, 2: np.int16, 3: np.float32}  # by ABI


def array(count, dtype):
    return np.ndarray[(count,), np.dtype[dtype]]


def frame_stride(layout, abi):
    return layout["win"] if abi == 1 else layout["hop"]


def input_samples(layout, abi, frames):
    return (frames - 1) * frame_stride(layout, abi) + layout["win"]


def input_tap(layout, abi, frames):
    """All frames one after another; in ABI v2 they overlap in the buffer."""
    return TensorAccessPattern((1, input_samples(layout, abi, frames)), offset=0,
                               sizes=[1, 1, frames, layout["win"]],
                               strides=[0, 0, frame_stride(layout, abi), 1])


def output_tap(mels, frames):
    return TensorAccessPattern((1, frames * mels), offset=0, sizes=[1, 1, frames, mels],
                               strides=[0, 0, mels, 1])


def group(frames_in, rows_out, pack, compute, emit, count):
    """One pass of the kernel over `count` frames; the last one stands in for missing ones."""
    acquired = frames_in.acquire(count)
    frames = [acquired] if count == 1 else [acquired[i] for i in range(count)]
    pack(*(frames[min(i, count - 1)] for i in range(GROUP)))
    frames_in.release(count)  # pack has copied them: the DMA fills up while the core computes
    compute()
    for slot in range(count):
        row = rows_out.acquire(1)
        emit(row, slot)
        rows_out.release(1)


def core_body(frames_in, rows_out, pack, compute, emit, frames):
    """What a core does for one batch: `frames` frames in, as many rows out."""
    for _ in range_(frames // GROUP):
        group(frames_in, rows_out, pack, compute, emit, GROUP)
    if frames % GROUP:
        group(frames_in, rows_out, pack, compute, emit, frames % GROUP)


def build(layout, target, abi, recipe, kernel_object, frames=100):
    sizes = layout["recipes"][recipe]
    mels = sizes["mels"]
    win, depth = layout["win"], layout["fifo-depth"]
    cores, link_depth = layout["cores"], layout["link-depth"]
    row_type = ROW_TYPE[abi]
    row_depth = sizes["float-rows"]["row-depth"] if abi == 3 else depth
    frame, row = array(win, np.int16), array(mels, row_type)

    fifo_in = ObjectFifo(array(cores * win, np.int16), name="samples", depth=link_depth)
    fifo_out = ObjectFifo(array(cores * mels, row_type), name="rows", depth=link_depth)
    frames_in = fifo_in.cons().split([w * win for w in range(cores)], depths=[depth] * cores,
                                     obj_types=[frame] * cores,
                                     names=[f"frame{w}" for w in range(cores)])
    rows_out = fifo_out.prod().join([w * mels for w in range(cores)],
                                    depths=[row_depth] * cores,
                                    obj_types=[row] * cores,
                                    names=[f"row{w}" for w in range(cores)])

    pack = Kernel("mel_pack", kernel_object, [frame] * GROUP)
    compute = Kernel("mel_compute", kernel_object, [])
    emit = Kernel(f"mel_emit_v{abi}", kernel_object, [row, np.int32])
    # Loops stay loops (dynamic lowering): unrolled over the fifo depth, the calls would not fit the
    # 16 KB of program memory.
    workers = [Worker(core_body,
                      [frames_in[w].cons(), rows_out[w].prod(), pack, compute, emit,
                       frames // cores],
                      stack_size=layout["stack-size"],
                      data_size=sizes["data-size"],
                      dynamic_objfifo_lowering=True)
               for w in range(cores)]

    def sequence(samples, rows, samples_in, rows_from):
        samples_in.fill(samples, tap=input_tap(layout, abi, frames))
        rows_from.drain(rows, tap=output_tap(mels, frames), wait=True)

    runtime = Runtime(sequence, [array(input_samples(layout, abi, frames), np.int16),
                                 array(frames * mels, row_type),
                                 fifo_in.prod(), fifo_out.cons()])
    device = NPU1Col1() if target == "npu1" else NPU2Col1()
    return Program(device, runtime, workers=workers).resolve_program()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layout", required=True, help="layout.json of the kernel's build")
    parser.add_argument("--target", required=True, choices=["npu1", "npu2"])
    parser.add_argument("--abi", required=True, type=int, choices=[1, 2, 3])
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--frames", type=int, choices=[100, 1000], default=100)
    parser.add_argument("--object", required=True, help="compiled mel_kernel.cc")
    args = parser.parse_args()
    with open(args.layout, encoding="utf-8") as file:
        layout = json.load(file)
    print(build(layout, args.target, args.abi, args.recipe, args.object, args.frames))


if __name__ == "__main__":
    main()
