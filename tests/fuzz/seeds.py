"""Where each target of bytes begins, and the words that it should know."""

from __future__ import annotations

from typing import Final

__all__ = ["LIBRARIES", "SEEDS", "WORDS"]

_BODIES: Final = (
    *(b"", b"{}", b"[1]", b"null", b'"a"', b"1e999", b"[NaN, -Infinity]"),
    b'{"model": "m", "prompt": "p"}',
    b'{"prompt": null, "input": 1}',
    b'{"a": 1, "prompt": [1, -2.50, true, {"prompt": 3}], "a": 3}',
    b'{"a": {"b": [[]]}, "b": "\\u00e9\\ud83d\\ude00\\ud800", "": 10e-3}',
    '{"c": "é\u2028👩", "\u2028": 0}'.encode(),
    '\ufeff{"prompt": 1}'.encode(),
    '{"prompt": 1}'.encode("utf-16"),
    '{"prompt": "é"}'.encode("utf-16-be"),
    '{"prompt": "é"}'.encode("utf-32-le"),
    b'{"prompt": %s}' % (b"1" * 4301),
    b'{"prompt": %s}' % (b"[" * 1100 + b"]" * 1100),
)
_JSON_WORDS: Final = (
    *b'{ } [ ] , : " \\ / - + . e E 0 1 -0 1e5 1e-400 1e999 0.1 true false'.split(),
    *b'null NaN Infinity -Infinity "prompt" "input" "a" "b" "c" "" "s"'.split(),
    *rb"\n \" \\ \/ \u0000 \u0041 \ud800 \udc00 \udfff \ud83d\ude00 \x".split(),
    *(b" ", b"\n", b"\r\n", b"\t", b"\x00", b"\x0b", b"\x7f", b"\xff", b"\xc3\xa9"),
    *(b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"),
    *(b"\xf4\x90\x80\x80", b"9" * 4300, b"[" * 600, b'{"prompt":', b'"prompt":1,'),
)

_PATHS: Final = (
    *(b"", b"/", b"*", b"//", b"/v1/models/gpt-4.1", b"/a/../b", b"/a/%2e%2E/b"),
    *(b"/a%2Fb", b"/a%5cb", b"/a\\..\\b", b"/%252e%252e", b"/caf\xc3\xa9/%c3%a9"),
    *(b"/a;x=1/b,c", b"/a%00", b"/%zz%", b"/.well-known/...", b"http://h/x"),
)
_PATH_WORDS: Final = (
    *b"/ // . .. ... % %2 %2e %2E %2e%2e %2f %2F %5c %5C \\ %25 %252e %00 %0a".split(),
    *b"%1f %20 %7f %7e %41 %61 %c0%ae %zz %%32e a B ~ - _ ; : @ * ? # & = +".split(),
    *(b"\x00", b"\r\n", b"\t", b" ", b"\x7f", b"\x80", b"\xc3\xa9", b"\xff"),
)

_ROUTED: Final = (
    b"GET /v1/x\nGET /v1/x\nPOST /v1/{id}\n /v1/{rest:path}",
    b"PUT /a/b/c\nGET,PUT /{x}/b/{y}\n /a/{rest:path}\nPUT /a/b/c\n /",
    b"DELETE /a/%62\n /a/b\nDELETE /{x}/{y}\nGET /%61/b",
    b"TRACE /x\n /{rest:path}\nTRACE /x",
    b"GET //\n /{a}/{b}\n //\n /{rest:path}",
    "GET /%C3%A9/%20\n /é/ \n /{é}\n /{x}/{x}\n /a{b}\n /{a:path}/b".encode(),
)
_ROUTED_WORDS: Final = (
    *_PATH_WORDS,
    *b"GET POST PUT HEAD TRACE CONNECT OPTIONS , {x} {y} {rest:path} {r:path}".split(),
    *(b"\n", b" /", b"\n /{x}", b"\n /{rest:path}", b"/{x}/", b"{", b"}", b":path}"),
)

_SAID: Final = (
    b'/a/b/c?q=1&q=2&r=\nX-A: v\nAuthorization: Bearer x\n\n{"s": "t"}',
    b'/a%2Fb/%2e?q=%26x%3D%23+%2B\nX-A: a/b?c#d\n\n{"s": ["\\ud800", {"a": null}]}',
    b'/a/?q=..\nX-A: \xff\xe9\nX-A: second\n\n{"s": "../..", "s": 1.50}',
    b'/%C3%A9/..%2f?q=%0D%0AX:%201\nx-query: own\n\n{"s": "a\\r\\nX: 1\\u0000"}',
    b"/{{ 7 }}/x?q={{ settings }}&q=get\nx-a: {{ body }}\n\n[]",
    b'/"/}?q=%22%2C%22a%22%3A%22\nX-A: "\\\n\n{"s": "\\",\\"admin\\":true"}',
    b"/a/b?q=POST\nConnection: x-a\nX-A: k\nContent-Length: 1\n\n",
)
_SAID_WORDS: Final = (
    *_PATH_WORDS,
    *_JSON_WORDS,
    *(
        b"?q=",
        b"&q=",
        b"&",
        b"=",
        b";",
        b"+",
        b"%26",
        b"%3D",
        b"%23",
        b"%3F",
        b"%0D%0A",
    ),
    *(b"%22", b"%5C", b"%80", b"%C3%A9", b"%ed%a0%80", b"\n", b"\n\n", b"\nX-A: "),
    *(b"\nx-query: ", b"\nCookie: a=b", b"{{", b"}}", b"{% raw %}", b"\\udc8a", b"get"),
    *(b'"s": "..", ', b'"s": "/", ', b'"s": "?#"', b"CONNECT", b"q=m-search"),
)

_GET: Final = b"GET /g HTTP/1.1\r\nHost: a\r\n\r\n"
_POST: Final = b"POST /p HTTP/1.1\r\nHost: a\r\n"
_CHUNKS: Final = (
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0a\r\n0123456789\r\n0\r\n"
)
_REQUESTS: Final = (
    _GET,
    _GET + b"HEAD /2?x=%20 HTTP/1.1\r\nhost: a:80\r\n\r\n",
    _POST + b"Content-Length: 3\r\n\r\nabcGET /early HTTP/1.1\r\nHost: [::1]:8\r\n\r\n",
    b"PUT /early/x HTTP/1.1\r\nHost: a\r\n" + _CHUNKS + b"X-T: 1\r\n\r\n" + _GET,
    _POST + _CHUNKS + b"\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    _POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
    b"GET http://a/x?y HTTP/1.1\r\nHost: A\r\nConnection: close\r\n\r\nGET / HTTP/1.1",
    b"POST /o HTTP/1.0\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok",
    _POST
    + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc"
    + _GET,
    _POST + b"Upgrade: h2c\r\nConnection: upgrade, x-y\r\n" + _CHUNKS + b"\r\n" + _GET,
    _POST + b"Content-Length: %d\r\n\r\n" % len(_GET) + _GET + _GET,
    b"GET /" + b"a" * 500 + b" HTTP/1.1\r\nHost: a\r\n" + b"x: 1\r\n" * 23 + b"\r\n",
)
_REQUEST_WORDS: Final = (
    *(
        b"\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\r\n",
        b"\r\n\r\n",
        b" ",
        b"\t",
        b"\0",
        b"\x0b",
    ),
    *(
        b": ",
        b":",
        b" :",
        b",",
        b";",
        b"=",
        b'"',
        b"\x7f",
        b"\x80",
        b"\xff",
        b"#",
        b"*",
    ),
    *b"GET POST HEAD OPTIONS CONNECT PRI get QUERY M-SEARCH / /a /early ? %00".split(),
    *(b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.2", b"http/1.1"),
    *(b"http://a/", b"https://a", b"http://b/x", b"@evil", b"GET / HTTP/1.1\r\n"),
    *(b"Host: a\r\n", b"Host: b\r\n", b"Host:\r\n", b"Host: a b\r\n", b"X_Y: 1\r\n"),
    *(b"Content-Length: 3\r\n", b"Content-Length: 0\r\n", b"Content-Length: 5, 5\r\n"),
    *(b"Content-Length: +3\r\n", b"Content-Length: 99999999999999999999\r\n"),
    *(
        b"Content_Length: 3\r\n",
        b"Content-Length : 3\r\n",
        b"Content-Length:\r\n 3\r\n",
    ),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n"),
    *(b"Transfer-Encoding: chunked, chunked\r\n", b"Transfer-Encoding: identity\r\n"),
    *(b"Transfer-Encoding:\tchunked\t\r\n", b"Transfer-Encoding: xchunked\r\n"),
    *(
        b"Connection: close\r\n",
        b"Connection: keep-alive\r\n",
        b"Connection: upgrade\r\n",
    ),
    *(
        b"Connection: Content-Length\r\n",
        b"Upgrade: websocket\r\n",
        b"Upgrade: h2c\r\n",
    ),
    *(b"Expect: 100-continue\r\n", b"Expect: x\r\n", b"X: a\r\n b\r\n", b"X:\r\n"),
    *(b"0\r\n\r\n", b"0\r\n", b"3\r\nabc\r\n", b"3;a=b\r\nabc\r\n", b"3 \r\nabc\r\n"),
    *(b"0x3", b"-1", b"00", b"0000000000000003", b"ffffffffffffffff", b"1", b"3", b"a"),
    *(
        b";a\n",
        b";a\rX\r\n",
        b';a="\r\n"',
        b"abcXX",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ),
    *(b"x: " + b"y" * 2100 + b"\r\n", b"x:1\r\n" * 25, b"a" * 600, b"\x16\x03\x01"),
)

_OK: Final = b"HTTP/1.1 200 OK\r\n"
_ABC: Final = _OK + b"Content-Length: 3\r\n\r\nabc"
_ANSWERS: Final = (
    _ABC,
    _ABC + _ABC,
    _OK
    + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0a\r\n0123456789\r\n0\r\n\r\n",
    _OK
    + b"transfer-encoding: Chunked\r\nTrailer: x\r\n\r\n0\r\nX: 1\r\nSet-Cookie: a\r\n\r\n",
    _OK + b"Content-Type: text/plain\r\n\r\nto the end",
    b"HTTP/1.0 404 Not Found\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d, e\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + _ABC,
    b"HTTP/1.1 204 No Content\r\nConnection: X-A, close\r\nX-A: 1\r\n\r\n",
    b'HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\nETag: "x"\r\n\r\n' + _ABC,
    b"HTTP/1.1 500 \r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8bx",
    _OK + b"Content-Type: text/event-stream\r\n\r\ndata: 1\n\ndata: [DONE]\n\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
)
_ANSWER_WORDS: Final = (
    *(
        b"\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b"\0",
        b"\x01",
        b"\x7f",
    ),
    *(b": ", b":", b" :", b",", b";", b"=", b'"', b"\x80", b"\xff", b"0", b"3", b"a"),
    *(_ABC, _OK, b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 x\r\n\r\n" * 40),
    *b"HTTP/1.1 HTTP/1.0 HTTP/2.0 HTTP/0.9 HTTP/1.2 ICY 200 204 304 099 600 999".split(),
    *(b"Content-Length: 3\r\n", b"Content-Length: 0\r\n", b"Content-Length: 3, 3\r\n"),
    *(b"Content-Length: 4\r\n", b"Content-Length: -1\r\n", b"Content-Length: +3\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n"),
    *(
        b"Transfer-Encoding: identity\r\n",
        b"Connection: close\r\n",
        b"Upgrade: h2c\r\n",
    ),
    *(b"Connection: keep-alive\r\n", b"Keep-Alive: timeout=1\r\n", b" folded\r\n"),
    *(b"3\r\nabc\r\n", b"0\r\n\r\n", b"0\r\n", b"3 \r\nabc\r\n", b"0x3\r\n", b"-1\r\n"),
    *(b"ffffffffffffffff\r\n", b"00000003\r\n", b";a\n", b"x: 1\r\n", b"x_y: 2\r\n"),
    *(b"x: " + b"y" * 3000 + b"\r\n", b"x:\r\n" * 30, b"y" * 3000, b"\x16\x03\x01\x02"),
)

SEEDS: Final = {
    "rename": _BODIES,
    "path": _PATHS,
    "router": _ROUTED,
    "slots": _SAID,
    "front": _REQUESTS,
    "upstream": _ANSWERS,
}
"""Inputs by the target that they are for."""

WORDS: Final = {
    "rename": _JSON_WORDS,
    "path": _PATH_WORDS,
    "router": _ROUTED_WORDS,
    "slots": _SAID_WORDS,
    "front": _REQUEST_WORDS,
    "upstream": _ANSWER_WORDS,
}
"""What the mutations of a target put in."""

LIBRARIES: Final = {
    "routes": ("jinja2", "jsonschema"),
    "template": ("jinja2",),
    "question": ("jinja2", "jsonschema"),
    "front": ("uvicorn",),
    "upstream": ("h11",),
}
"""What is watched beside the package while a target is fuzzed: it takes time."""
