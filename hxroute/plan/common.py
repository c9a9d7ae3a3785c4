"""What endpoints share: settings, upstreams, the path policy, where the server listens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hxroute import units
from hxroute.ir import Gateway, Limits, Server, Setting
from hxroute.plan.changes import Difference, Shared
from hxroute.plan.fact import NONE, Fact, differing
from hxroute.plan.facts import upstream_facts
from hxroute.plan.meaning import Meaning
from hxroute.plan.wording import HIDDEN, Shown, duration, quoted
from hxroute.space import claim_of

__all__ = ["changed_settings", "of_settings", "of_the_gateway", "of_upstreams"]

Touched = Mapping[str, tuple[str, ...]]
"""The names of endpoints by the old name of what they use."""


def changed_settings(old: Meaning, new: Meaning) -> dict[str, tuple[Difference, ...]]:
    """Return what differs of settings, by their names in the old gateway."""
    before, after = old.settings, _settings_of(new)
    found = {
        name: tuple(_of_setting(before.get(name), after.get(name)))
        for name in sorted({*before, *after})
    }
    return {name: differences for name, differences in found.items() if differences}


def of_settings(
    changed: Mapping[str, tuple[Difference, ...]], new: Meaning, touched: Touched
) -> Iterator[Shared]:
    """Yield the settings that differ, where a request or the start depends on them."""
    stated = _settings_of(new)
    for name, differences in changed.items():
        if name in touched or _required(stated.get(name)):
            what = f"setting {quoted(name)}"
            yield Shared(what, differences, touched.get(name, ()))


def _required(setting: Setting | None) -> bool:
    """Tell whether a gateway does not start without a value from outside."""
    return setting is not None and setting.default is None and not setting.optional


def of_upstreams(old: Meaning, new: Meaning, touched: Touched) -> Iterator[Shared]:
    """Yield the upstreams that differ for an endpoint."""
    called = {new.old_upstreams.get(name, name): name for name in new.upstreams}
    for name in sorted(touched):
        before = dict(upstream_facts(old, old.upstreams[name]))
        after = dict(upstream_facts(new, new.upstreams[called[name]]))
        found = tuple(differing(before, after))
        yield Shared(f"upstream {quoted(name)}", found, touched[name])


def of_the_gateway(old: Gateway, new: Gateway) -> Iterator[Shared]:
    """Yield another address, and another path policy."""
    found = tuple(differing(_server_facts(old.server), _server_facts(new.server)))
    if found:
        names = (endpoint.name for endpoint in new.endpoints)
        yield Shared("server", found, tuple(names))
    found = tuple(differing(_limit_facts(old.limits), _limit_facts(new.limits)))
    if found:
        yield Shared(
            "limits", found, tuple(endpoint.name for endpoint in new.endpoints)
        )
    if old.paths != new.paths:
        text = f"{old.paths} -> {new.paths}"
        yield Shared("paths", (Difference(text),), tuple(_of_many_paths(new)))


def _of_many_paths(gateway: Gateway) -> Iterator[str]:
    """Yield the endpoints of whose paths a policy may refuse some."""
    for endpoint in gateway.endpoints:
        claim = claim_of(endpoint)
        if claim is not None and claim.pattern.literal is None:
            yield endpoint.name


def _server_facts(server: Server) -> dict[str, Fact]:
    return {
        "host": Fact(server.host, server.host, server.at),
        "port": Fact(server.port, Shown(str(server.port)), server.at),
        "trusted_proxies": Fact(
            frozenset(server.trusted_proxies),
            Shown(", ".join(server.trusted_proxies) or "none"),
            server.at,
        ),
        "client_address": Fact(
            server.client_address, Shown(server.client_address), server.at
        ),
        "grace": Fact(server.grace, duration(server.grace), server.at),
        "drain_delay": Fact(
            server.drain_delay, duration(server.drain_delay), server.at
        ),
    }


def _limit_facts(limits: Limits) -> dict[str, Fact]:
    written = limits.written()
    return {name: Fact(text, Shown(text), limits.at) for name, text in written.items()}


def _settings_of(meaning: Meaning) -> dict[str, Setting]:
    called = meaning.old_settings
    return {called.get(name, name): item for name, item in meaning.settings.items()}


def _of_setting(old: Setting | None, new: Setting | None) -> Iterator[Difference]:
    secret = any(item is not None and item.secret for item in (old, new))
    if new is None:
        yield Difference("removed", old.at if old is not None else None)
    elif old is None:
        origins = ", ".join([*new.env, *([new.file] if new.file else [])])
        yield Difference(
            f"added{f' from {quoted(origins)}' if origins else ''}", None, new.at
        )
    else:
        yield from differing(
            _setting_facts(old, secret=secret), _setting_facts(new, secret=secret)
        )


def _setting_facts(setting: Setting, *, secret: bool) -> dict[str, Fact]:
    at, default = setting.at, setting.default
    env = Fact(setting.env, ", ".join(setting.env), at) if setting.env else NONE
    file = NONE if setting.file is None else Fact(setting.file, setting.file, at)
    stated = HIDDEN if secret else str(default)
    if setting.type == "size" and isinstance(default, str):
        default = units.size(default)
    shown = (
        NONE if default is None else Fact((type(default), default), Shown(stated), at)
    )
    return {
        "env": env,
        "file": file,
        "type": Fact(setting.type, Shown(setting.type), at),
        "default": shown,
        "optional": Fact(setting.optional, Shown(str(setting.optional).lower()), at),
        "secret": Fact(setting.secret, Shown(str(setting.secret).lower()), at),
    }
