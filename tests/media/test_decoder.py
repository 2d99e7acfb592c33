"""The decoder with real files, a real child process, and files that mean harm."""

import asyncio
import contextlib
import errno
import os
import resource
import signal
import struct
import time
from pathlib import Path

import av
import numpy as np
import pytest

from momentum.errors import ErrorCode, MomentumError, Permanent, Retry
from momentum.media import child
from momentum.media.child import ChildLimits
from momentum.media.decoder import DecodeLimits, Decoder
from momentum.outbound.sources import FileSource

pytestmark = pytest.mark.anyio

FAST, FRAGMENTED = {"movflags": "faststart"}, {"movflags": "frag_keyframe+empty_moov", "frag_duration": "1000000"}
KINDS = {
    "fast.m4a": {"container": "mp4", "options": FAST},
    "last.m4a": {"container": "mp4"},
    "fragmented.m4a": {"container": "mp4", "options": FRAGMENTED},
    "with_video.mp4": {"video": True, "options": FAST},
    "with_video_last.mp4": {"video": True},
    "tone.mp3": {"codec": "libmp3lame", "rate": 44_100},
    "tone.wav": {"codec": "pcm_s16le", "rate": 48_000},
    "tone.flac": {"codec": "flac", "rate": 44_100},
    "tone.ogg": {"codec": "libopus", "rate": 48_000},
    "tone.webm": {"codec": "libopus", "rate": 48_000},
    "tone.aac": {"container": "adts"},
    "tone.ts": {"container": "mpegts"},
}


@pytest.fixture
async def decoder():
    decoder = Decoder(stays=False)
    yield decoder
    await decoder.aclose()


async def heard(decoder, source) -> np.ndarray:
    return np.frombuffer(b"".join([block async for block in decoder.pcm(source)]), "<i2")


async def failure(decoder, source) -> MomentumError:
    with pytest.raises(MomentumError) as caught:
        await heard(decoder, source)
    assert source.name in caught.value.detail
    return caught.value


def is_tone(pcm: np.ndarray) -> bool:
    """Whether half a second is a 440 Hz tone and little else."""
    spectrum = np.abs(np.fft.rfft(pcm[:8000]))
    return spectrum[219:222].sum() > 0.5 * spectrum.sum() and np.abs(pcm).max() > 3000


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def eventually(true) -> bool:
    for _ in range(500):
        if true():
            return True
        await asyncio.sleep(0.01)
    return False


# --- good files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("name", KINDS)
async def test_every_kind_of_file_becomes_16_khz_mono(decoder, sounds, in_order, name: str, ranges: bool) -> None:
    path = sounds.tone(name, **KINDS[name])
    pcm = await heard(decoder, FileSource(path) if ranges else in_order(path))
    assert len(pcm) / 16_000 == pytest.approx(20, abs=0.1)
    assert all(is_tone(pcm[second * 16_000 :]) for second in (1, 10, 18))


