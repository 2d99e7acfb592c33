import shutil
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest

from momentum.embedded.server import running
from momentum.store.database import prepare
from tests.acceptance.callers import call_from_four_processes, most_in_a_second, share_used

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance, pytest.mark.timeout(180)]


@pytest.fixture
def home():
    made = Path(tempfile.mkdtemp(prefix="momentum-limits-"))
    made.chmod(0o711)
    yield made / "home"
    shutil.rmtree(made)


@pytest.fixture
async def app_dsn(home):
    async with running(home) as cluster:
        yield await prepare(cluster.owner_dsn, own_login=True)


async def test_four_processes_use_the_allowance_and_no_more(app_dsn):
    moments, _ = call_from_four_processes(app_dsn, 10)
    assert share_used(moments, 10) > 0.9
    assert most_in_a_second(moments) <= 52  # 50, and a late wake-up of a busy machine


async def test_a_pause_set_by_one_process_is_obeyed_by_all(app_dsn):
    moments, paused = call_from_four_processes(app_dsn, 8, pause_after=3)
    late = [moment - paused for moment in moments if paused + 0.2 < moment < paused + 1.95]
    assert late == []
    gap = max(later - earlier for earlier, later in pairwise(moments))
    assert 1.7 < gap < 2.5
