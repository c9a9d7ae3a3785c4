"""nginx, Caddy and Envoy with the same job: one key, a few fields dropped and added."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from benchmarks.gateways.upstream import PLAIN

__all__ = ["caddy", "constant", "envoy", "nginx"]

_TYPES: Final = "type.googleapis.com/envoy.extensions"

_NGINX: Final = """\
daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;
worker_rlimit_nofile 16384; events {{ worker_connections 8192; }}
http {{
 access_log off; keepalive_requests 100000000;
 client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
 uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{rest}}}
"""

_CONSTANT: Final = """\
 server {{ listen 127.0.0.1:{port} backlog=4096; default_type application/json;
  location / {{ return 200 '{answer}'; }}
 }}
"""

_PROXY: Final = """\
 upstream up {{ server {upstream}; keepalive 64; keepalive_requests 100000000; }}
 server {{ listen 127.0.0.1:{port} backlog=4096; client_max_body_size 1m;
  location / {{
   if ($http_authorization != "Bearer {key}") {{ return 401; }}
   proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
   proxy_set_header Authorization ""; proxy_set_header Cookie "";
   proxy_hide_header Server; add_header X-Frame-Options DENY;
  }}
 }}
"""

_CADDY: Final = """\
{{
 admin off
 auto_https off
}}
http://127.0.0.1:{port} {{
 @ok header Authorization "Bearer {key}"
 handle @ok {{
  reverse_proxy {upstream} {{
   header_up -Authorization
   header_up -Cookie
   header_down X-Frame-Options DENY
  }}
 }}
 respond 401
}}
"""


def constant(folder: Path, port: int) -> Path:
    """Write the nginx.conf of the upstream: one constant chat completion."""
    rest = _CONSTANT.format(port=port, answer=PLAIN)
    return _nginx(folder, rest)


def nginx(folder: Path, port: int, upstream: str, key: str) -> Path:
    """Write an nginx.conf with one worker."""
    return _nginx(folder, _PROXY.format(port=port, upstream=upstream, key=key))


def caddy(folder: Path, port: int, upstream: str, key: str) -> Path:
    """Write a Caddyfile."""
    file = folder / "Caddyfile"
    file.write_text(_CADDY.format(port=port, upstream=upstream, key=key))
    return file


def envoy(folder: Path, port: int, upstream: str, key: str) -> Path:
    """Write a bootstrap without an admin interface."""
    routes = {
        "virtual_hosts": [
            {
                "name": "all",
                "domains": ["*"],
                "routes": [
                    {
                        "match": {"prefix": "/"},
                        "route": {"cluster": "up", "timeout": "0s"},
                        "request_headers_to_remove": ["authorization", "cookie"],
                        "response_headers_to_add": [_field("x-frame-options", "DENY")],
                    }
                ],
            }
        ]
    }
    manager = {
        "@type": f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "generate_request_id": False,
        "route_config": routes,
        "http_filters": [_keys(key), _filter("router", "Router")],
    }
    chain = {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": manager,
    }
    listener = {
        "name": "in",
        "address": _address(f"127.0.0.1:{port}"),
        "filter_chains": [{"filters": [chain]}],
    }
    cluster = {
        "name": "up",
        "type": "STATIC",
        "connect_timeout": "5s",
        "circuit_breakers": {"thresholds": [{"max_connections": 8192}]},
        "load_assignment": {
            "cluster_name": "up",
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": _address(upstream)}}]}
            ],
        },
    }
    resources = {"listeners": [listener], "clusters": [cluster]}
    file = folder / "envoy.json"
    file.write_text(json.dumps({"static_resources": resources}))
    return file


def _nginx(folder: Path, rest: str) -> Path:
    file = folder / "nginx.conf"
    file.write_text(_NGINX.format(folder=folder, rest=rest))
    return file


def _keys(key: str) -> dict[str, Any]:
    exact = {"name": "authorization", "string_match": {"exact": f"Bearer {key}"}}
    policy = {"permissions": [{"any": True}], "principals": [{"header": exact}]}
    rules = {"action": "ALLOW", "policies": {"keys": policy}}
    return _filter("rbac", "RBAC", rules=rules)


def _filter(name: str, kind: str, **settings: Any) -> dict[str, Any]:
    typed = {"@type": f"{_TYPES}.filters.http.{name}.v3.{kind}", **settings}
    return {"name": f"envoy.filters.http.{name}", "typed_config": typed}


def _field(name: str, value: str) -> dict[str, Any]:
    return {"header": {"key": name, "value": value}}


def _address(place: str) -> dict[str, Any]:
    host, _, port = place.partition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}