@pytest.mark.parametrize("name", ["fast.m4a", "fragmented.m4a", "with_video.mp4", "tone.mp3", "tone.flac", "tone.ogg", "tone.webm"])
async def test_sound_comes_out_while_the_file_still_arrives(decoder, sounds, name: str) -> None:
    body = sounds.tone(name, **KINDS[name]).read_bytes()
    came = asyncio.Event()

    class Arriving:
        size, name = len(body), "arriving"

        async def stream(self, start: int = 0):
            yield body[: len(body) // 2]
            await came.wait()
            yield body[len(body) // 2 :]

        async def read(self, start: int, length: int):
            raise AssertionError("no range is needed")

    async with decoder.open(Arriving()) as decoding:
        seconds = 0.0
        async for block in decoding.pcm():
            seconds += len(block) / 32_000
            came.set()
    assert seconds == pytest.approx(20, abs=0.1)


async def test_a_decoding_tells_its_length_and_how_far_it_is(decoder, sounds) -> None:
    async with decoder.open(FileSource(sounds.tone("fast.m4a", options=FAST, container="mp4"))) as decoding:
        assert (decoding.duration, decoding.decoded_seconds) == (None, 0)
        async for _ in decoding.pcm():
            assert decoding.duration == pytest.approx(20, abs=0.1)
        assert decoding.decoded_seconds == pytest.approx(20, abs=0.1)
        assert decoding.fraction == pytest.approx(1, abs=0.01)


async def test_two_decodings_at_a_time_do_not_meet(decoder, sounds) -> None:
    long, short = sounds.tone("long.flac", "flac"), sounds.tone("short.flac", "flac", seconds=3)
    first, second = await asyncio.gather(heard(decoder, FileSource(long)), heard(decoder, FileSource(short)))
    assert (len(first), len(second)) == (320_000, 48_000)


# --- an index at the end --------------------------------------------------------------------------


async def test_an_index_at_the_end_is_fetched_by_ranges_and_nothing_touches_the_disk(sounds) -> None:
    starts: list[int] = []

    class Watched(FileSource):
        def stream(self, start: int = 0):
            starts.append(start)
            return super().stream(start)

    def no_disk():
        raise AssertionError("no temporary file is needed")

    decoder = Decoder(stays=False, spool=no_disk)
    path = sounds.tone("last.wav.m4a", "pcm_s16le", container="mov", seconds=90)  # larger than what is read through
    assert path.stat().st_size > 5 * 2**20
    pcm = await heard(decoder, Watched(path))
    assert len(pcm) == 90 * 16_000
    assert len(starts) == 3


async def test_without_ranges_the_temporary_file_has_no_name_and_is_closed(sounds, in_order, tmp_path) -> None:
    import tempfile

    files = []

    def spool():
        files.append(tempfile.TemporaryFile(dir=tmp_path))  # noqa: SIM115 -- the decoder closes it
        return files[-1]

    decoder = Decoder(stays=False, spool=spool)
    path = sounds.tone("last.m4a", container="mp4")
    async with decoder.open(in_order(path)) as decoding:
        async for _ in decoding.pcm():
            assert list(tmp_path.iterdir()) == [path]
    assert [file.closed for file in files] == [True]


@pytest.mark.parametrize("known_size", [True, False])
async def test_a_full_disk_is_said_and_nothing_is_left(sounds, in_order, known_size: bool) -> None:
    files = []

    def full():
        files.append(open("/dev/full", "w+b", buffering=0))  # noqa: SIM115, PTH123 -- the decoder closes it
        return files[-1]

    class Known(in_order):
        @property
        def size(self):
            return 2**60 if known_size else None

    error = await failure(Decoder(stays=False, spool=full), Known(sounds.tone("last.m4a", container="mp4")))
    assert (type(error), error.code) == (Permanent, ErrorCode.DISK_FULL)
    assert files[0].closed


async def test_a_disk_too_full_for_a_file_at_all_is_said(sounds, in_order) -> None:
    def full():
        raise OSError(errno.ENOSPC, "No space left on device")

    error = await failure(Decoder(stays=False, spool=full), in_order(sounds.tone("last.m4a", container="mp4")))
    assert (type(error), error.code) == (Permanent, ErrorCode.DISK_FULL)


async def test_the_temporary_file_is_bounded(sounds, in_order) -> None:
    decoder = Decoder(DecodeLimits(spool_bytes=1000), stays=False)
    assert (await failure(decoder, in_order(sounds.tone("last.m4a", container="mp4")))).code is ErrorCode.MEDIA_TOO_LARGE


# --- timestamps -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gap.m4a", "gap.mkv"])
async def test_a_gap_in_the_timestamps_becomes_silence_of_its_length(decoder, sounds, name: str) -> None:
    pcm = await heard(decoder, FileSource(sounds.tone(name, "aac", gap=5.0, container={"gap.m4a": "mp4"}.get(name))))
    assert len(pcm) / 16_000 == pytest.approx(25, abs=0.2)
    assert is_tone(pcm[9 * 16_000 :])
    assert np.abs(pcm[int(10.5 * 16_000) : int(14.5 * 16_000)]).max() == 0
    assert is_tone(pcm[16 * 16_000 :])


async def test_timestamps_that_lie_do_not_make_hours_out_of_nothing(decoder, sounds, in_order) -> None:
    path = sounds.tone("jump.mkv", gap=10 * 3600.0, options={"live": "1"})
    assert len(await heard(decoder, in_order(path))) / 16_000 == pytest.approx(20, abs=0.2)


@pytest.mark.parametrize("codec", ["pcm_s16le", "aac"])
@pytest.mark.parametrize("turned", [0, 10])
async def test_channels_that_silence_each_other_are_heard(decoder, tmp_path: Path, codec: str, turned: int) -> None:
    path = tmp_path / "antiphase.mka"
    wave = (0.3 * np.sin(2 * np.pi * 440 * np.arange(20 * 48_000) / 48_000)).astype(np.float32)
    right = np.concatenate([wave[: turned * 48_000], -wave[turned * 48_000 :]])
    with av.open(str(path), "w", format="matroska") as out:
        stream = out.add_stream(codec, rate=48_000, layout="stereo")
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="stereo", rate=48_000, frame_size=1024)
        frame = av.AudioFrame.from_ndarray(np.stack([wave, right]), format="fltp", layout="stereo")
        frame.rate = 48_000
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    pcm = await heard(decoder, FileSource(path))
    assert len(pcm) / 16_000 == pytest.approx(20, abs=0.1)
    assert all(is_tone(pcm[second * 16_000 :]) for second in (1, 7, 13, 18))


# --- bad files ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("empty.m4a", b"", ErrorCode.MEDIA_EMPTY),
        ("text.mp4", b"Minutes of a meeting, and not a film at all.\n" * 900, ErrorCode.MEDIA_UNREADABLE),
        ("short.mp4", b"abc", ErrorCode.MEDIA_UNREADABLE),
        ("page.mp4", b"<!doctype html><html>sign in</html>", ErrorCode.MEDIA_UNREADABLE),
        ("noise.mp4", bytes(range(256)) * 4000, ErrorCode.MEDIA_UNREADABLE),
        ("zeros.mp4", bytes(300_000), ErrorCode.MEDIA_UNREADABLE),
        (
            "odd.mp4",
            struct.pack(">I4s", 24, b"ftyp") + b"isom" + bytes(12) + struct.pack(">I4s", 2**31, b"moov"),
            ErrorCode.MEDIA_TRUNCATED,
        ),
    ],
)
async def test_what_is_no_sound_file_is_refused_in_words(decoder, tmp_path: Path, name: str, body: bytes, code: ErrorCode) -> None:
    (tmp_path / name).write_bytes(body)
    error = await failure(decoder, FileSource(tmp_path / name))
    assert (type(error), error.code) == (Permanent, code)


