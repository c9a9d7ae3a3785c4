"""Explain: what a gateway would do with a request, without any network.

The gateway's own router, nodes and error tables work it out; only the last hop is not
made. Secrets never get that far: each stands as `<its_name>`.
"""

from hxroute.explain import json, text
from hxroute.explain.data import Explanation
from hxroute.explain.question import Question, ask
from hxroute.explain.walk import explain

__all__ = ["Explanation", "Question", "ask", "explain", "json", "text"]
