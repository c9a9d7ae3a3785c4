"""Header law: every way to say what becomes of a client's credentials."""

from __future__ import annotations

import pytest

from tests.compiler.compiling import mistakes_of, places_of, report_of

SETS = """\
version: 1
settings: {key: {env: KEY, secret: true}}
upstreams: {api: {url: "http://api"}}
headers:
  drops: {drop: [authorization, cookie]}
  keeps_no: {keep: [accept]}
  keeps_both: {keep: [Authorization, cookie]}
  keeps_one: {keep: [accept, authorization]}
  forwards: {forward: [Authorization, Cookie]}
  forwards_one: {forward: [authorization]}
  drops_authorization: {drop: [Authorization]}
  drops_cookie: {drop: [cookie]}
  sets: {set: {authorization: "Bearer {{ settings.key }}", Cookie: ""}}
  passes: {set: {authorization: "{{ headers.authorization }}"}}
  other: {drop: [x-api-key], set: {x-a: b}}
"""
LAST = SETS.count("\n")
NAMES = "`authorization` and `cookie`"


def call(headers: str, upstream: str = "api", defaults: str = "") -> str:
    request = f"request: {{headers: {headers}}}, " if headers else ""
    stated = f"defaults: {{{defaults}}}\n" if defaults else ""
    return (
        f"{SETS}{stated}endpoints:\n"
        f"  - {{path: /x, auth: none, {request}upstream: {upstream}}}\n"
    )


def passed(source: str) -> list[str]:
    """Return what would reach the upstream, in the words of each mistake."""
    found = mistakes_of(source)
    assert {item.code for item in found} <= {"HX318"}
    return [
        item.message.removeprefix("the client's ").removesuffix(
            " would reach the upstream"
        )
        for item in found
    ]


@pytest.mark.parametrize(
    "headers",
    [
        "drops",
        "[drops]",
        "keeps_no",
        "keeps_both",
        "forwards",
        "sets",
        "[drops_authorization, drops_cookie]",
        "[drops_cookie, passes]",
        "[drops_cookie, forwards_one]",
        "[keeps_one]",
        "[keeps_one, drops_authorization]",
        "[keeps_no, passes]",
        "[other, forwards]",
        "[forwards, other]",
        "[keeps_both, keeps_one]",
        "[sets, drops]",
        "[drops, sets]",
    ],
)
def test_fate_that_the_file_states_is_law(headers: str) -> None:
    assert passed(call(headers)) == []


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ("", NAMES),
        ("none", NAMES),
        ("[]", NAMES),
        ("other", NAMES),
        ("drops_cookie", "`authorization`"),
        ("drops_authorization", "`cookie`"),
        ("forwards_one", "`cookie`"),
        ("passes", "`cookie`"),
        ("[other, drops_cookie]", "`authorization`"),
    ],
)
def test_fate_that_the_file_leaves_open_is_a_mistake(headers: str, names: str) -> None:
    assert passed(call(headers)) == [names]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ("{authorization: 'Bearer {{ settings.key }}', cookie: ''}", None),
        ("{Authorization: '{{ headers.authorization }}', Cookie: ''}", None),
        ("{authorization: ''}", "`cookie`"),
        ("{x-a: b}", NAMES),
        ("{}", NAMES),
    ],
)
def test_field_of_the_call_itself_is_stated(fields: str, names: str | None) -> None:
    found = passed(call("", f"{{name: api, headers: {fields}}}"))

    assert found == ([names] if names else [])


def test_fields_of_the_call_and_rule_sets_count_together() -> None:
    upstream = "{name: api, headers: {authorization: ''}}"

    assert passed(call("drops_cookie", upstream)) == []


def test_rules_of_the_answer_say_nothing_of_the_request() -> None:
    source = (
        f"{SETS}endpoints:\n"
        "  - {path: /x, auth: none, response: {headers: drops}, upstream: api}\n"
    )

    assert passed(source) == [NAMES]


def test_answer_of_its_own_reaches_no_upstream() -> None:
    assert passed(f"{SETS}endpoints: [{{path: /x, auth: none, respond: {{}}}}]\n") == []


def test_place_is_the_reference_in_effect() -> None:
    assert places_of(call("other")) == [("HX318", LAST + 2, 47)]
    assert places_of(call("[drops_cookie, other]")) == [("HX318", LAST + 2, 47)]
    assert places_of(call("none")) == [("HX318", LAST + 2, 47)]


def test_place_is_the_upstream_where_there_are_no_rules() -> None:
    assert places_of(call("")) == [("HX318", LAST + 2, 38)]
    assert places_of(call("", "{name: api}")) == [("HX318", LAST + 2, 38)]


def test_place_of_a_call_of_several_lines_is_its_first() -> None:
    source = f"""\
{SETS}endpoints:
  - path: /x
    auth: none
    upstream:
      name: api
      path: /y
"""

    (found,) = mistakes_of(source)

    assert (found.span.line, found.span.end_line) == (LAST + 5, LAST + 5)


