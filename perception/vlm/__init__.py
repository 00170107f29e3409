"""Vision-language models behind one protocol: a server's, a local one, and the replies both gave before."""