async def test_a_film_without_sound_is_refused_in_words(decoder, sounds) -> None:
    error = await failure(decoder, FileSource(sounds.tone("silent.mp4", video=True, audio=False)))
    assert (type(error), error.code) == (Permanent, ErrorCode.MEDIA_NO_AUDIO)


@pytest.mark.parametrize("name", [name for name in KINDS if name != "tone.aac"])  # ADTS frames say nothing of what follows
@pytest.mark.parametrize("ranges", [True, False])
async def test_a_file_without_its_end_is_not_taken_for_whole(decoder, sounds, in_order, name: str, ranges: bool) -> None:
    path = sounds.tone(name, **KINDS[name])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    error = await failure(decoder, FileSource(path) if ranges else in_order(path))
    assert (type(error), error.code) == (Permanent, ErrorCode.MEDIA_TRUNCATED)


@pytest.mark.parametrize(
    "name", ["fast.m4a", "fragmented.m4a", "with_video.mp4", "tone.flac", "tone.wav", "tone.mp3", "tone.ogg", "tone.ts"]
)
async def test_what_stands_before_the_break_is_heard(decoder, sounds, in_order, name: str) -> None:
    path = sounds.tone(name, **KINDS[name])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    async with decoder.open(in_order(path)) as decoding:
        pcm = np.frombuffer(b"".join([block async for block in decoding.pcm()]), "<i2")
        assert decoding.cut is not None
        assert (decoding.cut.code, decoding.cut.detail[: len(name)]) == (ErrorCode.MEDIA_TRUNCATED, name)
    assert 8 < len(pcm) / 16_000 < 16
    assert is_tone(pcm[6 * 16_000 :])


