from pathlib import Path

import pytest

from momentum.errors import ErrorCode, Permanent
from momentum.outbound.sources import BLOCK_BYTES, ByteSource, FileSource

pytestmark = pytest.mark.anyio
BODY = bytes(range(256)) * (BLOCK_BYTES // 128) + b"end"


@pytest.fixture
def a_file(tmp_path: Path) -> ByteSource:
    path = tmp_path / "talk.m4a"
    path.write_bytes(BODY)
    return FileSource(path)


async def test_a_file_streams_from_any_place_to_its_end(a_file: ByteSource) -> None:
    assert b"".join([block async for block in a_file.stream()]) == BODY
    assert b"".join([block async for block in a_file.stream(len(BODY) - 5)]) == BODY[-5:]
    assert b"".join([block async for block in a_file.stream(len(BODY))]) == b""


async def test_a_file_says_its_size_and_name_and_gives_ranges(a_file: ByteSource) -> None:
    assert (a_file.size, a_file.name) == (len(BODY), "talk.m4a")
    assert await a_file.read(10, 20) == BODY[10:30]
    assert await a_file.read(len(BODY) - 3, 20) == b"end"
    assert await a_file.read(len(BODY) + 3, 20) == b""


@pytest.mark.parametrize("name", ["missing.m4a", "."])
async def test_what_is_no_readable_file_is_said_in_words(tmp_path: Path, name: str) -> None:
    source = FileSource(tmp_path / name)
    with pytest.raises(Permanent, match="cannot be read") as caught:
        await anext(aiter(source.stream()))
    assert caught.value.code is ErrorCode.MEDIA_UNREADABLE
    with pytest.raises(Permanent):
        await source.read(0, 1)
