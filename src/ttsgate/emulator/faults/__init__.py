"""What the emulator can do wrong on request; see `registry` for names and `hooks` for what a fault is."""
