"""Bad networks between real validators: a TCP proxy in front of each peer port, one listening port
for each directed pair, and a network whose nodes reach each other through it only.

What a link does is set while it runs: delay, cut (nothing passes, nothing is closed, as with lost
packets; it arrives after the cut), reset (connections end at once). Loopback only; one thread.
"""
import asyncio
import collections
import itertools
import random
import threading
import time
import tomllib

import network as e2e

CHUNK_BYTES = 64 << 10
HELD_CHUNKS_MAX = 64  # of one direction of a connection; more: its sender waits


class Link:
    """One directed pair: a calls b. Both directions of its connections suffer the same."""

    def __init__(self, target):
        self.target, self.port = target, 0
        self.delay = (0.0, 0.0)  # seconds, drawn for each chunk; order is kept
        self.open = asyncio.Event()  # cleared: cut
        self.open.set()
        self.writers = set()

    async def serve(self, reader, writer):
        await self.open.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        pair = {writer, far_writer}
        self.writers |= pair
        try:
            await asyncio.gather(self.pump(reader, far_writer), self.pump(far_reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writers -= pair
            for end in pair:
                end.transport.abort()

    async def pump(self, reader, writer):
        held = collections.deque()
        changed = asyncio.Condition()

        async def take():
            chunk = b"first"
            while chunk:
                chunk = await reader.read(CHUNK_BYTES)
                async with changed:
                    await changed.wait_for(lambda: len(held) < HELD_CHUNKS_MAX)
                    held.append((time.monotonic() + random.uniform(*self.delay), chunk))
                    changed.notify_all()

        async def give():
            while True:
                async with changed:
                    await changed.wait_for(lambda: held)
                    due, chunk = held.popleft()
                    changed.notify_all()
                await asyncio.sleep(max(0, due - time.monotonic()))
                await self.open.wait()
                if not chunk:
                    writer.close()
                    return
                writer.write(chunk)
                await writer.drain()

        await asyncio.gather(take(), give())


class Proxy:
    """Links between the peer ports of `ports`, by (from, to). Each call returns once it holds."""

    def __init__(self, ports):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.links = self._in_loop(self._listen(ports))

    def _in_loop(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout=30)

    async def _listen(self, ports):
        links = {}
        for a, b in itertools.permutations(range(len(ports)), 2):
            link = Link(ports[b])
            server = await asyncio.start_server(link.serve, "127.0.0.1", 0)
            link.port = server.sockets[0].getsockname()[1]
            links[a, b] = link
        return links

    def delay(self, low, high):
        """Seconds, of every link and direction."""
        async def act():
            for link in self.links.values():
                link.delay = (low, high)
        self._in_loop(act())

    def cut(self, *sides):
        """Only nodes of one and the same side reach each other; others are alone."""
        async def act():
            for (a, b), link in self.links.items():
                if not any(a in side and b in side for side in sides):
                    link.open.clear()
        self._in_loop(act())

    def cut_link(self, pair):
        async def act():
            self.links[pair].open.clear()
        self._in_loop(act())

    def reset_link(self, pair):
        async def act():
            for writer in self.links[pair].writers:
                writer.transport.abort()
        self._in_loop(act())

    def heal(self):
        async def act():
            for link in self.links.values():
                link.open.set()
        self._in_loop(act())

    def storm(self, seconds):
        """Connections break and single links fall silent for a while, at random; then heals."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pair = random.choice(list(self.links))
            if random.random() < 0.5:
                self.reset_link(pair)
            else:
                self.cut_link(pair)
            if random.random() < 0.3:
                self.heal()
            time.sleep(0.2)
        self.heal()


class ProxiedNetwork(e2e.Network):
    """A development network, restarted with the proxy's addresses in the nodes' configurations."""
    proxy = None

    def up(self, timeout=900):
        super().up(timeout)
        nodes = self.cluster["nodes"]
        configs = []
        for node in nodes:
            with open(node["dir"] + "/config.toml", "rb") as file:
                configs.append(tomllib.load(file))
        self.proxy = Proxy([int(config["listen"]["peer"].rsplit(":", 1)[1]) for config in configs])
        for index in range(len(nodes)):
            self.kill(index)
        names = [config["name"] for config in configs]
        for a, node in enumerate(nodes):
            path = node["dir"] + "/config.toml"
            with open(path, encoding="utf-8") as file:
                head = file.read().split("[[peers]]")[0]
            peers = "".join(
                f"[[peers]]\naddress = '127.0.0.1:{self.proxy.links[a, b].port}'\n"
                f"name = '{names[b]}'\n" for b in range(len(nodes)) if b != a)
            with open(path, "w", encoding="utf-8") as file:
                file.write(head + peers)
        for index in range(len(nodes)):
            self.start(index)
        self.wait_agreed()
        return self
