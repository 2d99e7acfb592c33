import base64
import multiprocessing
import os
import stat
from uuid import UUID

import pytest
from pydantic import SecretStr

from momentum.errors import ErrorCode, MomentumError
from momentum.vault import KEK_FILE, Kek, Keyset, Vault, given_kek, key_id, make_kek_file, read_kek_file

ADA = UUID("00000000-0000-0000-0000-00000000000a")
BOB = UUID("00000000-0000-0000-0000-00000000000b")
CELL = {"table": "zoom_credentials", "column": "access_token", "user_id": ADA}
TOKEN = "opaque-token-of-ada-äöü"


@pytest.fixture
def kek():
    return Kek(os.urandom(32))


@pytest.fixture
def vault(kek):
    return Vault(kek, Keyset.fresh().wrap(kek), 1)


def refused(code, call):
    with pytest.raises(MomentumError) as caught:
        call()
    assert caught.value.code is code
    return caught.value


def test_what_was_sealed_opens_and_is_text(vault):
    sealed = vault.seal(TOKEN, **CELL)

    assert sealed.isascii()
    assert TOKEN not in sealed
    assert TOKEN.encode() not in base64.b64decode(sealed)
    assert vault.open(sealed, **CELL) == TOKEN
    assert vault.seal(TOKEN, **CELL) != sealed


@pytest.mark.parametrize("other", [{"table": "teams_credentials"}, {"column": "refresh_token"}, {"user_id": BOB}])
def test_a_sealed_text_opens_in_its_own_cell_alone(vault, other):
    sealed = vault.seal(TOKEN, **CELL)

    error = refused(ErrorCode.SEALED_VALUE_UNREADABLE, lambda: vault.open(sealed, **(CELL | other)))

    assert sealed not in str(error)
    assert error.__cause__ is None


@pytest.mark.parametrize(
    "damage", [lambda _: "", lambda _: "plain", lambda s: s[:-4], lambda s: s[:40] + "AAAA" + s[44:], lambda s: "é" + s]
)
def test_a_damaged_text_is_refused_without_details(vault, damage):
    sealed = vault.seal(TOKEN, **CELL)

    refused(ErrorCode.SEALED_VALUE_UNREADABLE, lambda: vault.open(damage(sealed), **CELL))


def test_columns_cannot_be_shifted_into_each_other(vault):
    sealed = vault.seal(TOKEN, table="a", column="bc", user_id=ADA)

    refused(ErrorCode.SEALED_VALUE_UNREADABLE, lambda: vault.open(sealed, table="ab", column="c", user_id=ADA))


def test_a_new_key_opens_before_it_seals(kek, vault):
    old = vault.keyset.primary
    wider, new = vault.keyset.with_new_key()
    ahead = Vault(kek, wider.promoted(new).wrap(kek), 3)
    early = ahead.seal(TOKEN, **CELL)
    assert not vault.knows(early)
    refused(ErrorCode.SEALED_VALUE_UNREADABLE, lambda: vault.open(early, **CELL))

    vault.learn(wider.wrap(kek), 2)

    assert vault.open(early, **CELL) == TOKEN
    assert key_id(vault.seal(TOKEN, **CELL)) == old
    vault.learn(wider.promoted(new).wrap(kek), 3)
    assert key_id(vault.seal(TOKEN, **CELL)) == new
    assert vault.is_current(early)


def test_a_dropped_key_opens_until_the_process_ends(kek, vault):
    sealed = vault.seal(TOKEN, **CELL)
    wider, new = vault.keyset.with_new_key()
    alone = wider.promoted(new).primary_alone()
    vault.learn(alone.wrap(kek), 4)

    assert vault.open(sealed, **CELL) == TOKEN
    assert not vault.is_current(sealed)
    refused(ErrorCode.SEALED_VALUE_UNREADABLE, lambda: Vault(kek, alone.wrap(kek), 4).open(sealed, **CELL))


def test_a_keyset_opens_with_its_kek_alone(kek, vault):
    wrapped = vault.wrap(vault.keyset)

    error = refused(ErrorCode.KEY_MISSING, lambda: Vault(Kek(os.urandom(32)), wrapped, 1))

    assert "MOMENTUM_KEK" in error.detail
    assert Keyset.unwrap(wrapped, kek).ids == vault.keyset.ids


@pytest.mark.parametrize("text", ["short", "", base64.b64encode(b"x" * 31).decode(), "*" * 44])
def test_a_kek_is_32_bytes_in_base64(text):
    error = refused(ErrorCode.KEY_MISSING, lambda: Kek.parse(text))

    assert "openssl rand -base64 32" in error.detail
    assert len(text) < 5 or text not in error.detail


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_given_kek_may_be_plain_or_url_safe(encode):
    raw = b"\xfb\xff" * 16
    sealed = Keyset.fresh()

    assert Keyset.unwrap(sealed.wrap(Kek(raw)), given_kek(SecretStr(f" {encode(raw).decode()}\n"))).ids == sealed.ids
    assert given_kek(None) is None
    assert given_kek(SecretStr("")) is None


def test_nothing_shows_a_key(kek, vault):
    raw = bytes(range(32))
    shown = " ".join(repr(x) + str(x) for x in (kek, vault, vault.keyset, Kek(raw), vault.__dict__))

    assert base64.b64encode(raw).decode() not in shown
    assert "key_data" not in shown
    assert str(vault.keyset.primary) in repr(vault.keyset)


def test_the_key_file_is_private_whole_and_kept(tmp_path):
    home = tmp_path / "deep" / "home"
    assert read_kek_file(home) is None

    first = make_kek_file(home)
    again = make_kek_file(home)

    wrapped = Keyset.fresh().wrap(first)
    assert Keyset.unwrap(wrapped, again)
    assert Keyset.unwrap(wrapped, read_kek_file(home))
    assert stat.S_IMODE((home / KEK_FILE).stat().st_mode) == 0o600
    assert [p.name for p in home.iterdir()] == [KEK_FILE]


def _make_and_read(home):
    make_kek_file(home)
    return (home / KEK_FILE).read_text()


def test_many_starters_end_up_with_one_key_file(tmp_path):
    with multiprocessing.get_context("forkserver").Pool(4) as pool:
        texts = pool.map(_make_and_read, [tmp_path / "home"] * 8)

    assert len(set(texts)) == 1


def test_a_broken_key_file_is_refused_in_words(tmp_path):
    (tmp_path / KEK_FILE).write_text("not a key")

    refused(ErrorCode.KEY_MISSING, lambda: read_kek_file(tmp_path))
