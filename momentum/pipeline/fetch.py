"""Fetch: one file of a recording as a stream that looks after itself."""

from __future__ import annotations

from momentum.errors import ErrorCode, NotReady, Permanent
from momentum.model import Recording, RecordingFile
from momentum.outbound.download import Download, Downloads, Link
from momentum.outbound.limits import TokenSource
from momentum.providers.base import Provider


def open_file(downloads: Downloads, provider: Provider, access: TokenSource, recording: Recording, file: RecordingFile) -> Download:
    """The bytes of `file`. Its link is read again, and the file found by its id, when the vendor refuses the one at hand.

    Reading raises the words of `momentum.errors`; nothing is asked for before the first read.
    """

    async def locate() -> Link:
        return await _link(access, recording, file) if file.download_url else await renew()

    async def renew() -> Link:
        fresh = await provider.recording(access, recording.instance_id)
        return await _link(access, fresh, _same_file(fresh, file))

    return downloads.open(
        name=file_name(file),
        size=file.size,
        token_hosts=provider.token_hosts,
        locate=locate,
        renew=renew,
    )


def file_name(file: RecordingFile) -> str:
    """What a person may see of a file: "audio_only.m4a"."""
    stem = file.recording_type or file.kind
    return f"{stem}.{file.extension}".lower() if file.extension else stem.lower()


async def _link(access: TokenSource, recording: Recording, file: RecordingFile) -> Link:
    # A recording's own token opens files now and then for which the account's token is refused:
    # https://devforum.zoom.us/t/109685.
    if file.download_url is None:
        raise NotReady(ErrorCode.RECORDING_NOT_READY, f"{file_name(file)} is still being prepared.")
    return Link(file.download_url, recording.download_token or await access.token(), file.size)


def _same_file(fresh: Recording, file: RecordingFile) -> RecordingFile:
    for one in fresh.files:
        if one.file_id == file.file_id:
            return one
    raise Permanent(ErrorCode.RECORDING_NOT_FOUND, f"{file_name(file)} is no longer part of this recording.")
