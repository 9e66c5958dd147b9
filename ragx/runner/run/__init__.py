"""One run: its cell, its course and what it leaves."""
