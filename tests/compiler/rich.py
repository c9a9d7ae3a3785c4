"""A file that states every key of the language and has nothing wrong with it."""

from __future__ import annotations

RICH = """\
version: 1

settings:
  upstream_url:
    env: UPSTREAM_URL
    type: string
    default: "http://127.0.0.1:4000"
  client_key:
    env: [CLIENT_KEY, MASTER_KEY]
    file: /run/secrets/client_key
    secret: true
  upstream_key:
    env: UPSTREAM_KEY
    optional: true
    secret: true
  valkey_url:
    env: VALKEY_URL
    secret: true
  max_body:
    env: MAX_BODY
    type: size
    default: 1MiB

server:
  host: 127.0.0.1
  port: 4010
  grace: 20s
  drain_delay: 2s
  trusted_proxies: [10.0.0.0/8, "::1"]
  client_address: forwarded
  max_memory: 512MiB

limits:
  head_timeout: 5s
  body_timeout: 20s
  min_body_rate: 2KiB
  idle_timeout: 30s
  send_timeout: 40s
  max_head: 32KiB
  max_fields: 64
  max_target: 8192

paths: strict

upstreams:
  litellm:
    url: "{{ settings.upstream_url }}"
    client: h1
    timeout:
      connect: 5s
      read: 10m
      write: 30s
      pool: 2s
      first_byte: 15m
      total: 1h
    max_connections: 100
    ca_file: /etc/ssl/own-ca.pem
    idle_timeout: 15s
    concurrency:
      max: 100
      queue: 50
      queue_timeout: 250ms
      retry_after: 2s
    circuit_breaker:
      failures: 3
      ratio: 50%
      minimum: 10
      window: 30s
      open: 5s
      half_open: 2
      when: [unreachable, read_timeout, 503, 5xx]
  models:
    targets:
      - http://10.0.0.1:4000
      - url: http://10.0.0.2:4000
        weight: 3
    balance:
      hash: "{{ headers['x-user'] }}"
    health:
      path: /health
      interval: 10s
      timeout: 2s
      healthy: 1
      unhealthy: 2
      statuses: [2xx, 401]
    outlier_detection:
      consecutive_5xx: 3
      consecutive_gateway_failure: 2
      success_rate_stdev: 1.9
      failure_percentage: 85%
      interval: 30s
      ejection_time: 10s
      max_ejection_time: 10m
      max_ejected: 50%
      minimum_targets: 2
      minimum_requests: 20
    retry:
      attempts: 2
      when: [unreachable, 503]
      methods: [GET, POST]
      per_try: 5s
      backoff: 100ms
      max_backoff: 5s
      max_retry_after: 30s
      budget: 10%
      min_retries: 10
  archive:
    url: https://archive.example.com/base

stores:
  shared:
    url: "{{ settings.valkey_url }}"
    timeout: 20ms
    prefix: rich

auth:
  clients:
    bearer:
      - "{{ settings.client_key }}"
    jwt: {issuer: "https://own", audience: gateway, jwks_file: /etc/jwks.json}
  staff:
    header: x-api-key
    bearer:
      - name: staff
        key: "staff-{{ settings.client_key }}"
        not_after: "2099-01-31"
      - {name: ci, sha256: 1a2fbabed74e0ef6033584cc7de6d1e8fc7be8d66c412543ee1812cd8beb397b}
    jwt:
      issuer: https://issuer.example.com
      audience: [gateway, other]
      jwks: https://issuer.example.com/jwks.json
      algorithms: [RS256, ES256]
      leeway: 10s
      claims: {tenant: acme}
      key: client_id

headers:
  to_upstream:
    drop: [x-api-key, cookie, x-forwarded-for]
    set:
      authorization: "Bearer {{ settings.upstream_key }}"
      x-client: "{{ client.host }}"
  sparse:
    keep: [accept, content-type, cookie]
    forward: [authorization]
  to_client:
    drop: [server]

errors:
  full:
    bad_request: {status: 422, headers: {x-kind: bad}, json: {error: "{{ error.detail }}"}}
    bad_path: {status: 400, headers: {x-kind: path}, json: [bad, path]}
    invalid_json: {status: 400, headers: {x-kind: json}, json: invalid}
    not_an_object: {status: 400, headers: {x-kind: object}, json: null}
    unauthorized: {status: 401, headers: {www-authenticate: Bearer}, json: {n: 1}}
    not_found: {status: 404, headers: {x-kind: found}, json: {found: false}}
    method_not_allowed: {status: 405, headers: {x-kind: method}, json: {}}
    rate_limited: {status: 429, headers: {x-kind: many}, json: {}}
    payload_too_large: {status: 413, headers: {x-kind: size}, json: "{{ error.max_size }}"}
    internal: {status: 500, headers: {x-kind: internal}, json: {}}
    unreachable: {status: 502, headers: {x-kind: far}, json: {}}
    connect_failed: {status: 502, headers: {x-kind: connect}, json: {}}
    disconnected: {status: 502, headers: {x-kind: gone}, json: {}}
    bad_response: {status: 502, headers: {x-kind: bad}, json: {}}
    overloaded: {status: 503, headers: {retry-after: "5"}, json: {}}
    circuit_open: {status: 503, headers: {x-kind: open}, json: {}}
    timeout: {status: 504, headers: {x-kind: slow}, json: {}}
    connect_timeout: {status: 504, headers: {x-kind: slow}, json: {}}
    pool_timeout: {status: 504, headers: {x-kind: slow}, json: {}}
    read_timeout: {status: 504, headers: {x-kind: slow}, json: {}}
    total_timeout: {status: 504, headers: {x-kind: slow}, json: {}}
    write_timeout: {status: 504, headers: {x-kind: slow}, json: {}}
    other: {status: 500, headers: {x-kind: other}, json: {error: "{{ error.kind }}"}}
    upstream_status:
      - match: 503
        unless: json_error
        status: 502
        headers: {retry-after: "5"}
        json: {error: "{{ error.kind }}"}
      - match: [502, 4xx]
        text: "{{ error.detail }}"
  plain:
    unauthorized: {text: "show a key"}
    other: {text: "{{ error.detail }}"}

defaults:
  auth: clients
  errors: full
  observe:
    access_log: true
  rate_limit:
    requests: 100
    per: 1m
    burst: 20
    by: key
    bucket: all
    store: shared
    when_store_down: closed
    fields: false
  concurrency:
    max: 50
    queue: 25
    queue_timeout: 500ms
    retry_after: 3s
  request:
    headers: to_upstream
    max_body: "{{ settings.max_body }}"
    json:
      rename: {prompt: input}
  response:
    headers: [to_client]
    stream_error:
      event: error
      json: {error: "{{ error.detail }}"}
  cors:
    origins: ["https://app.example"]
    methods: [GET, POST]
    headers: [authorization]
    expose: [x-request-id]
    credentials: true
    max_age: 10m

endpoints:
  - path: /healthz
    name: health
    methods: [GET, HEAD]
    auth: none
    errors: openai
    observe: none
    rate_limit: none
    respond:
      status: 200
      headers: {cache-control: no-store}
      json: {ok: true, host: "{{ client.host }}"}

  - path: /readyz
    auth: none
    errors: plain
    rate_limit: none
    health: ready

  - path: /robots.txt
    auth: none
    cors:
      origins: ["*"]
      methods: [GET]
      headers: [x-a]
      expose: [x-b]
      credentials: false
      max_age: 1h
    errors: plain
    rate_limit:
      requests: 5
      per: 1s
      burst: 9
      by: client
      bucket: robots
      store: shared
      when_store_down: open
      fields: true
    respond: {text: "nothing for {{ headers['user-agent'] }}"}

  - path: /v1/summaries/{language}
    methods: [POST]
    auth: staff
    errors: plain
    observe: {access_log: false}
    rate_limit:
      - requests: 10
        per: 1s
        burst: 30
        by: "{{ path.language }}"
        bucket: languages
        store: shared
        when_store_down: open
        fields: true
      - {requests: 1000, per: 24h, by: endpoint}
    concurrency: {max: 5, queue: 10, queue_timeout: 1s, retry_after: 1s}
    request:
      headers: [sparse]
      max_body: 64KiB
      json:
        rename: {text: input, lang: language}
    response:
      headers: to_client
      stream_error: {event: failed, json: {code: "{{ error.kind }}"}}
    upstream:
      name: archive
      method: PUT
      path: /v2/{{ path.language }}
      query: {trace: "{{ query.trace }}", limit: 10, stream: false}
      headers: {x-language: "{{ path.language | lower }}"}
      body: {input: "{{ body.input }}", n: 1}
      timeout:
        connect: 1s
        read: 2m
        write: 5s
        pool: 250ms
        first_byte: 30s
        total: 5m
      retry:
        attempts: 4
        when: [timeout, 5xx]
        methods: [PUT]
        per_try: 5s
        backoff: 100ms
        max_backoff: 5s
        max_retry_after: 30s
        budget: 10%
        min_retries: 10
    fallback:
      when: [unreachable, 5xx]
      to:
        - upstream:
            name: litellm
            method: POST
            path: /v1/{{ path.language }}
            query: {n: 1}
            headers: {x-language: en}
            body: {n: 1}
            timeout: {connect: 1s, read: 2m, write: 5s, pool: 250ms, first_byte: 1s, total: 5m}
            retry: {attempts: 1, when: [503], methods: [PUT], per_try: 5s, backoff: 1ms,
                    max_backoff: 5s, max_retry_after: 3s, budget: 10%, min_retries: 1}
          headers: [sparse, to_upstream]

  - path: /v1/{rest:path}
    request:
      json: none
    upstream: models
"""
