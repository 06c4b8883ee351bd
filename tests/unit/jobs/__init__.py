"""The first floor, tried with a scripted kubectl on PATH and with recordings of real clusters."""
