"""The stand-in for OpenAI's API under its earlier address; it lives in tests/openai_standin."""

import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("openai_standin") is None:  # loaded by path from outside pytest, which knows the folder by itself
    sys.path.append(str(Path(__file__).parents[1]))

from openai_standin import *  # noqa: F403
