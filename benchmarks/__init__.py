"""Side by side with the peers: ours and theirs alternated in one run; see README.md."""
