# SPDX-License-Identifier: LGPL-2.1-or-later
"""Records a design instead of lowering it. A Program is what design_check.py reads."""

BATCHES = 2  # core bodies run this often: a second batch must go where the first went


class Element:
    """One object of a fifo: the n-th that this end has acquired since the start."""

    def __init__(self, handle, number):
        self.handle = handle
        self.number = number
        self.held = True


class ObjectFifoHandle:
    def __init__(self, fifo, is_prod, depth=None):
        self.fifo = fifo
        self.is_prod = is_prod
        self.depth = depth if depth is not None else fifo.depth
        self.held = []
        self.passed = 0  # objects acquired since the start
        self.transfers = []

    def acquire(self, num_elem):
        if num_elem > self.depth:
            raise ValueError(f"{self.fifo.name}: acquire({num_elem}) of depth {self.depth}")
        while len(self.held) < num_elem:
            self.held.append(Element(self, self.passed))
            self.passed += 1
        return self.held[0] if num_elem == 1 else list(self.held[:num_elem])

    def release(self, num_elem):
        if num_elem > len(self.held):
            raise ValueError(f"{self.fifo.name}: release({num_elem}) of {len(self.held)} held")
        for element in self.held[:num_elem]:
            element.held = False
        del self.held[:num_elem]

    def fill(self, source, tap=None, wait=False):
        if not self.is_prod:
            raise ValueError("fill() is for producers")
        self.transfers.append((source, tap, wait))

    def drain(self, dest, tap=None, wait=False):
        if self.is_prod:
            raise ValueError("drain() is for consumers")
        self.transfers.append((dest, tap, wait))

    def _link(self, offsets, depths, obj_types, names):
        if not len(offsets) == len(depths) == len(obj_types) == len(names):
            raise ValueError("offsets, depths, obj_types and names differ in length")
        parts = [ObjectFifo(t, depth=d, name=n) for t, d, n in zip(obj_types, depths, names)]
        self.fifo.link = (self.is_prod, list(zip(offsets, parts)))
        return parts

    def split(self, offsets, tile=None, depths=None, obj_types=None, names=None):
        if self.is_prod:
            raise ValueError("split() is for consumers")
        return self._link(offsets, depths, obj_types, names)

    def join(self, offsets, tile=None, depths=None, obj_types=None, names=None):
        if not self.is_prod:
            raise ValueError("join() is for producers")
        return self._link(offsets, depths, obj_types, names)


class ObjectFifo:
    def __init__(self, obj_type, depth=2, name=None):
        self.obj_type = obj_type
        self.depth = depth
        self.name = name
        self.link = None  # (is join, [(offset, part)])

    def prod(self, depth=None):
        return ObjectFifoHandle(self, True, depth)

    def cons(self, depth=None):
        return ObjectFifoHandle(self, False, depth)


class Kernel:
    calls = None  # of the core whose body runs now

    def __init__(self, name, object_file_name, arg_types=None):
        self.name = name
        self.object_file_name = object_file_name
        self.arg_types = list(arg_types or [])

    def __call__(self, *args):
        if len(args) != len(self.arg_types):
            raise ValueError(f"{self.name}: {len(args)} arguments for {len(self.arg_types)}")
        for arg, declared in zip(args, self.arg_types):
            if isinstance(arg, Element):
                if not arg.held:
                    raise ValueError(f"{self.name}: object of {arg.handle.fifo.name} is released")
                if arg.handle.fifo.obj_type != declared:
                    raise ValueError(f"{self.name}: {arg.handle.fifo.obj_type} is not {declared}")
            elif not isinstance(arg, int):
                raise ValueError(f"{self.name}: {arg!r} is neither fifo object nor number")
        Kernel.calls.append((self.name, args))


class Worker:
    def __init__(self, core_fn, fn_args=None, tile=None, while_true=True, stack_size=None,
                 data_size=None, dynamic_objfifo_lowering=None):
        self.core_fn = core_fn
        self.fn_args = list(fn_args or [])
        self.while_true = while_true
        self.stack_size = stack_size
        self.data_size = data_size
        self.calls = []

    @property
    def handles(self):
        return [arg for arg in self.fn_args if isinstance(arg, ObjectFifoHandle)]

    def record(self):
        for _ in range(BATCHES if self.while_true else 1):
            self.calls.append([])
            Kernel.calls = self.calls[-1]
            self.core_fn(*self.fn_args)


class Runtime:
    def __init__(self, sequence, fn_args=None):
        self.sequence = sequence
        self.fn_args = list(fn_args or [])

    @property
    def handles(self):
        return [arg for arg in self.fn_args if isinstance(arg, ObjectFifoHandle)]

    @property
    def buffers(self):
        return [arg for arg in self.fn_args if not isinstance(arg, ObjectFifoHandle)]


class Program:
    def __init__(self, device, rt, workers=None):
        self.device = device
        self.rt = rt
        self.workers = list(workers or [])

    def resolve_program(self):
        self.rt.sequence(*self.rt.fn_args)
        for worker in self.workers:
            worker.record()
        return self
