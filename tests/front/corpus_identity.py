"""Section D of the catalogue, second part: who a client is."""

from __future__ import annotations

from tests.front.cases import Case, answered, cases, get, refused, seen, served

__all__ = ["IDENTITY"]

OWN = (
    (b"x-forwarded-for", b"127.0.0.1"),
    (b"x-user", b"gateway"),
    (b"x-trace", b"ours"),
)
"""What the endpoint under /own sets."""

NO = refused(400)
DENIED = answered(401, has=("www-authenticate",))
FORGED = (
    b"Forwarded: for=6.6.6.6",
    b"X-Real-IP: 6.6.6.6",
    b"X-Original-URL: /admin",
    b"X-Rewrite-URL: /admin",
    b"X-HTTP-Method-Override: DELETE",
)

IDENTITY: list[Case] = [
    *cases(
        "D10",
        "RFC 7239 §8.1: overwritten where the file sets it",
        {
            "one": get(b"/own/g", b"X-Forwarded-For: 6.6.6.6"),
            "two": get(b"/own/g", b"X-Forwarded-For: 6.6.6.6", b"x-forwarded-for: a"),
            "underscore": get(b"/own/g", b"X_Forwarded_For: 6.6.6.6"),
        },
        *served(seen(b"", *OWN, start=b"GET /own/g")),
        alone=True,
    ),
    *cases(
        "D11",
        "RFC 7239 §8.1: dropped where the file says so",
        {
            "all": get(b"/own/g", *FORGED),
            "underscores": get(
                b"/own/g", *(b"X_" + name[2:] for name in FORGED[1:2]), FORGED[0]
            ),
        },
        *served(seen(b"", *OWN, start=b"GET /own/g")),
        alone=True,
    ),
    *cases(
        "D12",
        "RFC 9110 §5.1: identity is the gateway's",
        {
            "user": get(b"/own/g", b"X-User: admin"),
            "users": get(b"/own/g", b"X-User: admin", b"X-USER: root", b"x_user: a"),
        },
        *served(seen(b"", *OWN, start=b"GET /own/g")),
        alone=True,
    ),
    *cases(
        "D13",
        "RFC 6750 §5.3: a key stays here",
        {"key": get(b"/keyed/g", b"Authorization: Bearer right", b"Cookie: a=b")},
        *served(seen(start=b"GET /keyed/g")),
        alone=True,
    ),
    *cases(
        "D14",
        "RFC 6750 §2, §3.1",
        {
            name: get(b"/keyed/g", *(b"Authorization: " + value for value in values))
            for name, values in {
                "none": (),
                "wrong-then-right": (b"Bearer wrong", b"Bearer right"),
                "bearer-twice": (b"Bearer Bearer right",),
                "basic": (b"Basic right",),
                "no-scheme": (b"right",),
                "empty": (b"",),
                "empty-key": (b"Bearer",),
                "8-bit": (b"Bearer caf\xe9",),
                "utf-8": ("Bearer ключ".encode(),),
                "10-kb": (b"Bearer " + b"r" * 10_000,),
                "prefix": (b"Bearer righ",),
                "longer": (b"Bearer right1",),
                "case": (b"Bearer RIGHT",),
                "list": (b"Bearer wrong, Bearer right",),
            }.items()
        },
        *DENIED,
        alone=True,
    ),
    *cases(
        "D14",
        "RFC 6750 §2, §3.1",
        {
            "in-query": (get(b"/keyed/g?api_key=right&access_token=right"), DENIED),
            "nul": (get(b"/keyed/g", b"Authorization: Bearer right\x00"), NO),
            "right-then-wrong": (
                get(
                    b"/keyed/g",
                    b"Authorization: Bearer right",
                    b"Authorization: Bearer wrong",
                ),
                served(seen(start=b"GET /keyed/g")),
            ),
            "blank-behind": (
                get(b"/keyed/g", b"Authorization: Bearer right "),
                served(seen(start=b"GET /keyed/g")),
            ),
            "scheme-case": (
                get(b"/keyed/g", b"Authorization: bearer right"),
                served(seen(start=b"GET /keyed/g")),
            ),
        },
        alone=True,
    ),
    *cases(
        "D15",
        "RFC 9110 §5.3",
        {
            "order": (
                get(b"/g", b"X-B: 1", b"X-A: 2", b"X-B: 3", b"X-B: 1"),
                served(
                    seen(
                        b"",
                        (b"x-b", b"1"),
                        (b"x-a", b"2"),
                        (b"x-b", b"3"),
                        (b"x-b", b"1"),
                        start=b"GET /g",
                    )
                ),
            ),
            "empty-values": (
                get(b"/g", b"X-A:", b"X-A: b", b"X-A: "),
                served(
                    seen(
                        b"",
                        (b"x-a", b""),
                        (b"x-a", b"b"),
                        (b"x-a", b""),
                        start=b"GET /g",
                    )
                ),
            ),
            "cookies": (
                get(b"/g", b"Cookie: a=b", b"Cookie: c=d"),
                served(
                    seen(b"", (b"cookie", b"a=b"), (b"cookie", b"c=d"), start=b"GET /g")
                ),
            ),
        },
    ),
]