def test_cause_in_the_defaults_is_one_mistake_for_all_endpoints() -> None:
    rows = "".join(f"  - {{path: /{n}, upstream: api}}\n" for n in range(4))
    source = f"""\
{SETS}defaults: {{auth: none, request: {{headers: other}}}}
endpoints:
{rows}  - {{path: /y, request: {{headers: drops}}, upstream: api}}
"""

    (found,) = mistakes_of(source)

    assert (found.code, found.span.line, found.span.column) == ("HX318", LAST + 1, 43)
    assert found.label == "and of 3 more endpoints"


def test_no_rules_at_all_is_one_mistake_at_the_first_upstream() -> None:
    rows = "".join(f"  - {{path: /{n}, upstream: api}}\n" for n in range(2))

    (found,) = mistakes_of(f"{SETS}defaults: {{auth: none}}\nendpoints:\n{rows}")

    assert (found.span.line, found.label) == (LAST + 3, "and of 1 more endpoint")


def test_each_cause_is_a_mistake_of_its_own() -> None:
    source = f"""\
{SETS}defaults: {{auth: none, request: {{headers: other}}}}
endpoints:
  - {{path: /a, upstream: api}}
  - {{path: /b, request: {{headers: drops_cookie}}, upstream: api}}
  - {{path: /c, upstream: {{name: api, headers: {{cookie: ""}}}}}}
"""

    assert [
        (item.span.line, item.message.split("`")[1]) for item in mistakes_of(source)
    ] == [
        (LAST + 1, "authorization"),
        (LAST + 4, "authorization"),
        (LAST + 1, "authorization"),
    ]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ("nowhere", "HX203"),
        ("[drops_cookie, nowhere]", "HX203"),
        ("5", "HX103"),
        ("[drops_cookie, 5]", "HX103"),
        ("{}", "HX103"),
    ],
)
def test_rules_that_are_unknown_or_refused_may_have_dropped_it(
    headers: str, code: str
) -> None:
    assert [found.code for found in mistakes_of(call(headers))] == [code]


@pytest.mark.parametrize(
    "rules",
    [
        "{drop: authorization}",
        "{drop: [5]}",
        "{drp: [authorization, cookie]}",
        "{forward: {}}",
        "{set: []}",
        "{set: {authorization: [], cookie: ''}}",
        "5",
        "",
    ],
)
def test_rule_set_of_which_a_part_was_refused_may_have_dropped_it(rules: str) -> None:
    source = f"""\
version: 1
upstreams: {{api: {{url: "http://api"}}}}
headers:
  broken: {rules}
endpoints:
  - {{path: /x, auth: none, request: {{headers: broken}}, upstream: api}}
"""

    assert len(report_of(source).diagnostics) == 1


@pytest.mark.parametrize(
    "upstream",
    ["5", "[]", "{name: api, headers: 5}", "{nme: api}", "{name: api, haeders: {}}"],
)
def test_call_of_which_a_part_was_refused_may_have_set_it(upstream: str) -> None:
    assert len(mistakes_of(call("", upstream))) == 1


def test_call_of_which_another_part_was_refused_is_looked_at() -> None:
    found = mistakes_of(call("", "{name: api, timeout: 5}"))

    assert [item.code for item in found] == ["HX103", "HX318"]


@pytest.mark.parametrize(
    "defaults", ["request: 5", "reqest: {}", "request: {haeders: a}"]
)
def test_defaults_of_which_a_part_was_refused_may_have_dropped_it(
    defaults: str,
) -> None:
    assert len(mistakes_of(call("", defaults=defaults))) == 1


def test_unknown_upstream_does_not_excuse_the_rules() -> None:
    found = mistakes_of(call("other", "nowhere"))

    assert [item.code for item in found] == ["HX201", "HX318"]


def test_cure_names_both_ways() -> None:
    (found,) = mistakes_of(call("other"))

    assert "`drop`" in found.help
    assert "`forward`" in found.help


SHOWN_IN = SETS.replace(
    "upstreams:",
    "auth: {a: {header: X-Acme, bearer: ['{{ settings.key }}']}}\nupstreams:",
)


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ("drops", "`x-acme`"),
        ("passes", "`cookie` and `x-acme`"),
        ("other", "`authorization`, `cookie` and `x-acme`"),
        ("[drops, own]", None),
        ("[drops, names]", None),
        ("keeps_no", None),
    ],
)
def test_field_of_keys_is_under_the_law_of_the_whole_file(
    headers: str, names: str | None
) -> None:
    """A client that holds a key shows it wherever it asks."""
    own = "  own: {drop: [X-Acme]}\n  names: {forward: [X-ACME]}\n"
    source = f"{SHOWN_IN}{own}endpoints:\n  - {{path: /k, auth: a, respond: {{}}}}\n"
    row = f"  - {{path: /x, auth: none, request: {{headers: {headers}}}, upstream: api}}\n"

    assert passed(source + row) == ([names] if names else [])


@pytest.mark.parametrize(
    ("name", "cure"),
    [("autorization", "did you mean `authorization`?"), ("x-api-key", "known are")],
)
def test_forward_of_what_is_no_credential_is_a_mistake(name: str, cure: str) -> None:
    source = f"""\
version: 1
headers: {{r: {{forward: [{name}]}}}}
endpoints: [{{path: /x, auth: none, respond: {{}}}}]
"""
    (found,) = mistakes_of(source)

    assert (found.code, found.message) == (
        "HX104",
        f"`{name}` is no field of credentials",
    )
    assert cure in found.help
