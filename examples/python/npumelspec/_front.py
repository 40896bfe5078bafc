# SPDX-License-Identifier: LGPL-2.1-or-later
"""One npumelspec element, driven by the thread that calls: samples are pushed into its sink pad and its
buffers taken from an appsink, so that a call needs no other thread and no main loop."""
import threading
import weakref

import numpy as np

from ._gst import Form, Gst, configure, error_of, make, pop_error

_NOW = 0  # ns to wait: everything that a push yields is there when it returns
# An attribute of Gst is looked up through the bindings each time.
_OK, _MAP = Gst.FlowReturn.OK, Gst.MapFlags.READ | Gst.MapFlags.WRITE


def _stop(pipeline, mappings):
    pipeline.set_state(Gst.State.NULL)
    while mappings:
        mappings.pop().__exit__(None, None, None)


class Front:
    """Not thread-safe: the owner holds a lock. After an exception it is of no further use."""

    def __init__(self, rate, sample_format, settings):
        self.element = make("npumelspec")
        configure(self.element, settings)
        self._sink = make("appsink")
        for name, value in (("sync", False), ("async", False), ("enable-last-sample", False),
                            ("wait-on-eos", False)):
            self._sink.set_property(name, value)
        self._pipeline = Gst.Pipeline.new(None)
        self._bus = self._pipeline.get_bus()
        self._pipeline.add(self.element)
        self._pipeline.add(self._sink)
        self._pad = Gst.Pad.new("audio", Gst.PadDirection.SRC)
        self._dtype = np.dtype("<i2" if sample_format == "S16LE" else "<f4")
        self._buffer = None
        self._mappings = []
        # Also when nobody closes it, and before Python takes the bindings down at its end.
        self._stopped = weakref.finalize(self, _stop, self._pipeline, self._mappings)
        self._room = np.empty(0, self._dtype)
        self._size = 0
        self._pts = None
        try:
            self._start(rate, sample_format)
        except BaseException:
            self.close()
            raise

    def _start(self, rate, sample_format):
        self.element.link(self._sink)
        self._pad.set_active(True)
        self._pad.link(self.element.get_static_pad("sink"))
        if self._pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            self._fail("npumelspec does not start")
        caps = Gst.Caps.from_string(f"audio/x-raw,format={sample_format},rate={rate},channels=1,"
                                    "layout=interleaved")
        segment = Gst.Segment()
        segment.init(Gst.Format.TIME)
        self._pad.push_event(Gst.Event.new_stream_start("npumelspec"))
        self._pad.push_event(Gst.Event.new_caps(caps))
        # A sticky event that is refused is kept for later: whether it arrived shows on the other pad.
        if self._pad.get_peer().get_current_caps() is None:
            self._fail(f"npumelspec does not take audio of {rate} Hz with these settings")
        self._pad.push_event(Gst.Event.new_segment(segment))
        self.form = Form(self.element.get_static_pad("src").get_current_caps())
        self._end = Gst.Event.new_segment_done(Gst.Format.TIME, -1)

    def push(self, samples, pts):
        """Hands over samples; `pts` in ns, or Gst.CLOCK_TIME_NONE to go on where the last ones ended."""
        buffer = self._filled(samples)
        if self._pts != pts:
            self._pts = buffer.pts = pts
        if self._pad.push(buffer) != _OK:
            self._fail("npumelspec stopped")

    def _filled(self, samples):
        """The one input buffer with these samples: the element has let go of it when a push returns, and
        fresh memory would cost more than the copy."""
        count = samples.size
        if self._room.size < count:
            if self._mappings:
                self._mappings.pop().__exit__(None, None, None)
            self._buffer = Gst.Buffer.new_allocate(None, samples.nbytes, None)
            # Mapped as long as it lives: the element's own mapping to read goes with one to read and write.
            self._mappings.append(self._buffer.map(_MAP))
            self._room = np.frombuffer(self._mappings[0].__enter__().data, self._dtype)
            self._pts = None
            self._size = count
        elif self._size != count:
            self._buffer.set_size(samples.nbytes)
            self._size = count
        self._room[:count] = samples
        return self._buffer

    def end(self):
        """Ends the clip: its last frames are computed, and the next push starts another one."""
        if not self._pad.push_event(self._end):
            self._fail("npumelspec stopped at the end of the audio")
        # An event has no flow result: an error is on the bus. This empties it, too: each end posts a message.
        error = pop_error(self._bus)
        if error is not None:
            raise error

    def pull(self):
        """The next array that is ready, or None."""
        sample = self._sink.emit("try-pull-sample", _NOW)
        if sample is None:
            return None
        return self.form.array(sample.get_buffer())

    def stats(self):
        """The element's `stats` as a dict."""
        stats = self.element.get_property("stats")
        return {stats.nth_field_name(i): stats.get_value(stats.nth_field_name(i)) for i in range(stats.n_fields())}

    def close(self):
        """Stops the element. May be called again."""
        self._stopped()

    def _fail(self, otherwise):
        message = self._bus.pop_filtered(Gst.MessageType.ERROR)
        raise RuntimeError(otherwise) if message is None else error_of(message)


class Owner:
    """What a processor and a stream have in common: a Front, a lock around it, and an end."""

    def __init__(self):
        self._lock = threading.Lock()
        self._front = None
        self._closed = False

    def close(self):
        """Frees the element; what was not collected is lost. May be called again; other calls raise ValueError."""
        with self._lock:
            self._closed = True
            self._drop()

    def _drop(self):
        """Stops the element, if there is one. With the lock held."""
        front, self._front = self._front, None
        if front is not None:
            front.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
