"""A booking site's API on this machine, which answers as it is told and remembers what it was asked."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SILENT, SLOW, GIANT, BREAKS = "silent", "slow", "giant", "breaks"


@dataclass
class SiteServer:
    """answers: by method and path, what is answered one after another, the last one ever after: a status and
    a body, or one of SILENT, SLOW, GIANT, BREAKS. Anything else is a 404."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    retry_after: str = ""
    base: str = ""

    def says(self, request: str, *answers: Any) -> None:
        self.answers[request] = list(answers)

    def next_answer(self, request: str) -> Any:
        waiting = self.answers.get(request, [(404, {})])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@contextmanager
def site_server() -> Iterator[SiteServer]:
    site = SiteServer()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            request = f"{self.command} {self.path}"
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            site.asked.append(request)
            site.bodies.append(json.loads(raw) if raw else None)
            site.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.close_connection = True
            found = site.next_answer(request)
            if found == BREAKS:
                return
            if found == SILENT:
                time.sleep(0.6)
                return
            status, body = (200, {}) if isinstance(found, str) else found
            sent = b"{" + b" " * 2_000_000 if found == GIANT else json.dumps(body).encode()
            self.send_response(status)
            if site.retry_after:
                self.send_header("Retry-After", site.retry_after)
            self.end_headers()
            if found == SLOW:
                for _ in range(20):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.05)
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # the caller has had enough
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    site.base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
