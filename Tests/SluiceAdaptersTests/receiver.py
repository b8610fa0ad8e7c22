"""A receiver of webhooks that answers as its path says.

usage: receiver.py LOG [CERTIFICATE]; the first line that it prints is its port, what comes stands in LOG, one a line

/status/CODE[?retry-after=…]  /redirect/CODE?to=LOCATION  /slow?seconds=…  /drip (a body without end)  /big (1 MiB)
/close (no answer)
"""

import base64
import json
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LOCK = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        came = {
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": base64.b64encode(body).decode(),
            "port": self.client_address[1],
        }
        with LOCK, open(sys.argv[1], "a") as log:
            log.write(json.dumps(came) + "\n")
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        parts = address.path.strip("/").split("/")
        if parts[0] == "status":
            self.answer(int(parts[1]), b"said", **({"Retry_After": query["retry-after"]} if query else {}))
        elif parts[0] == "redirect":
            self.answer(int(parts[1]), Location=query["to"])
        elif parts[0] == "slow":
            time.sleep(float(query["seconds"]))
            self.answer(200)
        elif parts[0] == "drip":
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b"x")
                time.sleep(0.05)
        elif parts[0] == "big":
            self.answer(200, b"x" * (1 << 20))
        elif parts[0] == "close":
            self.close_connection = True
        else:
            self.answer(204)

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            pass  # The sender went away, as some of the tests want it to.


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()  # Ends with whoever started it.


main()
