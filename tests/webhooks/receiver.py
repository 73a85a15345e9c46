"""A program that listens to webhooks on a local port, with a switch for every way in which one can misbehave."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """A request as it came in."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`mood` is what happens to the next requests: a status, or one of hang, drip, close, redirect, long, nuls."""

    mood: str = "200"
    says: bytes = b"thank you"
    where: str = "/"
    certificate: tuple[str, str] | None = None
    received: list[Received] = field(default_factory=list)
    on_request: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(Received({key.lower(): text for key, text in self.headers.items()}, body))
                receiver.on_request()
                receiver.answer(self)

            def do_GET(self) -> None:
                receiver.received.append(Received({}, b"followed"))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self.server.server_port}/hooks"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if self.mood == "hang":
            time.sleep(30)
        elif self.mood == "drip":
            for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 500:
                try:
                    handler.wfile.write(bytes([letter]))
                    handler.wfile.flush()
                except OSError:
                    return
                time.sleep(0.05)
        elif self.mood == "close":
            linger = struct.pack("ii", 1, 0)  # a reset instead of a goodbye
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.connection.close()
        elif self.mood == "redirect":
            handler.send_response(302)
            handler.send_header("Location", self.where)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        else:
            says = {"long": b"x" * 3_000_000, "nuls": b"a\x00b\xff"}.get(self.mood, self.says)
            handler.send_response(int(self.mood) if self.mood.isdigit() else 200)
            handler.send_header("Content-Length", str(len(says)))
            handler.end_headers()
            try:
                handler.wfile.write(says)
            except OSError:
                return
