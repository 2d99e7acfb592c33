import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.media.boxes import Order, order_of
from momentum.media.shapes import shape_of


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
    head = b"RIFF" + struct.pack("<I", stated)
    shape = shape_of(head)
    assert (shape is None) == (stated in {0, 2**32 - 1})
    if shape is not None:
        shape.feed(head)
        shape.feed(bytes(92))
        assert shape.is_cut == cut


def a_page(body: int) -> bytes:
    lacing = [255] * (body // 255) + [body % 255]
    return b"OggS" + bytes(22) + bytes([len(lacing), *lacing]) + bytes(body)


OGG = a_page(0) + a_page(700) + a_page(40)


@given(st.integers(1, len(OGG)), st.lists(st.integers(1, 400), min_size=1))
def test_an_ogg_file_is_cut_where_it_ends_inside_a_page_however_it_arrives(end: int, steps: list[int]) -> None:
    shape = shape_of(OGG)
    assert shape is not None
    position, turn = 0, 0
    while position < end:
        step = steps[turn % len(steps)]
        shape.feed(OGG[position : min(end, position + step)])
        position, turn = position + step, turn + 1
    assert shape.is_cut == (end not in {len(a_page(0)), len(a_page(0) + a_page(700)), len(OGG)})


def a_matroska(length: bytes) -> bytes:
    return b"\x1a\x45\xdf\xa3\x84" + bytes(4) + b"\x18\x53\x80\x67" + length


@pytest.mark.parametrize(
    ("head", "length"),
    [
        pytest.param(a_matroska(b"\x01\x00\x00\x00\x00\x00\x01\x00"), 21 + 256, id="matroska"),
        pytest.param(a_matroska(b"\x41\x00"), 15 + 256, id="matroska, a short number"),
        pytest.param(a_matroska(b"\x01" + b"\xff" * 7), None, id="matroska of unknown length"),
        pytest.param(a_matroska(b""), None, id="matroska, hardly begun"),
        pytest.param(b"\xff\xfb\x54\xc0" + bytes(17) + b"Info" + struct.pack(">III", 3, 9, 5000), 5000, id="mp3"),
        pytest.param(
            b"ID3\4\0\0\0\0\1\2" + bytes(130) + b"\xff\xfb\x54\xc0" + b"Xing" + struct.pack(">II", 2, 5000), 5140, id="mp3 with a tag"
        ),
        pytest.param(b"\xff\xfb\x54\xc0" + bytes(17) + b"Info" + struct.pack(">II", 1, 9), None, id="mp3 that tells frames only"),
        pytest.param(b"Info" * 5, None, id="no mp3"),
    ],
)
def test_a_file_that_states_its_length_is_cut_before_it(head: bytes, length: int | None) -> None:
    shape = shape_of(head)
    assert (shape is None) == (length is None)
    if shape is not None and length is not None:
        shape.feed(head + bytes(length - len(head) - 1))
        assert shape.is_cut
        shape.feed(b"\0")
        assert not shape.is_cut


def test_a_transport_stream_is_cut_inside_a_packet() -> None:
    packet = b"G" + bytes(187)
    shape = shape_of(packet * 2)
    assert shape is not None
    shape.feed(packet * 2)
    assert not shape.is_cut
    shape.feed(packet[:50])
    assert shape.is_cut


def test_nothing_is_claimed_about_other_files() -> None:
    assert shape_of(b"fLaC\0\0\0\0") is None
