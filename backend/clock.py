"""The clock (时钟): every job that beat rings, a few lines each."""
