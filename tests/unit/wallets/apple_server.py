"""A server that speaks HTTP/2 as Apple's does, on this machine: over TLS, to callers with a certificate."""

import contextlib
import json
import socket
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.settings import SettingCodes, Settings

from tests.unit.passes.pass_keys import a_certificate, a_key, pem_of

HOST = "localhost"
SILENT, BREAKS, GOES_AWAY = "silent", "breaks", "goes away"


@dataclass
class Keys:
    """authority: whom both sides trust. ours: certificate and key of the pass type. server_pair: those of
    the server."""

    authority: str
    ours: tuple[str, str]
    server_pair: tuple[str, str]
    strangers: tuple[str, str]


def made_keys() -> Keys:
    root, own, server = a_key(), a_key(), a_key()
    return Keys(
        a_certificate("Authority", root, "Authority", root).decode(),
        (a_certificate("pass.example", own, "Authority", root).decode(), pem_of(own).decode()),
        (a_certificate(HOST, server, "Authority", root, HOST).decode(), pem_of(server).decode()),
        (a_certificate("Stranger", own, "Stranger", own).decode(), pem_of(own).decode()),
    )


@dataclass
class Asked:
    connection: int
    headers: dict[str, str]
    caller: str
    body: bytes = b""

    @property
    def token(self) -> str:
        return self.headers[":path"].rpartition("/")[2]


@dataclass
class AppleServer:
    """answers: by token, the status, or status and reason, or what it does instead; otherwise 200."""

    keys: Keys
    folder: Path
    protocol: str = "h2"
    at_once: int = 100
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _live: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> "AppleServer":
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own = self.folder / "server.pem"
        own.write_text("\n".join(self.keys.server_pair))
        self._tls.load_cert_chain(own)
        self._tls.load_verify_locations(cadata=self.keys.authority)
        self._tls.verify_mode = ssl.CERT_REQUIRED
        self._tls.set_alpn_protocols([self.protocol])
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.hang_up()

    def hang_up(self) -> None:
        while self._live:
            each = self._live.pop()
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with plain, contextlib.suppress(OSError), self._tls.wrap_socket(plain, server_side=True) as secret:
            self._live.append(secret)
            self.connections += 1
            try:
                self._speak(secret, self.connections)
            except (AttributeError, ValueError):
                # What Python's TLS raises in a socket that another thread closes between two of its lines.
                if secret in self._live:
                    raise

    def _speak(self, secret: ssl.SSLSocket, number: int) -> None:
        caller: Any = secret.getpeercert()
        name = caller["subject"][0][0][1]
        line = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        line.local_settings = Settings(
            client=False, initial_values={SettingCodes.MAX_CONCURRENT_STREAMS: self.at_once}
        )
        line.initiate_connection()
        secret.sendall(line.data_to_send())
        open_streams: dict[int, Asked] = {}
        while data := secret.recv(65536):
            for event in line.receive_data(data):
                if isinstance(event, RequestReceived):
                    open_streams[event.stream_id] = Asked(number, dict(event.headers), name)  # type: ignore
                elif isinstance(event, DataReceived):
                    open_streams[event.stream_id].body += event.data
                elif isinstance(event, StreamEnded):
                    going_on = self._answer(line, event.stream_id, open_streams.pop(event.stream_id))
                    if not going_on:
                        return
            secret.sendall(line.data_to_send())

    def _answer(self, line: H2Connection, stream: int, asked: Asked) -> bool:
        """Whether the connection goes on."""
        self.asked.append(asked)
        answer = self.answers.get(asked.token, 200)
        if answer == BREAKS:
            return False
        if answer == GOES_AWAY:
            line.close_connection()
        elif answer != SILENT:
            status, reason = answer if isinstance(answer, tuple) else (answer, "")
            line.send_headers(stream, [(":status", str(status))], end_stream=not reason)
            if reason:
                line.send_data(stream, json.dumps({"reason": reason}).encode(), end_stream=True)
        return True
