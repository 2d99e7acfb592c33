"""`make bench`: measure, print a table with the machine, write bench/results.json. ARGS="overhead listing" measures only these."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

from bench.figures import Figure, Measure

PHRASES = {
    "overhead": "from request to stored deliverable, the models answering at once",
    "idle": "memory of web and worker while nobody asks for anything",
    "big_recording": "memory of a worker on a recording of two gigabytes",
    "streaming": "first words before the download ends; the whole beside its slowest stage",
    "listing": "a month of 700 recordings, and three years",
    "rate_limit": "the shared allowance, by four processes",
    "refresh": "a hundred callers find the token expired",
    "download": "processor time of a download beside curl's",
    "status": "the status route beside a bare one",
    "pages": "every page in a browser: first paint, all of it, its weight",
    "kills": "a worker killed in the middle, twenty times",
    "speakers": "who said each word, and where turns change, beside one name for each segment",
    "corrections": "corrections laid over three hours of talk, and offered to fifty such meetings",
    "search": "a thousand meetings searched by words and by meaning",
    "pgvector": "nearest meanings by our signs, beside pgvector without an index and with HNSW",
    "found": "real meetings searched for what people have marked as the answer; needs MOMENTUM_SAMPLES",
    "word_errors": "word errors through our cutting beside the whole file",
}
RESULTS = Path(__file__).with_name("results.json")


def main(wanted: list[str]) -> int:
    """Exit code 1 when a figure misses its goal or a measurement fails."""
    print(_machine())
    figures = [figure for name in wanted or list(PHRASES) for figure in _measured(name)]
    RESULTS.write_text(json.dumps({f.name: {"value": f.value, "goal": f.goal, "ok": f.ok} for f in figures}, indent=1) + "\n")
    for figure in figures:
        value = "-" if figure.value is None else f"{figure.value:g}"
        print(f"{_WORDS[figure.ok]:<7} {figure.name:<28} {value:>10}  {figure.goal:<24} {figure.note}")
    return int(any(figure.ok is False for figure in figures))


_WORDS = {True: "ok", False: "MISSED", None: "-"}


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, load {load}, {system}"


def _measured(name: str) -> list[Figure]:
    print(f"{name}: {PHRASES[name]} ...", flush=True)
    measure: Measure = import_module(f"bench.{name}").measure
    try:
        return asyncio.run(measure(lambda line: print(f"  {line}", flush=True)))
    except Exception as error:  # noqa: BLE001 -- one figure that cannot be had must not cost the others
        return [Figure(name, None, "", ok=False, note=f"{type(error).__name__}: {error}"[:120])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
