"""Keys replaced under a gateway that serves: nothing fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.keyring.test_command import hxroute, key_of
from tests.runtime.serving import Answer, ask
from tests.test_watch import watched

ROUTES = """\
version: 1
settings: {alice: {file: alice.key, secret: true}}
auth:
  clients:
    bearer:
      - {name: alice, key: "{{ settings.alice }}"}
endpoints: [{path: /x, auth: clients, respond: {text: hello}}]
"""


async def show(port: int, key: str) -> Answer:
    head = f"GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\r\n"
    return await ask(port, head.encode())


def test_rotation_fails_no_request(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(ROUTES)
    (tmp_path / "alice.key").write_text("the old key\n")

    async def scenario() -> None:
        async with watched(tmp_path) as this:
            statuses: list[int] = []
            ended = asyncio.Event()

            async def ask_on() -> None:
                while not ended.is_set():
                    statuses.append((await show(this.port, "the old key")).status)

            asking = asyncio.create_task(ask_on())
            try:
                rotated = asyncio.to_thread(hxroute, tmp_path, "rotate", "alice")
                key = key_of(await rotated)
                await this.until("reloaded")
                assert (await show(this.port, key)).body == b"hello"
                assert (await show(this.port, key + "x")).status == 401
            finally:
                ended.set()
                await asking
            assert len(statuses) > 1
            assert set(statuses) == {200}

    asyncio.run(scenario())


def test_key_in_a_file_is_read_again_at_a_reload(tmp_path: Path) -> None:
    text = ROUTES.replace("alice.key", str(tmp_path / "alice.key"))
    key = tmp_path / "alice.key"
    key.write_text("one\n")
    (tmp_path / "routes.yaml").write_text(text)

    async def scenario() -> None:
        async with watched(tmp_path) as this:
            assert (await show(this.port, "one")).status == 200
            key.write_text("two\n")
            await this.edit(f"{text}# edited\n")
            assert (await show(this.port, "two")).status == 200
            assert (await show(this.port, "one")).status == 401

    asyncio.run(scenario())
