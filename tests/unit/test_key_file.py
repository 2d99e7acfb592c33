"""The local key file, where it cannot be."""

import pytest

from momentum.errors import ErrorCode, MomentumError
from momentum.vault import make_kek_file


def test_a_home_that_cannot_be_is_said_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MomentumError) as refused:
        make_kek_file(tmp_path / "file" / "home")
    assert refused.value.code is ErrorCode.KEY_MISSING
    assert "MOMENTUM_HOME" in refused.value.detail
