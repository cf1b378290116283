"""WebSocket clients, told what to do by lines of JSON on stdin; what they get goes to stdout in the same way."""

import asyncio
import json
import sys

import websockets


def report(**event):
    print(json.dumps(event), flush=True)


async def converse(client, url, commands):
    async with websockets.connect(url) as socket:

        async def obey():
            while True:
                command = await commands.get()
                if "send" in command:
                    await socket.send(command["send"])
                else:
                    await socket.close()

        obeying = asyncio.ensure_future(obey())
        try:
            async for text in socket:
                report(client=client, text=text)
        except websockets.ConnectionClosed:
            pass
        obeying.cancel()
        await socket.wait_closed()
        report(client=client, closed=socket.close_code)


async def main():
    stdin = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    clients, conversations = {}, []
    while line := await stdin.readline():
        command = json.loads(line)
        client = command["client"]
        if "open" in command:
            clients[client] = asyncio.Queue()
            conversations.append(asyncio.ensure_future(converse(client, command["open"], clients[client])))
        else:
            clients[client].put_nowait(command)
    for conversation in conversations:
        conversation.cancel()


asyncio.run(main())
