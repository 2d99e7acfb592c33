"""`momentum doctor` about a transcription API whose model will end."""

import asyncio
import json

import pytest

from momentum.cli import doctor
from momentum.transcribers.openai_models import MODELS

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("end_to_end")]


@pytest.mark.parametrize("model", ["whisper-1", "gpt-transcribe"])
async def test_the_end_of_a_speech_model_is_told_before_it_comes(monkeypatch, tmp_path, capsys, speech_server, model):
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "OPENAI_API_KEY", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    settings = {"TRANSCRIBER": "openai", "SPEECH_API_KEY": "sk-stand-in", "SPEECH_BASE_URL": speech_server.base_url, "SPEECH_MODEL": model}
    for name, value in {**settings, "MOMENTUM_HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)

    async def nothing(_settings):
        return "Not asked."

    monkeypatch.setattr(doctor, "_database", nothing)  # an embedded one would have to be started
    assert await asyncio.to_thread(doctor.run, as_json=True) == 0
    (told,) = [found["detail"] for found in json.loads(capsys.readouterr().out)["findings"] if found["what"] == "Transcription"]
    ends = MODELS[model].ends
    assert told.startswith(f"{model} answers, at {speech_server.base_url}.")
    assert (f"Its vendor ends it on {ends}" in told, "SPEECH_MODEL" in told) == ((ends is not None,) * 2)
