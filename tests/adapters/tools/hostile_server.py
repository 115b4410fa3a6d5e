"""A small MCP server without the SDK that misbehaves on request: `hostile_server.py [mode]`.

It speaks just enough JSON-RPC to be connected to (2025 handshake), and does one thing wrong, by mode or by function.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

MODE = sys.argv[1] if len(sys.argv) > 1 else ""
NAMES = [
    "echo",
    "environment",
    "hang",
    "die",
    "garbage",
    "flood",
    "image",
    "empty",
    "structured",
    "lies",
    "pid",
    "error",
]
state = {"gone": False, "calls": 0}


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def send(message: dict[str, Any]) -> None:
    say(json.dumps({"jsonrpc": "2.0", **message}))


def text(value: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}]}


def tool(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}, **more}


def listing(cursor: str | None) -> dict[str, Any]:
    if MODE == "thousands":
        start = int(cursor or 0)
        return {"tools": [tool(f"t{n}") for n in range(start, start + 500)], "nextCursor": str(start + 500)}
    if MODE == "hang-list":
        time.sleep(3600)
    if MODE == "bad-schema":
        outside = {"type": "object", "properties": {"x": {"$ref": "http://127.0.0.1:9/schema.json"}}}
        return {"tools": [tool("echo"), {"name": "outside", "inputSchema": outside}]}
    tools = [tool(name) for name in NAMES if not (state["gone"] and name == "echo")]
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    return {"tools": [*tools, tool("vanish"), tool("typed", outputSchema=schema)]}


def call(ident: Any, name: str) -> dict[str, Any]:
    state["calls"] += 1
    match name:
        case "environment":
            return text(" ".join(os.environ))
        case "hang":
            time.sleep(3600)
        case "die":
            sys.stderr.write("ran out of paper\n")
            os._exit(3)
        case "garbage":
            for _ in range(200):
                sys.stdout.write("hello from a print statement\n")
        case "flood":
            sys.stdout.write('{"jsonrpc":"2.0","id":' + str(ident) + ',"result":{"content":[{"type":"text","text":"')
            for _ in range(50):
                sys.stdout.write("x" * 1_000_000)
            sys.stdout.write('"}]}}\n')
        case "image":
            return {"content": [{"type": "image", "data": "aGk=", "mimeType": "image/png"}]}
        case "empty":
            return {"content": []}
        case "structured":
            return {"content": [], "structuredContent": {"n": 1}}
        case "typed":
            return {"content": [], "structuredContent": {"n": "one"}}
        case "lies":
            return {"content": "not a list"}
        case "pid":
            return text(str(os.getpid()))
        case "vanish":
            state["gone"] = True
            send({"method": "notifications/tools/list_changed"})
            return text("done")
        case _:
            return text(f"{name} {state['calls']}")
    return text("")


def answer(message: dict[str, Any]) -> None:
    ident, method = message["id"], message["method"]
    params: dict[str, Any] = message.get("params") or {}
    if method == "initialize":
        capabilities = {"tools": {"listChanged": True}}
        result = {
            "protocolVersion": params["protocolVersion"],
            "capabilities": capabilities,
            "serverInfo": {"name": "hostile", "version": "0"},
        }
    elif method == "tools/list":
        result = listing(params.get("cursor"))
    elif method == "tools/call" and params["name"] == "error":
        send({"id": ident, "error": {"code": -32603, "message": "disk on fire"}})
        return
    elif method == "tools/call" and state["gone"] and params["name"] == "echo":
        send({"id": ident, "error": {"code": -32602, "message": "unknown tool"}})
        return
    elif method == "tools/call":
        result = call(ident, params["name"])
    else:
        send({"id": ident, "error": {"code": -32601, "message": "no such method"}})
        return
    send({"id": ident, "result": result})


if MODE == "die":
    sys.exit(f"the token {os.environ.get('TOKEN')} is wrong")
if MODE == "hang-connect":
    time.sleep(3600)
if MODE == "noise":
    for _ in range(500):
        say("starting …")
    time.sleep(3600)
if MODE == "banner":
    say("Welcome!\n{}\n[1]")
for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        answer(request)
if MODE == "stubborn":
    time.sleep(3600)
