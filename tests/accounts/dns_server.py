"""A name server that really answers, over UDP on a port of its own."""

import socketserver
from threading import Thread
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer(socketserver.ThreadingUDPServer):
    """Answers TXT questions from `records`, and says of every other name that there is none."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Question)
        self.records: dict[str, list[str]] = {}
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Question(socketserver.BaseRequestHandler):
    """One question."""

    server: NameServer

    def handle(self) -> None:
        data, socket = self.request
        asked: Any = dns.message.from_wire(data)
        answer: Any = dns.message.make_response(asked, recursion_available=True)
        name = asked.question[0].name
        texts = self.server.records.get(name.to_text().rstrip(".").lower(), [])
        if texts:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *[f'"{text}"' for text in texts]))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        socket.sendto(answer.to_wire(), self.client_address)
