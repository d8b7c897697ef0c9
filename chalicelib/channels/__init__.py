"""The only room that sends, with a module for each channel. One call is one attempt, with short timeouts and
no retries."""
