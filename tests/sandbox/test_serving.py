from __future__ import annotations

import http.client
import json
import logging
import socket
from collections.abc import Iterator

import pytest

from hxroute.sandbox.embedded import Embedded
from hxroute.sandbox.serving import serving

HELLO = {"model": "hx-chat", "messages": [{"role": "user", "content": "good morning"}]}


@pytest.fixture
def connection() -> Iterator[http.client.HTTPConnection]:
    with serving(Embedded(delay=60)) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        yield connection
        connection.close()


def test_socket_serves_several_requests(
    connection: http.client.HTTPConnection,
) -> None:
    for _ in range(2):
        connection.request("POST", "/v1/chat/completions", json.dumps(HELLO))
        response = connection.getresponse()
        assert response.status == 200
        assert "good morning" in response.read().decode()


def test_socket_streams_as_it_goes(connection: http.client.HTTPConnection) -> None:
    body = json.dumps({**HELLO, "stream": True})
    connection.request("POST", "/v1/chat/completions", body)
    response = connection.getresponse()
    # The second chunk is a minute away, and leaving now stops the server's wait.
    assert response.readline().startswith(b"data: {")


def test_port_asked_for_is_served() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        wanted = free.getsockname()[1]
    with serving(Embedded(), wanted) as port:
        assert port == wanted


def test_port_that_is_taken_gives_another(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with caplog.at_level(logging.WARNING), serving(Embedded(), taken) as port:
            assert port != taken
    assert caplog.messages == [f"port {taken} is not free, using {port}"]


def test_port_is_free_after_serving() -> None:
    with serving(Embedded()) as port:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
