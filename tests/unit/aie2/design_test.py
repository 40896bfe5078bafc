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
# Designs depend on a recipe's mels only; those of 1000 frames take a while to walk.
SHIPPED = [(1, "whisper80", 100), (2, "whisper80", 1000), (2, "nemo128", 1000), (3, "nemo80", 1000)] + [
    (abi, recipe, 100) for abi in (2, 3) for recipe in LAYOUT["recipes"]]


def mels_of(recipe):
    return LAYOUT["recipes"][recipe]["mels"]


def check(abi=2, recipe="whisper80", layout=None, **broken):
    """Builds and checks, with functions of the design replaced by `broken`."""
    patches = [mock.patch.object(design, name, new) for name, new in broken.items()]
    for patch in patches:
        patch.start()
    try:
        program = design.build(layout or LAYOUT, "npu1", abi, recipe, "mel.o")
        design_check.check(program, abi, mels_of(recipe))
    finally:
        for patch in patches:
            patch.stop()


def tap(sizes, strides, count=16240, offset=0):
    return lambda *_: TensorAccessPattern((1, count), offset, sizes, strides)


class Design(unittest.TestCase):
    def test_each_frame_is_read_and_written_once_in_its_place(self):
        self.assertEqual(set(LAYOUT["recipes"]),
                         {"whisper80", "whisper128", "nemo80", "nemo128", "kaldi80"})
        for abi, recipe, frames in SHIPPED:
            for target in ("npu1", "npu2") if frames == 100 else ("npu1",):
                with self.subTest(abi=abi, recipe=recipe, frames=frames, target=target):
                    program = design.build(LAYOUT, target, abi, recipe, "mel.o", frames)
                    design_check.check(program, abi, mels_of(recipe), frames)
                    self.assertEqual(type(program.device).__name__, target.upper() + "Col1")
                    self.assertEqual(len(program.workers), 4)

    def test_memory_of_a_tile_is_that_of_the_layout(self):
        for abi, recipe, count in SHIPPED:
            program = design.build(LAYOUT, "npu1", abi, recipe, "mel.o", count)
            sizes = LAYOUT["recipes"][recipe]
            for worker in program.workers:
                frames, rows = (h.depth * h.fifo.obj_type.bytes for h in worker.handles)
                held = sizes["float-rows"] if abi == 3 else sizes
                self.assertEqual(frames, sizes["input-fifo"])
                # The layout budgets for the larger rows of ABI v2 where they are those of v1.
                self.assertEqual(rows, held["output-fifo"] // (2 if abi == 1 else 1))
                self.assertEqual(worker.data_size, sizes["data-size"])
                self.assertEqual(worker.stack_size, LAYOUT["stack-size"])
                self.assertLessEqual(held["tile-bytes"], LAYOUT["tile-memory"])
                self.assertEqual(held["tile-bytes"], sizes["input-fifo"] + held["output-fifo"] +
                                 sizes["data-size"] + LAYOUT["stack-size"])

    def test_rows_of_float_have_five_objects_where_they_fit(self):
        self.assertEqual({recipe: sizes["float-rows"]["row-depth"]
                          for recipe, sizes in LAYOUT["recipes"].items()},
                         {"whisper80": 5, "whisper128": 1, "nemo80": 5, "nemo128": 5, "kaldi80": 5})
        full = LAYOUT["recipes"]["whisper128"]
        full = full | {"float-rows": full["float-rows"] | {"row-depth": 5}}
        layout = LAYOUT | {"recipes": LAYOUT["recipes"] | {"whisper128": full}}
        with self.assertRaisesRegex(design_check.DesignError, "bytes on a tile of 65536"):
            check(abi=3, recipe="whisper128", layout=layout)

    def test_descriptors_of_the_memory_tile_are_all_in_use(self):
        program = design.build(LAYOUT, "npu1", 2, "whisper80", "mel.o")
        fifos = [handle.fifo for handle in program.rt.handles]
        self.assertEqual(design_check.memory_tile_descriptors(*fifos), 24)


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

    def test_deeper_fifos_than_the_memory_tile_has_descriptors_for(self):
        real = design.ObjectFifo
        with mock.patch.object(design, "ObjectFifo",
                               lambda *args, **kw: real(*args, **(kw | {"depth": 3}))):
            self.refused("36 descriptors on even channels of the memory tile, 24 exist")

    def test_deeper_fifos_than_a_core_has_descriptors_for(self):
        self.refused("50 descriptors on a core of 16", layout=LAYOUT | {"fifo-depth": 25})

    def test_too_large_a_stack(self):
        self.refused("bytes on a tile", layout=LAYOUT | {"stack-size": 8192})


if __name__ == "__main__":
    unittest.main()
