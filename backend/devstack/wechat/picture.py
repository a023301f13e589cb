"""A mini-program code (小程序码) to look at: a real PNG, one pattern per scene, nothing to scan."""

import hashlib
import math
import struct
import zlib
from typing import Final

RAYS: Final = 60
RINGS: Final = 14
GRID: Final = 140


def draw(scene: str, width: int) -> bytes:
    """Return a square grey PNG of about `width` pixels; the rays are bits of the scene's digest."""
    bits = int.from_bytes(hashlib.shake_256(scene.encode()).digest(RAYS * RINGS // 8), "big")
    middle, scale = GRID / 2, max(width // GRID, 1)
    rows = bytearray()
    for y in range(GRID):
        line = b"".join(
            bytes([_shade(x - middle, y - middle, middle, bits)]) * scale for x in range(GRID)
        )
        rows += (b"\0" + line) * scale  # each line begins with the PNG filter "none"
    head = struct.pack(">IIBBBBB", GRID * scale, GRID * scale, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(bytes(rows), 6))
        + _chunk(b"IEND", b"")
    )


def _shade(dx: float, dy: float, middle: float, bits: int) -> int:
    """Return 0 (black) or 255 of one pixel: a disc in the middle, rays around it."""
    far = math.hypot(dx, dy) / middle
    if far < 0.34:
        return 0 if far > 0.28 or far < 0.16 else 255
    if not 0.42 <= far < 0.96:
        return 255
    ring = int((far - 0.42) / 0.54 * RINGS)
    turn = (math.atan2(dy, dx) / math.tau % 1) * RAYS
    on = bits >> (ring * RAYS + int(turn)) & 1 and 0.2 < turn % 1 < 0.8
    return 0 if on else 255


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