@pytest.mark.parametrize("name", ["fast.m4a", "tone.aac"])
async def test_a_recording_that_is_too_long_is_refused(sounds, name: str) -> None:
    decoder = Decoder(DecodeLimits(max_seconds=10), stays=False)
    error = await failure(decoder, FileSource(sounds.tone(name, **KINDS[name])))
    assert (type(error), error.code) == (Permanent, ErrorCode.MEDIA_TOO_LONG)


@pytest.mark.parametrize(
    "playlist", ["#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXTINF:20,\n{0}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {0}\n"]
)
async def test_a_file_cannot_make_us_open_another(decoder, sounds, playlist: str) -> None:
    secret = sounds.tone("secret.aac", container="adts")
    (sounds.folder / "list.mp4").write_text(playlist.format(secret))
    assert (await failure(decoder, FileSource(sounds.folder / "list.mp4"))).code is ErrorCode.MEDIA_UNREADABLE


async def test_what_the_source_raises_is_passed_on(decoder, sounds) -> None:
    class Breaking(FileSource):
        async def stream(self, start: int = 0):
            yield (await super().read(0, 50_000)) or b""
            raise Retry(ErrorCode.DOWNLOAD_TRUNCATED, "broke off: fast.m4a")

    path = sounds.tone("fast.m4a", container="mp4", options=FAST)
    assert (await failure(decoder, Breaking(path))).code is ErrorCode.DOWNLOAD_TRUNCATED


# --- a child that fails ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fate", "kind", "code"),
    [
        (signal.SIGSEGV, Permanent, ErrorCode.MEDIA_UNREADABLE),
        (signal.SIGSTOP, Permanent, ErrorCode.MEDIA_UNREADABLE),
        (signal.SIGKILL, Retry, ErrorCode.INTERNAL),
    ],
)
async def test_a_child_that_crashes_or_hangs_takes_nobody_along(sounds, fate: signal.Signals, kind: type, code: ErrorCode) -> None:
    limits = DecodeLimits(child=ChildLimits(stall_seconds=2))
    decoder = Decoder(limits)
    path = sounds.tone("tone.wav", "pcm_s16le", rate=48_000)
    pids: list[int] = []

    async def listen() -> None:
        async with decoder.open(FileSource(path)) as decoding:
            async for _ in decoding.pcm():
                assert decoding._child is not None
                pids.append(decoding._child.pid)
                with contextlib.suppress(ProcessLookupError):  # a block may still come of one that is gone
                    os.kill(pids[-1], fate)

    with pytest.raises(MomentumError) as caught:
        await listen()
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert is_gone(pids[0])
    assert len(await heard(decoder, FileSource(path))) == 320_000
    await decoder.aclose()


def endless_wav():
    """A WAV recorded as it was written, of as much silence as anybody reads."""

    class Endless:
        size, name = None, "endless.wav"

        async def stream(self, start: int = 0):
            head = struct.pack(
                "<4sI4s4sIHHIIHH4sI", b"RIFF", 2**32 - 1, b"WAVE", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16, b"data", 2**32 - 1
            )
            yield head
            while True:
                yield bytes(2**18)

        async def read(self, start: int, length: int):
            return None

    return Endless()


@pytest.mark.parametrize("limits", [DecodeLimits(child=ChildLimits(cpu_seconds=1)), DecodeLimits(max_seconds=3600)])
async def test_a_file_that_never_ends_is_ended(limits: DecodeLimits) -> None:
    error = await failure(Decoder(limits, stays=False), endless_wav())
    assert error.code in (ErrorCode.MEDIA_UNREADABLE, ErrorCode.MEDIA_TOO_LONG)


