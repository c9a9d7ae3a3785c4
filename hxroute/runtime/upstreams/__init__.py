"""Upstreams: their targets, and what stands between a call and a connection.

attempts     tries again what failed, within a budget
cluster      one of several targets takes the call
members      a target and how it fares; health and outliers tell
"""
