"""An HTTP/2 client for one host that knows its callers by their certificates, with as much as pushes need."""

import logging
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import H2Error
from msgspec import Struct, field

from chalicelib.channels.fresh_connections import IDLE_SECONDS
from chalicelib.wallets.http2_calls import Http2Answer, Post

CONNECT_SECONDS = 2
_READ = 65_536

log = logging.getLogger(__name__)


def tls_of(certificate: str, key: str, authorities: str | None = None) -> ssl.SSLContext:
    """A TLS context with a client certificate and its key (each in PEM). It trusts the system's authorities,
    or only the given ones.

    Python reads the two from a file only. The file is readable by this user alone, and is removed at once.
    Raises ssl.SSLError for an invalid certificate or key, and for a key with a password.
    """
    context = ssl.create_default_context(cadata=authorities)
    context.set_alpn_protocols(["h2"])
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(f"{certificate}\n{key}\n")
        file.flush()
        context.load_cert_chain(file.name, password="")
    return context


class Http2:
    """A client that keeps its connection from one call to the next, unless it was idle for IDLE_SECONDS.
    Apple treats a caller that connects for each push as an attacker. It is not for several threads.

    clock: seconds, which also pass while the function sleeps.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext, clock: Callable[[], float]) -> None:
        self._host, self._port, self._tls, self._clock = host, port, tls, clock
        self._connection: _Connection | None = None
        self._used = 0.0

    def __call__(self, posts: Sequence[Post], seconds: float) -> list[Http2Answer | None]:
        """Sends all posts at once and waits for all answers. None: no answer in that time, or no connection.
        Posts that a kept connection did not answer before it broke are sent once more, so that a post may
        arrive twice."""
        until = time.monotonic() + seconds
        answers: dict[int, Http2Answer] = {}
        while len(answers) < len(posts):
            unanswered = {number: post for number, post in enumerate(posts) if number not in answers}
            kept = self._kept()
            try:
                self._connection = connection = kept or self._opened(until)
                connection.ask(unanswered, answers, until)
                break
            except (OSError, H2Error) as error:
                log.warning("a connection to %s broke off: %s", self._host, error)
                self.close()
                if kept is None:
                    break
        self._used = self._clock()
        return [answers.get(number) for number in range(len(posts))]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _kept(self) -> "_Connection | None":
        if self._clock() - self._used >= IDLE_SECONDS:
            self.close()
        return self._connection

    def _opened(self, until: float) -> "_Connection":
        seconds = min(CONNECT_SECONDS, _seconds_until(until))
        plain = socket.create_connection((self._host, self._port), timeout=seconds)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secret = self._tls.wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            plain.close()
            raise
        connection = _Connection(secret, self._host)
        try:
            connection.greet(min(until, time.monotonic() + CONNECT_SECONDS))
        except BaseException:
            connection.close()
            raise
        return connection


class _PartialAnswer(Struct):
    """The part of an answer that has arrived."""

    status: int = 0
    body: bytearray = field(default_factory=bytearray)


class _Connection:
    """One HTTP/2 connection."""

    def __init__(self, secret: ssl.SSLSocket, host: str) -> None:
        self._socket, self._host = secret, host
        self._h2 = H2Connection(H2Configuration(client_side=True))
        self._settled = False
        self._ended = False
        self._partial: dict[int, _PartialAnswer] = {}

    def greet(self, until: float) -> None:
        """Waits for the server's settings. Raises OSError, H2Error."""
        if self._socket.selected_alpn_protocol() != "h2":
            raise ConnectionError("the other side does not speak HTTP/2")
        self._h2.initiate_connection()
        while not self._settled:
            self._turn(until)

    def ask(self, posts: Mapping[int, Post], answers: dict[int, Http2Answer], until: float) -> None:
        """Sends the posts, and puts each answer under its post's number as it arrives. Raises OSError,
        H2Error."""
        waiting, asked = list(posts.items()), dict[int, int]()
        while waiting or asked:
            while waiting and self._h2.open_outbound_streams < self._most():
                number, post = waiting.pop(0)
                asked[self._send(post)] = number
            for stream in self._turn(until):
                partial = self._partial.pop(stream)
                if stream in asked and partial.status:
                    answers[asked[stream]] = Http2Answer(partial.status, bytes(partial.body))
                asked.pop(stream, None)

    def _most(self) -> int:
        return self._h2.remote_settings.max_concurrent_streams

    def _send(self, post: Post) -> int:
        stream = self._h2.get_next_available_stream_id()
        head = [
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", self._host),
            (":path", post.path),
            *post.headers.items(),
            ("content-length", str(len(post.body))),
        ]
        self._h2.send_headers(stream, head)
        self._h2.send_data(stream, post.body, end_stream=True)
        self._partial[stream] = _PartialAnswer()
        return stream

    def _turn(self, until: float) -> list[int]:
        """Sends what is to be sent, then reads the next data. Returns the streams that ended with it. Raises
        OSError, also where the time is over or the connection has ended."""
        if self._ended:
            raise ConnectionError("the other side takes no more")
        self._flush(until)
        self._socket.settimeout(_seconds_until(until))
        data = self._socket.recv(_READ)
        if not data:
            raise ConnectionError("the connection broke off")
        ended = [stream for event in self._h2.receive_data(data) if (stream := self._apply(event))]
        self._flush(until)
        return ended

    def _apply(self, event: object) -> int | None:
        """Applies an event of h2. Returns the stream that it ends; None: it ends none."""
        if isinstance(event, RemoteSettingsChanged):
            self._settled = True
        elif isinstance(event, ConnectionTerminated):
            self._ended = True
        elif isinstance(event, ResponseReceived) and event.stream_id in self._partial:
            self._partial[event.stream_id].status = int(dict(event.headers)[b":status"])
        elif isinstance(event, DataReceived) and event.stream_id in self._partial:
            self._partial[event.stream_id].body += event.data
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamReset) and event.stream_id in self._partial:
            self._partial[event.stream_id].status = 0
            return event.stream_id
        elif isinstance(event, StreamEnded):
            return event.stream_id
        return None

    def _flush(self, until: float) -> None:
        if data := self._h2.data_to_send():
            self._socket.settimeout(_seconds_until(until))
            self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()


def _seconds_until(until: float) -> float:
    """The seconds until an instant of the monotonic clock. Raises TimeoutError where it is past."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the time is over")
    return seconds
