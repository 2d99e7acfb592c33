"""What an operator sets, read into what is in force."""

import pytest

from momentum.settings import SettingsInvalid, load_settings


@pytest.mark.parametrize(
    ("said", "meant"),
    [("free", "free"), ("Business", "business"), ("enterprise", "business"), ("basic", "free"), ("one of 2027", "pro"), ("", "pro")],
)
def test_a_plan_that_is_not_known_counts_as_pro(said, meant):
    assert load_settings(_env_file=None, zoom_plan=said).zoom_plan == meant


OIDC = {"oidc_issuer": "https://id.example.com", "oidc_client_id": "momentum", "oidc_client_secret": "s"}
NOBODY = {"jwt_secret": None, "jwt_jwks_url": None, "jwt_issuer": None, "public_url": None}


def refusal(**settings):
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(_env_file=None, **NOBODY | settings)
    return caught.value.detail


@pytest.mark.parametrize("name", OIDC)
def test_a_sign_in_that_is_half_configured_is_refused_by_name(name):
    assert refusal(**OIDC | {name: None}).startswith(f"{name.upper()} is not set, but the rest of the sign-in is.")


def test_what_else_a_sign_in_needs():
    assert "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET are not set" in refusal(oidc_issuer="https://id.example.com")
    for issuer in ("id.example.com", "ftp://id.example.com", "https://id.example.com?tenant=7", "https://"):
        assert "OIDC_ISSUER is no address" in refusal(**OIDC | {"oidc_issuer": issuer})
    assert "OIDC_SCOPES lacks `openid`" in refusal(**OIDC, oidc_scopes="email profile")


def test_a_public_address_needs_somebody_who_says_who_may_come_in():
    assert "Set OIDC_ISSUER, JWT_SECRET or JWT_JWKS_URL first" in refusal(host="0.0.0.0")
    assert "PUBLIC_URL is not" in refusal(host="0.0.0.0", **OIDC)
    settings = load_settings(_env_file=None, host="0.0.0.0", **NOBODY | {"public_url": "https://momentum.example"}, **OIDC)
    assert (settings.has_oidc, settings.oidc_name, settings.oidc_scopes) == (True, "id.example.com", ("openid", "email", "profile"))
    assert load_settings(_env_file=None, **NOBODY, **OIDC, oidc_label="Example ID").oidc_name == "Example ID"
