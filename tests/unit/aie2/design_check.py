# SPDX-License-Identifier: LGPL-2.1-or-later
"""Walks a recorded design and proves where every frame comes from and every row goes to."""

TILE_BYTES = 64 * 1024
MEMORY_TILE_BYTES = 512 * 1024
DMA_CHANNELS = {"shim": 2, "memory": 6, "core": 2}  # each way
CORE_DESCRIPTORS = 16
ROW_BYTES = {1: 1, 2: 2, 3: 4}  # of a value, by ABI
MEMORY_TILE_DESCRIPTORS = 24  # for the even channels of both directions, as many for the odd ones


class DesignError(Exception):
    pass


def require(condition, message):
    if not condition:
        raise DesignError(message)


def check_transfer(buffer, tap, name):
    """What a shim buffer descriptor can do, in its words of 4 bytes; returns the element order."""
    size = buffer.dtype.bytes
    require(tap is not None, f"{name}: no access pattern")
    require(tap.strides[-1] == 1, f"{name}: innermost stride must be 1")
    require(tap.sizes[-1] * size % 4 == 0 and tap.offset * size % 4 == 0,
            f"{name}: runs and offset must be whole words")
    require(all(s * size % 4 == 0 for s in tap.strides[:-1]), f"{name}: strides must be words")
    limits = [64, 1 << 31, 1023, 1023 * 4 // size]
    require(all(n <= limit for n, limit in zip(reversed(tap.sizes), reversed(limits))),
            f"{name}: sizes {tap.sizes} beyond a descriptor's fields")
    order = list(tap.indices())
    require(all(0 <= i < buffer.count for i in order), f"{name}: outside the buffer")
    return order


def objects(order, fifo):
    """A stream of elements cut into a fifo's objects."""
    count = fifo.obj_type.count
    require(len(order) % count == 0, f"{fifo.name}: the transfer leaves part of an object")
    return [order[i:i + count] for i in range(0, len(order), count)]


def part_objects(parent_objects, parent, is_join):
    """For each part of a link, its objects as slices of the parent's."""
    require(parent.link is not None and parent.link[0] == is_join, f"{parent.name}: no link")
    used = []
    parts = {}
    for offset, part in parent.link[1]:
        end = offset + part.obj_type.count
        require(0 <= offset and end <= parent.obj_type.count, f"{part.name}: outside its parent")
        require(part.obj_type.dtype is parent.obj_type.dtype, f"{part.name}: another type")
        used.extend(range(offset, end))
        parts[part] = [obj[offset:end] for obj in parent_objects]
    require(sorted(used) == list(range(parent.obj_type.count)),
            f"{parent.name}: parts do not add up to the object")
    return parts


def memory_tile_descriptors(parent_in, parent_out):
    """Buffer descriptors of the memory tile's even channels when both parents have one, the most
    that it can be. A parent's channel has one for each part of each object, since each part has
    locks of its own; a part's channel has one for each object of its parent."""
    def even_channels(parent):
        parts = len(parent.link[1])
        beside_the_parent = (parts + 1 + 1) // 2 - 1
        return parent.depth * parts + beside_the_parent * parent.depth
    return even_channels(parent_in) + even_channels(parent_out)


def check_descriptors(program, parent_in, parent_out):
    used = memory_tile_descriptors(parent_in, parent_out)
    require(used <= MEMORY_TILE_DESCRIPTORS,
            f"{used} descriptors on even channels of the memory tile, "
            f"{MEMORY_TILE_DESCRIPTORS} exist")
    for worker in program.workers:
        used = sum(handle.depth for handle in worker.handles)
        require(used <= CORE_DESCRIPTORS, f"{used} descriptors on a core of {CORE_DESCRIPTORS}")


def check_memory(program, parent_in, parent_out):
    require(len(program.workers) <= program.device.compute_tiles, "more workers than tiles")
    for worker in program.workers:
        fifos = sum(h.depth * h.fifo.obj_type.bytes for h in worker.handles)
        total = fifos + worker.stack_size + worker.data_size
        require(total <= TILE_BYTES, f"{total} bytes on a tile of {TILE_BYTES}")
        require(len(worker.handles) <= 2 * DMA_CHANNELS["core"], "DMA channels of a core")
    cores = len(program.workers)
    require(cores + 1 <= DMA_CHANNELS["memory"], "DMA channels of the memory tile")
    held = sum(f.depth * f.obj_type.bytes for f in (parent_in, parent_out))
    require(held <= MEMORY_TILE_BYTES, "memory tile is full")


def core_rows(worker, batch, frames, rows, frame_of):
    """Follows one batch of a core: {first element of a row: frame number}."""
    packed, computed, written = None, None, {}
    per_batch = len(frames)
    for name, args in worker.calls[batch]:
        if name == "mel_pack":
            packed = [frame_of(frames[arg.number - batch * per_batch]) for arg in args]
        elif name == "mel_compute":
            require(packed is not None, "compute before pack")
            computed, packed = packed, None
        else:
            row, slot = args
            require(computed is not None, "emit before compute")
            require(0 <= slot < len(computed), f"emit of slot {slot}")
            place = rows[row.number - batch * per_batch]
            require(place[0] not in written, f"row at {place[0]} written twice")
            require(place == list(range(place[0], place[0] + len(place))), "a row is torn")
            written[place[0]] = computed[slot]
    return written


def check(program, abi, mels, frames=100, win=400, hop=160):
    """Raises DesignError unless every frame is read from its place and written to its place."""
    stride = win if abi == 1 else hop
    fill_handle, drain_handle = program.rt.handles
    (source, fill_tap, _), = fill_handle.transfers
    (dest, drain_tap, waits), = drain_handle.transfers
    require(program.rt.buffers == [source, dest], "buffers are not (input, output)")
    require(source.count == (frames - 1) * stride + win and source.bytes % 4 == 0, "input size")
    require(dest.count == frames * mels and dest.dtype.bytes == ROW_BYTES[abi], "output size")
    require(waits, "nobody waits for the output")

    parent_in, parent_out = fill_handle.fifo, drain_handle.fifo
    require(parent_in.link and parent_out.link, "no link")
    check_descriptors(program, parent_in, parent_out)
    check_memory(program, parent_in, parent_out)
    read = part_objects(objects(check_transfer(source, fill_tap, "input"), parent_in), parent_in,
                        is_join=False)
    write = part_objects(objects(check_transfer(dest, drain_tap, "output"), parent_out),
                         parent_out, is_join=True)

    def frame_of(samples):
        require(samples == list(range(samples[0], samples[0] + win)), "a frame is torn")
        require(samples[0] % stride == 0, f"a frame begins at {samples[0]}")
        return samples[0] // stride

    for batch in range(2):
        result = {}
        frames_read = []
        for worker in program.workers:
            require(worker.while_true, "a core stops after one batch")
            frames_in, rows_out = worker.handles
            for handle, ends in ((frames_in, read), (rows_out, write)):
                require(handle.fifo in ends, f"{handle.fifo.name}: not linked")
                require(not handle.held, f"{handle.fifo.name}: objects kept after the batch")
                require(handle.passed == 2 * len(ends[handle.fifo]),
                        f"{handle.fifo.name}: {handle.passed} objects for two batches")
                require(len(ends[handle.fifo]) % handle.depth == 0,
                        f"{handle.fifo.name}: a batch does not end where it began")
            frames_read += [frame_of(samples) for samples in read[frames_in.fifo]]
            rows = core_rows(worker, batch, read[frames_in.fifo], write[rows_out.fifo], frame_of)
            require(not set(rows) & set(result), "two cores write the same row")
            result.update(rows)
        require(sorted(frames_read) == list(range(frames)), "a frame is not read exactly once")
        require(result == {frame * mels: frame for frame in range(frames)},
                f"batch {batch}: rows are not those of their frames")
