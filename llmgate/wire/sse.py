"""The codec of server-sent events: bytes in, in any cut, events out.

Works on bytes, since a chunk may end inside a character. Lines end with LF, CR LF or CR; a CR at
the end of a chunk waits for the next byte. Nearly every chunk of a provider is exactly one complete
``data: ...`` event, so that shape is recognised whole; everything else goes line by line.
Grammar: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from typing import Final

import msgspec

MAX_EVENT_BYTES: Final = 32 * 1024 * 1024

_BOM: Final = b"\xef\xbb\xbf"


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event; ``id`` is the last one the stream gave, as the standard has it."""

    name: str
    data: bytes
    id: str


class Decoder:
    """Turns the bytes of one stream into events.

    ``dropped`` counts events over ``max_event_bytes``, which are left out. ``cut_inside`` is set by
    ``close`` when the stream ended before the blank line that completes its last event.
    """

    __slots__ = (
        "_data",
        "_held_cr",
        "_id",
        "_line",
        "_line_size",
        "_max",
        "_name",
        "_plain",
        "_size",
        "_skipping",
        "_started",
        "cut_inside",
        "dropped",
    )

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self.cut_inside = False
        self.dropped = 0
        self._plain = False  # nothing is pending: the next chunk may be taken whole
        self._started = False  # the first line, which may begin with a byte order mark, is over
        self._line: list[bytes] = []  # pieces of a line that is not complete
        self._data: list[bytes] = []
        self._name = ""
        self._id = ""
        self._size = 0  # of the event's complete lines
        self._line_size = 0
        self._skipping = False
        self._held_cr = False

    @property
    def between_events(self) -> bool:
        """No event is open, so a blank line written here would complete none."""
        return self._plain or not (
            self._line
            or self._data
            or self._name
            or self._held_cr
            or self._skipping
            or self.cut_inside
        )

    def feed(self, data: bytes) -> list[Event]:
        """Takes the next bytes; returns the events they complete."""
        if (
            self._plain
            and data.startswith(b"data: ")
            and data.find(b"\n") == len(data) - 2
            and data.endswith(b"\n")
            and b"\r" not in data
            and len(data) < self._max
        ):
            return [Event("", data[6:-2], self._id)]
        return self._feed_lines(data) if data else []

    def close(self) -> list[Event]:
        """Ends the input; an event without its blank line is returned, ``cut_inside`` set."""
        events: list[Event] = []
        if self._held_cr:
            events = self._feed_lines(b"\n")  # the held CR ends its line; this is its LF
        if not self.between_events:
            comment = self._line and self._line[0].startswith(b":")
            self.cut_inside = bool(self._data or self._name or self._skipping or not comment)
            events += self._feed_lines(b"\n\n")
            self._plain = False
        return events

    def _feed_lines(self, data: bytes) -> list[Event]:
        if self._held_cr:
            data = b"\r" + data
            self._held_cr = False
        if b"\r" in data:
            if data.endswith(b"\r"):
                self._held_cr = True
                data = data[:-1]
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        events: list[Event] = []
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._take_line(line, events)
        if rest:
            self._keep(rest)
        self._plain = self._started and not (
            rest or self._line or self._data or self._name or self._held_cr or self._skipping
        )
        return events

    def _take_line(self, line: bytes, events: list[Event]) -> None:
        if self._line:
            self._keep(line)
            line = b"".join(self._line)
            self._line.clear()
            self._line_size = 0
        if not self._started:
            self._started = True
            line = line.removeprefix(_BOM)
        if not line:
            self._dispatch(events)
        elif line.startswith(b"data:"):
            self._add(line[6:] if line.startswith(b"data: ") else line[5:])
        elif not self._skipping and not line.startswith(b":"):
            self._take_field(line)

    def _take_field(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value.decode(errors="replace")
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode(errors="replace")
        elif field == b"data":  # without a colon
            self._add(value)

    def _add(self, value: bytes) -> None:
        self._size += len(value)
        if self._size > self._max:
            self._skip()
        elif not self._skipping:
            self._data.append(value)

    def _dispatch(self, events: list[Event]) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            events.append(Event(self._name, data, self._id))
            self._data.clear()
        self._name = ""
        self._size = 0
        self._skipping = False

    def _keep(self, piece: bytes) -> None:
        """Holds a piece of an unfinished line; of an oversized event only that there is one."""
        self._line_size += len(piece)
        if self._size + self._line_size > self._max:
            self._skip()
        if not self._skipping:
            self._line.append(piece)
        elif not self._line:
            self._line.append(b":")

    def _skip(self) -> None:
        if not self._skipping:
            self.dropped += 1
            self._skipping = True
        self._data.clear()
        self._line = [b":"] if self._line else []


def encode(data: bytes, *, name: str = "", id: str = "") -> bytes:  # noqa: A002
    """Writes one event, its blank line included."""
    if b"\n" in data or b"\r" in data:
        lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        data = lines.replace(b"\n", b"\ndata: ")
    head = f"id: {_one_line(id)}\n" if id else ""
    if name:
        head += f"event: {_one_line(name)}\n"
    return b"%bdata: %b\n\n" % (head.encode(), data)


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")
