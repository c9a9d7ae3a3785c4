"""`hxroute bench`: what a user's own gateway costs, on an embedded upstream.

    target    which endpoint is asked, and by what request
    aim       the file's gateway, with every upstream in this machine
    tether    a process that ends with the one that started it
    child     such a process, as its starter sees it
    upstream  answers every request alike, at once
    client    keeps connections, and times answers
    phases    load, a low rate, streams
    rounds    all of it, several times
    shown     as a table, or as JSON

The gateway, the upstream and the client are processes of their own.
"""

from __future__ import annotations
