"""Sealing: text that only a holder of the keys can read, bound to the cell it stands in.

The keys that seal (a keyset of AES256-GCM keys, by Tink: https://developers.google.com/tink/aead) are themselves
wrapped by one key that stands outside the database, the KEK. A sealed text is base64 of Tink's ciphertext,
which begins with the id of the key that made it.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Self
from uuid import UUID

import structlog
import tink
from pydantic import SecretStr
from tink import aead, json_proto_keyset_format, proto_keyset_format, secret_key_access
from tink.proto import aes_gcm_pb2, tink_pb2

from momentum import logs
from momentum.errors import ErrorCode, MomentumError

KEK_BYTES = 32
KEK_FILE = "kek"
"""Name, in Momentum's home, of the key file of the local default."""

_WRAPPED_FOR = b"momentum/keyset/v1"  # associated data: a wrapped keyset opens as nothing else
_PREFIX = b"\x01"  # Tink's output prefix: this byte, then the key id in 4 bytes, big-endian
_KEY_ID = slice(1, 5)

log = structlog.get_logger(__name__)
aead.register()


class Kek:
    """The key that wraps the keyset."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEK_BYTES:
            raise MomentumError(ErrorCode.KEY_MISSING, "MOMENTUM_KEK is not 32 bytes in base64. Make one with: openssl rand -base64 32")
        self.aead = _raw_aead(key)

    def __repr__(self) -> str:
        return "Kek(...)"

    @classmethod
    def parse(cls, text: str) -> Self:
        """From base64, plain or URL-safe. Raises MomentumError(KEY_MISSING) for anything but 32 bytes."""
        logs.protect(text.strip())
        try:
            key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        return cls(key)


class Keyset:
    """The keys that seal and which of them is primary. Immutable; shows ids, never keys."""

    def __init__(self, proto: tink_pb2.Keyset) -> None:
        self._proto = proto

    def __repr__(self) -> str:
        return f"Keyset(ids={self.ids}, primary={self.primary})"

    @classmethod
    def fresh(cls) -> Self:
        """One new key, primary."""
        return cls(_new_proto())

    @classmethod
    def unwrap(cls, wrapped: str, kek: Kek) -> Self:
        """The inverse of `wrap`. Raises MomentumError(KEY_MISSING) when `kek` is not the key it was wrapped with."""
        try:
            handle = json_proto_keyset_format.parse_encrypted(wrapped, kek.aead, _WRAPPED_FOR)
        except tink.TinkError:
            raise MomentumError(ErrorCode.KEY_MISSING, "MOMENTUM_KEK is not the key that the stored keys were wrapped with.") from None
        return cls(_proto_of(handle))

    def wrap(self, kek: Kek) -> str:
        """As JSON text that only a holder of `kek` can use."""
        return str(json_proto_keyset_format.serialize_encrypted(_handle(self._proto), kek.aead, _WRAPPED_FOR))

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(key.key_id for key in self._proto.key)

    @property
    def primary(self) -> int:
        """Id of the key that seals."""
        return int(self._proto.primary_key_id)

    def with_new_key(self) -> tuple[Keyset, int]:
        """The keyset with one key more, which opens but does not seal yet, and that key's id."""
        new = _new_proto()
        while new.primary_key_id in self.ids:
            new = _new_proto()
        proto = self._copy()
        proto.key.extend(new.key)
        return Keyset(proto), new.primary_key_id

    def promoted(self, key_id: int) -> Keyset:
        """The keyset with another of its keys as primary."""
        if key_id not in self.ids:
            raise KeyError(key_id)
        proto = self._copy()
        proto.primary_key_id = key_id
        return Keyset(proto)

    def primary_alone(self) -> Keyset:
        """The keyset without every key but the primary."""
        keep = [key for key in self._proto.key if key.key_id == self.primary]
        return Keyset(tink_pb2.Keyset(primary_key_id=self.primary, key=keep))

    def aeads(self) -> dict[int, aead.Aead]:
        """Key id -> what that key alone seals and opens."""
        return {key.key_id: _primitive(tink_pb2.Keyset(primary_key_id=key.key_id, key=[key])) for key in self._proto.key}

    def _copy(self) -> tink_pb2.Keyset:
        proto = tink_pb2.Keyset()
        proto.CopyFrom(self._proto)
        return proto


