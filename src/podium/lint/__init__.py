"""Is it sensible? Rules over the compiled graph."""
