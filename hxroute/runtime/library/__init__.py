"""The client library's HTTP, httpx2, on a wire of our own."""
