"""Events of providers: receipts of messages and replies of clients. Each source has a module; all are
pure."""
