"""The commands. Each imports what it needs when it is called; nothing imports this."""

from __future__ import annotations

from typing import Any

import click

from hxroute.cli.codes import explain_code
from hxroute.cli.common import fail
from hxroute.cli.compiling import check, compile_
from hxroute.cli.explaining import explain, routes
from hxroute.cli.serving import demo, run
from hxroute.cli.starting import completion, init, schema

__all__ = ["main"]


class _Group(click.Group):
    """Commands whose output may have nowhere to go."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command, and say what the operating system refuses."""
        try:
            return super().main(*args, **extra)
        except OSError as exc:
            fail(exc.strerror or "the operating system refused")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hxroute")
def main() -> None:
    """Compile a routes.yaml to a gateway, and serve it."""


for _command in (
    init,
    check,
    compile_,
    run,
    explain,
    routes,
    explain_code,
    schema,
    completion,
    demo,
):
    main.add_command(_command)
