"""What one task try knows and owns: its identity, settings, files, mailbox, memory, and what it has on the cluster.

Nothing here waits for a Job or reads its logs.
"""
