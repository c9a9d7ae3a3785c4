from __future__ import annotations

import pytest

from hxroute.nodes import LimitMemory
from tests.compiler.compiling import gateway_of, report_of


def source(server: str) -> str:
    return f"""\
version: 1
server: {server}
endpoints: [{{path: /, auth: none, respond: {{}}}}]
"""


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("10.0.0.1/8", "write `10.0.0.0/8`"),
        ("10.0.0.0/255.0.0.0", "write `10.0.0.0/8`"),
        ("2001:DB8::/32", "write `2001:db8::/32`"),
        ("fe80::1%eth0", "write an address such as"),
        ("localhost", "write an address such as"),
        ("10.0.0.*", "write an address such as"),
        ("10.0.0.0/33", "write an address such as"),
        ("010.0.0.1", "write an address such as"),
    ],
)
def test_proxy_is_an_address_or_a_network(written: str, cure: str) -> None:
    (found,) = report_of(source(f'{{trusted_proxies: ["{written}"]}}')).diagnostics
    assert found.code == "HX105"
    assert found.help.startswith(cure)


def test_field_without_a_proxy_to_send_it_is_a_mistake() -> None:
    (found,) = report_of(source("{client_address: forwarded}")).diagnostics
    assert (found.code, found.span.line) == ("HX107", 2)


def test_proxies_are_kept_as_they_are_written() -> None:
    server = gateway_of(source('{trusted_proxies: ["::1", 10.0.0.0/8]}')).server
    assert server.trusted_proxies == ("::1", "10.0.0.0/8")
    assert (server.client_address, server.at) == ("x-forwarded-for", 2)


def test_memory_is_a_node_of_every_endpoint_outside_its_auth() -> None:
    gateway = gateway_of(source("{max_memory: 512MiB}"))
    (endpoint,) = gateway.endpoints
    assert endpoint.pipeline[2] == LimitMemory(512 << 20)
    assert not any(isinstance(node, LimitMemory) for node in gateway.unmatched)


def test_memory_does_not_keep_a_process_from_saying_that_it_lives() -> None:
    text = """\
version: 1
server: {max_memory: 512MiB}
defaults: {auth: none}
endpoints:
  - {path: /livez, health: live}
  - {path: /readyz, health: ready}
"""
    live, ready = gateway_of(text).endpoints
    assert not any(isinstance(node, LimitMemory) for node in live.pipeline)
    assert any(isinstance(node, LimitMemory) for node in ready.pipeline)
