"""Voices that a person has enrolled: opt-in, listed, deleted."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, status
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from momentum.app import App
from momentum.errors import Conflict, ErrorCode, Invalid, NotFound
from momentum.media.voiceprint import VoiceEncoder
from momentum.model import Meeting, Transcript, Voice
from momentum.pipeline.correct import read_transcript
from momentum.pipeline.enrol import enrol
from momentum.pipeline.origins import RecordingOrigin
from momentum.store import processings, recordings, voices
from momentum.web.api.shapes import MOMENT, RECORDING, TRANSCRIPT, VOICE, Shape, jsonable, shown
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import about, audited

router = APIRouter(prefix="/api/me/voices", tags=["me"])

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]

# Whoever enrols has a recording downloaded and decoded: more at once would take the web process from everybody else.
_LISTENING = asyncio.Semaphore(2)


class Enrolment(BaseModel):
    """Whose voice to enrol, and that they agreed to it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": jsonable({"transcript_id": TRANSCRIPT, "speaker": "Speaker 1", "name": "Ada Lovelace", "consent": True})
        }
    )

    transcript_id: UUID
    speaker: Name = Field(description="A speaker of that transcript, as it names them.")
    name: Name | None = Field(None, description="What they are called from now on; by default as the transcript names them.")
    consent: Literal[True] = Field(description="The person whose voice it is has agreed. Without it nothing is enrolled.")


class VoiceItem(Shape):
    """An enrolled voice; the voice itself is never shown."""

    model_config = shown(id=VOICE, name="Ada Lovelace", recording_id=RECORDING, seconds=41.5, consented_at=MOMENT)

    id: UUID
    name: str
    recording_id: UUID = Field(description="What it was taken from; the voice goes with it.")
    seconds: float = Field(description="Of speech that were heard for it.")
    consented_at: AwareDatetime


class Voices(Shape):
    """All of them, by name."""

    voices: list[VoiceItem]


@router.get("", responses=responses(401))
async def list_voices(world: World, person: Asking) -> Voices:
    """The voices you have enrolled."""
    async with world.database.person(person.user_id) as connection:
        found = await voices.mine(connection, person.user_id)
    return Voices(voices=[VoiceItem.model_validate(voice) for voice in found])


@router.post("", responses=responses(401, 403, 404, 409), status_code=status.HTTP_201_CREATED, dependencies=[audited("voice.enrol")])
async def enrol_voice(world: World, person: Asking, asked: Request, enrolment: Enrolment) -> VoiceItem:
    """Enrol a speaker of one of your transcripts: they are heard again, and named where nobody else names the speakers.

    The recording is downloaded once more, as far as that takes. A voice of the same name is replaced.
    """
    encoder = world.tools.voices
    if encoder is None:
        raise Conflict(ErrorCode.MODEL_NOT_CONFIGURED, "Voices are not told apart here: the operator switched it off (ESTIMATE_SPEAKERS).")
    voice_id = await _enrol(world, encoder, person.user_id, enrolment)
    about(asked, "voice", voice_id)
    async with world.database.person(person.user_id) as connection:
        found = await voices.mine(connection, person.user_id)
    return VoiceItem.model_validate(next(voice for voice in found if voice.id == voice_id))


@router.delete(
    "/{voice_id}",
    responses=responses(401, 403, 404),
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[audited("voice.delete", "voice")],
)
async def delete_voice(world: World, person: Asking, voice_id: UUID) -> None:
    """Delete a voice. Names that it gave to transcripts stay there until they are processed anew."""
    async with world.database.person(person.user_id) as connection:
        await voices.delete(connection, voice_id)


async def _enrol(world: App, encoder: VoiceEncoder, user_id: UUID, enrolment: Enrolment) -> UUID:
    origin, transcript, recording_id = await _origin(world, user_id, enrolment.transcript_id)
    if enrolment.speaker not in transcript.speakers:
        raise Invalid(ErrorCode.INVALID_REQUEST, f"Nobody in this transcript is called {enrolment.speaker!r}.")
    async with _LISTENING:
        made = await enrol(origin, world.tools.decoder, encoder, transcript, enrolment.speaker)
    voice = Voice((enrolment.name or enrolment.speaker).strip(), made.vector)
    seconds, now = round(made.seconds, 1), world.clock()
    async with world.database.person(user_id) as connection:
        return await voices.save(
            connection, world.vault, user_id, voice, recording_id=recording_id, encoder=encoder.name, seconds=seconds, now=now
        )


async def _origin(world: App, user_id: UUID, transcript_id: UUID) -> tuple[RecordingOrigin, Transcript, UUID]:
    """The recording that a transcript was made of, cut into the same parts. Raises NotFound."""
    found = (await read_transcript(world.database, user_id, transcript_id)).shown
    async with world.database.person(user_id) as connection:
        processing = await processings.get(connection, found.summary.processing_id)
        recording = await recordings.get(connection, found.summary.recording_id)
    if recording is None:  # gone in this moment
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such recording.")
    origin = RecordingOrigin(
        world.provider(processing.provider),
        world.tokens(processing.provider, user_id),
        world.downloads_of(processing.provider),
        instance_id=recording.instance_id,
        meeting=Meeting(recording.topic, recording.started_at, recording.timezone),
        options=processing.options,
    )
    return origin, found.transcript, found.summary.recording_id
