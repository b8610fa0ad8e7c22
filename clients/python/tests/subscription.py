"""A pull subscription as its HTTP contract says, in memory; for tests where the real server is not what is tested."""

from __future__ import annotations

import socket
import threading
import time

from support import Asked, Fake, answer, event, problem


class Subscription:
    """Events 1 to `head`, a cursor, one current batch; a failed event comes again `tries` times.

    `keeps_batch`: whether a batch of which a part was acknowledged stays the current one.
    """

    def __init__(self, head: int, tries: int = 3, keeps_batch: bool = False) -> None:
        self.head, self.tries, self.keeps_batch = head, tries, keeps_batch
        self.lock = threading.Lock()
        self.cursor = 0
        self.serial = 0
        self.batch: tuple[str, list[int]] | None = None
        self.failures: dict[int, list[str]] = {}
        self.dead: list[int] = []
        self.acknowledgements: list[dict[str, object]] = []
        #: Called with each request; true breaks the connection before, "after" after it was carried out.
        self.breaks = lambda asked: ""

    def __call__(self, _: Fake, asked: Asked, connection: socket.socket) -> bool:
        broken = self.breaks(asked)
        if broken == "before":
            return False
        reply = self.pull(asked) if asked.path.endswith("/pull") else self.acknowledge(asked.json)
        if broken == "after":
            return False
        connection.sendall(reply)
        return True

    def pull(self, asked: Asked) -> bytes:
        deadline = time.monotonic() + float(asked.query["wait"])
        while True:
            with self.lock:
                if self.batch is None and self.cursor < self.head:
                    last = min(self.head, self.cursor + int(asked.query["limit"]))
                    self.serial += 1
                    self.batch = (f"b{self.serial}", list(range(self.cursor + 1, last + 1)))
                name, numbers = self.batch or (None, [])
                waiting = self.head - self.cursor
            if name is not None or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        events = []
        for number in numbers:
            tries = len(self.failures.get(number, []))
            events.append(event(number, **({"redelivery": tries} if tries else {})))
        return answer(
            {"subscription": "dailies", "batch": name, "events": events, "lag": {"events": waiting, "seconds": 0.5}}
        )

    def acknowledge(self, body: dict[str, object]) -> bytes:
        with self.lock:
            self.acknowledgements.append(body)
            if self.batch is None or body["batch"] != self.batch[0]:
                return problem(409, "subscription.batch", "this batch is not the current one")
            name, numbers = self.batch
            done = body.get("done", len(numbers) - ("error" in body))
            self.cursor, numbers = self.cursor + done, numbers[done:]
            if "error" in body:
                self.failures.setdefault(numbers[0], []).append(body["error"])
                if len(self.failures[numbers[0]]) >= self.tries:
                    self.dead.append(numbers[0])
                    self.cursor, numbers = self.cursor + 1, numbers[1:]
            self.batch = (name, numbers) if numbers and self.keeps_batch else None
            return answer({"subscription": "dailies", "cursor": f"main:{self.cursor}", "left": len(numbers)})
