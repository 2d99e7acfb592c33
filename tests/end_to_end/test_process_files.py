"""`momentum process FILE...` with files that are none, models that fail, and people in a hurry."""

# ruff: noqa: ASYNC240 -- files are the subject here, and nobody else waits for this loop
import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from momentum.cli import process_files
from momentum.errors import ErrorCode, Invalid, Permanent

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("end_to_end")]

KEY = "sk-stand-in"
NAMES = ["txt", "vtt", "srt", "json"]


@pytest.fixture
def momentum(monkeypatch, tmp_path, capsys, speech_server, model_server):
    """Runs `momentum process` with both models at stand-ins; gives (exit code, what became of each file)."""
    monkeypatch.chdir(tmp_path)
    settings = {
        "MOMENTUM_HOME": str(tmp_path / "home"),
        "TRANSCRIBER": "openai",
        "SPEECH_API_KEY": KEY,
        "SPEECH_BASE_URL": speech_server.base_url,
        "OPENAI_BASE_URL": model_server.base_url,
        "LANGUAGE_MODEL": "gpt-6-luna",
    }
    for name in ("DATABASE_URL", "OPENAI_API_KEY", "SPEECH_MODEL", "LANGUAGE", "MAX_RECORDING_BYTES", "MAX_RECORDING_HOURS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    async def run(*files, out="out", formats=(), **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        files = [os.fspath(file) for file in files]
        code = await asyncio.to_thread(process_files.run, files, out=out, language=None, as_json=True, formats=formats)
        return code, json.loads(capsys.readouterr().out)["files"]

    return run


def written(folder="out"):
    return sorted(path.name for path in Path(folder).iterdir())


BAD = [
    ("text", "media_unreadable", "not an audio or video file"),
    ("empty", "media_empty", "is empty"),
    ("without_sound", "media_no_audio", "no audio track"),
]


@pytest.mark.parametrize(("kind", "code", "words"), BAD)
async def test_a_file_that_is_no_recording_is_named_with_a_reason_and_leaves_nothing(momentum, recording, speech_server, kind, code, words):
    Path("talk.mp4").write_bytes(getattr(recording, kind)())
    exit_code, (told,) = await momentum("talk.mp4")
    assert (exit_code, told["error_code"]) == (1, code)
    assert told["detail"].startswith("talk.mp4")
    assert words in told["detail"]
    assert (written(), speech_server.calls) == ([], 0)


@pytest.mark.parametrize("kind", ["cut_off", "announcing_more"])
async def test_a_file_that_breaks_off_gives_every_word_before_the_break_and_says_so(momentum, recording, capsys, kind):
    Path("talk.mp4").write_bytes(getattr(recording, kind)())
    exit_code, (told,) = await momentum("talk.mp4")
    assert (exit_code, told["error_code"]) == (1, "media_truncated")
    assert told["detail"].startswith("talk.mp4 is incomplete: ")
    assert told["audio_seconds"] > 4
    (gap,) = json.loads(Path(told["transcript"]["json"]).read_text("utf-8"))["transcript"]["gaps"]
    assert (gap["start"], gap["detail"]) == (pytest.approx(told["audio_seconds"], abs=0.01), told["detail"])
    assert "(the end of the file is missing" in Path(told["transcript"]["txt"]).read_text("utf-8")
    page = Path(told["deliverables"]["highlights"]).read_text("utf-8").splitlines()
    assert told["detail"] in page[4]
    assert (page[4][:21], "unfinished" in told) == ("> **Words are missing", False)


async def test_a_break_is_told_beside_the_results(momentum, recording, capsys):
    Path("talk.mp4").write_bytes(recording.cut_off())
    await momentum("talk.mp4")
    assert await asyncio.to_thread(process_files.run, ["talk.mp4"], out="out", language=None, as_json=False) == 1
    said = capsys.readouterr()
    assert "talk.mp4 is incomplete: " in said.err
    assert "[media_truncated]" in said.err
    assert "goes on from there" not in said.err
    assert "talk.highlights.md" in said.out


async def test_silence_is_quick_and_says_that_nothing_was_said(momentum, recording, speech_server):
    recording.silence(0.5, Path("quiet.m4a"))
    exit_code, (told,) = await momentum("quiet.m4a", OPENAI_API_KEY=KEY)
    assert (exit_code, told["words"], speech_server.calls) == (0, 0, 0)
    assert told["audio_seconds"] == pytest.approx(1800, abs=1)
    assert "Nothing was said" in Path(told["deliverables"]["highlights"]).read_text("utf-8")


async def test_one_bad_file_does_not_keep_the_others_from_their_results(momentum, recording):
    Path("good.m4a").write_bytes(recording.speech())
    Path("bad.m4a").write_bytes(recording.text())
    Path("folder").mkdir()
    exit_code, told = await momentum("bad.m4a", "folder", "/dev/zero", "nowhere.m4a", "", "x" * 300, "good.m4a")
    assert exit_code == 1
    assert [t.get("error_code") for t in told] == [*["media_unreadable"] * 3, "not_found", *["media_unreadable"] * 2, None]
    assert "is a folder" in told[1]["detail"]
    assert "is a device" in told[2]["detail"]
    assert written() == ["good.highlights.md", *sorted(f"good.transcript.{name}" for name in NAMES)]


async def test_a_file_larger_than_the_limit_is_not_opened(momentum, recording, speech_server):
    Path("talk.m4a").write_bytes(recording.speech())
    _, (told,) = await momentum("talk.m4a", MAX_RECORDING_BYTES="1000")
    assert (told["error_code"], speech_server.calls) == ("media_too_large", 0)
    assert "larger than" in told["detail"]


async def test_a_recording_longer_than_the_limit_is_refused_by_its_head(momentum, recording, speech_server):
    Path("talk.m4a").write_bytes(recording.speech())
    _, (told,) = await momentum("talk.m4a", MAX_RECORDING_HOURS="0.001")
    assert (told["error_code"], speech_server.calls) == ("media_too_long", 0)
    assert "longer than" in told["detail"]


@pytest.mark.parametrize(
    "name",
    [b"-rf.m4a", b"two\nlines.m4a", b"\xf0\x9f\x98\x80.m4a", b"not\xffutf8.m4a", b"[red]%s{0}.m4a", b"\xc3\xa9" * 120 + b".m4a", b".m4a"],
)
async def test_a_name_may_be_anything(momentum, recording, name):
    name = os.fsdecode(name)
    Path(name).write_bytes(recording.speech())
    exit_code, (told,) = await momentum(name)
    assert (exit_code, told["file"]) == (0, name)
    assert all(Path(path).is_file() for path in told["transcript"].values())


async def test_files_of_one_stem_do_not_write_over_each_other(momentum, recording, speech_server):
    for folder in ("monday", "tuesday"):
        Path(folder).mkdir()
        Path(folder, "talk.m4a").write_bytes(recording.speech())
    Path("monday", "talk.mp4").write_bytes(recording.meeting())
    Path("tuesday", "talk.m4a").write_bytes(recording.meeting())
    exit_code, told = await momentum("monday/talk.m4a", "monday/talk.mp4", "tuesday/talk.m4a")
    assert exit_code == 0
    texts = [Path(t["transcript"]["json"]).read_text("utf-8") for t in told]
    assert texts[0] != texts[1] == texts[2]
    assert [Path(t["transcript"]["json"]).name for t in told] == [
        "talk.transcript.json",
        "talk-2.transcript.json",
        "talk-2.transcript.json",
    ]


async def test_twice_the_same_is_once_and_what_a_person_wrote_since_stays(momentum, recording):
    Path("talk.m4a").write_bytes(recording.speech())
    _, (first,) = await momentum("talk.m4a")
    assert (await momentum("talk.m4a"))[1][0]["transcript"] == first["transcript"]
    mine = Path(first["deliverables"]["highlights"])
    mine.write_text("My own words.", "utf-8")
    _, (third,) = await momentum("talk.m4a")
    assert mine.read_text("utf-8") == "My own words."
    assert third["deliverables"]["highlights"] == "out/talk-2.highlights.md"


async def test_results_in_other_forms(momentum, recording):
    Path("talk.m4a").write_bytes(recording.speech())
    for _ in range(2):
        code, (result,) = await momentum("talk.m4a", formats=("pdf", "docx", "vtt"))
        assert code == 0
        assert sorted(result["exported"]) == ["highlights.docx", "highlights.pdf", "transcript.docx", "transcript.pdf"]
    assert len(written()) == len(NAMES) + 1 + 4, "the second time they were the same"
    assert Path(result["exported"]["transcript.pdf"]).read_bytes().startswith(b"%PDF")
    assert Path(result["exported"]["highlights.docx"]).read_bytes().startswith(b"PK")
    assert json.loads(Path(result["transcript"]["json"]).read_text("utf-8"))["schema"] == "momentum.transcript/1"


async def test_half_a_character_of_a_model_costs_no_form(momentum, recording, model_server):
    Path("talk.m4a").write_bytes(recording.speech())
    good = model_server.answer
    model_server.answer = lambda body: good(body) | {"title": "Rocket \ud83d", "summary": "Ready \ud83d."}
    exit_code, (told,) = await momentum("talk.m4a", OPENAI_API_KEY=KEY, formats=("md", "html", "docx", "pdf", "json", "txt"))
    assert (exit_code, "error_code" in told) == (0, False)
    assert "Ready \ufffd" in Path(told["exported"]["minutes.html"]).read_text("utf-8")


async def test_a_form_there_is_not_is_refused_before_anything_is_done(momentum, recording, speech_server):
    Path("talk.m4a").write_bytes(recording.speech())
    with pytest.raises(Invalid, match="There is no format 'exe'"):
        await momentum("talk.m4a", formats=("pdf", "exe"))
    assert speech_server.calls == 0


@pytest.mark.parametrize("out", ["/proc/nothing", "talk.m4a", "/dev/null"])
async def test_where_nothing_can_be_written_nothing_is_paid_for(momentum, recording, speech_server, out):
    Path("talk.m4a").write_bytes(recording.speech())
    exit_code, (told,) = await momentum("talk.m4a", out=out)
    assert (exit_code, told["error_code"], speech_server.calls) == (1, "invalid_request", 0)
    assert "--out" in told["detail"]


async def test_a_disk_that_fills_up_leaves_no_half_result_and_costs_nothing_again(momentum, recording, speech_server, tiny_disk):
    Path("talk.m4a").write_bytes(recording.meeting())
    others = tiny_disk / "others"
    others.write_bytes(bytes(48 * 1024))
    exit_code, (told,) = await momentum("talk.m4a", out=str(tiny_disk))
    assert (exit_code, told["error_code"]) == (1, "disk_full")
    assert "Make room and try again" in told["detail"]
    assert [name for name in written(tiny_disk) if "transcript" in name] == []
    others.unlink()
    paid = speech_server.calls
    exit_code, (told,) = await momentum("talk.m4a", out=str(tiny_disk))
    assert exit_code == 0
    assert speech_server.calls - paid <= 1, "the piece for which there was no room, at most"
    assert [name for name in written(tiny_disk) if name.endswith(".unfinished")] == []


# --- models -------------------------------------------------------------------------------------------

MODELS = [
    ({"OPENAI_API_KEY": "sk-wrong"}, None, "model_key_invalid"),
    ({"OPENAI_API_KEY": KEY, "LANGUAGE_MODEL": "gpt-retired"}, None, "model_not_found"),
    ({"OPENAI_API_KEY": KEY}, "quota", "model_quota_exhausted"),
    ({"OPENAI_API_KEY": KEY}, "garbage", "model_answer_invalid"),
]


@pytest.mark.parametrize(("environment", "fault", "code"), MODELS)
async def test_a_failing_language_model_leaves_the_transcript_and_a_retry_pays_for_the_minutes_alone(
    momentum, recording, speech_server, model_server, wire, environment, fault, code
):
    Path("talk.m4a").write_bytes(recording.speech())
    good = model_server.answer
    if fault == "quota":
        model_server.faults.append(wire.quota_spent())
    if fault == "garbage":
        model_server.answer = lambda _body: "Certainly!"
    exit_code, (told,) = await momentum("talk.m4a", **environment)
    assert (exit_code, told["error_code"]) == (1, code)
    assert told["detail"].endswith(".")
    assert [Path(path).is_file() for path in told["transcript"].values()] == [True] * 4
    assert len(model_server.paths) == (2 if fault == "garbage" else 1)
    heard, model_server.answer = speech_server.calls, good
    exit_code, (again,) = await momentum("talk.m4a", OPENAI_API_KEY=KEY, LANGUAGE_MODEL="gpt-6-luna")
    assert (exit_code, speech_server.calls) == (0, heard)
    assert again["transcript"] == told["transcript"]
    assert written() == ["talk.minutes.md", *sorted(f"talk.transcript.{name}" for name in NAMES)]


async def test_what_an_earlier_call_of_the_command_has_sent_stands_in_the_receipt(momentum, recording, model_server, wire):
    Path("talk.m4a").write_bytes(recording.speech())
    model_server.faults.append(wire.quota_spent())
    await momentum("talk.m4a", OPENAI_API_KEY=KEY)
    exit_code, _ = await momentum("talk.m4a", OPENAI_API_KEY=KEY, REDACT="email phone")
    foot = Path("out/talk.minutes.md").read_text().splitlines()[-1]
    assert exit_code == 0
    assert foot.startswith("*What left the machine: Nothing left this machine. 127.0.0.1:")
    assert "of audio (gpt-transcribe, 1 request, " in foot
    assert "transcript text with its prompt (gpt-6-luna, 2 requests, " in foot
    assert foot.endswith("Masked: nothing was found to mask.*")


async def test_minutes_that_could_not_be_written_down_are_not_paid_for_twice(momentum, recording, speech_server, model_server, monkeypatch):
    Path("talk.m4a").write_bytes(recording.speech())

    def full(*_args):
        raise Permanent(ErrorCode.DISK_FULL, "The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(process_files, "write_results", full)
        exit_code, (told,) = await momentum("talk.m4a", OPENAI_API_KEY=KEY)
    assert (exit_code, told["error_code"]) == (1, "disk_full")
    heard, asked = speech_server.calls, len(model_server.calls)
    assert asked == 1
    exit_code, _ = await momentum("talk.m4a", OPENAI_API_KEY=KEY)
    assert (exit_code, speech_server.calls, len(model_server.calls)) == (0, heard, asked)
    assert written() == ["talk.minutes.md", *sorted(f"talk.transcript.{name}" for name in NAMES)]


async def test_a_transcription_server_that_breaks_down_half_way_is_paid_for_each_piece_once(momentum, recording, speech_server):
    Path("talk.m4a").write_bytes(recording.long())
    speech_server.faults.extend([None, (404, {"error": {"message": "Gone.", "code": "model_not_found"}})])
    exit_code, (told,) = await momentum("talk.m4a", SPEECH_PARALLEL="1")
    assert (exit_code, told["error_code"]) == (1, "model_not_found")
    assert Path(told["unfinished"]).stat().st_mode & 0o777 == 0o600
    asked = speech_server.calls
    exit_code, (again,) = await momentum("talk.m4a")
    assert exit_code == 0
    pieces = speech_server.calls - 1
    speech_server.calls = 0
    await momentum("talk.m4a", out="afresh")
    assert (pieces, asked) == (speech_server.calls, 2)
    assert not Path(told["unfinished"]).exists()
    assert Path(again["transcript"]["json"]).read_text() == Path("afresh/talk.transcript.json").read_text()


async def test_the_packaged_model_hears_what_was_said(momentum, recording, monkeypatch):
    monkeypatch.delenv("SPEECH_API_KEY")
    Path("talk.m4a").write_bytes(recording.speech())
    exit_code, (told,) = await momentum("talk.m4a", TRANSCRIBER="local")
    assert (exit_code, told["engine"]) == (0, "local:whisper-base")
    assert "send the report on Monday" in Path(told["transcript"]["txt"]).read_text("utf-8")
    assert "send the report on Monday" in Path(told["deliverables"]["highlights"]).read_text("utf-8")


# --- as a program -------------------------------------------------------------------------------------


async def test_ctrl_c_ends_it_at_once_with_130_and_no_child_is_left(momentum, recording, speech_server):
    Path("talk.m4a").write_bytes(recording.long())
    speech_server.hold.clear()
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "momentum", "process", "talk.m4a", "--out", "out", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    await asyncio.wait_for(speech_server.asked.wait(), 60)
    children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
    program.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(program.communicate(), 20)
    speech_server.hold.set()
    assert (program.returncode, out) == (130, b"")
    assert err.startswith(b"Stopped.")
    assert b"Traceback" not in err
    assert [child for child in children if Path(f"/proc/{child}").exists()] == []
