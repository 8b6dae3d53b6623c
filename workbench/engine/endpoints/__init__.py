"""A server, its connections and its clients, each driven from threads of its own.

`driven` makes one call after another, `endpoint` adds the two threads (lanes) of an endpoint, `serving` the answers,
`server` and `client` the two roles, `bench` keeps them all. May import what is below it in engine, journal and model.
To add what a server can answer, see responders/.
"""
