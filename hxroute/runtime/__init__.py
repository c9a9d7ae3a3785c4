"""What serves a compiled gateway. Loads no YAML, no JSON Schema and no compiler."""

from hxroute.runtime.app import Running, application

__all__ = ["Running", "application"]
