"""A picture for passes: a ring on a coloured ground, drawn here, since a pass needs an icon and a network has
sent us none."""

import struct
import zlib

Colour = tuple[int, int, int]


def ring(side: int, ground: Colour, ink: Colour) -> bytes:
    """A PNG of so many pixels a side, the ring in its middle."""
    outer, inner, middle = side * 0.36, side * 0.26, (side - 1) / 2
    rows = bytearray()
    for y in range(side):
        rows.append(0)  # no filter
        for x in range(side):
            far = ((x - middle) ** 2 + (y - middle) ** 2) ** 0.5
            rows += bytes(ink if inner <= far <= outer else ground)
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data)
        for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
