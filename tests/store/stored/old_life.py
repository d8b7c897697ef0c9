def live(table): pass
