"""open-asr-server on several ports, each with rules of its own, run by the Python of the counterparts' environment.

Takes facts as JSON: model (a folder), key, and rules by name (fields of its ServerConfig). All share one loaded model. Prints
{name: "http://..."}: who connects before the model is loaded waits for it. It ends when its input does.
"""

import asyncio
import json
import os
import socket
import sys
import threading

import uvicorn
from open_asr_server.app import create_app
from open_asr_server.config import ServerConfig


def listening():
    made = socket.create_server(("127.0.0.1", 0))
    host, port = made.getsockname()
    return made, f"http://{host}:{port}"


async def serve(facts):
    sockets = {name: listening() for name in facts["rules"]}
    sys.stdout.write(json.dumps({name: address for name, (_, address) in sockets.items()}) + "\n")
    sys.stdout.flush()
    spec = f"faster-whisper:{facts['model']}"
    running = []
    for name, (opened, _) in sockets.items():
        app = create_app(ServerConfig(api_key=facts["key"], preload_models=[spec], **facts["rules"][name]))
        running.append(uvicorn.Server(uvicorn.Config(app, log_level="warning")).serve(sockets=[opened]))
    await asyncio.gather(*running)


def until_input_ends():
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=until_input_ends, daemon=True).start()
    asyncio.run(serve(json.loads(sys.argv[1])))
