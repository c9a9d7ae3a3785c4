"""Our own HTTP/1.1 towards upstreams: a pool, its connections and their answers."""
