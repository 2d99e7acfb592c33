import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.media.boxes import Order, order_of, shape_of


def box(kind: bytes, length: int = 20) -> bytes:
    return struct.pack(">I4s", length + 8, kind) + bytes(length)


def large_box(kind: bytes, length: int) -> bytes:
    return struct.pack(">I4sQ", 1, kind, length + 16) + bytes(length)


FILE = box(b"ftyp") + box(b"free", 3) + large_box(b"mdat", 1000) + box(b"moov", 500)


@pytest.mark.parametrize(
    ("head", "order"),
    [
        (box(b"ftyp") + box(b"moov", 100), (Order.IN_ORDER, None)),
        (box(b"ftyp") + box(b"free") + box(b"moof"), (Order.IN_ORDER, None)),
        (box(b"ftyp") + box(b"mdat", 100), (Order.INDEX_LAST, 28 + 108)),
        (box(b"wide", 0) + box(b"mdat", 100), (Order.INDEX_LAST, 8 + 108)),
        (FILE, (Order.INDEX_LAST, len(FILE) - 508)),
        (box(b"ftyp") + struct.pack(">I4s", 0, b"mdat") + bytes(8), (Order.INDEX_LAST, None)),
        (b"RIFF\0\0\0\0WAVEfmt ", (Order.IN_ORDER, None)),
        (box(b"ftyp") + struct.pack(">I4s", 3, b"mdat") + bytes(8), (Order.IN_ORDER, None)),
        (box(b"ftyp"), None),
        (b"ID3", None),
    ],
)
def test_the_first_boxes_say_how_to_read(head: bytes, order: tuple[Order, int | None] | None) -> None:
    assert order_of(head) == order


@given(st.integers(0, len(FILE)), st.lists(st.integers(1, 40), min_size=1))
def test_a_file_is_cut_where_it_ends_inside_samples_or_index_however_it_arrives(end: int, steps: list[int]) -> None:
    shape = shape_of(FILE)
    assert shape is not None
    position, turn = 0, 0
    while position < end:
        step = steps[turn % len(steps)]
        shape.feed(FILE[position : min(end, position + step)])
        position, turn = position + step, turn + 1
    mdat, moov = len(FILE) - 508 - 1016, len(FILE) - 508
    assert shape.is_cut == (mdat + 16 <= end < moov or moov + 8 <= end < len(FILE))


@pytest.mark.parametrize(("stated", "cut"), [(100, True), (92, False), (0, False), (2**32 - 1, False)])
def test_a_wav_file_is_cut_when_it_is_shorter_than_it_says(stated: int, cut: bool) -> None:
    shape = shape_of(b"RIFF")
    assert shape is not None
    shape.feed(b"RIFF" + struct.pack("<I", stated)[:2])
    shape.feed(struct.pack("<I", stated)[2:] + bytes(92))
    assert shape.is_cut == cut


def test_nothing_is_claimed_about_other_files() -> None:
    assert shape_of(b"OggS\0\0\0\0") is None
