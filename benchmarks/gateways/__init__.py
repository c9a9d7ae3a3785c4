"""hxroute beside other gateways: one command that builds them, measures and draws."""
