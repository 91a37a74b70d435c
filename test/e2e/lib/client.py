"""Clients in Python, in one conversation: connect, lobby, chat, cut, resume.

Usage: client.py sync|async|raw websocket|polling|upgrade STATE_FILE. Ends with 0 when all of it
went well. "raw" speaks the protocol by itself, over the handshake of Starscream, which
socket.io-client-swift uses: Host with a port, Origin with wss and without one, a subprotocol.
"""
import asyncio
import json
import os
import sys
import time
import traceback
import urllib.parse

import socketio
import websocket

PATIENCE = 30  # seconds
TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": ["polling", "websocket"]}


class Pushes:
    """The events that a client received, in order."""

    def __init__(self):
        self.pushes = []

    def take(self, event, data=None):
        self.pushes.append((event, data))

    async def push(self, event, fits=lambda data: True):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for name, data in list(self.pushes):
                if name == event and fits(data):
                    return data
            await asyncio.sleep(0.01)
        raise AssertionError(f"no {event}; got {self.pushes}")

    async def ask(self, event, request):
        answer = await self.call(event, request)
        assert answer["ok"], f"{event}: {answer}"
        return answer.get("data")


class Sync(Pushes):
    async def connect(self, url, auth, way):
        self.sio = socketio.Client(reconnection=False)
        self.sio.on("*", self.take)
        await asyncio.to_thread(self.sio.connect, url, auth=auth, transports=TRANSPORTS[way], wait_timeout=PATIENCE)
        return await self.push("session:ready")

    async def call(self, event, request):
        return await asyncio.to_thread(self.sio.call, event, request, timeout=PATIENCE)

    async def cut(self):
        await asyncio.to_thread(self.sio.eio.disconnect, abort=True)

    async def close(self):
        await asyncio.to_thread(self.sio.disconnect)

    def transport(self):
        return self.sio.transport()


class Async(Pushes):
    async def connect(self, url, auth, way):
        self.sio = socketio.AsyncClient(reconnection=False)
        self.sio.on("*", self.take)
        await self.sio.connect(url, auth=auth, transports=TRANSPORTS[way], wait_timeout=PATIENCE)
        return await self.push("session:ready")

    async def call(self, event, request):
        return await self.sio.call(event, request, timeout=PATIENCE)

    async def cut(self):
        await self.sio.eio.disconnect(abort=True)

    async def close(self):
        await self.sio.disconnect()

    def transport(self):
        return self.sio.transport()


class Raw(Pushes):
    async def connect(self, url, auth, way):
        assert way == "websocket", "Starscream has no polling"
        self.ids, self.acks = 0, {}
        to = urllib.parse.urlsplit(url)
        self.ws = websocket.create_connection(
            f"ws://{to.netloc}/socket.io/?EIO=4&transport=websocket", timeout=PATIENCE,
            host="rt.example.com:443", origin="wss://rt.example.com", subprotocols=["chat"])
        assert self.ws.subprotocol == "chat", f"the subprotocol is answered with {self.ws.subprotocol}"
        self.reading = asyncio.get_running_loop().run_in_executor(None, self.read)
        self.ws.send("40" + json.dumps(auth))
        return await self.push("session:ready")

    def read(self):
        try:
            while True:
                text = self.ws.recv()
                if text == "2":
                    self.ws.send("3")
                elif text.startswith("42"):
                    self.take(*json.loads(text[2:]))
                elif text.startswith("43"):
                    number, answer = text[2:].split("[", 1)
                    self.acks[int(number)] = json.loads("[" + answer)[0]
        except (websocket.WebSocketException, OSError, IndexError):
            return

    async def call(self, event, request):
        self.ids += 1
        number = self.ids
        self.ws.send(f"42{number}" + json.dumps([event, request]))
        end = time.monotonic() + PATIENCE
        while number not in self.acks:
            assert time.monotonic() < end, f"{event} was not answered"
            await asyncio.sleep(0.01)
        return self.acks.pop(number)

    async def cut(self):
        self.ws.shutdown()

    close = cut

    def transport(self):
        return "websocket"


async def converse(kind, way, state):
    token = {t["user"]: t["token"] for t in state["tokens"]}
    url = {name: server["url"] for name, server in zip(("alice", "bob"), state["servers"])}
    auth = lambda user, **more: {"token": token[user], "protocol": 1, **more}
    alice, bob = kind(), kind()
    await alice.connect(url["alice"], auth("alice"), way)
    await bob.connect(url["bob"], auth("bob"), way)
    if way == "upgrade":
        assert alice.transport() == "websocket", alice.transport()

    lobby = (await alice.ask("lobby:create", {"type": "casual"}))["lobby"]["id"]
    await bob.ask("lobby:join", {"lobbyId": lobby})
    channel = "lobby:" + lobby
    for user in (alice, bob):
        await user.ask("chat:join", {"channel": channel})
    for n in range(20):
        await bob.ask("chat:send", {"channel": channel, "text": str(n)})
    last = (await alice.push("chat:message", lambda m: m["text"] == "19"))["meta"]
    texts = [data["text"] for event, data in alice.pushes if event == "chat:message"]
    assert texts == [str(n) for n in range(20)], texts

    await alice.cut()
    await bob.ask("chat:send", {"channel": channel, "text": "missed"})
    at = {"stream": last["stream"], "epoch": last["epoch"], "seq": last["seq"]}
    alice = kind()
    ready = await alice.connect(url["bob"], auth("alice", resume={"streams": [at]}), way)
    missed = [e["data"].get("text") for s in ready["resumed"] if s["stream"] == last["stream"] for e in s.get("events", [])]
    assert "missed" in missed, ready["resumed"]
    await bob.ask("chat:send", {"channel": channel, "text": "after"})
    await alice.push("chat:message", lambda m: m["text"] == "after")
    for user in (alice, bob):
        await user.ask("lobby:leave", {"lobbyId": lobby})
        await user.close()


def main():
    kind = {"sync": Sync, "async": Async, "raw": Raw}[sys.argv[1]]
    with open(sys.argv[3], encoding="utf-8") as file:
        state = json.load(file)
    try:
        asyncio.run(converse(kind, sys.argv[2], state))
    except BaseException:
        traceback.print_exc()
        leave(1)
    leave(0)


def leave(code):
    """Ends the process although threads of a client that was cut may still run."""
    sys.stderr.flush()
    os._exit(code)


main()
