"""Ids of users and items: what may be one, which row it has, and how two sets of them meet."""
