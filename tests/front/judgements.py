"""Why this gateway differs from other proxies, a judgement for each row that does.

A difference without its judgement fails the page that tells them.
"""

from __future__ import annotations

from typing import Final

__all__ = ["JUDGEMENTS"]

JUDGEMENTS: Final[dict[str, str]] = {
    "A1": "RFC 9112 §6.1 lets a server refuse such a request or close behind it; both "
    "lengths at once are how requests are smuggled, and no honest client sends them.",
    "A3": "RFC 9112 §6.3 allows equal lengths to be merged or refused. Refusing costs "
    "no honest client, and leaves nothing for two readers to merge differently.",
    "A4": "RFC 9112 §5.1 has blanks around a value stripped by any recipient.",
    "A6": "RFC 9110 §8.6 bounds no number of digits; a length of more than 18 is "
    "refused, whatever its value, so that none ever overflows.",
    "A7": "RFC 9112 §5.2: a server must refuse a folded field or replace the fold. "
    "Replacing it joins `Transfer-Encoding:` with a value that others do not see.",
    "A9": "RFC 9112 §5.1 strips a tab as it strips a blank. The parser strips it in "
    "front and refuses it behind, which costs no honest client.",
    "A12": "RFC 9112 §6.1: a message of HTTP/1.0 with Transfer-Encoding has faulty "
    "framing; nobody before us may have understood it.",
    "A13": "`Transfer_Encoding` is Transfer-Encoding to whoever reads fields as CGI "
    "variables. What looks like framing never goes on, whoever wrote it.",
    "A14": "RFC 9112 §7.1 ends a chunk's line in CRLF. The leave to take LF alone "
    "(§2.2) is for start lines and fields, and has made smuggling possible in chunks.",
    "A15": "RFC 9112 §7.1.1: an extension is a token or a quoted string. Bytes of it "
    "that are skipped unread are bytes that somebody else takes for data.",
    "A16": "RFC 9112 §7.1.1: a recipient ought to limit the length of extensions. "
    "Here they may take 16 KiB in all; only who tells data from padding can say.",
    "A18": "RFC 9112 §7.1 allows no blank behind a chunk's size. Leading zeros mean "
    "nothing and are taken.",
    "A19": "RFC 9112 §8: whoever cannot find the end of a body must not go on reading "
    "requests behind it; the connection ends here.",
    "A20": "RFC 9112 §7.1.2: trailers are dropped here, and with them the field that "
    "announces them.",
    "A21": "RFC 9112 §7.1.2 gives trailers the grammar of fields; framing among them "
    "(RFC 9110 §6.5.1) must not be sent, and whoever sends it means no good.",
    "A26": "RFC 9110 §7.8: Upgrade is of one hop, and a server may ignore it. Passing "
    "it on unasked is an offer to tunnel.",
    "A27": "RFC 9110 §7.8: as A26; the next request is served as HTTP/1.1.",
    "A28": "RFC 9112 §2.2: an empty line before a request is ignored. §9.3.2: answers "
    "come in the order of requests, up to the one that is refused.",
    "B1": "RFC 9112 §3.2: a request whose Host has an invalid value must be answered "
    "with 400. What goes unchecked here decides links, caches and routes elsewhere.",
    "B3": "RFC 9112 §3.2: as B1; a Host that ends in `#` or `?x` changes the meaning "
    "of every URL that is built from it.",
    "B4": "RFC 9112 §3.2.2 lets the target's authority win over Host. A gateway that "
    "routes on neither takes both only where they are the same (RFC 9110 §7.4).",
    "B5": "RFC 9112 §3.2: only CONNECT has a target without a slash.",
    "B6": "RFC 9110 §9.3.6: CONNECT is for proxies that a client has chosen. §9.3.8: "
    "TRACE echoes credentials. RFC 9112 §3.2.4: `*` goes with OPTIONS alone.",
    "B7": "RFC 9112 §3.2: a target has no fragment; what one server cuts off there "
    "another one routes on.",
    "B8": "RFC 9112 §2.3, §3: one version is spoken, and HTTP/1.0 understood; empty "
    "lines before a request are ignored (§2.2).",
    "B9": "RFC 9112 §2.2, RFC 9110 §5.5: a bare CR is invalid; waiting for what comes "
    "behind it only gives time to the sender.",
    "B10": "RFC 9110 §5.5: controls are no part of a field's value; passing them on "
    "leaves it to the upstream what they mean.",
    "B11": "RFC 9112 §2.2: LF alone may be recognised as the end of a line, and need "
    "not be; where one server does and the next does not, a request hides.",
    "B12": "RFC 9112 §5.1, RFC 9110 §5.1: a field is a token and a colon. A field that "
    "is skipped instead of refused may be read by the next one; every token goes on.",
    "B13": "RFC 9110 §5.4, RFC 6585 §5: limits are the server's. Ours are 64 KiB of "
    "fields, 100 of them, 16 KiB of target; `limits` moves each.",
    "B15": "RFC 9110 §5.1: `_` is a character like any. Rules for `x-user` hold for "
    "`x_user` as well, so nothing must be dropped that no rule names.",
    "B17": "RFC 9110 §9.1: methods are case-sensitive. What no registry knows is "
    "refused, as an upstream may read it as what it resembles.",
    "C1": "RFC 3986 §5.2.4: the upstream resolves dots, after the gateway has routed "
    "by them. Refused, or resolved before routing: the former hides nothing.",
    "C2": "RFC 3986 §6.2.2.2: an encoded dot is a dot; as C1.",
    "C3": "RFC 3986 §2.2: an encoded slash is none, and half of all servers decode it. "
    "`paths: as_sent` lets it through, byte for byte.",
    "C4": "RFC 3986 §3.3: `//host/x` is a reference to another host wherever it is "
    "resolved as a reference.",
    "C5": "RFC 3986 §2.1: a bad escape has no meaning; NUL ends strings in many.",
    "C7": "RFC 3986 §2: a backslash is no character of a URI, and a slash to some.",
    "C8": "RFC 9110 §5.5: a decoded line end makes fields of its own where a path is "
    "copied into one.",
    "C13": "RFC 3986 §2.1: such characters should have been encoded. What can be said "
    "in a start line goes on byte for byte, as signatures need; 8-bit bytes cannot.",
    "D1": "RFC 9110 §7.6.1: an intermediary must remove each field that Connection "
    "names.",
    "D3": "RFC 9110 §7.6.1: Connection must not name a field for all recipients; who "
    "does so with framing wants one of them to lose it.",
    "D4": "RFC 9110 §7.6.1: as D1, for every line and spelling of Connection.",
    "D5": "RFC 9110 §7.6.1: these are of one hop and end here; `Proxy` becomes "
    "`HTTP_PROXY` in CGI, and nobody else reads it.",
    "D7": "RFC 9110 §10.1.1: 417 may answer an unknown expectation; nobody here could "
    "fulfil it.",
    "D8": "RFC 9110 §7.6.2: at 0 it is not forwarded. TRACE: as B6.",
    "D9": "RFC 9110 §7.6.3 wants a gateway named in Via; here it is where the file "
    "says so, as for any field.",
    "RFC 9112 §7.1": "Chunks: as A14, A15, A19 and A21.",
    "RFC 9112 §6.3 item 5, RFC 9110 §8.6": "Lengths: as A6 and B12; a field that is "
    "skipped leaves a body that is read as a request.",
    "RFC 9112 §6.1": "Codings: as A1, A12 and B12.",
    "RFC 9112 §2.2, §3, §5, RFC 9110 §5.1, §5.5": "Heads: as B1, B8, B9, B11 and B12.",
}
"""By row; those of the garden by their clause."""
