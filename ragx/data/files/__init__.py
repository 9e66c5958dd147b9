"""Columns and cells out of files, and where a file is at fault."""
