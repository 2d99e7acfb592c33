"""What becomes of recordings that are no recordings, on the way from Zoom to the reader."""

import tempfile
from functools import partial

import pytest

from momentum.media.decoder import DecodeLimits, Decoder

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("end_to_end")]

BAD = [
    ("text", "media_unreadable", "not an audio or video file"),
    ("without_sound", "media_no_audio", "no audio track"),
]


@pytest.mark.parametrize(("kind", "code", "words"), BAD)
async def test_what_zoom_has_is_no_recording(house, ada, recording, kind, code, words):
    house.hand_out(getattr(recording, kind)())
    failed = await ada.outcome()
    assert (failed["state"], failed["error_code"]) == ("failed", code)
    assert failed["error_detail"].startswith("audio_only.m4a")
    assert words in failed["error_detail"]
    house.reset()
    done = await ada.until(await ada.retry(failed["id"]), "done")
    assert done["error_code"] is None
    assert (await ada.transcript(done))["segments"]


@pytest.mark.parametrize("kind", ["cut_off", "announcing_more"])
async def test_what_breaks_off_is_heard_to_the_break_and_says_so(house, ada, recording, kind):
    house.hand_out(getattr(recording, kind)())
    done = await ada.outcome(transcript="own")
    assert (done["state"], done["error_code"]) == ("done", "media_truncated")
    assert done["error_detail"].startswith("audio_only.m4a is incomplete: ")
    transcript = await ada.transcript(done)
    assert transcript["segments"] or kind == "announcing_more"
    gap = transcript["gaps"][-1]
    assert (gap["start"], gap["detail"]) == (pytest.approx(done["audio_seconds"]), done["error_detail"])
    (identity,) = done["deliverable_ids"]
    page = (await ada.http.get(f"/api/deliverables/{identity}", params={"format": "markdown"})).text
    assert page.index("Words are missing") < page.index("Drafted" if transcript["segments"] else "Nothing was said")


FAULTS = [
    ("text_file", {}, "failed", "media_unreadable"),
    ("garbage_file", {}, "failed", "media_unreadable"),
    ("empty_file", {}, "waiting", "download_truncated"),
    ("download_truncated", {}, "waiting", "download_truncated"),
    ("download_wrong_length", {}, "waiting", "download_truncated"),
    ("huge_file", {}, "waiting", "download_failed"),
    ("download_html_200", {}, "failed", "download_refused"),
    ("download_500", {}, "waiting", "download_failed"),
    ("redirect_private", {"location": "https://10.255.255.1/private"}, "failed", "address_refused"),
]


@pytest.mark.parametrize(("fault", "options", "state", "code"), FAULTS)
async def test_what_zoom_hands_out_is_not_what_it_listed(house, ada, fault, options, state, code):
    house.zoom.faults.set(fault, **options)
    stopped = await ada.outcome()
    assert (stopped["state"], stopped["error_code"]) == (state, code), stopped
    assert stopped["error_detail"].endswith(".")
    assert "://" not in stopped["error_detail"].lower()
    house.zoom.faults.clear()
    if state == "failed":
        await ada.retry(stopped["id"])
    else:
        assert stopped["next_try_at"] is not None
        await house.later(minutes=1)
    done = await ada.until(stopped["id"], "done")
    assert (await ada.transcript(done))["segments"]


@pytest.mark.parametrize("factor", [1000, 0.1])
async def test_a_length_that_is_a_lie_is_not_believed(house, ada, recording, factor):
    house.hand_out(recording.lying_length(factor))
    done = await ada.outcome(transcript="own", until=("done",))
    assert done["audio_seconds"] == pytest.approx(5.2, abs=0.2)


async def test_silence_costs_no_call_and_says_that_nothing_was_said(house, ada, recording, tmp_path):
    house.hand_out(recording.silence(0.5, tmp_path / "silence.m4a").read_bytes())
    done = await ada.outcome(transcript="own", until=("done",))
    assert house.ear.calls == 0
    assert done["audio_seconds"] == pytest.approx(1800, abs=1)
    document = await ada.document(done)
    assert (document["claims"], document["summary"][:17]) == ([], "Nothing was said ")


async def test_a_recording_larger_than_the_limit_is_refused_before_its_first_byte(house, ada):
    house.app.downloads.max_bytes = 1000
    failed = await ada.outcome(transcript="own")
    assert (failed["state"], failed["error_code"]) == ("failed", "media_too_large")
    assert "audio_only.m4a is larger than" in failed["error_detail"]
    assert house.downloads() == []


async def test_a_full_disk_is_named_and_a_retry_after_making_room_succeeds(house, ada, recording, tiny_disk):
    house.hand_out(recording.index_last())
    house.zoom.faults.set("range_ignored")
    (tiny_disk / "others").write_bytes(bytes(56 * 1024))
    house.app.tools.decoder = Decoder(DecodeLimits(), stays=False, spool=partial(tempfile.TemporaryFile, dir=tiny_disk))
    failed = await ada.outcome(transcript="own")
    assert (failed["state"], failed["error_code"]) == ("failed", "disk_full")
    assert "Make room and try again" in failed["error_detail"]
    (tiny_disk / "others").unlink()
    assert list(tiny_disk.iterdir()) == []
    assert (await ada.until(await ada.retry(failed["id"]), "done"))["audio_seconds"] > 5