async def test_a_file_that_wants_too_much_memory_is_refused(sounds) -> None:
    decoder = Decoder(DecodeLimits(child=ChildLimits(memory_bytes=2**24)), stays=False)
    error = await failure(decoder, FileSource(sounds.tone("fast.m4a", container="mp4")))
    assert (type(error), error.code) == (Permanent, ErrorCode.MEDIA_UNREADABLE)


async def test_leaving_early_ends_the_child_at_once(sounds) -> None:
    decoder = Decoder(stays=False)
    async with decoder.open(endless_wav()) as decoding:
        await anext(decoding.pcm())
        assert decoding._child is not None
        pid = decoding._child.pid
        assert not is_gone(pid)
    assert is_gone(pid)


async def test_a_cancelled_decoding_leaves_no_child() -> None:
    decoder = Decoder(stays=False)
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def listen() -> None:
        async with decoder.open(endless_wav()) as decoding:
            async for _ in decoding.pcm():
                assert decoding._child is not None
                if not started.done():
                    started.set_result(decoding._child.pid)

    task = asyncio.create_task(listen())
    pid = await started
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert is_gone(pid)


async def test_every_child_comes_of_one_process_that_waits_and_ends_with_the_decoder(sounds) -> None:
    decoder = Decoder()
    source = FileSource(sounds.tone("tone.wav", "pcm_s16le"))
    await heard(decoder, source)
    assert decoder._server is not None
    server = decoder._server.pid
    async with decoder.open(source) as one, decoder.open(source) as other:
        await anext(one.pcm())
        await anext(other.pcm())
        assert one._child is not None
        assert other._child is not None
        children = [one._child.pid, other._child.pid]
        assert [parent_of(pid) for pid in children] == [server, server]
    assert not is_gone(server)
    assert all(map(is_gone, children))
    await decoder.aclose()
    assert is_gone(server)


async def test_a_decoder_that_does_not_stay_ends_with_its_last_recording(sounds) -> None:
    decoder = Decoder(stays=False)
    source = FileSource(sounds.tone("tone.wav", "pcm_s16le"))
    async with decoder.open(source) as one:
        await anext(one.pcm())
        assert decoder._server is not None
        server = decoder._server.pid
        assert len(await heard(decoder, source)) == 320_000
        assert not is_gone(server)
    assert is_gone(server)


async def test_a_server_that_died_waiting_is_replaced(sounds) -> None:
    decoder = Decoder()
    source = FileSource(sounds.tone("tone.wav", "pcm_s16le"))
    await heard(decoder, source)
    assert decoder._server is not None
    os.kill(decoder._server.pid, signal.SIGKILL)
    await decoder._server._process.wait()
    assert len(await heard(decoder, source)) == 320_000
    await decoder.aclose()


async def test_a_server_that_dies_takes_its_children_along_and_the_work_is_tried_again(sounds) -> None:
    decoder = Decoder()
    async with decoder.open(endless_wav()) as decoding:
        pcm = decoding.pcm()
        await anext(pcm)
        assert decoding._child is not None
        assert decoder._server is not None
        os.kill(decoder._server.pid, signal.SIGKILL)
        with pytest.raises(Retry):
            async for _ in pcm:
                pass
        assert await eventually(lambda: is_gone(decoding._child.pid))
    await decoder.aclose()


async def test_who_is_stopped_twice_harms_nobody_else(sounds) -> None:
    decoder = Decoder()
    source = FileSource(sounds.tone("tone.wav", "pcm_s16le"))

    async def listen(begun: asyncio.Event) -> None:
        async with decoder.open(endless_wav()) as decoding:
            async for _ in decoding.pcm():
                begun.set()

    async with decoder.open(source) as other:
        pcm = other.pcm()
        first = await anext(pcm)
        task = asyncio.create_task(listen(begun := asyncio.Event()))
        await begun.wait()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        rest = [block async for block in pcm]
        assert len(first + b"".join(rest)) == 640_000
    await decoder.aclose()


