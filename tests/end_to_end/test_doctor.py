"""`momentum doctor` about a transcription API whose model will end."""

from datetime import timedelta

import pytest

from momentum.cli import doctor
from momentum.clock import real_clock
from momentum.settings import load_settings
from momentum.transcribers.openai_models import MODELS

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("end_to_end")]


@pytest.mark.parametrize("model", ["whisper-1", "gpt-transcribe"])
async def test_the_end_of_a_speech_model_is_told_before_it_comes(tmp_path, speech_server, model):
    settings = load_settings(
        _env_file=None,
        momentum_home=tmp_path,
        transcriber="openai",
        speech_api_key="sk-stand-in",
        speech_base_url=speech_server.base_url,
        speech_model=model,
    )
    told = await doctor._transcription(settings)
    ends = MODELS[model].ends
    assert told.startswith(f"{model} answers, at {speech_server.base_url}.")
    assert (f"Its vendor ends it on {ends}" in told, "SPEECH_MODEL" in told) == ((ends is not None,) * 2)


@pytest.mark.parametrize(("days", "soon"), [(-1, True), (60, True), (61, False)])
def test_an_end_within_sixty_days_is_said_loudly(days, soon):
    told = doctor._ends(real_clock().date() + timedelta(days=days), "LANGUAGE_MODEL")
    assert ("SOON:" in told, "LANGUAGE_MODEL" in told) == (soon, True)