class Vault:
    """Seals and opens. A key once learned opens until the process ends, even when it was dropped meanwhile.

    `store.keys` keeps the vault in step with the stored keyset: sealed values pass through it.
    """

    def __init__(self, kek: Kek, wrapped: str, version: int) -> None:
        self._kek = kek
        self._aeads: dict[int, aead.Aead] = {}
        self.learn(wrapped, version)

    def __repr__(self) -> str:
        return f"Vault(version={self.version})"

    def learn(self, wrapped: str, version: int) -> None:
        """Take over the stored keyset. Raises MomentumError(KEY_MISSING) when our KEK does not open it."""
        self.keyset = Keyset.unwrap(wrapped, self._kek)
        self.version = version
        self._aeads |= {key_id: one for key_id, one in self.keyset.aeads().items() if key_id not in self._aeads}

    def wrap(self, keyset: Keyset) -> str:
        """`keyset`, wrapped by the KEK of this process."""
        return keyset.wrap(self._kek)

    def knows(self, sealed: str) -> bool:
        """Whether we hold the key that made `sealed`."""
        return key_id(sealed) in self._aeads

    def is_current(self, sealed: str) -> bool:
        """Whether `sealed` was made with the primary key."""
        return key_id(sealed) == self.keyset.primary

    def seal(self, text: str, *, table: str, column: str, user_id: UUID) -> str:
        """`text` sealed for one cell, with the primary key."""
        logs.protect(text, passing=True)
        made: bytes = self._aeads[self.keyset.primary].encrypt(text.encode(), _cell(table, column, user_id))
        return base64.b64encode(made).decode("ascii")

    def open(self, sealed: str, *, table: str, column: str, user_id: UUID) -> str:
        """The text again. Raises MomentumError(SEALED_VALUE_UNREADABLE) for another cell's, a damaged one, or an unknown key's."""
        key = self._aeads.get(key_id(sealed) or -1)
        if key is None:
            raise unreadable()
        try:
            text = key.decrypt(base64.b64decode(sealed), _cell(table, column, user_id)).decode()
        except (tink.TinkError, binascii.Error, ValueError):
            raise unreadable() from None
        logs.protect(text, passing=True)
        return str(text)


def key_id(sealed: str) -> int | None:
    """Id of the key that made a sealed text; None for what was never sealed."""
    try:
        head = base64.b64decode(sealed[:8], validate=True)
    except (binascii.Error, ValueError):
        return None
    return int.from_bytes(head[_KEY_ID], "big") if head[:1] == _PREFIX and len(head) == 6 else None


def unreadable() -> MomentumError:
    """What is raised for a sealed text that does not open; says nothing of why."""
    return MomentumError(
        ErrorCode.SEALED_VALUE_UNREADABLE, "A stored secret cannot be read with the keys of this installation. Connect again."
    )


def given_kek(value: SecretStr | None) -> Kek | None:
    """The KEK of MOMENTUM_KEK; None where it is not set. Raises MomentumError(KEY_MISSING) when it is not 32 bytes in base64."""
    return None if value is None or not value.get_secret_value().strip() else Kek.parse(value.get_secret_value())


def read_kek_file(home: Path) -> Kek | None:
    """The KEK of the local key file; None where there is none."""
    try:
        return Kek.parse((home / KEK_FILE).read_text("ascii"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise MomentumError(ErrorCode.KEY_MISSING, f"The key file {home / KEK_FILE} cannot be read.") from None


def make_kek_file(home: Path) -> Kek:
    """A new KEK in the local key file, readable by its owner alone; an existing one is kept. Appears whole or not at all.

    Raises MomentumError(KEY_MISSING) where no such file can be made.
    """
    path = home / KEK_FILE
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_kek_file(path)
    except OSError as error:
        sentence = f"The key file {path} cannot be made: {error.strerror}. Set MOMENTUM_KEK, or MOMENTUM_HOME to another folder."
        raise MomentumError(ErrorCode.KEY_MISSING, sentence) from error
    made = read_kek_file(home)
    if made is None:
        raise MomentumError(ErrorCode.KEY_MISSING, f"The key file {path} vanished while it was made.")
    return made


def _write_kek_file(path: Path) -> None:
    side = path.with_name(f".{KEK_FILE}-{secrets.token_hex(8)}")
    handle = os.open(side, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEK_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _link_unless_there(side, path)
    finally:
        side.unlink()


def _link_unless_there(side: Path, path: Path) -> None:
    try:
        os.link(side, path)  # unlike a rename, this never replaces a key that another process made meanwhile
    except FileExistsError:
        return
    log.warning(
        "key file made", path=str(path), advice="Everything sealed is lost with it: back it up, or set MOMENTUM_KEK and keep that safe."
    )


def _cell(table: str, column: str, user_id: UUID) -> bytes:
    return "\0".join((table, column, str(user_id))).encode()


def _new_proto() -> tink_pb2.Keyset:
    return _proto_of(tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM))


def _proto_of(handle: tink.KeysetHandle) -> tink_pb2.Keyset:
    return tink_pb2.Keyset.FromString(proto_keyset_format.serialize(handle, secret_key_access.TOKEN))


def _raw_aead(key: bytes) -> aead.Aead:
    material = tink_pb2.KeyData(
        type_url=aead.aead_key_templates.AES256_GCM.type_url,
        value=aes_gcm_pb2.AesGcmKey(key_value=key).SerializeToString(),
        key_material_type=tink_pb2.KeyData.SYMMETRIC,
    )
    one = tink_pb2.Keyset.Key(key_data=material, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
    return _primitive(tink_pb2.Keyset(primary_key_id=1, key=[one]))


def _primitive(keyset: tink_pb2.Keyset) -> aead.Aead:
    return _handle(keyset).primitive(aead.Aead)


def _handle(keyset: tink_pb2.Keyset) -> tink.KeysetHandle:
    return proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