@pytest.mark.parametrize("under_way", [False, True])
async def test_a_server_that_stands_still_is_replaced(sounds, monkeypatch, under_way: bool) -> None:
    monkeypatch.setattr(child, "_STARTING_SECONDS", 2.0)
    monkeypatch.setattr(child, "_DYING_SECONDS", 0.5)
    decoder = Decoder()
    source = FileSource(sounds.tone("tone.wav", "pcm_s16le"))
    async with decoder.open(endless_wav()) as decoding:
        await anext(decoding.pcm())
        assert decoder._server is not None
        former = decoder._server.pid
        if under_way:
            os.kill(former, signal.SIGSTOP)
    if not under_way:
        os.kill(former, signal.SIGSTOP)
    assert len(await heard(decoder, source)) == 320_000
    assert decoder._server.pid != former
    await decoder.aclose()
    assert is_gone(former)


async def test_a_server_that_cannot_start_is_no_fault_of_the_file(sounds, monkeypatch) -> None:
    monkeypatch.setattr(child.sys, "executable", "/bin/false")
    error = await failure(Decoder(stays=False), FileSource(sounds.tone("tone.wav", "pcm_s16le")))
    assert (type(error), error.code) == (Retry, ErrorCode.INTERNAL)


async def test_where_no_process_can_be_had_the_work_is_tried_again(sounds) -> None:
    decoder = Decoder()
    source = FileSource(sounds.tone("tone.wav", "pcm_s16le"))
    async with decoder.open(endless_wav()) as running:
        pcm = running.pcm()
        await anext(pcm)
        assert decoder._server is not None
        resource.prlimit(decoder._server.pid, resource.RLIMIT_NOFILE, (4, 4))  # no room for another socket
        error = await failure(decoder, source)
        assert (type(error), error.code) == (Retry, ErrorCode.INTERNAL)
        assert await anext(pcm)  # nobody else is harmed
    await decoder.aclose()


async def test_after_a_crash_the_next_children_lie_elsewhere_in_memory(sounds) -> None:
    decoder = Decoder()
    async with decoder.open(endless_wav()) as decoding:
        pcm = decoding.pcm()
        await anext(pcm)
        assert decoding._child is not None
        assert decoder._server is not None
        former = decoder._server.pid
        os.kill(decoding._child.pid, signal.SIGSEGV)
        with pytest.raises(Permanent):
            async for _ in pcm:
                pass
    await heard(decoder, FileSource(sounds.tone("tone.wav", "pcm_s16le")))
    assert decoder._server.pid != former
    await decoder.aclose()


def test_a_loop_that_ends_leaves_nothing_behind() -> None:
    pids: list[int] = []

    async def abandon() -> None:
        decoder = Decoder(stays=False)
        pcm = decoder.pcm(endless_wav())
        await anext(pcm)
        assert decoder._server is not None
        pids.extend([decoder._server.pid, *(born.pid for born in decoder._server._living.values())])

    asyncio.run(asyncio.wait_for(abandon(), 30))
    assert len(pids) == 2
    deadline = time.monotonic() + 10
    while not all(map(is_gone, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert all(map(is_gone, pids))


async def test_who_leaves_before_the_child_is_born_leaves_none(sounds) -> None:
    decoder = Decoder()
    source = FileSource(sounds.tone("tone.wav", "pcm_s16le"))
    await heard(decoder, source)
    assert decoder._server is not None
    asking = asyncio.create_task(decoder._take())
    for _ in range(3):  # until it has asked
        await asyncio.sleep(0)
    assert len(decoder._server._asked) == 1
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert len(await heard(decoder, source)) == 320_000
    assert await eventually(lambda: not decoder._server._living)
    await decoder.aclose()


async def test_the_child_holds_neither_secrets_nor_files_of_ours(monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    decoder = Decoder(stays=False)
    async with decoder.open(endless_wav()) as decoding:
        await anext(decoding.pcm())
        assert decoding._child is not None
        folder = Path(f"/proc/{decoding._child.pid}")
        assert b"planted" not in (folder / "environ").read_bytes()
        assert len(list((folder / "fd").iterdir())) == 3
        limits = (folder / "limits").read_text()
    assert "Max core file size        0 " in limits
    assert "Max file size             0 " in limits
