"""`python -m hxroute`."""

from hxroute.cli import main

main()
