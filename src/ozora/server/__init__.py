"""The server: the Videos API on the wire, jobs in a database, workers that paint them.

    request -> plan -> job in the database -> worker -> files in the store -> answer

The web process and the workers are separate processes that meet in the database only; the web process never loads
PyTorch. ``docs/api.md`` is what a client sees.
"""
