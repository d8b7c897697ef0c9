"""A local HTTP server in a provider's place, which does what providers do on a bad day."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Provider(ThreadingHTTPServer):
    """Counts the requests that reached it, and does to each what `behave` does. connections: how many were
    opened."""

    daemon_threads = True

    def __init__(self, behave: "Callable[[Handler], None]") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behave = behave
        self.requests = 0
        self.connections = 0
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what we are here for."""


class Handler(BaseHTTPRequestHandler):
    server: Provider
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests += 1
        self.server.behave(self)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def a_provider(behave: Callable[[Handler], None]) -> Iterator[Provider]:
    provider = Provider(behave)
    thread = threading.Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.released.set()
        provider.shutdown()
        provider.server_close()
        thread.join()


def answering(status: int, headers: dict[str, str], body: str) -> Callable[[Handler], None]:
    def behave(request: Handler) -> None:
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body.encode()))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body.encode())

    return behave


def silent(request: Handler) -> None:
    """Takes the message and never answers."""
    request.server.released.wait(10)
    request.close_connection = True


def hanging_up(request: Handler) -> None:
    """Takes the message and drops the connection."""
    request.close_connection = True


def breaking_off(request: Handler) -> None:
    """Takes the message and drops the connection in the middle of its answer."""
    request.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"Mess')
    request.wfile.flush()
    request.close_connection = True


def a_port_where_nobody_is() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
