"""What a failed try leaves for people: commands to paste, a folder, a picture.

Nothing here changes the cluster.
"""
