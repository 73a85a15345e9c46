"""A wire between a process under test and a real server, which a test can cut or make dumb."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Wire:
    """Forwards what arrives on `port` to a server, for as long as it is neither cut nor dumb."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.flows = threading.Event()
        self.flows.set()
        self.ends: list[socket.socket] = []
        self.listener: socket.socket | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Let everything through again, on the same port as before."""
        self.flows.set()
        if self.listener is None:
            self.listener = socket.create_server(("127.0.0.1", self.port))
            self.port = self.listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def make_dumb(self) -> None:
        """Connections stand and are accepted, but nothing gets through: a server that hangs."""
        self.flows.clear()

    def cut(self) -> None:
        """Connections break and new ones are refused: a server that died."""
        self.flows.set()
        if self.listener is not None:
            with suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.ends.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self.target)
                self.ends += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.flows.wait()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def wired(host: str, port: int) -> Iterator[Wire]:
    """`with wired(server.host, server.port) as wire:`"""
    wire = Wire(host, port)
    try:
        yield wire
    finally:
        wire.cut()
