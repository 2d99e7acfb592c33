"""The secret that signs tokens where the operator has set none."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from momentum.settings import SettingsInvalid, load_settings
from momentum.web.trust import local_secret, rules_for


def test_it_is_made_once_however_many_ask(tmp_path):
    with ThreadPoolExecutor(8) as many:
        (secret,) = set(many.map(local_secret, [tmp_path / "home"] * 8))
    assert len(secret) == 64
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["jwt"]
    assert (tmp_path / "home" / "jwt").stat().st_mode & 0o777 == 0o600


def test_the_home_it_makes_is_closed_to_others(tmp_path):
    local_secret(tmp_path / "home")
    assert (tmp_path / "home").stat().st_mode & 0o007 == 0


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff" * 64])
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / "jwt").write_bytes(content)
    with pytest.raises(SettingsInvalid, match="jwt"):
        local_secret(tmp_path)


def test_a_home_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "jwt").mkdir()
    for home in (tmp_path, tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(SettingsInvalid, match="MOMENTUM_HOME"):
            local_secret(home)


def test_in_public_nothing_signs_tokens_where_the_operator_named_nothing(tmp_path):
    oidc = {"oidc_issuer": "https://id.example.com", "oidc_client_id": "momentum", "oidc_client_secret": "s"}
    settings = {"_env_file": None, "jwt_secret": None, "jwt_jwks_url": None, "public_url": "https://momentum.example"} | oidc
    rules = rules_for(load_settings(**settings, momentum_home=tmp_path, host="0.0.0.0"))
    assert (rules.secret, rules.jwks_url, [*tmp_path.iterdir()]) == (None, None, [])
    assert rules_for(load_settings(**settings, momentum_home=tmp_path, host="127.0.0.1")).secret
