#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs kernels/aie2/design.py on the recording stand-in of IRON and checks every frame's way.

    design_test.py LAYOUT_JSON

Designs broken on purpose, each in one place, must be refused for the reason that they are wrong.
"""
import json
import pathlib
import sys
import unittest
from unittest import mock

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE / "iron_standin"), str(HERE.parents[2] / "kernels" / "aie2")]

import design  # noqa: E402
import design_check  # noqa: E402
from aie.helpers.taplib import TensorAccessPattern  # noqa: E402

LAYOUT = json.loads(pathlib.Path(sys.argv.pop(1)).read_text(encoding="utf-8"))
SHIPPED = [(1, 80), (2, 80), (2, 128)]


def check(abi=2, mels=80, layout=None, **broken):
    """Builds and checks, with functions of the design replaced by `broken`."""
    patches = [mock.patch.object(design, name, new) for name, new in broken.items()]
    for patch in patches:
        patch.start()
    try:
        program = design.build(layout or LAYOUT, "npu1", abi, mels, "mel.o")
        design_check.check(program, abi, mels)
    finally:
        for patch in patches:
            patch.stop()


def tap(sizes, strides, count=16240, offset=0):
    return lambda *_: TensorAccessPattern((1, count), offset, sizes, strides)


class Design(unittest.TestCase):
    def test_each_frame_is_read_and_written_once_in_its_place(self):
        for abi, mels in SHIPPED:
            for target in ("npu1", "npu2"):
                with self.subTest(abi=abi, mels=mels, target=target):
                    program = design.build(LAYOUT, target, abi, mels, "mel.o")
                    design_check.check(program, abi, mels)
                    self.assertEqual(type(program.device).__name__, target.upper() + "Col1")
                    self.assertEqual(len(program.workers), 4)

    def test_memory_of_a_tile_is_that_of_the_layout(self):
        for abi, mels in SHIPPED:
            program = design.build(LAYOUT, "npu1", abi, mels, "mel.o")
            sizes = LAYOUT["mels"][str(mels)]
            for worker in program.workers:
                frames, rows = (h.depth * h.fifo.obj_type.bytes for h in worker.handles)
                self.assertEqual(frames, sizes["input-fifo"])
                # The layout budgets for the larger rows of ABI v2.
                self.assertEqual(rows, sizes["output-fifo"] * abi // 2)
                self.assertEqual(worker.data_size, sizes["data-size"])
                self.assertEqual(worker.stack_size, LAYOUT["stack-size"])


class BrokenDesign(unittest.TestCase):
    def refused(self, reason, **broken):
        with self.assertRaisesRegex((design_check.DesignError, ValueError), reason):
            check(**broken)

    def test_every_frame_reads_frame_0(self):
        self.refused("not read exactly once", input_tap=tap([1, 1, 100, 400], [0, 0, 0, 1]))

    def test_every_call_gets_the_first_object(self):
        """The offset of a frame is lost on the core: four times the same base pointer."""
        def group(frames_in, rows_out, pack, compute, emit, count):
            acquired = frames_in.acquire(count)
            first = acquired if count == 1 else acquired[0]
            pack(first, first, first, first)
            frames_in.release(count)
            compute()
            for slot in range(count):
                emit(rows_out.acquire(1), slot)
                rows_out.release(1)
        self.refused("rows are not those of their frames", group=group)

    def test_every_row_is_that_of_the_first_slot(self):
        def group(frames_in, rows_out, pack, compute, emit, count):
            acquired = frames_in.acquire(count)
            frames = [acquired] if count == 1 else acquired
            pack(*(frames[min(i, count - 1)] for i in range(4)))
            frames_in.release(count)
            compute()
            for _ in range(count):
                emit(rows_out.acquire(1), 0)
                rows_out.release(1)
        self.refused("rows are not those of their frames", group=group)

    def test_v2_read_with_the_stride_of_v1(self):
        self.refused("outside the buffer", input_tap=tap([1, 1, 100, 400], [0, 0, 400, 1]))

    def test_one_sample_late(self):
        self.refused("outside the buffer|begins at|whole words",
                     input_tap=tap([1, 1, 100, 400], [0, 0, 160, 1], offset=1))

    def test_odd_hop_is_no_word_stride(self):
        self.refused("strides must be words", input_tap=tap([1, 1, 100, 400], [0, 0, 159, 1]))

    def test_two_frames_swapped(self):
        self.refused("rows are not those of their frames", abi=1,
                     input_tap=tap([1, 50, 2, 400], [0, 800, -400, 1], 40000, offset=400))

    def test_a_frame_missing(self):
        self.refused("part of an object", input_tap=tap([1, 1, 99, 400], [0, 0, 160, 1]))

    def test_rows_all_written_to_row_0(self):
        self.refused("written twice|same row",
                     output_tap=tap([1, 1, 100, 80], [0, 0, 0, 1], 8000))

    def test_rows_mirrored(self):
        self.refused("rows are not those of their frames",
                     output_tap=tap([1, 1, 100, 80], [0, 0, -80, 1], 8000, offset=7920))

    def test_cores_dealt_in_another_order_than_gathered(self):
        real = design.ObjectFifo.cons

        def cons(fifo, *args):
            handle = real(fifo, *args)
            if fifo.name == "samples":
                split = handle.split
                handle.split = lambda offsets, **kw: split(offsets[::-1], **kw)
            return handle
        with mock.patch.object(design.ObjectFifo, "cons", cons):
            self.refused("rows are not those of their frames")

    def test_split_that_does_not_add_up(self):
        real = design.ObjectFifo.cons

        def cons(fifo, *args):
            handle = real(fifo, *args)
            if fifo.name == "samples":
                split = handle.split
                handle.split = lambda offsets, **kw: split([0] * len(offsets), **kw)
            return handle
        with mock.patch.object(design.ObjectFifo, "cons", cons):
            self.refused("do not add up")

    def test_released_before_packed(self):
        def group(frames_in, rows_out, pack, compute, emit, count):
            acquired = frames_in.acquire(count)
            frames_in.release(count)
            frames = [acquired] if count == 1 else acquired
            pack(*(frames[min(i, count - 1)] for i in range(4)))
        self.refused("is released", group=group)

    def test_core_that_leaves_the_last_frame_out(self):
        real = design.core_body
        self.refused("objects for two batches",
                     core_body=lambda *args: real(*args[:-1], args[-1] - 1))

    def test_depth_that_shifts_from_batch_to_batch(self):
        self.refused("does not end where it began", layout=LAYOUT | {"fifo-depth": 4})

    def test_too_large_a_stack(self):
        self.refused("bytes on a tile", layout=LAYOUT | {"stack-size": 8192})


if __name__ == "__main__":
    unittest.main()
