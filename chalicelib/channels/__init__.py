"""The only room that sends: one module a channel. One call is one attempt, with short timeouts and no
retries."""
